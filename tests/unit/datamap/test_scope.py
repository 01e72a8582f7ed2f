"""Which stores a right concerns, in the packaged map and at the edges."""

import pytest

from rights.datamap import DataMap, StoreMap, load_data_map
from rights.datamap.scope import correctable, scope_names, tasks_for, to_review
from rights.domain.rights import OPT_OUT_OF, Purpose, Right
from tests.unit.stores.maps import ACCOUNT, collection, field, store

MAP = load_data_map()
SPINE = {"accounts", "login", "ledger"}


def parts(right: Right, data_map: DataMap = MAP, **wanted: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {store.fides_key: collections for store, collections in tasks_for(data_map, right, **wanted)}


def one_store(*collections: dict[str, object]) -> DataMap:
    made: StoreMap = store(*collections)
    return DataMap(version="1", stores=(made,))


def test_a_scope_is_made_of_stores_and_categories_and_never_of_the_account_itself() -> None:
    names = scope_names(MAP)
    assert len(set(names)) == len(names)
    assert {"profiles", "orders", "search_history", "favourites", "cart"} <= set(names)
    assert not SPINE & set(names)
    assert "consents" not in names


@pytest.mark.parametrize("right", [Right.DELETION, Right.ACCOUNT_CLOSURE, Right.ACCESS, Right.PORTABILITY])
def test_without_a_scope_every_store_is_concerned_whole(right: Right) -> None:
    assert parts(right) == {store.fides_key: () for store in MAP.stores}


@pytest.mark.parametrize("right", [Right.DELETION, Right.ACCESS])
def test_a_scope_reaches_just_what_it_names(right: Right) -> None:
    assert parts(right, scope=("search_history",)) == {"profiles": ("search_history",)}
    assert parts(right, scope=("orders", "cart", "favourites")) == {"orders": (), "profiles": ("favourites", "cart")}
    assert parts(right, scope=("profiles", "cart")) == {"profiles": ()}
    assert parts(right, scope=("accounts", "login", "ledger", "consents")) == {}


def test_a_category_whose_rows_others_need_is_erased_with_those_and_exported_alone() -> None:
    data_map = one_store(
        collection("parents", field("id", primary_key=True), field("account_id", ACCOUNT), scope=True),
        collection("children", field("id", primary_key=True), field("parent_id", refers="parents.id")),
        collection("grandchildren", field("id", primary_key=True), field("child_id", refers="children.id")),
        collection("others", field("id", primary_key=True), field("account_id", ACCOUNT)),
    )
    assert parts(Right.ACCESS, data_map, scope=("parents",)) == {"shop": ("parents",)}
    assert parts(Right.DELETION, data_map, scope=("parents",)) == {"shop": ("parents", "children", "grandchildren")}


def test_a_correction_goes_to_every_store_that_holds_a_copy_and_to_no_order() -> None:
    found = parts(Right.CORRECTION, subjects=("name",))
    assert found == {
        "accounts": ("accounts",), "login": ("users",), "profiles": ("profile",), "support_tickets": ("tickets",),
        "cpes": ("shared",),
    }  # fmt: skip
    assert "orders" not in parts(Right.CORRECTION, subjects=correctable(MAP))
    assert parts(Right.CORRECTION, subjects=("address",)) == {}
    assert set(correctable(MAP)) == {"name", "email", "phone", "contact_phone", "language", "birth_date"}


def test_a_consent_is_taken_back_where_consents_are_and_a_restriction_stands_on_the_account() -> None:
    told = {
        Purpose.MARKETING: {"ads"}, Purpose.PERSONALISED_ADS: {"ads"}, Purpose.LOCATION: set[str](),
        Purpose.SHARING_WITH_AFFILIATES: {"cpes"}, Purpose.SHARING_WITH_PARTNERS: {"ads", "analytics"},
    }  # fmt: skip
    for purpose in Purpose:
        partners = dict.fromkeys(told[purpose], ())
        assert parts(Right.CONSENT_WITHDRAWAL, purposes=(purpose,)) == {"profiles": ("consents",), **partners}
    assert parts(Right.MARKETING_OPT_OUT, purposes=OPT_OUT_OF) == {"profiles": ("consents",), "ads": ()}
    assert parts(Right.RESTRICTION, purposes=("all",)) == {"accounts": ("accounts",), "ads": (), "cpes": ()}
    assert parts(Right.RESTRICTION) == {}


def test_a_complaint_asks_nothing_of_the_stores() -> None:
    assert parts(Right.COMPLAINT) == {}


def test_the_sample_map_has_recordings_and_chats_looked_at_and_nothing_that_the_person_wrote_alone() -> None:
    data_map = load_data_map()
    assert {
        store.fides_key: to_review(data_map, store.fides_key)
        for store in data_map.stores
        if to_review(data_map, store.fides_key)
    } == {"support": ("files",)}
    assert to_review(data_map, "nowhere") == ()
