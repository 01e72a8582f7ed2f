"""What a PostgreSQL server itself says of its tables: the types of columns, and what would stand against an erasure.

The catalogue is readable by everybody who may connect; nothing here reads a row of the mall.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from psycopg.sql import SQL
from psycopg.sql import Identifier as Name

from rights.stores.statement import Statement


class Column(NamedTuple):
    """One column: `cast` names its type to the server, `sort` is that type as `rights.stores.rendering` knows it."""

    cast: str
    sort: str
    is_nullable: bool


_COLUMNS = SQL(
    """
    SELECT a.attname AS name, format_type(b.oid, NULL) AS type, b.typtype AS sort,
        NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS nullable
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE a.attrelid = to_regclass({}) AND a.attnum > 0 AND NOT a.attisdropped
    """
)


def columns_statement(table: str) -> Statement:
    """The columns of a table as the search path finds it; none if there is no such table."""
    return Statement(_COLUMNS.format(SQL("%(table)s")), {"table": Name(table).as_string(None)})


def column_of(row: Mapping[str, Any]) -> Column:
    """A row that `columns_statement` finds."""
    kind = str(row["sort"])
    return Column(str(row["type"]), "enum" if kind == "e" else str(row["type"]), bool(row["nullable"]))
