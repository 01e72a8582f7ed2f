"""Every right by JSON and by form: what is taken, under which code it is refused, and that hostile input is no more."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from public_api.reading import read_answer, read_code, read_confirm, read_request
from rights.domain.rights import Locale, Requester, Right
from rights.http import ApiError
from rights.http_problems import PROBLEMS
from rights.ledger import Ledger, Request
from tests.integration.doors.conftest import PHONE, Door
from tests.integration.doors.test_bad_input import is_one_shape, nothing_written

GOOD = {"phone": "012345678"}
PARENT = {"kind": "guardian", "name": "Sok Dara", "relation": "parent", "for": "child", "email": "Sok@Example.com"}
NEEDS: dict[str, dict[str, Any]] = {
    "correction": {"changes": {"name": "Sok Dara"}},
    "consent_withdrawal": {"purposes": ["marketing", "location"]},
    "complaint": {"message": "Nobody answered me."},
}
FORM_NEEDS: dict[str, dict[str, str]] = {
    "correction": {"change.name": "Sok Dara", "change.email": ""},
    "consent_withdrawal": {"purpose.marketing": "on", "purpose.location": "true", "purpose.personalised_ads": "no"},
    "complaint": {"message": "Nobody answered me."},
}
ALL = [right.value for right in Right]
HOSTILE = (
    "<script>alert(1)</script>", "=cmd|'/C calc'!A0", "+1+1", "@SUM(A1)", "{{7*7}}", "${jndi:ldap://x}", "' OR 1=1 --",
    "\u202egnp.exe", "\u0000", "a\u0000b", "\ud800", "\u2028", "%00", "../../etc/passwd", "\U0001f600" * 50,
)  # fmt: skip


def asked(door: Door, ledger: Ledger, **body: Any) -> Request:
    reply = door("POST", "/requests", json_body={"identifiers": GOOD} | body)
    assert reply.status == 202, reply.text
    return ledger.get(reply.json["request_id"])


def refused(door: Door, body: Any) -> dict[str, str]:
    """The code of each field of a refusal that wrote nothing."""
    reply = door("POST", "/requests", json_body=body)
    assert reply.status == 422, reply.text
    assert is_one_shape(reply)
    assert nothing_written()
    return {name: problem["code"] for name, problem in reply.json["error"]["fields"].items()}


# ---- what is taken


@pytest.mark.parametrize("right", ALL)
def test_every_right_can_be_asked_for_by_json_and_by_form_alike(door: Door, ledger: Ledger, right: str) -> None:
    by_json = asked(door, ledger, right=right, **NEEDS.get(right, {}))
    form = {"right": right, "phone": "012 345 678"} | FORM_NEEDS.get(right, {})
    by_form = ledger.get(door("POST", "/requests", form=form).json["request_id"])
    for request in (by_json, by_form):
        assert request.right == right
        assert ledger.private(request.id, "typed")["identifiers"] == {"phone": PHONE}
    assert (by_json.scope, by_json.purposes) == (by_form.scope, by_form.purposes)
    for part in ("changes", "requester"):
        assert ledger.private(by_json.id, part) == ledger.private(by_form.id, part)
    assert (by_json.channel, by_form.channel) == ("api", "web")


def test_several_rights_become_a_case_with_an_id_and_a_token_for_each(door: Door, ledger: Ledger) -> None:
    body = {"rights": ALL, "identifiers": GOOD, "message": "x", "scope": ["orders"], **NEEDS["consent_withdrawal"]}
    reply = door("POST", "/requests", json_body=body | NEEDS["correction"])
    made = reply.json["requests"]
    assert [one["right"] for one in made] == ALL
    assert reply.json["request_id"] == made[0]["request_id"]
    assert reply.json["status_token"] == made[0]["status_token"]
    for one in made:
        seen = door("GET", f"/requests/{one['request_id']}", token=one["status_token"]).json
        assert seen["rights"][0]["right"] == one["right"]
        assert seen["case"] == [each["request_id"] for each in made]
        assert door("GET", f"/requests/{made[0]['request_id']}", token=made[1]["status_token"]).status == 401
    scopes = {one["right"]: ledger.get(one["request_id"]).scope for one in made}
    assert {right for right, scope in scopes.items() if scope} == {"access", "portability", "deletion"}


def test_a_form_ticks_further_rights_and_a_second_sending_is_the_same_case(door: Door) -> None:
    form = {"right": "access", "also.deletion": "on", "also.complaint": "no", "phone": "012345678", "nonce": "n" * 24}
    first, again = (door("POST", "/requests", form=form).json for _ in range(2))
    assert [one["right"] for one in first["requests"]] == ["access", "deletion"]
    assert first == again


def test_a_scope_names_stores_and_categories_of_the_data_map(door: Door, ledger: Ledger) -> None:
    by_json = asked(door, ledger, right="deletion", scope=["search_history", "orders", "orders"])
    form = {"right": "deletion", "phone": "012345678", "scope.search_history": "on", "scope.orders": "1"}
    by_form = ledger.get(door("POST", "/requests", form=form).json["request_id"])
    assert by_json.scope == by_form.scope == ("orders", "search_history")


def test_what_is_corrected_is_kept_as_the_stores_keep_it_and_with_what_was_seen(door: Door, ledger: Ledger) -> None:
    changes = {
        "phone": {"to": "០១២ ៩៨៧ ៦៥៤", "from": "012 345 678"},
        "email": "Dara.New@Example.COM",
        "birth_date": "19900102",
        "name": "  Sok \n Dara ",
        "language": "zh",
    }
    kept = ledger.private(asked(door, ledger, right="correction", changes=changes).id, "changes")
    assert kept == {
        "phone": {"to": "+85512987654", "from": "012 345 678"},
        "email": {"to": "dara.new@example.com"},
        "birth_date": {"to": "1990-01-02"},
        "name": {"to": "Sok Dara"},
        "language": {"to": "zh"},
    }
    form = {"right": "correction", "phone": "012345678", "change.birth_date": "១៩៩០-០១-០២", "was.birth_date": "1991"}
    by_form = door("POST", "/requests", form=form | {"was.name": "nobody changes this"}).json["request_id"]
    assert ledger.private(by_form, "changes") == {"birth_date": {"to": "1990-01-02", "from": "1991"}}


def test_whoever_acts_for_another_gives_a_contact_of_their_own_by_json_and_by_form(door: Door, ledger: Ledger) -> None:
    by_json = asked(door, ledger, right="access", requester=PARENT)
    form = {f"requester_{name}": value for name, value in PARENT.items() if name != "kind"}
    form |= {"right": "access", "phone": "012345678", "requester": "guardian", "requester_phone": " "}
    by_form = ledger.get(door("POST", "/requests", form=form).json["request_id"])
    for request in (by_json, by_form):
        assert request.requester is Requester.GUARDIAN
        told = ledger.private(request.id, "requester")
        assert told == {"name": "Sok Dara", "relation": "parent", "for": "child", "email": "sok@example.com"}
        assert (ledger.codes(request.id) or {})["typed"] == ["email"]


def test_phones_of_any_country_and_emails_of_any_case_are_taken(door: Door, ledger: Ledger) -> None:
    typed = {"phone": "+86 138 0013 8000", "email": "  DARA@Example.Com "}
    request = asked(door, ledger, right="access", identifiers=typed, lang="zh", jurisdiction="CN")
    assert request.locale is Locale.ZH
    assert request.jurisdiction == "CN"
    kept = ledger.private(request.id, "typed")["identifiers"]
    assert kept == {"phone": "+8613800138000", "email": "dara@example.com"}


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\ud800"])
def test_free_text_is_kept_as_it_was_typed_and_shown_nowhere(door: Door, ledger: Ledger, text: str) -> None:
    reply = door("POST", "/requests", json_body={"right": "complaint", "identifiers": GOOD, "message": f"Well: {text}"})
    made = reply.json
    assert ledger.private(made["request_id"], "typed")["message"] == f"Well: {text}"
    seen = door("GET", f"/requests/{made['request_id']}", token=made["status_token"])
    assert "Well" not in reply.text + seen.text


# ---- what is refused


PROBLEM_CASES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"rights": []}, {"right": "right_missing"}),
    ({"rights": None}, {"right": "right_missing"}),
    ({"rights": "access"}, {"right": "unknown_right"}),
    ({"rights": ["access", "fly"]}, {"right": "unknown_right"}),
    ({"rights": ["access", "access"]}, {"right": "right_twice"}),
    ({"rights": ["access"] * 2000}, {"right": "right_twice"}),
    ({"rights": [["access"]]}, {"right": "unknown_right"}),
    ({"rights": ["access"], "right": "access"}, {"right": "unknown_field"}),
    ({"right": "access", "scope": ["everything"]}, {"scope": "unknown_scope"}),
    ({"right": "access", "scope": ["accounts"]}, {"scope": "unknown_scope"}),
    ({"right": "deletion", "scope": ["orders"] * 41}, {"scope": "wrong_type"}),
    ({"right": "access", "scope": "orders"}, {"scope": "wrong_type"}),
    ({"right": "access", "scope": ["<b>"]}, {"scope.0": "wrong_type"}),
    ({"right": "account_closure", "scope": ["orders"]}, {"scope": "scope_not_needed"}),
    ({"right": "correction"}, {"changes": "changes_missing"}),
    ({"right": "access", "changes": {"name": "x"}}, {"changes": "changes_not_needed"}),
    ({"right": "correction", "changes": {"password": "x"}}, {"changes": "unknown_change"}),
    ({"right": "correction", "changes": {"<b>dara</b>": "x"}}, {"changes": "wrong_type"}),
    ({"right": "correction", "changes": {f"a{n}": "x" for n in range(41)}}, {"changes": "wrong_type"}),
    ({"right": "correction", "changes": ["name"]}, {"changes": "wrong_type"}),
    ({"right": "correction", "changes": {"name": 7}}, {"changes.name": "wrong_type"}),
    ({"right": "correction", "changes": {"name": {"to": None}}}, {"changes.name.to": "wrong_type"}),
    ({"right": "correction", "changes": {"name": {"from": "x"}}}, {"changes.name.to": "wrong_type"}),
    ({"right": "correction", "changes": {"name": "x" * 301}}, {"changes.name.to": "too_long"}),
    ({"right": "correction", "changes": {"name": " "}}, {"changes": "wrong_type"}),
    ({"right": "correction", "changes": {"name": "a\u0000b"}}, {"changes": "wrong_type"}),
    ({"right": "correction", "changes": {"phone": "12"}}, {"changes": "phone_not_valid"}),
    ({"right": "correction", "changes": {"email": "dara"}}, {"changes": "email_not_valid"}),
    ({"right": "correction", "changes": {"language": "fr"}}, {"changes": "language_not_offered"}),
    ({"right": "consent_withdrawal"}, {"purposes": "purposes_missing"}),
    ({"right": "consent_withdrawal", "purposes": ["fun"]}, {"purposes.0": "wrong_type"}),
    ({"right": "consent_withdrawal", "purposes": ["marketing"] * 6}, {"purposes": "wrong_type"}),
    ({"right": "access", "purposes": ["marketing"]}, {"purposes": "purposes_not_needed"}),
    ({"right": "complaint", "message": " \n"}, {"message": "message_missing"}),
    ({"right": "complaint", "message": ["x"]}, {"message": "wrong_type"}),
    ({"right": "access", "requester": None}, {"requester": "wrong_type"}),
    ({"right": "access", "requester": {"kind": "friend"}}, {"requester.kind": "wrong_type"}),
    ({"right": "access", "requester": {"name": "Dara"}}, {"requester": "requester_not_needed"}),
    ({"right": "access", "requester": PARENT | {"name": " "}}, {"requester.name": "requester_name_missing"}),
    ({"right": "access", "requester": PARENT | {"name": "a\u0000"}}, {"requester.name": "wrong_type"}),
    ({"right": "access", "requester": PARENT | {"name": "x" * 121}}, {"requester.name": "too_long"}),
    ({"right": "access", "requester": PARENT | {"for": None}}, {"requester.for": "requester_for_missing"}),
    ({"right": "access", "requester": PARENT | {"for": "cat"}}, {"requester.for": "wrong_type"}),
    (
        {"right": "access", "requester": PARENT | {"relation": "authorised"}},
        {"requester.relation": "requester_relation_missing"},
    ),
    (
        {"right": "access", "requester": PARENT | {"kind": "agent"}},
        {"requester.relation": "requester_relation_missing"},
    ),
    ({"right": "access", "requester": PARENT | {"email": " "}}, {"requester.phone": "requester_contact_missing"}),
    ({"right": "access", "requester": PARENT | {"phone": "1"}}, {"requester.phone": "phone_not_valid"}),
    ({"right": "access", "requester": PARENT | {"for_whom": "child"}}, {"requester.for_whom": "unknown_field"}),
    ({"right": "access", "jurisdiction": "kh"}, {"jurisdiction": "wrong_type"}),
    ({"right": "access", "locale": ["en"]}, {"locale": "language_not_offered"}),
    ({"right": "access", "proven": True}, {"proven": "unknown_field"}),
    ({"right": "access", "dara@example.com": 1}, {"body": "unknown_field"}),
    ({"right": "access", "012345678": 1}, {"body": "unknown_field"}),
    (
        {"right": "access", "identifiers": {"email": "a\u0000b@example.com"}},
        {"identifiers.email": "email_not_valid"},
    ),
    ({"right": "access", "identifiers": [GOOD]}, {"identifiers": "wrong_type"}),
]


def test_each_problem_has_its_code_at_its_field_and_nothing_is_written(door: Door, subtests: pytest.Subtests) -> None:
    for body, fields in PROBLEM_CASES:
        with subtests.test(str(fields)):
            assert refused(door, {"identifiers": GOOD} | body) == fields


@pytest.mark.parametrize(
    "day", ["2026-02-30", "0000-01-01", "0001-01-01", "1899-12-31", "2999-01-01", "31/12/1990", "1990", "\u0000"]
)
def test_a_birthday_is_a_day_that_has_been(door: Door, day: str) -> None:
    [code] = refused(door, {"right": "correction", "identifiers": GOOD, "changes": {"birth_date": day}}).values()
    assert code == ("wrong_type" if day == "\u0000" else "date_not_valid")


FORM_CASES: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"right": ""}, {"right": "right_missing"}),
    ({"right": "access", "also.fly": "on"}, {"right": "unknown_right"}),
    ({"right": "access", "also.access": "on"}, {"right": "right_twice"}),
    ({"right": "deletion", "scope.orders": "orders"}, {"scope.orders": "wrong_type"}),
    ({"right": "deletion", "scope.everything": "on"}, {"scope": "unknown_scope"}),
    ({"right": "consent_withdrawal", "purpose.fun": "on"}, {"purposes.0": "wrong_type"}),
    ({"right": "correction", "change.name": " "}, {"changes": "changes_missing"}),
    ({"right": "correction", "change.password": "x"}, {"changes": "unknown_change"}),
    ({"right": "access", "requester": "agent"}, {"requester.name": "requester_name_missing"}),
    ({"right": "access", "requester": "<b>"}, {"requester.kind": "wrong_type"}),
    ({"right": "access", "locale": "fr"}, {"locale": "language_not_offered"}),
    ({"right": "access", "sok.dara@x": "1"}, {"sok": "unknown_field"}),
    ({"right": "access", "email": "dara"}, {"identifiers.email": "email_not_valid"}),
]


def test_a_form_is_refused_under_the_same_codes(door: Door, subtests: pytest.Subtests) -> None:
    for form, fields in FORM_CASES:
        with subtests.test(str(fields)):
            reply = door("POST", "/requests", form={"phone": "012345678"} | form)
            assert reply.status == 422
            assert {name: problem["code"] for name, problem in reply.json["error"]["fields"].items()} == fields
            assert nothing_written()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('{"message": "' + "x" * 10**6 + '"}', "too_large"),
        ('{"right": "access", "identifiers": ' + "[" * 900 + "]" * 900 + "}", "wrong_type"),
        ('{"right": "access", "identifiers": ' + '{"a":' * 5000 + "1" + "}" * 5001, "malformed_body unknown_field"),
        ('{"right": "access", "ground": 1' + "0" * 5000 + "}", "malformed_body"),
        ('{"right": "access", "identifiers": {"phone": "1", "phone": "2"}}', "malformed_body"),
        ('{"right": "access\ud800"}', "malformed_body"),
        ("\u0000", "malformed_body"),
    ],
)
def test_bombs_are_refused_unread(door: Door, raw: str, code: str) -> None:
    reply = door("POST", "/requests", raw=raw, headers={"Content-Type": "application/json"})
    # How deep the parser of this Python follows decides which of the two it is.
    assert reply.code in code.split()
    assert is_one_shape(reply)
    assert nothing_written()


def test_half_a_character_in_a_form_is_refused(door: Door) -> None:
    heads = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = door("POST", "/requests", raw="right=access&phone=012345678&nonce=\ud800", headers=heads)
    assert (reply.status, reply.code) == (400, "malformed_body")
    long = door("POST", "/requests", form={"right": "access", "phone": "012345678", "nonce": "n" * 256})
    assert (long.status, long.code) == (422, "too_long")
    assert nothing_written()


# ---- whatever it is


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = ("rights", "right", "identifiers", "requester", "scope", "changes", "purposes", "message", "locale", "lang")
BODIES = st.dictionaries(st.sampled_from((*NAMES, "agree", "resend", "code", "proceed")) | st.text(), ANYTHING)
PREFIXES = ("also.", "scope.", "purpose.", "change.", "was.", "requester_", "")
FORM_NAMES = st.builds(str.__add__, st.sampled_from(PREFIXES), st.sampled_from(ALL) | st.text(max_size=8))
FORMS = st.dictionaries(FORM_NAMES, st.text() | st.sampled_from((*HOSTILE, "on", *ALL)), max_size=12)


def is_told_apart(error: ApiError) -> None:
    body = json.loads(json.dumps(error.body(Locale.EN), ensure_ascii=False).encode())
    assert error.code in PROBLEMS
    assert "{" not in str(body["error"]["message"])
    for name in error.fields:
        assert set(name) <= {*string.ascii_letters, *string.digits, "_", "-", "."}


@given(BODIES)
def test_whatever_a_body_holds_it_is_read_or_refused_with_a_code(body: dict[str, Any]) -> None:
    for read in (read_request, read_code, read_confirm):
        try:
            read(body | {"identifiers": GOOD} if read is read_request else body, is_form=False)
        except ApiError as error:
            is_told_apart(error)
    try:
        read_answer(body)
    except ApiError as error:
        is_told_apart(error)


@given(FORMS)
def test_whatever_a_form_holds_it_is_read_or_refused_with_a_code(form: dict[str, str]) -> None:
    try:
        read_request({"right": "access", "phone": "012345678"} | form, is_form=True)
    except ApiError as error:
        is_told_apart(error)
