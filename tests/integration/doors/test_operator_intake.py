"""Requests that came by mail, phone or counter: when their clock starts, who proves, and who may not decide."""

from datetime import timedelta
from typing import Any

import pytest

from rights.clock import parse
from rights.domain.rights import Channel
from rights.domain.status import Status
from rights.ledger import Ledger
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Reply, operator_door
from tests.integration.doors.test_intake import PARENT
from tests.support.clock import StoppedClock
from tests.support.plans import lay


def body(clock: StoppedClock, **more: Any) -> dict[str, Any]:
    came = (clock() - timedelta(days=2)).isoformat()
    told = {"right": "access", "identifiers": {"phone": "012 345 678"}, "received_at": came, "came_by": "mail"}
    return told | {"key": "letter-2026-0117"} | more


def files(door: Door, clock: StoppedClock, **more: Any) -> Reply:
    return door("POST", "/ops/requests", json_body=body(clock, **more))


def test_the_clock_starts_when_it_came_and_who_filed_it_is_on_record(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    reply = files(operator, clock, message="=HYPERLINK(1)")
    assert reply.status == 201, reply.text
    request = ledger.get(reply.json["request_id"])
    assert (request.channel, request.came_by, request.attested) == (Channel.OPERATOR, "mail", None)
    assert (parse(request.received_at) - (clock() - timedelta(days=2))).total_seconds() < 1
    assert reply.json["days_used"] == 1, "the day of receipt is not counted, and today has just begun"
    assert request.status is Status.RECEIVED
    [event] = ledger.events(request.id)
    assert (event.code, event.by) == ("received", "op-1")
    assert PHONE not in reply.text
    shown = operator("GET", f"/ops/requests/{request.id}").json
    assert (shown["filed_by"], shown["came_by"], shown["identity"]) == ("op-1", "mail", None)


def test_the_same_key_is_the_same_request_of_this_operator_only(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    once = body(clock)
    first = operator("POST", "/ops/requests", json_body=once).json["request_id"]
    assert operator("POST", "/ops/requests", json_body=once).json["request_id"] == first
    other = operator("POST", "/ops/requests", json_body=once | {"right": "deletion"})
    assert (other.status, other.code) == (422, "idempotency_key_reused") or other.code == "idempotency_key_reused"
    another = operator_door(ledger, clock, "op-2", "operator")
    assert another("POST", "/ops/requests", json_body=once).json["request_id"] != first


@pytest.mark.parametrize(("came_by", "identity"), [("counter", "document"), ("phone", "call_back")])
def test_an_operators_word_proves_and_somebody_else_decides(
    operator: Door, ledger: Ledger, clock: StoppedClock, came_by: str, identity: str
) -> None:
    told = body(clock, came_by=came_by, identity=identity)
    for _ in range(2):
        reply = operator("POST", "/ops/requests", json_body=told)
    request = ledger.get(reply.json["request_id"])
    assert (request.status, request.attested) == (Status.VERIFIED, identity)
    assert (ledger.proven_contacts(request.id), ledger.notices(request.id)) == ({}, []), "nothing, before it is on file"
    lay(ledger, request.id, review="attested")
    path = f"/ops/requests/{request.id}/decision"
    for decision in ({"decision": "approve", "plan": "hash"}, {"decision": "refuse"}, {"decision": "ask", "text": "x"}):
        refused = operator("POST", path, json_body=decision)
        assert (refused.status, refused.code) == (403, "filed_by_you")
    assert operator("GET", f"/ops/requests/{request.id}").json["may"]["decision"] == "filed_by_you"
    assert ledger.get(request.id).status is Status.IN_REVIEW
    other = operator_door(ledger, clock, "op-2", "operator")
    assert other("POST", path, json_body={"decision": "approve", "plan": "hash"}).status == 200


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"identity": "document"}, "identity", "identity_not_allowed"),
        ({"identity": "call_back"}, "identity", "identity_not_allowed"),
        ({"came_by": "counter", "identity": "call_back"}, "identity", "identity_not_allowed"),
        (
            {"came_by": "phone", "identity": "call_back", "identifiers": {"phone": "012 345 678", "email": EMAIL}},
            "identity",
            "identity_not_allowed",
        ),
        ({"came_by": "counter", "identity": "document", "requester": PARENT}, "identity", "identity_not_allowed"),
        ({"identity": "sure"}, "identity", "wrong_type"),
        ({"came_by": "pigeon"}, "came_by", "wrong_type"),
        ({"received_at": "2026-01-01T00:00:00Z"}, "received_at", "received_at_not_valid"),
        ({"received_at": "2031-01-01T00:00:00Z"}, "received_at", "received_at_not_valid"),
        ({"received_at": "2026-11-20T00:00:00"}, "received_at", "wrong_type"),
        ({"received_at": "yesterday"}, "received_at", "wrong_type"),
        ({"right": "everything"}, "rights", "unknown_right"),
        ({"right": "complaint"}, "message", "message_missing"),
        ({"identifiers": {}}, "identifiers", "identifier_missing"),
        ({"identifiers": {"phone": "x"}}, "identifiers.phone", "phone_not_valid"),
        ({"scope": ["everything"]}, "scope", "unknown_scope"),
        ({"right": "correction", "changes": {"password": "x"}}, "changes", "unknown_change"),
        ({"key": "short"}, "key", "wrong_type"),
        ({"by": "somebody"}, "by", "unknown_field"),
        ({"proven": True}, "proven", "unknown_field"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(
    operator: Door, clock: StoppedClock, more: dict[str, Any], field: str, code: str
) -> None:
    reply = files(operator, clock, **more)
    assert reply.status == 422
    assert {name: one["code"] for name, one in reply.json["error"]["fields"].items()} == {field: code}


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        ({}, {"phone_number": PHONE}),
        ({"requester": PARENT}, {"email": "sok@example.com"}),
        ({"right": "correction", "changes": {"email": "Dara@Example.com"}}, {"email": EMAIL}),
    ],
)
def test_nobody_files_a_request_about_themselves(
    ledger: Ledger, clock: StoppedClock, more: dict[str, Any], claims: dict[str, str]
) -> None:
    own = operator_door(ledger, clock, "op-1", "operator", **claims)
    assert files(own, clock, **more).code == "own_request"


def test_a_viewer_files_nothing(ledger: Ledger, clock: StoppedClock) -> None:
    assert files(operator_door(ledger, clock, "vera", "viewer"), clock).code == "forbidden"


def test_all_rights_of_a_letter_become_one_case(operator: Door, ledger: Ledger, clock: StoppedClock) -> None:
    told = body(clock, rights=["access", "deletion"])
    del told["right"]
    reply = operator("POST", "/ops/requests", json_body=told)
    assert [row["right"] for row in (reply.json, *reply.json["case"])] == ["access", "deletion"]
