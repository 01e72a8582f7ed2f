"""Reading calls: what the caller wants, says and is allowed to send."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from rights.domain.rights import Locale
from rights.http import ApiError, FieldProblem, bearer_of, cookies_of, locale_of, not_valid, read_body, wants_html
from rights.http_problems import FIELD_PROBLEMS, PROBLEMS


def call(body: str | None = None, *, base64: bool = False, query: dict[str, str] | None = None, **headers: str) -> Any:
    heads = {name.replace("_", "-"): value for name, value in headers.items()}
    return APIGatewayProxyEvent(
        {
            "headers": heads,
            "multiValueHeaders": {name: [value] for name, value in heads.items()},
            "queryStringParameters": query,
            "body": body,
            "isBase64Encoded": base64,
        }
    )


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_who_prefers_html_gets_a_page(accept: str, *, html: bool) -> None:
    assert wants_html(call(accept=accept)) is html


def test_the_language_is_what_was_said_then_the_cookie_then_the_requests_then_the_browsers() -> None:
    event = call(query={"lang": "zh"}, Cookie="lang=en", Accept_Language="km")
    assert locale_of(event, said="en") is Locale.EN
    assert locale_of(event, said="fr") is Locale.ZH
    assert locale_of(call(Cookie="lang=en"), stored=Locale.KM) is Locale.EN
    assert locale_of(call(Accept_Language="en"), stored=Locale.KM) is Locale.KM
    assert locale_of(call(Accept_Language="fr, km;q=0.3, zh-Hans-CN;q=0.9")) is Locale.ZH
    assert locale_of(call()) is None


def test_of_a_cookie_sent_twice_the_first_counts() -> None:
    assert cookies_of(call(cookie="status=deep; lang=km; status=shallow")) == {"status": "deep", "lang": "km"}


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer x.y", "x.y"), ("bearer x", "x"), ("Basic x", None), ("Bearer ", None)]
)
def test_only_bearer_tokens_are_taken(header: str, token: str | None) -> None:
    assert bearer_of(call(authorization=header)) == token


def test_a_body_may_come_in_base64() -> None:
    assert read_body(call("eyJhIjogMX0=", base64=True, content_type="application/json")) == ({"a": 1}, False)
    with pytest.raises(ApiError, match="malformed_body"):
        read_body(call("/w==", base64=True, content_type="application/json"))


def test_no_body_at_all_is_an_empty_one() -> None:
    assert read_body(call()) == ({}, False)


def test_a_form_is_told_apart() -> None:
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    assert read_body(call("a=1&b=", content_type=content_type)) == ({"a": "1", "b": ""}, True)


def test_every_field_problem_has_a_status_and_no_error_names_an_account() -> None:
    assert set(FIELD_PROBLEMS) <= set(PROBLEMS)
    assert all(400 <= problem.status < 600 for problem in PROBLEMS.values())
    assert not any("account" in problem.message for problem in PROBLEMS.values())


def test_the_only_problem_names_the_error() -> None:
    one = not_valid({"a": FieldProblem("too_long", {"limit": 40})})
    assert one.code == "too_long"
    assert one.body(Locale.EN)["error"]["fields"]["a"] == {
        "code": "too_long",
        "message": "Use 40 characters or fewer.",
        "limit": 40,
    }
    assert not_valid({"a": FieldProblem("too_long"), "b": FieldProblem("wrong_type")}).code == "invalid_request"
