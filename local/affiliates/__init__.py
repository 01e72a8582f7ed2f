"""The affiliate of the sample mall, played: it signs calls to our door; a process of its own takes our callbacks.

It shares no code with the product: it calls with the client of docs/affiliates.md, and checks what it is told with its
own reading of OpenDSR 2.0. What it is told lies in its memory only.
"""

import json
import os
import runpy
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local.partners.authority import Authority
from local.processes import LOOPBACK, Child, LocalCloudError, free_port, spawn

PROCESSOR_DOMAIN = "rights.mall.example"
"""The domain that the local cloud signs for."""
NAME, HOST, KEY_NAME = "cpes", "rights.cpes.mall.example", "local"
_MAIN = Path(__file__).with_name("simulator.py")
_CLIENT = Path(__file__).resolve().parent.parent.parent / "docs" / "affiliate_client.py"
_START_SECONDS = 30.0


class Answer(NamedTuple):
    """What our door answered."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        """The answer as JSON."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])


@dataclass
class Affiliate:
    """One affiliate: its key, and the process that takes callbacks."""

    port: int
    control: str
    child: Child
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    base_url: str = ""
    client: dict[str, Any] = field(default_factory=lambda: runpy.run_path(str(_CLIENT)))

    @property
    def key_id(self) -> str:
        """What its signatures name."""
        return f"{NAME}/{KEY_NAME}"

    @property
    def callback_url(self) -> str:
        """Where it takes callbacks, by its own name."""
        return f"https://{HOST}/callbacks"

    def as_json(self) -> dict[str, Any]:
        """What one needs to play this affiliate by hand: its private key, a request to begin with, what it was told."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        identity = {"identity_type": "email", "identity_value": "", "identity_format": "raw"}
        call = (
            f"python docs/affiliate_client.py {self.base_url} {self.key_id} private.pem POST /requests < request.json"
        )
        return {
            "client": call,
            "private.pem": private.decode(),
            "request.json": self.body("access", subject_identities=[identity]),
            "callbacks": self._told(),
        }

    def addresses(self) -> dict[str, str]:
        """Where its host is played, as functions of the local cloud read it."""
        return {HOST: f"{LOOPBACK}:{self.port}"}

    def body(self, asked_for: str, extension: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A request of OpenDSR 2.0 that tells everything by callback."""
        whole = {
            "regulation": "gdpr",
            "subject_request_id": str(uuid.uuid4()),
            "subject_request_type": asked_for,
            "subject_identities": [],
            "submitted_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "api_version": "2.0",
            "status_callback_urls": [self.callback_url],
            "extensions": {PROCESSOR_DOMAIN: {"jurisdiction": "KH"} | (extension or {})},
        }
        return whole | changes

    def create(self, body: dict[str, Any]) -> Answer:
        """Hand a request in."""
        return self.call("POST", "/requests", json.dumps(body).encode())

    def call(self, method: str, path: str, body: bytes = b"", **how: Any) -> Answer:
        """Sign a call as the documented client does, and send it; `alter` may spoil its headers before."""
        url = self.base_url + "/opendsr/v2" + path
        headers = self.client["signed"](method, how.get("signed_url", url), body, self.key_id, how.get("key", self.key))
        alter: Callable[[dict[str, str]], dict[str, str]] = how.get("alter", dict)
        return self.send(method, url, how.get("sent_body", body), alter(headers))

    def send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a call as it is."""
        status, content = self.client["call"](method, url, body, headers)
        return Answer(status, content.decode())

    def behave(self, behaviour: str, **settings: Any) -> None:
        """From now on take callbacks well, or answer them `failing` (a few times), `down`, or `redirecting`."""
        httpx.post(f"{self.control}/behaviour", json={"behaviour": behaviour, **settings}).raise_for_status()

    def callbacks(self, request_id: str) -> list[dict[str, Any]]:
        """The callbacks it got about a request, oldest first: `status`, whether it is `signed`, what it `answered`."""
        return [one for one in self._told() if one["id"] == request_id]

    def _told(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = httpx.get(f"{self.control}/state").json()["callbacks"]
        return told

    def open_for_business(self, base_url: str, ssm: Any, kms: Any, authority: Authority, key_id: str) -> None:
        """What an affiliate and the mall agree on once: its public key, where our door is, and our certificate."""
        self.base_url = base_url
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        keys = {KEY_NAME: {"alg": "ed25519", "public_key": public.decode()}}
        _put(ssm, f"/data-rights/local/affiliates/{NAME}/keys", json.dumps(keys))
        ours = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
        assert isinstance(ours, RSAPublicKey)  # noqa: S101 - what our own template asks for
        _put(ssm, "/data-rights/local/opendsr/certificate", authority.certify(PROCESSOR_DOMAIN, ours).decode())
        httpx.post(f"{self.control}/door", json={"base_url": base_url}).raise_for_status()


def _put(ssm: Any, name: str, value: str) -> None:
    ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


@contextmanager
def playing(work: Path, authority: Authority) -> Iterator[Affiliate]:
    """The affiliate, until the block ends; call it from the main thread."""
    folder = work / "affiliates"
    folder.mkdir(mode=0o700)
    certificate, key, trusted = folder / "own.pem", folder / "own.key", folder / "authorities.pem"
    for file, content in zip((certificate, key), authority.issue(HOST), strict=True):
        file.touch(mode=0o600)
        file.write_bytes(content)
    trusted.write_bytes(authority.pem)
    port, control = free_port(), free_port()
    settings = {"port": port, "control": control, "certificate": str(certificate), "key": str(key)}
    settings |= {"authorities": str(trusted), "domain": PROCESSOR_DOMAIN}
    command: list[str | Path] = [sys.executable, "-P", _MAIN, json.dumps(settings)]
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"}
    child = spawn(f"the affiliate {NAME}", command, log=folder / "own.log", env=env, cwd=folder, patience=1.0)
    affiliate = Affiliate(port, f"http://{LOOPBACK}:{control}", child)
    try:
        _wait_ready(affiliate)
        yield affiliate
    finally:
        child.stop()


def _wait_ready(affiliate: Affiliate) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        affiliate.child.require_alive()
        try:
            affiliate.callbacks("")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    message = f"{affiliate.child.name} did not answer; the end of its log:\n{affiliate.child.log_tail()}"
    raise LocalCloudError(message)
