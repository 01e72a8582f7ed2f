"""Filling the sample mall's stores, fast: batches into DynamoDB, COPY into PostgreSQL, threads for the objects."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from local.mall import sign_ins
from local.mall.lake import files_of, put_file
from local.mall.model import POSTGRES, STORES, Mall, Row
from local.mall.population import generate

TABLES = {
    "accounts": "mall-accounts",
    **dict.fromkeys(STORES["profiles"], "mall-profiles"),
    "signals": "mall-risk",
}
"""DynamoDB collection to table."""

_SCHEMA = Path(__file__).with_name("schema.sql")
_BATCH = 25
_T = TypeVar("_T")
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the mall's stores are: AWS clients, the bucket, the user pool, and PostgreSQL as who may create tables."""

    dynamodb: Any
    s3: Any
    bucket: str
    cognito: Any
    user_pool: str
    dsn: str
    lake: str
    """The bucket of the service logs."""


def load(stores: Stores, mall: Mall) -> None:
    """Write the whole mall into its empty stores; PostgreSQL is last, so `loaded` is true only of a complete mall."""
    with ThreadPoolExecutor(_THREADS) as pool:
        batches = [(table, batch) for name, table in TABLES.items() for batch in _batches(mall.rows(name))]
        _each(pool, lambda batch: _write(stores, *batch), batches)
        _each(pool, lambda row: _put(stores, row), list(mall.rows("files")))
        _each(pool, lambda file: put_file(stores.s3, stores.lake, file), list(files_of(mall)))
        _each(pool, lambda row: sign_ins.create(stores.cognito, stores.user_pool, row), list(mall.rows("users")))
    with psycopg.connect(stores.dsn) as connection:
        connection.execute(_SCHEMA.read_bytes())
        for table in POSTGRES:
            _copy(connection, table, list(mall.rows(table)))
        note = sql.Literal(f"sample mall: {len(mall.people)} people on {mall.today}")
        connection.execute(sql.SQL("COMMENT ON TABLE orders IS {}").format(note))
    with psycopg.connect(stores.dsn, autocommit=True) as connection:
        connection.execute("ANALYZE")


def loaded(dsn: str) -> Mall | None:
    """The mall that `load` wrote there before, as on that day; None where there is none (heavy defaults assumed)."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT obj_description(to_regclass('orders'))").fetchone()
    found = re.fullmatch(r"sample mall: (\d+) people on (\S+)", row[0] or "") if row else None
    return generate(int(found[1]), date.fromisoformat(found[2])) if found else None


def point_secret(secrets: Any, dsn: str, name: str = "mall/orders") -> None:
    """Make the mall's secret open this PostgreSQL, for the user of least rights, with the password it already has."""
    connection = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
    where = conninfo_to_dict(dsn)
    connection |= {
        "host": where["host"],
        "port": int(where.get("port") or 5432),
        "dbname": where["dbname"],
        "user": "mall_rights",
        "sslmode": where.get("sslmode") or "disable",
    }
    with psycopg.connect(dsn) as database:
        password = sql.Literal(connection["password"])
        database.execute(sql.SQL("ALTER ROLE mall_rights PASSWORD {}").format(password))
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(connection))


def _each(pool: ThreadPoolExecutor, work: Callable[[_T], None], items: Sequence[_T]) -> None:
    """Do all of it, and raise the first error."""
    for _ in pool.map(work, items):
        pass


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(stores: Stores, table: str, rows: list[Row]) -> None:
    todo: dict[str, Any] = {table: [{"PutRequest": {"Item": _attributes(row)}} for row in rows]}
    while todo:
        todo = stores.dynamodb.batch_write_item(RequestItems=todo).get("UnprocessedItems") or {}


def _attributes(row: Row) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in row.items()}


def _attribute(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case list():
            return {"L": [_attribute(item) for item in value]}
        case dict():
            return {"M": _attributes(value)}
        case _:
            return {"S": str(value)}


def _put(stores: Stores, row: Row) -> None:
    """Every version in order; a version of None is a delete marker."""
    for content in row["content"]:
        if content is None:
            stores.s3.delete_object(Bucket=stores.bucket, Key=row["key"])
            continue
        tagging = urlencode(row["tags"])
        kind = row["content_type"]
        stores.s3.put_object(Bucket=stores.bucket, Key=row["key"], Body=content, ContentType=kind, Tagging=tagging)


def _copy(connection: psycopg.Connection, table: str, rows: list[Row]) -> None:
    names = list(rows[0])
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])
