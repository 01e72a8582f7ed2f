"""The PostgreSQL connector against a real server, at its edges."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rights.datamap import StoreMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.work import Counts, Disposition, Kept
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.contract import Cursor, ErasurePage, Record
from rights.stores.database import Database
from rights.stores.postgres import PostgresConnector
from tests.unit.stores.maps import ACCOUNT, CONSIGNEE, PHONE, collection, field, person, store

TODAY = "2025-11-22"
LAW = {"period": "P10Y", "counted_from": "placed_at", "ground": 11, "reason": "law", "source": "law"}
DISPUTE = {"field": "status", "equals": "open", "ground": 7, "period": "P1Y", "reason": "dispute", "source": "policy"}

SCHEMA = """
CREATE TABLE orders (id uuid PRIMARY KEY, account_id text NOT NULL, placed_at timestamptz NOT NULL);
CREATE TABLE items (
    order_id uuid REFERENCES orders, line int, taken_at timestamptz, raw bytea, title text, price numeric(12, 2),
    status text, PRIMARY KEY (order_id, line, taken_at, raw)
);
CREATE TABLE notes (id text PRIMARY KEY, account_id text, phone text, contact text, text text, status text);
CREATE TABLE consignees (id bigint PRIMARY KEY, order_id uuid REFERENCES orders, phone text, name text);
"""

SHOP = store(
    collection(
        "orders", field("id", primary_key=True), field("account_id", ACCOUNT), field("placed_at"), retention=LAW
    ),
    collection(
        "items",
        field("order_id", primary_key=True, refers="orders.id"),
        field("line", primary_key=True),
        field("taken_at", primary_key=True),
        field("raw", primary_key=True),
        field("title"),
        field("price"),
        field("status"),
        retain_when=[DISPUTE],
    ),
    collection(
        "notes",
        field("id", primary_key=True),
        field("account_id", ACCOUNT),
        field("phone", PHONE),
        field("contact", {"key": "phone", "identifies": "shared"}),
        field("text"),
        field("status"),
        retain_when=[DISPUTE],
    ),
    collection(
        "consignees",
        field("id", primary_key=True),
        field("order_id", refers="orders.id"),
        field("phone", CONSIGNEE),
        field("name", {"third_party": True, "on_deletion": "constant", "constant": "-"}),
        on_deletion="anonymise",
        third_party_unless="phone",
    ),
)
ME = person("acc-1", phone="+85510")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


def order(number: int, account: str = "acc-1", placed: str = "2025-01-01") -> tuple[str, str, str]:
    return (f"00000000-0000-0000-0000-{number:012d}", account, placed)


class Shop:
    """The database, and connectors to it."""

    def __init__(self, dsn: str) -> None:
        self.admin = psycopg.connect(dsn, autocommit=True)
        self.admin.execute(SCHEMA)
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(dsn)
        self.secret = parts
        self.database = Database(lambda: self.secret)

    def connector(self, page_size: int = 3, shop: StoreMap = SHOP) -> PostgresConnector:
        return PostgresConnector(shop, self.database, page_size=page_size)

    def insert(self, table: str, *rows: tuple[Any, ...]) -> None:
        for row in rows:
            marks = ", ".join(["%s"] * len(row))
            self.admin.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - the test's own tables

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.admin.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608

    def close(self) -> None:
        self.database.close()
        self.admin.close()


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    made = Shop(database)
    yield made
    made.close()


def read_all(connector: PostgresConnector, name: str, keys: KeySet = ME) -> list[list[Record]]:
    pages, after = [], None
    while True:
        page = connector.read_page(name, keys, after)
        pages.append(list(page.records))
        if (after := page.next) is None:
            return pages


def erase_all(connector: PostgresConnector, keys: KeySet = ME, today: str = TODAY) -> dict[str, Counts]:
    done = {}
    for name in connector.collections():
        done[name], after = Counts(), None
        while True:
            page = connector.plan_page(name, keys, after, today)
            connector.apply_page(name, keys, page)
            connector.apply_page(name, keys, page)
            done[name] += page.counts()
            if (after := page.next) is None:
                break
    return done


def left(connector: PostgresConnector, keys: KeySet = ME) -> int:
    total = 0
    for name in connector.collections():
        after: Cursor | None = None
        while True:
            page = connector.plan_page(name, keys, after, TODAY)
            total += page.to_do
            if (after := page.next) is None:
                break
    return total


def test_a_page_that_is_exactly_full_is_the_last(shop: Shop) -> None:
    shop.insert("orders", *(order(n) for n in range(6)))
    assert [len(page) for page in read_all(shop.connector(3), "orders")] == [3, 3]
    assert [len(page) for page in read_all(shop.connector(6), "orders")] == [6]
    assert [len(page) for page in read_all(shop.connector(4), "orders")] == [4, 2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(TEXTS, unique=True, max_size=12), size=st.integers(1, 5))
def test_pages_hold_every_row_once_whatever_the_keys_and_the_page_size(shop: Shop, ids: list[str], size: int) -> None:
    shop.admin.execute("TRUNCATE notes")
    shop.insert("notes", *((name, "acc-1", None, None, "x", None) for name in ids))
    pages = read_all(shop.connector(size), "notes")
    assert sorted(record["id"] for page in pages for record in page) == sorted(ids)
    assert all(len(page) == size for page in pages[:-1])
    assert erase_all(shop.connector(size))["notes"].erased == len(ids)
    assert shop.rows("notes") == []


def test_keys_of_many_columns_and_types_are_paged_and_erased(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2001-01-01"), order(2, "acc-2"))
    mine, other = order(1)[0], order(2)[0]
    for line in range(1, 6):
        shop.insert("items", (mine, line, f"2025-01-01 0{line}:00+07", bytes([line, 255]), "បាយ", "12.50", None))
    shop.insert("items", (other, 1, "2025-01-01", b"x", "饭", "1.00", None))
    connector = shop.connector(2)
    [first, *_] = read_all(connector, "items")[0]
    assert first == {
        "order_id": mine, "line": 1, "taken_at": "2024-12-31T18:00:00+00:00", "raw": "Af8=", "title": "បាយ",
        "price": "12.50", "status": None,
    }  # fmt: skip
    done = erase_all(connector)
    assert (done["items"].erased, done["orders"].erased) == (5, 1)
    assert [row[0] for row in shop.rows("items")] == [row[0] for row in shop.rows("orders")]
    assert len(shop.rows("items")) == 1


def test_children_of_other_peoples_orders_stay(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2001-01-01"), order(2, "acc-2", "2001-01-01"))
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"), (2, order(2)[0], "+85511", "B"))
    assert erase_all(shop.connector())["consignees"].anonymised == 1
    assert shop.rows("consignees")[1][2:] == ("+85511", "B")


def test_an_order_is_kept_with_the_disputed_row_that_refers_to_it(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2001-01-01"), order(2, placed="2001-01-01"))
    shop.insert("items", (order(1)[0], 1, "2001-01-01", b"x", "kept", "1", "open"))
    shop.insert("items", (order(2)[0], 1, "2001-01-01", b"x", "gone", "1", "closed"))
    done = erase_all(shop.connector())
    kept = (Kept(7, "2026-11-22", 1, "dispute"),)
    assert done["orders"] == Counts(found=2, erased=1, retained=1, kept=kept)
    assert done["items"] == Counts(found=2, erased=1, retained=1, kept=kept)
    assert left(shop.connector()) == 0


def test_an_order_that_got_a_new_row_after_the_plan_stays_until_the_late_round(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2001-01-01"))
    connector = shop.connector()
    page = connector.plan_page("orders", ME, None, TODAY)
    shop.insert("items", (order(1)[0], 1, "2001-01-01", b"x", "late", "1", None))
    connector.apply_page("orders", ME, page)
    assert left(connector) == 2
    erase_all(connector)
    assert shop.rows("orders") == []


def test_anonymised_rows_are_settled_and_not_planned_again(shop: Shop) -> None:
    shop.insert("orders", order(1))
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"), (2, order(1)[0], None, "-"))
    connector = shop.connector()
    assert erase_all(connector)["consignees"] == Counts(found=1, anonymised=1)
    assert shop.rows("consignees")[0][2:] == (None, "-")
    assert left(connector) == 0
    assert connector.count(ME)["consignees"] == 2


def plan_notes(shop: Shop) -> tuple[PostgresConnector, ErasurePage]:
    shop.insert("notes", ("n1", "acc-1", None, None, "x", "closed"), ("n2", "acc-1", None, None, "y", "closed"))
    connector = shop.connector()
    return connector, connector.plan_page("notes", ME, None, TODAY)


def test_rows_that_vanished_meanwhile_are_no_obstacle(shop: Shop) -> None:
    connector, page = plan_notes(shop)
    shop.admin.execute("DELETE FROM notes WHERE id = 'n1'")
    connector.apply_page("notes", ME, page)
    assert shop.rows("notes") == []


def test_a_row_that_has_another_owner_by_now_is_not_touched(shop: Shop) -> None:
    connector, page = plan_notes(shop)
    shop.admin.execute("UPDATE notes SET account_id = 'acc-2' WHERE id = 'n1'")
    connector.apply_page("notes", ME, page)
    assert [row[0] for row in shop.rows("notes")] == ["n1"]


def test_a_row_on_which_a_dispute_was_opened_meanwhile_is_not_touched(shop: Shop) -> None:
    connector, page = plan_notes(shop)
    shop.admin.execute("UPDATE notes SET status = 'open' WHERE id = 'n1'")
    connector.apply_page("notes", ME, page)
    assert [row[0] for row in shop.rows("notes")] == ["n1"]
    assert left(connector) == 0


def test_a_row_of_somebody_elses_account_is_theirs_also_when_it_carries_my_phone(shop: Shop) -> None:
    shop.insert(
        "notes",
        ("mine", None, "+85510", None, "guest", None),
        ("theirs", "acc-2", "+85510", None, "x", None),
        ("shared", "acc-3", None, "+85510", "x", None),
    )
    connector = shop.connector()
    assert connector.count(ME)["notes"] == 1
    assert erase_all(connector)["notes"].erased == 1
    assert [row[0] for row in shop.rows("notes")] == ["shared", "theirs"]


def test_only_one_edges_are_followed_and_a_second_account_is_reached_to_be_reviewed(shop: Shop) -> None:
    shop.insert("notes", ("a", "acc-1", "+85510", "+85577", "x", None), ("b", "acc-2", "+85510", None, "x", None))
    found = shop.connector().locate(person(phone="+85510"))
    assert found == KeySet.of(
        [Identifier(Kind.ACCOUNT, "acc-1"), Identifier(Kind.ACCOUNT, "acc-2"), Identifier(Kind.PHONE, "+85510")]
    )
    assert shop.connector().locate(person(phone="+85577")) == KeySet()


def test_contacts_are_recognised_where_they_are_the_persons_own_or_a_consignees(shop: Shop) -> None:
    shop.insert("notes", ("a", "acc-1", "+85510", "+85577", "x", None))
    shop.insert("orders", order(1))
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"))
    known = [
        n for n in ("+85510", "+85511", "+85577", "+8551") if shop.connector().recognise(Identifier(Kind.PHONE, n))
    ]
    assert known == ["+85510", "+85511"]


def test_a_consignee_without_account_reaches_their_rows_only_and_each_once(shop: Shop) -> None:
    shop.insert("orders", order(1))
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"), (2, order(1)[0], "+85512", "B"))
    shop.insert("notes", ("a", None, "+85511", None, "x", None))
    keys = person(phone="+85511")
    connector = shop.connector()
    assert connector.count(keys) == {"orders": 0, "items": 0, "notes": 0, "consignees": 1}
    assert erase_all(connector, keys)["consignees"].anonymised == 1
    assert [row[2] for row in shop.rows("consignees")] == [None, "+85512"]
    assert len(shop.rows("notes")) == 1


def test_values_that_look_like_sql_are_values(shop: Shop) -> None:
    evil = "x'); DROP TABLE notes; -- %s"
    shop.insert("notes", (evil, evil, None, None, evil, None))
    connector = shop.connector()
    assert connector.count(person(evil))["notes"] == 1
    assert erase_all(connector, person(evil))["notes"].erased == 1


def test_a_refusal_names_its_sqlstate_quotes_nothing_and_changes_nothing_of_the_page(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2001-01-01"), order(2, placed="2001-01-01"))
    shop.admin.execute("CREATE TABLE unmapped (order_id uuid REFERENCES orders)")
    shop.insert("unmapped", (order(1)[0],))
    with pytest.raises(StoreRefusedError) as refused:
        erase_all(shop.connector())
    assert str(refused.value) == "ForeignKeyViolation 23503"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert len(shop.rows("orders")) == 2


def test_a_missing_permission_is_a_refusal(shop: Shop) -> None:
    shop.admin.execute("DROP ROLE IF EXISTS reader")
    shop.admin.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    shop.admin.execute("GRANT SELECT ON orders TO reader")
    shop.secret |= {"user": "reader", "password": "reader"}
    shop.insert("orders", order(1, placed="2001-01-01"))
    connector = shop.connector()
    assert len(connector.read_page("orders", ME, None).records) == 1
    with pytest.raises(StoreRefusedError, match="InsufficientPrivilege 42501"):
        connector.read_page("notes", ME, None)


def test_a_connection_that_died_is_made_anew(shop: Shop) -> None:
    connector = shop.connector()
    connector.count(ME)
    shop.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'data-rights'")
    assert connector.count(ME)["orders"] == 0


def test_a_server_that_does_not_answer_is_worth_trying_again(shop: Shop) -> None:
    shop.secret |= {"port": 1}
    with pytest.raises(StoreUnavailableError):
        shop.connector().count(ME)


def test_a_lock_that_is_held_too_long_is_worth_trying_again(shop: Shop) -> None:
    connector, page = plan_notes(shop)
    shop.database.run(lambda connection: connection.execute("SET lock_timeout = '50ms'"))
    with shop.admin.transaction():
        shop.admin.execute("SELECT * FROM notes FOR UPDATE")
        with pytest.raises(StoreUnavailableError, match="55P03"):
            connector.apply_page("notes", ME, page)
    connector.apply_page("notes", ME, page)
    assert shop.rows("notes") == []


def test_a_collection_that_says_of_nobody_whose_its_rows_are_is_a_mistake(shop: Shop) -> None:
    lost = store(collection("notes", field("id", primary_key=True), field("text")))
    with pytest.raises(DataMapError, match="whose"):
        shop.connector(shop=lost).count(ME)


def test_a_column_the_map_makes_up_is_a_refusal(shop: Shop) -> None:
    wrong = store(collection("notes", field("id", primary_key=True), field("account_id", ACCOUNT), field("nothing")))
    with pytest.raises(StoreRefusedError, match="UndefinedColumn"):
        shop.connector(shop=wrong).read_page("notes", ME, None)


def test_what_is_retained_is_planned_as_such_and_left_alone(shop: Shop) -> None:
    shop.insert("orders", order(1))
    page = shop.connector().plan_page("orders", ME, None, TODAY)
    assert [change.disposition for change in page.doing(*Disposition)] == [Disposition.RETAIN]
    shop.connector().apply_page("orders", ME, page)
    assert len(shop.rows("orders")) == 1


DEEP = store(
    collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT)),
    collection("parcels", field("id", primary_key=True), field("order_id", refers="orders.id")),
    collection(
        "scans",
        field("id", primary_key=True),
        field("parcel_id", refers="parcels.id"),
        field("status"),
        retain_when=[DISPUTE],
    ),
)


def test_a_chain_of_references_says_whose_a_row_is_and_what_a_kept_row_holds_on_to(shop: Shop) -> None:
    shop.admin.execute("CREATE TABLE parcels (id int PRIMARY KEY, order_id uuid REFERENCES orders)")
    shop.admin.execute("CREATE TABLE scans (id int PRIMARY KEY, parcel_id int REFERENCES parcels, status text)")
    shop.insert("orders", order(1), order(2), order(3, "acc-2"))
    shop.insert("parcels", *((n, order(n)[0]) for n in (1, 2, 3)))
    shop.insert("scans", (1, 1, "open"), (2, 2, "closed"), (3, 3, "closed"), (4, 1, "closed"))
    connector = shop.connector(1, DEEP)
    assert connector.count(ME) == {"orders": 2, "parcels": 2, "scans": 3}
    planned = connector.plan_page("orders", ME, None, TODAY)
    assert [change.disposition for change in planned.doing(*Disposition)] == [Disposition.RETAIN]
    done = erase_all(connector)
    assert {name: (counts.erased, counts.retained) for name, counts in done.items()} == {
        "orders": (1, 1),
        "parcels": (1, 1),
        "scans": (2, 1),
    }
    assert [row[0] for row in shop.rows("scans")] == [1, 3]
    assert left(connector) == 0
