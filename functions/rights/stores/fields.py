"""Fields with a part in a correction or in the rules: what may stand in them, and what they tell."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from rights.datamap.model import Collection, Field, Flag
from rights.stores.contract import FactTold
from rights.stores.shape import to_json

NUMBERS = frozenset({"integer", "int", "long", "number", "double", "float"})


def fits(field: Field, value: str) -> bool:
    """Tell whether a field can hold this text, as far as the data map knows its type; nothing is never a new value."""
    try:
        match field.fides_meta.data_type:
            case "date":
                date.fromisoformat(value)
            case "datetime":
                datetime.fromisoformat(value)
            case kind if kind in NUMBERS:
                return Decimal(value).is_finite()
    except (ValueError, InvalidOperation):
        return False
    return bool(value.strip())


def fact_fields(collection: Collection) -> list[str]:
    """The names of the fields that tell the rules something."""
    return [f.name for f in collection.fields if f.rights.fact or f.rights.lapses]


def facts_of(collection: Collection, row: Mapping[str, Any]) -> Iterator[FactTold]:
    """What a row tells; an entitlement only while there is something of it."""
    for field in collection.fields:
        value = row.get(field.name)
        if value is None:
            continue
        if field.rights.fact:
            yield field.rights.fact, str(to_json(value)), False
        if field.rights.lapses and (stands_at := _amount(value)):
            yield field.rights.lapses, stands_at, True


def _amount(value: Any) -> str:
    """What an entitlement stands at: a number as it is, several things by how many they are; empty for none."""
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        return str(len(value)) if value else ""
    try:
        return str(to_json(value)) if Decimal(str(value)) else ""
    except InvalidOperation:
        return str(value)


def flag_is_set(flag: Flag, row: Mapping[str, Any]) -> bool:
    """Tell whether a record carries the flag."""
    return all(row.get(name) == value for name, value in flag.set.items())


def values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value at the end of a path of names, through lists and sets of things."""
    if isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from values_at(part, path)
    elif path:
        yield from values_at(value[path[0]], path[1:]) if isinstance(value, Mapping) and path[0] in value else ()
    elif value is not None:
        yield value
