"""Every special person of the sample mall, against what the mall's own generator expects of the policy."""

import json
from typing import Any

import pytest

from local.mall.compare import fingerprint
from local.mall.expect import Expectation, expected_access, expected_deletion
from local.mall.model import STORES, Person
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.ledger.model import Task
from rights.stores.package import PackageParts
from rights.stores.work import Worker
from tests.integration.stores.conftest import Shop
from tests.unit.stores.fakes import REQUEST, FakeLedger, Patient, at_noon

PEOPLE = (
    "run", "family_a", "family_b", "gift_receiver", "consignee", "dispute", "old_orders", "bare", "versions", "marker",
    "heavy",
)  # fmt: skip
GIVER = ("gift_giver",)
"""Has records in common with a consignee, so each needs a mall in which the other's are untouched."""


def resolve(shop: Shop, *proven: Identifier) -> KeySet:
    """What the planner does: follow `one` edges until nothing is added."""
    keys = KeySet.of(proven)
    while True:
        grown = keys
        for connector in shop.connectors.values():
            grown |= connector.locate(grown)
        if grown == keys:
            return keys
        keys = grown


def fulfil(shop: Shop, store: str, operation: Operation, keys: KeySet, request: str = REQUEST) -> Task:
    """What the state machine does with one store; the time of an invocation is always nearly up."""
    ledger = FakeLedger(operation, keys, store, request)
    worker = Worker(ledger, shop.connectors[store], PackageParts(shop.stores.s3, "package"), at_noon)
    status = "more"
    for _ in range(500):
        step: Any = "read_back" if status == "read_back" else "work"
        status = worker.run(step, request, store, Patient(2)).status
        if status in {"done", "failed"}:
            break
    return ledger.saved


def phone_of(person: Person) -> Identifier:
    return Identifier(Kind.PHONE, person.phone)


def as_expected(expected: Expectation) -> dict[str, Any]:
    return {
        "found": expected.found,
        "exported": expected.exported,
        "erased": expected.erased,
        "anonymised": expected.anonymised,
        "retained": expected.retained,
        **dict.fromkeys(("corrected", "conflicts", "flagged"), 0),
        "kept": [
            {"ground": k.ground, "until": k.until, "records": k.records, "reason": k.reason} for k in expected.kept
        ],
    }


@pytest.mark.parametrize("names", [PEOPLE, GIVER], ids=["most", "giver"])
def test_deletions_do_what_the_policy_says_and_touch_nobody_else(shop: Shop, names: tuple[str, ...]) -> None:
    for name in names:
        person = shop.mall.special(name)
        keys = resolve(shop, phone_of(person))
        expected = expected_deletion(shop.mall, person)
        others = fingerprint(shop.stores, shop.mall, (person,))
        for store in STORES:
            task = fulfil(shop, store, Operation.ERASE, keys)
            assert task.status is TaskStatus.DONE, (name, store)
            assert task.late_rounds == 0, (name, store)
            assert task.counts.to_dict() == as_expected(expected[store]), (name, store)
            assert {n: c["found"] for n, c in task.by_collection.items()} == expected[store].collections
        assert fingerprint(shop.stores, shop.mall, (person,)) == others, name
        assert not shop.connectors["accounts"].recognise(phone_of(person))


def test_access_exports_every_record_and_changes_nothing(shop: Shop) -> None:
    before = fingerprint(shop.stores, shop.mall)
    for name in (*PEOPLE, *GIVER):
        person = shop.mall.special(name)
        keys = resolve(shop, phone_of(person))
        for store, expected in expected_access(shop.mall, person).items():
            task = fulfil(shop, store, Operation.EXPORT, keys, request=name)
            assert task.counts.to_dict() == as_expected(expected), (name, store)
            assert len(exported(shop, store, name)) == expected.found, (name, store)
    assert fingerprint(shop.stores, shop.mall) == before


def test_a_consignee_without_account_gets_the_rows_that_name_them_and_not_who_ordered(shop: Shop) -> None:
    person, giver = shop.mall.special("consignee"), shop.mall.special("gift_giver")
    fulfil(shop, "orders", Operation.EXPORT, resolve(shop, phone_of(person)))
    records = exported(shop, "orders", REQUEST)
    assert {record["phone"] for record in records} == {person.phone}
    text = json.dumps(records, ensure_ascii=False)
    assert giver.account_id not in text
    assert giver.phone not in text


def test_a_consignees_phone_and_name_are_masked_for_who_ordered(shop: Shop) -> None:
    giver = shop.mall.special("gift_giver")
    fulfil(shop, "orders", Operation.EXPORT, resolve(shop, phone_of(giver)))
    text = json.dumps(exported(shop, "orders", REQUEST), ensure_ascii=False)
    for name in ("consignee", "gift_receiver"):
        other = shop.mall.special(name)
        assert other.phone not in text
        assert other.name not in text
    assert giver.phone in text


def test_who_shares_a_contact_phone_a_device_and_an_address_reaches_only_their_own(shop: Shop) -> None:
    mother, child = shop.mall.special("family_a"), shop.mall.special("family_b")
    assert resolve(shop, phone_of(mother)).accounts == (mother.account_id,)
    assert resolve(shop, phone_of(child)).accounts == (child.account_id,)
    assert resolve(shop, Identifier(Kind.EMAIL, mother.email or "")).accounts == (mother.account_id,)


def test_whoever_is_unknown_has_nothing_anywhere(shop: Shop) -> None:
    nobody = Identifier(Kind.PHONE, "+85500000000")
    keys = resolve(shop, nobody)
    for connector in shop.connectors.values():
        assert not connector.recognise(nobody)
        assert set(connector.count(keys).values()) == {0}
        for collection in connector.collections():
            assert connector.read_page(collection, keys, None).records == []
            assert connector.plan_page(collection, keys, None, "2025-11-22").counts() == Counts()


def test_secrets_do_not_reach_the_package(shop: Shop) -> None:
    fulfil(shop, "accounts", Operation.EXPORT, resolve(shop, phone_of(shop.mall.special("run"))))
    [account] = exported(shop, "accounts", REQUEST)
    assert "password_hash" not in account
    assert account["name"] == shop.mall.special("run").name


def exported(shop: Shop, store: str, request: str) -> list[dict[str, Any]]:
    """The records of a store in the package."""
    listed = shop.stores.s3.list_objects_v2(Bucket="package", Prefix=f"exports/{request}/{store}/").get("Contents", [])
    bodies = [
        shop.stores.s3.get_object(Bucket="package", Key=thing["Key"])["Body"].read()
        for thing in listed
        if thing["Key"].endswith(".jsonl")
    ]
    return [json.loads(line) for body in bodies for line in body.decode().splitlines()]


def test_a_deletion_that_is_repeated_finds_only_what_was_kept(shop: Shop) -> None:
    keys = resolve(shop, phone_of(shop.mall.special("run")))
    first = fulfil(shop, "orders", Operation.ERASE, keys)
    second = fulfil(shop, "orders", Operation.ERASE, keys)
    assert second.counts == Counts(found=first.counts.retained, retained=first.counts.retained, kept=first.counts.kept)
