"""Calls to one registered host: over TLS to the address of its name, with an end to time and size, no detours.

Redirects are not followed, since there is nobody here to follow them; compressed answers are refused, since a small
answer may unpack to a large one. What goes wrong is told by a code: never by a text of the other side's.
"""

import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import NamedTuple

from botocore.httpsession import get_cert_path
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.opendsr.addresses import Place

_PIECE = 64 * 1024
_AGENT = "tinh-tinh-data-rights"


@dataclass(frozen=True, slots=True)
class Limits:
    """The ends of one call: seconds to connect, between two pieces, and in all; bytes of the answer."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 30.0
    size: int = 256 * 1024


SMALL = Limits()
LARGE = Limits(total=600.0, size=512 * 1024 * 1024)
"""For what a partner hands over: it is streamed, never held."""


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Access:
    """What lets us in: headers, or a certificate and key of our own (PEM)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    certificate: str = ""
    private_key: str = ""


class Transport:
    """Calls to one host. `place` is asked anew for each call, and connected to as it answers."""

    def __init__(self, host: str, place: Callable[[], Place], access: Callable[[], Access] = Access) -> None:
        self._host = host
        self._place = place
        self._access = access

    def call(self, method: str, path: str, body: bytes | None = None, limits: Limits = SMALL) -> Reply:
        """The answer to one call, whole; StoreUnavailableError or StoreRefusedError says by a code what went wrong."""
        with self.opened(method, path, body, limits) as answer:
            content = b"".join(answer.pieces())
            return Reply(answer.status, answer.headers, content)

    @contextmanager
    def opened(self, method: str, path: str, body: bytes | None = None, limits: Limits = LARGE) -> Iterator["Incoming"]:
        """An answer as a stream, open for as long as the block."""
        place, access = self._place(), self._access()
        headers = {
            "Host": self._host,
            "User-Agent": _AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **access.headers,
        }
        connection = HTTPSConnection(
            place.address,
            place.port,
            timeout=limits.connect,
            server_hostname=self._host,
            ssl_context=_context(place.authorities, access),
        )
        until = time.monotonic() + limits.total
        # Whatever the other side does, in the middle of a header too: then the line is cut.
        end = threading.Timer(limits.total, _cut, [connection])
        end.daemon = True
        end.start()
        response: HTTPResponse | None = None
        try:
            with _told_by_a_code(until):
                connection.connect()
                if connection.sock is not None:
                    connection.sock.settimeout(limits.read)
                connection.request(
                    method, path, body=body, headers=headers, preload_content=False, decode_content=False
                )
                response = connection.getresponse()
                answer = Incoming(response, limits, until)
            yield answer
        finally:
            end.cancel()
            if response is not None:
                response.close()
            connection.close()


class Incoming:
    """An answer that comes in piece by piece."""

    def __init__(self, response: HTTPResponse, limits: Limits, until: float) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._left = limits.size
        self._until = until
        if 300 <= response.status < 400:
            raise StoreRefusedError("redirected")
        if self.headers.get("content-encoding", "identity") != "identity":
            raise StoreRefusedError("encoded")
        if int(self.headers.get("content-length", "0")) > limits.size:
            raise StoreRefusedError("too_large")

    def pieces(self) -> Iterator[bytes]:
        """The content, piece by piece."""
        while piece := self.read(_PIECE):
            yield piece

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them."""
        with _told_by_a_code(self._until):
            piece = self._response.read1(size if 0 < size < _PIECE else _PIECE, decode_content=False)
        self._left -= len(piece)
        if self._left < 0:
            raise StoreRefusedError("too_large")
        return piece


@contextmanager
def _told_by_a_code(until: float) -> Iterator[None]:
    try:
        yield
    except (StoreRefusedError, StoreUnavailableError):
        raise
    except ssl.SSLCertVerificationError:
        raise StoreRefusedError("certificate_refused") from None
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        slow = isinstance(error, TimeoutError) or time.monotonic() >= until
        raise StoreUnavailableError("too_slow" if slow else "unreachable") from None
    if time.monotonic() >= until:
        raise StoreUnavailableError("too_slow")


def _cut(connection: HTTPSConnection) -> None:
    line = connection.sock
    if line is not None:
        with suppress(OSError):
            # Past TLS, which would wait for its turn.
            socket.socket.shutdown(line, socket.SHUT_RDWR)


def authorities(place: Place) -> str:
    """The file with the certificates of those who may say that a host is itself."""
    return place.authorities or str(get_cert_path(True))


def _context(ours: str | None, access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authorities(Place("", 0, ours)))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.certificate:
        _show(context, access)
    return context


def _show(context: ssl.SSLContext, access: Access) -> None:
    """Load our own certificate: OpenSSL takes it from a file only, which nobody else can read and which goes."""
    handle, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{access.certificate}\n{access.private_key}\n")
        context.load_cert_chain(name)
    except (OSError, ValueError):
        raise StoreRefusedError("own_certificate_unusable") from None
    finally:
        os.unlink(name)  # noqa: PTH108 - the name came from mkstemp
