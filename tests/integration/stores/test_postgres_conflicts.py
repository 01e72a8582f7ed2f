"""What a database's own rules would refuse is found by looking, and named without a value."""

from collections.abc import Iterator
from typing import Any

import pytest

from rights.datamap import StoreMap
from tests.integration.stores.test_postgres import DEEP, DISPUTE, ME, SHOP, TODAY, Shop, erase_all, order
from tests.unit.stores.maps import ACCOUNT, collection, field, store

OLD = "2001-01-01"


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    made = Shop(database)
    made.insert("orders", order(1, placed=OLD), order(2, placed=OLD), order(3, "acc-2", OLD))
    yield made
    made.close()


def found(shop: Shop, described: StoreMap = SHOP, size: int = 1) -> list[str]:
    before = [shop.rows(table) for table in ("orders", "items", "notes", "consignees")]
    conflicts = shop.connector(size, described).conflicts(ME, TODAY)
    assert [shop.rows(table) for table in ("orders", "items", "notes", "consignees")] == before
    return conflicts


def people(rights: dict[str, Any], *more: dict[str, Any], **of_collection: Any) -> StoreMap:
    """Notes that are anonymised, with what happens to one of their fields."""
    fields = [field("id", primary_key=True), field("account_id", ACCOUNT), field("text", rights), *more]
    return store(collection("notes", *fields, **({"on_deletion": "anonymise"} | of_collection)))


def note(shop: Shop, name: str = "n1", account: str = "acc-1", text: str = "x", status: str | None = None) -> None:
    shop.insert("notes", (name, account, None, None, text, status))


NULL, CONSTANT = {"on_deletion": "null"}, {"on_deletion": "constant", "constant": "gone"}


def test_a_shop_whose_rules_fit_its_map_has_no_conflicts(shop: Shop) -> None:
    shop.insert("items", (order(1)[0], 1, OLD, b"x", "t", 1, None), (order(2)[0], 1, OLD, b"x", "t", 1, "open"))
    note(shop)
    assert found(shop) == []


def test_a_column_that_must_not_be_empty_is_named_if_a_row_would_be_emptied(shop: Shop) -> None:
    described = people(NULL)
    shop.admin.execute("ALTER TABLE notes ALTER text SET NOT NULL")
    note(shop, account="acc-2")
    assert found(shop, described) == []
    note(shop, "n2")
    assert found(shop, described) == ["notes: not null text"]


def test_rows_that_are_erased_are_not_emptied(shop: Shop) -> None:
    shop.admin.execute("ALTER TABLE notes ALTER text SET NOT NULL")
    note(shop)
    assert found(shop, people(NULL, on_deletion="erase")) == []


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("ALTER TABLE notes ALTER text TYPE int USING 1", "notes: type text"),
        ("ALTER TABLE notes ALTER text TYPE varchar(3) USING 'x'", "notes: type text"),
        (
            "ALTER TABLE notes ADD CONSTRAINT short CHECK (length(text) < 4 AND text NOT LIKE '%y')",
            "notes: check short",
        ),
        ("CREATE UNIQUE INDEX one_text ON notes (text)", "notes: unique text"),
    ],
)
def test_a_constant_that_the_server_refuses_is_named(shop: Shop, rule: str, named: str) -> None:
    shop.admin.execute(rule.encode())
    note(shop, text="1")
    assert found(shop, people(CONSTANT)) == [named]


def test_a_check_is_held_against_the_rows_that_would_change_and_no_others(shop: Shop) -> None:
    shop.admin.execute("ALTER TABLE notes ADD CONSTRAINT told CHECK (text IS NOT NULL OR status = 'closed')")
    note(shop, "n1", status="closed")
    assert found(shop, people(NULL, field("status"))) == []
    note(shop, "n2", status="new")
    assert found(shop, people(NULL, field("status"))) == ["notes: check told"]


def test_a_table_that_the_map_does_not_know_and_that_holds_on_to_a_row_is_named(shop: Shop) -> None:
    shop.admin.execute("CREATE TABLE invoices (no int, order_id uuid CONSTRAINT of_order REFERENCES orders)")
    shop.insert("invoices", (1, order(3)[0]))
    assert found(shop) == []
    shop.insert("invoices", (2, order(2)[0]))
    assert found(shop) == ["orders: foreign key of_order of invoices"]


def test_an_order_that_is_kept_anyway_is_held_by_nobody(shop: Shop) -> None:
    shop.insert("orders", order(4, placed="2025-01-01"))
    shop.admin.execute("CREATE TABLE invoices (no int, order_id uuid REFERENCES orders)")
    shop.insert("invoices", (1, order(4)[0]))
    assert found(shop) == []


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL"])
def test_references_that_give_way_by_themselves_are_no_conflict(shop: Shop, action: str) -> None:
    shop.admin.execute(f"CREATE TABLE invoices (no int, order_id uuid REFERENCES orders ON DELETE {action})".encode())
    shop.insert("invoices", (1, order(1)[0]))
    assert found(shop) == []


def test_children_that_stay_without_a_ground_hold_on_to_their_order(shop: Shop) -> None:
    shop.insert("consignees", (1, order(1)[0], "+85511", "A"))
    assert found(shop) == ["orders: foreign key consignees_order_id_fkey of consignees"]


def test_a_child_that_belongs_to_somebody_else_is_named(shop: Shop) -> None:
    shop.admin.execute("CREATE TABLE parcels (id int PRIMARY KEY, order_id uuid REFERENCES orders, account_id text)")
    orders = collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT))
    fields = [field("id", primary_key=True), field("order_id", refers="orders.id"), field("account_id", ACCOUNT)]
    described = store(orders, collection("parcels", *fields))
    shop.insert("parcels", (1, order(1)[0], "acc-1"))
    assert found(shop, described) == []
    shop.insert("parcels", (2, order(1)[0], "acc-2"))
    assert found(shop, described) == ["orders: foreign key parcels_order_id_fkey of parcels"]


def test_a_reference_of_several_columns_and_one_that_the_map_leaves_out_are_seen(shop: Shop) -> None:
    shop.admin.execute("CREATE TABLE parts (a int, b text, account_id text, PRIMARY KEY (a, b))")
    shop.admin.execute("CREATE TABLE uses (id int PRIMARY KEY, x int, y text, FOREIGN KEY (x, y) REFERENCES parts)")
    shop.insert("parts", (1, "p", "acc-1"), (1, "q", "acc-1"))
    shop.insert("uses", (1, 1, "q"))
    described = store(
        collection("parts", field("a", primary_key=True), field("b", primary_key=True), field("account_id", ACCOUNT))
    )
    assert found(shop, described) == ["parts: foreign key uses_x_y_fkey of uses"]


def test_a_row_that_refers_to_one_of_another_page_is_found(shop: Shop) -> None:
    shop.admin.execute("CREATE TABLE replies (id int PRIMARY KEY, account_id text, to_id int REFERENCES replies)")
    shop.insert("replies", (1, "acc-1", None), (2, "acc-1", 1))
    described = store(
        collection("replies", field("id", primary_key=True), field("account_id", ACCOUNT), field("to_id"))
    )
    assert found(shop, described, size=1) == ["replies: foreign key replies_to_id_fkey of replies"]
    assert found(shop, described, size=5) == []


def test_what_may_not_be_changed_or_looked_into_is_named(shop: Shop) -> None:
    shop.admin.execute("DROP ROLE IF EXISTS looker")
    shop.admin.execute("CREATE ROLE looker LOGIN PASSWORD 'looker'")
    shop.admin.execute("GRANT SELECT ON orders, items, notes, consignees TO looker")
    shop.admin.execute("GRANT DELETE, UPDATE ON items TO looker")
    shop.admin.execute("CREATE TABLE invoices (no int, order_id uuid CONSTRAINT of_order REFERENCES orders)")
    shop.insert("items", (order(1)[0], 1, OLD, b"x", "t", 1, None))
    note(shop)
    shop.secret |= {"user": "looker", "password": "looker"}
    assert found(shop) == [
        "notes: no permission to delete",
        "orders: foreign key of_order of invoices",
        "orders: no permission to delete",
    ]


def test_a_chain_of_references_with_a_dispute_at_its_end_is_no_conflict_and_goes_as_planned(shop: Shop) -> None:
    assert DISPUTE["field"] == "status"
    shop.admin.execute("CREATE TABLE parcels (id int PRIMARY KEY, order_id uuid REFERENCES orders)")
    shop.admin.execute("CREATE TABLE scans (id int PRIMARY KEY, parcel_id int REFERENCES parcels, status text)")
    shop.insert("parcels", (1, order(1)[0]), (2, order(2)[0]))
    shop.insert("scans", (1, 1, "open"), (2, 2, "closed"))
    assert found(shop, DEEP) == []
    assert erase_all(shop.connector(1, DEEP))["orders"].retained == 1
