"""An affiliate's system, end to end: signed calls through the gateway, the real workflow, signed callbacks back."""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.affiliates import Affiliate, Answer
from local.cloud import Cloud
from local.mailbox import Message
from local.mall import Person
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.waiting import eventually

ENGLISH = {"language": "en"}
UNKNOWN = "nobody-at-all@example.com"


@pytest.fixture(scope="module")
def affiliate(cloud: Cloud) -> Affiliate:
    return cloud.affiliate


@pytest.fixture
def person(crowd: Crowd) -> Person:
    return crowd.someone("orders")


def email(value: str | None, form: str = "raw") -> list[dict[str, str]]:
    return [{"identity_type": "email", "identity_value": str(value), "identity_format": form}]


def phone(value: str | None) -> dict[str, Any]:
    return {"identities": [{"identity_type": "mobile_number", "identity_value": str(value), "identity_format": "raw"}]}


def ours(cloud: Cloud, book: Book, body: dict[str, Any]) -> str:
    """Our own id of a request, as an auditor finds it."""
    key = {"PK": {"S": "AFFILIATE#cpes"}, "SK": {"S": body["subject_request_id"]}}
    item = cloud.client("dynamodb").get_item(TableName=book.table, Key=key, ConsistentRead=True)["Item"]
    return str(item["case"]["L"][0]["S"])


def status_of(affiliate: Affiliate, body: dict[str, Any]) -> str:
    answer = affiliate.call("GET", f"/requests/{body['subject_request_id']}")
    assert answer.status == 200, answer.text
    return str(answer.json["request_status"])


def until(affiliate: Affiliate, body: dict[str, Any], status: str) -> None:
    eventually(lambda: status_of(affiliate, body) == status, status)


def told(affiliate: Affiliate, body: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    """The callbacks about a request, once the last of these has come."""

    def look() -> list[dict[str, Any]]:
        got = affiliate.callbacks(body["subject_request_id"])
        return got if {one["status"] for one in got if one["answered"] == 202} >= set(statuses) else []

    return eventually(look, f"callback {statuses}")


@contextmanager
def behaving(affiliate: Affiliate, behaviour: str, **settings: Any) -> Iterator[None]:
    affiliate.behave(behaviour, **settings)
    try:
        yield
    finally:
        affiliate.behave("well")


def test_discovery_is_for_everybody_and_names_what_can_be_asked(affiliate: Affiliate) -> None:
    found = httpx.get(f"{affiliate.base_url}/opendsr/v2/discovery", timeout=120)
    assert found.status_code == 200
    assert found.headers["X-OpenDSR-Processor-Domain"] == "rights.mall.example"
    assert found.headers["X-OpenDSR-Signature"]
    formats = {(i["identity_type"], i["identity_format"]) for i in found.json()["supported_identities"]}
    assert formats == {("email", form) for form in ("raw", "sha256", "sha1", "md5")}
    certificate = httpx.get(found.json()["processor_certificate"], timeout=120)
    assert "BEGIN CERTIFICATE" in certificate.text


def test_an_opt_out_is_done_at_the_affiliates_word_and_told_back_under_our_signature(
    cloud: Cloud, affiliate: Affiliate, book: Book, person: Person
) -> None:
    extension = {"right": "marketing_opt_out"} | ENGLISH | phone(person.phone)
    body = affiliate.body("access", extension)
    answer = affiliate.create(body)
    assert (answer.status, answer.json["subject_request_id"]) == (201, body["subject_request_id"])
    until(affiliate, body, "completed")
    got = told(affiliate, body, "completed")
    assert all(one["signed"] and one["url"] == affiliate.callback_url for one in got)
    request_id = ours(cloud, book, body)
    assert book.state(request_id)["right"] == "marketing_opt_out"
    assert {"affiliate:cpes"} == {e["by"] for e in book.items(request_id, "EVENT#") if e["code"] == "received"}
    news = eventually(
        lambda: [m for m in cloud.mailbox.sent_to(person.phone) if "no more advertising" in m.text], "sms"
    )
    assert news
    assert book.chain_holds(request_id)


def hashed(person: Person, form: str) -> list[dict[str, str]]:
    """The person's email as the affiliate has it."""
    return email(person.rows["accounts"][0]["email" if form == "raw" else f"email_{form}"], form)


def code_mail(cloud: Cloud, person: Person, before: set[Message]) -> Message:
    """The mail that brings the code and the way to the page."""

    def look() -> list[Message]:
        return [m for m in cloud.mailbox.sent_to(person.email) if m not in before and "/s/" in m.text]

    return eventually(look, "code")[0]


def test_an_access_by_a_hash_is_confirmed_by_the_person_and_its_result_is_theirs_alone(
    cloud: Cloud, affiliate: Affiliate, person: Person
) -> None:
    body = affiliate.body("access", ENGLISH, subject_identities=hashed(person, "sha256"))
    before = set(cloud.mailbox.sent_to(person.email))
    assert affiliate.create(body).status == 201
    mail = code_mail(cloud, person, before)
    assert status_of(affiliate, body) == "pending"
    code, link = re.search(r"\b(\d{6})\b", mail.text), re.search(r"https?://\S+/s/(\S+)", mail.text)
    assert code
    assert link
    request_id, came_by_link = link[1].partition(".")[0], {"Cookie": f"status={link[1]}"}
    with httpx.Client(base_url=cloud.base_url, headers=came_by_link, timeout=120) as http:
        assert http.post(f"/requests/{request_id}/code", json={"code": code[1]}).status_code == 200
        until(affiliate, body, "completed")
        assert http.get(f"/requests/{request_id}/package").json()["ready"]
    got = told(affiliate, body, "in_progress", "completed")
    assert all(one["signed"] for one in got)
    shown = affiliate.call("GET", f"/requests/{body['subject_request_id']}").json
    facts = {"controller_id", "expected_completion_time", "subject_request_id", "request_status", "api_version"}
    assert set(shown) == facts
    assert {name for one in got for name in one["names"]} == facts | {"status_callback_url"}
    assert affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").code == "too_late"


@pytest.mark.parametrize("form", ["raw", "sha1", "md5"])
def test_a_code_finds_the_person_by_whatever_form_their_address_came_in(
    cloud: Cloud, affiliate: Affiliate, person: Person, form: str
) -> None:
    before = set(cloud.mailbox.sent_to(person.email))
    body = affiliate.body("erasure", ENGLISH, subject_identities=hashed(person, form))
    assert affiliate.create(body).status == 201
    assert code_mail(cloud, person, before)
    assert affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").status == 202


def test_whoever_is_not_known_is_answered_like_everybody(
    cloud: Cloud, affiliate: Affiliate, book: Book, person: Person
) -> None:
    answers = []
    for value, form in ((person.email, "raw"), (UNKNOWN, "raw"), ("0" * 64, "sha256")):
        body = affiliate.body("erasure", subject_identities=email(value, form))
        made, shown = affiliate.create(body), affiliate.call("GET", f"/requests/{body['subject_request_id']}")
        gone = affiliate.call("DELETE", f"/requests/{body['subject_request_id']}")
        answers.append([_shape(one, body) for one in (made, shown, gone)])
        told(affiliate, body, "cancelled")
    assert answers[0] == answers[1] == answers[2]
    assert [one[0] for one in answers[0]] == [201, 200, 202]
    hashed = affiliate.body("access", {"right": "restriction"}, subject_identities=email("0" * 64, "sha256"))
    assert affiliate.create(hashed).status == 201
    until(affiliate, hashed, "completed")
    assert book.chain_holds(ours(cloud, book, hashed))


def _shape(answer: Answer, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What an answer tells, without what differs from request to request."""
    moving = {"encoded_request", "received_time", "expected_completion_time"}
    told = {name: value for name, value in answer.json.items() if name not in moving}
    assert told.pop("subject_request_id") == body["subject_request_id"]
    return answer.status, told


def test_the_same_request_twice_is_one_and_another_under_its_id_is_refused(
    affiliate: Affiliate, person: Person
) -> None:
    body = affiliate.body("erasure", subject_identities=email(person.email))
    first, again = affiliate.create(body), affiliate.create(body)
    assert (again.status, again.text) == (201, first.text)
    other = affiliate.create(body | {"subject_request_type": "access"})
    assert (other.status, other.code) == (409, "request_id_reused")
    assert affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").status == 202
    assert affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").status == 202
    assert affiliate.call("GET", f"/requests/{uuid.uuid4()}").code == "not_found"


def test_a_call_that_is_not_surely_the_affiliates_changes_nothing(affiliate: Affiliate, person: Person) -> None:
    body = affiliate.body("erasure", subject_identities=email(person.email))
    raw = json.dumps(body).encode()
    path, url = "/requests", f"{affiliate.base_url}/opendsr/v2/requests"

    def older(headers: dict[str, str]) -> dict[str, str]:
        return headers | {"Signature-Input": re.sub(r"created=\d+", "created=1", headers["Signature-Input"])}

    refused = {
        "unsigned": affiliate.send("POST", url, raw, {"Content-Type": "application/json"}),
        "forged": affiliate.call("POST", path, raw, key=Ed25519PrivateKey.generate()),
        "stale": affiliate.call("POST", path, raw, alter=older),
        "for another place": affiliate.call(
            "POST", path, raw, signed_url="https://elsewhere.example/opendsr/v2/requests"
        ),
        "for another path": affiliate.call("POST", path, raw, signed_url=f"{url}/{body['subject_request_id']}"),
    }
    assert {what: answer.status for what, answer in refused.items()} == dict.fromkeys(refused, 403) | {
        "unsigned": refused["unsigned"].status
    }
    assert refused["unsigned"].status in {401, 403}
    swapped = affiliate.call("POST", path, raw, sent_body=raw.replace(b"erasure", b"access "))
    assert (swapped.status, swapped.code) == (400, "digest_mismatch")
    large = json.dumps(body | {"extensions": {"a": {"b": "x" * 20_000}}}).encode()
    assert affiliate.call("POST", path, large).code == "too_large"
    assert affiliate.call("GET", f"/requests/{body['subject_request_id']}").code == "not_found"
    headers = affiliate.client["signed"]("POST", url, raw, affiliate.key_id, affiliate.key)
    assert affiliate.send("POST", url, raw, headers).status == 201
    assert affiliate.send("POST", url, raw, headers).status == 403
    assert affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").status == 202


def test_callbacks_go_to_hosts_of_the_contract_only(affiliate: Affiliate, person: Person) -> None:
    for url in (
        "https://evil.example/",
        "http://rights.cpes.mall.example/",
        "https://127.0.0.1/",
        "https://localhost/",
    ):
        body = affiliate.body("erasure", subject_identities=email(person.email), status_callback_urls=[url])
        answer = affiliate.create(body)
        assert (answer.status, answer.json["error"]["errors"][0]["reason"]) == (400, "callback_host_not_registered")


def test_a_callback_that_was_not_taken_comes_again_also_after_a_crash(
    cloud: Cloud, affiliate: Affiliate, book: Book, person: Person
) -> None:
    body = affiliate.body("access", {"right": "restriction"}, subject_identities=email(person.email))
    with behaving(affiliate, "down"):
        assert affiliate.create(body).status == 201
        until(affiliate, body, "completed")
        eventually(lambda: affiliate.callbacks(body["subject_request_id"]), "call in vain")
        cloud.kill_workers("SendCallbackFunction")
    request_id = ours(cloud, book, body)

    def the_pause_passes_until(status: int) -> None:
        def answered() -> bool:
            book.callbacks_fall_due(request_id)
            cloud.client("lambda").invoke(FunctionName=cloud.resources["SweepFunction"], Payload=b"{}")
            return status in {call["answered"] for call in affiliate.callbacks(body["subject_request_id"])}

        eventually(answered, f"call answered by {status}")

    with behaving(affiliate, "redirecting"):
        the_pause_passes_until(302)
    the_pause_passes_until(202)
    got = told(affiliate, body, "completed")
    assert {one["answered"] for one in got} >= {503, 302, 202}
    eventually(lambda: "callback_sent" in book.codes(request_id), "record of it")
    sent = [item for item in book.items(request_id, "CALLBACK#") if item["status"] == "sent"]
    assert [item["SK"] for item in sent] == ["CALLBACK#completed#1"]
    assert not [item for item in sent if "relay_at" in item]
    assert book.chain_holds(request_id)
