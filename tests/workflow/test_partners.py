"""Partners of every sort, end to end: the real functions against partners in processes of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloud import Cloud
from local.mall import Person, expected_deletion
from local.mall.expect import PARTNERS
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator
from tests.workflow.package import download
from tests.workflow.waiting import eventually


@contextmanager
def playing(cloud: Cloud, name: str, behaviour: str, **settings: Any) -> Iterator[None]:
    cloud.partners[name].behave(behaviour, **settings)
    try:
        yield
    finally:
        cloud.partners.behave_as_cast()


@pytest.fixture
def person(crowd: Crowd) -> Person:
    return crowd.someone("orders")


def told(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(store for store in shown["stores"] if store["store"] == name)


def answer(shown: dict[str, Any], name: str) -> str | None:
    found: str | None = told(shown, name)["recipient"].get("answer")
    return found


def sent(cloud: Cloud, book: Book, asking: Asking, name: str) -> dict[str, Any]:
    """The request as the partner got it."""
    recipient_id = book.tasks(asking.id)[name]["recipient"]["id"]
    [found] = [one for one in cloud.partners[name].requests() if one["subject_request_id"] == recipient_id]
    return found


def until_asked(cloud: Cloud, book: Book, asking: Asking, name: str) -> str:
    """Wait until a partner has taken the request; the id it was sent under."""

    def look() -> str | None:
        recipient = book.tasks(asking.id).get(name, {}).get("recipient", {})
        return recipient.get("id") if "asked_at" in recipient else None

    return eventually(look, f"request to {name}")


def test_an_access_has_what_the_partners_answered_in_its_package(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    asking = public.ask("access", email=person.email)
    asking.prove()
    shown = asking.until_told("completed")
    tasks = book.tasks(asking.id)
    assert {tasks[name]["counts"]["exported"] for name in PARTNERS} == {1}
    assert {told(shown, name)["recipient"]["results_count"] for name in PARTNERS} == {3}
    package = download(asking)
    results = [entry for entry in package.entries if "/files/" in entry and entry.endswith("-results.json")]
    assert [entry.split("/")[1] for entry in results] == ["analytics"]


def test_a_connector_that_dies_between_the_call_and_its_record_asks_under_the_same_id(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    # The call is held open by a partner that is slow to take it, so that the worker dies in the middle.
    with playing(cloud, "payments", "prompt", stalls=9):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        eventually(lambda: cloud.partners["payments"].state()["stalled"], "stalled call")
        assert cloud.kill_workers("StorePartnerFunction")
    shown = asking.until_told("completed", "completed_in_part")
    assert answer(shown, "payments") == "confirmed"
    found = sent(cloud, book, asking, "payments")
    assert found["posts"] == 2
    assert len([r for r in cloud.partners["payments"].requests() if r == found]) == 1


def test_a_partner_that_is_down_for_a_while_holds_nobody_up_and_is_asked_again(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    with playing(cloud, "payments", "down"):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        shown = asking.until("waiting_for_partner")
        assert answer(shown, "payments") is None
        done = {store["store"] for store in shown["stores"] if store["status"] == "done"}
        assert {"accounts", "orders", "login"} <= done
        eventually(lambda: book.tasks(asking.id)["payments"]["recipient"].get("looks", 0) >= 2, "second look")
        assert book.tasks(asking.id)["payments"]["recipient"]["error"] == "http_503"
    assert answer(asking.until_told("completed", "completed_in_part"), "payments") == "confirmed"
    assert "repair_asked" not in book.codes(asking.id)


def test_a_lying_partner_confirms_nothing_until_it_signs_as_itself(
    cloud: Cloud, public: Public, book: Book, operator: Operator, person: Person
) -> None:
    with playing(cloud, "cpes", "lying", seconds=0.5):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        eventually(lambda: "recipient_untrusted" in book.codes(asking.id), "word about the lie")
        assert answer(asking.until("waiting_for_partner"), "cpes") is None
        found = operator.get("?attention=1").json()["requests"]
        assert [r["attention"] for r in found if r["request_id"] == asking.id] == ["recipient_untrusted"]
    assert answer(asking.until_told("completed", "completed_in_part"), "cpes") == "confirmed"


def test_callbacks_that_are_forged_or_come_twice_change_nothing(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    cpes = cloud.partners["cpes"]
    with playing(cloud, "cpes", "silent", seconds=3600):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        recipient_id = until_asked(cloud, book, asking, "cpes")
        asking.until("waiting_for_partner")
        other = {"X-OpenDSR-Processor-Domain": "opendsr.ads.mall.example"}
        refused = [
            cpes.send(recipient_id, "completed", forged=True),
            cpes.send(recipient_id, "completed", headers=other),
            cpes.send(recipient_id, "completed", padding=20_000),
            cpes.send(recipient_id, "completed", body={"status_callback_url": "https://elsewhere.example/"}),
        ]
        assert refused == [403] * 4
        assert book.items(asking.id, "TOLD#cpes") == []
        assert cpes.send(recipient_id, "in_progress") == 202
        assert [cpes.send(recipient_id, "completed") for _ in range(3)] == [202] * 3
        shown = asking.until_told("completed", "completed_in_part")
    assert answer(shown, "cpes") == "confirmed"
    assert cpes.send(recipient_id, "cancelled") == 202
    assert answer(asking.look(), "cpes") == "confirmed"
    assert book.chain_holds(asking.id)


def test_a_partner_that_never_answers_is_named_and_our_answer_is_in_time(
    cloud: Cloud, public: Public, book: Book, operator: Operator, person: Person
) -> None:
    with playing(cloud, "cpes", "silent", seconds=1):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        until_asked(cloud, book, asking, "cpes")
        asking.until("waiting_for_partner")
        # The legal date comes near: a little before it the waiting is over.
        near = (datetime.now(UTC) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        book.overwrite(book.state(asking.id), {"due_at": near})
        shown = asking.until_told("completed_in_part")
    assert answer(shown, "cpes") == "not_answered"
    assert {answer(shown, name) for name in PARTNERS - {"cpes"}} == {"confirmed"}
    codes = book.codes(asking.id)
    assert "recipient_not_answered" in codes
    assert operator.finds(asking.id, "completed_in_part")


def test_an_operator_takes_a_request_back_that_a_partner_has_not_begun(  # noqa: PLR0917 - who takes part
    cloud: Cloud, public: Public, book: Book, operator: Operator, viewer: Operator, person: Person
) -> None:
    with playing(cloud, "cpes", "silent", seconds=3600):
        asking = public.ask("deletion", phone=person.phone)
        asking.prove()
        until_asked(cloud, book, asking, "cpes")
        asking.until("waiting_for_partner")
        assert viewer.post(f"/{asking.id}/stores/cpes/cancel").status_code == 403
        assert operator.post(f"/{asking.id}/stores/orders/cancel").status_code == 409
        assert operator.post(f"/{asking.id}/stores/cpes/cancel").status_code == 202
        shown = asking.until_told("completed_in_part")
    assert answer(shown, "cpes") == "cancelled"
    assert sent(cloud, book, asking, "cpes")["status"] == "cancelled"


def test_a_restriction_is_told_to_who_understands_it_and_a_withdrawal_where_it_cannot_be_told_says_so(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    asking = public.ask("consent_withdrawal", phone=person.phone, purposes=["sharing_with_partners"])
    asking.prove()
    shown = asking.until_told("completed_in_part")
    assert (answer(shown, "ads"), answer(shown, "analytics")) == ("confirmed", "not_supported")
    extension = sent(cloud, book, asking, "ads")["extensions"]["opendsr.ads.mall.example"]
    assert (extension["right"], extension["purposes"]) == ("consent_withdrawal", ["sharing_with_partners"])


def test_every_partner_confirms_in_its_own_way_and_gets_no_more_than_it_may(
    cloud: Cloud, public: Public, book: Book, person: Person
) -> None:
    asking = public.ask("deletion", phone=person.phone)
    asking.prove()
    shown = asking.until_told("completed", "completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert {answer(shown, name) for name in PARTNERS} == {"confirmed"}
    assert all("verified_at" not in told(shown, name) for name in PARTNERS)
    requests = {name: json.dumps(sent(cloud, book, asking, name)) for name in PARTNERS}
    for name in ("ads", "analytics"):
        assert person.phone not in requests[name]
        assert person.account_id not in requests[name]
        assert str(person.email) not in requests[name]
    assert person.phone in requests["cpes"]
    assert str(person.email) not in requests["cpes"]
    assert person.account_id in requests["payments"]
    assert not [name for name in PARTNERS if person.name in requests[name]]
    assert sent(cloud, book, asking, "analytics")["posts"] == 2
    assert book.chain_holds(asking.id)
    assert [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"]
