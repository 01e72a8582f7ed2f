"""A record as the person gets it: plain JSON values, without secrets, with third parties masked."""

import base64
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, SupportsBytes, cast

from boto3.dynamodb.types import Binary

from rights.datamap.model import Collection, Field
from rights.domain.identity import KeySet
from rights.stores.contract import Record

MASK = "***"
"""Stands for what belongs to somebody else."""


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one answer per type
    """The same value in JSON's types; numbers that JSON would blur come as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return _number(value)
        case Mapping():
            return {str(name): to_json(part) for name, part in value.items()}
        case set() | frozenset():
            return sorted((to_json(part) for part in value), key=str)
        case list() | tuple():
            return [to_json(part) for part in value]
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case Binary():
            return to_json(bytes(cast("SupportsBytes", value)))
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _number(value: float | Decimal) -> int | float | str:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if not value.is_finite():
        return str(value)
    exponent = value.as_tuple().exponent
    # As a database writes it: never `1E-8`.
    return int(value) if exponent == 0 else format(value, "f") if int(exponent) < 0 else str(value)


def exported_fields(collection: Collection) -> list[str]:
    """The names of the fields a person gets; secrets are not even read."""
    return [f.name for f in collection.fields if not f.rights.secret]


def to_record(collection: Collection, row: Mapping[str, Any], keys: KeySet) -> Record:
    """The record of a row: mapped fields only, no secrets, third parties masked unless the row is about the person."""
    own = _is_about(collection, row, keys)
    return {
        f.name: _shown(f, row[f.name], own, keys) for f in collection.fields if f.name in row and not f.rights.secret
    }


def _is_about(collection: Collection, row: Mapping[str, Any], keys: KeySet) -> bool:
    name = collection.rights.third_party_unless
    if name is None:
        return False
    kind = collection.field(name).rights.key
    return any(i.value == row.get(name) for i in keys.values if kind in (None, i.kind))


def _shown(field: Field, value: Any, own: bool, keys: KeySet) -> Any:
    if value is None:
        return None
    if field.rights.third_party and not own:
        return MASK
    # Somebody known only as a consignee is not told who ordered for them.
    if keys.is_consignee_only and field.rights.key and value not in keys.of_kind(field.rights.key):
        return MASK
    return to_json(_without_hidden(field, value, own))


def _without_hidden(field: Field, value: Any, own: bool) -> Any:
    if not field.fields:
        return value
    if isinstance(value, list):
        return [_without_hidden(field, part, own) for part in value]
    if not isinstance(value, Mapping):
        return value
    inner = {f.name: f for f in field.fields}
    shown = {}
    for name, part in value.items():
        known = inner.get(name)
        if known is None or not (known.rights.secret or known.rights.third_party):
            shown[name] = _without_hidden(known, part, own) if known else part
        elif known.rights.third_party:
            shown[name] = part if own else MASK
    return shown
