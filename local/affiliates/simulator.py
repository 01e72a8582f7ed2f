"""The callbacks' end of the sample mall's affiliate, as a program of its own: OpenDSR 2.0 over TLS.

It takes what it is told and checks whose it is, as section 8.8 wants it: the domain, the certificate that discovery
names, the signature over the raw bytes. Written from the published specification, not from the product.
"""

import base64
import json
import ssl
import sys
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

LOOPBACK = "127.0.0.1"
_MAX_BODY = 1 << 20

Answer = tuple[int, dict[str, str], bytes]


class Ear:
    """What the affiliate was told, and how it answers; used by many threads, so under one lock."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.lock = threading.Lock()
        self.callbacks: list[dict[str, Any]] = []
        self.behaviour, self.failures, self.base_url = "well", 0, ""
        self._domain = str(settings["domain"])
        self._trusted = x509.load_pem_x509_certificates(Path(settings["authorities"]).read_bytes())

    def hear(self, headers: dict[str, str], body: bytes) -> Answer:
        """Take a callback, or behave badly."""
        try:
            told = json.loads(body)
        except ValueError:
            return 400, {}, b""
        signed = self._is_signed(headers, body)
        with self.lock:
            status = {"down": 503, "redirecting": 302, "failing": 500}.get(self.behaviour, 202)
            if self.behaviour == "failing":
                self.failures -= 1
                self.behaviour = "failing" if self.failures > 0 else "well"
            self.callbacks.append(
                {
                    "id": told.get("subject_request_id"),
                    "status": told.get("request_status"),
                    "url": told.get("status_callback_url"),
                    "signed": signed,
                    "answered": status,
                    "names": sorted(told),
                }
            )
        return status, {"Location": "http://127.0.0.1/elsewhere"} if status == 302 else {}, b"{}"

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        if headers.get("x-opendsr-processor-domain") != self._domain:
            return False
        try:
            key = self._key()
            signature = base64.b64decode(headers.get("x-opendsr-signature", ""), validate=True)
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, VerificationError, ValueError, OSError):
            return False
        return True

    def _key(self) -> rsa.RSAPublicKey:
        """The processor's key, by its certificate, which discovery names and a trusted authority vouches for."""
        discovery = json.loads(_get(f"{self.base_url}/opendsr/v2/discovery"))
        own, *between = x509.load_pem_x509_certificates(_get(discovery["processor_certificate"]))
        verifier = PolicyBuilder().store(Store(self._trusted)).time(datetime.now(UTC))
        verifier.build_server_verifier(x509.DNSName(self._domain)).verify(own, between)
        key = own.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise VerificationError("not an RSA key")
        return key

    def control(self, path: str, body: bytes) -> Answer:
        """How a test speaks to it."""
        told = json.loads(body or b"{}")
        with self.lock:
            if path == "/behaviour":
                self.behaviour, self.failures = told["behaviour"], int(told.get("failures", 1))
            elif path == "/door":
                self.base_url = told["base_url"]
            state = {"callbacks": list(self.callbacks)}
        return 200, {}, json.dumps(state).encode()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - the mall's own address
        content: bytes = answer.read(_MAX_BODY)
        return content


def _handler(answer: Callable[[str, dict[str, str], bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 30

        def do_GET(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY)
            fields = {name.lower(): value for name, value in self.headers.items()}
            status, headers, body = answer(self.path, fields, self.rfile.read(length))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing."""

    return Handler


def main() -> None:
    """Serve until ended."""
    settings = json.loads(sys.argv[1])
    ear = Ear(settings)
    control = ThreadingHTTPServer(
        (LOOPBACK, settings["control"]), _handler(lambda path, _, body: ear.control(path, body))
    )
    server = ThreadingHTTPServer((LOOPBACK, settings["port"]), _handler(lambda _, fields, body: ear.hear(fields, body)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings["certificate"], settings["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    for one in (server, control):
        one.daemon_threads = True
    threading.Thread(target=control.serve_forever, args=(0.2,), daemon=True).start()
    server.serve_forever(0.2)


if __name__ == "__main__":
    main()
