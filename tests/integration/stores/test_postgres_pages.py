"""PostgreSQL at length: JSON that the server writes, cursors that go on, and what happens when they cannot."""

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rights.datamap import StoreMap
from rights.domain.work import Counts, Disposition
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.catalogue import column_of, columns_statement
from rights.stores.contract import Lines
from rights.stores.database import Database, Pace
from rights.stores.package import line_of
from rights.stores.postgres import PostgresConnector
from rights.stores.shape import to_record
from rights.stores.sql import Statements
from tests.integration.stores.test_postgres import ME, SHOP, TODAY, Shop, erase_all, left, order, read_all
from tests.unit.stores.maps import ACCOUNT, CONSIGNEE, collection, field, person, store

EVERY_TYPE = {
    "flag": "boolean", "small": "smallint", "whole": "bigint", "exact": "numeric", "scaled": "numeric(12, 4)",
    "rough": "double precision", "rougher": "real", "words": "text", "few": "varchar(40)", "fixed": "char(5)",
    "mark": "uuid", "day": "date", "at": "timestamptz", "local": "timestamp", "raw": "bytea", "doc": "jsonb",
    "old_doc": "json", "numbers": "int[]", "tags": "text[]", "mood": "mood",
}  # fmt: skip
TYPES = store(
    collection(
        "things",
        field("id", primary_key=True),
        field("account_id", ACCOUNT),
        field('odd "name" ភាសា'),
        *(field(name) for name in EVERY_TYPE),
        field("secret", {"secret": True}),
        field("theirs", {"third_party": True}),
        field("contact", {"key": "phone", "identifies": "shared"}),
        third_party_unless="contact",
    )
)
NAMES = [*EVERY_TYPE, 'odd "name" ភាសា', "theirs", "contact"]


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    made = Shop(database)
    columns = ", ".join(f"{name} {kind}" for name, kind in EVERY_TYPE.items())
    made.admin.execute("CREATE TYPE mood AS ENUM ('fine', 'so \"so\"')")
    made.admin.execute(
        f"CREATE TABLE things (id int PRIMARY KEY, account_id text, {columns}, "
        '"odd ""name"" ភាសា" text, secret text, theirs text, contact text)'.encode()
    )
    yield made
    made.close()


def insert(shop: Shop, number: int, **values: str | None) -> None:
    """One row of values as PostgreSQL writes them."""
    named = {"id": str(number), "account_id": "acc-1", "secret": "SECRET"} | values
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in named)
    marks = ", ".join(["%s"] * len(named))
    text = f"INSERT INTO things ({columns}) VALUES ({marks})"  # noqa: S608 - the test's own table
    shop.admin.execute(text.encode(), list(named.values()))


def both_ways(shop: Shop, keys: Any = ME) -> tuple[list[Any], list[Any]]:
    """The records as the server writes them, and as Python makes them of the same rows."""
    described = TYPES.collection("things")
    connector = shop.connector(7, TYPES)
    pages = [connector.read_page("things", keys, None)]
    while pages[-1].next is not None:
        pages.append(connector.read_page("things", keys, pages[-1].next))
    assert all(isinstance(page.records, Lines) for page in pages)
    written = [record for page in pages for record in page.records]
    names = ["id", "account_id", *NAMES]
    rows = shop.database.fetch(Statements(TYPES, keys).ordered(described, names, None))
    return written, [json.loads(line_of(to_record(described, row, keys))) for row in rows]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"flag": "f", "small": "-1", "whole": "9223372036854775807", "mark": "6AEEA0FA-ced2-432d-b1ed-db69792d330f"},
        {"exact": "12345678901234567890", "scaled": "0"},
        {"exact": "0.00000001", "scaled": "12.5"},
        {"exact": "NaN", "rough": "NaN", "rougher": "NaN"},
        {"exact": "Infinity", "rough": "Infinity", "rougher": "-Infinity"},
        {"rough": "1e300", "rougher": "1.1"},
        {"rough": "5", "rougher": "0.1"},
        {"words": 'a "b" \\ \n\r\t\x01 \u2028 ភាសាខ្មែរ 饭 😀', "few": "", "fixed": "ab"},
        {"day": "0001-01-01", "at": "2024-12-31 18:00:00.5+07", "local": "9999-12-31 23:59:59.999999"},
        {"day": "2024-02-29", "at": "0001-01-02 00:00:00+00", "local": "2024-01-01 00:00:00.120000"},
        {"raw": "\\x" + "00ff" * 60},
        {"doc": '{"b": [1, 2.5, {"c": "\\n ភា"}], "a": null}', "old_doc": '{\n "z" : 1,\r\n "a" : "x\\ny" }'},
        {"numbers": "{1,NULL,3}", "tags": '{"a \\"q\\"",NULL,""}', "mood": 'so "so"'},
        {'odd "name" ភាសា': "here", "theirs": "somebody", "contact": "+85510"},
        {"theirs": "somebody", "contact": "+85599"},
        {"theirs": None, "contact": "+85599"},
    ],
    ids=lambda values: "-".join(values)[:40] or "nothing",
)
def test_what_the_server_writes_is_what_a_record_says(shop: Shop, values: dict[str, str | None]) -> None:
    insert(shop, 1, **values)
    [written], [made] = both_ways(shop)
    assert written == made
    assert list(written) == [
        "id",
        "account_id",
        *(f.name for f in TYPES.collection("things").fields[2:] if f.name != "secret"),
    ]
    assert "SECRET" not in json.dumps(written)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(words="\x7f", exact=Decimal("1E-7"), rough=1e16, at_micros=1, doc=[1.0])
@given(
    words=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    exact=st.decimals(allow_nan=False, allow_infinity=True, places=9) | st.just(Decimal("NaN")),
    rough=st.floats(),
    at_micros=st.integers(0, 10**15),
    doc=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('ab\n"\\ក', max_size=4), st.lists
    ),
)
def test_whatever_the_values_both_ways_agree(  # noqa: PLR0917 - one per type
    shop: Shop, words: str, exact: Decimal, rough: float, at_micros: int, doc: Any
) -> None:
    shop.admin.execute("TRUNCATE things")
    shop.admin.execute(
        "INSERT INTO things (id, account_id, words, exact, rough, at, doc) "
        "VALUES (1, 'acc-1', %s, %s, %s, '2000-01-01Z'::timestamptz + %s * interval '1 microsecond', %s)",
        [words, exact, rough, at_micros, json.dumps(doc)],
    )
    written, made = both_ways(shop)
    assert written == made


def test_values_that_python_cannot_hold_are_written_all_the_same(shop: Shop) -> None:
    insert(shop, 1, day="infinity", at="-infinity", local="99999-01-01")
    [record] = read_all(shop.connector(7, TYPES), "things")[0]
    assert (record["day"], record["at"], record["local"]) == ("infinity", "-infinity", "99999-01-01 00:00:00")


def test_a_type_that_the_server_writes_in_its_own_way_goes_through_python(shop: Shop) -> None:
    shop.admin.execute("ALTER TABLE things ALTER words TYPE interval USING '1 day'::interval")
    insert(shop, 1, words="2 days")
    page = shop.connector(7, TYPES).read_page("things", ME, None)
    assert not isinstance(page.records, list)
    assert page.records[0]["words"] == "2 days, 0:00:00"


def test_the_columns_of_a_table_are_those_of_its_domains_base_types(shop: Shop) -> None:
    shop.admin.execute("CREATE DOMAIN word AS varchar(3) NOT NULL")
    shop.admin.execute("CREATE TABLE worded (a word, b mood, c text NOT NULL)")
    rows = shop.database.fetch(columns_statement(["worded", "missing"]))
    found = {row["name"]: column_of(row) for row in rows}
    assert {name: (c.cast, c.sort, c.is_nullable, c.most) for name, c in found.items()} == {
        "a": ("character varying", "character varying", False, 3),
        "b": ("mood", "enum", True, None),
        "c": ("text", "text", False, None),
    }


# ---- pages


def notes(shop: Shop, count: int) -> None:
    shop.admin.execute(
        "INSERT INTO notes SELECT 'n' || lpad(n::text, 5, '0'), 'acc-1', NULL, NULL, repeat('x', 1000), 'closed' "
        "FROM generate_series(1, %s) n",
        [count],
    )


def test_a_page_of_wide_rows_ends_before_it_is_large_and_the_next_goes_on(shop: Shop) -> None:
    notes(shop, 20)
    shop.admin.execute("UPDATE notes SET text = repeat('x', 900000)")
    pages = read_all(shop.connector(1000), "notes")
    assert [len(page) for page in pages] == [5, 5, 5, 5]
    assert [record["id"] for page in pages for record in page] == [f"n{n:05d}" for n in range(1, 21)]


def test_a_page_may_be_asked_for_again_and_from_the_middle(shop: Shop) -> None:
    notes(shop, 10)
    connector = shop.connector(3)
    first = connector.read_page("notes", ME, None)
    second = connector.read_page("notes", ME, first.next)
    assert connector.count(ME)["notes"] == 10
    assert connector.read_page("notes", ME, first.next).records == second.records
    assert shop.connector(3).read_page("notes", ME, second.next).records[0]["id"] == "n00007"
    assert connector.read_page("notes", ME, None).records == first.records


def test_a_connection_that_is_ended_between_two_pages_is_made_anew_and_no_row_is_missed(shop: Shop) -> None:
    notes(shop, 5000)
    connector = shop.connector(100)
    page = connector.read_page("notes", ME, None)
    ids = [record["id"] for record in page.records]
    end_connections(shop)
    while page.next is not None:
        try:
            page = connector.read_page("notes", ME, page.next)
        except StoreUnavailableError:
            continue
        ids += [record["id"] for record in page.records]
    assert ids == [f"n{n:05d}" for n in range(1, 5001)]


def test_a_connection_that_is_ended_in_the_middle_of_an_erasure_loses_and_doubles_nothing(shop: Shop) -> None:
    notes(shop, 1000)
    connector, counts, after = shop.connector(100), Counts(), None
    for number in range(1000):
        if number % 3 == 1:
            end_connections(shop)
        try:
            page = connector.plan_page("notes", ME, after, TODAY)
            connector.apply_page("notes", ME, page)
        except StoreUnavailableError:
            continue
        counts += page.counts()
        if (after := page.next) is None:
            break
    assert (counts.erased, shop.rows("notes")) == (1000, [])


def end_connections(shop: Shop) -> None:
    shop.admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = 'data-rights' AND datname = current_database()"
    )


def test_a_column_that_is_dropped_between_plan_and_apply_is_a_refusal_and_changes_nothing(shop: Shop) -> None:
    notes(shop, 3)
    connector = shop.connector()
    page = connector.plan_page("notes", ME, None, TODAY)
    shop.admin.execute("SET lock_timeout = '20s'")
    shop.admin.execute("ALTER TABLE notes DROP COLUMN status")
    with pytest.raises(StoreRefusedError, match="UndefinedColumn 42703"):
        connector.apply_page("notes", ME, page)
    assert len(shop.rows("notes")) == 3


@pytest.mark.parametrize("begin", ["read_page", "plan_page"])
def test_whoever_rests_in_the_middle_of_a_table_holds_no_lock_and_no_rows(shop: Shop, begin: str) -> None:
    notes(shop, 300)
    connector = shop.connector(100)
    shop.admin.execute("SET lock_timeout = '20s'")
    given = ("notes", ME, None, TODAY) if begin == "plan_page" else ("notes", ME, None)
    assert getattr(connector, begin)(*given).next is not None
    connector.rest()
    shop.admin.execute("ALTER TABLE notes ADD COLUMN meanwhile int")
    assert shop.database.run(lambda c: c.execute("SELECT name FROM pg_cursors").fetchall()) == []
    assert erase_all(connector)["notes"].erased == 300


@pytest.mark.parametrize("begin", ["read_page", "plan_page"])
def test_whoever_rests_on_a_connection_that_broke_does_not_fail_for_it_and_works_on_with_another(
    shop: Shop, begin: str
) -> None:
    notes(shop, 300)
    connector = shop.connector(100)
    given = ("notes", ME, None, TODAY) if begin == "plan_page" else ("notes", ME, None)
    getattr(connector, begin)(*given)
    shop.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'data-rights'")
    connector.rest()
    connector.rest()
    assert erase_all(connector)["notes"].erased == 300


@pytest.mark.parametrize("change", ["DROP TABLE notes", "ALTER TABLE notes RENAME id TO other"])
def test_a_table_that_does_not_fit_the_map_is_a_refusal(shop: Shop, change: str) -> None:
    shop.admin.execute(change.encode())
    with pytest.raises(StoreRefusedError, match="no such table, or another primary key"):
        shop.connector().plan_page("notes", ME, None, TODAY)


def test_a_row_that_changed_hands_since_its_key_was_found_is_not_planned_and_not_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rights.stores.database._FRESH_SECONDS", 0.0)
    shop.insert("orders", *(order(n) for n in range(1, 7)))
    plain: StoreMap = store(collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT)))
    connector = shop.connector(3, plain)
    first = connector.plan_page("orders", ME, None, TODAY)
    shop.admin.execute("UPDATE orders SET account_id = 'acc-2' WHERE id = %s", [order(5)[0]])
    second = connector.plan_page("orders", ME, first.next, TODAY)
    assert (first.counts().erased, second.counts().erased) == (3, 2)
    for page in (first, second):
        connector.apply_page("orders", ME, page)
    assert [row[1] for row in shop.rows("orders")] == ["acc-2"]


def test_a_page_that_was_cut_in_half_is_planned_again_from_where_it_began(shop: Shop) -> None:
    notes(shop, 10)
    connector, after, erased = shop.connector(4), None, 0
    for _ in range(20):
        page = connector.plan_page("notes", ME, after, TODAY)
        part = page.half() if page.to_do > 1 else page
        connector.apply_page("notes", ME, part)
        erased += part.to_do
        if not part.again:
            if page.next is None:
                break
            after = page.next
    assert (erased, shop.rows("notes")) == (10, [])


def test_two_erasures_of_one_person_at_once_change_each_row_once(shop: Shop) -> None:
    notes(shop, 10)
    first = shop.connector(20)
    with closing(Database(lambda: shop.secret)) as database:
        second = PostgresConnector(SHOP, database)
        pages = [connector.plan_page("notes", ME, None, TODAY) for connector in (first, second)]
        assert [page.to_do for page in pages] == [10, 10]
        first.apply_page("notes", ME, pages[0])
        second.apply_page("notes", ME, pages[1])
    assert shop.rows("notes") == []
    assert left(shop.connector()) == 0


def test_a_rate_makes_pages_small_and_waits_between_them(shop: Shop) -> None:
    notes(shop, 30)
    slept: list[float] = []
    pace = Pace(2, slept.append)
    assert (pace.page(1000), Pace(None).page(1000)) == (10, 1000)
    connector = PostgresConnector(SHOP, shop.database, page_size=1000, pace=pace)
    assert erase_all(connector)["notes"].erased == 30
    assert sum(slept) >= 30 / 2
    assert max(slept) > 0


def test_somebody_known_only_as_a_consignee_gets_records_made_in_python_with_the_account_masked(shop: Shop) -> None:
    shop.insert("orders", order(1))
    rows = store(
        collection(
            "consignees", field("id", primary_key=True), field("order_id"), field("phone", CONSIGNEE), field("name")
        )
    )
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"))
    page = shop.connector(3, rows).read_page("consignees", person(phone="+85511"), None)
    assert page.records == [{"id": 1, "order_id": order(1)[0], "phone": "***", "name": "A"}]
    assert Disposition.ERASE in {
        change.disposition
        for change in shop.connector(3, rows).plan_page("consignees", person(phone="+85511"), None, TODAY).doing()
    }
