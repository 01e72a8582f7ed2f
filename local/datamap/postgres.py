"""What a PostgreSQL database holds, from its own catalogue, which tells of every table whoever may read it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from rights.datamap import StoreMap
from rights.datamap.compare import Column, Family, ForeignKey, Found, Shape

_COLUMNS = """
SELECT c.relname AS "table", a.attname AS name, t.typname AS type, t.typcategory AS category, a.atttypmod AS modifier,
       c.relkind IN ('r', 'p', 'f') AS holds_rows, NOT (a.attnotnull OR t.typnotnull) AS nullable
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, a.attnum
"""
_INDEXES = """
SELECT c.relname AS "table", i.indisprimary AS is_key,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place) AS names
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (current_schemas(false)) AND i.indisvalid
"""
_FOREIGN_KEYS = """
SELECT child.relname AS child, ca.attname AS child_field, parent.relname AS parent, pa.attname AS parent_field,
       f.confdeltype AS does
FROM pg_constraint f JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid
JOIN pg_namespace n ON n.oid = child.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) AS k (here, there)
JOIN pg_attribute ca ON ca.attrelid = f.conrelid AND ca.attnum = k.here
JOIN pg_attribute pa ON pa.attrelid = f.confrelid AND pa.attnum = k.there
WHERE f.contype = 'f' AND n.nspname = ANY (current_schemas(false)) AND f.conparentid = 0
"""

_BY_CATEGORY: dict[str, Family] = {
    "A": "list",
    "B": "boolean",
    "C": "object",
    "D": "datetime",
    "E": "text",
    "I": "text",
    "N": "number",
    "S": "text",
}
_BY_NAME: dict[str, Family] = {"bytea": "bytes", "date": "date", "time": "other", "timetz": "other", "uuid": "text"}
_HEADER = 4
"""What PostgreSQL adds to the length that a column was declared with."""

Row = dict[str, Any]


def secret_of(manager: Any, name: str) -> Mapping[str, Any]:
    """The connection that a secret holds."""
    secret: Mapping[str, Any] = json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
    return secret


def describe_postgres(store: StoreMap, secret: Mapping[str, Any], stores: Iterable[StoreMap]) -> Found:
    """The tables of the store's database; those that are no collection of any store there are told of the first."""
    neighbours = [other for other in stores if other.rights.secret == store.rights.secret]
    with _connect(secret) as connection:
        rows, indexes, keys = (connection.execute(text).fetchall() for text in (_COLUMNS, _INDEXES, _FOREIGN_KEYS))
    wanted = {collection.name for collection in store.collections}
    mapped = {collection.name for other in neighbours for collection in other.collections}
    shapes = {name: _shape(name, rows, indexes) for name in {row["table"] for row in rows} & wanted}
    others = {row["table"] for row in rows if row["holds_rows"]} - mapped
    earlier = {c.name for other in neighbours if other.rights.stage < store.rights.stage for c in other.collections}
    return Found(
        shapes,
        tuple(_foreign_key(key) for key in keys if key["parent"] in wanted and key["child"] not in earlier),
        unmapped=tuple(sorted(others)) if store is neighbours[0] else (),
    )


def _connect(secret: Mapping[str, Any]) -> psycopg.Connection[Row]:
    certificate = {"sslrootcert": secret["sslrootcert"]} if "sslrootcert" in secret else {}
    return psycopg.connect(
        host=secret["host"],
        port=secret.get("port", 5432),
        dbname=secret["dbname"],
        user=secret.get("user") or secret.get("username"),
        password=secret.get("password"),
        sslmode=secret.get("sslmode", "verify-full"),
        **certificate,
        application_name="datamap-check",
        connect_timeout=5,
        options="-c default_transaction_read_only=on -c statement_timeout=60s",
        row_factory=dict_row,
    )


def _shape(table: str, rows: Iterable[Row], indexes: Iterable[Row]) -> Shape:
    own = [index for index in indexes if index["table"] == table and index["names"]]
    return Shape(
        columns=tuple(_column(row) for row in rows if row["table"] == table),
        key=next((tuple(index["names"]) for index in own if index["is_key"]), ()),
        indexed=frozenset(index["names"][0] for index in own),
    )


def _column(row: Row) -> Column:
    family = _BY_NAME.get(row["type"], _BY_CATEGORY.get(row["category"], "other"))
    # JSON may hold anything.
    families = frozenset[Family]() if row["type"] in {"json", "jsonb"} else frozenset({family})
    is_limited = row["type"] in {"varchar", "bpchar"} and row["modifier"] >= _HEADER
    length = row["modifier"] - _HEADER if is_limited else None
    return Column(row["name"], families, row["nullable"], length)


def _foreign_key(row: Row) -> ForeignKey:
    does = {"c": "cascade", "n": "empty", "d": "empty"}.get(row["does"], "refuse")
    return ForeignKey(row["child"], row["child_field"], row["parent"], row["parent_field"], does)  # type: ignore[arg-type]
