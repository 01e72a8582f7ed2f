"""One partner of the sample mall, as a program of its own: OpenDSR 2.0 over TLS, played well or badly.

Behaviours: `prompt` is done at once; `slow` after some seconds, and says so by callback; `failing` answers each request
with 500 a few times before it takes it; `down` answers everything with 503; `lying` signs with another's key; `silent`
takes requests and never says a word again. Written from the published specification, not from the product.
"""

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.played.server import Answer, Call, read_settings, serve

ROWS = 3
"""How many records this partner has of everybody."""
_CALLBACK_PAUSES = (0.5, 2.0, 5.0)


@dataclass
class Entry:
    """One request it got."""

    body: dict[str, Any]
    posts: int
    status: str = "pending"
    expected: datetime = field(default_factory=lambda: datetime.now(UTC))


class Partner:
    """What it knows and how it behaves; used by many threads, so under one lock."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.host: str = settings["host"]
        self.lock = threading.RLock()
        self.entries: dict[str, Entry] = {}
        self.posts: dict[str, int] = {}
        self.callbacks: list[dict[str, Any]] = []
        self.stalled = 0
        self._certificate = Path(settings["certificate"]).read_bytes()
        self._key = serialization.load_pem_private_key(Path(settings["key"]).read_bytes(), None)
        self._other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._hands_over = bool(settings.get("hands_over"))
        self.behave(settings)

    def behave(self, settings: dict[str, Any]) -> None:
        """Play another part from now on."""
        with self.lock:
            self.behaviour: str = settings["behaviour"]
            self.seconds = float(settings.get("seconds", 0))
            self.failures = int(settings.get("failures", 1))
            self.stalls = float(settings.get("stalls", 0))

    def signed(self, body: bytes, *, forged: bool = False) -> dict[str, str]:
        """The headers that say whose these bytes are."""
        key = self._other_key if forged or self.behaviour == "lying" else self._key
        assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - what we made ourselves
        signature = key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return {
            "X-OpenDSR-Processor-Domain": self.host,
            "X-OpenDSR-Signature": base64.b64encode(signature).decode(),
        }

    def answer(self, call: Call) -> Answer:  # noqa: PLR0911 - one line for each address
        """The answer to a call of the controller."""
        if self.behaviour == "down":
            return _error(503, "down for a while")
        parts = [part for part in call.path.split("?", maxsplit=1)[0].split("/") if part]
        match call.method, parts:
            case "GET", ["v2", "discovery"]:
                return self._json(200, self._discovery())
            case "GET", ["v2", "cert.pem"]:
                return 200, self._certificate, {"Content-Type": "application/x-pem-file"}
            case "POST", ["v2", "requests"]:
                return self._take(call.body)
            case "GET", ["v2", "requests", request_id]:
                return self._report(request_id)
            case "DELETE", ["v2", "requests", request_id]:
                return self._cancel(request_id)
            case "GET", ["v2", "results", name] if self._hands_over:
                rows = [{"visit": number, "of": name.removesuffix(".json")} for number in range(ROWS)]
                return 200, json.dumps(rows).encode(), {"Content-Type": "application/json"}
        return _error(404, "no such thing")

    def _discovery(self) -> dict[str, Any]:
        kinds = ("controller_customer_id", "email")
        return {
            "api_version": "2.0",
            "supported_identities": [
                {"identity_type": kind, "identity_format": form} for kind in kinds for form in ("raw", "sha256")
            ],
            "supported_subject_request_types": ["access", "portability", "erasure"],
            "processor_certificate": f"https://{self.host}/v2/cert.pem",
        }

    def _take(self, body: bytes) -> Answer:
        request = json.loads(body)
        request_id = request["subject_request_id"]
        with self.lock:
            posts = self.posts[request_id] = self.posts.get(request_id, 0) + 1
            if self.behaviour == "failing" and posts <= self.failures:
                return _error(500, "something broke")
            entry = self.entries.get(request_id)
            if entry is None:
                entry = self.entries[request_id] = Entry(request, posts)
                entry.expected += timedelta(seconds=self.seconds)
                if self.behaviour in {"prompt", "failing"} and not self.seconds:
                    entry.status = "completed"
                elif self.behaviour != "silent":
                    threading.Timer(self.seconds, self._complete, [request_id]).start()
            entry.posts = posts
            stalls = self.stalls if posts == 1 else 0
            self.stalled += bool(stalls)
        # Taken, and the answer held back.
        time.sleep(stalls)
        return self._json(
            201,
            {
                "controller_id": "tinh-tinh-mall",
                "expected_completion_time": _moment(entry.expected),
                "received_time": _moment(datetime.now(UTC)),
                "encoded_request": base64.b64encode(body).decode(),
                "subject_request_id": request_id,
            },
        )

    def _report(self, request_id: str) -> Answer:
        entry = self.entries.get(request_id)
        return _error(404, "no such request") if entry is None else self._json(200, self._status(request_id, entry))

    def _status(self, request_id: str, entry: Entry) -> dict[str, Any]:
        told: dict[str, Any] = {
            "controller_id": "tinh-tinh-mall",
            "expected_completion_time": _moment(entry.expected),
            "subject_request_id": request_id,
            "request_status": entry.status,
            "api_version": "2.0",
        }
        if entry.status == "completed":
            told |= {"results_count": ROWS, "results_url": f"https://{self.host}/v2/results/{request_id}.json"}
        return told

    def _cancel(self, request_id: str) -> Answer:
        with self.lock:
            entry = self.entries.get(request_id)
            if entry is None or entry.status != "pending":
                return _error(400, "too late")
            entry.status = "cancelled"
        told = {"controller_id": "tinh-tinh-mall", "subject_request_id": request_id, "api_version": "2.0"}
        return self._json(202, told | {"received_time": _moment(datetime.now(UTC))})

    def _complete(self, request_id: str) -> None:
        with self.lock:
            entry = self.entries[request_id]
            if entry.status == "cancelled" or self.behaviour == "silent":
                return
            entry.status = "completed"
        for pause in (*_CALLBACK_PAUSES, 0.0):
            if 200 <= self.tell(request_id, {}) < 300:
                return
            time.sleep(pause)

    def tell(self, request_id: str, how: dict[str, Any]) -> int:
        """Send a callback, and say what it was answered with; `how` may lie about anything."""
        entry = self.entries[request_id]
        [url] = entry.body["status_callback_urls"]
        told = self._status(request_id, entry) | {"status_callback_url": url} | how.get("body", {})
        if "status" in how:
            told["request_status"] = how["status"]
        body = json.dumps(told).encode() + b" " * int(how.get("padding", 0))
        headers = {"Content-Type": "application/json", **self.signed(body, forged=bool(how.get("forged")))}
        headers |= how.get("headers", {})
        call = urllib.request.Request(how.get("url", url), data=body, headers=headers, method="POST")  # noqa: S310 - the mall's
        try:
            with urllib.request.urlopen(call, timeout=20) as answer:  # noqa: S310 - the mall's own address
                answered = int(answer.status)
        except urllib.error.HTTPError as error:
            answered = error.code
        except OSError:
            answered = 0
        with self.lock:
            self.callbacks.append({"id": request_id, "status": told["request_status"], "answered": answered})
        return answered

    def state(self) -> dict[str, Any]:
        """Everything it knows."""
        with self.lock:
            requests = [{**entry.body, "status": entry.status, "posts": entry.posts} for entry in self.entries.values()]
            return {
                "behaviour": self.behaviour,
                "requests": requests,
                "callbacks": list(self.callbacks),
                "stalled": self.stalled,
            }

    def _json(self, status: int, content: dict[str, Any]) -> Answer:
        body = json.dumps(content).encode()
        return status, body, {"Content-Type": "application/json", **self.signed(body)}


def _moment(time_: datetime) -> str:
    return time_.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _error(code: int, message: str) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message, "errors": []}}).encode()
    return code, body, {"Content-Type": "application/json"}


def _control(partner: Partner, call: Call) -> Answer:
    """How a test, or `/_local/partners`, speaks to it."""
    match call.method, call.path:
        case "GET", "/state":
            content: dict[str, Any] = partner.state()
        case "POST", "/behaviour":
            partner.behave(json.loads(call.body))
            content = {}
        case "POST", "/callback":
            told = json.loads(call.body)
            content = {"answered": partner.tell(told["id"], told)}
        case _:
            return _error(404, "no such thing")
    return 200, json.dumps(content).encode(), {"Content-Type": "application/json"}


def main() -> None:
    """Serve until ended."""
    told = read_settings()
    partner = Partner(told)
    serve(told, partner.answer, partial(_control, partner))


if __name__ == "__main__":
    main()
