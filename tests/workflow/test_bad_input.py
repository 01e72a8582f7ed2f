"""Bad input over HTTP: a 4xx of the one error shape, and nothing in the ledger that should not be there."""

import json
from typing import Any

import httpx
import pytest

from tests.workflow.acting import agent, guardian
from tests.workflow.asking import Asking, Public
from tests.workflow.book import Book, Item
from tests.workflow.conftest import Crowd

PHONE = {"phone": "012 345 678"}
RELATED = {"relation": "parent"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BAD: dict[str, tuple[int, str, str, str]] = {
    "malformed JSON": (400, "malformed_body", JSON, '{"right": "access"'),
    "a list": (400, "malformed_body", JSON, "[]"),
    "a number too many": (400, "malformed_body", JSON, '{"right": NaN}'),
    "a form with one name twice": (400, "malformed_body", FORM, "right=access&right=deletion"),
    "bytes that are no text": (400, "malformed_body", FORM, "right=%ff"),
    "XML": (415, "unsupported_media_type", "application/xml", "<right>access</right>"),
    "no content type": (415, "unsupported_media_type", "", "{}"),
    "a body too large": (413, "too_large", JSON, json.dumps({"message": "x" * 40_000})),
    "an unknown right": (422, "unknown_right", JSON, json.dumps({"right": "fly", "identifiers": PHONE})),
    "no right": (422, "right_missing", JSON, json.dumps({"identifiers": PHONE})),
    "one right twice": (
        422, "right_twice", JSON, json.dumps({"rights": ["access", "access"], "identifiers": PHONE})),
    "a complaint of nothing": (
        422, "message_missing", JSON, json.dumps({"right": "complaint", "identifiers": PHONE, "message": " "})),
    "a correction of nothing": (
        422, "changes_missing", JSON, json.dumps({"right": "correction", "identifiers": PHONE, "changes": {}})),
    "a correction of what nobody may change": (
        422, "unknown_change", JSON,
        json.dumps({"right": "correction", "identifiers": PHONE, "changes": {"points": "9000"}})),
    "a withdrawal of nothing": (
        422, "purposes_missing", JSON, json.dumps({"right": "consent_withdrawal", "identifiers": PHONE})),
    "a deletion of what is no category": (
        422, "unknown_scope", JSON, json.dumps({"right": "deletion", "identifiers": PHONE, "scope": ["accounts"]})),
    "no identifier": (422, "identifier_missing", JSON, json.dumps({"right": "access", "identifiers": {}})),
    "no identifier in a form": (422, "identifier_missing", FORM, "right=access&phone=&email="),
    "a phone that is none": (
        422, "phone_not_valid", JSON, json.dumps({"right": "access", "identifiers": {"phone": "12345"}})),
    "a phone in words": (
        422, "phone_not_valid", FORM, "right=access&phone=call+me"),
    "a mail that is none": (
        422, "email_not_valid", JSON, json.dumps({"right": "access", "identifiers": {"email": "dara@"}})),
    "a phone too long": (
        422, "too_long", JSON, json.dumps({"right": "access", "identifiers": {"phone": "0" * 41}})),
    "a mail too long": (
        422, "too_long", JSON, json.dumps({"right": "access", "identifiers": {"email": "a" * 250 + "@b.kh"}})),
    "a message too long": (
        422, "too_long", JSON, json.dumps({"right": "access", "identifiers": PHONE, "message": "x" * 2001})),
    "a field too many": (
        422, "unknown_field", JSON, json.dumps({"right": "access", "identifiers": PHONE, "account_id": "acc-1"})),
    "an agent without a name": (
        422, "requester_name_missing", JSON,
        json.dumps({"right": "access", "identifiers": PHONE, "requester": agent(email="a@b.kh") | {"name": " "}})),
    "an agent who says to be a parent": (
        422, "requester_relation_missing", JSON,
        json.dumps({"right": "access", "identifiers": PHONE, "requester": agent(email="a@b.kh") | RELATED})),
    "a guardian without a contact": (
        422, "requester_contact_missing", JSON,
        json.dumps({"right": "access", "identifiers": PHONE, "requester": guardian()})),
}  # fmt: skip


def is_refused(reply: httpx.Response, status: int, code: str) -> None:
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code), reply.text
    assert reply.json().keys() == {"error"}
    assert {"code", "message"} <= reply.json()["error"].keys() <= {"code", "message", "fields"}
    assert reply.headers["Content-Type"] == JSON
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("what", BAD)
def test_a_request_that_cannot_be_taken_in_is_refused_and_leaves_no_trace(
    public: Public, book: Book, what: str
) -> None:
    status, code, content_type, body = BAD[what]
    before = partitions(book)
    headers = {"Content-Type": content_type} if content_type else {}
    is_refused(public.http.post("/requests", content=body, headers=headers), status, code)
    assert partitions(book) - before == set()


def partitions(book: Book) -> set[str]:
    """The requests, locks, counters and keys there are; earlier tests' own may still be finishing."""
    return {partition for partition, _ in book.all_keys()}


@pytest.fixture(scope="module")
def asking(public: Public, crowd: Crowd) -> Asking:
    """A request whose code has been sent."""
    asking = public.ask("deletion", phone=crowd.someone().phone)
    asking.read_code()
    asking.until("identity_needed")
    return asking


def without_tries(items: list[Item]) -> list[Item]:
    return [{name: value for name, value in item.items() if name != "tries_left"} for item in items]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "code_missing"),
        ({"code": ""}, "code_missing"),
        ({"code": "12345"}, "code_too_short"),
        ({"code": "1234567"}, "code_too_long"),
        ({"code": "abcdef"}, "code_not_digits"),
        ({"code": 123456}, "wrong_type"),
        ({"code": "123456", "channel": "phone"}, "unknown_field"),
    ],
)
def test_what_is_no_code_costs_no_try(asking: Asking, book: Book, body: dict[str, Any], code: str) -> None:
    before = book.until_quiet(asking.id)
    is_refused(asking.call("POST", "/code", json=body), 422, code)
    assert book.items(asking.id) == before


@pytest.mark.parametrize("token", ["", "nonsense", "0123456789ABCDEFGHJKMNPQRS.0000"])
def test_a_wrong_status_token_opens_nothing_and_says_nothing(
    public: Public, asking: Asking, book: Book, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    before, others = book.until_quiet(asking.id), partitions(book)
    for method, path in (
        ("GET", ""), ("POST", "/code"), ("POST", "/code/resend"), ("POST", "/withdraw"), ("DELETE", ""),
        ("GET", "/package"), ("POST", "/package"), ("GET", "/certificate"),
    ):  # fmt: skip
        reply = public.http.request(method, f"/requests/{asking.id}{path}", headers=headers)
        is_refused(reply, 401, "token_needed")
        # The same for a request that there never was.
        unknown = public.http.request(method, f"/requests/0123456789ABCDEFGHJKMNPQRS{path}", headers=headers)
        assert (unknown.status_code, unknown.text) == (reply.status_code, reply.text)
    assert book.items(asking.id) == before
    assert partitions(book) - others == set()


@pytest.mark.parametrize("path", ["/requests/short", "/requests/0123456789abcdefghjkmnpqrs", "/nowhere", "/s/nonsense"])
def test_an_address_that_leads_nowhere_is_not_found(public: Public, path: str) -> None:
    is_refused(public.http.get(path, headers={"Authorization": "Bearer x"}), 404, "not_found")


def test_what_is_not_ready_cannot_be_fetched(asking: Asking) -> None:
    is_refused(asking.call("POST", "/package", json={"code": "123456"}), 409, "not_ready")
    is_refused(asking.call("GET", "/certificate"), 409, "not_ready")


# From here on the tries of the request are used up.


def test_a_code_that_is_too_old_is_refused_and_changes_only_the_count_of_tries(asking: Asking, book: Book) -> None:
    book.codes_grow_old(asking.id)
    before = book.until_quiet(asking.id)
    is_refused(asking.enter(asking.read_code()), 410, "code_expired")
    assert without_tries(book.items(asking.id)) == without_tries(before)


def test_a_wrong_code_is_refused_changes_only_the_count_of_tries_and_after_five_no_code_is_right(
    asking: Asking, book: Book
) -> None:
    asking.call("POST", "/code/resend")
    code = asking.another_code(set(asking.sent_codes()))
    before = book.until_quiet(asking.id)
    for left in (3, 2, 1, 0):
        reply = asking.enter(f"{(int(code) + left + 1) % 1_000_000:06d}")
        is_refused(reply, 422, "wrong_code")
        assert reply.json()["error"]["fields"]["code"]["tries_left"] == left
    is_refused(asking.enter(code), 429, "too_many_tries")
    assert without_tries(book.items(asking.id)) == without_tries(before)
    assert asking.look()["status"] == "identity_needed"
    assert book.tasks(asking.id) == {}
