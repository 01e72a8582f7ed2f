"""Telling affiliates: to hosts of the contract only, under our signature, once, and again when it was in vain."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from rights.affiliates.addresses import Address
from rights.affiliates.signing import BodySigner
from rights.errors import RightsError, StaleWriteError, StoreRefusedError, StoreUnavailableError
from rights.ledger import Ledger, Request
from rights.stores.opendsr.addresses import StandIns
from rights.stores.opendsr.transport import Reply
from send_callback import app as callback_app
from send_callback.send import Teller, tell_all
from tests.integration.doors.test_affiliate_door import DOMAIN, KEY, SigningKms, affiliate
from tests.integration.ledger.test_affiliate_requests import THEIRS, sent

URL = "https://cb.example/told?a=b"
REGISTRY = {"cpes": affiliate("cpes")}


@dataclass
class Line:
    """The line to the affiliate: what went over it, and what comes of it."""

    answers: list[int | Exception] = field(default_factory=lambda: [202])
    posted: list[tuple[Address, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, address: Address, body: bytes) -> Reply:
        self.posted.append((address, json.loads(body)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Reply(answer, {}, b"")


def cancelled(ledger: Ledger, url: str = URL) -> Request:
    return ledger.withdraw(sent(ledger, callbacks=(url,)).id)


def told(ledger: Ledger, request: Request, line: Line, registry: Any = None) -> None:
    post: Any = line
    known = REGISTRY if registry is None else registry
    Teller(ledger, known, post, timedelta(minutes=1)).call_back(request.id, "cancelled#1")


def stands(ledger: Ledger, request: Request) -> tuple[str, str]:
    [found] = ledger.callbacks_of(request.id)
    return found.status.value, found.error_class


def test_a_callback_says_how_the_request_stands_and_nothing_of_anybody(ledger: Ledger) -> None:
    request, line = cancelled(ledger), Line()
    told(ledger, request, line)
    told(ledger, request, line)
    [(address, body)] = line.posted
    assert address == ("cb.example", "/told?a=b")
    assert body == {
        "controller_id": "cpes",
        "expected_completion_time": request.due_at.replace(".000000", ""),
        "subject_request_id": THEIRS,
        "request_status": "cancelled",
        "status_callback_url": URL,
        "api_version": "2.0",
    }
    assert stands(ledger, request) == ("sent", "")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (503, "http_503"),
        (302, "http_302"),
        (404, "http_404"),
        (StoreUnavailableError("too_slow"), "too_slow"),
        (StoreRefusedError("address_refused"), "address_refused"),
        (StoreRefusedError("certificate_refused"), "certificate_refused"),
    ],
)
def test_what_was_in_vain_is_recorded_by_a_code_and_comes_again(
    ledger: Ledger, answer: int | Exception, code: str
) -> None:
    request, line = cancelled(ledger), Line([answer, 202])
    told(ledger, request, line)
    assert stands(ledger, request) == ("queued", code)
    told(ledger, request, line)
    assert stands(ledger, request) == ("sent", "")
    assert len(line.posted) == 2


@pytest.mark.parametrize("registry", [{}, {"cpes": affiliate("cpes", callback_hosts=["other.example"])}])
def test_a_host_that_left_the_contract_is_not_called(ledger: Ledger, registry: Any) -> None:
    request, line = cancelled(ledger), Line()
    told(ledger, request, line, registry)
    assert line.posted == []
    assert stands(ledger, request) == ("queued", "host_not_registered")


def test_one_message_that_fails_sends_only_itself_back(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    request, line = cancelled(ledger), Line()
    post: Any = line
    teller = Teller(ledger, REGISTRY, post, timedelta(minutes=1))
    lost: RightsError = StaleWriteError("lost")

    def claim(request_id: str, name: str) -> Any:
        if request_id == "broken":
            raise lost
        return Ledger.claim_callback(ledger, request_id, name)

    monkeypatch.setattr(ledger, "claim_callback", claim)
    messages = [("broken", "completed#1"), (request.id, "cancelled#1")]
    records = [
        {"messageId": str(number), "body": json.dumps({"request_id": one, "callback": name})}
        for number, (one, name) in enumerate(messages)
    ]
    assert tell_all(teller, {"Records": records}) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert stands(ledger, request)[0] == "sent"


def test_our_signature_goes_with_the_very_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = BodySigner(SigningKms(), "key", DOMAIN).headers(b"body")
    KEY.public_key().verify(
        base64.b64decode(headers["X-OpenDSR-Signature"]), b"body", padding.PKCS1v15(), hashes.SHA256()
    )
    assert headers["X-OpenDSR-Processor-Domain"] == DOMAIN


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "169.254.169.254"])
def test_no_name_leads_to_an_address_that_is_not_public(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(callback_app, "stand_ins", StandIns)
    signer = BodySigner(SigningKms(), "key", DOMAIN)
    with pytest.raises(StoreRefusedError, match="address_refused"):
        callback_app.post(signer, Address(name, "/"), b"{}")
