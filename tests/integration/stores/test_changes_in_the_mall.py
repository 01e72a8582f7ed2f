"""Corrections, restrictions and deletions of one category in the sample mall, as its generator expects them."""

from dataclasses import replace
from typing import Any

import boto3
import psycopg
import pytest

from local.mall import expected_correction, expected_deletion, expected_lapses, fingerprint
from local.mall.model import STORES, Person
from rights.asking import Stores
from rights.datamap import load_data_map
from rights.datamap.scope import tasks_for
from rights.domain.identity import KeySet
from rights.domain.rights import OPERATION_OF, OPT_OUT_OF, Operation, Right
from rights.domain.work import Counts, TaskStatus
from rights.ledger.model import Task
from rights.sealing import Sealer
from rights.stores.package import PackageParts
from rights.stores.work import Worker
from tests.integration.stores.conftest import Shop
from tests.integration.stores.test_sample_mall import exported, phone_of, resolve
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.unit.stores.fakes import REQUEST, FakeLedger, Killed, Patient, at_noon

NEW = "ឈ្មោះ ថ្មី"


@pytest.fixture
def asked(shop: Shop) -> Stores:
    kms: Any = boto3.client("kms")
    sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    return Stores(Lambdas(shop.connectors, sealer), FUNCTIONS, load_data_map(), sealer)


class Case:
    """One request of one person: its tasks, each with a ledger of its own, that share what lies sealed."""

    def __init__(self, shop: Shop, keys: KeySet, right: Right, **wanted: Any) -> None:
        self._shop = shop
        self.sealed: dict[str, Any] = {"subject": {"keys": keys.to_mapping()}}
        self.ledgers: dict[str, FakeLedger] = {}
        for store, collections in tasks_for(load_data_map(), right, **wanted):
            ledger = FakeLedger(OPERATION_OF[right] or Operation.EXPORT, keys, store.fides_key)
            purposes = tuple(wanted.get("purposes", ()))
            ledger.saved = replace(ledger.saved, collections=collections, purposes=purposes)
            ledger.sealed = self.sealed
            if store.fides_key in shop.connectors:
                self.ledgers[store.fides_key] = ledger

    def finish(self) -> dict[str, Task]:
        return {store: self.work(store) for store in self.ledgers}

    def work(self, store: str) -> Task:
        ledger, status = self.ledgers[store], "more"
        package = PackageParts(self._shop.stores.s3, "package")
        worker = Worker(ledger, self._shop.connectors[store], package, at_noon)
        while status not in {"done", "failed"}:
            step: Any = "read_back" if status == "read_back" else "work"
            status = worker.run(step, REQUEST, store, Patient(2)).status
        assert ledger.saved.status is TaskStatus.DONE
        return ledger.saved


def correction(shop: Shop, asked: Stores, person: Person, subject: str, **change: str) -> Case:
    """A correction as the planner lays it: what is there is seen first."""
    keys = resolve(shop, phone_of(person))
    case = Case(shop, keys, Right.CORRECTION, subjects=[subject])
    case.sealed["changes"] = {subject: change}
    case.sealed["seen"] = {store: asked.seen(REQUEST, store, keys, [subject]) for store in case.ledgers}
    return case


def found(shop: Shop, person: Person, store: str, subject: str) -> list[tuple[str, str, str]]:
    seen = shop.connectors[store].seen(resolve(shop, phone_of(person)), [subject])
    return sorted((one.collection, one.field, one.value) for one in seen if one.value is not None)


@pytest.mark.parametrize("name", ["run", "dispute", "heavy", "gift_giver"])
def test_a_corrected_name_is_new_in_every_copy_and_in_nobody_elses(shop: Shop, asked: Stores, name: str) -> None:
    person = shop.mall.special(name)
    expected, others = expected_correction(person, "name"), fingerprint(shop.stores, shop.mall, (person,))
    case = correction(shop, asked, person, "name", to=NEW, **{"from": person.name})
    tasks = case.finish()
    assert set(tasks) == set(expected)
    for store, copies in expected.items():
        assert tasks[store].counts == Counts(found=len(copies), corrected=len(copies)), store
        listed = case.sealed[f"corrected.{store}"]
        assert [(one["collection"], one["field"], one["before"]) for one in listed] == copies
        assert {(one["after"], one["result"]) for one in listed} <= {(NEW, "corrected")}
        assert found(shop, person, store, "name") == sorted((at, field, NEW) for at, field, _ in copies)
    assert fingerprint(shop.stores, shop.mall, (person,)) == others


def test_a_historical_order_keeps_the_name_it_was_sent_to(shop: Shop, asked: Stores) -> None:
    person = shop.mall.special("run")
    correction(shop, asked, person, "name", to=NEW).finish()
    with psycopg.connect(shop.stores.dsn) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM consignees")}
    assert person.name in names
    assert NEW not in names


def test_a_second_correction_changes_nothing(shop: Shop, asked: Stores) -> None:
    person = shop.mall.special("run")
    first = correction(shop, asked, person, "name", to=NEW).finish()
    before = fingerprint(shop.stores, shop.mall)
    second = correction(shop, asked, person, "name", to=NEW).finish()
    assert {s: t.counts for s, t in second.items()} == {s: t.counts for s, t in first.items()}
    assert fingerprint(shop.stores, shop.mall) == before


def test_copies_that_changed_since_they_were_seen_are_conflicts_and_stay(shop: Shop, asked: Stores) -> None:
    person = shop.mall.special("run")
    case = correction(shop, asked, person, "name", to=NEW)
    shop.stores.dynamodb.update_item(
        TableName="mall-accounts",
        Key={"account_id": {"S": person.account_id}},
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":v": {"S": "Married Name"}},
    )
    with psycopg.connect(shop.stores.dsn) as connection:
        first = min(row["ticket_id"] for row in person.rows["tickets"])
        connection.execute("UPDATE tickets SET customer_name = 'Married Name' WHERE ticket_id = %s", [first])
    tasks = case.finish()
    assert tasks["accounts"].counts == Counts(found=1, conflicts=1)
    assert tasks["support_tickets"].counts == Counts(found=2, corrected=1, conflicts=1)
    assert tasks["profiles"].counts == Counts(found=1, corrected=1)
    assert found(shop, person, "accounts", "name") == [("accounts", "name", "Married Name")]


def test_a_copy_that_is_not_what_the_person_said_stays(shop: Shop, asked: Stores) -> None:
    person, parent = shop.mall.special("child"), shop.mall.special("parent")
    case = correction(shop, asked, person, "contact_phone", to="+85512999999", **{"from": person.phone})
    assert case.finish()["accounts"].counts == Counts(found=1, conflicts=1)
    keys = KeySet.from_mapping({"account_id": [person.account_id]})
    [row] = shop.connectors["accounts"].seen(keys, ["contact_phone"])
    assert row.value == parent.phone


def test_a_new_sign_in_number_leaves_the_households_number_for_deliveries_alone(shop: Shop, asked: Stores) -> None:
    person, parent = shop.mall.special("child"), shop.mall.special("parent")
    tasks = correction(shop, asked, person, "phone", to="+85512999999").finish()
    assert tasks["accounts"].counts == Counts(found=1, corrected=1)
    assert found(shop, parent, "accounts", "phone")[0][2] == parent.phone
    keys = KeySet.from_mapping({"account_id": [person.account_id]})
    assert [row.value for row in shop.connectors["accounts"].seen(keys, ["contact_phone"])] == [parent.phone]


def test_words_for_a_date_are_a_conflict(shop: Shop, asked: Stores) -> None:
    person = shop.mall.special("run")
    case = correction(shop, asked, person, "birth_date", to="in the year of the tiger")
    assert case.finish()["accounts"].counts == Counts(found=1, conflicts=1)
    case = correction(shop, asked, person, "birth_date", to="1990-04-14")
    assert case.finish()["accounts"].counts == Counts(found=1, corrected=1)


@pytest.mark.parametrize("store", ["accounts", "profiles", "support_tickets"])
def test_killed_between_the_write_and_its_record_a_correction_counts_exactly(
    shop: Shop, asked: Stores, store: str
) -> None:
    person = shop.mall.special("run")
    case = correction(shop, asked, person, "name", to=NEW)
    ledger = case.ledgers[store]

    def die(task: Task) -> None:
        if task.counts.corrected:
            ledger.before_checkpoint = lambda _: None
            raise Killed

    ledger.before_checkpoint = die
    with pytest.raises(Killed):
        case.work(store)
    copies = expected_correction(person, "name")[store]
    assert found(shop, person, store, "name") == sorted((at, field, NEW) for at, field, _ in copies)
    assert case.work(store).counts == Counts(found=len(copies), corrected=len(copies))
    assert len(case.sealed[f"corrected.{store}"]) == len(copies)


def test_a_deletion_of_the_search_history_erases_just_that_and_reads_back_nothing(shop: Shop) -> None:
    person = shop.mall.special("run")
    keys, others = resolve(shop, phone_of(person)), fingerprint(shop.stores, shop.mall, (person,))
    before = dict(shop.connectors["profiles"].count(keys))
    expected = expected_deletion(shop.mall, person, only=("search_history",))
    tasks = Case(shop, keys, Right.DELETION, scope=["search_history"]).finish()
    assert set(tasks) == set(expected) == {"profiles"}
    counts = tasks["profiles"].counts
    assert (counts.found, counts.erased) == (expected["profiles"].found, expected["profiles"].erased) == (14, 14)
    assert list(tasks["profiles"].by_collection) == ["search_history"]
    assert shop.connectors["profiles"].count(keys) == before | {"search_history": 0}
    assert shop.connectors["accounts"].count(keys) == {"accounts": 1}
    assert fingerprint(shop.stores, shop.mall, (person,)) == others


def test_an_access_to_one_category_hands_over_just_that(shop: Shop) -> None:
    person = shop.mall.special("run")
    keys = resolve(shop, phone_of(person))
    tasks = Case(shop, keys, Right.ACCESS, scope=["favourites", "support_tickets"]).finish()
    assert {store: task.counts.exported for store, task in tasks.items()} == {"profiles": 3, "support_tickets": 2}
    assert {record["item"].partition("#")[0] for record in exported(shop, "profiles", REQUEST)} == {"FAVOURITE"}


def consents(shop: Shop, person: Person) -> dict[str, tuple[bool, str]]:
    rows = shop.connectors["profiles"].read_page("consents", resolve(shop, phone_of(person)), None)
    return {row["purpose"]: (row["granted"], row["at"]) for row in rows.records}


@pytest.mark.parametrize("name", ["run", "bare", "heavy"])
def test_a_marketing_opt_out_is_on_record_whether_or_not_there_was_a_consent(shop: Shop, name: str) -> None:
    person = shop.mall.special(name)
    keys, others = resolve(shop, phone_of(person)), fingerprint(shop.stores, shop.mall, (person,))
    before = consents(shop, person)
    tasks = Case(shop, keys, Right.MARKETING_OPT_OUT, purposes=OPT_OUT_OF).finish()
    assert {store: task.counts for store, task in tasks.items()} == {"profiles": Counts(found=2, flagged=2)}
    after = consents(shop, person)
    for purpose, (granted, at) in after.items():
        if purpose not in OPT_OUT_OF:
            assert before[purpose] == (granted, at)
            continue
        assert granted is False
        # Who had refused before keeps the time of that refusal.
        was_refused = before.get(purpose, (True, ""))[0] is False
        assert at == (before[purpose][1] if was_refused else "2025-11-22T05:00:00.000000Z")
    again = Case(shop, keys, Right.MARKETING_OPT_OUT, purposes=OPT_OUT_OF).finish()
    assert again["profiles"].counts == tasks["profiles"].counts
    assert consents(shop, person) == after
    assert fingerprint(shop.stores, shop.mall, (person,)) == others


def test_a_restriction_stands_on_the_account_and_is_shown_on_access(shop: Shop) -> None:
    person = shop.mall.special("family_a")
    keys = resolve(shop, phone_of(person))
    others = fingerprint(shop.stores, shop.mall, (person,))
    tasks = Case(shop, keys, Right.RESTRICTION, purposes=["all"]).finish()
    assert {store: task.counts for store, task in tasks.items()} == {"accounts": Counts(found=1, flagged=1)}
    Case(shop, keys, Right.ACCESS).work("accounts")
    [account] = exported(shop, "accounts", REQUEST)
    assert (account["restricted"], account["restricted_at"]) == (True, "2025-11-22T05:00:00.000000Z")
    assert fingerprint(shop.stores, shop.mall, (person,)) == others


def test_nobody_without_an_account_is_given_a_record_by_an_opt_out(shop: Shop) -> None:
    before = fingerprint(shop.stores, shop.mall)
    keys = resolve(shop, phone_of(shop.mall.special("consignee")))
    tasks = Case(shop, keys, Right.MARKETING_OPT_OUT, purposes=OPT_OUT_OF).finish()
    assert tasks["profiles"].counts == Counts()
    assert fingerprint(shop.stores, shop.mall) == before


def test_what_lapses_and_whose_age_it_is_are_told_as_the_mall_has_them(shop: Shop, asked: Stores) -> None:
    for name in ("run", "child", "moved", "consignee", "heavy"):
        person = shop.mall.special(name)
        facts = asked.facts(REQUEST, resolve(shop, phone_of(person)))
        accounts = person.rows.get("accounts", [])
        assert dict(facts.lapses) == expected_lapses(person), name
        assert facts.birth_dates == tuple(row["birth_date"] for row in accounts)
        assert facts.contact_changed_at == next((row.get("contact_changed_at") for row in accounts), None)


def test_a_dry_run_counts_what_a_task_is_about(shop: Shop, asked: Stores) -> None:
    person = shop.mall.special("run")
    keys = resolve(shop, phone_of(person))
    counts = {name: len(person.rows.get(name, [])) for name in STORES["profiles"]}
    assert asked.count(REQUEST, "profiles", keys) == counts
    assert asked.count(REQUEST, "profiles", keys, ["cart"]) == {"cart": counts["cart"]}
