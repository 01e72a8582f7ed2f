"""One connection to one PostgreSQL server: made when first needed, within limits, and made anew when it broke.

What is read at length is searched and sorted once for all of its pages, and never held here. `Reading` streams rows
through the connection, which waits while a page is written; `Held` is a cursor on the server that outlives
transactions, for the keys of rows that are changed between one page and the next.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.statement import Statement

T = TypeVar("T")
Row = dict[str, Any]
Connection = psycopg.Connection[Row]

_LIMITS = (
    "-c statement_timeout=60s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s "
    "-c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8 "
    # All rows of a cursor are wanted, and few of a table: by index, which is as cheap on the disks of today as a page.
    "-c cursor_tuple_fraction=1.0 -c random_page_cost=1.1 -c work_mem=32MB"
)
_FRESH_SECONDS = 5.0
_AT_ONCE = 64
"""Rows in memory at once while they stream: each may be megabytes."""


class Database:
    """The one connection of this process to a server."""

    def __init__(self, secret: Callable[[], Mapping[str, Any]]) -> None:
        self._secret = secret
        self._connection: Connection | None = None
        self._reading: Reading | None = None
        self._held: Held | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do repeatable work; once more if the connection turns out to be dead.

        What psycopg says may quote the row it was about: only the SQLSTATE gets out.
        """
        self._stop_reading()
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

    def fetch(self, statement: Statement) -> list[Row]:
        """The rows of a statement that has few."""
        return self.run(lambda connection: execute(connection, statement).fetchall())

    def read(self, statement: Statement, *, binary: bool = False) -> "Reading":
        """Begin to stream rows, as text or in binary; anything else that is done here ends it."""
        self._reading = self.run(lambda connection: Reading(connection, statement, binary=binary))
        return self._reading

    def hold(self, statement: Statement) -> "Held":
        """Find rows and keep them on the server, page by page to be fetched; the next such search ends this one."""
        before, self._held = self._held, None
        self._held = self.run(lambda connection: Held(self, connection, statement, before))
        return self._held

    def has(self, rows: "Reading | Held | None") -> bool:
        """Whether this reading can go on: it was the last of its sort, on a connection that is still there."""
        is_last = rows is not None and rows in {self._reading, self._held}
        return is_last and rows is not None and rows.connection is self._connection and not rows.connection.closed

    def rest(self) -> None:
        """Leave no lock and no found rows on the server, whose owners may want to change a table meanwhile."""
        self._stop_reading()
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._stop_reading()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _is_dead(self) -> bool:
        return self._connection is None or self._connection.closed

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = _open(self._secret())
        return self._connection


class Reading:
    """Rows that stream in, each a tuple; few of them are in memory at once."""

    def __init__(self, connection: Connection, statement: Statement, *, binary: bool) -> None:
        self.connection = connection
        self._ahead: list[tuple[Any, ...]] = []
        connection.execute("BEGIN READ ONLY")
        self._is_open = True
        # The statement lasts as long as its rows are wanted, which is until the function ends.
        connection.execute("SET LOCAL statement_timeout = '15min'")
        self._rows: Generator[tuple[Any, ...]] = self._streamed(statement, binary=binary)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        return self._ahead.pop() if self._ahead else next(self._rows)

    @property
    def is_over(self) -> bool:
        """Whether that was the last row."""
        if not self._ahead:
            self._ahead.extend(row for row in (next(self._rows, None),) if row is not None)
        return not self._ahead

    def close(self) -> None:
        """Stop in the middle, or at the end."""
        self._rows.close()
        self._end()

    def _streamed(self, statement: Statement, *, binary: bool) -> Generator[tuple[Any, ...]]:
        with speaking():
            cursor = self.connection.cursor(row_factory=tuple_row)
            text, parameters = statement
            rows = cursor.stream(text, parameters, binary=binary, size=_AT_ONCE)
            with closing(cast("Generator[tuple[Any, ...]]", rows)):
                yield from rows
            # However long the next statement takes to come, no lock is left.
            self._end()

    def _end(self) -> None:
        if self._is_open and not self.connection.closed:
            with suppress(psycopg.Error):
                self.connection.execute("ROLLBACK")
        self._is_open = False


class Held:
    """Rows that the server found once and holds until they are fetched; small ones, since each page is in memory."""

    def __init__(self, database: Database, connection: Connection, statement: Statement, before: "Held | None") -> None:
        self.connection = connection
        self.name: LiteralString = (
            "rights_held_b" if before is not None and before.name == "rights_held_a" else "rights_held_a"
        )
        self._database = database
        self._ahead: list[tuple[Any, ...]] = []
        self._found_at = time.monotonic()
        with connection.transaction():
            if before is not None and before.connection is connection:
                connection.execute(f"CLOSE {before.name}")
            text = SQL("DECLARE {} NO SCROLL CURSOR WITH HOLD FOR {}").format(SQL(self.name), statement.text)
            connection.execute(text, statement.parameters)

    @property
    def is_fresh(self) -> bool:
        """Whether they were found a moment ago."""
        return time.monotonic() - self._found_at < _FRESH_SECONDS

    def take(self, count: int) -> list[tuple[Any, ...]]:
        """The next so many rows; StoreUnavailableError when the server has let go of them."""

        def fetch(connection: Connection) -> list[tuple[Any, ...]]:
            if connection is not self.connection:
                msg = "the connection was lost between two pages"
                raise StoreUnavailableError(msg)
            wanted = count + 1 - len(self._ahead)
            cursor = connection.cursor(row_factory=tuple_row)
            return cursor.execute(f"FETCH FORWARD {wanted} FROM {self.name}").fetchall()

        rows = self._ahead + self._database.run(fetch)
        self._ahead = rows[count:]
        return rows[:count]

    @property
    def is_over(self) -> bool:
        """Whether the last row was taken."""
        return not self._ahead

    def close(self) -> None:
        """Have the server forget them; it does so by itself when the connection ends."""
        with suppress(psycopg.Error):
            if not self.connection.closed:
                self.connection.execute(f"CLOSE {self.name}")


class Pace:
    """Keeps the work on a store below so many rows a second; without a rate it never pauses."""

    def __init__(self, rows_per_second: int | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._rate = rows_per_second
        self._sleep = sleep
        self._free_at = 0.0

    def page(self, size: int) -> int:
        """Rows of a page, so that no pause is longer than some seconds."""
        return size if self._rate is None else max(1, min(size, self._rate * _LONGEST_PAUSE))

    def worked(self, rows: int) -> None:
        """Wait until these rows are within the rate."""
        if self._rate is None:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + rows / self._rate
        self._sleep(self._free_at - now)


_LONGEST_PAUSE = 5


def execute(connection: Connection, statement: Statement) -> psycopg.Cursor[Row]:
    """Run one statement."""
    return connection.execute(statement.text, statement.parameters)


@contextmanager
def speaking() -> Iterator[None]:
    """What PostgreSQL refuses in here is raised as one of our errors, without the values it was about."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailableError(_said(error)) from None
    except psycopg.Error as error:
        raise StoreRefusedError(_said(error)) from None


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
