"""What lets us in at a partner, and what a partner hands over."""

import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from local.partners.authority import Authority
from rights.domain.rights import Operation
from rights.errors import StoreRefusedError
from rights.stores.opendsr.addresses import Place
from rights.stores.opendsr.handing_over import file_of
from rights.stores.opendsr.transport import Access, Transport
from store_partner.asking import access_from
from tests.unit.opendsr.partner import HOST, processor
from tests.unit.opendsr.test_asking import Case


@pytest.mark.parametrize(
    ("secret", "access"),
    [
        ({"token": "t"}, Access({"Authorization": "Bearer t"})),
        ({"api_key": "k"}, Access({"X-Api-Key": "k"})),
        ({"api_key": "k", "header": "X-Partner"}, Access({"X-Partner": "k"})),
        ({"certificate": "c", "private_key": "p"}, Access(certificate="c", private_key="p")),
    ],
)
def test_a_secret_is_a_token_a_key_or_a_certificate(secret: dict[str, str], access: Access) -> None:
    assert access_from(json.dumps(secret)) == access


@pytest.mark.parametrize("text", ["", "t", "[]", "{}", '{"token": 1}', '{"certificate": "c"}'])
def test_a_secret_of_any_other_shape_lets_nobody_in_and_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        access_from(text)
    assert not text or '"token": 1' not in str(refused.value)


def test_a_partner_that_asks_for_our_certificate_gets_it(tmp_path: Path) -> None:
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    certificate, key = authority.issue(HOST)
    (tmp_path / "server.pem").write_bytes(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Place("127.0.0.1", listener.getsockname()[1], str(tmp_path / "ca.pem"))

        def serve() -> None:
            line, _ = listener.accept()
            with context.wrap_socket(line, server_side=True) as tls:
                tls.recv(65536)
                seen.append(tls.getpeercert())
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        own, private = (part.decode() for part in authority.issue("us.example"))
        access = Access(certificate=own, private_key=private)
        assert Transport(HOST, lambda: place, lambda: access).call("GET", "/discovery").status == 200
        thread.join()
    assert [one["subjectAltName"] for one in seen] == [(("DNS", "us.example"),)]


def test_a_certificate_of_ours_that_is_none_is_told_without_its_text() -> None:
    transport = Transport(HOST, lambda: Place("127.0.0.1", 1), lambda: Access(certificate="SECRET", private_key="X"))
    with pytest.raises(StoreRefusedError, match=r"^own_certificate_unusable$"):
        transport.call("GET", "/discovery")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/results/7.json", "results.json"), ("https://x.example/7.CSV?t=1", "results.csv"),
        ("https://x.example/page.html", "results.bin"), ("https://x.example/a.svg", "results.bin"),
        ("https://x.example/", "results.bin"), ("https://x.example/a.json/../../b", "results.bin"),
    ],
)  # fmt: skip
def test_a_strangers_file_gets_a_name_of_ours_and_opens_as_nothing_it_should_not(url: str, name: str) -> None:
    case = Case()
    assert file_of(processor(case.partner), url).name == name


@pytest.mark.parametrize(("url", "code"), [("https://elsewhere.example/7.json", "foreign_address"), (None, "")])
def test_what_is_handed_over_comes_from_the_partners_own_host_or_not_at_all(url: str | None, code: str) -> None:
    case = Case(Operation.EXPORT, results="hand_over")
    case.run()
    [recipient_id] = case.partner.requests
    told = {"subject_request_id": recipient_id, "request_status": "completed", "results_count": 2}
    told |= {"results_url": url} if url else {}
    case.partner.override["GET", f"/v2/requests/{recipient_id}"] = case.partner.signed(told)
    opened: list[str] = []

    def write(folder: str, number: int, page: Any, before: int) -> None:
        for file in page.files:
            with file.open() as stream:
                opened.append(stream.read())

    case.parts.write = write  # type: ignore[assignment]
    report = case.run()
    assert opened == []
    assert report.status == ("waiting" if code else "done")
    assert case.facts.get("error", "") == code
    case.clock.advance(days=29, hours=1)
    case.parts.write = lambda *_: None  # type: ignore[method-assign]
    assert case.run().status == "done"
    assert case.facts["answer"] == "confirmed"
