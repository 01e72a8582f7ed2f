"""The transport against servers that do what they should not: over real TLS, on this machine."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local.partners.authority import Authority
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.opendsr.addresses import Place
from rights.stores.opendsr.transport import Access, Limits, Transport

HOST = "opendsr.partner.example"
AUTHORITY = Authority()
QUICK = Limits(connect=2, read=1, total=3, size=2000)
Play = Callable[[ssl.SSLSocket], None]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    (folder / "ca.pem").write_bytes(AUTHORITY.pem)
    for host in (HOST, "other.example"):
        certificate, key = AUTHORITY.issue(host)
        (folder / f"{host}.pem").write_bytes(certificate + key)
    return folder


@contextmanager
def server(files: Path, play: Play, *, host: str = HOST, most: ssl.TLSVersion | None = None) -> Iterator[Place]:
    """A server that reads one request and then does as it likes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / f"{host}.pem")
    if most:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = most
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            line, _ = listener.accept()
            with context.wrap_socket(line, server_side=True) as tls:
                tls.recv(65536)
                play(tls)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Place("127.0.0.1", listener.getsockname()[1], str(files / "ca.pem"))
    finally:
        listener.close()
        thread.join(5)


def says(head: str, body: bytes = b"") -> Play:
    return lambda tls: tls.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)


def call(place: Place, limits: Limits = QUICK) -> bytes:
    return Transport(HOST, lambda: place).call("GET", "/discovery", limits=limits).body


def test_an_answer_comes_whole_from_the_address_under_the_name_of_the_host(files: Path) -> None:
    with server(files, says("200 OK\r\nContent-Length: 2", b"ok")) as place:
        assert call(place) == b"ok"
    with server(files, says("200 OK\r\nTransfer-Encoding: chunked", b"2\r\nok\r\n0\r\n\r\n")) as place:
        assert call(place) == b"ok"


def test_a_request_names_the_host_and_carries_what_lets_us_in(files: Path) -> None:
    heard: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / f"{HOST}.pem")
    names: list[str] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Place("127.0.0.1", listener.getsockname()[1], str(files / "ca.pem"))

        def serve() -> None:
            line, _ = listener.accept()
            with context.wrap_socket(line, server_side=True) as tls:
                got = b""
                while not got.endswith(b"{}"):
                    got += tls.recv(65536)
                heard.append(got.decode())
                says("201 Created\r\nContent-Length: 0")(tls)

        thread = threading.Thread(target=serve)
        thread.start()
        transport = Transport(HOST, lambda: place, lambda: Access({"Authorization": "Bearer t"}))
        assert transport.call("POST", "/requests", b"{}").status == 201
        thread.join()
    assert names == [HOST]
    lines = heard[0].split("\r\n")
    assert lines[0] == "POST /requests HTTP/1.1"
    assert {f"Host: {HOST}", "Authorization: Bearer t", "Accept-Encoding: identity"} <= set(lines)


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (says("302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0"), "redirected"),
        (says("307 Temporary Redirect\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0"), "redirected"),
        (says("200 OK\r\nContent-Length: 2001", b"x" * 2001), "too_large"),
        (says("200 OK\r\nConnection: close", b"x" * 5000), "too_large"),
        (says("200 OK\r\nTransfer-Encoding: chunked", b"bb8\r\n" + b"x" * 3000 + b"\r\n0\r\n\r\n"), "too_large"),
        (says("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2", b"ok"), "encoded"),
    ],
    ids=["redirect", "redirect of a body", "says it is large", "is large", "is large in chunks", "packed"],
)
def test_what_leads_away_or_is_too_much_is_refused(files: Path, play: Play, code: str) -> None:
    with server(files, play) as place, pytest.raises(StoreRefusedError, match=f"^{code}$"):
        call(place)


def drips_head(tls: ssl.SSLSocket) -> None:
    with suppress(OSError):
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
            tls.sendall(bytes([letter]))
            time.sleep(0.2)


def drips_body(tls: ssl.SSLSocket) -> None:
    says("200 OK\r\nContent-Length: 1000")(tls)
    with suppress(OSError):
        for _ in range(1000):
            tls.sendall(b"x")
            time.sleep(0.2)


def says_nothing(tls: ssl.SSLSocket) -> None:
    with suppress(OSError):
        tls.recv(1)


@pytest.mark.parametrize("play", [drips_head, drips_body, says_nothing])
def test_whoever_is_too_slow_is_cut_off_however_it_is_slow(files: Path, play: Play) -> None:
    begun = time.monotonic()
    with server(files, play) as place, pytest.raises(StoreUnavailableError, match=r"^too_slow$"):
        call(place, Limits(connect=2, read=1, total=1.5, size=2000))
    assert time.monotonic() - begun < 8


def test_an_answer_that_breaks_off_is_none(files: Path) -> None:
    played = server(files, says("200 OK\r\nContent-Length: 10", b"half"))
    with played as place, pytest.raises(StoreUnavailableError, match=r"^unreachable$"):
        call(place)


def test_nobody_who_listens_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(StoreUnavailableError, match=r"^unreachable$"):
        call(Place("127.0.0.1", port))


def test_a_certificate_of_another_name_is_refused(files: Path) -> None:
    played = server(files, says("200 OK\r\nContent-Length: 0"), host="other.example")
    with played as place, pytest.raises(StoreRefusedError, match=r"^certificate_refused$"):
        call(place)


def test_a_certificate_that_no_known_authority_vouches_for_is_refused(files: Path) -> None:
    played = server(files, says("200 OK\r\nContent-Length: 0"))
    with played as place, pytest.raises(StoreRefusedError, match=r"^certificate_refused$"):
        call(place._replace(authorities=None))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_version_of_tls_is_not_spoken(files: Path) -> None:
    played = server(files, says("200 OK\r\nContent-Length: 0"), most=ssl.TLSVersion.TLSv1_1)
    with played as place, pytest.raises(StoreUnavailableError):
        call(place)


def test_a_name_is_looked_up_once_per_call_and_the_call_goes_to_what_was_looked_at(files: Path) -> None:
    looked: list[Place] = []
    with server(files, says("200 OK\r\nContent-Length: 2", b"ok")) as place:

        def look() -> Place:
            looked.append(place if not looked else Place("169.254.169.254", 443))
            return looked[-1]

        assert Transport(HOST, look).call("GET", "/discovery", limits=QUICK).body == b"ok"
    assert looked == [place]


def test_nothing_that_goes_wrong_quotes_the_other_side(files: Path) -> None:
    played = server(files, says("200 SECRET\r\nContent-Length: x", b"SECRET"))
    with played as place, pytest.raises((StoreUnavailableError, StoreRefusedError)) as refused:
        call(place)
    assert "SECRET" not in str(refused.value)
    assert refused.value.__cause__ is None
