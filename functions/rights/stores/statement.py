"""A statement of SQL and its parameters: names are quoted as identifiers, values always travel as parameters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composed, Placeholder


class Statement(NamedTuple):
    """A statement and its parameters."""

    text: Composed
    parameters: Mapping[str, Any]


class Parameters(dict[str, Any]):
    """Parameters by the names under which a statement has them."""

    def add(self, value: Any) -> Placeholder:
        """The placeholder of one more value."""
        self[name := f"p{len(self)}"] = value
        return Placeholder(name)

    def add_all(self, values: Iterable[Any]) -> Composed:
        """The placeholders of more values, as a list."""
        return SQL(", ").join(self.add(value) for value in values)


def array_of(values: Sequence[Any]) -> str:
    """Values as the text of a PostgreSQL array: the server reads each as the type of the array it is cast to."""
    return "{" + ",".join([_NULL if value is None else _quoted(str(value)) for value in values]) + "}"


_NULL = "NULL"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
