"""DynamoDB's way of writing: attribute values, keys as JSON, and the names and values of expressions."""

import base64
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from rights.datamap.model import Collection
from rights.stores.fields import NUMBERS

serialise = TypeSerializer().serialize
deserialise = TypeDeserializer().deserialize

Wire = dict[str, Any]
"""Attribute values as the service speaks them: `{"name": {"S": "text"}}`."""


class Expression:
    """Names and values of one call's expressions."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Wire = {}

    def name(self, attribute: str) -> str:
        """What stands for an attribute."""
        alias = next((a for a, known in self.names.items() if known == attribute), f"#n{len(self.names)}")
        self.names[alias] = attribute
        return alias

    def value(self, wire: Any) -> str:
        """What stands for a value."""
        self.values[alias := f":v{len(self.values)}"] = wire
        return alias

    def one_of(self, attribute: str, wires: list[Any]) -> str:
        """A condition: the attribute has one of these values."""
        return f"{self.name(attribute)} IN ({', '.join(self.value(wire) for wire in wires)})"

    def parameters(self) -> dict[str, Any]:
        """The parameters of the call that hold the names and values."""
        made: dict[str, Any] = {"ExpressionAttributeNames": self.names} if self.names else {}
        return made | ({"ExpressionAttributeValues": self.values} if self.values else {})


def plain(item: Wire) -> dict[str, Any]:
    """An item as Python has it."""
    return {name: deserialise(wire) for name, wire in item.items()}


def written_as(text: str) -> list[Wire]:
    """Every value whose text this is: a string, and the number or the boolean it may be."""
    wires: list[Wire] = [{"S": text}]
    with suppress(InvalidOperation):
        number = Decimal(text)
        if number.is_finite() and str(number) == text:
            wires.append({"N": text})
    if text in {"True", "False"}:
        wires.append({"BOOL": text == "True"})
    return wires


def to_wire_json(wires: Wire) -> dict[str, Any]:
    """A key as JSON can carry it."""
    return {n: {"B": base64.b64encode(bytes(w["B"])).decode()} if "B" in w else dict(w) for n, w in wires.items()}


def from_wire_json(raw: Mapping[str, Any]) -> Wire:
    """The key that `to_wire_json` wrote."""
    return {n: {"B": base64.b64decode(w["B"])} if "B" in w else dict(w) for n, w in raw.items()}


def wires_of(collection: Collection, name: str, values: Iterable[str]) -> list[Wire]:
    """Texts as values of a field, in the field's own type."""
    kind = "N" if collection.field(name).fides_meta.data_type in NUMBERS else "S"
    return [{kind: value} for value in values]


def key_of(collection: Collection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The key of a row, as JSON can carry it."""
    return to_wire_json({name: serialise(row[name]) for name in collection.primary_key})
