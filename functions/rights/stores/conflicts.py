"""What the server's own rules would refuse of an erasure, found before anything is erased.

The erasure is planned, page by page, and what would be done is held against the server's catalogue: columns that may
not be empty, constants that a type, a check or a unique index refuses, missing permissions, and foreign keys, also of
tables that the data map does not know, whose rows would stay and so hold on to rows that would go. Only reads; nothing
is locked, and no trigger of the mall runs. Told are names of tables, columns and constraints, never values.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Composed
from psycopg.sql import Identifier as Name

from rights.datamap.model import Collection, StoreMap
from rights.domain.work import Disposition
from rights.stores.catalogue import Column
from rights.stores.contract import ErasurePage, Rows
from rights.stores.database import Connection, Database, execute
from rights.stores.rules import emptied
from rights.stores.selection import own_fields
from rights.stores.sql import Statements, given_keys, same_row
from rights.stores.statement import Parameters, Statement

Pages = Callable[[str], Iterator[ErasurePage]]
"""The pages of an erasure of one collection."""

_TABLES = """
    SELECT k.name, has_table_privilege(c.oid, 'DELETE') AS deletes, has_any_column_privilege(c.oid, 'UPDATE') AS updates
    FROM unnest(%(names)s::text[]) k(name) JOIN pg_class c ON c.oid = to_regclass(quote_ident(k.name))
"""
_FOREIGN_KEYS = """
    SELECT f.conname AS name, p.name AS parent, c.name AS child, f.conrelid::regclass::text AS table,
        has_table_privilege(f.conrelid, 'SELECT') AS readable,
        ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY u(n, i)
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = u.n ORDER BY u.i) AS child_fields,
        ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY u(n, i)
            JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = u.n ORDER BY u.i) AS parent_fields
    FROM pg_constraint f
    JOIN unnest(%(names)s::text[]) p(name) ON f.confrelid = to_regclass(quote_ident(p.name))
    LEFT JOIN unnest(%(names)s::text[]) c(name) ON f.conrelid = to_regclass(quote_ident(c.name))
    WHERE f.contype = 'f' AND f.confdeltype IN ('a', 'r') AND f.conparentid = 0
    ORDER BY f.conname
"""
_CHECKS = """
    SELECT k.conname AS name, t.name AS table, pg_get_expr(k.conbin, k.conrelid) AS holds,
        ARRAY(SELECT a.attname::text FROM pg_attribute a
            WHERE a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)) AS fields
    FROM pg_constraint k JOIN unnest(%(names)s::text[]) t(name) ON k.conrelid = to_regclass(quote_ident(t.name))
    WHERE k.contype = 'c' ORDER BY k.conname
"""
_UNIQUE = """
    SELECT t.name AS table, a.attname::text AS field
    FROM pg_index i JOIN unnest(%(names)s::text[]) t(name) ON i.indrelid = to_regclass(quote_ident(t.name))
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL
"""


class Conflicts:
    """What stands against the erasure of one person's rows in one store."""

    def __init__(
        self, store: StoreMap, statements: Statements, database: Database, columns: Mapping[str, Mapping[str, Column]]
    ) -> None:
        self._store = store
        self._statements = statements
        self._database = database
        self._columns = columns
        self._names = [collection.name for collection in store.collections]

    def found(self, order: Sequence[str], pages: Pages) -> list[str]:
        """Each as `table: what name`, sorted; collections are looked at in the order of the erasure."""
        found: set[str] = set()
        keys = [row for row in self._catalogue(_FOREIGN_KEYS) if self._staying(row, order, Parameters()) is not None]
        rules = self._catalogue(_CHECKS)
        may = {row["name"]: row for row in self._catalogue(_TABLES)}
        for name in order:
            collection = self._store.collection(name)
            if name not in may:
                continue  # the count has said so already, as has every other question
            holding = [row for row in keys if row["parent"] == name]
            against = list(self._against_emptying(collection))
            checks = [
                row
                for row in rules
                if row["table"] == name and not emptied(collection).keys().isdisjoint(row["fields"])
            ]
            if holding or against or checks or not (may[name]["deletes"] and may[name]["updates"]):
                for page in pages(name):
                    found |= self._of_page(collection, page, holding, against, checks, may[name], order)
        return sorted(found)

    def _against_emptying(self, collection: Collection) -> Iterator[str]:
        """What refuses the values that an anonymised row would get, whichever row it is."""
        columns = self._columns.get(collection.name, {})
        unique = {row["field"] for row in self._catalogue(_UNIQUE) if row["table"] == collection.name}
        for name, value in emptied(collection).items():
            if value is None and name in columns and not columns[name].is_nullable:
                yield f"{collection.name}: not null {name}"
            if value is not None and name in unique:
                yield f"{collection.name}: unique {name}"
            if value is not None and name in columns and not self._fits(columns[name], value):
                yield f"{collection.name}: type {name}"

    def _fits(self, column: Column, value: Any) -> bool:
        if column.most is not None and len(str(value)) > column.most:
            return False
        given = Parameters()
        statement = Statement(SQL("SELECT {}::{}").format(given.add(str(value)), SQL(column.whole)), given)

        def work(connection: Connection) -> bool:
            try:
                execute(connection, statement)
            except (psycopg.DataError, psycopg.IntegrityError):
                return False
            return True

        return self._database.run(work)

    def _of_page(  # noqa: PLR0917 - what was found of the table
        self,
        collection: Collection,
        page: ErasurePage,
        holding: Sequence[Mapping[str, Any]],
        against: Sequence[str],
        checks: Sequence[Mapping[str, Any]],
        may: Mapping[str, Any],
        order: Sequence[str],
    ) -> set[str]:
        going, emptying = page.rows(Disposition.ERASE), page.rows(Disposition.ANONYMISE)
        found = {f"{collection.name}: no permission to delete"} if going and not may["deletes"] else set()
        if emptying:
            found |= set(against)
            found |= {f"{collection.name}: no permission to update"} if not may["updates"] else set()
        for row in holding:
            if any(self._holds_on(collection, row, rows, order) for rows in going):
                found.add(f"{collection.name}: foreign key {row['name']} of {row['table']}")
        for row in checks:
            if any(self._refuses(collection, row, rows) for rows in emptying):
                found.add(f"{collection.name}: check {row['name']}")
        return found

    def _catalogue(self, text: str) -> list[dict[str, Any]]:
        return self._database.fetch(Statement(Composed([SQL(text)]), {"names": self._names}))

    def _staying(self, row: Mapping[str, Any], order: Sequence[str], given: Parameters) -> Composable | None:
        """Which of the rows that refer by this key (`c`) stay; `None` if the erasure itself sees to all of them."""
        child, parent = row["child"], row["parent"]
        if child is None or child == parent:
            return SQL("TRUE")
        described = self._store.collection(child)
        rules = described.rights
        links = self._statements.links_to(self._store.collection(parent))
        is_known = any(link.child == child and row["child_fields"] == [link.child_field] for link in links)
        is_emptied = emptied(described).get(row["child_fields"][0], "") is None
        goes_first = order.index(child) < order.index(parent) and not (rules.retain_when or rules.retention)
        if not (rules.on_deletion is Disposition.ERASE or is_emptied) or not (is_known or goes_first):
            return SQL("TRUE")
        if not own_fields(described):
            return None
        return SQL("NOT coalesce({}, FALSE)").format(self._statements.still_theirs(described, "c", given))

    def _holds_on(self, parent: Collection, row: Mapping[str, Any], going: Rows, order: Sequence[str]) -> bool:
        """Whether a row that stays refers to one of these; what may not be read is taken to."""
        if not row["readable"]:
            return True
        given = Parameters()
        pairs = zip(row["child_fields"], row["parent_fields"], strict=True)
        same = [SQL("c.{} = t.{}").format(Name(child), Name(of)) for child, of in pairs]
        stays = self._staying(row, order, given) or SQL("FALSE")
        if row["child"] == row["parent"]:
            # Rows of one page go together.
            stays = SQL("NOT EXISTS (SELECT FROM {} WHERE {})").format(
                given_keys(self._columns[parent.name], going, given), SQL(" AND ").join(same_row(parent, "c"))
            )
        text = SQL("SELECT EXISTS (SELECT FROM {} c, {} t, {} WHERE {}) AS found").format(
            SQL(row["table"]),
            Name(parent.name),
            given_keys(self._columns[parent.name], going, given),
            SQL(" AND ").join([*same_row(parent, "t"), *same, stays]),
        )
        return bool(self._database.fetch(Statement(text, given))[0]["found"])

    def _refuses(self, collection: Collection, row: Mapping[str, Any], rows: Rows) -> bool:
        """Whether a check fails for one of these rows once its fields are emptied."""
        given, columns = Parameters(), self._columns[collection.name]
        values = {
            name: SQL("{}::{}").format(given.add(v), SQL(columns[name].whole))
            for name, v in emptied(collection).items()
        }
        wanted = SQL(", ").join(
            SQL("{} AS {}").format(values.get(name, SQL("t.{}").format(Name(name))), Name(name))
            for name in row["fields"]
        )
        text = SQL("SELECT EXISTS (SELECT FROM (SELECT {} FROM {} t, {} WHERE {}) t WHERE NOT ({})) AS found").format(
            wanted,
            Name(collection.name),
            given_keys(columns, rows, given),
            SQL(" AND ").join(same_row(collection, "t")),
            SQL(row["holds"].replace("%", "%%")),
        )
        return bool(self._database.fetch(Statement(text, given))[0]["found"])
