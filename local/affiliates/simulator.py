"""The callbacks' end of the sample mall's affiliate, as a program of its own: OpenDSR 2.0 over TLS.

It takes what it is told and checks whose it is, as section 8.8 wants it: the domain, the certificate that discovery
names, the signature over the raw bytes. Written from the published specification, not from the product.
"""

import base64
import json
import threading
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from local.played.server import MAX_BODY, Answer, Call, read_settings, serve


class Ear:
    """What the affiliate was told, and how it answers; used by many threads, so under one lock."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.lock = threading.Lock()
        self.callbacks: list[dict[str, Any]] = []
        self.behaviour, self.failures, self.base_url = "well", 0, ""
        self._domain = str(settings["domain"])
        self._trusted = x509.load_pem_x509_certificates(Path(settings["authorities"]).read_bytes())

    def hear(self, call: Call) -> Answer:
        """Take a callback, or behave badly."""
        try:
            told = json.loads(call.body)
        except ValueError:
            return 400, b"", {}
        signed = self._is_signed(call.headers, call.body)
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
        return status, b"{}", {"Location": "http://127.0.0.1/elsewhere"} if status == 302 else {}

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

    def control(self, call: Call) -> Answer:
        """How a test speaks to it."""
        told = json.loads(call.body or b"{}")
        with self.lock:
            if call.path == "/behaviour":
                self.behaviour, self.failures = told["behaviour"], int(told.get("failures", 1))
            elif call.path == "/door":
                self.base_url = told["base_url"]
            state = {"callbacks": list(self.callbacks)}
        return 200, json.dumps(state).encode(), {}


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - the mall's own address
        content: bytes = answer.read(MAX_BODY)
        return content


def main() -> None:
    """Serve until ended."""
    told = read_settings()
    ear = Ear(told)
    serve(told, ear.hear, ear.control)


if __name__ == "__main__":
    main()
