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
    "run", "family_a", "family_b", "gift_giver", "gift_receiver", "consignee", "dispute", "old_orders", "bare",
    "versions", "marker", "heavy",
)  # fmt: skip


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


def fulfil(shop: Shop, store: str, operation: Operation, keys: KeySet) -> Task:
    """What the state machine does with one store; the time of an invocation is always nearly up."""
    ledger = FakeLedger(operation, keys, store)
    worker = Worker(ledger, shop.connectors[store], PackageParts(shop.stores.s3, "package"), at_noon)
    status = "more"
    for _ in range(500):
        step: Any = "read_back" if status == "read_back" else "work"
        status = worker.run(step, REQUEST, store, Patient(2)).status
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
        "kept": [
            {"ground": k.ground, "until": k.until, "records": k.records, "reason": k.reason} for k in expected.kept
        ],
    }


@pytest.mark.parametrize("name", PEOPLE)
def test_a_deletion_does_what_the_policy_says_and_touches_nobody_else(shop: Shop, name: str) -> None:
    person = shop.mall.special(name)
    keys = resolve(shop, phone_of(person))
    expected = expected_deletion(shop.mall, person)
    others = fingerprint(shop.stores, shop.mall, (person,))

    for store in STORES:
        task = fulfil(shop, store, Operation.ERASE, keys)
        assert task.status is TaskStatus.DONE, store
        assert task.late_rounds == 0, store
        assert task.counts.to_dict() == as_expected(expected[store]), store
        assert {n: c["found"] for n, c in task.by_collection.items()} == expected[store].collections

    assert fingerprint(shop.stores, shop.mall, (person,)) == others


@pytest.mark.parametrize("name", PEOPLE)
def test_an_access_exports_every_record_and_changes_nothing(shop: Shop, name: str) -> None:
    person = shop.mall.special(name)
    keys = resolve(shop, phone_of(person))
    before = fingerprint(shop.stores, shop.mall)

    for store, expected in expected_access(shop.mall, person).items():
        task = fulfil(shop, store, Operation.EXPORT, keys)
        assert task.counts.to_dict() == as_expected(expected), store
        assert len(exported(shop, store)) == expected.found

    assert fingerprint(shop.stores, shop.mall) == before


def exported(shop: Shop, store: str) -> list[dict[str, Any]]:
    """The records of a store in the package."""
    listed = shop.stores.s3.list_objects_v2(Bucket="package", Prefix=f"exports/{REQUEST}/{store}/").get("Contents", [])
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
