"""The statements of a PostgreSQL store, made from its data map: set-based, and each bound to the person's own rows.

Names are quoted as identifiers, values always travel as parameters. Keys of rows travel as JSON values in columns, and
are read by the server as the columns' own types, so any type of key works. Whether a row of a page is still the
person's is looked up row by row, by the primary keys of what it refers to: what a page costs does not grow with the
person.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Composed
from psycopg.sql import Identifier as Name

from rights.datamap.links import Link, links
from rights.datamap.model import HASHES, Collection, Flag, StoreMap
from rights.domain.identity import KeySet
from rights.domain.mall_time import MALL_TIME
from rights.errors import DataMapError
from rights.stores.catalogue import Column
from rights.stores.contract import Rows
from rights.stores.masking import DIGITS, PREFIX, hmac_pads, new_key, pattern
from rights.stores.rendering import rendering
from rights.stores.rules import emptied
from rights.stores.selection import Selectors, foreign_accounts, own_fields, selectors, values_of
from rights.stores.shape import to_json
from rights.stores.statement import Parameters as _Parameters
from rights.stores.statement import Statement, array_of

_AND = SQL(" AND ")
_OR = SQL(" OR ")
_COMMA = SQL(", ")


def key_of(collection: Collection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The primary key of a row, as JSON that the server reads back as the same key."""
    return {name: key_value(row[name]) for name in collection.primary_key}


def key_value(value: Any) -> Any:
    """A value of a key as JSON that the server reads back as the same."""
    if isinstance(value, int | str):
        return value
    return f"\\x{bytes(value).hex()}" if isinstance(value, bytes | bytearray | memoryview) else to_json(value)


class Statements:
    """The statements that reach one person's rows in one store."""

    def __init__(self, store: StoreMap, keys: KeySet) -> None:
        self._store = store
        self._keys = keys
        self._links = [link for link in links(store) if link.child != link.parent]

    def recognise(self, collection: Collection, fields: Sequence[str], value: str) -> Statement:
        """Whether one of these fields holds the value in any row."""
        given = _Parameters()
        match = _OR.join(SQL("t.{} = {}").format(Name(field), given.add(value)) for field in fields)
        text = SQL("SELECT EXISTS (SELECT FROM {} t WHERE {}) AS known").format(Name(collection.name), match)
        return Statement(text, given)

    def locate(self, collection: Collection, limit: int) -> Statement | None:
        """The identifiers in rows that carry a key of the set; `None` if no key of it fits the collection."""
        fields = {f.name: values_of(f, self._keys) for f in own_fields(collection)}
        carried = {name: values for name, values in fields.items() if values}
        if not carried or len(fields) < 2:
            return None
        given = _Parameters()
        text = SQL("SELECT DISTINCT {} FROM {} t WHERE {} LIMIT {}").format(
            _columns(fields), Name(collection.name), _any_of("t", carried, given), given.add(limit)
        )
        return Statement(text, given)

    def values(self, collection: Collection, field: str, limit: int) -> Statement:
        """The different values of one field of the person's rows, as the server writes them."""
        given = _Parameters()
        text = SQL("SELECT DISTINCT t.{0}::text AS value FROM {1} t WHERE {2} AND t.{0} IS NOT NULL LIMIT {3}").format(
            Name(field), Name(collection.name), self._theirs(collection, "t", given), given.add(limit)
        )
        return Statement(text, given)

    def count(self, collection: Collection) -> Statement:
        """How many rows are the person's."""
        given = _Parameters()
        text = SQL("SELECT count(*) AS n FROM {} t WHERE {}").format(
            Name(collection.name), self._theirs(collection, "t", given)
        )
        return Statement(text, given)

    def ordered(self, collection: Collection, fields: Iterable[str], after: Sequence[Any] | None) -> Statement:
        """The rows by primary key, after the one of this key."""
        return self._ordered(collection, _columns(dict.fromkeys(fields)), after, None)

    def lines(
        self, collection: Collection, columns: Mapping[str, Column], fields: Sequence[str], after: Sequence[Any] | None
    ) -> Statement | None:
        """The rows by primary key, each as JSON in UTF-8 and its key as text; `None` where the server cannot say it."""
        given = _Parameters()
        types = {name: column.sort for name, column in columns.items()}
        line = rendering(collection, fields, types, self._keys, given)
        if line is None:
            return None
        key = _COMMA.join(SQL("t.{}::text").format(Name(name)) for name in collection.primary_key)
        wanted = SQL("convert_to({}, 'UTF8'), {}").format(line, key)
        return self._ordered(collection, wanted, after, None, given)

    def keys(self, collection: Collection, columns: Mapping[str, Column], after: Sequence[Any] | None) -> Statement:
        """The keys of the rows in order, a column each."""
        return self._ordered(collection, _key_columns(collection, columns), after, None)

    def texts(
        self, collection: Collection, fields: Iterable[str], after: Sequence[Any] | None, limit: int
    ) -> Statement:
        """The next rows by primary key, with these fields as the server writes them."""
        texts = _COMMA.join(SQL("t.{0}::text AS {0}").format(Name(name)) for name in fields)
        return self._ordered(collection, _COMMA.join([_columns(collection.primary_key), texts]), after, limit)

    def _ordered(
        self,
        collection: Collection,
        wanted: Composable,
        after: Sequence[Any] | None,
        limit: int | None,
        given: _Parameters | None = None,
    ) -> Statement:
        given = _Parameters() if given is None else given
        key = _columns(collection.primary_key)
        where = [self._theirs(collection, "t", given)]
        if after is not None:
            # As text: the server reads each as the type of its column.
            where.append(SQL("({}) > ({})").format(key, given.add_all(str(value) for value in after)))
        text = SQL("SELECT {} FROM {} t WHERE {} ORDER BY {}").format(
            wanted, Name(collection.name), _AND.join(where), key
        )
        return Statement(text if limit is None else SQL("{} LIMIT {}").format(text, given.add(limit)), given)

    def rows(
        self, collection: Collection, columns: Mapping[str, Column], fields: Iterable[str], rows: Rows
    ) -> Statement:
        """Those of these rows that are there and the person's."""
        return self._rows(collection, columns, _columns(dict.fromkeys(fields)), rows)

    def judged(
        self, collection: Collection, columns: Mapping[str, Column], fields: Sequence[str], day: str | None, rows: Rows
    ) -> Statement:
        """The same, with the time in field `day` as a day of the mall, on which many rows agree."""
        sort = columns[day].sort if day is not None and day in columns else ""
        formats = {day: _DAY.get(sort, "t.{}")}
        wanted = _COMMA.join(SQL(formats.get(name, "t.{}")).format(Name(name)) for name in fields)
        return self._rows(collection, columns, wanted, rows)

    def count_rows(self, collection: Collection, columns: Mapping[str, Column], rows: Rows) -> Statement:
        """How many of these rows are there and the person's."""
        return self._rows(collection, columns, SQL("count(*) AS n"), rows)

    def _rows(self, collection: Collection, columns: Mapping[str, Column], wanted: Composable, rows: Rows) -> Statement:
        given = _Parameters()
        text = SQL("SELECT {} FROM {} t, {} WHERE {}").format(
            wanted,
            Name(collection.name),
            given_keys(columns, rows, given),
            _AND.join([*same_row(collection), self.still_theirs(collection, "t", given)]),
        )
        return Statement(text, given)

    def links_to(self, parent: Collection) -> list[Link]:
        """The links by which rows of other collections hold on to rows of this one."""
        return [link for link in self._links if link.parent == parent.name]

    def children(self, link: Link, child: Collection, fields: Iterable[str], parents: Sequence[Any]) -> Statement:
        """The rows that refer to these values of the parent."""
        given = _Parameters()
        text = SQL("SELECT {} FROM {} t WHERE t.{} = ANY({})").format(
            _columns(dict.fromkeys([link.child_field, *fields])),
            Name(child.name),
            Name(link.child_field),
            # Of no type of its own: the server reads it as an array of the column's.
            given.add(array_of(parents)),
        )
        return Statement(text, given)

    def erase(self, collection: Collection, columns: Mapping[str, Column], rows: Rows) -> Statement:
        """Delete the rows that are still the person's, that nothing keeps now, and that no other row needs."""
        given = _Parameters()
        unneeded = [
            SQL("NOT EXISTS (SELECT FROM {} c WHERE c.{} = t.{})").format(
                Name(link.child), Name(link.child_field), Name(link.parent_field)
            )
            for link in self.links_to(collection)
        ]
        text = SQL("DELETE FROM {} t USING {} WHERE {}").format(
            Name(collection.name),
            given_keys(columns, rows, given),
            _AND.join([*self._still_to_change(collection, given), *unneeded]),
        )
        return Statement(text, given)

    def anonymise(self, collection: Collection, columns: Mapping[str, Column], rows: Rows) -> Statement:
        """Empty the fields that point at the person, in rows still theirs that nothing keeps as they are."""
        given = _Parameters()
        sets = [SQL("{} = {}").format(Name(name), given.add(value)) for name, value in emptied(collection).items()]
        text = SQL("UPDATE {} t SET {} FROM {} WHERE {}").format(
            Name(collection.name),
            _COMMA.join([*sets, *_hashed(collection, given)]),
            given_keys(columns, rows, given),
            _AND.join(self._still_to_change(collection, given)),
        )
        return Statement(text, given)

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self,
        collection: Collection,
        columns: Mapping[str, Column],
        row: Rows,
        field: str,
        seen_value: str,
        new_value: str,
    ) -> Statement:
        """Put a new value in a row still theirs where the one seen stands, or the new one already."""
        given = _Parameters()
        column, new = Name(field), given.add(new_value)
        stands = SQL("(t.{0}::text = {1} OR t.{0} = {2})").format(column, given.add(seen_value), new)
        text = SQL("UPDATE {} t SET {} = {} FROM {} WHERE {}").format(
            Name(collection.name),
            column,
            new,
            given_keys(columns, row, given),
            _AND.join([*same_row(collection), self._theirs(collection, "t", given), stands]),
        )
        return Statement(text, given)

    def set_flag(self, collection: Collection, flag: Flag, now: str) -> Statement:
        """Set a flag in all of their rows that lack it."""
        given = _Parameters()
        values = flag.set | {flag.stamp: now}
        sets = [SQL("{} = {}").format(Name(name), given.add(value)) for name, value in values.items()]
        text = SQL("UPDATE {} t SET {} WHERE {} AND NOT {}").format(
            Name(collection.name), _COMMA.join(sets), self._theirs(collection, "t", given), _is_set(flag, given)
        )
        return Statement(text, given)

    def count_flagged(self, collection: Collection, flag: Flag) -> Statement:
        """How many of their rows there are (`n`), and how many carry the flag (`flagged`)."""
        given = _Parameters()
        text = SQL("SELECT count(*) AS n, count(*) FILTER (WHERE {}) AS flagged FROM {} t WHERE {}").format(
            _is_set(flag, given), Name(collection.name), self._theirs(collection, "t", given)
        )
        return Statement(text, given)

    def _still_to_change(self, collection: Collection, given: _Parameters) -> list[Composable]:
        nothing_keeps_it = [
            SQL("t.{}::text IS DISTINCT FROM {}").format(Name(rule.field), given.add(rule.equals))
            for rule in collection.rights.retain_when
            if rule.field
        ]
        return [*same_row(collection), self.still_theirs(collection, "t", given), *nothing_keeps_it]

    def still_theirs(self, collection: Collection, alias: str, given: _Parameters, depth: int = 0) -> Composable:
        """The same as `_theirs`, asked of one row: what it refers to is looked up by its primary key."""
        link = None if self._says_whose(collection) else self._link_to_owner(collection)
        if link is None:
            return self._theirs(collection, alias, given)
        parent, inner = self._store.collection(link.parent), f"o{depth}"
        return SQL("(SELECT {} FROM {} {} WHERE {}.{} = {}.{})").format(
            self.still_theirs(parent, inner, given, depth + 1),
            Name(parent.name),
            Name(inner),
            Name(inner),
            Name(link.parent_field),
            Name(alias),
            Name(link.child_field),
        )

    def _says_whose(self, collection: Collection) -> bool:
        return bool(own_fields(collection)) or self._keys.is_consignee_only

    def _theirs(self, collection: Collection, alias: str, given: _Parameters, depth: int = 0) -> Composable:
        if self._says_whose(collection):
            return self._carries_a_key(collection, alias, given)
        link = self._link_to_owner(collection)
        if link is None:
            return self._carries_a_key(collection, alias, given)
        parent, inner = self._store.collection(link.parent), f"o{depth}"
        return SQL("{}.{} IN (SELECT {}.{} FROM {} {} WHERE {})").format(
            Name(alias),
            Name(link.child_field),
            Name(inner),
            Name(link.parent_field),
            Name(parent.name),
            Name(inner),
            self._theirs(parent, inner, given, depth + 1),
        )

    def _carries_a_key(self, collection: Collection, alias: str, given: _Parameters) -> Composable:
        carried = selectors(collection, self._keys)
        if not carried:
            return SQL("FALSE")
        nobody_elses = [
            SQL("({0}.{1} IS NULL OR {0}.{1} IN ({2}))").format(Name(alias), Name(name), given.add_all(values))
            for name, values in foreign_accounts(collection, self._keys).items()
            # Said twice, the planner would take it for two conditions.
            if set(carried) != {name}
        ]
        return _AND.join([SQL("({})").format(_any_of(alias, carried, given)), *nobody_elses])

    def _link_to_owner(self, collection: Collection) -> Link | None:
        """The link on the shortest way to a collection that says whose its rows are."""
        ways: list[list[Link]] = [[link] for link in self._links if link.child == collection.name]
        seen = {collection.name}
        while ways:
            way = ways.pop(0)
            parent = self._store.collection(way[-1].parent)
            if parent.name in seen or parent.primary_key != (way[-1].parent_field,):
                continue
            if own_fields(parent):
                return way[0]
            seen.add(parent.name)
            ways.extend([*way, link] for link in self._links if link.child == parent.name)
        if any(field.rights.consignee for field in collection.fields):
            return None
        msg = f"{self._store.fides_key}.{collection.name}: nothing says whose its rows are"
        raise DataMapError(msg)


def _hashed(collection: Collection, given: _Parameters) -> list[Composed]:
    """What hashing leaves of each column, computed by the server: HMAC-SHA-256 under a key of this one statement."""
    inner, outer = hmac_pads(new_key())
    sets = []
    for field in collection.fields:
        if (how := field.rights.on_deletion) not in HASHES:
            continue
        digest = SQL("sha256(convert_to(t.{}, 'UTF8'))").format(Name(field.name))
        if how == "keyed_hash":
            digest = SQL("sha256({} || sha256({} || convert_to(t.{}, 'UTF8')))").format(
                given.add(outer), given.add(inner), Name(field.name)
            )
        text = SQL("{0} = CASE WHEN t.{0}::text ~ {1} THEN t.{0} ELSE {2} || left(encode({3}, 'hex'), {4}) END")
        sets.append(
            text.format(Name(field.name), given.add(pattern(how)), given.add(PREFIX[how]), digest, given.add(DIGITS))
        )
    return sets


def _columns(names: Iterable[str]) -> Composed:
    return _COMMA.join(SQL("t.{}").format(Name(name)) for name in names)


def _any_of(alias: str, carried: Selectors, given: _Parameters) -> Composed:
    return _OR.join(
        SQL("{}.{} IN ({})").format(Name(alias), Name(name), given.add_all(values)) for name, values in carried.items()
    )


def _is_set(flag: Flag, given: _Parameters) -> Composed:
    parts = [SQL("t.{} IS NOT DISTINCT FROM {}").format(Name(name), given.add(v)) for name, v in flag.set.items()]
    return SQL("({})").format(_AND.join(parts))


def same_row(collection: Collection, alias: str = "t") -> list[Composable]:
    """That a row is the one of a given key."""
    return [SQL("{0}.{1} = k.{1}").format(Name(alias), Name(name)) for name in collection.primary_key]


def _key_columns(collection: Collection, columns: Mapping[str, Column]) -> Composed:
    """The columns of a key, as quick to read as may be: a UUID is as good as its text."""
    texts = {name for name in collection.primary_key if columns[name].cast == "uuid"}
    return _COMMA.join(
        SQL("t.{}::text" if name in texts else "t.{}").format(Name(name)) for name in collection.primary_key
    )


def given_keys(columns: Mapping[str, Column], rows: Rows, given: _Parameters) -> Composed:
    """Keys of rows as a table `k`, each column read as the type that the table's own has."""
    arrays = _COMMA.join(
        SQL("{}::text::{}[]").format(given.add(array_of(values)), SQL(columns[name].cast))
        for name, values in zip(rows.names, rows.columns, strict=True)
    )
    return SQL("unnest({}) k({})").format(arrays, _COMMA.join(Name(name) for name in rows.names))


_DAY = {
    "timestamp with time zone": f"(t.{{}} AT TIME ZONE '{MALL_TIME.key}')::date",
    "timestamp without time zone": "t.{}::date",
}
