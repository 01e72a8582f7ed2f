"""Corrections, flags and facts in PostgreSQL, at their edges."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from rights.domain.rights import Operation
from rights.domain.work import Counts
from rights.stores.contract import Seen
from rights.stores.database import Database
from rights.stores.postgres import PostgresConnector
from rights.stores.work import Worker
from tests.unit.stores.fakes import REQUEST, FakeLedger, FakeParts, Patient, at_noon
from tests.unit.stores.maps import ACCOUNT, collection, field, person, store

SCHEMA = """
CREATE TABLE people (
    id bigint, region text, account_id text NOT NULL, name varchar(20), born date, email text UNIQUE,
    points int, restricted boolean NOT NULL DEFAULT false, restricted_at timestamptz, PRIMARY KEY (id, region)
);
CREATE TABLE orders (id uuid PRIMARY KEY, account_id text NOT NULL);
CREATE TABLE labels (id bigint PRIMARY KEY, order_id uuid REFERENCES orders, sender text);
INSERT INTO people (id, region, account_id, name, born, email, points) VALUES
    (1, 'KH', 'acc-1', 'Sok Dara', '1990-04-14', 'dara@example.com', 12), (2, 'KH', 'acc-1', NULL, NULL, NULL, 0),
    (3, 'KH', 'acc-1', 'Sok Dara', '2015-01-31', NULL, NULL), (1, 'CN', 'acc-1', 'Sok D.', NULL, NULL, NULL),
    (4, 'KH', 'acc-2', 'Sok Dara', '1990-04-14', 'other@example.com', 99);
INSERT INTO orders VALUES
    ('00000000-0000-0000-0000-000000000001', 'acc-1'), ('00000000-0000-0000-0000-000000000002', 'acc-2');
INSERT INTO labels VALUES
    (1, '00000000-0000-0000-0000-000000000001', 'Sok Dara'), (2, '00000000-0000-0000-0000-000000000002', 'Sok Dara');
"""
FLAG = {"purposes": ["all"], "set": {"restricted": True}, "stamp": "restricted_at"}
SHOP = store(
    collection(
        "people",
        field("id", primary_key=True, data_type="integer"),
        field("region", primary_key=True),
        field("account_id", ACCOUNT),
        field("name", {"correction": "name"}),
        field("born", {"correction": "birth_date", "fact": "birth_date"}),
        field("email", {"correction": "email"}),
        field("points", {"lapses": "points"}),
        field("restricted"),
        field("restricted_at"),
        flags=[FLAG],
    ),
    collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT)),
    collection(
        "labels",
        field("id", primary_key=True),
        field("order_id", refers="orders.id"),
        field("sender", {"correction": "name"}),
    ),
)
ME = person("acc-1")
NOW = "2025-11-22T05:00:00.000000Z"


class Shop:
    """The database, and a connector to it."""

    def __init__(self, dsn: str) -> None:
        self.admin = psycopg.connect(dsn, autocommit=True)
        self.admin.execute(SCHEMA)
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(dsn)
        self.database = Database(lambda: parts)
        self.connector = PostgresConnector(SHOP, self.database, page_size=2)

    def correct(self, seen: Seen, value: str) -> str:
        return self.connector.correct(seen.collection, ME, seen.key, seen.field, seen.value, value)

    def all(self, table: str) -> list[tuple[Any, ...]]:
        return self.admin.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608

    def seen(self, *subjects: str) -> list[Seen]:
        return self.connector.seen(ME, subjects)


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    made = Shop(database)
    yield made
    made.database.close()
    made.admin.close()


def test_every_copy_is_seen_once_also_in_rows_that_only_a_parent_makes_the_persons(shop: Shop) -> None:
    found = [(one.collection, one.key.get("id"), one.field, one.value) for one in shop.seen("name", "birth_date")]
    assert sorted(found, key=str) == sorted(
        [
            ("people", 1, "name", "Sok Dara"),
            ("people", 1, "name", "Sok D."),
            ("people", 3, "name", "Sok Dara"),
            ("people", 1, "born", "1990-04-14"),
            ("people", 3, "born", "2015-01-31"),
            ("labels", 1, "sender", "Sok Dara"),
        ],
        key=str,
    )
    assert shop.connector.seen(person("acc-9"), ["name"]) == []
    assert shop.connector.seen(person(phone="+85510"), ["name"]) == []


def test_a_correction_changes_one_field_of_one_row(shop: Shop) -> None:
    before = shop.all("people")
    [seen] = [one for one in shop.seen("name") if one.key == {"id": 3, "region": "KH"}]
    assert [shop.correct(seen, "Sok Darith") for _ in range(2)] == ["corrected", "corrected"]
    changed = [(old, new) for old, new in zip(before, shop.all("people"), strict=True) if old != new]
    assert [(old[0], old[3], new[3]) for old, new in changed] == [(3, "Sok Dara", "Sok Darith")]
    assert shop.correct(seen, "Somebody Else") == "conflict"


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        ("birth_date", "in spring"),
        ("birth_date", "1990-13-40"),
        ("name", "a name that is far too long for its column"),
        ("name", "nul \x00 in it"),
        ("name", " "),
        ("email", "other@example.com"),
    ],
)
def test_what_a_column_cannot_hold_is_a_conflict_and_breaks_nothing(shop: Shop, subject: str, value: str) -> None:
    seen, before = shop.seen(subject)[0], shop.all("people")
    assert shop.correct(seen, value) == "conflict"
    assert shop.all("people") == before
    assert shop.seen(subject)


def test_a_row_that_is_gone_or_somebody_elses_is_not_touched(shop: Shop) -> None:
    mine = shop.seen("name")[0]
    others = replace(mine, key={"id": 4, "region": "KH"})
    assert shop.correct(others, "X") == "gone"
    assert shop.correct(replace(mine, key={"id": 77, "region": "KH"}), "X") == "gone"
    assert shop.all("labels")[1][2] == "Sok Dara"


def test_a_date_written_another_way_is_the_same_date_when_it_is_read_back(shop: Shop) -> None:
    ledger = FakeLedger(Operation.CORRECT)
    ledger.sealed["changes"] = {"birth_date": {"to": "19880203"}}
    ledger.sealed["seen"] = {"shop": [one.to_dict() for one in shop.seen("birth_date")]}
    worker = Worker(ledger, shop.connector, FakeParts(), at_noon)
    worker.run("work", REQUEST, "shop", Patient())
    assert worker.run("read_back", REQUEST, "shop", Patient()).status == "done"
    assert (ledger.saved.counts, ledger.saved.late_rounds) == (Counts(found=2, corrected=2), 0)
    assert {one.value for one in shop.seen("birth_date")} == {"1988-02-03"}


def test_a_flag_stands_on_all_of_the_persons_rows_once_with_its_time(shop: Shop) -> None:
    flags = shop.connector.flags("people", ["all"])
    shop.admin.execute("UPDATE people SET restricted = true, restricted_at = '2020-01-01Z' WHERE id = 2")
    assert shop.connector.unflagged("people", ME, flags) == 3
    assert [shop.connector.restrict("people", ME, flags, at) for at in (NOW, "2026-01-01Z")] == [4, 4]
    assert shop.connector.unflagged("people", ME, flags) == 0
    stamps = {(row[0], row[8].year if row[8] else None) for row in shop.all("people")}
    assert stamps == {(1, 2025), (2, 2020), (3, 2025), (4, None)}
    assert shop.connector.flags("people", ["marketing"]) == ()


def test_facts_are_told_of_the_persons_rows_only(shop: Shop) -> None:
    assert sorted(shop.connector.facts(ME)) == [
        ("birth_date", "1990-04-14", False),
        ("birth_date", "2015-01-31", False),
        ("points", "12", True),
    ]
