"""What makes a package portable: each collection as CSV besides JSON, and one schema that describes both.

CSV is RFC 4180 in UTF-8 without a byte order mark: a header row, commas, CRLF. Text is always quoted and everything
else never, so an empty text and no value can be told apart by who looks; lists and objects are JSON text. Values are
those of the JSON file, character for character. The schema is JSON Schema 2020-12, one definition per collection; what
JSON Schema has no word for is under `x-` keywords, which its validators pass over.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rights.datamap import Collection, DataMap
from rights.datamap.model import Field
from rights.ledger.model import Request
from rights.stores.shape import MASK, exported_fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CSV_DIALECT = {
    "standard": "RFC 4180",
    "encoding": "utf-8",
    "delimiter": ",",
    "line_end": "\r\n",
    "header": True,
    "text": "always quoted; a quote is doubled",
    "numbers_and_booleans": "as in JSON, never quoted",
    "lists_and_objects": "JSON text, quoted",
    "null_or_missing": "nothing, not even quotes",
}
_FILES: dict[str, Any] = {
    "type": "array",
    "description": "The files that belong to the record, under the folder of its collection.",
    "items": {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "Below the folder of the collection."},
            "size": {"type": "integer", "description": "Bytes."},
            "sha256": {"type": "string"},
            "gone": {"type": "boolean", "description": "True if the file was deleted before it could be handed over."},
        },
    },
}
_TYPE_NAMES: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array",
}  # fmt: skip
_TYPES = {
    "string": "string", "integer": "integer", "float": "number", "boolean": "boolean", "object": "object",
    "object_id": "string",
}  # fmt: skip
"""The data types of Fideslang, in JSON Schema's words; a list has `[]` behind it."""


class Shape:
    """What the records of one collection look like: the fields of the data map, and what else was seen on the way."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.count = 0
        self._seen: dict[str, set[str]] = {}

    def see(self, record: Mapping[str, Any]) -> None:
        """Learn from a record which fields there are, and of which types; nothing of its values is kept."""
        self.count += 1
        for name, value in record.items():
            self._seen.setdefault(name, set()).add(_type_of(value))

    @property
    def columns(self) -> list[str]:
        """The fields of the data map in its order, then others that records have."""
        mapped = exported_fields(self.collection)
        return [*mapped, *sorted(self._seen.keys() - set(mapped))]

    def to_schema(self, as_json: str, as_csv: str) -> dict[str, Any]:
        """The schema of one record, and in which files of the package the collection lies."""
        mapped = {field.name: field for field in self.collection.fields}
        properties = {
            name: _described(mapped[name], self._seen.get(name, set())) if name in mapped else self._unmapped(name)
            for name in self.columns
        }
        keys = {"x-primary-key": list(self.collection.primary_key)} if self.collection.primary_key else {}
        return {
            **({"description": self.collection.description} if self.collection.description else {}),
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **keys,
            "x-json": as_json,
            "x-csv": {"path": as_csv, "columns": self.columns},
            "x-records": self.count,
        }

    def _unmapped(self, name: str) -> dict[str, Any]:
        return _FILES if name == "files" else {"type": sorted(self._seen[name] | {"null"})}


def to_csv(records: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[bytes]:
    """The lines of a CSV file, one at a time, the header first."""
    yield _line(columns)
    for record in records:
        yield _line([record.get(name) for name in columns])


class Described(NamedTuple):
    """A collection of a package: what its records look like, and the names of its two files in the ZIP."""

    shape: Shape
    json: str
    csv: str


def to_schema(request: Request, shapes: Mapping[tuple[str, str], Described], data_map: DataMap) -> dict[str, Any]:
    """The schema of a package: a definition per collection, called `<store>.<collection>`."""
    return {
        "$schema": DIALECT,
        "title": "Personal data held by Tinh Tinh Mall",
        "description": "Each definition describes one record: an item of the JSON file's list, a row of the CSV file. "
        f'Any field may be null or missing. "{MASK}" stands for what belongs to somebody else.',
        "x-request": request.id,
        "x-data-map": data_map.version,
        "x-csv-dialect": _CSV_DIALECT,
        "$defs": {
            f"{store}.{name}": {"title": f"{data_map.store(store).name}: {name}"}
            | one.shape.to_schema(one.json, one.csv)
            for (store, name), one in shapes.items()
        },
    }


def _line(values: Iterable[Any]) -> bytes:
    return (",".join(map(_cell, values)) + "\r\n").encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return '"' + text.replace('"', '""') + '"'


def _described(field: Field, seen: set[str]) -> dict[str, Any]:
    """A field by the data map; the types are those it declares and those its records have."""
    declared = _declared(field)
    types = sorted(declared | seen | {"null"}) if declared | seen else None
    inner = {f.name: _described(f, set()) for f in field.fields if not f.rights.secret}
    references = [f"{r.dataset}.{r.field}" for r in field.fides_meta.references if r.direction != "to"]
    return {
        **({"type": types} if types else {}),
        **({"description": field.description} if field.description else {}),
        **({"properties": inner} if inner else {}),
        "x-data-categories": list(field.data_categories),
        **({"x-references": references} if references else {}),
    }


def _declared(field: Field) -> set[str]:
    named = field.fides_meta.data_type or ""
    if named.endswith("[]"):
        return {"array"}
    # What belongs to somebody else comes masked, which is text.
    return ({_TYPES[named]} if named in _TYPES else set()) | (
        {"string"} if named and field.rights.third_party else set()
    )


def _type_of(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), "object")
