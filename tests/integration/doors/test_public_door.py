"""What a person, or a program for one, can do at the public door."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from rights.certificate import claims_of
from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Ledger
from tests.integration.doors.conftest import ACCESS, BASE_URL, EMAIL, PHONE, Door, Person, PostBox
from tests.integration.doors.test_intake import PARENT


def test_a_request_is_accepted_with_its_address_and_token(door: Door, ledger: Ledger) -> None:
    reply = door("POST", "/requests", json_body=ACCESS)
    request_id = reply.json["request_id"]
    assert reply.status == 202
    assert set(reply.json) == {"request_id", "status_token", "link", "requests"}
    assert reply.header("Location") == f"{BASE_URL}/requests/{request_id}"
    assert ledger.get(request_id).status is Status.RECEIVED
    assert ledger.private(request_id, "typed") == {"identifiers": {"phone": PHONE}, "message": ""}


def test_a_form_needs_one_of_phone_and_email(door: Door, ledger: Ledger) -> None:
    reply = door("POST", "/requests", form={"right": "deletion", "phone": "០១២ ៣៤៥ ៦៧៨", "email": ""})
    assert ledger.private(reply.json["request_id"], "typed")["identifiers"] == {"phone": PHONE}


def test_the_same_key_and_body_is_the_same_request(door: Door) -> None:
    key = {"Idempotency-Key": "k" * 24}
    first, again = (door("POST", "/requests", json_body=ACCESS, headers=key) for _ in range(2))
    assert first.json == again.json
    assert again.status == 202


def test_a_key_that_can_be_guessed_is_refused_in_the_header_and_in_a_form(door: Door) -> None:
    key = {"Idempotency-Key": "k" * 15}
    form = {"right": "access", "phone": "012 345 678", "nonce": "k" * 15}
    for reply in (door("POST", "/requests", json_body=ACCESS, headers=key), door("POST", "/requests", form=form)):
        assert (reply.status, reply.code) == (422, "too_short")
        assert reply.json["error"]["fields"]["Idempotency-Key"]["limit"] == 16


def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    key = {"Idempotency-Key": "k" * 24}
    door("POST", "/requests", json_body=ACCESS, headers=key)
    other = door("POST", "/requests", json_body=ACCESS | {"right": "deletion"}, headers=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "asked",
    [
        {"right": "access"},
        {"right": "portability", "scope": ["orders"]},
        {"right": "correction", "changes": {"phone": "012345679"}},
        {"right": "deletion"},
        {"right": "account_closure"},
        {"right": "consent_withdrawal", "purposes": ["marketing"]},
        {"right": "restriction"},
        {"right": "marketing_opt_out"},
        {"right": "complaint", "message": "x"},
        {"right": "deletion", "requester": PARENT},
    ],
)
def test_known_and_unknown_people_see_the_same_in_every_byte_that_is_not_random(
    person: Person, asked: dict[str, Any]
) -> None:
    def seen(on_file: dict[str, str]) -> list[tuple[int, str, str]]:
        made = person.door("POST", "/requests", json_body=ACCESS | asked)
        person.asks(on_file=on_file, **asked)
        replies = [
            made,
            person.call("GET"),
            person.call("GET", html=True),
            person.call("POST", "/code", json_body={"code": "999999"}),
            person.call("POST", "/code/resend", json_body={}),
            person.call("GET", "/package"),
            person.call("GET", "/certificate"),
            person.call("GET", "/evidence"),
            person.call("POST", "/evidence", json_body={"kind": "identity_document", "content_type": "image/png"}),
            person.call("POST", "/confirm", json_body={"agree": True}),
            person.call("POST", "/answers", json_body={"message": "x"}),
        ]
        hidden = [person.token, person.link, person.request_id, replies[1].json["reference"]]
        return [
            (r.status, _scrubbed(json.dumps(r.headers), hidden), _scrubbed(r.text, hidden)) for r in replies[1:]
        ] + [(made.status, str(sorted(made.headers)), str(list(made.json)))]

    assert seen({"phone": PHONE}) == seen({})


def _scrubbed(text: str, hidden: list[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, "-")
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "time", text)


def test_before_proof_a_status_holds_neither_stores_nor_messages(person: Person) -> None:
    status = person.asks().call("GET").json
    assert status["status"] == "identity_needed"
    assert not {"stores", "notices"} & set(status)
    assert status["next"] == ["code", "withdraw"]


def test_the_right_code_proves_identity_however_it_is_written(person: Person) -> None:
    reply = person.asks().call("POST", "/code", form={"code": " ១២៣-456 "})
    assert reply.json["proven"] is True
    assert person.call("GET").json["status"] == "in_progress"


def test_with_two_contacts_both_codes_are_needed(person: Person) -> None:
    identifiers = {"phone": PHONE, "email": EMAIL}
    person.asks(identifiers=identifiers, on_file=identifiers)
    first = person.call("POST", "/code", json_body={"code": "123456"}).json
    assert (first["proven"], first["next"]) == (False, ["code", "proceed"])
    assert person.call("POST", "/code", json_body={"code": "123456"}).json["proven"] is True


def test_one_may_go_on_with_the_contact_that_is_proven(person: Person) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL})
    assert person.call("POST", "/code", json_body={"proceed": True}).json["proven"] is False
    person.call("POST", "/code", json_body={"code": "123456"})
    assert person.call("POST", "/code", json_body={"proceed": True}).json["proven"] is True
    assert person.ledger.seeds(person.ledger.get(person.request_id)) == {"phone": PHONE}


def test_a_second_code_does_not_kill_the_first(person: Person, post: PostBox) -> None:
    person.asks().call("POST", "/code/resend", json_body={})
    person.gets_mail()
    assert len(post.sent) == 2
    person.proves()


def test_a_proven_request_waits_for_no_code(person: Person) -> None:
    person.asks().proves()
    for rest in ("/code", "/code/resend"):
        reply = person.call("POST", rest, json_body={"code": "123456"} if rest == "/code" else {})
        assert (reply.status, reply.code) == (409, "not_waiting_for_code")


@pytest.mark.parametrize(("method", "rest"), [("POST", "/withdraw"), ("DELETE", "")])
def test_a_request_can_be_withdrawn_until_the_work_begins(person: Person, method: str, rest: str) -> None:
    assert person.asks().call(method, rest).json["status"] == "withdrawn"
    assert person.call(method, rest).status == 200


def test_a_request_that_is_worked_on_can_no_longer_be_withdrawn(person: Person) -> None:
    person.asks().proves().is_answered()
    reply = person.call("POST", "/withdraw", json_body={})
    assert (reply.status, reply.code) == (409, "too_late")


def test_an_answered_request_shows_what_each_store_did_and_what_was_sent(person: Person) -> None:
    person.asks(right="deletion").proves().is_answered(Operation.ERASE).gets_mail()
    status = person.call("GET").json
    store = status["stores"][0]
    assert status["status"] == "completed_in_part"
    assert (store["found"], store["erased"], store["retained"]) == (3, 2, 1)
    assert store["kept"] == [{"ground": 11, "until": "2034-12-31", "reason": "statutory_records"}]
    assert [(n["kind"], n["channel"]) for n in status["notices"]] == [
        ("code", "sms"),
        ("received", "sms"),
        ("completed_in_part", "sms"),
    ]
    assert status["next"] == ["certificate"]


def test_a_failing_store_is_in_progress_for_its_person(person: Person) -> None:
    person.asks().proves().is_answered()
    task = person.ledger.claim_task(person.ledger.task(person.request_id, "accounts"))
    person.ledger.checkpoint_task(replace(task, status=TaskStatus.FAILED))
    assert "fail" not in person.call("GET").text
    assert "fail" not in person.call("GET", html=True).text


def test_a_download_needs_a_new_code_and_uses_it_up(person: Person, post: PostBox) -> None:
    person.asks().proves().is_answered()
    assert person.call("POST", "/package", json_body={"code": "123456"}).code == "not_waiting_for_code"
    asked = person.call("GET", "/package").json
    assert (asked["ready"], asked["code_sent"]) == (True, True)
    assert person.call("GET", "/package").json["code_sent"] is False
    person.gets_mail()
    assert person.call("POST", "/package", json_body={"code": "000000"}).code == "wrong_code"
    link = person.call("POST", "/package", json_body={"code": "123456"}).json
    assert "packages/" in link["url"]
    assert "X-Amz-Signature" in link["url"]
    assert link["expires_at"] > person.ledger.now()[:19]
    assert person.call("POST", "/package", json_body={"code": "123456"}).status == 422


def test_no_package_before_the_answer_and_none_after_its_end(person: Person) -> None:
    assert person.asks().call("GET", "/package").json["ready"] is False
    assert person.call("POST", "/package", json_body={"code": "123456"}).code == "not_ready"
    person.proves().is_answered().call("GET", "/package")
    person.gets_mail()
    boto3.client("s3").delete_object(Bucket="packages", Key=f"packages/{person.request_id}/package.zip")
    assert person.call("POST", "/package", json_body={"code": "123456"}).code == "gone"


def test_the_certificate_is_there_once_the_request_is_answered(person: Person) -> None:
    assert person.asks().call("GET", "/certificate").code == "not_ready"
    reply = person.proves().is_answered(Operation.ERASE).call("GET", "/certificate")
    assert reply.header("Content-Type") == "application/jose"
    assert claims_of(reply.text)["jti"] == person.request_id


def test_a_browser_reads_the_certificate_as_a_page_and_gets_the_signed_form_from_there(person: Person) -> None:
    person.asks(right="deletion").proves().is_answered(Operation.ERASE)
    page = person.call("GET", "/certificate?lang=en", html=True)
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    signed = person.call("GET", "/certificate?as=jws", html=True)
    assert signed.header("Content-Type") == "application/jose"
    claims = claims_of(signed.text)
    for told in (person.request_id, claims["audit_head"], claims["policy_version"], "Records found</dt><dd>3<"):
        assert told in page.text
    assert f"{BASE_URL}/.well-known/jwks.json" in page.text


@pytest.mark.parametrize(("lang", "heading"), [("km", "វិញ្ញាបនបត្រនៃសំណើរបស់អ្នក"), ("zh", "您的请求的证明")])
def test_the_certificate_is_in_the_language_of_its_reader(person: Person, lang: str, heading: str) -> None:
    person.asks(right="deletion").proves().is_answered(Operation.ERASE)
    assert f"<h1>{heading}</h1>" in person.call("GET", f"/certificate?lang={lang}", html=True).text


def test_anybody_can_fetch_the_keys(door: Door) -> None:
    reply = door("GET", "/.well-known/jwks.json")
    assert [(k["kty"], k["crv"], k["alg"]) for k in reply.json["keys"]] == [("EC", "P-256", "ES256")]
    assert "private" not in reply.text


def test_messages_of_errors_come_in_the_callers_language(door: Door) -> None:
    texts = {lang: door("GET", f"/nowhere?lang={lang}").json["error"]["message"] for lang in ("km", "zh", "en")}
    assert len(set(texts.values())) == 3
    assert (
        door("GET", "/nowhere", headers={"Accept-Language": "zh-CN,en;q=0.5"}).json["error"]["message"] == texts["zh"]
    )


def test_a_custom_domain_leaves_its_base_path_in_the_path(door: Door) -> None:
    assert door("GET", "/prod/.well-known/jwks.json").status == 200


def test_a_package_pass_ends_after_a_quarter_of_an_hour(person: Person, later: Any) -> None:
    person.asks().proves().is_answered().call("GET", "/package")
    person.gets_mail()
    opened = person.call("POST", "/package", form={"code": "123456"}, html=True)
    assert opened.status == 303
    cookies = opened.cookies | {"status": person.link}
    link = f'href="/prod/requests/{person.request_id}/package/1"'
    assert link in person.call("GET", "/package", cookies=cookies, html=True).text
    later(timedelta(minutes=15))
    assert link not in person.call("GET", "/package", cookies=cookies, html=True).text
