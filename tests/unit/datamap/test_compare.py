"""A map against a store that holds something else: every kind of disagreement is told, by its field."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from rights.datamap import StoreMap
from rights.datamap.compare import Column, Family, Finding, ForeignKey, Found, Shape, compare
from tests.unit.stores.maps import ACCOUNT, collection, field, store

TODAY = date(2026, 11, 25)
STORED = {"period": "P1Y", "counted_from": "the end of the account"}
TEXT, NUMBER = frozenset[Family]({"text"}), frozenset[Family]({"number"})
ORDERS = collection(
    "orders",
    field("id", primary_key=True, data_type="integer"),
    field("account_id", ACCOUNT, data_type="string"),
    storage=STORED,
)
ITEMS = collection(
    "items",
    field("id", primary_key=True, data_type="integer"),
    field("order_id", refers="orders.id"),
    field("name", {"on_deletion": "constant", "constant": "nobody"}),
    field("phone", {"on_deletion": "keyed_hash"}),
    field("note", {"on_deletion": "null"}),
    storage=STORED,
    on_deletion="anonymise",
)
SHOP = store(ORDERS, ITEMS)
FITTING = Found(
    {
        "orders": Shape(
            (Column("id", NUMBER, nullable=False), Column("account_id", TEXT, nullable=False)),
            ("id",),
            indexed=frozenset({"id", "account_id"}),
        ),
        "items": Shape(
            (
                Column("id", NUMBER, nullable=False),
                Column("order_id", NUMBER, nullable=False),
                Column("name", TEXT, nullable=False, length=40),
                Column("phone", TEXT, length=40),
                Column("note", TEXT),
            ),
            ("id",),
        ),
    },
    (ForeignKey("items", "order_id", "orders", "id"),),
)


def told(found: Found, shop: StoreMap = SHOP) -> set[tuple[str, str, str]]:
    return {(f"{f.collection}.{f.field}", f.problem, "note" if f.is_note else "") for f in compare(shop, found, TODAY)}


def spoilt(name: str, *columns: Column, without: str = "", **changes: Any) -> Found:
    """The fitting store with other columns in one table."""
    shape = FITTING.shapes[name]
    gone = {column.name for column in columns} | {without}
    kept = [column for column in shape.columns if column.name not in gone]
    return replace(FITTING, shapes={**FITTING.shapes, name: replace(shape, columns=(*kept, *columns), **changes)})


def knowing(key: ForeignKey) -> Found:
    """The fitting store with one more foreign key."""
    return replace(FITTING, foreign_keys=(*FITTING.foreign_keys, key))


def test_a_map_that_fits_is_told_nothing() -> None:
    assert told(FITTING) == set()


@pytest.mark.parametrize(
    ("found", "place", "problem"),
    [
        (spoilt("orders", Column("coupon", TEXT)), "orders.coupon", "in the store, and not in the map"),
        (spoilt("items", without="note"), "items.note", "in the map, and not in the store"),
        (replace(FITTING, shapes={"orders": FITTING.shapes["orders"]}, foreign_keys=()), "items.",
         "in the map, and not in the store"),
        (replace(FITTING, unmapped=("coupons",)), "coupons.", "in no collection"),
        (replace(FITTING, troubles=("something is odd",)), ".", "something is odd"),
        (spoilt("items", troubles=("no index by-phone",)), "items.", "no index by-phone"),
        (spoilt("orders", Column("id", TEXT, nullable=False)), "orders.id", "integer in the map, and text in"),
        (spoilt("orders", key=("id", "account_id")), "orders.", r"the primary key is \(id, account_id\)"),
        (spoilt("items", Column("note", TEXT, nullable=False)), "items.note", "NOT NULL"),
        (spoilt("items", Column("phone", NUMBER)), "items.phone", "hashed by the map, and no text"),
        (spoilt("items", Column("phone", TEXT, length=20)), "items.phone", "takes 20 characters.* has 39"),
        (spoilt("items", Column("name", TEXT, length=5)), "items.name", "takes 5 characters.* has 6"),
        (spoilt("items", Column("name", NUMBER)), "items.name", "constant of the map is of another type"),
        (knowing(ForeignKey("orders", "account_id", "items", "id")), "orders.account_id",
         "refers to items.id, keeps its row from going"),
        (knowing(ForeignKey("gifts", "order_id", "orders", "id", "cascade")), "orders.",
         "gifts.order_id, which is not in this store's map, refers to it and goes unseen"),
        (knowing(ForeignKey("items", "id", "orders", "id", "empty")), "items.id", "NOT NULL"),
    ],
)  # fmt: skip
def test_a_disagreement_is_told_by_its_field(found: Found, place: str, problem: str) -> None:
    [(where, what, note)] = told(found)
    assert (where, note) == (place, "")
    assert re.search(problem, what)


def test_a_foreign_key_that_empties_itself_is_no_obstacle() -> None:
    assert told(knowing(ForeignKey("gifts", "order_id", "orders", "id", "empty"))) == set()


def test_what_makes_reading_slow_is_a_note() -> None:
    assert told(spoilt("orders", indexed=frozenset({"id"}))) == {
        ("orders.account_id", "rows are found by it, and no index begins with it", "note")
    }


@pytest.mark.parametrize(
    ("rights", "on_deletion", "is_told"),
    [
        ({"on_deletion": "anonymise"}, "keep", True),
        ({"on_deletion": "anonymise"}, "null", False),
        ({"on_deletion": "erase"}, "keep", False),
        ({"on_deletion": "erase", "retention": {"review": "2027-01-01", "ground": 11, "reason": "r", "source": "s"}},
         "keep", True),
    ],
)  # fmt: skip
def test_a_reference_that_the_database_does_not_know_is_noted_where_its_row_may_stay(
    rights: dict[str, Any], on_deletion: str, is_told: bool
) -> None:
    naming = field("order_id", {"on_deletion": on_deletion}, refers="orders.id")
    shop = store(ORDERS, collection("notes", field("id", primary_key=True), naming, storage=STORED, **rights))
    shape = Shape((Column("id", NUMBER, nullable=False), Column("order_id", NUMBER)), ("id",))
    found = Found({"orders": FITTING.shapes["orders"], "notes": shape})
    [*notes] = told(found, shop)
    assert [(where, kind) for where, _, kind in notes] == ([("notes.order_id", "note")] if is_told else [])
    assert told(replace(found, foreign_keys=(ForeignKey("notes", "order_id", "orders", "id"),)), shop) == set()


def test_of_things_without_a_schema_what_was_not_seen_is_a_note_and_what_was_is_none() -> None:
    seen = Column("coupon", TEXT)
    assert told(spoilt("items", seen, without="note", sampled=40)) == {
        ("items.coupon", "in the store, and not in the map", ""),
        ("items.note", "in the map, and in none of 40 things looked at", "note"),
    }
    assert told(spoilt("items", without="note", sampled=0)) == set()


def test_fields_within_a_field_are_compared_where_the_map_says_what_it_consists_of() -> None:
    inner = [{"name": "street", "data_categories": ["user"], "fides_meta": {"data_type": "string"}}]
    address = {"name": "address", "data_categories": ["user"], "fides_meta": {"data_type": "object[]"}, "fields": inner}
    shop = store(collection("people", field("id", ACCOUNT, primary_key=True), address, field("more"), storage=STORED))
    columns = (
        Column("id", TEXT),
        Column("address", frozenset[Family]({"list"})),
        Column("address.street", NUMBER),
        Column("address.door", TEXT),
        Column("more", frozenset[Family]({"object"})),
        Column("more.anything", TEXT),
    )
    assert told(Found({"people": Shape(columns, ("id",), sampled=3)}), shop) == {
        ("people.address.street", "string in the map, and number in the store", ""),
        ("people.address.door", "in the store, and not in the map", ""),
    }


@pytest.mark.parametrize(
    ("rights", "problem"),
    [
        ({}, "neither under `retention` nor under `storage`"),
        ({"storage": {"review": "2026-11-24"}}, "by 2026-11-24, which is over"),
        ({"storage": {"review": "2026-11-25"}}, ""),
        ({"retention": {"review": "2027-01-01", "ground": 11, "reason": "r", "source": "s"}}, ""),
        ({"retention": {"review": "2060-01-01", "ground": 11, "reason": "r", "source": "s"}}, "later than its ground"),
    ],
)
def test_how_long_things_are_kept_is_said_and_looked_at_in_time(rights: dict[str, Any], problem: str) -> None:
    shop = store(collection("people", field("id", ACCOUNT, primary_key=True), **rights))
    found = told(Found({"people": Shape((Column("id", TEXT),), ("id",))}), shop)
    assert [problem in what for _, what, _ in found] == ([True] if problem else [])


def test_findings_are_sorted_as_people_read_them() -> None:
    found = replace(spoilt("orders", Column("b"), Column("a")), unmapped=("zzz",))
    places = [(f.collection, f.field) for f in sorted(compare(SHOP, found, TODAY))]
    assert places == [("orders", "a"), ("orders", "b"), ("zzz", "")]
    assert isinstance(next(compare(SHOP, found, TODAY)), Finding)
