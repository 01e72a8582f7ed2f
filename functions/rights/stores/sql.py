"""The statements of a PostgreSQL store, made from its data map: set-based, and each bound to the person's own rows.

Names are quoted as identifiers, values always travel as parameters. Keys of rows come back as JSON and are read by the
server as the table's own row type, so any type of key works.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Placeholder
from psycopg.sql import Identifier as Name

from rights.datamap.links import Link, links
from rights.datamap.model import HASHES, Collection, Flag, StoreMap
from rights.domain.identity import KeySet
from rights.errors import DataMapError
from rights.stores.masking import DIGITS, PREFIX, hmac_pads, new_key, pattern
from rights.stores.rules import emptied
from rights.stores.selection import Selectors, foreign_accounts, own_fields, selectors, values_of
from rights.stores.shape import to_json

_AND = SQL(" AND ")
_OR = SQL(" OR ")
_COMMA = SQL(", ")


class Statement(NamedTuple):
    """A statement and its parameters."""

    text: Composed
    parameters: Mapping[str, Any]


class _Parameters(dict[str, Any]):
    def add(self, value: Any) -> Placeholder:
        self[name := f"p{len(self)}"] = value
        return Placeholder(name)

    def add_all(self, values: Iterable[Any]) -> Composed:
        return _COMMA.join(self.add(value) for value in values)


def key_of(collection: Collection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The primary key of a row, as JSON that the server reads back as the same key."""
    return {name: _key_value(row[name]) for name in collection.primary_key}


def _key_value(value: Any) -> Any:
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

    def page(self, collection: Collection, fields: Iterable[str], after: Sequence[Any] | None, limit: int) -> Statement:
        """The next rows by primary key."""
        return self._page(collection, _columns(dict.fromkeys(fields)), after, limit)

    def texts(
        self, collection: Collection, fields: Iterable[str], after: Sequence[Any] | None, limit: int
    ) -> Statement:
        """The next rows by primary key, with these fields as the server writes them."""
        texts = _COMMA.join(SQL("t.{0}::text AS {0}").format(Name(name)) for name in fields)
        return self._page(collection, _COMMA.join([_columns(collection.primary_key), texts]), after, limit)

    def _page(self, collection: Collection, columns: Composed, after: Sequence[Any] | None, limit: int) -> Statement:
        given = _Parameters()
        key = _columns(collection.primary_key)
        where = [self._theirs(collection, "t", given)]
        if after is not None:
            # As text: the server reads each as the type of its column.
            where.append(SQL("({}) > ({})").format(key, given.add_all(str(value) for value in after)))
        text = SQL("SELECT {} FROM {} t WHERE {} ORDER BY {} LIMIT {}").format(
            columns, Name(collection.name), _AND.join(where), key, given.add(limit)
        )
        return Statement(text, given)

    def rows(self, collection: Collection, fields: Iterable[str], row_keys: Sequence[Mapping[str, Any]]) -> Statement:
        """Those of these rows that are there and the person's."""
        given = _Parameters()
        text = SQL("SELECT {} FROM {} t, {} WHERE {}").format(
            _columns(dict.fromkeys(fields)),
            Name(collection.name),
            _given_keys(collection, row_keys, given),
            _AND.join([*_same_row(collection), self._theirs(collection, "t", given)]),
        )
        return Statement(text, given)

    def links_to(self, parent: Collection) -> list[Link]:
        """The links by which rows of other collections hold on to rows of this one."""
        return [link for link in self._links if link.parent == parent.name]

    def children(self, link: Link, child: Collection, fields: Iterable[str], parents: Sequence[Any]) -> Statement:
        """The rows that refer to these values of the parent."""
        given = _Parameters()
        text = SQL("SELECT {} FROM {} t WHERE t.{} IN ({})").format(
            _columns(dict.fromkeys([link.child_field, *fields])),
            Name(child.name),
            Name(link.child_field),
            given.add_all(str(value) for value in parents),
        )
        return Statement(text, given)

    def erase(self, collection: Collection, row_keys: Sequence[Mapping[str, Any]]) -> Statement:
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
            _given_keys(collection, row_keys, given),
            _AND.join([*self._still_to_change(collection, given), *unneeded]),
        )
        return Statement(text, given)

    def anonymise(self, collection: Collection, row_keys: Sequence[Mapping[str, Any]]) -> Statement:
        """Empty the fields that point at the person, in rows still theirs that nothing keeps as they are."""
        given = _Parameters()
        sets = [SQL("{} = {}").format(Name(name), given.add(value)) for name, value in emptied(collection).items()]
        text = SQL("UPDATE {} t SET {} FROM {} WHERE {}").format(
            Name(collection.name),
            _COMMA.join([*sets, *_hashed(collection, given)]),
            _given_keys(collection, row_keys, given),
            _AND.join(self._still_to_change(collection, given)),
        )
        return Statement(text, given)

    def correct(
        self, collection: Collection, row_key: Mapping[str, Any], field: str, seen_value: str, new_value: str
    ) -> Statement:
        """Put a new value in a row still theirs where the one seen stands, or the new one already."""
        given = _Parameters()
        column, new = Name(field), given.add(new_value)
        stands = SQL("(t.{0}::text = {1} OR t.{0} = {2})").format(column, given.add(seen_value), new)
        text = SQL("UPDATE {} t SET {} = {} FROM {} WHERE {}").format(
            Name(collection.name),
            column,
            new,
            _given_keys(collection, [row_key], given),
            _AND.join([*_same_row(collection), self._theirs(collection, "t", given), stands]),
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
        return [*_same_row(collection), self._theirs(collection, "t", given), *nothing_keeps_it]

    def _theirs(self, collection: Collection, alias: str, given: _Parameters, depth: int = 0) -> Composable:
        if own_fields(collection) or self._keys.is_consignee_only:
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
        text = SQL("{0} = CASE WHEN t.{0} ~ {1} THEN t.{0} ELSE {2} || left(encode({3}, 'hex'), {4}) END")
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


def _same_row(collection: Collection) -> list[Composable]:
    return [SQL("t.{0} = k.{0}").format(Name(name)) for name in collection.primary_key]


def _given_keys(collection: Collection, row_keys: Sequence[Mapping[str, Any]], given: _Parameters) -> Composed:
    return SQL("json_populate_recordset(NULL::{}, {}::json) k").format(
        Name(collection.name), given.add(json.dumps(list(row_keys)))
    )
