"""Names and types of things that have no schema, gathered from a sample of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rights.datamap.compare import Column, Family


class Sample:
    """The fields seen so far, with the types of their values; the values are not kept."""

    def __init__(self) -> None:
        self.seen = 0
        self._families: dict[str, set[Family]] = {}

    def add(self, thing: Mapping[str, Any]) -> None:
        """One more thing."""
        self.seen += 1
        self._add("", thing)

    def _add(self, outer: str, thing: Mapping[str, Any]) -> None:
        for name, value in thing.items():
            self._value(f"{outer}{name}", value)

    def _value(self, name: str, value: Any) -> None:
        families = self._families.setdefault(name, set())
        if value is None:
            return
        families.add(family_of(value))
        if isinstance(value, Mapping):
            self._add(f"{name}.", value)
        elif isinstance(value, list | tuple):
            for part in value:
                if isinstance(part, Mapping):
                    self._add(f"{name}.", part)

    def columns(self, more: Iterable[Column] = ()) -> tuple[Column, ...]:
        """What was seen, and what is known from elsewhere."""
        known = {column.name: column for column in more}
        seen = {name: Column(name, frozenset(families)) for name, families in self._families.items()}
        return tuple((seen | known).values())


def family_of(value: object) -> Family:  # noqa: PLR0911 - one answer per type
    """What sort of value this is."""
    match value:
        case bool():
            return "boolean"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "text"
        case datetime():
            return "datetime"
        case date():
            return "date"
        case Mapping():
            return "object"
        case list() | tuple() | set() | frozenset():
            return "list"
        case _:
            return "bytes"
