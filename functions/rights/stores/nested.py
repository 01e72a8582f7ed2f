"""Anonymising a DynamoDB item by its values: hashes, and attributes within maps and lists.

The item is read, and each value that must go is changed under its own path, on the condition that it is still the value
that was read. So nothing that a live writer changed meanwhile is overwritten: the next reading back finds what is left.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rights.datamap.model import Collection
from rights.stores.masking import leaves, masked, new_key
from rights.stores.rules import depends_on_values, emptied
from rights.stores.wire import Expression, serialise

_AT_ONCE = 40
"""Values changed by one update: an expression takes 300 operators and 4 KB."""


Update = tuple[Expression, str, list[str]]
"""Names and values, the update, and the conditions that the values are as they were read."""


def emptyings(collection: Collection, read: Callable[[], Mapping[str, Any]]) -> Iterator[Update]:
    """The updates that anonymise one item, which `read` reads where its values matter."""
    if depends_on_values(collection):
        yield from _by_values(collection, read())
    else:
        expression = Expression()
        changes = [(expression.name(name), value) for name, value in emptied(collection).items()]
        yield expression, _update(changes, expression), []


def _by_values(collection: Collection, row: Mapping[str, Any]) -> Iterator[Update]:
    key = new_key()
    constants = {name: value for name, value in emptied(collection).items() if value is not None and name not in row}
    todo = iter(leaves(collection, row))
    while (some := list(islice(todo, _AT_ONCE))) or constants:
        expression = Expression()
        changes = [(_path(leaf.path, expression), masked(leaf.field, leaf.value, key)) for leaf in some]
        changes += [(expression.name(name), value) for name, value in constants.items()]
        as_read = [f"{_path(leaf.path, expression)} = {expression.value(serialise(leaf.value))}" for leaf in some]
        yield expression, _update(changes, expression), as_read
        constants = {}


def _path(steps: Sequence[str | int], expression: Expression) -> str:
    """What stands for an attribute within an attribute: `#n0.#n1[2].#n3`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{expression.name(step)}"
    return text


def _update(changes: Sequence[tuple[str, Any]], expression: Expression) -> str:
    """The update that puts these values there, and takes away what becomes of nothing."""
    sets = [f"{name} = {expression.value(serialise(value))}" for name, value in changes if value is not None]
    removes = [name for name, value in changes if value is None]
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in (("SET", sets), ("REMOVE", removes)) if parts)
