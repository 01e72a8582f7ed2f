"""Which addresses we call: a name is looked up once, and only an address of the public internet is connected to.

The one exception are the stand-ins of a local cloud. It holds only for names under `.example`, which nobody can own
(RFC 2606), only for loopback addresses, and only under a setting that no template sets.
"""

import ipaddress
import json
import socket
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rights.errors import StoreRefusedError, StoreUnavailableError

Lookup = Callable[..., Sequence[tuple[Any, ...]]]

_CARRYING = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 ranges that carry an IPv4 address: NAT64, 6to4, Teredo."""


class Place(NamedTuple):
    """Where a host is connected to, and whom we trust to say that it is the host (`None`: the usual authorities)."""

    address: str
    port: int
    authorities: str | None = None


class StandIns:
    """The hosts that a local cloud plays: `{"ca": file, "addresses": {host: "127.0.0.1:port"}}` as JSON text."""

    def __init__(self, text: str | None = None) -> None:
        told = json.loads(text) if text else {}
        self._authorities: str | None = told.get("ca")
        self._addresses: dict[str, str] = told.get("addresses", {})

    def of(self, host: str) -> Place | None:
        """Where this host is played, if it is."""
        if host not in self._addresses or not host.endswith(".example"):
            return None
        address, _, port = self._addresses[host].rpartition(":")
        if not ipaddress.ip_address(address).is_loopback:
            return None
        return Place(address, int(port), self._authorities)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet: no private, local, shared, reserved or group address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if "%" in address or found.is_multicast or found.is_unspecified or found.is_reserved or not found.is_global:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        carries = found.ipv4_mapped is not None or any(found in net for net in _CARRYING)
        return not (carries or found.is_site_local)
    return True


def place_of(host: str, port: int, stand_ins: StandIns, lookup: Lookup = socket.getaddrinfo) -> Place:
    """Where to connect to for a host, looked up once; StoreRefusedError if any of its addresses is not public.

    One such address among others is no accident, so none of them is used.
    """
    if (played := stand_ins.of(host)) is not None:
        return played
    try:
        found = [str(entry[4][0]) for entry in lookup(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise StoreUnavailableError("name_unknown") from None
    if not found:
        raise StoreUnavailableError("name_unknown")
    if not all(map(is_public, found)):
        raise StoreRefusedError("address_refused")
    return Place(found[0], port)
