"""Retention ends by itself in the sample mall: real connectors, a real worker, and years that pass."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import boto3
import psycopg
import pytest

from local.mall.compare import fingerprint
from local.mall.expect import expected_deletion
from local.mall.model import STORES, Person
from rights.asking import Stores
from rights.datamap import load_data_map
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.expiring import Expiry
from rights.ledger import Ledger, Task
from rights.sealing import Sealer
from rights.stores.work import Worker
from tests.integration.ledger.test_steps import verified
from tests.integration.stores.conftest import Shop
from tests.integration.stores.test_sample_mall import phone_of, resolve
from tests.support.clock import StoppedClock
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.support.plans import lay
from tests.unit.stores.fakes import FakeParts, Patient

pytestmark = pytest.mark.usefixtures("shop")


class Mall:
    """The mall with a ledger: deletes somebody, lets time pass, and looks at what is left."""

    def __init__(self, shop: Shop, ledger: Ledger, sealer: Sealer, clock: StoppedClock) -> None:
        self.shop, self.ledger, self.clock = shop, ledger, clock
        self.lambdas = Lambdas(shop.connectors, sealer)
        clock.at = datetime(2025, 11, 22, 5, tzinfo=UTC)

    def delete(self, person: Person) -> str:
        keys = resolve(self.shop, phone_of(person))
        request_id = verified(self.ledger, Right.DELETION)
        tasks = [
            Task(request_id=request_id, store=store, kind="k", stage=2, operation=Operation.ERASE) for store in STORES
        ]
        self.ledger.put_private(request_id, "subject", {"keys": keys.to_mapping()})
        lay(self.ledger, request_id, tasks, subjects=[person.phone], known_as=["account"])
        self.ledger.begin_work(request_id)
        for store in STORES:
            worker, status = Worker(self.ledger, self.shop.connectors[store], FakeParts(), self.clock), "more"
            while status != "done":
                step: Any = "read_back" if status == "read_back" else "work"
                status = worker.run(step, request_id, store, Patient(2)).status
        self.ledger.close_request(request_id, Status.COMPLETED_IN_PART)
        return request_id

    def day(self, day: date) -> dict[str, int]:
        """The job's run on a day."""
        self.clock.at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
        return Expiry(self.ledger, Stores(self.lambdas, FUNCTIONS, load_data_map(), self.ledger.sealer), 35).run(
            lambda: False
        )

    def told(self, request_id: str, count: str, stores: Iterable[str] = STORES) -> int:
        return sum(
            int(event.detail[count])
            for event in self.ledger.events(request_id)
            if event.code in {"retained_erased", "retained_moved"} and event.detail["store"] in stores
        )

    def rows_of(self, person: Person) -> int:
        """What is there of them under their account or their orders, whoever is asked."""
        orders = [row["order_id"] for row in self.shop.mall.rows("orders") if row["account_id"] == person.account_id]
        with psycopg.connect(self.shop.stores.dsn) as connection:
            counts = [
                connection.execute(f"SELECT count(*) FROM {table} WHERE order_id = ANY(%s)", (orders,)).fetchone()  # noqa: S608 - names of our own
                for table in ("orders", "order_items", "consignees", "payments")
            ]
        signals = boto3.client("dynamodb").query(
            TableName="mall-risk",
            KeyConditionExpression="account_id = :a",
            ExpressionAttributeValues={":a": {"S": str(person.account_id)}},
        )["Count"]
        return int(signals) + sum(int(count[0]) for count in counts if count)

    def tombstones(self) -> int:
        items = boto3.client("dynamodb").scan(TableName="ledger")["Items"]
        return sum(int(item["count"]["N"]) for item in items if item["PK"]["S"].startswith("TOMBSTONE#"))

    def set_status(self, table: str, status: str) -> None:
        with psycopg.connect(self.shop.stores.dsn, autocommit=True) as connection:
            connection.execute(f"UPDATE {table} SET status = %s WHERE status = 'dispute_open'", (status,))  # noqa: S608 - names of our own


@pytest.fixture
def mall(shop: Shop, ledger: Ledger, sealer: Sealer, clock: StoppedClock) -> Mall:
    return Mall(shop, ledger, sealer, clock)


def test_after_ten_years_nothing_is_left_of_a_person_and_nobody_else_is_touched(mall: Mall) -> None:
    person = mall.shop.mall.special("run")
    others = fingerprint(mall.shop.stores, mall.shop.mall, (person,))
    request_id = mall.delete(person)
    expected = expected_deletion(mall.shop.mall, person)
    left = sum(one.retained for one in expected.values()) + expected["orders"].anonymised
    assert mall.rows_of(person) == left > 0
    erased_at_once = sum(one.erased + one.anonymised for one in expected.values())
    assert mall.tombstones() == erased_at_once

    ended = mall.day(date(2035, 12, 1))
    assert ended["overdue"] == 0
    assert ended["ended"] > 0
    assert mall.rows_of(person) == 0
    assert mall.told(request_id, "erased") == left
    assert mall.tombstones() == erased_at_once + left
    assert mall.ledger.verify_chain(request_id)
    assert mall.ledger.get(request_id).status is Status.COMPLETED_IN_PART
    assert fingerprint(mall.shop.stores, mall.shop.mall, (person,)) == others
    assert mall.day(date(2035, 12, 2)) == {"ended": 0, "overdue": 0}


def test_each_record_goes_on_its_own_day_and_an_order_goes_whole(mall: Mall) -> None:
    person = mall.shop.mall.special("old_orders")
    request_id = mall.delete(person)
    before = mall.rows_of(person)
    assert mall.day(date(2026, 2, 1))["overdue"] == 0
    signal = mall.told(request_id, "erased")
    assert signal == mall.told(request_id, "erased", ["risk"]) == 1
    assert mall.day(date(2027, 1, 1)) == {"ended": 4, "overdue": 0}
    assert mall.told(request_id, "erased", ["orders"]) == before - mall.rows_of(person) - signal
    with psycopg.connect(mall.shop.stores.dsn) as connection:
        lonely = connection.execute(
            "SELECT count(*) FROM order_items WHERE order_id NOT IN (SELECT order_id FROM orders)"
        )
        assert lonely.fetchone() == (0,)


def test_what_an_open_dispute_keeps_stays_until_it_is_closed(mall: Mall) -> None:
    person = mall.shop.mall.special("dispute")
    request_id = mall.delete(person)
    disputed = ("orders", "support", "support_tickets")
    mall.set_status("tickets", "closed")
    assert mall.day(date(2026, 11, 23))["overdue"] == 0
    assert mall.told(request_id, "erased", disputed) == 1
    assert mall.told(request_id, "kept", disputed) == 3
    mall.set_status("after_sales", "closed")
    mall.day(date(2027, 12, 1))
    assert mall.told(request_id, "erased", ["orders"]) == 1
    assert mall.told(request_id, "erased", ["support"]) == 0


def test_a_hold_keeps_a_persons_rows_in_every_store_until_it_ends(mall: Mall) -> None:
    person = mall.shop.mall.special("run")
    request_id = mall.delete(person)
    before = mall.rows_of(person)
    mall.clock.at = datetime(2035, 11, 30, tzinfo=UTC)
    mall.ledger.place_hold(["account"], ground=3, until=date(2036, 3, 1), by="op-1")
    assert mall.day(date(2035, 12, 1))["overdue"] == 0
    assert mall.rows_of(person) == before
    assert mall.told(request_id, "kept") == before
    assert mall.day(date(2036, 3, 2))["overdue"] == 0
    assert mall.rows_of(person) == 0


def test_a_database_that_is_down_does_not_stop_the_other_stores(mall: Mall) -> None:
    person = mall.shop.mall.special("run")
    request_id = mall.delete(person)
    mall.lambdas.fails["orders"] = "StoreUnavailableError"
    assert mall.day(date(2035, 12, 1))["overdue"] > 0
    assert mall.told(request_id, "erased", ["risk"]) > 0
    assert mall.told(request_id, "erased", ["orders"]) == 0
    mall.lambdas.fails.clear()
    assert mall.day(date(2035, 12, 2))["overdue"] == 0
    assert mall.rows_of(person) == 0
