"""What a PostgreSQL server itself says of its tables: the types of columns, and what would stand against an erasure.

The catalogue is readable by everybody who may connect; nothing here reads a row of the mall.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composed

from rights.stores.statement import Statement


class Column(NamedTuple):
    """One column: `cast` names its type to the server, `sort` is that type as `rights.stores.rendering` knows it."""

    cast: str
    sort: str
    is_nullable: bool
    whole: str
    """The type with its length and its rules, where it has some."""
    most: int | None
    """How many characters fit."""


_COLUMNS = """
    SELECT k.name AS collection, a.attname AS name, format_type(b.oid, NULL) AS type, b.typtype AS sort,
        NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS nullable,
        format_type(a.atttypid, a.atttypmod) AS whole,
        information_schema._pg_char_max_length(
            b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END
        ) AS most
    FROM unnest(%(names)s::text[]) k(name)
    JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(k.name))
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE a.attnum > 0 AND NOT a.attisdropped
"""


def columns_statement(tables: Iterable[str]) -> Statement:
    """The columns of tables as the search path finds them; none of a table that is not there."""
    return Statement(Composed([SQL(_COLUMNS)]), {"names": list(tables)})


def column_of(row: Mapping[str, Any]) -> Column:
    """A row that `columns_statement` finds."""
    kind, cast = str(row["sort"]), str(row["type"])
    return Column(cast, "enum" if kind == "e" else cast, bool(row["nullable"]), str(row["whole"]), row["most"])
