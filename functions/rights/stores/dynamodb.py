"""DynamoDB stores. Rows are read, counted and changed on the base table, consistently; indexes only look people up."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from rights.datamap.model import Collection, DynamoAccess, Flag, StoreMap
from rights.domain.identity import Identifier, Identifies, KeySet
from rights.domain.work import Disposition
from rights.errors import DataMapError
from rights.stores.contract import Change, Corrected, Cursor, ErasurePage, FactTold, Page, Plain, Seen
from rights.stores.dynamodb_conditions import may_change, nobody_elses, still_theirs
from rights.stores.dynamodb_writes import Pace, change, each
from rights.stores.fields import fact_fields, facts_of, fits, flag_is_set, values_at
from rights.stores.nested import emptyings
from rights.stores.roles import Roles, speaking
from rights.stores.rules import judge, planned, rule_fields
from rights.stores.selection import (
    contact_fields,
    erasure_order,
    foreign_accounts,
    led_to,
    own_fields,
    selectors,
    values_of,
)
from rights.stores.shape import exported_fields, to_json, to_record
from rights.stores.wire import (
    Expression,
    Wire,
    from_wire_json,
    key_of,
    plain,
    serialise,
    to_wire_json,
    wires_of,
)

_READERS = 8

_WRITES = 4000
"""Items that a page of an erasure has at most. Whatever is read, the service itself ends a page at 1 MB."""

_SECONDS_A_PAGE = 20
"""A page of writes under a limit is no longer than this, or a little longer where items take several units."""


def connect(store: StoreMap, roles: Roles) -> "DynamoConnector":
    """The connector of a store, under the role that its data map names."""
    return DynamoConnector(store, roles.client("dynamodb", store.rights.role_arn), roles.fill)


class DynamoConnector(Plain):
    """One DynamoDB store of the data map, as a `Connector`."""

    def __init__(
        self, store: StoreMap, client: Any, fill: Callable[[str], str] = str, *, page_size: int | None = None
    ) -> None:
        self._store = store
        self._client = client
        self._fill = fill
        self._page_size = page_size
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()

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
                field = collection.field(access.query_by)
                if field.rights.identifies is not Identifies.ONE:
                    continue
                for value in values_of(field, keys):
                    for row in self._look_up(collection, access, value):
                        found.update(led_to(collection, row, keys))
        return KeySet.of(found)

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """The different values, read row by row on the base table until there are enough."""
        if keys.is_consignee_only:
            return set()
        found: set[str] = set()
        path = field.split(".")
        for row in self._all_rows(self._store.collection(collection), keys, [path[0]]):
            for value in values_at(row, path):
                if len(found) < most:
                    found.add(str(value))
            if len(found) >= most:
                break
        return found

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
        rows, following = self._rows(described, keys, after, wanted, self._writes_a_page(described))
        return replace(_planned(described, rows, today), next=following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these rows, each read by its key; several at a time."""
        described = self._store.collection(collection)

        def read(key: Mapping[str, Any]) -> dict[str, Any]:
            return self._row(described, key)

        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(read, row_keys))
        return _planned(described, [row for row in found if self._is_theirs(described, keys, row)], today)

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Change item by item, since only single writes are conditional at no cost to the shop; several at a time."""
        described = self._store.collection(collection)
        for disposition in (Disposition.ERASE, Disposition.ANONYMISE):
            if changes := page.doing(disposition):
                self._apply(described, keys, disposition, changes)

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Read row by row on the base table; a field without a value holds nothing to correct."""
        return [
            Seen(described.name, key_of(described, row), field.name, field.rights.correction or "", to_json(value))
            for described in self._store.collections
            if (fields := described.fields_about(subjects))
            for row in self._all_rows(described, keys, [field.name for field in fields])
            for field in fields
            if (value := row.get(field.name)) is not None
        ]

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """One conditional write; what it refuses is looked at to tell a conflict from a row that is gone."""
        described = self._store.collection(collection)
        if not self._holder_values(described, keys):
            return "gone"
        if not fits(described.field(field), new_value):
            return "conflict"
        expression = Expression()
        name = expression.name(field)
        new, seen = (expression.value(w) for w in wires_of(described, field, (new_value, str(seen_value))))
        conditions = [
            *still_theirs(self._holder(described), described, keys, expression, key),
            f"{name} IN ({new}, {seen})",
        ]
        text = f"SET {name} = {new}"
        if self._change(
            self._client.update_item, described, from_wire_json(key), conditions, expression, UpdateExpression=text
        ):
            return "corrected"
        return "conflict" if self._is_theirs(described, keys, self._row(described, key)) else "gone"

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        """The flags of this collection that stop one of these uses of the data."""
        return self._store.collection(collection).rights.flags_for(purposes)

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        """Item by item; an item that is flagged already keeps the time since when."""
        described = self._store.collection(collection)
        for flag in flags:
            for row in self._flag_rows(described, keys, flag):
                self._set_flag(described, keys, flag, row, now)
        return sum(flag_is_set(flag, row) for flag in flags for row in self._flag_rows(described, keys, flag))

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        """Read on the base table; an item that carries a flag and is missing lacks it."""
        described = self._store.collection(collection)
        return sum(not flag_is_set(flag, row) for flag in flags for row in self._flag_rows(described, keys, flag))

    def facts(self, keys: KeySet) -> list[FactTold]:
        """What the marked fields tell, read on the base table."""
        return [
            fact
            for described in self._store.collections
            if (fields := fact_fields(described))
            for row in self._all_rows(described, keys, fields)
            for fact in facts_of(described, row)
        ]

    def _flag_rows(self, collection: Collection, keys: KeySet, flag: Flag) -> Iterator[dict[str, Any]]:
        """The items a flag belongs on: one per account, there or not, or all of the person's."""
        if flag.row is None:
            yield from self._all_rows(collection, keys, [*flag.set, flag.stamp])
            return
        holder = self._holder(collection)
        for value in self._holder_values(collection, keys):
            [wire] = wires_of(collection, holder, (value,))
            key = {holder: wire, self._sort_key(collection): {"S": flag.row}}
            yield plain(key) | self._row(collection, to_wire_json(key))

    def _set_flag(self, collection: Collection, keys: KeySet, flag: Flag, row: Mapping[str, Any], now: str) -> None:
        if flag_is_set(flag, row):
            return
        expression = Expression()
        sets = {expression.name(name): expression.value(serialise(value)) for name, value in flag.set.items()}
        not_yet = f"NOT ({' AND '.join(f'{name} = {value}' for name, value in sets.items())})"
        stamped = f"{expression.name(flag.stamp)} = {expression.value({'S': now})}"
        text = "SET " + ", ".join([*(f"{name} = {value}" for name, value in sets.items()), stamped])
        # An item that carries one flag is made where it is missing: its key is the person's own account.
        named = key_of(collection, row)
        theirs = [] if flag.row else still_theirs(self._holder(collection), collection, keys, expression, named)
        key = from_wire_json(named)
        self._change(self._client.update_item, collection, key, [*theirs, not_yet], expression, UpdateExpression=text)

    def _apply(self, collection: Collection, keys: KeySet, disposition: Disposition, changes: Sequence[Change]) -> None:
        """What is gone, or no longer theirs to change, stays: reading back decides."""

        def erase(one: Change) -> None:
            expression = Expression()
            conditions = may_change(self._holder(collection), collection, keys, expression, one.key)
            self._change(self._client.delete_item, collection, from_wire_json(one.key), conditions, expression)

        def anonymise(one: Change) -> None:
            key = from_wire_json(one.key)
            for expression, text, as_read in emptyings(collection, lambda: self._row(collection, one.key)):
                conditions = [*may_change(self._holder(collection), collection, keys, expression, one.key), *as_read]
                self._change(self._client.update_item, collection, key, conditions, expression, UpdateExpression=text)

        each(erase if disposition is Disposition.ERASE else anonymise, changes)

    def _change(
        self,
        call: Callable[..., Any],
        collection: Collection,
        key: Wire,
        conditions: Sequence[str],
        expression: Expression,
        **more: str,
    ) -> bool:
        """Tell whether the item was as the conditions want it, and is now changed."""
        request = {"TableName": self._table(collection), "Key": key, "ConditionExpression": " AND ".join(conditions)}
        return change(call, request | more | expression.parameters(), self._pace(collection))

    def _pace(self, collection: Collection) -> Pace:
        access = self._base(collection)
        with self._lock:
            return self._paces.setdefault(access.table, Pace(access.write_units))

    def _holder(self, collection: Collection) -> str:
        return self._base(collection).query_by

    def _is_theirs(self, collection: Collection, keys: KeySet, row: Mapping[str, Any]) -> bool:
        holder = self._holder(collection)
        owners = foreign_accounts(collection, keys).items()
        begins = self._base(collection).item_prefix
        return (
            str(row.get(holder)) in selectors(collection, keys).get(holder, ())
            and (begins is None or str(row.get(self._sort_key(collection), "")).startswith(begins))
            and all(row.get(name) is None or str(row[name]) in values for name, values in owners)
        )

    def _rows(
        self, collection: Collection, keys: KeySet, after: Cursor | None, fields: list[str], limit: int | None = None
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        values = self._holder_values(collection, keys)
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

    def _writes_a_page(self, collection: Collection) -> int:
        units, most = self._base(collection).write_units, self._page_size or _WRITES
        return most if units is None else max(1, min(most, int(units * _SECONDS_A_PAGE)))

    def _all_rows(self, collection: Collection, keys: KeySet, fields: list[str]) -> Iterator[dict[str, Any]]:
        after: Cursor | None = None
        while True:
            rows, after = self._rows(collection, keys, after, [*collection.primary_key, *fields])
            yield from rows
            if after is None:
                return

    def _row(self, collection: Collection, key: Mapping[str, Any]) -> dict[str, Any]:
        """One row by its key; empty where there is none."""
        with speaking():
            return plain(self._get(collection, self._base(collection), from_wire_json(key)))

    def _count(self, collection: Collection, keys: KeySet) -> int:
        total = 0
        for value in self._holder_values(collection, keys):
            expression = Expression()
            request = self._query(collection, keys, value, expression)
            with speaking():
                pages = self._client.get_paginator("query").paginate(
                    **request, **expression.parameters(), Select="COUNT"
                )
                total += sum(page["Count"] for page in pages)
        return total

    def _query(self, collection: Collection, keys: KeySet, value: str, expression: Expression) -> dict[str, Any]:
        access = self._base(collection)
        [wire] = wires_of(collection, access.query_by, (value,))
        of_the_key = f"{expression.name(access.query_by)} = {expression.value(wire)}"
        if access.item_prefix is not None:
            sort, begins = expression.name(self._sort_key(collection)), expression.value({"S": access.item_prefix})
            of_the_key += f" AND begins_with({sort}, {begins})"
        request: dict[str, Any] = {
            "TableName": self._table(collection),
            "ConsistentRead": True,
            "KeyConditionExpression": of_the_key,
        }
        if conditions := nobody_elses(self._holder(collection), collection, keys, expression):
            request["FilterExpression"] = " AND ".join(conditions)
        return request

    def _holder_values(self, collection: Collection, keys: KeySet) -> tuple[str, ...]:
        return selectors(collection, keys).get(self._holder(collection), ())

    def _look_up(self, collection: Collection, access: DynamoAccess, value: str) -> Iterator[dict[str, Any]]:
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

    def _sort_key(self, collection: Collection) -> str:
        holder = self._holder(collection)
        return next(name for name in collection.primary_key if name != holder)

    def _table(self, collection: Collection) -> str:
        return self._fill(self._base(collection).table)


def _planned(collection: Collection, rows: Iterable[dict[str, Any]], today: str) -> ErasurePage:
    return planned(
        collection,
        ((row, key_of(collection, row), judge(collection, row, today)) for row in rows),
    )
