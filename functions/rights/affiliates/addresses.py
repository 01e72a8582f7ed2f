"""Addresses that affiliates name for callbacks: plain https, on the usual port, and nothing in front of the host."""

from typing import NamedTuple
from urllib.parse import urlsplit

HTTPS = 443


class Address(NamedTuple):
    """Where a callback goes."""

    host: str
    path: str
    """With the query, if there is one."""


def address_of(url: str) -> Address | None:
    """The host, in lower case, and the path of an address; `None` for one that is no plain https address."""
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\#"<>'):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or port not in {None, HTTPS} or parts.username is not None or not parts.hostname:
        return None
    return Address(parts.hostname, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
