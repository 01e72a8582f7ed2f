"""Somebody answers STOP to a message of the mall: the SMS gateway passes it on, and nobody need do anything more."""

import hashlib
import hmac
import json
import time
from typing import Any

import httpx

from local.cloud import Cloud
from local.mall import expected_flags
from tests.workflow.asking import Public
from tests.workflow.book import Book, Item
from tests.workflow.conftest import Crowd
from tests.workflow.holdings import holdings
from tests.workflow.waiting import eventually

PATH = "/webhooks/sms-opt-out"


def signed(cloud: Cloud, body: bytes) -> dict[str, str]:
    """What the gateway sends besides the body, made by no code of the product."""
    key = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.outputs["GatewaySecretId"])["SecretString"]
    now = str(int(time.time()))
    tag = hmac.new(key.encode(), now.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Gateway-Timestamp": now, "X-Gateway-Signature": f"v1={tag}", "Content-Type": "application/json"}


def message(phone: str, keyword: str) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    body = {"phone": phone, "keyword": keyword, "received_at": at, "message_id": f"m-{phone}"}
    return json.dumps(body, ensure_ascii=False).encode()


def by_sms(book: Book) -> list[Item]:
    return [item for item in book.everything() if item["SK"] == "STATE" and item.get("channel") == "sms"]


def test_an_answered_stop_is_done_without_a_code_a_review_or_a_wait(
    cloud: Cloud, public: Public, book: Book, crowd: Crowd
) -> None:
    before = {item["id"] for item in by_sms(book)}
    person = crowd.someone("profile")
    body = message(person.phone, "ឈប់")
    replies = [public.http.post(PATH, content=body, headers=signed(cloud, body)) for _ in range(2)]
    assert [(r.status_code, r.json()) for r in replies] == [(httpx.codes.ACCEPTED, {"status": "accepted"})] * 2
    [request] = [item for item in by_sms(book) if item["id"] not in before]
    assert request["right"] == "marketing_opt_out"

    def done() -> dict[str, Any] | None:
        return request if book.status(request["id"]) == "completed" else None

    eventually(done, "opt-out that is done")
    codes = book.codes(request["id"])
    assert not {"identity_asked", "review_asked", "cooling_off_begun"} & set(codes)
    assert book.chain_holds(request["id"])
    held = holdings(cloud.stores, person)
    for key, fields in expected_flags(person, "marketing_opt_out")["profiles"].items():
        assert fields.items() <= held[key].items()
    eventually(lambda: cloud.mailbox.sent_to(person.phone), "word of it")


def test_what_the_gateway_did_not_sign_is_refused(cloud: Cloud, public: Public, book: Book) -> None:
    before = len(by_sms(book))
    body = message("+85512345678", "STOP")
    changed = body.replace(b"5678", b"5679")
    for content, headers in ((body, {}), (changed, signed(cloud, body))):
        reply = public.http.post(PATH, content=content, headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (httpx.codes.UNAUTHORIZED, "not_signed")
    assert len(by_sms(book)) == before
