"""Records that PostgreSQL writes as JSON itself: one line a row, the same values as `rights.stores.shape` would give.

Several times faster than rows that become Python objects first. Where a value could come out otherwise (a type whose
text is PostgreSQL's own business, fields that are masked within a value, somebody known only as a consignee), there is
no rendering, and the rows go through `shape.to_record`. A test holds the two ways together.
"""

from collections.abc import Iterable, Mapping

import orjson
from psycopg.sql import SQL, Composable, Composed
from psycopg.sql import Identifier as Name

from rights.datamap.model import Collection, Field
from rights.domain.identity import KeySet
from rights.stores.shape import MASK
from rights.stores.statement import Parameters

_STAMP = "'YYYY-MM-DD\"T\"HH24:MI:SS.US'"
_QUOTED = """'"' || {0}::text || '"'"""
_DAYS = "{0} >= '0001-01-01' AND {0} < '10000-01-01'"
_ROUND = "CASE WHEN {0}::text ~ '^-?[0-9]+$' THEN {0}::text || '.0' ELSE {0}::text END"
_FLOAT = (
    "CASE {0} WHEN 'NaN' THEN '\"nan\"' WHEN 'Infinity' THEN '\"inf\"' WHEN '-Infinity' THEN '\"-inf\"' "
    f"ELSE {_ROUND} END"
)
_WRITTEN: dict[str, str] = {
    "boolean": "{0}::text",
    "smallint": "{0}::text",
    "integer": "{0}::text",
    "bigint": "{0}::text",
    "oid": "{0}::text",
    "numeric": f"CASE WHEN scale({{0}}) = 0 THEN {{0}}::text ELSE {_QUOTED} END",
    "real": _FLOAT,
    "double precision": _FLOAT,
    "text": "to_json({0})::text",
    "character varying": "to_json({0})::text",
    "character": "to_json({0})::text",
    "uuid": _QUOTED,
    "date": _QUOTED,
    "timestamp without time zone": (
        f"CASE WHEN {_DAYS} THEN '\"' || replace(to_char({{0}}, {_STAMP}), '.000000', '') || '\"' ELSE {_QUOTED} END"
    ),
    "timestamp with time zone": (
        f"CASE WHEN {_DAYS} THEN '\"' || replace(to_char({{0}}, {_STAMP}), '.000000', '') || '+00:00\"' "
        f"ELSE {_QUOTED} END"
    ),
    "bytea": "'\"' || translate(encode({0}, 'base64'), E'\\n', '') || '\"'",
    # Within strings JSON has no line ends, and around values they are blanks.
    "json": "translate({0}::text, E'\\n\\r', '  ')",
    "jsonb": "{0}::text",
    "enum": "to_json({0}::text)::text",
}
_LISTED = frozenset({"smallint", "integer", "bigint", "text", "character varying", "uuid", "boolean"})
_WRITTEN |= {f"{name}[]": "array_to_json({0})::text" for name in _LISTED}


def rendering(
    collection: Collection, fields: Iterable[str], types: Mapping[str, str], keys: KeySet, given: Parameters
) -> Composable | None:
    """The text of a row's record (`t` is the row), or `None` where `shape` has to make it.

    `types` are the columns' types as `rights.stores.catalogue` names them.
    """
    wanted = [collection.field(name) for name in fields]
    if keys.is_consignee_only or any(_hides(part) for field in wanted for part in field.fields):
        return None
    if any(types.get(field.name) not in _WRITTEN for field in wanted):
        return None
    own = _is_about(collection, wanted, keys, given)
    pieces: list[Composable] = []
    before = "{"
    for field in wanted:
        # The name as JSON writes it; as a parameter, since it comes from a file.
        pieces.append(SQL("{}::text").format(given.add(f"{before}{orjson.dumps(field.name).decode()}:")))
        pieces.append(_value(field, types[field.name], own))
        before = ","
    return SQL(" || ").join([*pieces, SQL("'}'")])


def _value(field: Field, of_type: str, own: Composed) -> Composed:
    column = SQL("t.{}").format(Name(field.name))
    written = SQL(_WRITTEN[of_type]).format(column)
    if not field.rights.third_party:
        return SQL("coalesce({}, 'null')").format(written)
    masked = SQL("CASE WHEN {} IS NULL THEN 'null' WHEN {} THEN {} ELSE {} END")
    return masked.format(column, own, written, SQL(f"'\"{MASK}\"'"))


def _is_about(collection: Collection, wanted: Iterable[Field], keys: KeySet, given: Parameters) -> Composed:
    """Whether the row is the person's own and not somebody else's (`third_party_unless`)."""
    name = collection.rights.third_party_unless
    if name is None or name not in {field.name for field in wanted}:
        return SQL("{}").format(SQL("FALSE"))
    kind = collection.field(name).rights.key
    values = [one.value for one in keys.values if kind in {None, one.kind}]
    if not values:
        return SQL("{}").format(SQL("FALSE"))
    return SQL("coalesce(t.{}::text IN ({}), FALSE)").format(Name(name), given.add_all(values))


def _hides(field: Field) -> bool:
    return field.rights.secret or field.rights.third_party or any(_hides(part) for part in field.fields)
