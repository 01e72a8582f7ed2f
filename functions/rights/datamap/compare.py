"""A store's map against what the store really holds: what is unmapped, missing, of another type, or in the way.

Pure: what a store holds comes as `Found`, made by a describer for each kind of store (`local.datamap`), names and
types only. Of a store with a schema all is known; of one without, a sample of items is, so that what the map has and
the sample has not is no more than a note.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date
from typing import Literal

from rights.datamap.check_fields import HASHED_LENGTH
from rights.datamap.links import Link, links
from rights.datamap.model import HASHES, Collection, Field, Retention, StoreMap
from rights.domain.grounds import latest_end
from rights.domain.identity import Identifies
from rights.domain.work import Disposition

Family = Literal["text", "number", "boolean", "date", "datetime", "object", "list", "bytes", "other"]

_FITTING: dict[str, frozenset[str]] = {
    "string": frozenset({"text"}),
    "object_id": frozenset({"text", "other"}),
    "boolean": frozenset({"boolean"}),
    "object": frozenset({"object"}),
    "date": frozenset({"date", "datetime", "text"}),
    "datetime": frozenset({"datetime", "date", "text", "number"}),
    **dict.fromkeys(("integer", "int", "long", "number", "double", "float"), frozenset({"number"})),
}
"""What a field of a `data_type` may be made of."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field as the store has it; one within another is called `outer.inner`, through lists too."""

    name: str
    families: frozenset[Family] = frozenset()
    nullable: bool = True
    length: int | None = None
    """The most characters it takes, where there is a limit."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column of a child that names a row of its parent, and what becomes of the child when that goes."""

    child: str
    child_field: str
    parent: str
    parent_field: str
    on_delete: Literal["refuse", "cascade", "empty"] = "refuse"


@dataclass(frozen=True, slots=True)
class Shape:
    """One table, or one family of things."""

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """The fields of its primary key, where it is known."""
    sampled: int | None = None
    """How many things were looked at; `None` where a schema says it all."""
    indexed: frozenset[str] | None = None
    """The fields an index begins with, where that is known."""
    troubles: tuple[str, ...] = ()
    """What a describer found wrong besides."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a store holds, by collection; a collection that is not there is not in it."""

    shapes: Mapping[str, Shape]
    foreign_keys: tuple[ForeignKey, ...] = ()
    unmapped: tuple[str, ...] = ()
    """What the store holds besides, and no collection of any store of the map is."""
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that map and store disagree about. A note is worth a look, and no reason to fail."""

    store: str
    collection: str
    field: str
    problem: str
    is_note: bool = attribute(default=False, compare=False)


def compare(store: StoreMap, found: Found, today: date) -> Iterator[Finding]:
    """Everything map and store disagree about."""
    for trouble in found.troubles:
        yield Finding(store.fides_key, "", "", trouble)
    for name in found.unmapped:
        yield Finding(store.fides_key, name, "", "in the store, and in no collection of the map")
    for collection in store.collections:
        shape = found.shapes.get(collection.name)
        told = [("", "in the map, and not in the store", False)] if shape is None else [*_collection(collection, shape)]
        told += [("", problem, False) for problem in _terms(collection, today)]
        for name, problem, is_note in told:
            yield Finding(store.fides_key, collection.name, name, problem, is_note)
    for key in found.foreign_keys:
        if (obstacle := _foreign_key(store, found, key)) is not None:
            is_ours = key.child in found.shapes
            place = (key.child, key.child_field) if is_ours else (key.parent, "")
            yield Finding(store.fides_key, *place, obstacle)
    for link in _unguarded(store, found):
        problem = f"refers to {link.parent}.{link.parent_field} in the map alone: {_KEEPS_ITS_PARENT}"
        yield Finding(store.fides_key, link.child, link.child_field, problem, is_note=True)


_KEEPS_ITS_PARENT = (
    "a row that stays and keeps naming its parent keeps that too, and without a foreign key no dry run tells of it"
)

Told = tuple[str, str, bool]
"""A field, the problem, and whether it is no more than a note."""


def _collection(collection: Collection, shape: Shape) -> Iterator[Told]:
    for trouble in shape.troubles:
        yield "", trouble, False
    if shape.key and set(shape.key) != set(collection.primary_key):
        yield "", f"the primary key is ({', '.join(shape.key)})", False
    columns = {column.name: column for column in shape.columns}
    mapped = dict(_paths(collection.fields))
    for name in columns:
        if name not in mapped and _is_to_be_mapped(name, mapped):
            yield name, "in the store, and not in the map", False
    for name in _selecting(collection):
        if shape.indexed is not None and name not in shape.indexed and name in columns:
            yield name, "rows are found by it, and no index begins with it", True
    yield from _fields(collection, shape, columns, mapped)


def _fields(
    collection: Collection, shape: Shape, columns: Mapping[str, Column], mapped: Mapping[str, Field]
) -> Iterator[Told]:
    for name, described in mapped.items():
        if name in columns:
            for problem in _column(collection, described, columns[name]):
                yield name, problem, False
        elif shape.sampled is None:
            yield name, "in the map, and not in the store", False
        elif shape.sampled:
            yield name, f"in the map, and in none of {shape.sampled} things looked at", True


def _paths(fields: Sequence[Field], outer: str = "") -> Iterator[tuple[str, Field]]:
    for one in fields:
        yield f"{outer}{one.name}", one
        yield from _paths(one.fields, f"{outer}{one.name}.")


def _is_to_be_mapped(name: str, mapped: Mapping[str, Field]) -> bool:
    """A field within another has to be mapped where the map says what that one consists of."""
    outer, _, _ = name.rpartition(".")
    return not outer or (outer in mapped and bool(mapped[outer].fields))


def _column(collection: Collection, described: Field, column: Column) -> Iterator[str]:
    kind = described.fides_meta.data_type or ("object" if described.fields else "")
    strangers = sorted(column.families - _fitting(kind)) if kind else []
    if strangers:
        yield f"{kind} in the map, and {' or '.join(strangers)} in the store"
    rights = collection.rights
    if rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept:
        yield from _emptying(described, column)


def _fitting(kind: str) -> frozenset[str]:
    if not kind.endswith("[]"):
        return _FITTING.get(kind, frozenset({kind, "other"}))
    # A list of objects tells of these by fields within it.
    return frozenset({"list", "object"} if kind == "object[]" else {"list"})


def _emptying(described: Field, column: Column) -> Iterator[str]:
    rights = described.rights
    if rights.on_deletion == "null" and not column.nullable:
        yield "emptied by the map, and never empty in the store (NOT NULL)"
    if rights.on_deletion in HASHES and column.families - {"text", "list"}:
        yield "hashed by the map, and no text in the store"
    needed = HASHED_LENGTH if rights.on_deletion in HASHES else 0
    if rights.on_deletion == "constant":
        needed = len(rights.constant) if isinstance(rights.constant, str) else 0
        if column.families and _family_of(rights.constant) not in column.families:
            yield "the constant of the map is of another type than the store's values"
    if column.length is not None and needed > column.length:
        yield f"takes {column.length} characters, and what the map puts there has {needed}"


def _family_of(constant: object) -> Family:
    match constant:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case dict():
            return "object"
        case _:
            return "text"


def _selecting(collection: Collection) -> list[str]:
    return [f.name for f in collection.fields if f.rights.identifies is Identifies.ONE or f.rights.consignee]


def _terms(collection: Collection, today: date) -> Iterator[str]:
    rights = collection.rights
    if rights.retention is None and rights.storage is None:
        yield "the map says neither under `retention` nor under `storage` how long this is kept"
    for term in (rights.retention, rights.storage):
        if term is None or term.review is None:
            continue
        if term.review < today:
            yield f"to be reviewed by {term.review.isoformat()}, which is over"
        elif isinstance(term, Retention) and term.review > latest_end(term.ground, today):
            yield "reviewed later than its ground may serve"


def _unguarded(store: StoreMap, found: Found) -> Iterator[Link]:
    """References of rows that may stay behind, which no foreign key of the database knows of."""
    known = {(key.child, key.child_field, key.parent, key.parent_field) for key in found.foreign_keys}
    for link in links(store) if store.rights.kind == "postgres" else ():
        is_known = (link.child, link.child_field, link.parent, link.parent_field) in known
        are_there = {link.child, link.parent} <= set(found.shapes)
        if are_there and not is_known and _may_stay(store.collection(link.child), link.child_field):
            yield link


def _may_stay(collection: Collection, field: str) -> bool:
    """Whether a deletion may leave a row of the collection behind with this field as it was."""
    rights = collection.rights
    is_kept = rights.on_deletion is Disposition.RETAIN or (rights.retention is not None and not rights.anonymise_kept)
    is_anonymised = rights.on_deletion is Disposition.ANONYMISE or rights.retention is not None
    is_emptied = any(f.name == field and f.rights.on_deletion != "keep" for f in collection.fields)
    return is_kept or (is_anonymised and not is_emptied)


def _foreign_key(store: StoreMap, found: Found, key: ForeignKey) -> str | None:
    known = {(link.child, link.child_field, link.parent, link.parent_field) for link in links(store)}
    if (key.child, key.child_field, key.parent, key.parent_field) in known:
        return None
    if key.on_delete == "empty":
        columns = found.shapes[key.child].columns if key.child in found.shapes else ()
        is_stuck = any(c.name == key.child_field and not c.nullable for c in columns)
        return "emptied when the row it refers to goes, and never empty in the store (NOT NULL)" if is_stuck else None
    does = "goes unseen with its row" if key.on_delete == "cascade" else "keeps its row from going"
    if key.child in found.shapes:
        return f"refers to {key.parent}.{key.parent_field}, {does}, and the map has no such reference"
    return f"{key.child}.{key.child_field}, which is not in this store's map, refers to it and {does}"
