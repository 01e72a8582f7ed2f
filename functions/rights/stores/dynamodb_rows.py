"""The rows of a DynamoDB store as they are read: a person's on the base table, consistently; indexes only look up."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rights.datamap.model import Collection, DynamoAccess, StoreMap
from rights.domain.identity import KeySet
from rights.errors import DataMapError
from rights.stores.contract import Cursor
from rights.stores.dynamodb_conditions import nobody_elses
from rights.stores.roles import speaking
from rights.stores.selection import foreign_accounts, own_fields, selectors
from rights.stores.wire import Expression, Wire, from_wire_json, plain, to_wire_json, wires_of


class DynamoRows:
    """The rows of one store. A table is asked by its holder: the attribute that tells whose an item is."""

    def __init__(self, store: StoreMap, client: Any, fill: Callable[[str], str], page_size: int | None) -> None:
        self._store = store
        self._client = client
        self._fill = fill
        self._page_size = page_size

    def page(
        self, collection: Collection, keys: KeySet, after: Cursor | None, fields: list[str], limit: int | None = None
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        """One query's worth of rows, with these fields, and where the next page starts (`None` after the last)."""
        values = self.holder_values(collection, keys)
        place = int(after["value"]) if after else 0
        if place >= len(values):
            return [], None
        expression = Expression()
        request = self._query(collection, keys, values[place], expression)
        request["ProjectionExpression"] = ", ".join(expression.name(name) for name in dict.fromkeys(fields))
        if after and after["key"]:
            request["ExclusiveStartKey"] = from_wire_json(after["key"])
        if limit := limit or self._page_size:
            request["Limit"] = limit
        with speaking():
            answer = self._client.query(**request, **expression.parameters())
        rows = [plain(item) for item in answer["Items"]]
        if last := answer.get("LastEvaluatedKey"):
            return rows, {"value": place, "key": to_wire_json(last)}
        return rows, {"value": place + 1, "key": None} if place + 1 < len(values) else None

    def all(self, collection: Collection, keys: KeySet, fields: list[str]) -> Iterator[dict[str, Any]]:
        """Every row of the person, with these fields besides its key."""
        after: Cursor | None = None
        while True:
            rows, after = self.page(collection, keys, after, [*collection.primary_key, *fields])
            yield from rows
            if after is None:
                return

    def one(self, collection: Collection, key: Mapping[str, Any]) -> dict[str, Any]:
        """One row by its key; empty where there is none."""
        with speaking():
            return plain(self._get(collection, self.base(collection), from_wire_json(key)))

    def count(self, collection: Collection, keys: KeySet) -> int:
        """How many rows the person has."""
        total = 0
        for value in self.holder_values(collection, keys):
            expression = Expression()
            request = self._query(collection, keys, value, expression)
            with speaking():
                pages = self._client.get_paginator("query").paginate(
                    **request, **expression.parameters(), Select="COUNT"
                )
                total += sum(page["Count"] for page in pages)
        return total

    def look_up(self, collection: Collection, access: DynamoAccess, value: str) -> Iterator[dict[str, Any]]:
        """The rows behind one value. An index may lag: what counts is what the base table says of its rows."""
        expression = Expression()
        [wire] = wires_of(collection, access.query_by, (value,))
        request: dict[str, Any] = {
            "TableName": self._fill(access.table),
            "KeyConditionExpression": f"{expression.name(access.query_by)} = {expression.value(wire)}",
        }
        request |= {"IndexName": access.index} if access.index else {"ConsistentRead": True}
        with speaking():
            for page in self._client.get_paginator("query").paginate(**request, **expression.parameters()):
                for item in page["Items"]:
                    row = self._get(collection, access, item) if access.index else item
                    if row.get(access.query_by) == wire:
                        yield plain(row)

    def is_theirs(self, collection: Collection, keys: KeySet, row: Mapping[str, Any]) -> bool:
        """True for a row that is there, and the person's."""
        holder = self.holder(collection)
        owners = foreign_accounts(collection, keys).items()
        begins = self.base(collection).item_prefix
        return (
            str(row.get(holder)) in selectors(collection, keys).get(holder, ())
            and (begins is None or str(row.get(self.sort_key(collection), "")).startswith(begins))
            and all(row.get(name) is None or str(row[name]) in values for name, values in owners)
        )

    def holder(self, collection: Collection) -> str:
        """The attribute by which the table is asked."""
        return self.base(collection).query_by

    def holder_values(self, collection: Collection, keys: KeySet) -> tuple[str, ...]:
        """What the holder says in the person's rows."""
        return selectors(collection, keys).get(self.holder(collection), ())

    def sort_key(self, collection: Collection) -> str:
        """The other attribute of the key."""
        holder = self.holder(collection)
        return next(name for name in collection.primary_key if name != holder)

    def table(self, collection: Collection) -> str:
        """The name of the table."""
        return self._fill(self.base(collection).table)

    def base(self, collection: Collection) -> DynamoAccess:
        """How the base table is reached; DataMapError where only an index leads to somebody's rows."""
        own = {field.name for field in own_fields(collection)}
        for access in collection.rights.dynamodb:
            if access.index is None and access.query_by in own:
                return access
        msg = f"{self._store.fides_key}.{collection.name}: rows cannot be reached without an index"
        raise DataMapError(msg)

    def _query(self, collection: Collection, keys: KeySet, value: str, expression: Expression) -> dict[str, Any]:
        access = self.base(collection)
        [wire] = wires_of(collection, access.query_by, (value,))
        of_the_key = f"{expression.name(access.query_by)} = {expression.value(wire)}"
        if access.item_prefix is not None:
            sort, begins = expression.name(self.sort_key(collection)), expression.value({"S": access.item_prefix})
            of_the_key += f" AND begins_with({sort}, {begins})"
        request: dict[str, Any] = {
            "TableName": self.table(collection),
            "ConsistentRead": True,
            "KeyConditionExpression": of_the_key,
        }
        if conditions := nobody_elses(self.holder(collection), collection, keys, expression):
            request["FilterExpression"] = " AND ".join(conditions)
        return request

    def _get(self, collection: Collection, access: DynamoAccess, item: Wire) -> Wire:
        key = {name: item[name] for name in collection.primary_key}
        answer = self._client.get_item(TableName=self._fill(access.table), Key=key, ConsistentRead=True)
        found: Wire = answer.get("Item", {})
        return found
