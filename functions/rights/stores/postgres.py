"""PostgreSQL stores: pages by primary key, changes in sets, one connection per process."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.rows import dict_row

from rights.datamap.model import Collection, Flag, StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Disposition, Kept
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.contract import Corrected, Cursor, ErasurePage, FactTold, Page, Plain, Seen
from rights.stores.fields import fact_fields, facts_of, fits
from rights.stores.roles import Roles, aws_error
from rights.stores.rules import Judgement, judge, planned, rule_fields
from rights.stores.selection import contact_fields, erasure_order, led_to
from rights.stores.shape import exported_fields, to_record
from rights.stores.sql import Statement, Statements, key_of

T = TypeVar("T")
Row = dict[str, Any]
Connection = psycopg.Connection[Row]

_IDENTIFIERS_FOLLOWED = 100
_LIMITS = (
    "-c statement_timeout=60s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s "
    "-c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8"
)


class Database:
    """One connection to one server: made when first needed, and made anew when it broke."""

    def __init__(self, secret: Callable[[], Mapping[str, Any]]) -> None:
        self._secret = secret
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do repeatable work; once more if the connection turns out to be dead.

        What psycopg says may quote the row it was about: only the SQLSTATE gets out.
        """
        for is_last in (False, True):
            fresh = self._connection is None
            try:
                return work(self._connected())
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if is_last or fresh or not self._is_dead():
                    raise StoreUnavailableError(_said(error)) from None
                self.close()
            except psycopg.Error as error:
                raise StoreRefusedError(_said(error)) from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _is_dead(self) -> bool:
        return self._connection is None or self._connection.closed

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = _open(self._secret())
        return self._connection


def _open(secret: Mapping[str, Any]) -> Connection:
    certificate = {"sslrootcert": secret["sslrootcert"]} if "sslrootcert" in secret else {}
    return psycopg.connect(
        host=secret["host"],
        port=secret.get("port", 5432),
        dbname=secret["dbname"],
        user=secret.get("user") or secret.get("username"),
        password=secret.get("password"),
        sslmode=secret.get("sslmode", "verify-full"),
        **certificate,
        application_name="data-rights",
        connect_timeout=5,
        keepalives_idle=30,
        options=_LIMITS,
        autocommit=True,
        prepare_threshold=None,
        row_factory=dict_row,
    )


def _said(error: psycopg.Error) -> str:
    return f"{type(error).__name__} {error.sqlstate or ''}".rstrip()


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
        return {"host": secret["host"], "dbname": secret["dbname"], **secret}
    except (ClientError, BotoCoreError) as error:
        raise aws_error(error) from None
    except (KeyError, TypeError, ValueError):
        msg = "the secret is not a connection"
        raise StoreRefusedError(msg) from None


class PostgresConnector(Plain):
    """One PostgreSQL store of the data map, as a `Connector`."""

    def __init__(self, store: StoreMap, database: Database, *, page_size: int = 200) -> None:
        self._store = store
        self._database = database
        self._page_size = page_size

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
        """The next records by primary key."""
        described = self._store.collection(collection)
        fields = [*described.primary_key, *exported_fields(described)]
        rows, following = self._rows(described, keys, after, fields)
        return Page([to_record(described, row, keys) for row in rows], following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """What is to happen to the next rows; a row that a kept row refers to is kept with it, on the same ground."""
        described = self._store.collection(collection)
        fields = [*described.primary_key, *rule_fields(described)]
        rows, following = self._rows(described, keys, after, fields)
        return replace(self._planned(described, keys, rows, today), next=following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these rows, read in one statement."""
        described = self._store.collection(collection)
        fields = [*described.primary_key, *rule_fields(described)]
        rows = self._fetch(Statements(self._store, keys).rows(described, fields, row_keys)) if row_keys else []
        return self._planned(described, keys, rows, today)

    def _planned(self, collection: Collection, keys: KeySet, rows: list[Row], today: str) -> ErasurePage:
        judged = [(row, judge(collection, row, today)) for row in rows]
        going = [row for row, judgement in judged if judgement.disposition is Disposition.ERASE]
        needed = self._needed(collection, keys, going, today)

        def verdict(row: Row, judgement: Judgement) -> Judgement:
            kept = needed.get(_text(key_of(collection, row)))
            return Judgement(Disposition.RETAIN, kept) if kept else judgement

        return planned(collection, ((row, key_of(collection, row), verdict(row, j)) for row, j in judged))

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Erase and anonymise in one transaction, in two statements."""
        described = self._store.collection(collection)
        statements = Statements(self._store, keys)
        erase = [change.key for change in page.doing(Disposition.ERASE)]
        anonymise = [change.key for change in page.doing(Disposition.ANONYMISE)]

        def work(connection: Connection) -> None:
            with connection.transaction():
                if erase:
                    _execute(connection, statements.erase(described, erase))
                if anonymise:
                    _execute(connection, statements.anonymise(described, anonymise))

        self._database.run(work)

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Read page by page, each value as the server writes it; an empty field holds nothing to correct."""
        statements = Statements(self._store, keys)
        found: list[Seen] = []
        for described in self._store.collections:
            fields = described.fields_about(subjects)
            names, after = [field.name for field in fields], None
            while names:
                rows = self._fetch(statements.texts(described, names, after, self._page_size))
                found += [
                    Seen(described.name, key_of(described, row), field.name, field.rights.correction or "", value)
                    for row in rows
                    for field in fields
                    if (value := row[field.name]) is not None
                ]
                if len(rows) < self._page_size:
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
        statement = statements.correct(described, key, field, str(seen_value), new_value)

        def work(connection: Connection) -> bool | None:
            try:
                return _execute(connection, statement).rowcount > 0
            except (psycopg.DataError, psycopg.IntegrityError):
                return None

        done = self._database.run(work)
        if done:
            return "corrected"
        is_there = self._fetch(statements.rows(described, described.primary_key, [key]))
        return "conflict" if done is None or is_there else "gone"

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        """The flags of this collection that stop one of these uses of the data."""
        return self._store.collection(collection).rights.flags_for(purposes)

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        """One statement per flag; a row that carries it already keeps the time since when."""
        described = self._store.collection(collection)
        statements = Statements(self._store, keys)
        orders = [statements.set_flag(described, flag, now) for flag in flags]
        self._database.run(lambda connection: [_execute(connection, order) for order in orders])
        return sum(self._flagged(described, keys, flag)[1] for flag in flags)

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        """Counted on the server itself."""
        counts = [self._flagged(self._store.collection(collection), keys, flag) for flag in flags]
        return sum(rows - flagged for rows, flagged in counts)

    def facts(self, keys: KeySet) -> list[FactTold]:
        """What the marked fields tell."""
        found: list[FactTold] = []
        for described in self._store.collections:
            names, after = [*described.primary_key, *fact_fields(described)], None
            while fact_fields(described):
                rows, after = self._rows(described, keys, after, names)
                found += [fact for row in rows for fact in facts_of(described, row)]
                if after is None:
                    break
        return found

    def _flagged(self, collection: Collection, keys: KeySet, flag: Flag) -> tuple[int, int]:
        [counts] = self._fetch(Statements(self._store, keys).count_flagged(collection, flag))
        return int(counts["n"]), int(counts["flagged"])

    def _rows(
        self, collection: Collection, keys: KeySet, after: Cursor | None, fields: Iterable[str]
    ) -> tuple[list[Row], Cursor | None]:
        statements = Statements(self._store, keys)
        rows = self._fetch(statements.page(collection, fields, after["key"] if after else None, self._page_size + 1))
        if len(rows) <= self._page_size:
            return rows, None
        del rows[self._page_size :]
        return rows, {"key": list(key_of(collection, rows[-1]).values())}

    def _needed(self, parent: Collection, keys: KeySet, rows: list[Row], today: str) -> dict[str, Kept]:
        """For rows that would be erased and that a kept row still refers to: on what ground that one is kept."""
        statements = Statements(self._store, keys)
        needed: dict[str, Kept] = {}
        for link in statements.links_to(parent):
            child = self._store.collection(link.child)
            by_value = {str(row[link.parent_field]): row for row in rows if row.get(link.parent_field) is not None}
            if not by_value:
                continue
            wanted = [*child.primary_key, *rule_fields(child)]
            held = self._fetch(statements.children(link, child, wanted, list(by_value)))
            kept_below = self._needed(child, keys, held, today) if held else {}
            for row in held:
                kept = judge(child, row, today).kept or kept_below.get(_text(key_of(child, row)))
                name = _text(key_of(parent, by_value[str(row[link.child_field])]))
                if kept and (name not in needed or needed[name].until < kept.until):
                    needed[name] = kept
        return needed

    def _fetch(self, statement: Statement) -> list[Row]:
        return self._database.run(lambda connection: _execute(connection, statement).fetchall())


def _execute(connection: Connection, statement: Statement) -> psycopg.Cursor[Row]:
    return connection.execute(statement.text, statement.parameters)


def _text(key: Mapping[str, Any]) -> str:
    return json.dumps(key)
