"""What is wrong with the fields of a collection: names, categories, keys, and what is to become of each value."""

from collections.abc import Iterator

from rights.datamap.model import HASHES, Collection, Field, StoreMap
from rights.domain.identity import Identifies
from rights.domain.work import Disposition

Location = tuple[int | str, ...]
Problem = tuple[Location, str]

UNGUESSABLE = ("system", "user.device.cookie", "user.device.cookie_id", "user.unique_id.pseudonymous")
"""The data categories, with all below them, whose values are long and random, so that a plain hash hides them.

Of everything else somebody could hash all possible values and compare: phones, emails, addresses, names, dates,
account, card and device numbers, words somebody typed.
"""

HASHED_LENGTH = 39
"""Characters of what stands for a hashed value (`rights.stores.masking`)."""

NESTING = frozenset({"dynamodb", "lake"})
"""The kinds of stores that can change a field within a field."""

HASHING = frozenset({"dynamodb", "lake", "postgres"})
"""The kinds of stores that can put a hash in a value's place."""

_TEXT = frozenset({None, "string", "string[]"})
_NUMBERS = frozenset({"integer", "int", "long", "number", "double", "float"})


def field_problems(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    """What is wrong with the fields of this collection, and where."""
    for number, field in enumerate(collection.fields):
        here: Location = (*at, "fields", number)
        if not _categorised(field):
            yield here, "a field without `data_categories`"
        if field.fides_meta.primary_key and field.rights.on_deletion != "keep":
            yield (*here, "rights", "on_deletion"), "a primary key is never changed"
        yield from _nested(store, field, here)
        if collection.rights.lake is not None and collection.rights.lake.format == "parquet":
            yield from _within_lists(field, here)
    yield from _named_once(collection.fields, at)
    yield from _dead_rules(collection, at)


def is_emptied(field: Field) -> bool:
    """Tell whether anonymising a record changes this field, or one within it."""
    return any(inner.rights.on_deletion != "keep" for inner in field.walk())


def _named_once(fields: tuple[Field, ...], at: Location) -> Iterator[Problem]:
    names = [field.name for field in fields]
    for number, field in enumerate(fields):
        if names.index(field.name) != number:
            yield (*at, "fields", number, "name"), "two fields have this name"
        yield from _named_once(field.fields, (*at, "fields", number))


def _nested(store: StoreMap, field: Field, at: Location, outer: str = "keep") -> Iterator[Problem]:
    """What is wrong with a field and those within it; `outer` is what becomes of the one around it."""
    if field.rights.on_deletion in HASHES and store.rights.kind not in HASHING:
        yield (*at, "rights", "on_deletion"), "a store of this kind cannot hash"
    yield from _emptying(field, at)
    for number, inner in enumerate(field.fields):
        here: Location = (*at, "fields", number)
        rights = inner.rights
        if (rights.key or rights.identifies is Identifies.ONE) and store.rights.kind != "lake":
            yield (*here, "rights"), "a field within a field selects no rows in a store of this kind"
        if rights.correction or rights.fact or rights.lapses:
            yield (*here, "rights"), "a field within a field is not corrected and tells no rule anything"
        if rights.on_deletion != "keep" and store.rights.kind not in NESTING:
            yield (*here, "rights", "on_deletion"), "a store of this kind cannot change a field within a field"
        becomes = outer if field.rights.on_deletion == "keep" else field.rights.on_deletion
        if rights.on_deletion != "keep" and becomes != "keep":
            yield (*here, "rights", "on_deletion"), "the field around it is emptied as a whole"
        yield from _nested(store, inner, here, becomes)


def _within_lists(field: Field, at: Location) -> Iterator[Problem]:
    for number, inner in enumerate(field.fields):
        here: Location = (*at, "fields", number)
        if (field.fides_meta.data_type or "").endswith("[]") and is_emptied(inner):
            yield here, "a lake of Parquet cannot change a field within a list"
        else:
            yield from _within_lists(inner, here)


def _emptying(field: Field, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights", "on_deletion")
    rights, kind = field.rights, field.fides_meta.data_type
    if rights.on_deletion in HASHES and (field.fields or kind not in _TEXT):
        yield here, "only text can be hashed"
    if rights.on_deletion == "hash":
        for category in field.data_categories:
            if not any(category == known or category.startswith(f"{known}.") for known in UNGUESSABLE):
                yield (
                    here,
                    f"values of {category} can be guessed, and so found again by a plain `hash`: use `keyed_hash`",
                )
                break
    if rights.on_deletion == "constant" and not _fits(rights.constant, kind):
        yield (*at, "rights", "constant"), "not a value of this field's `data_type`"


def _fits(constant: object, kind: str | None) -> bool:
    match kind:
        case "string" | "date" | "datetime":
            return isinstance(constant, str)
        case "boolean":
            return isinstance(constant, bool)
        case _ if kind in _NUMBERS:
            return isinstance(constant, int | float) and not isinstance(constant, bool)
        case _:
            return True


def _dead_rules(collection: Collection, at: Location) -> Iterator[Problem]:
    rights = collection.rights
    if rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept:
        return
    for number, field in enumerate(collection.fields):
        if is_emptied(field):
            yield (*at, "fields", number, "rights"), "says how to be emptied, but no record is ever anonymised here"


def _categorised(field: Field) -> bool:
    return bool(field.data_categories) or (bool(field.fields) and all(_categorised(inner) for inner in field.fields))
