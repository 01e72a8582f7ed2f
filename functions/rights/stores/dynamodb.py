"""DynamoDB stores. Rows are read, counted and changed on the base table, consistently; indexes only look people up."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from rights.datamap.model import Collection, DynamoAccess, StoreMap
from rights.domain.identity import Identifier, Identifies, KeySet
from rights.domain.work import Disposition
from rights.errors import DataMapError
from rights.stores.contract import Change, Cursor, ErasurePage, Page
from rights.stores.roles import Roles, aws_error
from rights.stores.rules import emptied, judge, planned, rule_fields
from rights.stores.selection import (
    contact_fields,
    erasure_order,
    foreign_accounts,
    identifiers_of,
    own_fields,
    selectors,
)
from rights.stores.shape import exported_fields, to_record

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize

_NUMBERS = frozenset({"integer", "int", "long", "number", "double", "float"})
_WRITERS = 8

Wire = dict[str, Any]
"""Attribute values as the service speaks them: `{"name": {"S": "text"}}`."""


def connect(store: StoreMap, roles: Roles) -> "DynamoConnector":
    """The connector of a store, under the role that its data map names."""
    return DynamoConnector(store, roles.client("dynamodb", store.rights.role_arn), roles.fill)


class _Expression:
    """Names and values of one call's expressions."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Wire = {}

    def name(self, attribute: str) -> str:
        alias = next((a for a, known in self.names.items() if known == attribute), f"#n{len(self.names)}")
        self.names[alias] = attribute
        return alias

    def value(self, wire: Any) -> str:
        self.values[alias := f":v{len(self.values)}"] = wire
        return alias

    def one_of(self, attribute: str, wires: list[Any]) -> str:
        return f"{self.name(attribute)} IN ({', '.join(self.value(wire) for wire in wires)})"

    def parameters(self) -> dict[str, Any]:
        made: dict[str, Any] = {"ExpressionAttributeNames": self.names} if self.names else {}
        return made | ({"ExpressionAttributeValues": self.values} if self.values else {})


class DynamoConnector:
    """One DynamoDB store of the data map, as a `Connector`."""

    def __init__(self, store: StoreMap, client: Any, fill: Callable[[str], str] = str, *, page_size: int = 100) -> None:
        self._store = store
        self._client = client
        self._fill = fill
        self._page_size = page_size

    def collections(self) -> list[str]:
        """The collections, in the order of an erasure."""
        return erasure_order(self._store)

    def recognise(self, identifier: Identifier) -> bool:
        """Look the contact up by the indexes of the fields that may hold it, and make sure on the base table."""
        for collection in self._store.collections:
            names = {field.name for field in contact_fields(collection, identifier.kind)}
            for access in collection.rights.dynamodb:
                if access.query_by in names and any(self._look_up(collection, access, identifier.value)):
                    return True
        return False

    def locate(self, keys: KeySet) -> KeySet:
        """Follow the `one` edges of the rows that carry a key of the set."""
        found: set[Identifier] = set()
        for collection in self._store.collections:
            if len(own_fields(collection)) < 2:
                continue
            for access in collection.rights.dynamodb:
                field = collection.field(access.query_by).rights
                if field.key is None or field.identifies is not Identifies.ONE:
                    continue
                for value in keys.of_kind(field.key):
                    for row in self._look_up(collection, access, value):
                        found.update(identifiers_of(collection, row))
        return KeySet.of(found)

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Rows per collection, counted on the base table."""
        return {collection.name: self._count(collection, keys) for collection in self._store.collections}

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """One query's worth of records."""
        described = self._store.collection(collection)
        rows, following = self._rows(described, keys, after, exported_fields(described))
        return Page([to_record(described, row, keys) for row in rows], following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """One query's worth of what is to happen."""
        described = self._store.collection(collection)
        wanted = [*described.primary_key, *rule_fields(described)]
        rows, following = self._rows(described, keys, after, wanted)
        return replace(_planned(described, rows, today), next=following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these rows, each read by its key; several at a time."""
        described = self._store.collection(collection)
        access = self._base(described)

        def read(key: Mapping[str, Any]) -> dict[str, Any]:
            row = self._get(described, access, _from_json(key))
            return {name: _deserialise(wire) for name, wire in row.items()}

        with _speaking(), ThreadPoolExecutor(_WRITERS) as readers:
            found = list(readers.map(read, row_keys))
        return _planned(described, [row for row in found if self._is_theirs(described, keys, row)], today)

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Change row by row, since only single writes can be conditional; several at a time."""
        described = self._store.collection(collection)

        def apply(change: Change) -> None:
            self._write(described, keys, change)

        with ThreadPoolExecutor(_WRITERS) as writers:
            list(writers.map(apply, page.doing()))

    def _write(self, collection: Collection, keys: KeySet, change: Change) -> None:
        expression = _Expression()
        request: dict[str, Any] = {
            "TableName": self._table(collection),
            "Key": _from_json(change.key),
            "ConditionExpression": self._still_theirs(collection, keys, expression),
        }
        erases = change.disposition is Disposition.ERASE
        if not erases:
            request["UpdateExpression"] = _emptying(collection, expression)
        call = self._client.delete_item if erases else self._client.update_item
        try:
            call(**request, **expression.parameters())
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # gone, or no longer theirs to change: reading back decides
        except (ClientError, BotoCoreError) as error:
            raise aws_error(error) from None

    def _is_theirs(self, collection: Collection, keys: KeySet, row: Mapping[str, Any]) -> bool:
        holder = self._base(collection).query_by
        owners = foreign_accounts(collection, keys).items()
        return str(row.get(holder)) in selectors(collection, keys).get(holder, ()) and all(
            row.get(name) is None or str(row[name]) in values for name, values in owners
        )

    def _still_theirs(self, collection: Collection, keys: KeySet, expression: _Expression) -> str:
        holder = self._base(collection).query_by
        row_is_there = f"attribute_exists({expression.name(collection.primary_key[0])})"
        holder_is_theirs = expression.one_of(
            holder, self._wires(collection, holder, selectors(collection, keys)[holder])
        )
        nobody_elses = self._nobody_elses(collection, keys, expression)
        nothing_keeps_it = [
            f"NOT ({expression.name(rule.field)} = {expression.value({'S': rule.equals})})"
            for rule in collection.rights.retain_when
            if rule.field
        ]
        return " AND ".join([row_is_there, holder_is_theirs, *nobody_elses, *nothing_keeps_it])

    def _nobody_elses(self, collection: Collection, keys: KeySet, expression: _Expression) -> list[str]:
        holder = self._base(collection).query_by
        return [
            f"(attribute_not_exists({expression.name(name)}) OR "
            f"{expression.one_of(name, self._wires(collection, name, values))})"
            for name, values in foreign_accounts(collection, keys).items()
            if name != holder
        ]

    def _rows(
        self, collection: Collection, keys: KeySet, after: Cursor | None, fields: list[str]
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        values = self._holder_values(collection, keys)
        place = int(after["value"]) if after else 0
        if place >= len(values):
            return [], None
        expression = _Expression()
        request = self._query(collection, keys, values[place], expression)
        request["ProjectionExpression"] = ", ".join(expression.name(name) for name in dict.fromkeys(fields))
        if after and after["key"]:
            request["ExclusiveStartKey"] = _from_json(after["key"])
        with _speaking():
            answer = self._client.query(**request, **expression.parameters(), Limit=self._page_size)
        rows = [{name: _deserialise(wire) for name, wire in item.items()} for item in answer["Items"]]
        if last := answer.get("LastEvaluatedKey"):
            return rows, {"value": place, "key": _to_json(last)}
        return rows, {"value": place + 1, "key": None} if place + 1 < len(values) else None

    def _count(self, collection: Collection, keys: KeySet) -> int:
        total = 0
        for value in self._holder_values(collection, keys):
            expression = _Expression()
            request = self._query(collection, keys, value, expression)
            with _speaking():
                pages = self._client.get_paginator("query").paginate(
                    **request, **expression.parameters(), Select="COUNT"
                )
                total += sum(page["Count"] for page in pages)
        return total

    def _query(self, collection: Collection, keys: KeySet, value: str, expression: _Expression) -> dict[str, Any]:
        holder = self._base(collection).query_by
        [wire] = self._wires(collection, holder, (value,))
        request: dict[str, Any] = {
            "TableName": self._table(collection),
            "ConsistentRead": True,
            "KeyConditionExpression": f"{expression.name(holder)} = {expression.value(wire)}",
        }
        if conditions := self._nobody_elses(collection, keys, expression):
            request["FilterExpression"] = " AND ".join(conditions)
        return request

    def _holder_values(self, collection: Collection, keys: KeySet) -> tuple[str, ...]:
        return selectors(collection, keys).get(self._base(collection).query_by, ())

    def _look_up(self, collection: Collection, access: DynamoAccess, value: str) -> Iterator[dict[str, Any]]:
        """The rows behind one value. An index may lag: what counts is what the base table says of its rows."""
        expression = _Expression()
        [wire] = self._wires(collection, access.query_by, (value,))
        request: dict[str, Any] = {
            "TableName": self._fill(access.table),
            "KeyConditionExpression": f"{expression.name(access.query_by)} = {expression.value(wire)}",
        }
        request |= {"IndexName": access.index} if access.index else {"ConsistentRead": True}
        with _speaking():
            for page in self._client.get_paginator("query").paginate(**request, **expression.parameters()):
                for item in page["Items"]:
                    row = self._get(collection, access, item) if access.index else item
                    if row.get(access.query_by) == wire:
                        yield {name: _deserialise(part) for name, part in row.items()}

    def _get(self, collection: Collection, access: DynamoAccess, item: Wire) -> Wire:
        key = {name: item[name] for name in collection.primary_key}
        answer = self._client.get_item(TableName=self._fill(access.table), Key=key, ConsistentRead=True)
        found: Wire = answer.get("Item", {})
        return found

    def _base(self, collection: Collection) -> DynamoAccess:
        own = {field.name for field in own_fields(collection)}
        for access in collection.rights.dynamodb:
            if access.index is None and access.query_by in own:
                return access
        msg = f"{self._store.fides_key}.{collection.name}: rows cannot be reached without an index"
        raise DataMapError(msg)

    def _table(self, collection: Collection) -> str:
        return self._fill(self._base(collection).table)

    @staticmethod
    def _wires(collection: Collection, name: str, values: tuple[str, ...]) -> list[Wire]:
        kind = "N" if collection.field(name).fides_meta.data_type in _NUMBERS else "S"
        return [{kind: value} for value in values]


def _planned(collection: Collection, rows: Iterable[dict[str, Any]], today: str) -> ErasurePage:
    return planned(
        collection,
        (
            (row, _to_json({n: _serialise(row[n]) for n in collection.primary_key}), judge(collection, row, today))
            for row in rows
        ),
    )


def _emptying(collection: Collection, expression: _Expression) -> str:
    changes = emptied(collection)
    sets = [f"{expression.name(n)} = {expression.value(_serialise(v))}" for n, v in changes.items() if v is not None]
    removes = [expression.name(name) for name, value in changes.items() if value is None]
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in (("SET", sets), ("REMOVE", removes)) if parts)


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise aws_error(error) from None


def _to_json(wires: Wire) -> dict[str, Any]:
    return {n: {"B": base64.b64encode(bytes(w["B"])).decode()} if "B" in w else dict(w) for n, w in wires.items()}


def _from_json(raw: Mapping[str, Any]) -> Wire:
    return {n: {"B": base64.b64decode(w["B"])} if "B" in w else dict(w) for n, w in raw.items()}
