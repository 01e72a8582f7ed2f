"""The SMS gateway's door, over a ledger and a secret on moto: an answered STOP becomes an opt-out, once, at once."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import pytest

from gateway_api import app as gateway_app
from gateway_api.doors import GatewayDoors
from gateway_api.keys import GatewayKeys
from gateway_api.signature import signature_of
from rights.clock import parse
from rights.domain.rights import OPT_OUT_OF, Channel, Locale, Right
from rights.domain.status import Status
from rights.ledger import Ledger, NewRequest
from rights.ledger.model import Opened
from rights.secrets_hmac import Hmac
from rights.telemetry import logger
from tests.integration.doors.conftest import Reply
from tests.support.clock import StoppedClock
from tests.support.description import check_answer

KEY, NEXT_KEY, LAST_KEY = "a" * 64, "b" * 64, "c" * 64
PATH = "/webhooks/sms-opt-out"
PHONE = "+85512345678"


@dataclass
class Recorded:
    """The ledger, and what it was asked to take in."""

    ledger: Ledger
    taken: list[NewRequest] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)

    def open_request(self, new: NewRequest) -> Opened:
        self.taken.append(new)
        self.opened.append(self.ledger.open_request(new))
        return self.opened[-1]


@dataclass
class Gateway:
    """The gateway: it signs what it sends, with the key it has."""

    resolve: Any
    clock: StoppedClock
    intake: Recorded
    key: str = KEY

    def says(self, raw: str | None = None, *, headers: dict[str, str] | None = None, **changes: Any) -> Reply:
        body = raw if raw is not None else json.dumps(self.message(**changes), ensure_ascii=False)
        now = str(int(self.clock().timestamp()))
        signed = {
            "Content-Type": "application/json",
            "X-Gateway-Timestamp": now,
            "X-Gateway-Signature": signature_of(body.encode(), now, self.key.encode()),
        }
        return self.sends(body, signed | (headers or {}))

    def message(self, **changes: Any) -> dict[str, Any]:
        body = {"phone": PHONE, "keyword": "STOP", "received_at": "2026-11-22T02:59:50Z", "message_id": "m-1"}
        return {name: value for name, value in (body | changes).items() if value is not ...}

    def sends(self, body: str | None, headers: dict[str, str], *, encoded: bool = False, path: str = PATH) -> Reply:
        event = {
            "resource": path, "path": path, "httpMethod": "POST", "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()}, "queryStringParameters": None,
            "requestContext": {}, "body": body, "isBase64Encoded": encoded,
        }  # fmt: skip
        answer = self.resolve(event, None)
        reply = Reply(answer["statusCode"], answer["multiValueHeaders"], answer["body"])
        check_answer("POST", path.removeprefix("/prod"), reply.status, reply.headers, reply.text)
        return reply

    @property
    def requests(self) -> set[str]:
        """The requests that were made."""
        return {opened.request.id for opened in self.intake.opened if opened.created}


@pytest.fixture
def secret(aws: None) -> str:
    return str(boto3.client("secretsmanager").create_secret(Name="gateway", SecretString=KEY)["ARN"])


@pytest.fixture
def gateway(ledger: Ledger, hmac: Hmac, clock: StoppedClock, secret: str) -> Gateway:
    intake = Recorded(ledger)
    keys = GatewayKeys(boto3.client("secretsmanager"), secret, clock)
    return Gateway(gateway_app.build(GatewayDoors(intake, hmac, keys, clock)).resolve, clock, intake)


def change_key(secret: str, key: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)


def test_an_answered_stop_becomes_an_opt_out_that_is_proven_by_the_number_itself(gateway: Gateway) -> None:
    reply = gateway.says()
    assert (reply.status, reply.json) == (202, {"status": "accepted"})
    [new] = gateway.intake.taken
    assert (new.right, new.channel, new.locale) == (Right.MARKETING_OPT_OUT, Channel.SMS, Locale.KM)
    assert (new.typed, new.purposes, new.proven, new.by) == ({"phone": PHONE}, OPT_OUT_OF, True, "sms_gateway")
    [request_id] = gateway.requests
    request = gateway.intake.ledger.get(request_id)
    assert request.status is Status.VERIFIED
    assert gateway.intake.ledger.private(request_id, "contacts") == {"phone": PHONE}
    assert [event.by for event in gateway.intake.ledger.events(request_id)] == ["sms_gateway"]


WORDS = ["STOP", "stop", " Stop. ", "\uff33\uff34\uff2f\uff30", "UNSUBSCRIBE", "Unsubscribe!", "退订", "退订。", "TD",
         "td", "ឈប់", "\u200bឈប់\u200b", "ឈប់។"]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_for_no_more_is_understood_in_three_languages(gateway: Gateway, word: str) -> None:
    assert gateway.says(keyword=word).json == {"status": "accepted"}
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("word", ["", "HELP", "stopp", "nonstop", "don't stop", "退", "T D", "ok"])
def test_another_word_changes_nothing(gateway: Gateway, word: str) -> None:
    reply = gateway.says(keyword=word)
    assert (reply.status, reply.json) == (202, {"status": "ignored"})
    assert gateway.intake.taken == []


def test_a_message_that_comes_twice_is_answered_alike_and_asks_once(gateway: Gateway, clock: StoppedClock) -> None:
    first, again = gateway.says(), gateway.says()
    clock.advance(seconds=200)
    late = gateway.says(received_at="2026-11-22T03:00:00+07:00")
    assert [(r.status, r.text) for r in (again, late)] == [(first.status, first.text)] * 2
    assert len(gateway.requests) == 1


def test_two_messages_are_two_requests(gateway: Gateway) -> None:
    gateway.says()
    gateway.says(message_id="m-2")
    assert len(gateway.requests) == 2


def test_a_message_id_that_is_used_for_another_number_is_refused_and_not_lost_in_silence(gateway: Gateway) -> None:
    gateway.says()
    reply = gateway.says(phone="+85512999888")
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")


def test_a_recorded_message_is_worthless_after_five_minutes(gateway: Gateway, clock: StoppedClock) -> None:
    body, now = json.dumps(gateway.message()), str(int(clock().timestamp()))
    heard = {
        "Content-Type": "application/json", "X-Gateway-Timestamp": now,
        "X-Gateway-Signature": signature_of(body.encode(), now, KEY.encode()),
    }  # fmt: skip
    clock.advance(seconds=299)
    assert gateway.sends(body, heard).status == 202
    clock.advance(seconds=2)
    assert gateway.sends(body, heard).status == 401
    assert len(gateway.requests) == 1


def test_whatever_is_wrong_with_a_signature_the_answer_is_the_same(gateway: Gateway) -> None:
    wrong = [
        {"X-Gateway-Signature": ""},
        {"X-Gateway-Signature": "v1=" + "0" * 64},
        {"X-Gateway-Signature": "v2=" + "0" * 64},
        {"X-Gateway-Timestamp": ""},
        {"X-Gateway-Timestamp": "0"},
        {"X-Gateway-Timestamp": "99999999999"},
        {"X-Gateway-Timestamp": "yesterday"},
    ]
    replies = [gateway.says(headers=headers) for headers in wrong]
    replies += [gateway.says(phone="+85599999999", headers=headers) for headers in wrong]
    replies += [gateway.sends("no json", {}), gateway.sends(None, {}), gateway.sends("%%%", {}, encoded=True)]
    assert {(reply.status, reply.code, reply.text) for reply in replies} == {(401, "not_signed", replies[0].text)}
    assert gateway.intake.taken == []


def test_known_and_unknown_numbers_are_answered_alike(gateway: Gateway) -> None:
    known, unknown = gateway.says(), gateway.says(phone="+85599999999", message_id="m-2")
    assert (known.status, known.text, known.headers) == (unknown.status, unknown.text, unknown.headers)


def test_while_the_key_changes_both_are_good_and_the_one_before_them_is_not(
    gateway: Gateway, secret: str, clock: StoppedClock
) -> None:
    assert gateway.says().status == 202
    change_key(secret, NEXT_KEY)
    clock.advance(seconds=60)
    assert gateway.says().status == 202
    gateway.key = NEXT_KEY
    assert gateway.says().status == 202
    change_key(secret, LAST_KEY)
    clock.advance(seconds=60)
    assert gateway.says().status == 202
    gateway.key = KEY
    assert gateway.says().status == 401


@pytest.mark.parametrize("key", [" ", "short", "x" * 31])
def test_a_key_that_anybody_could_guess_opens_nothing(
    gateway: Gateway, secret: str, clock: StoppedClock, key: str
) -> None:
    change_key(secret, key)
    change_key(secret, key)
    gateway.key = key
    assert gateway.says().status == 401


def test_a_body_in_base64_is_verified_by_its_bytes(gateway: Gateway) -> None:
    body, now = json.dumps(gateway.message(keyword="ឈប់"), ensure_ascii=False), str(int(gateway.clock().timestamp()))
    signed = {
        "content-type": "application/json", "x-gateway-timestamp": now,
        "x-gateway-signature": signature_of(body.encode(), now, KEY.encode()),
    }  # fmt: skip
    assert gateway.sends(b64encode(body.encode()).decode(), signed, encoded=True).json == {"status": "accepted"}


def test_a_body_of_more_than_four_kilobytes_is_not_even_looked_at(gateway: Gateway) -> None:
    room = 4096 - len(json.dumps(gateway.message(message_id="")))
    assert gateway.says(json.dumps(gateway.message(message_id="m")) + " " * (room - 1)).status == 202
    assert gateway.says(json.dumps(gateway.message(message_id="m")) + " " * room).code == "too_large"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "call me"}, "phone_not_valid"),
        ({"phone": ...}, "wrong_type"),
        ({"phone": 85512345678}, "wrong_type"),
        ({"keyword": ["STOP"]}, "wrong_type"),
        ({"keyword": "STOP" * 100}, "wrong_type"),
        ({"received_at": "yesterday"}, "wrong_type"),
        ({"received_at": "2026-11-22T03:00:00"}, "wrong_type"),
        ({"message_id": ""}, "wrong_type"),
        ({"message_id": "m" * 256}, "wrong_type"),
        ({"text": "STOP"}, "unknown_field"),
    ],
)
def test_a_signed_message_that_makes_no_sense_is_refused_by_field_and_never_quoted(
    gateway: Gateway, changes: dict[str, Any], code: str
) -> None:
    reply = gateway.says(**changes)
    assert (reply.status, reply.code, list(reply.json["error"]["fields"])) == (422, code, list(changes))
    assert "call me" not in reply.text
    assert gateway.intake.taken == []


@pytest.mark.parametrize("raw", ["", "[]", "STOP", '{"phone": "+1", "phone": "+2"}', '{"phone": NaN}'])
def test_a_signed_body_that_is_no_message_is_refused(gateway: Gateway, raw: str) -> None:
    assert gateway.says(raw).status in {400, 422}


def test_a_form_is_no_webhook(gateway: Gateway) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert gateway.says("keyword=STOP", headers=form).code == "unsupported_media_type"


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("2026-11-22T09:00:00+07:00", "2026-11-22T02:00:00Z"),
        ("2026-11-16T03:00:00Z", "2026-11-16T03:00:00Z"),
        ("2026-11-22T03:04:00Z", "2026-11-22T03:00:00Z"),
        ("1970-01-01T00:00:00Z", "2026-11-22T03:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "2026-11-22T03:00:00Z"),
        ("9999-12-31T23:59:59-12:00", "2026-11-22T03:00:00Z"),
    ],
)
def test_the_clock_starts_when_the_person_answered_unless_the_gateways_clock_is_wrong(
    gateway: Gateway, said: str, taken: str
) -> None:
    assert gateway.says(received_at=said).status == 202
    [request_id] = gateway.requests
    received = parse(gateway.intake.ledger.get(request_id).received_at)
    assert abs(received - parse(taken)) < timedelta(seconds=1)


def test_nothing_else_is_behind_this_door(gateway: Gateway) -> None:
    assert gateway.sends("{}", {}, path="/webhooks/other").code == "not_found"


def test_nothing_of_a_message_is_logged(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    gateway.says()
    gateway.says(phone="+85512999888")
    gateway.says(phone="call me")
    gateway.intake.ledger = Broken()  # type: ignore[assignment]
    assert gateway.says(message_id="m-2").code == "internal"
    logged = lines.getvalue()
    assert "unforeseen error" in logged
    for secret in ("85512345678", "12999888", "call me", "STOP", "m-1", "v1="):
        assert secret not in logged


class Broken:
    """A ledger that fails in words of its own."""

    def open_request(self, new: NewRequest) -> Opened:
        raise KeyError(new.typed["phone"])


def test_a_secret_without_a_current_version_lets_nobody_in(hmac: Hmac, clock: StoppedClock, ledger: Ledger) -> None:
    keys = GatewayKeys(boto3.client("secretsmanager"), "no-such-secret", clock)
    intake = Recorded(ledger)
    gateway = Gateway(gateway_app.build(GatewayDoors(intake, hmac, keys, clock)).resolve, clock, intake)
    assert gateway.says().status == 500
    assert intake.taken == []
