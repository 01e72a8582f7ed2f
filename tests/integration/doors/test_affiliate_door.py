"""The affiliates' door over a ledger on moto, called as API Gateway calls it once the authoriser let somebody in."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from affiliate_api import app as affiliate_app
from affiliate_api.doors import AffiliateDoors, Offer
from rights.affiliates.registry import Affiliate, Registry
from rights.affiliates.signing import BodySigner, Certificate
from rights.domain.affiliates import Proof
from rights.domain.identity import Kind
from rights.domain.rights import Channel, Right
from rights.domain.status import Status
from rights.ledger import Ledger
from rights.secrets_hmac import Hmac
from tests.integration.doors.conftest import Reply
from tests.support.clock import StoppedClock

DOMAIN = "rights.mall.example"
EMAIL = "dara@example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class SigningKms:
    """One RSA key, as KMS keeps it."""

    def __init__(self) -> None:
        self.signed = 0

    def sign(self, **asked: Any) -> dict[str, bytes]:
        assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "RSASSA_PKCS1_V1_5_SHA_256")
        self.signed += 1
        return {"Signature": KEY.sign(asked["Message"], padding.PKCS1v15(), Prehashed(hashes.SHA256()))}


def affiliate(name: str, **more: Any) -> Affiliate:
    rights = {"access": "confirm", "deletion": "confirm", "restriction": "asserted", "marketing_opt_out": "asserted"}
    facts = {"id": name, "name": name, "rights": rights, "ceiling": 3, "most": 4, "callback_hosts": ["cb.example"]}
    return Affiliate.model_validate(facts | more)


@dataclass
class Caller:
    """An affiliate at the door."""

    resolve: Any
    kms: SigningKms
    registry: Registry = field(default_factory=dict)

    def body(
        self, asked_for: str = "erasure", extension: dict[str, Any] | None = None, **changes: Any
    ) -> dict[str, Any]:
        whole = {
            "regulation": "gdpr",
            "subject_request_id": str(uuid.uuid4()),
            "subject_request_type": asked_for,
            "subject_identities": [{"identity_type": "email", "identity_value": EMAIL, "identity_format": "raw"}],
            "submitted_time": "2026-11-22T02:59:00Z",
            "api_version": "2.0",
            "extensions": {DOMAIN: extension or {}},
        }
        return whole | changes

    def create(self, body: dict[str, Any], *, by: str = "cpes", encoded: bool = False) -> Reply:
        raw = json.dumps(body).encode()
        digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        headers = {"Content-Type": "application/json", "Content-Digest": f"sha-256=:{digest}:"}
        text = base64.b64encode(raw).decode() if encoded else raw.decode()
        return self.call("POST", "/requests", by=by, body=text, headers=headers, encoded=encoded)

    def call(self, method: str, path: str, *, by: str | None = "cpes", **more: Any) -> Reply:
        headers = more.get("headers", {})
        event = {
            "resource": path, "path": f"/opendsr/v2{path}", "httpMethod": method, "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": None,
            "requestContext": {"authorizer": {"affiliate": by}} if by else {},
            "body": more.get("body"), "isBase64Encoded": more.get("encoded", False),
        }  # fmt: skip
        answer = self.resolve(event, None)
        return Reply(answer["statusCode"], answer["multiValueHeaders"], answer["body"])

    def reasons(self, **changes: Any) -> list[tuple[str, str]]:
        reply = self.create(self.body(**changes))
        assert reply.status == 400, reply.text
        return [(one["domain"], one["reason"]) for one in reply.json["error"]["errors"]]


@pytest.fixture
def caller(ledger: Ledger, hmac: Hmac, clock: StoppedClock) -> Caller:
    registry = {"cpes": affiliate("cpes"), "other": affiliate("other")}
    offer = Offer(DOMAIN, "https://mall.example/c.pem", ("orders",), frozenset({(Kind.EMAIL, "sha256")}))
    doors, kms = AffiliateDoors(ledger, registry, hmac, offer, clock), SigningKms()
    certificate = Certificate(boto3.client("ssm"), "/certificate", clock)
    return Caller(affiliate_app.build(doors, BodySigner(kms, "key", DOMAIN), certificate).resolve, kms, registry)


def request_of(ledger: Ledger, body: dict[str, Any], by: str = "cpes") -> Any:
    found = ledger.sent_by(by, body["subject_request_id"])
    assert found is not None
    return found.request


def test_a_request_is_taken_in_with_what_the_law_and_the_contract_make_of_it(caller: Caller, ledger: Ledger) -> None:
    body = caller.body(status_callback_urls=["https://cb.example/x"])
    reply = caller.create(body)
    assert (reply.status, reply.json["controller_id"]) == (201, "cpes")
    assert json.loads(base64.b64decode(reply.json["encoded_request"])) == body
    request = request_of(ledger, body)
    assert (request.right, request.status, request.channel) == (Right.DELETION, Status.RECEIVED, Channel.AFFILIATE)
    assert (request.jurisdiction, request.clock_rule) == ("EU", "gdpr/other-rights@1")
    assert request.received_at.startswith("2026-11-22T02:59:00")
    assert reply.json["expected_completion_time"] == request.due_at.replace(".000000", "")
    assert ledger.private(request.id, "typed")["identifiers"] == {"email": EMAIL}
    assert ledger.callback_urls(request.id) == ["https://cb.example/x"]


def test_every_good_answer_is_signed_and_what_is_the_same_for_all_only_once(caller: Caller) -> None:
    body = caller.body()
    path = f"/requests/{body['subject_request_id']}"
    replies = [caller.create(body), caller.call("GET", path), caller.call("DELETE", path)]
    replies.append(caller.call("GET", "/discovery", by=None))
    for reply in replies:
        signature = base64.b64decode(reply.header("X-OpenDSR-Signature"))
        KEY.public_key().verify(signature, reply.text.encode(), padding.PKCS1v15(), hashes.SHA256())
        assert reply.header("X-OpenDSR-Processor-Domain") == DOMAIN
        assert reply.header("Cache-Control") == "no-store"
    before = caller.kms.signed
    caller.call("GET", "/discovery", by=None)
    assert caller.kms.signed == before


def test_what_only_protects_needs_nobodys_confirmation(caller: Caller, ledger: Ledger) -> None:
    body = caller.body("access", {"right": "restriction"})
    assert caller.create(body).status == 201
    assert request_of(ledger, body).status is Status.VERIFIED


def test_an_affiliate_sees_only_its_own_requests_and_cannot_tell_others_from_none(caller: Caller) -> None:
    body = caller.body()
    assert caller.create(body).status == 201
    theirs, nobodys = f"/requests/{body['subject_request_id']}", f"/requests/{uuid.uuid4()}"
    for method in ("GET", "DELETE"):
        answers = [caller.call(method, path, by="other") for path in (theirs, nobodys, "/requests/DAY", "/requests/1")]
        assert {(one.status, one.text) for one in answers} == {(404, answers[0].text)}
    assert caller.call("GET", theirs).json["request_status"] == "pending"


@pytest.mark.parametrize("by", ["ended", "", None])
def test_whoever_has_no_contract_any_more_can_do_nothing(caller: Caller, by: str | None) -> None:
    assert caller.create(caller.body(), by=by or "").status == 404
    assert caller.call("GET", f"/requests/{uuid.uuid4()}", by=by).status == 404


def test_a_right_outside_the_contract_is_refused_before_anybody_is_named(caller: Caller, ledger: Ledger) -> None:
    body = caller.body("portability")
    reply = caller.create(body)
    assert (reply.status, reply.code) == (403, "right_not_agreed")
    assert ledger.sent_by("cpes", body["subject_request_id"]) is None


def test_beyond_the_ceiling_requests_are_looked_at_and_beyond_the_most_refused_until_tomorrow(
    caller: Caller, ledger: Ledger, clock: StoppedClock
) -> None:
    bodies = [caller.body() for _ in range(6)]
    replies = [caller.create(body) for body in bodies]
    assert [reply.status for reply in replies] == [201] * 4 + [429] * 2
    assert [request_of(ledger, body).is_braked for body in bodies[:4]] == [False, False, False, True]
    assert (replies[4].code, replies[4].header("Retry-After")) == ("ceiling_reached", str(21 * 3600 - 1))
    assert ledger.sent_by("cpes", bodies[4]["subject_request_id"]) is None
    assert caller.create(bodies[0]).status == 201, "what was taken before counts once"
    clock.advance(hours=22)
    assert caller.create(caller.body(submitted_time="2026-11-22T20:00:00Z")).status == 201


def test_the_same_in_another_spelling_is_the_same_and_anything_else_is_not(caller: Caller) -> None:
    body = caller.body()
    first = caller.create(body)
    upper = body | {"subject_request_id": body["subject_request_id"].upper()}
    again = caller.create(dict(reversed(body.items())))
    assert (again.status, again.json["received_time"]) == (201, first.json["received_time"])
    assert caller.create(upper).status == 201
    other = caller.create(body | {"regulation": "ccpa"})
    assert (other.status, other.code) == (409, "request_id_reused")


def test_a_cancelled_request_is_withdrawn_once_and_one_that_is_worked_on_is_not(caller: Caller, ledger: Ledger) -> None:
    body = caller.body()
    caller.create(body)
    path = f"/requests/{body['subject_request_id']}"
    assert [caller.call("DELETE", path).status for _ in range(2)] == [202, 202]
    request = request_of(ledger, body)
    assert request.status is Status.WITHDRAWN
    assert [event.by for event in ledger.events(request.id)] == ["affiliate:cpes"] * 2
    assert caller.call("GET", path).json["request_status"] == "cancelled"
    begun = caller.body("access", {"right": "restriction"})
    caller.create(begun)
    ledger.begin_work(request_of(ledger, begun).id)
    reply = caller.call("DELETE", f"/requests/{begun['subject_request_id']}")
    assert (reply.status, reply.code) == (409, "too_late")


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"status_callback_urls": ["https://evil.example/"]}, "status_callback_urls", "callback_host_not_registered"),
        ({"status_callback_urls": ["https://cb.example.evil.example/"]}, "status_callback_urls",
         "callback_host_not_registered"),
        ({"submitted_time": "2026-11-22T03:06:00Z"}, "submitted_time", "submitted_time_not_valid"),
        ({"submitted_time": "2026-10-22T02:00:00Z"}, "submitted_time", "submitted_time_not_valid"),
        ({"asked_for": "access", "extension": {"scope": ["nothing"]}}, "extensions.scope", "scope_not_valid"),
        ({"subject_identities": [{"identity_type": "email", "identity_value": "0" * 32, "identity_format": "md5"}]},
         "subject_identities", "identity_not_supported"),
        ({"subject_identities": []}, "subject_identities", "identity_missing"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused_by_its_field(
    caller: Caller, changes: dict[str, Any], field: str, reason: str
) -> None:
    assert caller.reasons(**changes) == [(field, reason)]


def test_an_error_has_the_shape_of_opendsr_with_a_stable_code(caller: Caller) -> None:
    reply = caller.create(caller.body(regulation="none"))
    error = reply.json["error"]
    assert set(error) == {"code", "message", "errors"}
    assert (error["code"], set(error["errors"][0])) == ("invalid_request", {"domain", "reason", "message"})


def test_a_body_that_came_encoded_is_read_by_its_bytes(caller: Caller) -> None:
    assert caller.create(caller.body(), encoded=True).status == 201
    broken = caller.call("POST", "/requests", body="no base64!", encoded=True)
    assert (broken.status, broken.code) == (400, "malformed_body")


def test_the_certificate_is_published_once_it_is_there(caller: Caller, clock: StoppedClock) -> None:
    assert caller.call("GET", "/certificate.pem", by=None).status == 404
    pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    boto3.client("ssm").put_parameter(Name="/certificate", Value=pem, Type="String")
    clock.advance(minutes=6)
    reply = caller.call("GET", "/certificate.pem", by=None)
    assert (reply.status, reply.text) == (200, pem)


def test_a_contract_may_let_the_affiliates_word_suffice(caller: Caller, ledger: Ledger) -> None:
    caller.registry["cpes"] = affiliate("cpes", rights={"deletion": Proof.ASSERTED})
    body = caller.body()
    assert caller.create(body).status == 201
    assert request_of(ledger, body).is_asserted
