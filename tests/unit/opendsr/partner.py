"""A partner in memory: it answers as OpenDSR has it, signs what it says, and can be told to do otherwise."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from local.partners.authority import Authority
from rights.datamap.partners import Partner
from rights.errors import StoreUnavailableError
from rights.stores.opendsr.processor import Processor
from rights.stores.opendsr.transport import Limits, Reply
from tests.support.clock import StoppedClock

HOST = "opendsr.partner.example"


@cache
def keys() -> tuple[str, bytes, RSAPrivateKey, RSAPrivateKey]:
    """The file of the authority, the partner's certificate and key, and a key of somebody else."""
    authority = Authority()
    file = Path(mkdtemp(prefix="partners-")) / "ca.pem"
    file.write_bytes(authority.pem)
    certificate, private = authority.issue(HOST)
    key = load_pem_private_key(private, None)
    assert isinstance(key, RSAPrivateKey)
    return str(file), certificate, key, generate_private_key(public_exponent=65537, key_size=2048)


def registered(**more: Any) -> Partner:
    facts: dict[str, Any] = {
        "host": HOST,
        "path": "/v2",
        "identities": [
            {"key": "email", "type": "email", "format": "sha256"},
            {"key": "phone", "type": "mobile_number"},
        ],
    }
    return Partner.model_validate(facts | more)


class Memory:
    """What the partner has and does; every call is written down."""

    def __init__(self, clock: StoppedClock) -> None:
        self.clock = clock
        self.calls: list[tuple[str, str]] = []
        self.requests: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.status = "pending"
        self.takes = timedelta(hours=1)
        self.is_lying = False
        self.is_down = False
        self.domain = HOST
        self.discovery: dict[str, Any] = {
            "api_version": "2.0",
            "supported_identities": [{"identity_type": "email", "identity_format": "sha256"}],
            "supported_subject_request_types": ["access", "erasure"],
            "processor_certificate": f"https://{HOST}/v2/cert.pem",
        }
        self.after: Callable[[str, str], None] = lambda *_: None
        self.override: dict[tuple[str, str], Reply] = {}

    def call(self, method: str, path: str, body: bytes | None = None, limits: Limits | None = None) -> Reply:
        del limits
        self.calls.append((method, path))
        if self.is_down:
            raise StoreUnavailableError("http_503")
        reply = self.override.get((method, path)) or self._answer(method, path, body)
        self.after(method, path)
        return reply

    @contextmanager
    def opened(self, method: str, path: str, body: bytes | None = None, limits: Limits | None = None) -> Iterator[Any]:
        reply = self.call(method, path, body, limits)

        class Incoming:
            status = reply.status

        yield Incoming()

    def signed(self, content: dict[str, Any], status: int = 200) -> Reply:
        body = json.dumps(content).encode()
        return Reply(status, self.signature(body), body)

    def signature(self, body: bytes) -> dict[str, str]:
        _, _, own, other = keys()
        made = (other if self.is_lying else own).sign(body, PKCS1v15(), hashes.SHA256())
        return {
            "x-opendsr-processor-domain": self.domain,
            "x-opendsr-signature": base64.b64encode(made).decode(),
        }

    def _answer(self, method: str, path: str, body: bytes | None) -> Reply:  # noqa: PLR0911 - one for each address
        match method, path.split("/")[2:]:
            case "GET", ["discovery"]:
                return Reply(200, {}, json.dumps(self.discovery).encode())
            case "GET", ["cert.pem"]:
                return Reply(200, {}, keys()[1])
            case "POST", ["requests"]:
                request = json.loads(body or b"")
                self.requests[request["subject_request_id"]] = request
                self.bodies.append(request)
                accepted = {"subject_request_id": request["subject_request_id"], "controller_id": "us"}
                expected = (self.clock() + self.takes).isoformat()
                encoded = base64.b64encode(body or b"").decode()
                return self.signed(accepted | {"expected_completion_time": expected, "encoded_request": encoded}, 201)
            case "GET", ["requests", one] if one in self.requests:
                told = {"subject_request_id": one, "request_status": self.status, "results_count": 7}
                return self.signed(told | {"expected_completion_time": (self.clock() + self.takes).isoformat()})
            case "DELETE", ["requests", one] if one in self.requests and self.status == "pending":
                return self.signed({"subject_request_id": one}, 202)
            case "DELETE", ["requests", _]:
                return Reply(400, {}, b"{}")
        return Reply(404, {}, b"{}")


def processor(memory: Memory, **more: Any) -> Processor:
    return Processor(registered(**more), memory, lambda: keys()[0], memory.clock)  # type: ignore[arg-type]
