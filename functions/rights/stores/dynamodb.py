"""DynamoDB stores. Rows are read, counted and changed on the base table, consistently; indexes only look people up."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from rights.datamap.model import Collection, Flag, StoreMap
from rights.domain.identity import Identifier, Identifies, KeySet, Kind, hash_of
from rights.domain.work import Disposition
from rights.stores.contract import Change, Corrected, Cursor, ErasurePage, FactTold, Page, Plain, Seen
from rights.stores.dynamodb_conditions import may_change, still_theirs
from rights.stores.dynamodb_rows import DynamoRows
from rights.stores.dynamodb_writes import Pace, change, each
from rights.stores.fields import fact_fields, facts_of, fits, flag_is_set, values_at
from rights.stores.nested import emptyings
from rights.stores.roles import Roles
from rights.stores.rules import judge, planned, rule_fields
from rights.stores.selection import contact_fields, erasure_order, led_to, own_fields, values_of
from rights.stores.shape import exported_fields, to_json, to_record
from rights.stores.wire import Expression, Wire, from_wire_json, key_of, plain, serialise, to_wire_json, wires_of

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
        self._rows = DynamoRows(store, client, fill, page_size)
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
                if access.query_by in names and any(self._rows.look_up(collection, access, identifier.value)):
                    return True
        return False

    def unhash(self, kind: Kind, form: str, digest: str) -> set[str]:
        """Look the hash up by its index; what counts is the hash of what the row on the base table holds."""
        found: set[str] = set()
        for collection in self._store.collections:
            hashes = {field.name: field for field in collection.hashes_of(kind, form)}
            for access in collection.rights.dynamodb:
                if (field := hashes.get(access.query_by)) is None or field.rights.hash_of is None:
                    continue
                values = (row.get(field.rights.hash_of.field) for row in self._rows.look_up(collection, access, digest))
                found.update(str(value) for value in values if value and hash_of(str(value), form) == digest)
        return found

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
                    for row in self._rows.look_up(collection, access, value):
                        found.update(led_to(collection, row, keys))
        return KeySet.of(found)

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """The different values, read row by row on the base table until there are enough."""
        if keys.is_consignee_only:
            return set()
        found: set[str] = set()
        path = field.split(".")
        for row in self._rows.all(self._store.collection(collection), keys, [path[0]]):
            for value in values_at(row, path):
                if len(found) < most:
                    found.add(str(value))
            if len(found) >= most:
                break
        return found

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Rows per collection, counted on the base table."""
        return {collection.name: self._rows.count(collection, keys) for collection in self._store.collections}

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """One query's worth of records."""
        described = self._store.collection(collection)
        rows, following = self._rows.page(described, keys, after, exported_fields(described))
        return Page([to_record(described, row, keys) for row in rows], following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """One query's worth of what is to happen."""
        described = self._store.collection(collection)
        wanted = [*described.primary_key, *rule_fields(described)]
        rows, following = self._rows.page(described, keys, after, wanted, self._writes_a_page(described))
        return replace(_planned(described, rows, today), next=following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these rows, each read by its key; several at a time."""
        described = self._store.collection(collection)

        def read(key: Mapping[str, Any]) -> dict[str, Any]:
            return self._rows.one(described, key)

        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(read, row_keys))
        return _planned(described, [row for row in found if self._rows.is_theirs(described, keys, row)], today)

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
            for row in self._rows.all(described, keys, [field.name for field in fields])
            for field in fields
            if (value := row.get(field.name)) is not None
        ]

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """One conditional write; what it refuses is looked at to tell a conflict from a row that is gone."""
        described = self._store.collection(collection)
        if not self._rows.holder_values(described, keys):
            return "gone"
        if not fits(described.field(field), new_value):
            return "conflict"
        expression = Expression()
        name = expression.name(field)
        new, seen = (expression.value(w) for w in wires_of(described, field, (new_value, str(seen_value))))
        conditions = [
            *still_theirs(self._rows.holder(described), described, keys, expression, key),
            f"{name} IN ({new}, {seen})",
        ]
        text = f"SET {name} = {new}"
        if self._change(
            self._client.update_item, described, from_wire_json(key), conditions, expression, UpdateExpression=text
        ):
            return "corrected"
        return "conflict" if self._rows.is_theirs(described, keys, self._rows.one(described, key)) else "gone"

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
            for row in self._rows.all(described, keys, fields)
            for fact in facts_of(described, row)
        ]

    def _flag_rows(self, collection: Collection, keys: KeySet, flag: Flag) -> Iterator[dict[str, Any]]:
        """The items a flag belongs on: one per account, there or not, or all of the person's."""
        if flag.row is None:
            yield from self._rows.all(collection, keys, [*flag.set, flag.stamp])
            return
        holder = self._rows.holder(collection)
        for value in self._rows.holder_values(collection, keys):
            [wire] = wires_of(collection, holder, (value,))
            key = {holder: wire, self._rows.sort_key(collection): {"S": flag.row}}
            yield plain(key) | self._rows.one(collection, to_wire_json(key))

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
        theirs = [] if flag.row else still_theirs(self._rows.holder(collection), collection, keys, expression, named)
        key = from_wire_json(named)
        self._change(self._client.update_item, collection, key, [*theirs, not_yet], expression, UpdateExpression=text)

    def _apply(self, collection: Collection, keys: KeySet, disposition: Disposition, changes: Sequence[Change]) -> None:
        """What is gone, or no longer theirs to change, stays: reading back decides."""

        def erase(one: Change) -> None:
            expression = Expression()
            conditions = may_change(self._rows.holder(collection), collection, keys, expression, one.key)
            self._change(self._client.delete_item, collection, from_wire_json(one.key), conditions, expression)

        def anonymise(one: Change) -> None:
            key = from_wire_json(one.key)
            for expression, text, as_read in emptyings(collection, lambda: self._rows.one(collection, one.key)):
                theirs = may_change(self._rows.holder(collection), collection, keys, expression, one.key)
                conditions = [*theirs, *as_read]
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
        table, condition = self._rows.table(collection), " AND ".join(conditions)
        request = {"TableName": table, "Key": key, "ConditionExpression": condition}
        return change(call, request | more | expression.parameters(), self._pace(collection))

    def _pace(self, collection: Collection) -> Pace:
        access = self._rows.base(collection)
        with self._lock:
            return self._paces.setdefault(access.table, Pace(access.write_units))

    def _writes_a_page(self, collection: Collection) -> int:
        units, most = self._rows.base(collection).write_units, self._page_size or _WRITES
        return most if units is None else max(1, min(most, int(units * _SECONDS_A_PAGE)))


def _planned(collection: Collection, rows: Iterable[dict[str, Any]], today: str) -> ErasurePage:
    return planned(
        collection,
        ((row, key_of(collection, row), judge(collection, row, today)) for row in rows),
    )
