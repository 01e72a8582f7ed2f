"""The worker with the ledger itself: what it records is sealed, fenced and enough to go on from."""

from typing import Any

import boto3
import pytest

from rights.clock import utc_now
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import Counts, Disposition, TaskStatus
from rights.errors import StaleWriteError
from rights.ledger import Ledger, Task
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from rights.stores.work import Worker
from tests.unit.stores.fakes import FakeParts, FakeStore, Killed, Patient
from tests.unit.stores.test_correcting import Names

REQUEST = "R1"
ROWS = {"items": {"row-qwortzel-1": Disposition.ERASE, "row-qwortzel-2": Disposition.ERASE, "z": Disposition.RETAIN}}


@pytest.fixture
def ledger(aws: None) -> Ledger:
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="ledger",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    kms: Any = boto3.client("kms")
    sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    made = Ledger(Table(dynamodb, "ledger"), sealer, Hmac(b"secret"), utc_now)
    task = Task(request_id=REQUEST, store="shop", kind="fake", stage=2, operation=Operation.ERASE)
    made.table.transact(made.task_parts([task]))
    made.put_private(REQUEST, "subject", {"keys": {"account_id": ["acc-1"]}})
    return made


def test_a_worker_that_was_killed_is_succeeded_by_one_that_counts_exactly(ledger: Ledger) -> None:
    store = FakeStore(ROWS, page_size=1)

    def die() -> None:
        store.after_apply = lambda: None
        raise Killed

    store.after_apply = die
    worker = Worker(ledger, store, FakeParts(), utc_now)
    with pytest.raises(Killed):
        worker.run("work", REQUEST, "shop", Patient())
    left = str(boto3.client("dynamodb").scan(TableName="ledger")["Items"])
    assert "intent_sealed" in left
    assert "qwortzel" not in left
    assert worker.run("work", REQUEST, "shop", Patient()).status == "read_back"
    assert worker.run("read_back", REQUEST, "shop", Patient()).status == "done"
    task = ledger.task(REQUEST, "shop")
    assert (task.counts.found, task.counts.erased, task.counts.retained) == (3, 2, 1)
    assert task.status is TaskStatus.DONE
    assert (task.intent, task.cursor, task.collection) == (None, None, None)


def test_a_worker_that_was_overtaken_is_refused_and_leaves_no_trace(ledger: Ledger) -> None:
    store = FakeStore(ROWS, page_size=1)
    worker = Worker(ledger, store, FakeParts(), utc_now)

    def overtaken() -> None:
        store.after_plan = lambda: None
        worker.run("work", REQUEST, "shop", Patient())

    store.after_plan = overtaken
    with pytest.raises(StaleWriteError):
        worker.run("work", REQUEST, "shop", Patient())
    assert ledger.task(REQUEST, "shop").counts.erased == 2


def test_a_store_whose_failure_was_repaired_goes_on_where_it_stood(ledger: Ledger) -> None:
    store = FakeStore(ROWS, page_size=1)
    worker = Worker(ledger, store, FakeParts(), utc_now)
    assert worker.run("work", REQUEST, "shop", Patient(1)).status == "more"
    ledger.fail_task(REQUEST, "shop", "StoreUnavailableError")
    assert worker.run("read_back", REQUEST, "shop", Patient()).status == "failed"
    ledger.reopen_tasks(REQUEST)
    assert worker.run("work", REQUEST, "shop", Patient()).status == "read_back"
    assert ledger.task(REQUEST, "shop").counts.erased == 2


def test_what_a_correction_saw_and_changed_lies_sealed(ledger: Ledger) -> None:
    store = Names({f"n{number:02d}": "Qwortzel" for number in range(30)})
    ledger.table.transact(
        ledger.task_parts([Task(request_id="R2", store="shop", kind="fake", stage=2, operation=Operation.CORRECT)])
    )
    ledger.put_private("R2", "subject", {"keys": {"account_id": ["acc-1"]}})
    ledger.put_private("R2", "changes", {"name": {"to": "Qwortzel-Marten", "from": "Qwortzel"}})
    ledger.put_private("R2", "seen", {"shop": [one.to_dict() for one in store.seen(KeySet(), ["name"])]})
    worker = Worker(ledger, store, FakeParts(), utc_now)
    assert worker.run("work", "R2", "shop", Patient(1)).status == "more"
    assert worker.run("work", "R2", "shop", Patient()).status == "read_back"
    assert worker.run("read_back", "R2", "shop", Patient()).status == "done"
    assert ledger.task("R2", "shop").counts == Counts(found=30, corrected=30)
    assert len(ledger.private("R2", "corrected.shop")) == 30
    assert "Qwortzel" not in str(boto3.client("dynamodb").scan(TableName="ledger")["Items"])
