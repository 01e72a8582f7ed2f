"""Bad input is told apart, in the one error shape, and writes nothing."""

import base64
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from tests.integration.doors.conftest import ACCESS, Door, Person, Reply

GOOD = {"phone": "012345678"}
CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"right": "fly", "identifiers": GOOD}, "unknown_right", "right"),
    ({"right": "complaint", "identifiers": GOOD}, "message_missing", "message"),
    ({"identifiers": GOOD}, "right_missing", "right"),
    ({"right": ["access"], "identifiers": GOOD}, "unknown_right", "right"),
    ({"right": "access"}, "identifier_missing", "identifiers"),
    ({"right": "access", "identifiers": {}}, "identifier_missing", "identifiers"),
    ({"right": "access", "identifiers": {"phone": "  "}}, "identifier_missing", "identifiers"),
    ({"right": "access", "identifiers": "012345678"}, "wrong_type", "identifiers"),
    ({"right": "access", "identifiers": {"phone": 12345678}}, "wrong_type", "identifiers.phone"),
    ({"right": "access", "identifiers": {"phone": "call me"}}, "phone_not_valid", "identifiers.phone"),
    ({"right": "access", "identifiers": {"phone": "12"}}, "phone_not_valid", "identifiers.phone"),
    ({"right": "access", "identifiers": {"email": "dara(at)example"}}, "email_not_valid", "identifiers.email"),
    ({"right": "access", "identifiers": {"phone": "0" * 41}}, "too_long", "identifiers.phone"),
    ({"right": "access", "identifiers": {"email": "a" * 250 + "@b.kh"}}, "too_long", "identifiers.email"),
    ({"right": "access", "identifiers": GOOD, "message": "x" * 2001}, "too_long", "message"),
    ({"right": "access", "identifiers": GOOD, "account_id": "1"}, "unknown_field", "account_id"),
    ({"right": "access", "identifiers": {**GOOD, "account_id": "1"}}, "unknown_field", "identifiers.account_id"),
    ({"right": "access", "identifiers": GOOD, "locale": "fr"}, "language_not_offered", "locale"),
    (
        {"right": "access", "identifiers": GOOD, "requester": {"kind": "agent"}},
        "requester_name_missing",
        "requester.name",
    ),
    ({"right": "access", "identifiers": GOOD, "jurisdiction": "Mars"}, "wrong_type", "jurisdiction"),
]
UNREADABLE = [
    ('{"right": "access"', "application/json", 400, "malformed_body"),
    ("[]", "application/json", 400, "malformed_body"),
    ('{"right": NaN}', "application/json", 400, "malformed_body"),
    ('{"right": "access", "right": "deletion"}', "application/json", 400, "malformed_body"),
    ("[" * 10_000, "application/json", 400, "malformed_body"),
    (r'{"right": "access", "identifiers": {"phone": "\ud800"}}', "application/json", 400, "malformed_body"),
    (r'{"right": "access", "\udfff": "x"}', "application/json", 400, "malformed_body"),
    (r'{"right": "correction", "changes": {"\ud800": "x"}}', "application/json", 400, "malformed_body"),
    (r'{"right": "complaint", "message": ["\udc00\ud800"]}', "application/json", 400, "malformed_body"),
    ('{"message": "\ud800"}', "application/json", 400, "malformed_body"),
    ("message=%ed%a0%80", "application/x-www-form-urlencoded", 400, "malformed_body"),
    ("message=\ud800", "application/x-www-form-urlencoded", 400, "malformed_body"),
    ("right=access&right=deletion", "application/x-www-form-urlencoded", 400, "malformed_body"),
    ("right", "application/x-www-form-urlencoded", 400, "malformed_body"),
    ("right=%ff", "application/x-www-form-urlencoded", 400, "malformed_body"),
    ("<right>access</right>", "application/xml", 415, "unsupported_media_type"),
    ("{}", "", 415, "unsupported_media_type"),
    ("{}", "text/plain", 415, "unsupported_media_type"),
    ('{"message": "' + "x" * 40_000 + '"}', "application/json", 413, "too_large"),
]


def nothing_written() -> bool:
    return not boto3.client("dynamodb").scan(TableName="ledger")["Items"]


def is_one_shape(reply: Reply) -> bool:
    error = reply.json["error"]
    return set(reply.json) == {"error"} and {"code", "message"} <= set(error) <= {"code", "message", "fields"}


def test_a_body_that_does_not_fit_names_the_field_and_writes_nothing(door: Door, subtests: pytest.Subtests) -> None:
    for body, code, field in CASES:
        with subtests.test(f"{field}: {code}"):
            reply = door("POST", "/requests", json_body=body)
            assert (reply.status, reply.code) == (422, code)
            assert reply.json["error"]["fields"][field]["code"] == code
            assert is_one_shape(reply)
            assert nothing_written()


def test_several_problems_are_all_named(door: Door) -> None:
    reply = door("POST", "/requests", json_body={"right": "fly", "identifiers": {"phone": "x", "email": "y"}})
    assert reply.code == "invalid_request"
    assert set(reply.json["error"]["fields"]) == {"right", "identifiers.phone", "identifiers.email"}


def test_an_error_never_repeats_what_was_typed(door: Door) -> None:
    body = {"right": "Zanzibar", "identifiers": {"phone": "Zanzibar", "email": "Zanzibar"}, "locale": "Zanzibar"}
    assert "Zanzibar" not in door("POST", "/requests", json_body=body).text


def test_a_body_that_cannot_be_read_is_refused_and_writes_nothing(door: Door, subtests: pytest.Subtests) -> None:
    for raw, content_type, status, code in UNREADABLE:
        with subtests.test(f"{content_type} {code}"):
            reply = door("POST", "/requests", raw=raw, headers={"Content-Type": content_type})
            assert (reply.status, reply.code) == (status, code)
            assert is_one_shape(reply)
            assert nothing_written()


def test_whole_characters_beyond_the_first_plane_are_taken(door: Door) -> None:
    raw = r'{"right": "complaint", "identifiers": {"phone": "012345678"}, "message": "\ud83d\ude00"}'
    assert door("POST", "/requests", raw=raw, headers={"Content-Type": "application/json"}).status == 202


def test_no_page_dies_of_half_a_character_wherever_it_comes_from(door: Door, person: Person) -> None:
    half = "\ud800"
    typed = base64.urlsafe_b64encode(b'["\\ud800"]').decode()
    cookies = {"typed": typed, "lang": half, "look": half, "package": half}
    person.asks()
    answers = [
        person.call("GET", html=True, token=None, cookies={"status": person.link} | cookies),
        person.call("GET", token=half),
        door("GET", f"/?right={half}&lang={half}&done={half}", html=True),
        door("POST", "/requests", json_body=ACCESS, headers={"Idempotency-Key": half * 16}),
        *(
            door("GET", f"{path}{half}", html=html)
            for path in ("/", "/s/", "/stop/", "/ask/")
            for html in (True, False)
        ),
    ]
    for answer in answers:
        assert answer.status < 500
        json.dumps(answer.text + str(answer.headers), ensure_ascii=False).encode()


@pytest.mark.parametrize("path", ["/ask/right", "/ask/details", "/ask/check", "/find", "/find/code"])
@pytest.mark.parametrize("html", [True, False])
def test_no_form_echoes_half_a_character(door: Door, path: str, *, html: bool) -> None:
    reply = door("POST", path, json_body={"right": "access", "reference": "\ud800", "language": "en"}, html=html)
    assert reply.status == 400
    reply.text.encode()


def test_no_door_takes_half_a_character_into_a_request_or_a_hold(person: Person, operator: Door) -> None:
    person.asks(right="complaint", message="Why?").proves()
    before = person.ledger.get(person.request_id)
    theirs = f"/ops/requests/{person.request_id}"
    answers = [
        person.call("POST", "/answers", json_body={"message": "\ud800"}),
        person.call("POST", "/evidence", json_body={"kind": "\ud800", "content_type": "image/png"}),
        operator("POST", f"{theirs}/decision", json_body={"decision": "ask", "text": "\ud800"}),
        operator("POST", f"{theirs}/decision", json_body={"decision": "\ud800"}),
        operator("POST", f"{theirs}/reveal", json_body={"what": "\ud800", "reason": "review"}),
        operator("POST", "/ops/holds", json_body={"email": "\ud800@example.com", "ground": 3, "until": "2026-12-31"}),
    ]
    assert [(answer.status, answer.code) for answer in answers] == [(400, "malformed_body")] * len(answers)
    assert person.ledger.get(person.request_id) == before


def test_a_wrong_token_and_an_unknown_request_get_the_same_answer(door: Door, person: Person) -> None:
    person.asks()
    known = person.call("GET", token=person.token[:-1] + "x")
    unknown = door("GET", f"/requests/{'0' * 26}", token=f"{'0' * 26}.{'0' * 64}")
    assert known.status == 401
    assert known.header("WWW-Authenticate") == "Bearer"
    assert known == unknown


def test_a_missing_token_and_the_token_of_another_request_are_refused(door: Door, person: Person) -> None:
    first = person.asks().token
    person.asks()
    assert person.call("GET", token=None).status == 401
    assert person.call("GET", token=first).status == 401
    assert person.call("POST", "/code", token=first, json_body={"code": "123456"}).status == 401


def test_what_cannot_exist_is_not_found(door: Door) -> None:
    for path in ("/requests/nonsense", "/nowhere", "/static/site.css", "/s/nonsense", "/requests/x/y/z"):
        reply = door("GET", path, token="x")
        assert (reply.status, reply.code) == (404, "not_found")


def test_the_token_of_a_request_that_is_gone_is_told_so(door: Door, person: Person) -> None:
    person.asks()
    key = {"PK": {"S": f"REQUEST#{person.request_id}"}, "SK": {"S": "STATE"}}
    boto3.client("dynamodb").delete_item(TableName="ledger", Key=key)
    assert person.call("GET").status == 404


def test_a_code_that_is_none_costs_no_try(person: Person, subtests: pytest.Subtests) -> None:
    person.asks()
    for code, expected in (
        ("12345", "code_too_short"),
        ("1234567", "code_too_long"),
        ("12345a", "code_not_digits"),
        ("", "code_missing"),
        ("1" * 41, "too_long"),
        (123456, "wrong_type"),
    ):
        with subtests.test(expected):
            reply = person.call("POST", "/code", json_body={"code": code})
            assert (reply.status, reply.code) == (422, expected)
    assert (person.ledger.codes(person.request_id) or {})["tries_left"] == 5


def test_wrong_codes_count_down_and_are_used_up_with_and_without_an_account(person: Person) -> None:
    def answers(on_file: dict[str, str]) -> list[Reply]:
        person.asks(on_file=on_file)
        return [person.call("POST", "/code", json_body={"code": "000000"}) for _ in range(7)]

    known, unknown = answers({"phone": "+85512345678"}), answers({})
    assert [reply.status for reply in known] == [422] * 5 + [429] * 2
    assert [reply.json["error"]["fields"]["code"]["tries_left"] for reply in known[:5]] == [4, 3, 2, 1, 0]
    assert known == unknown


def test_a_code_that_is_too_old_is_gone(person: Person, later: Any) -> None:
    person.asks()
    later(timedelta(minutes=16))
    reply = person.call("POST", "/code", json_body={"code": "123456"})
    assert (reply.status, reply.code) == (410, "code_expired")


def test_codes_are_sent_so_often_and_no_more_with_and_without_an_account(person: Person) -> None:
    def answers(phone: str, *, on_file: bool) -> list[int]:
        contacts = {"phone": phone} if on_file else {}
        person.asks(identifiers={"phone": phone}, on_file=contacts)
        return [person.call("POST", "/code/resend", json_body={}).status for _ in range(6)]

    known, unknown = answers("+85512345678", on_file=True), answers("+85512345679", on_file=False)
    assert known == unknown == [202] * 4 + [429] * 2


def test_a_form_from_another_site_changes_nothing(door: Door) -> None:
    form = {"right": "access", "phone": "012345678"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        reply = door("POST", "/requests", form=form, headers=headers)
        assert (reply.status, reply.code) == (403, "foreign_origin")
    assert nothing_written()


def test_our_own_form_is_taken(door: Door) -> None:
    form = {"right": "access", "phone": "012345678"}
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://mall.example"}):
        assert door("POST", "/requests", form=form, headers=headers).status == 202


def test_what_nobody_foresaw_is_one_shape_too(door: Door, person: Person) -> None:
    person.asks()
    boto3.client("dynamodb").delete_table(TableName="ledger")
    reply = door("POST", "/requests", json_body=ACCESS)
    assert (reply.status, reply.code) == (500, "internal")
    assert is_one_shape(reply)
