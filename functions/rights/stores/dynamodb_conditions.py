"""What has to hold of an item for a write to change it: it is there, it is still theirs, and no rule keeps it by now.

`holder` is the attribute by which a table is asked whose an item is.
"""

from collections.abc import Mapping
from typing import Any

from rights.datamap.model import Collection
from rights.domain.identity import KeySet
from rights.stores.selection import foreign_accounts, selectors
from rights.stores.wire import Expression, wires_of, written_as


def may_change(
    holder: str, collection: Collection, keys: KeySet, expression: Expression, key: Mapping[str, Any]
) -> list[str]:
    """The conditions of an erasure or an anonymisation."""
    nothing_keeps_it = [
        f"NOT ({expression.one_of(rule.field, written_as(rule.equals))})"
        for rule in collection.rights.retain_when
        if rule.field
    ]
    return [*still_theirs(holder, collection, keys, expression, key), *nothing_keeps_it]


def still_theirs(
    holder: str, collection: Collection, keys: KeySet, expression: Expression, key: Mapping[str, Any]
) -> list[str]:
    """The conditions of any change."""
    row_is_there = f"attribute_exists({expression.name(collection.primary_key[0])})"
    wires = wires_of(collection, holder, selectors(collection, keys)[holder])
    # The key says whose it is: of a thousand values that a reference may have, one is enough of a condition.
    holder_is_theirs = expression.one_of(holder, [wire for wire in wires if wire == key.get(holder)] or wires[:1])
    return [row_is_there, holder_is_theirs, *nobody_elses(holder, collection, keys, expression)]


def nobody_elses(holder: str, collection: Collection, keys: KeySet, expression: Expression) -> list[str]:
    """No other attribute names another account."""
    return [
        f"(attribute_not_exists({expression.name(name)}) OR "
        f"{expression.one_of(name, wires_of(collection, name, values))})"
        for name, values in foreign_accounts(collection, keys).items()
        if name != holder
    ]
