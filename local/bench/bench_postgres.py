"""PostgreSQL: one person's rows in six joined tables, exported and erased, beside plain streamed SQL doing the same.

The floor of the export is COPY of the server's own JSON of the same rows into files. That of the erasure deletes by
primary key, ten thousand rows a statement, children first, and counts what is left. Ours is the worker with its real
sealing; the ledger is a fake in the process that takes five milliseconds for each write, and as much again for every
100 KB in it, as DynamoDB may; the parts of the package go to files. Other people's rows, twice as many, lie between
this person's.
"""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from local.bench.measure import Row, measured
from local.postgres import Postgres
from rights.datamap import StoreMap
from rights.domain.identity import Kind
from rights.domain.rights import Operation
from rights.domain.work import Counts
from rights.ledger.model import RetainedRows, Task
from rights.sealing import Sealer
from rights.stores.database import Database
from rights.stores.package import PackageParts
from rights.stores.postgres import PostgresConnector
from rights.stores.work import Worker

SIZES = (10_000, 100_000, 1_000_000)
REQUEST = "01BENCH"
PERSON = "acc-0"
_SQL = Path(__file__).with_name("shop.sql")
_PARENT = {"shipments": "orders", "parcels": "shipments", "order_items": "orders", "payments": "orders"}
_KEYS = {
    "parcels": "parcel_id",
    "shipments": "shipment_id",
    "payments": "payment_id",
    "order_items": "order_item_id",
    "orders": "order_id",
    "accounts": "account_id",
}
"""The tables, children first, and their primary keys."""
_FIELDS = {
    "accounts": "account_id phone name created_at",
    "orders": "order_id account_id status total currency note placed_at",
    "order_items": "order_item_id order_id product quantity unit_price discount gift added_at",
    "payments": "payment_id order_id method card_handle amount currency paid_at",
    "shipments": "shipment_id order_id carrier address phone sent_on",
    "parcels": "parcel_id shipment_id tracking grams seen_at",
}


def rows() -> Iterator[Row]:
    """Export and erasure at each size, the floor first; a small one is so short that the median of three is told."""
    with _server() as dsn:
        for size in SIZES:
            base = f"base_{size}"
            _build(dsn, base, size)
            for what, ours, floor in (("export", _export, _export_plainly), ("erase", _erase, _erase_plainly)):
                yield _row(dsn, base, size, what, ours, floor)
            _drop(dsn, base)


def _row(dsn: str, base: str, size: int, what: str, ours: Any, floor: Any) -> Row:  # noqa: PLR0917 - what is compared
    runs = []
    for _ in range(1 if size == SIZES[-1] else 3):
        pair = []
        for work in (floor, ours):
            _copy(dsn, base, "bench")
            pair.append(measured(work, dsn.replace("/mall?", "/bench?")))
        if pair[0].answer != pair[1].answer:
            msg = f"the floor did {pair[0].answer} rows, and ours {pair[1].answer}"
            raise RuntimeError(msg)
        runs.append(pair)
    theirs, mine = sorted(runs, key=lambda pair: pair[1].seconds / pair[0].seconds)[len(runs) // 2]
    label = f"PostgreSQL, six joined tables: {what} (sealed checkpoints, 5 ms each)"
    return Row(label, mine.answer, "rows", mine, theirs, "within 2x of plain SQL, under 200 MB")


@contextmanager
def _server() -> Iterator[str]:
    work = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    work.chmod(0o755)
    server = Postgres.prepare(work, None)
    try:
        server.start()
        yield server.wait_ready().dsn
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


def _build(dsn: str, name: str, size: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with psycopg.connect(dsn.replace("/mall?", f"/{name}?"), autocommit=True) as connection:
        connection.execute(_SQL.read_text().replace(":rows", str(size)).encode())
        connection.execute("VACUUM ANALYZE")


def _copy(dsn: str, base: str, name: str) -> None:
    _drop(dsn, name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(base)))
        connection.execute("CHECKPOINT")


def _drop(dsn: str, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


# The floors.


def _theirs(table: str, alias: str = "t") -> str:
    """The condition a good engineer writes: the person's own rows, joined through what they refer to."""
    if table in {"accounts", "orders"}:
        return f"{alias}.account_id = '{PERSON}'"
    parent = _PARENT[table]
    key = _KEYS[parent]
    return f"{alias}.{key} IN (SELECT {key} FROM {parent} p_{parent} WHERE {_theirs(parent, f'p_{parent}')})"  # noqa: S608


def _export_plainly(dsn: str) -> int:
    count = 0
    with tempfile.TemporaryDirectory(prefix="bench-floor-") as folder, psycopg.connect(dsn) as connection:
        for table in _KEYS:
            copy = f"COPY (SELECT row_to_json(t) FROM {table} t WHERE {_theirs(table)}) TO STDOUT"  # noqa: S608
            with (Path(folder) / table).open("wb") as file, connection.cursor() as cursor:
                with cursor.copy(copy.encode()) as data:
                    for line in data:
                        file.write(line)
                count += cursor.rowcount
    return count


def _erase_plainly(dsn: str) -> int:
    count = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table, key in _KEYS.items():
            found = f"SELECT t.{key} FROM {table} t WHERE {_theirs(table)}"  # noqa: S608
            connection.execute(f"DECLARE found CURSOR WITH HOLD FOR {found}".encode())
            while batch := connection.execute("FETCH 10000 FROM found").fetchall():
                deleted = f"DELETE FROM {table} WHERE {key} = ANY(%s)"  # noqa: S608
                count += connection.execute(deleted.encode(), [[one for (one,) in batch]]).rowcount
            connection.execute("CLOSE found")
        for table in _KEYS:
            left = f"SELECT count(*) FROM {table} t WHERE {_theirs(table)}"  # noqa: S608
            if connection.execute(left.encode()).fetchone() != (0,):
                raise RuntimeError(table)
    return count


# Ours.


class _Kms:
    """Data keys as KMS makes them."""

    def generate_data_key(self, **_: Any) -> dict[str, bytes]:
        key = secrets.token_bytes(32)
        return {"Plaintext": key, "CiphertextBlob": b"wrapped" * 24 + key}

    def decrypt(self, *, CiphertextBlob: bytes, **_: Any) -> dict[str, bytes]:  # noqa: N803 - as boto3 has it
        return {"Plaintext": CiphertextBlob[-32:]}


class _Ledger:
    """One task, in memory; what would lie sealed is sealed and opened, and every write takes its time."""

    def __init__(self, operation: Operation) -> None:
        self._sealer = Sealer(_Kms(), "key")
        # The plan has counted the rows, once.
        preview = dict.fromkeys(_KEYS, 1) if operation is Operation.EXPORT else {}
        self._saved = Task(
            request_id=REQUEST, store="shop", kind="postgres", stage=2, operation=operation, preview=preview
        )

    def task(self, request_id: str, store: str) -> Task:
        del request_id, store
        return self._saved

    def claim_task(self, task: Task) -> Task:
        return task

    def checkpoint_task(self, task: Task) -> Task:
        sealed = [self._sealer.seal(REQUEST, part) for part in (task.cursor, task.intent) if part is not None]
        time.sleep(0.005 + 0.00005 * sum(map(len, sealed)) / 1000)
        self._saved = task
        return task

    def private(self, request_id: str, part: str) -> Any:
        del request_id, part
        return {"keys": {"account_id": [PERSON]}}

    def put_private(self, request_id: str, part: str, data: Any) -> None:
        """Only corrections seal parts, and none is measured here."""
        del data
        raise RuntimeError(request_id, part)

    def retain(self, request_id: str, bundles: Any) -> None:
        kept: list[RetainedRows] = list(bundles)
        if kept:
            raise RuntimeError(request_id)

    def bury(self, request_id: str, stones: Any, days: int) -> None:
        """Seal what is remembered of erased rows, as the ledger does."""
        del request_id, days
        sealed = [self._sealer.seal(REQUEST, {"keys": s.keys, "columns": dict(s.columns)}) for s in stones]
        time.sleep(0.005 + 0.00005 * sum(map(len, sealed)) / 1000)


class _Files:
    """An object store that is a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803 - as boto3 has it
        (self._folder / Key.replace("/", "-")).write_bytes(Body)


class _Patient:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def _export(dsn: str) -> int:
    return _worked(dsn, Operation.EXPORT).exported


def _erase(dsn: str) -> int:
    return _worked(dsn, Operation.ERASE).erased


def _worked(dsn: str, operation: Operation) -> Counts:
    ledger = _Ledger(operation)
    secret: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(dsn)
    connector = PostgresConnector(_map(), Database(lambda: secret))
    with tempfile.TemporaryDirectory(prefix="bench-parts-") as folder:
        parts = PackageParts(_Files(folder), "package")
        worker = Worker(ledger, connector, parts, lambda: datetime(2026, 11, 25, tzinfo=UTC))
        status = worker.run("work", REQUEST, "shop", _Patient()).status
        if status == "read_back":
            status = worker.run("read_back", REQUEST, "shop", _Patient()).status
    if status != "done":
        raise RuntimeError(status)
    return ledger.task(REQUEST, "shop").counts


def _map() -> StoreMap:
    """The data map of these tables."""
    rights = {"purpose": "finance", "legal_basis": "contract"}
    collections = [
        {"name": table, "rights": rights, "fields": [_field(table, name) for name in _FIELDS[table].split()]}
        for table in _KEYS
    ]
    how = {"kind": "postgres", "stage": 2, "controller": "Mall", "residency": "KH", "role_arn": "arn:aws:iam::1:role/r"}
    return StoreMap.model_validate({"fides_key": "shop", "name": "Shop", "rights": how, "collections": collections})


def _field(table: str, name: str) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": name,
        "data_categories": ["user"],
        "fides_meta": {"primary_key": name == _KEYS[table]},
    }
    if name == "account_id":
        field["rights"] = {"key": Kind.ACCOUNT, "identifies": "one"}
        parent = "accounts" if table == "orders" else None
    else:
        parent = _PARENT.get(table) if _PARENT.get(table) and name == _KEYS[_PARENT[table]] else None
    if parent:
        place = f"{parent}.{name}"
        field["fides_meta"]["references"] = [{"dataset": "shop", "field": place, "direction": "from"}]
    return field
