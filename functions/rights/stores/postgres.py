"""PostgreSQL stores: read as they stream, changed page by page in sets, over one connection per process."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from rights.datamap.model import Collection, Flag, StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Disposition
from rights.errors import DataMapError, StoreRefusedError
from rights.stores.catalogue import Column, column_of, columns_statement
from rights.stores.conflicts import Conflicts
from rights.stores.contract import (
    Corrected,
    Cursor,
    ErasurePage,
    FactTold,
    Lines,
    Page,
    Plain,
    Record,
    Rows,
    Seen,
)
from rights.stores.database import Connection, Database, Held, Pace, Row, execute
from rights.stores.fields import fact_fields, facts_of, fits
from rights.stores.judging import Judging
from rights.stores.package import line_of
from rights.stores.roles import Roles, aws_error
from rights.stores.selection import contact_fields, erasure_order, led_to
from rights.stores.shape import exported_fields, to_record
from rights.stores.sql import Statements, key_of, key_value
from rights.stores.statement import Statement

_IDENTIFIERS_FOLLOWED = 100
_FIELDS_AT_ONCE = 500
_PAGE_BYTES = 4_000_000
"""Where an exported page ends, at the latest: it is in memory when it is written."""


_at_hand: dict[tuple[str, str], Database] = {}


def connect(store: StoreMap, roles: Roles) -> "PostgresConnector":
    """The connector of a store, by the secret and the role that its data map names."""
    place = (store.rights.role_arn, store.rights.secret or "")
    if place not in _at_hand:
        # One connection per process: the servers belong to the mall, and many functions run at once.
        disconnect()
        _at_hand[place] = Database(lambda: _read_secret(store, roles))
    return PostgresConnector(store, _at_hand[place])


def disconnect() -> None:
    """Let go of the connection of this process."""
    while _at_hand:
        _at_hand.popitem()[1].close()


def _read_secret(store: StoreMap, roles: Roles) -> Mapping[str, Any]:
    if store.rights.secret is None:
        msg = f"{store.fides_key}: no secret is named"
        raise DataMapError(msg)
    manager = roles.client("secretsmanager", store.rights.role_arn)
    try:
        text = manager.get_secret_value(SecretId=roles.fill(store.rights.secret))["SecretString"]
        secret = json.loads(text)
        place = {"host": secret["host"], "dbname": secret["dbname"], **secret}
        return place if store.rights.auth == "secret" else place | {"password": _token(store, roles, place)}
    except (ClientError, BotoCoreError) as error:
        raise aws_error(error) from None
    except (KeyError, TypeError, ValueError):
        msg = "the secret is not a connection"
        raise StoreRefusedError(msg) from None


def _token(store: StoreMap, roles: Roles, place: Mapping[str, Any]) -> str:
    """What RDS takes in place of a password for a quarter of an hour: signed here, under the store's role."""
    rds = roles.client("rds", store.rights.role_arn)
    user = place.get("user") or place["username"]
    token: str = rds.generate_db_auth_token(
        DBHostname=place["host"], Port=int(place.get("port", 5432)), DBUsername=user
    )
    return token


class _Going(NamedTuple):
    """A search under way: what it is for, where it stands, and its rows."""

    about: tuple[str, str, KeySet]
    at: Cursor | None
    rows: Any


class PostgresConnector(Plain):
    """One PostgreSQL store of the data map, as a `Connector`."""

    def __init__(
        self, store: StoreMap, database: Database, *, page_size: int = 10_000, pace: Pace | None = None
    ) -> None:
        self._store = store
        self._database = database
        self._pace = pace or Pace(store.rights.rows_per_second)
        self._page_size = self._pace.page(page_size)
        self._columns_of: dict[str, dict[str, Column]] = {}
        self._going: _Going | None = None

    def collections(self) -> list[str]:
        """The collections, children before what they refer to."""
        return erasure_order(self._store)

    def recognise(self, identifier: Identifier) -> bool:
        """Look in every field that may hold a contact of this kind."""
        statements = Statements(self._store, KeySet())
        for collection in self._store.collections:
            fields = [field.name for field in contact_fields(collection, identifier.kind)]
            if fields and self._fetch(statements.recognise(collection, fields, identifier.value))[0]["known"]:
                return True
        return False

    def locate(self, keys: KeySet) -> KeySet:
        """Follow the `one` edges of the rows that carry a key of the set."""
        statements = Statements(self._store, keys)
        found: set[Identifier] = set()
        for collection in self._store.collections:
            statement = statements.locate(collection, _IDENTIFIERS_FOLLOWED + 1)
            rows = self._fetch(statement) if statement else []
            if len(rows) > _IDENTIFIERS_FOLLOWED:
                msg = f"{self._store.fides_key}.{collection.name}: too many identifiers lead on from here"
                raise DataMapError(msg)
            for row in rows:
                found.update(led_to(collection, row, keys))
        return KeySet.of(found)

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """The different values, told apart by the server."""
        if keys.is_consignee_only:
            return set()
        statement = Statements(self._store, keys).values(self._store.collection(collection), field, most)
        return {row["value"] for row in self._fetch(statement)}

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Rows per collection."""
        statements = Statements(self._store, keys)
        return {c.name: self._fetch(statements.count(c))[0]["n"] for c in self._store.collections}

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """The next records by primary key, from a stream that goes on where the page before ended."""
        described = self._store.collection(collection)
        about = ("read", collection, keys)
        going = self._resumed(about, after)
        if going is None:
            columns, statements = self._columns(described), Statements(self._store, keys)
            going = _Exporting(described, keys, columns, statements, self._database, after)
        lines, last = going.page(self._page_size)
        following = None if going.is_over else {"key": last}
        self._going = _Going(about, following, going)
        self._pace.worked(len(lines))
        return Page(Lines(b"".join(lines), len(lines)), following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """What is to happen to the next rows; a row that a kept row refers to is kept with it, on the same ground.

        The keys of the person's rows are found once; a page of them is looked at anew when its turn comes later.
        """
        described = self._store.collection(collection)
        statements, columns = Statements(self._store, keys), self._columns(described)
        about = ("plan", collection, keys)
        held: Held | None = self._resumed(about, after)
        if held is None:
            held = self._database.hold(statements.keys(described, columns, after["key"] if after else None))
        found = held.take(self._page_size)
        given = _rows_in(described, [[key_value(value) for value in column] for column in zip(*found, strict=True)])
        following = None if held.is_over else {"key": [column[-1] for column in given.columns]}
        self._going = _Going(about, following, held)
        page = self._judging(keys, today).page(described, columns, given, is_fresh=held.is_fresh)
        self._pace.worked(len(given))
        return replace(page, next=following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these rows, read in one statement."""
        described = self._store.collection(collection)
        given = _rows_of(described, row_keys)
        page = self._judging(keys, today).page(described, self._columns(described), given)
        return ErasurePage(page.doing(*Disposition), resting=page.resting)

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Erase and anonymise in one transaction, a statement for each."""
        described = self._store.collection(collection)
        statements, columns = Statements(self._store, keys), self._columns(described)
        orders = [statements.erase(described, columns, rows) for rows in page.rows(Disposition.ERASE)]
        orders += [statements.anonymise(described, columns, rows) for rows in page.rows(Disposition.ANONYMISE)]

        def work(connection: Connection) -> None:
            with connection.transaction():
                for order in orders:
                    execute(connection, order)

        self._database.run(work)
        self._pace.worked(page.to_do)

    def conflicts(self, keys: KeySet, today: str) -> list[str]:
        """What the server's own rules would refuse of the erasure (`rights.stores.conflicts`)."""
        order = self.collections()
        columns = {name: self._columns(self._store.collection(name)) for name in order}

        def pages(name: str) -> Iterator[ErasurePage]:
            after: Cursor | None = None
            while True:
                page = self.plan_page(name, keys, after, today)
                yield page
                if (after := page.next) is None:
                    return

        return Conflicts(self._store, Statements(self._store, keys), self._database, columns).found(order, pages)

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Read page by page, each value as the server writes it; an empty field holds nothing to correct."""
        statements = Statements(self._store, keys)
        found: list[Seen] = []
        for described in self._store.collections:
            fields = described.fields_about(subjects)
            names, after = [field.name for field in fields], None
            size = min(self._page_size, _FIELDS_AT_ONCE)
            while names:
                rows = self._fetch(statements.texts(described, names, after, size))
                found += [
                    Seen(described.name, key_of(described, row), field.name, field.rights.correction or "", value)
                    for row in rows
                    for field in fields
                    if (value := row[field.name]) is not None
                ]
                if len(rows) < size:
                    break
                after = list(key_of(described, rows[-1]).values())
        return found

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """One statement; a value that the column or one of its rules refuses is a conflict."""
        described = self._store.collection(collection)
        if not fits(described.field(field), new_value):
            return "conflict"
        statements = Statements(self._store, keys)
        columns, row = self._columns(described), _rows_of(described, [key])
        statement = statements.correct(described, columns, row, field, str(seen_value), new_value)

        def work(connection: Connection) -> bool | None:
            try:
                return execute(connection, statement).rowcount > 0
            except (psycopg.DataError, psycopg.IntegrityError):
                return None

        done = self._database.run(work)
        if done:
            return "corrected"
        is_there = self._fetch(statements.rows(described, columns, described.primary_key, row))
        return "conflict" if done is None or is_there else "gone"

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        """The flags of this collection that stop one of these uses of the data."""
        return self._store.collection(collection).rights.flags_for(purposes)

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        """One statement per flag; a row that carries it already keeps the time since when."""
        described = self._store.collection(collection)
        statements = Statements(self._store, keys)
        orders = [statements.set_flag(described, flag, now) for flag in flags]
        self._database.run(lambda connection: [execute(connection, order) for order in orders])
        return sum(self._flagged(described, keys, flag)[1] for flag in flags)

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        """Counted on the server itself."""
        counts = [self._flagged(self._store.collection(collection), keys, flag) for flag in flags]
        return sum(rows - flagged for rows, flagged in counts)

    def facts(self, keys: KeySet) -> list[FactTold]:
        """What the marked fields tell."""
        statements = Statements(self._store, keys)
        found: list[FactTold] = []
        for described in self._store.collections:
            if names := list(fact_fields(described)):
                for values in self._database.read(statements.ordered(described, names, None)):
                    found += facts_of(described, dict(zip(names, values, strict=True)))
        return found

    def rest(self) -> None:
        """End the search that is under way; the connection stays for the next call."""
        self._going = None
        self._database.rest()

    def _flagged(self, collection: Collection, keys: KeySet, flag: Flag) -> tuple[int, int]:
        [counts] = self._fetch(Statements(self._store, keys).count_flagged(collection, flag))
        return int(counts["n"]), int(counts["flagged"])

    def _resumed(self, about: tuple[str, str, KeySet], after: Cursor | None) -> Any:
        """The rows of the search that stands just there, if it is still under way."""
        # Only a page that came to its end leaves a search that can go on.
        going, self._going = self._going, None
        if going is None or after is None or (going.about, going.at) != (about, after):
            return None
        return going.rows if self._database.has(getattr(going.rows, "reading", going.rows)) else None

    def _judging(self, keys: KeySet, today: str) -> Judging:
        return Judging(self._store, Statements(self._store, keys), self._database, today)

    def _columns(self, collection: Collection) -> Mapping[str, Column]:
        """The columns of a table as the server has them; a table or key that it lacks does not fit the map."""
        if not self._columns_of:
            names = [one.name for one in self._store.collections]
            for row in self._fetch(columns_statement(names)):
                self._columns_of.setdefault(row["collection"], {})[row["name"]] = column_of(row)
        columns = self._columns_of.get(collection.name, {})
        if not columns or not set(collection.primary_key) <= set(columns):
            msg = f"{self._store.fides_key}.{collection.name}: the store has no such table, or another primary key"
            raise StoreRefusedError(msg)
        return columns

    def _fetch(self, statement: Statement) -> list[Row]:
        return self._database.fetch(statement)


class _Exporting:
    """The export of one collection under way: lines that the server writes, or records made of rows where it cannot."""

    def __init__(  # noqa: PLR0917 - what is read, for whom, and from where
        self,
        collection: Collection,
        keys: KeySet,
        columns: Mapping[str, Column],
        statements: Statements,
        database: Database,
        after: Cursor | None,
    ) -> None:
        self._collection = collection
        self._keys = keys
        fields, place = exported_fields(collection), after["key"] if after else None
        self._names = [*dict.fromkeys([*collection.primary_key, *fields])]
        written = statements.lines(collection, columns, fields, place)
        self._is_written = written is not None
        statement = written or statements.ordered(collection, self._names, place)
        self.reading = database.read(statement, binary=self._is_written)

    @property
    def is_over(self) -> bool:
        """Whether that was the last page."""
        return self.reading.is_over

    def page(self, most: int) -> tuple[list[bytes], list[Any]]:
        """The lines of the next page, and the key of its last row."""
        lines: list[bytes] = []
        size = 0
        last: tuple[Any, ...] = ()
        for row in self.reading:
            lines.append(row[0] + b"\n" if self._is_written else line_of(self._record(row)))
            size, last = size + len(lines[-1]), row
            if len(lines) >= most or size >= _PAGE_BYTES:
                break
        key = last[1:] if self._is_written else last[: len(self._collection.primary_key)]
        return lines, [key_value(value) for value in key]

    def _record(self, row: tuple[Any, ...]) -> Record:
        return to_record(self._collection, dict(zip(self._names, row, strict=True)), self._keys)


def _rows_of(collection: Collection, row_keys: Sequence[Mapping[str, Any]]) -> Rows:
    return _rows_in(collection, [[key[name] for key in row_keys] for name in collection.primary_key])


def _rows_in(collection: Collection, columns: list[list[Any]]) -> Rows:
    """Rows of which it is not known yet what is to happen to them."""
    return Rows(collection.primary_key, columns or [[]], Disposition.RETAIN)
