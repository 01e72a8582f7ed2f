"""Who else somebody is, over stores made up by chance: it ends, in any order alike, and never over a shared edge."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.datamap import StoreMap
from rights.datamap.resolution import MOST_IDENTIFIERS, MOST_VALUES, resolve
from rights.domain.identity import Identifier, KeySet, Kind
from rights.errors import DataMapError
from rights.stores.selection import foreign_accounts, led_to, selectors, values_of
from tests.unit.stores.maps import ACCOUNT, PHONE, collection, person
from tests.unit.stores.maps import field as mapped

Row = dict[str, str | None]
SHARED = {"key": "phone", "identifies": "shared"}


@dataclass(frozen=True)
class Shape:
    """One collection: `names` is the place of another collection by whose ids its rows may be found."""

    has_account: bool
    has_phone: bool
    names: int | None
    rows: list[Row] = field(default_factory=list)


@dataclass
class World:
    """Collections in stores of two, with their rows."""

    shapes: list[Shape]

    def stores(self) -> list[StoreMap]:
        return [self._store(number) for number in range(0, len(self.shapes), 2)]

    def _store(self, number: int) -> StoreMap:
        rights = {"kind": "postgres", "stage": 2, "controller": "c", "residency": "KH", "role_arn": "r", "secret": "s"}
        collections = [self._collection(n) for n in range(number, min(number + 2, len(self.shapes)))]
        return StoreMap.model_validate({"fides_key": f"s{number}", "rights": rights, "collections": collections})

    def _collection(self, number: int) -> dict[str, Any]:
        shape = self.shapes[number]
        fields = [mapped("id", primary_key=True), mapped("shared", SHARED)]
        fields += [mapped("account", ACCOUNT)] if shape.has_account else []
        fields += [mapped("phone", PHONE)] if shape.has_phone else []
        if shape.names is not None:
            to = {"dataset": f"s{shape.names // 2 * 2}", "field": f"c{shape.names}.id"}
            fields.append(mapped("ref", {"identifies": "one"}, references=[to]))
        return collection(f"c{number}", *fields)

    def ask(self, store: StoreMap, keys: KeySet, fields: Iterable[str]) -> KeySet:
        """What a connector answers, by the rules of selection."""
        found = {
            identifier
            for c in store.collections
            for row in self.shapes[int(c.name[1:])].rows
            if any(row.get(f.name) in values_of(f, keys) for f in c.fields if f.rights.identifies == "one")
            for identifier in led_to(c, row, keys)
        }
        referred = {(place, value) for place in fields for value in self._values(store, place, keys)}
        return KeySet(frozenset(found), frozenset(referred))

    def _values(self, store: StoreMap, place: str, keys: KeySet) -> Iterator[str]:
        _, name, wanted = place.split(".")
        described = store.collection(name)
        if keys.is_consignee_only:
            return
        for row in self.shapes[int(name[1:])].rows:
            is_selected = any(row.get(f) in values for f, values in selectors(described, keys).items())
            is_free = all(row.get(f) in (None, *values) for f, values in foreign_accounts(described, keys).items())
            if is_selected and is_free and (value := row.get(wanted)) is not None:
                yield value

    def closure(self, start: KeySet) -> KeySet:
        """The same said plainly: everything at once, again and again, without a rule of ours."""
        accounts, phones = set(start.of_kind(Kind.ACCOUNT)), set(start.of_kind(Kind.PHONE))
        ids: dict[int, set[str]] = {shape.names: set() for shape in self.shapes if shape.names is not None}
        while True:
            before = (len(accounts), len(phones), sum(map(len, ids.values())))
            for number, shape in enumerate(self.shapes):
                for row in shape.rows:
                    if not self._is_theirs(shape, row, accounts, phones, ids):
                        continue
                    accounts |= {row["account"]} - {None} if shape.has_account else set()  # type: ignore[arg-type]
                    phones |= {row["phone"]} - {None} if shape.has_phone else set()  # type: ignore[arg-type]
                    is_others = shape.has_account and row["account"] not in {None, *accounts}
                    if number in ids and accounts and not is_others:
                        ids[number].add(str(row["id"]))
            if before == (len(accounts), len(phones), sum(map(len, ids.values()))):
                break
        return KeySet(
            frozenset({Identifier(Kind.ACCOUNT, a) for a in accounts} | {Identifier(Kind.PHONE, p) for p in phones}),
            frozenset((f"s{n // 2 * 2}.c{n}.id", value) for n, values in ids.items() for value in values),
        )

    @staticmethod
    def _is_theirs(shape: Shape, row: Row, accounts: set[str], phones: set[str], ids: dict[int, set[str]]) -> bool:
        by_account = shape.has_account and row["account"] in accounts
        by_phone = shape.has_phone and row["phone"] in phones
        by_name = shape.names is not None and row["ref"] in ids[shape.names]
        is_others = shape.has_account and row["account"] not in {None, *accounts}
        return by_account or by_phone or (by_name and not is_others)


small = st.none() | st.sampled_from("abcd")
rows = st.fixed_dictionaries(
    {"id": st.sampled_from("abcdef"), "account": small, "phone": small, "shared": small, "ref": small}
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(1, 6))
    shapes = []
    for number in range(size):
        others = [n for n in range(size) if n != number]
        names = draw(st.none() | st.sampled_from(others)) if others else None
        shapes.append(Shape(draw(st.booleans()), draw(st.booleans()), names, draw(st.lists(rows, max_size=6))))
    return World(shapes)


starts = st.sampled_from([person("a"), person(phone="a"), person("a", phone="b"), person(phone="z"), KeySet()])


@settings(deadline=None)
@given(worlds(), starts, st.randoms(use_true_random=False))
def test_it_ends_with_all_that_one_edges_lead_to_in_whatever_order(world: World, start: KeySet, chance: Any) -> None:
    stores = world.stores()
    found = resolve(start, stores, world.ask)
    assert found == world.closure(start)
    chance.shuffle(stores)
    assert resolve(start, stores, world.ask) == found
    assert resolve(found, stores, world.ask) == found
    assert start.values <= found.values


@settings(deadline=None)
@given(worlds(), starts, small)
def test_what_stands_in_shared_fields_changes_nothing(world: World, start: KeySet, other: str | None) -> None:
    changed = World([replace(s, rows=[row | {"shared": other} for row in s.rows]) for s in world.shapes])
    assert resolve(start, world.stores(), world.ask) == resolve(start, changed.stores(), changed.ask)


@settings(deadline=None)
@given(worlds(), starts)
def test_no_store_is_asked_more_often_than_there_are_things_to_find(world: World, start: KeySet) -> None:
    asked: list[str] = []

    def ask(store: StoreMap, keys: KeySet, fields: Iterable[str]) -> KeySet:
        asked.append(store.fides_key)
        return world.ask(store, keys, fields)

    found = resolve(start, world.stores(), ask)
    most = 1 + len(found.values | found.referred) - len(start.values)
    assert all(asked.count(store.fides_key) <= most for store in world.stores())


CHAIN = World(
    [
        Shape(has_account=True, has_phone=True, names=None, rows=[{"id": "1", "account": "a", "phone": "p"}]),
        Shape(has_account=False, has_phone=False, names=None),
        Shape(has_account=False, has_phone=False, names=0, rows=[{"id": "7", "ref": "1"}, {"id": "8", "ref": "2"}]),
        Shape(has_account=False, has_phone=False, names=2, rows=[{"id": "x", "ref": "7"}, {"id": "y", "ref": "8"}]),
        Shape(has_account=True, has_phone=False, names=3, rows=[{"id": "z", "account": None, "ref": "x"}]),
    ]
)


def test_references_lead_through_collections_and_stores_that_know_no_identifier() -> None:
    found = resolve(person(phone="p"), CHAIN.stores(), CHAIN.ask)
    assert found == KeySet(
        person("a", phone="p").values, frozenset({("s0.c0.id", "1"), ("s2.c2.id", "7"), ("s2.c3.id", "x")})
    )
    assert selectors(CHAIN.stores()[2].collection("c4"), found) == {"account": ("a",), "ref": ("x",)}


def test_a_row_of_another_account_that_names_mine_leads_nowhere() -> None:
    planted = replace(CHAIN.shapes[4], rows=[{"id": "z", "account": "stranger", "ref": "x"}])
    naming = Shape(has_account=False, has_phone=False, names=4, rows=[{"id": "q", "ref": "z"}])
    world = World([*CHAIN.shapes[:4], planted, naming])
    found = resolve(person(phone="p"), world.stores(), world.ask)
    assert found.accounts == ("a",)
    assert found == world.closure(person(phone="p"))
    assert found.of_field("s4.c4.id") == ()


def test_a_consignee_without_an_account_leads_to_no_rows_elsewhere() -> None:
    ordered = replace(CHAIN.shapes[0], rows=[{"id": "1", "account": None, "phone": "p"}])
    world = World([ordered, *CHAIN.shapes[1:]])
    assert resolve(person(phone="p"), world.stores(), world.ask) == person(phone="p")


def test_more_identifiers_than_one_person_has_are_an_error_and_no_smaller_set() -> None:
    numbers = count()

    def ask(*_: object) -> KeySet:
        return person(f"acc-{next(numbers)}")

    with pytest.raises(DataMapError, match=f"more than {MOST_IDENTIFIERS} identifiers"):
        resolve(person(phone="p"), CHAIN.stores(), ask)
    assert next(numbers) <= MOST_IDENTIFIERS + 1


def test_more_values_than_can_be_selected_by_are_an_error_that_names_the_field() -> None:
    def ask(store: StoreMap, _keys: KeySet, fields: Iterable[str]) -> KeySet:
        return KeySet(referred=frozenset((place, str(n)) for place in fields for n in range(MOST_VALUES + 1)))

    with pytest.raises(DataMapError, match=rf"s0\.c0\.id: more than {MOST_VALUES} values"):
        resolve(person("a"), CHAIN.stores(), ask)


def test_only_stores_that_can_add_something_are_asked() -> None:
    plain = World([Shape(has_account=True, has_phone=False, names=None), *CHAIN.shapes[1:2]])
    resolve(person("a"), plain.stores(), lambda *_: pytest.fail("it leads nowhere"))


def test_what_is_referred_to_identifies_nobody() -> None:
    keys = KeySet.from_mapping({"account_id": ["a"], "s0.c0.id": ["1", "2"]})
    assert keys.values == person("a").values
    assert keys.of_field("s0.c0.id") == ("1", "2")
    assert keys.to_mapping() == {"account_id": ["a"], "s0.c0.id": ["1", "2"]}
