"""A store that fails stops no other, is told to nobody as a failure, and is worked on again until it is done."""

import pytest

from local.cloud import Cloud
from local.mall import Person, expected_deletion, fingerprint
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book, Item
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator, refused, settings
from tests.workflow.waiting import eventually


def done_tasks(book: Book, asking: Asking) -> dict[str, Item]:
    return {store: task for store, task in book.tasks(asking.id).items() if task["status"] == "done"}


def until_repair_is_needed(book: Book, asking: Asking) -> None:
    eventually(lambda: book.status(asking.id) == "needs_repair", "need of repair")


@pytest.fixture
def person(crowd: Crowd) -> Person:
    return crowd.someone("tickets", "orders")


def test_an_operator_retries_a_failed_store_and_only_that(
    cloud: Cloud, public: Public, book: Book, operator: Operator, person: Person
) -> None:
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    with settings(cloud, "RelayFunction", repair_delay_seconds=3600):
        asking = public.ask("deletion", phone=person.phone)
        with refused(cloud, "DELETE", "tickets"):
            asking.prove()
            until_repair_is_needed(book, asking)

            tasks = book.tasks(asking.id)
            assert {store for store, task in tasks.items() if task["status"] == "failed"} == {"support_tickets"}
            assert tasks["support_tickets"]["error_class"] == "StoreRefusedError"
            shown = asking.look()
            assert shown["status"] == "in_progress"
            assert "fail" not in asking.call("GET").text.lower()
            assert operator.finds(asking.id, "needs_repair")
            seen = operator.get(f"/{asking.id}").json()
            assert [t["store"] for t in seen["tasks"] if t["status"] == "failed"] == ["support_tickets"]
            assert person.phone not in operator.get(f"/{asking.id}").text
            before = done_tasks(book, asking)
        assert operator.post(f"/{asking.id}/stores/orders/retry").status_code == 409, "it has not failed"
        assert operator.post(f"/{asking.id}/stores/support_tickets/retry").status_code == 202
        shown = asking.until_told("completed", "completed_in_part")

    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    after = book.tasks(asking.id)
    assert {store: after[store] for store in before} == before
    assert (book.codes(asking.id).count("repair_asked"), book.codes(asking.id).count("retry_asked")) == (1, 1)
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers


def test_after_a_pause_a_failed_store_is_tried_again_by_itself(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    asking = public.ask("deletion", email=person.email)
    with refused(cloud, "DELETE", "tickets"):
        asking.prove()
        until_repair_is_needed(book, asking)
        before = done_tasks(book, asking)
    shown = asking.until_told("completed", "completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    after = book.tasks(asking.id)
    assert {store: after[store] for store in before} == before
    assert "retry_asked" not in book.codes(asking.id)
    assert book.chain_holds(asking.id)


def test_nobody_retries_without_being_an_operator(cloud: Cloud, public: Public) -> None:
    refused_without_token = public.http.post("/ops/requests/0123456789ABCDEFGHJKMNPQRS/retry", json={})
    assert refused_without_token.status_code == 401
    onlooker = Operator(cloud, "oscar")
    answer = onlooker.post("/0123456789ABCDEFGHJKMNPQRS/retry")
    onlooker.http.close()
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
