"""What stands in a field once its record is anonymised, and how one tells that it stands there already.

A value that is put in another's place by a hash says so itself (`anon-k-...`), so anonymising may run twice and reading
back needs no list of what was done. The key of a keyed hash is made for one write and thrown away with it: within that
write the same value gives the same word, so rows stay countable and unique columns unique, and afterwards nobody,
ourselves included, can find whose it was. A plain hash can be computed by anyone, so the data map allows it for long
random values only (`rights.datamap.check_fields.UNGUESSABLE`).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rights.datamap.model import HASHES, Collection, Emptying, Field

PREFIX = {"hash": "anon-h-", "keyed_hash": "anon-k-"}
DIGITS = 32
"""Hexadecimal digits of SHA-256 that are kept: 128 bits."""

_MASKED: dict[str, re.Pattern[str]] = {
    # What was hashed under a key is hidden better than a plain hash asks for.
    "hash": re.compile(r"anon-[hk]-[0-9a-f]{32}"),
    "keyed_hash": re.compile(r"anon-k-[0-9a-f]{32}"),
}


def pattern(how: Emptying) -> str:
    """The regular expression, as PostgreSQL reads it too, of what a hash leaves."""
    return f"^{_MASKED[how].pattern}$"


def new_key() -> bytes:
    """A key for one write: keep it nowhere."""
    return secrets.token_bytes(32)


class Leaf(NamedTuple):
    """A value that a rule is about, and the way to it: names, and places in lists."""

    path: tuple[str | int, ...]
    field: Field
    value: Any


def leaves(collection: Collection, row: Mapping[str, Any]) -> Iterator[Leaf]:
    """The values of a row that anonymising changes and that are not yet as it leaves them."""
    for field in collection.fields:
        if field.name in row:
            yield from _leaves(field, row[field.name], (field.name,))


def _leaves(field: Field, value: Any, path: tuple[str | int, ...]) -> Iterator[Leaf]:
    if field.rights.on_deletion != "keep":
        if not is_masked(field, value):
            yield Leaf(path, field, value)
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value) if field.fields else ():
            yield from _leaves(field, part, (*path, place))
    elif isinstance(value, Mapping):
        for inner in field.fields:
            if inner.name in value:
                yield from _leaves(inner, value[inner.name], (*path, inner.name))


def is_masked(field: Field, value: Any) -> bool:
    """Tell whether a value is already as anonymising leaves it; nothing needs nothing to stand for it."""
    how = field.rights.on_deletion
    if value is None or how == "keep":
        return True
    if how in HASHES:
        parts = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return all(part is None or _MASKED[how].fullmatch(_text(part)) is not None for part in parts)
    constant = field.rights.constant
    is_text = isinstance(value, str) and isinstance(constant, str)
    return how == "constant" and bool(_text(value) == _text(constant) if is_text else value == constant)


def _text(value: Any) -> str:
    """Without blanks at the end: a column of a fixed length is filled up with them."""
    return str(value).rstrip(" ")


def masked(field: Field, value: Any, key: bytes) -> Any:
    """What anonymising puts in the place of a value (`None`: nothing); `key` is for keyed hashes."""
    how = field.rights.on_deletion
    if how == "keep" or value is None:
        return value
    if how not in HASHES:
        return field.rights.constant if how == "constant" else None

    def hashed(part: Any) -> Any:
        return part if part is None or _MASKED[how].fullmatch(str(part)) else f"{PREFIX[how]}{_digest(how, part, key)}"

    if isinstance(value, set | frozenset):
        return {hashed(part) for part in value}
    return [hashed(part) for part in value] if isinstance(value, list | tuple) else hashed(value)


def _digest(how: Emptying, value: Any, key: bytes) -> str:
    text = str(value).encode()
    made = hmac.new(key, text, hashlib.sha256) if how == "keyed_hash" else hashlib.sha256(text)
    return made.hexdigest()[:DIGITS]


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer key of HMAC-SHA-256 (RFC 2104), for a server that has only SHA-256."""
    block = key.ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return inner, outer
