import pytest

from rights.datamap.links import Link, links
from rights.domain.identity import Identifier, Kind
from rights.errors import DataMapError
from rights.stores.selection import contact_fields, erasure_order, identifiers_of, selectors
from tests.unit.stores.maps import ACCOUNT, CONSIGNEE, PHONE, collection, field, one, person, store

TICKETS = one(
    collection(
        "tickets",
        field("id", primary_key=True),
        field("account_id", ACCOUNT),
        field("phone", PHONE),
        field("callback", {"key": "phone", "identifies": "shared"}),
        field("device", {"identifies": "shared"}),
        field("consignee_phone", CONSIGNEE),
    )
)


def test_rows_are_selected_by_fields_that_identify_one_person_and_by_nothing_else() -> None:
    keys = person("acc-1", phone="+85512")
    assert selectors(TICKETS, keys) == {"account_id": ("acc-1",), "phone": ("+85512",)}


def test_without_an_account_only_the_consignees_contact_selects() -> None:
    assert selectors(TICKETS, person(phone="+85512")) == {"consignee_phone": ("+85512",)}
    assert selectors(TICKETS, person(email="a@b.c")) == {}


def test_a_contact_is_recognised_where_it_is_the_persons_own_or_a_consignees() -> None:
    assert [f.name for f in contact_fields(TICKETS, Kind.PHONE)] == ["phone", "consignee_phone"]
    assert contact_fields(TICKETS, Kind.EMAIL) == []


def test_only_one_edges_lead_to_further_identifiers() -> None:
    row = {"account_id": "acc-1", "phone": None, "callback": "+1", "consignee_phone": "+2", "device": "d"}
    assert list(identifiers_of(TICKETS, row)) == [Identifier(Kind.ACCOUNT, "acc-1")]


ORDER = collection("orders", field("id", primary_key=True), field("account_id", ACCOUNT))
ITEM = collection("items", field("id", primary_key=True), field("order_id", refers="orders.id"))
NOTE = collection("notes", field("id", primary_key=True), field("item_id", refers="items.id"))


def test_children_come_before_what_they_refer_to_whatever_the_files_order() -> None:
    assert erasure_order(store(ORDER, ITEM, NOTE)) == ["notes", "items", "orders"]
    assert erasure_order(store(NOTE, ITEM, ORDER)) == ["notes", "items", "orders"]


def test_a_reference_told_from_the_parents_side_is_the_same_link() -> None:
    parent = collection("orders", field("id", primary_key=True, refers="items.order_id", direction="to"))
    child = collection("items", field("id", primary_key=True), field("order_id"))
    assert links(store(parent, child)) == [Link("items", "order_id", "orders", "id")]


def test_the_child_is_told_apart_also_where_both_sides_are_keys() -> None:
    detail = collection("details", field("order_id", primary_key=True, refers="orders.id"))
    assert links(store(ORDER, detail)) == [Link("details", "order_id", "orders", "id")]


def test_references_into_other_stores_are_not_followed() -> None:
    other = field("order_id", references=[{"dataset": "elsewhere", "field": "orders.id"}])
    assert links(store(collection("items", other))) == []


def test_collections_also_wait_for_those_named_under_after() -> None:
    first = collection("first", field("id", primary_key=True), after=("shop.second",))
    assert erasure_order(store(first, collection("second", field("id", primary_key=True)))) == ["second", "first"]


def test_a_circle_of_references_is_a_mistake_in_the_data_map() -> None:
    left = collection("left", field("id", primary_key=True), field("right_id", refers="right.id"))
    right = collection("right", field("id", primary_key=True), field("left_id", refers="left.id"))
    with pytest.raises(DataMapError, match="circle"):
        erasure_order(store(left, right))
