"""One partner, asked in OpenDSR 2.0. Nothing it answers counts before its signature over the raw bytes was checked."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from rights.clock import Clock
from rights.datamap.partners import Partner
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.opendsr.messages import Accepted, Cancelled, Discovery, Reported, read
from rights.stores.opendsr.transport import LARGE, Incoming, Limits, Reply, Transport
from rights.stores.opendsr.trust import is_signed, signing_key

DOMAIN_HEADER = "x-opendsr-processor-domain"
SIGNATURE_HEADER = "x-opendsr-signature"

_KEPT = timedelta(hours=1)
"""How long what a partner says of itself is used before it is asked again."""
_ASKED_AGAIN_AFTER = timedelta(minutes=1)
"""A signature that does not fit may come from a new certificate: it is looked for, but not at every such call."""


class _Known(NamedTuple):
    discovery: Discovery
    key: RSAPublicKey
    read_at: datetime
    until: datetime


class Processor:
    """A partner as its data map registers it. `authorities`: the file with those who may vouch for its certificate."""

    def __init__(self, partner: Partner, transport: Transport, authorities: Callable[[], str], clock: Clock) -> None:
        self.partner = partner
        self._transport = transport
        self._authorities = authorities
        self._clock = clock
        self._known: _Known | None = None

    def discovery(self) -> Discovery:
        """What it says of itself, not older than an hour."""
        return self._know().discovery

    def submit(self, request: dict[str, Any]) -> datetime:
        """Send a request, and say when it will be done; the same id again is the same request.

        Where it was taken the first time and the answer was lost, some refuse the second: then its status says so.
        """
        body = orjson.dumps(request)
        reply = self._transport.call("POST", self._path("/requests"), body)
        if reply.status in {400, 409}:
            reported = self.status(str(request["subject_request_id"]))
            if reported is None:
                raise StoreRefusedError(f"http_{reply.status}")
            return reported.expected_completion_time or self._clock()
        accepted = read(Accepted, self._signed(reply, 201))
        _require(accepted.subject_request_id == request["subject_request_id"])
        # What it took in is what we sent; the field holds the person's identifiers, and goes no further.
        _require(accepted.encoded_request in {"", base64.b64encode(body).decode()})
        return accepted.expected_completion_time

    def status(self, subject_request_id: str) -> Reported | None:
        """How a request stands; `None` for one that it does not know."""
        reply = self._transport.call("GET", self._path(f"/requests/{subject_request_id}"))
        if reply.status == 404:
            return None
        reported = read(Reported, self._signed(reply, 200))
        _require(reported.subject_request_id == subject_request_id)
        return reported

    def cancel(self, subject_request_id: str) -> bool:
        """Take a request back, which is possible while it is pending; tell whether it was."""
        reply = self._transport.call("DELETE", self._path(f"/requests/{subject_request_id}"))
        if reply.status in {400, 404, 409}:
            return False
        _require(read(Cancelled, self._signed(reply, 202)).subject_request_id == subject_request_id)
        return True

    @contextmanager
    def results(self, url: str, limits: Limits = LARGE) -> Iterator[Incoming]:
        """What it hands over, as a stream; StoreRefusedError for an address on another host than its own."""
        with self._transport.opened("GET", self._own_path(url), limits=limits) as answer:
            if answer.status != 200:
                raise _by_status(answer.status)
            yield answer

    def is_from_it(self, domain: str, signature: str, body: bytes) -> bool:
        """Tell whether it signed these bytes; StoreUnavailableError when its certificate cannot be had just now."""
        if domain.lower() != self.partner.host or not signature:
            return False
        known = self._know()
        if is_signed(body, signature, known.key):
            return True
        if self._clock() - known.read_at < _ASKED_AGAIN_AFTER:
            return False
        self._known = None
        return is_signed(body, signature, self._know().key)

    def _signed(self, reply: Reply, status: int) -> bytes:
        if reply.status != status:
            raise _by_status(reply.status)
        domain, signature = (reply.headers.get(name, "") for name in (DOMAIN_HEADER, SIGNATURE_HEADER))
        if not self.is_from_it(domain, signature, reply.body):
            raise StoreRefusedError("not_signed")
        return reply.body

    def _know(self) -> _Known:
        now = self._clock()
        known = self._known
        if known is None or not known.read_at <= now < known.until:
            reply = self._transport.call("GET", self._path("/discovery"))
            if reply.status != 200:
                raise _by_status(reply.status)
            discovery = read(Discovery, reply.body)
            certificate = self._transport.call("GET", self._own_path(discovery.processor_certificate))
            if certificate.status != 200:
                raise _by_status(certificate.status)
            key, ends = signing_key(
                certificate.body,
                self.partner.host,
                authorities=self._authorities(),
                now=now,
                pins=self.partner.certificate_sha256,
            )
            known = self._known = _Known(discovery, key, now, min(ends, now + _KEPT))
        return known

    def _path(self, path: str) -> str:
        return f"{self.partner.path}{path}"

    def _own_path(self, url: str) -> str:
        """The path of an address that it named, if that is on its own host; whatever else it names is not called."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise StoreRefusedError("foreign_address") from None
        own = parts.scheme == "https" and parts.hostname == self.partner.host and port in {None, self.partner.port}
        plain = parts.username is None and url.isascii() and url.isprintable() and " " not in url
        if not own or not plain:
            raise StoreRefusedError("foreign_address")
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _require(holds: bool) -> None:
    if not holds:
        raise StoreRefusedError("malformed")


def _by_status(status: int) -> StoreUnavailableError | StoreRefusedError:
    """Worth trying again: what is its own trouble, or too much at once."""
    worth = status >= 500 or status in {408, 425, 429}
    return (StoreUnavailableError if worth else StoreRefusedError)(f"http_{status}")
