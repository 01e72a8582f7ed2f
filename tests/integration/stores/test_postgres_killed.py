"""Real processes, a real database, the ledger on the local cloud: killed between write and record, and two at once."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import boto3
import psycopg
import pytest

from local.emulator import REGION, Emulator
from rights.clock import utc_now
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import TaskStatus
from rights.errors import StaleWriteError
from rights.ledger import Ledger, Task
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from rights.stores.contract import ErasurePage
from rights.stores.database import Database
from rights.stores.postgres import PostgresConnector
from rights.stores.work import Worker
from tests.support.emulator import running_emulator
from tests.support.template import create_ledger_table
from tests.unit.stores.fakes import FakeParts, Patient
from tests.unit.stores.maps import ACCOUNT, collection, field, store

ROWS, PAGE = 1_000, 100
REQUEST = "R1"
SHOP = store(
    collection("items", field("id", primary_key=True), field("order_id", refers="orders.id")),
    collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT)),
)
SCHEMA = """
CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id text NOT NULL);
CREATE TABLE items (id int PRIMARY KEY, order_id uuid NOT NULL REFERENCES orders);
INSERT INTO orders (account_id) SELECT CASE WHEN n % 2 = 0 THEN 'acc-1' ELSE 'acc-2' END FROM generate_series(1, 40) n;
INSERT INTO items SELECT row_number() OVER (), id
    FROM (SELECT id FROM orders, generate_series(1, 50) ORDER BY random()) drawn;
"""


class Place(NamedTuple):
    """Where everything is, as another process can be told."""

    endpoint: str
    table: str
    key: str
    dsn: str

    @property
    def ledger(self) -> Ledger:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        dynamodb, kms = (session.client(name, endpoint_url=self.endpoint) for name in ("dynamodb", "kms"))
        return Ledger(Table(dynamodb, self.table), Sealer(kms, self.key), Hmac(b"test secret"), utc_now)

    @property
    def database(self) -> Database:
        secret: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(self.dsn)
        return Database(lambda: secret)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def place(emulator: Emulator, database: str) -> Place:
    table = f"ledger-{uuid4().hex[:8]}"
    create_ledger_table(emulator.client("dynamodb"), table)
    made = Place(emulator.endpoint, table, emulator.client("kms").create_key()["KeyMetadata"]["KeyId"], database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    for request_id in (REQUEST, "R2"):
        task = Task(request_id=request_id, store="shop", kind="postgres", stage=2, operation=Operation.ERASE)
        made.ledger.table.transact(made.ledger.task_parts([task]))
        made.ledger.put_private(request_id, "subject", {"keys": {"account_id": ["acc-1"]}})
    return made


class Stopping(PostgresConnector):
    """Stands still for ever after its first pages were written, before anybody can record it."""

    pages = 3
    marker = Path()

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        super().apply_page(collection, keys, page)
        self.pages -= 1
        if not self.pages:
            self.marker.touch()
            time.sleep(600)


def erase(place: Place, marker: str, pages: int) -> None:
    connector = Stopping(SHOP, place.database, page_size=PAGE)
    connector.marker, connector.pages = Path(marker), pages
    Worker(place.ledger, connector, FakeParts(), utc_now).run("work", REQUEST, "shop", Patient())


def finish(place: Place, request_id: str) -> str:
    """A worker, as Step Functions calls it: again and again while it says so."""
    step: Any = "work"
    with closing(place.database) as database:
        for _ in range(20):
            connector = PostgresConnector(SHOP, database, page_size=PAGE)
            try:
                status = (
                    Worker(place.ledger, connector, FakeParts(), utc_now)
                    .run(step, request_id, "shop", Patient())
                    .status
                )
            except StaleWriteError:
                continue
            if status in {"done", "failed"}:
                return status
            step = "read_back" if status == "read_back" else "work"
    return "tired"


def begun(work: Callable[..., Any], *arguments: Any) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def left(place: Place) -> dict[str, int]:
    with psycopg.connect(place.dsn) as connection:
        found = connection.execute("SELECT account_id, count(*) FROM items JOIN orders o ON o.id = order_id GROUP BY 1")
        return dict(found.fetchall())


def test_a_process_killed_between_its_write_and_its_record_counts_every_row_once(place: Place, tmp_path: Path) -> None:
    erased = 0
    for number, pages in enumerate((3, 1, 4)):
        marker = tmp_path / str(number)
        process = begun(erase, place, str(marker), pages)
        until = time.monotonic() + 60
        while not marker.exists():
            assert process.is_alive()
            assert time.monotonic() < until
            time.sleep(0.02)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        task = place.ledger.task(REQUEST, "shop")
        assert task.intent is not None, "what was written is on record, and not counted"
        erased += (pages - 1) * PAGE
        assert task.counts.erased == erased
        assert left(place)["acc-1"] == ROWS - erased - PAGE
    assert finish(place, REQUEST) == "done"
    task = place.ledger.task(REQUEST, "shop")
    assert (task.status, task.counts.erased, task.counts.found) == (TaskStatus.DONE, ROWS + 20, ROWS + 20)
    assert task.late_rounds == 0
    assert left(place) == {"acc-2": ROWS}


def test_two_requests_for_one_person_at_once_leave_nothing_and_touch_nobody_else(place: Place) -> None:
    processes = [begun(finish, place, request_id) for request_id in (REQUEST, "R2")]
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    tasks = [place.ledger.task(request_id, "shop") for request_id in (REQUEST, "R2")]
    assert [task.status for task in tasks] == [TaskStatus.DONE, TaskStatus.DONE]
    assert left(place) == {"acc-2": ROWS}
    # A row that both had planned is counted by both, as found and gone; none is counted by nobody.
    assert sum(task.counts.erased for task in tasks) >= ROWS + 20
    assert all(task.counts.adds_up for task in tasks)
