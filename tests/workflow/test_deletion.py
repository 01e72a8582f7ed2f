"""Deletions in a mall of six hundred people: exactly what must go goes, and nobody else is touched."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from local.cloud import Cloud, Options, running
from local.mall import NOT_OF_THE_MALL, Person, expected_deletion, fingerprint
from tests.workflow.asking import Asking, Public, counts_of, expected, expected_grounds, grounds_of
from tests.workflow.book import Book
from tests.workflow.searching import everything_in, traces
from tests.workflow.waiting import eventually

PEOPLE = 600
WAITED_FOR = {"ads", "analytics", "cpes", "payments", "service_logs"}
"""Recipients, and the lake, whose erasures wait for a batch."""
TEN_YEARS = 3652
ASKING = ("run", "dispute", "old_orders", "versions", "bare", "heavy")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running(Options(port=0, population=PEOPLE, cooling_off_seconds=1)) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def book(cloud: Cloud) -> Book:
    return Book(cloud)


@pytest.fixture(scope="module")
def public(cloud: Cloud) -> Iterator[Public]:
    public = Public(cloud)
    yield public
    public.http.close()


@pytest.fixture(scope="module")
def people(cloud: Cloud) -> dict[str, Person]:
    return {name: cloud.mall.special(name) for name in ASKING}


@pytest.fixture(scope="module")
def strangers(cloud: Cloud, people: dict[str, Person]) -> dict[str, str]:
    """Everything in the mall that is nobody's of those, before the first deletion."""
    return fingerprint(cloud.stores, cloud.mall, tuple(people.values()))


@pytest.fixture(scope="module")
def done(public: Public, people: dict[str, Person], strangers: dict[str, str]) -> dict[str, Asking]:
    """The deletions of all of them, one after the other: at once, each function would have to start several times."""
    asked = {}
    for name, person in people.items():
        asked[name] = public.ask("deletion", phone=person.phone).prove()
        asked[name].until_told("completed", "completed_in_part")
    return asked


@pytest.fixture(scope="module")
def left(done: dict[str, Asking], cloud: Cloud) -> list[tuple[str, str]]:
    """Everything that is in the mall's stores afterwards."""
    return everything_in(cloud.stores)


@pytest.mark.parametrize("name", ASKING)
def test_what_is_erased_anonymised_and_kept_is_what_the_policy_says(
    done: dict[str, Asking], cloud: Cloud, people: dict[str, Person], name: str
) -> None:
    shown, wanted = done[name].look(), expected_deletion(cloud.mall, people[name])
    assert counts_of(shown["stores"]) == expected(wanted)
    assert grounds_of(shown["stores"]) == expected_grounds(wanted)
    whole = not any(one.retained for one in wanted.values())
    assert shown["status"] == ("completed" if whole else "completed_in_part")


@pytest.mark.parametrize("name", ASKING)
def test_every_store_was_read_back_after_the_last_change(done: dict[str, Asking], book: Book, name: str) -> None:
    shown = done[name].look()
    assert {store["status"] for store in shown["stores"]} == {"done"}
    received = book.state(done[name].id)["received_at"]
    assert all(received < store["verified_at"] for store in shown["stores"] if store["store"] not in NOT_OF_THE_MALL)


def test_the_sign_in_is_shut_first_and_goes_last_with_the_identity_spine(done: dict[str, Asking], book: Book) -> None:
    for asking in done.values():
        tasks = book.tasks(asking.id)
        shut = tasks.pop("login.freeze")
        assert shut["stage"] < min(task["stage"] for task in tasks.values())
        last = [tasks.pop(name) for name in ("accounts", "login")]
        # Beside the spine only those are asked who answer later.
        earlier = [task for task in tasks.values() if task["stage"] < last[0]["stage"]]
        assert {name for name, task in tasks.items() if task not in earlier} <= WAITED_FOR
        assert min(task["verified_at"] for task in last) >= max(task["verified_at"] for task in earlier)


def test_everybody_else_is_unchanged_to_the_byte(
    done: dict[str, Asking], cloud: Cloud, people: dict[str, Person], strangers: dict[str, str]
) -> None:
    assert len(cloud.mall.people) >= PEOPLE
    assert fingerprint(cloud.stores, cloud.mall, tuple(people.values())) == strangers


@pytest.mark.parametrize("name", ["run", "old_orders", "versions", "bare"])
def test_a_search_of_the_stores_finds_no_name_phone_or_mail_any_more(
    left: list[tuple[str, str]], people: dict[str, Person], name: str
) -> None:
    person = people[name]
    assert traces(left, person.phone, person.email) == {}
    orders = [row["order_id"] for row in person.rows.get("consignees", ())]
    consignees = traces(left, *orders).get("consignees", [])
    # The goods and the province stay for the books; whom they went to does not.
    assert all(re.search(r",-,,,", row) for row in consignees)


@pytest.mark.parametrize("name", ASKING)
def test_a_search_by_account_finds_only_what_is_kept_on_a_ground(
    left: list[tuple[str, str]], cloud: Cloud, people: dict[str, Person], name: str
) -> None:
    person = people[name]
    within_ten_years = [
        row for row in person.rows.get("orders", ()) if (cloud.mall.today - row["placed_at"].date()).days <= TEN_YEARS
    ]
    # Items, consignees and payments are kept with their order, and carry its id only.
    wanted = {
        "orders": len(within_ten_years),
        "signals": expected_deletion(cloud.mall, person)["risk"].retained,
        **({"after_sales": 1, "tickets": 1, "files": 2} if name == "dispute" else {}),
    }
    found = {collection: len(rows) for collection, rows in traces(left, person.account_id).items()}
    assert found == {collection: count for collection, count in wanted.items() if count}


@pytest.mark.parametrize("name", ASKING)
def test_the_certificate_can_be_checked_by_anybody(
    done: dict[str, Asking], public: Public, cloud: Cloud, book: Book, name: str
) -> None:
    reply = done[name].call("GET", "/certificate")
    assert reply.headers["Content-Type"].startswith("application/jose")
    keys = KeySet.import_key_set(public.http.get("/.well-known/jwks.json").json())
    signed = jws.deserialize_compact(reply.text, keys, algorithms=["ES256"])
    certificate = json.loads(signed.payload)
    assert certificate["jti"] == done[name].id
    assert certificate["right"] == "deletion"
    assert certificate["outcome"] == done[name].look()["status"]
    stores = {store["store"]: store for store in certificate["stores"]}
    for store, one in expected_deletion(cloud.mall, cloud.mall.special(name)).items():
        told = {count: stores[store][count] for count in ("found", "erased", "anonymised", "retained")}
        assert told == {count: getattr(one, count) for count in told}
        assert stores[store]["verified_at"]
    assert certificate["audit_head"] in {event["hash"] for event in book.items(done[name].id, "EVENT#")}


def test_a_changed_certificate_is_found_out(done: dict[str, Asking], public: Public) -> None:
    header, claims, signature = done["run"].call("GET", "/certificate").text.split(".")
    keys = KeySet.import_key_set(public.http.get("/.well-known/jwks.json").json())
    changed = ("A" if claims[10] != "A" else "B").join((claims[:10], claims[11:]))
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(f"{header}.{changed}.{signature}", keys, algorithms=["ES256"])


@pytest.mark.parametrize("name", ASKING)
def test_the_history_is_whole_and_says_each_step_once(done: dict[str, Asking], book: Book, name: str) -> None:
    assert book.chain_holds(done[name].id)
    codes = book.codes(done[name].id)
    steps = ["received", "identity_asked", "identity_proven", "planned", "work_begun", "certificate_ready", "closed"]
    assert [code for code in codes if code in steps] == steps
    times = [event["at"] for event in book.items(done[name].id, "EVENT#")]
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_whoever_asks_again_afterwards_is_known_no_more(
    done: dict[str, Asking], public: Public, people: dict[str, Person], book: Book
) -> None:
    again = public.ask("access", phone=people["run"].phone)
    again.until("identity_needed")
    # The notice of the code has been dealt with, and there was nobody to send it to.
    eventually(lambda: {notice["status"] for notice in book.items(again.id, "NOTICE#")} == {"failed"}, "dropped notice")
    assert again.new_messages() == []
