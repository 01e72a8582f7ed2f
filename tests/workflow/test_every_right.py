"""Each right from end to end: every store does what the sample mall says it must, and nobody else is touched."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.mall import (
    Person,
    expected_access,
    expected_correction,
    expected_deletion,
    expected_flags,
    expected_lapses,
    fingerprint,
)
from local.mall.expect import PARTNERS
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator, locked, settings, somebody_waits
from tests.workflow.holdings import Key, changes, gone, holdings, sign_in
from tests.workflow.package import download
from tests.workflow.waiting import eventually

NEW_NAME = "Keo Somaly"
WITHDRAWN = ("location", "marketing", "sharing_with_partners")
SCOPE = ("search_history", "support")
IN_SCOPE = ("search_history", "files")
ASKED: dict[str, dict[str, Any]] = {
    "correction": {"changes": {"name": {"to": NEW_NAME}}},
    "deletion": {"scope": list(SCOPE)},
    "consent_withdrawal": {"purposes": list(WITHDRAWN)},
    "restriction": {},
    "case": {},
}
CASE = ("access", "portability", "marketing_opt_out")
NEEDED = {"correction": ("tickets",), "deletion": ("files",)}
"""Of what the person has to have something, beyond a search history."""
OUTCOME = {"consent_withdrawal": "completed_in_part"}
"""What is not simply completed: the analytics partner cannot be asked to stop, and the person is told so."""
LAPSING = ("points", "coupons", "balance")


@dataclass
class One:
    """One request of the batch: who made it, what the mall held of them before and after."""

    person: Person
    asking: Asking
    before: dict[Key, dict[str, Any]]
    shown: dict[str, Any]
    after: dict[Key, dict[str, Any]]


@dataclass
class Batch:
    """All of them, and what the mall held of everybody else."""

    requests: dict[str, One]
    others_before: dict[str, str]
    others_after: dict[str, str]


@pytest.fixture(scope="module")
def batch(cloud: Cloud, public: Public, crowd: Crowd) -> Batch:
    """One request of each sort, one after the other: at once, each function would have to start several times."""
    people = {name: crowd.someone("search_history", *NEEDED.get(name, ())) for name in ASKED}
    before = {name: holdings(cloud.stores, person) for name, person in people.items()}
    others = fingerprint(cloud.stores, cloud.mall, tuple(people.values()))
    requests = {}
    for name, more in ASKED.items():
        rights = CASE if name == "case" else (name,)
        asking = public.ask(*rights, phone=people[name].phone, **more).prove()
        shown = [one.until_told(OUTCOME.get(name, "completed")) for one in (asking, *asking.others)]
        requests[name] = One(people[name], asking, before[name], shown[0], {})
    for one in requests.values():
        one.after = holdings(cloud.stores, one.person)
    return Batch(requests, others, fingerprint(cloud.stores, cloud.mall, tuple(people.values())))


def counted(shown: dict[str, Any], *names: str) -> dict[str, tuple[int, ...]]:
    """Store of the mall to these counts, as the status page has them."""
    ours = [store for store in shown["stores"] if store["store"] not in PARTNERS]
    return {store["store"]: tuple(store[name] for name in names) for store in ours}


def test_everybody_else_is_unchanged(batch: Batch) -> None:
    assert batch.others_after == batch.others_before


@pytest.mark.parametrize("name", ASKED)
def test_the_person_is_told_and_the_history_is_whole(batch: Batch, book: Book, name: str) -> None:
    one = batch.requests[name]
    kinds = {notice["kind"] for notice in one.shown["notices"]}
    assert kinds >= {"received", "package_ready" if name == "case" else OUTCOME.get(name, "completed")}
    assert book.chain_holds(one.asking.id)
    assert {store["status"] for store in one.shown["stores"]} == {"done"}


def test_a_correction_puts_the_new_value_wherever_the_mall_has_a_copy_and_nowhere_else(batch: Batch) -> None:
    one = batch.requests["correction"]
    wanted = expected_correction(one.person, "name")
    assert counted(one.shown, "corrected", "conflicts") == {store: (len(copies), 0) for store, copies in wanted.items()}
    found = [(c.collection, c.field, c.before, c.after) for c in changes(one.before, one.after)]
    copies = [copy for store in wanted.values() for copy in store]
    assert sorted(found) == sorted((*copy, NEW_NAME) for copy in copies)
    assert {collection for collection, *_ in copies} == {"accounts", "profile", "tickets", "users"}


@pytest.mark.parametrize("name", ["consent_withdrawal", "restriction"])
def test_the_stores_themselves_say_what_may_no_longer_be_done(batch: Batch, name: str) -> None:
    one = batch.requests[name]
    wanted = expected_flags(one.person, name, WITHDRAWN)
    assert counted(one.shown, "flagged") == {store: (len(records),) for store, records in wanted.items()}
    flagged = {key: fields for records in wanted.values() for key, fields in records.items()}
    for key, fields in flagged.items():
        assert fields.items() <= one.after[key].items()
    assert {(c.collection, c.key) for c in changes(one.before, one.after)} <= flagged.keys()
    assert gone(one.before, one.after) == {}


def test_a_deletion_of_some_data_leaves_the_rest_and_the_account(batch: Batch, cloud: Cloud) -> None:
    one = batch.requests["deletion"]
    wanted = expected_deletion(cloud.mall, one.person, IN_SCOPE)
    assert counts_of(one.shown["stores"]) == expected(wanted)
    records = {name: number for store in wanted.values() for name, number in store.collections.items()}
    versions = sum(len(row["content"]) for row in one.person.rows["files"])
    assert gone(one.before, one.after) == {"files": versions, "search_history": records["search_history"]}
    assert {change.collection for change in changes(one.before, one.after)} == set(IN_SCOPE)
    assert (sign_in(cloud.stores, one.person) or {})["Enabled"]


def test_three_rights_are_one_case_with_one_code_and_each_has_its_own_outcome(
    batch: Batch, cloud: Cloud, book: Book
) -> None:
    one = batch.requests["case"]
    access = one.asking
    portability, opt_out = access.others
    assert len(access.sent_codes()) == 1
    assert (access.right, portability.right, opt_out.right) == CASE
    for asking in (access, portability, opt_out):
        shown = asking.look()
        assert shown["case"] == [access.id, portability.id, opt_out.id]
        assert shown["rights"][0]["outcome"] == "completed"
        assert len(book.runs(asking.id)) == 1
        assert book.chain_holds(asking.id)
    wanted = expected(expected_access(cloud.mall, one.person))
    assert counts_of(access.look()["stores"]) == wanted
    assert counts_of(portability.look()["stores"]).keys() == wanted.keys()
    assert "certificate" in opt_out.look()["next"]
    assert "package" not in opt_out.look()["next"]
    assert "opted_out" in {notice["kind"] for notice in opt_out.look()["notices"]}
    assert counted(opt_out.look(), "flagged") == {"profiles": (2,)}
    for key, fields in expected_flags(one.person, "marketing_opt_out")["profiles"].items():
        assert fields.items() <= one.after[key].items()
    # Each right of a case has its own file, under the one proof of the case, each after a code of its own.
    assert "schema.json" not in download(access).entries
    package = download(portability)
    assert "schema.json" in package.entries
    assert package.strangers(cloud.mall, one.person) == []


# --- corrections that meet another change


def test_what_the_mall_changed_between_the_plan_and_the_work_stays_and_the_person_is_told(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person = crowd.someone("tickets")
    account = person.rows["accounts"][0]
    before = holdings(cloud.stores, person)
    others = [language for language in ("km", "zh", "en") if language != account["language"]]
    language = {"to": others[0], "from": others[1]}
    wishes = {"name": {"to": NEW_NAME}, "birth_date": "1990-02-28", "language": language}
    asking = public.ask("correction", phone=person.phone, changes=wishes).prove()
    # A birthday is looked at by a person, and meanwhile the mall goes on.
    asking.until("in_review")
    the_mall_renames(cloud, person, "Keo S.")
    assert operator.decide(asking.id, "approve").status_code == httpx.codes.OK
    shown = asking.until_told("completed_in_part")

    copies = {store: len(fields) for store, fields in expected_correction(person, "name").items()}
    wanted = {store: (number, 0) for store, number in copies.items()} | {"accounts": (1, 2)}
    assert counted(shown, "corrected", "conflicts") == wanted
    after = holdings(cloud.stores, person)
    kept = after["accounts", person.account_id]
    assert (kept["name"], kept["language"], kept["birth_date"]) == ("Keo S.", account["language"], "1990-02-28")
    assert after["users", person.account_id]["name"] == NEW_NAME
    assert gone(before, after) == {}
    assert "part" in asking.new_messages()[0].text
    assert book.chain_holds(asking.id)


def the_mall_renames(cloud: Cloud, person: Person, name: str) -> None:
    cloud.stores.dynamodb.update_item(
        TableName="mall-accounts",
        Key={"account_id": {"S": person.account_id}},
        UpdateExpression="SET #n = :n",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": {"S": name}},
    )


# --- closing an account


def test_an_account_is_closed_only_after_the_person_saw_what_lapses_and_agreed(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("tickets", who=lambda one: len(expected_lapses(one)) == len(LAPSING))
    before = holdings(cloud.stores, person)
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    asking = public.ask("account_closure", phone=person.phone).prove()
    shown = asking.until("confirm_needed")
    assert {one["what"]: one["value"] for one in shown["lapses"]} == expected_lapses(person)
    assert shown["next"] == ["confirm", "withdraw"]
    eventually(lambda: [m for m in asking.new_messages() if "confirm" in m.text], "word that it is to be confirmed")

    refused = asking.call("POST", "/confirm", json={"agree": False})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "agree_missing")
    assert asking.look()["status"] == "confirm_needed"
    assert {task["status"] for task in book.tasks(asking.id).values()} == {"pending"}
    assert holdings(cloud.stores, person) == before

    with locked(cloud, "tickets"):
        assert asking.call("POST", "/confirm", json={"agree": True}).status_code == httpx.codes.OK
        eventually(lambda: somebody_waits(cloud, "relation"), "erasure")
        # Shut before anything is erased, and there until all is.
        assert (sign_in(cloud.stores, person) or {})["Enabled"] is False
    shown = asking.until_told("completed", "completed_in_part")
    assert sign_in(cloud.stores, person) is None
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    codes = book.codes(asking.id)
    steps = ["planned", "confirmation_asked", "confirmed", "cooling_off_begun", "work_begun", "closed"]
    assert [code for code in codes if code in steps] == steps
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers
    assert book.chain_holds(asking.id)


def test_a_closure_that_nobody_confirms_ends_and_changes_nothing(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("orders")
    everybody = fingerprint(cloud.stores, cloud.mall)
    with settings(cloud, "RelayFunction", confirm_timeout_seconds=3):
        asking = public.ask("account_closure", phone=person.phone).prove()
        asking.until("expired")
    eventually(lambda: [m for m in asking.new_messages() if "did not confirm" in m.text + m.subject
                        or "nothing came" in m.text], "word that it ended")  # fmt: skip
    assert asking.call("POST", "/confirm", json={"agree": True}).status_code == httpx.codes.CONFLICT
    assert not book.is_at(asking.id, "FulfilStores")
    assert (sign_in(cloud.stores, person) or {})["Enabled"]
    assert fingerprint(cloud.stores, cloud.mall) == everybody
