"""Revealing what is sealed: one part at a time, for a reason, and on record before it is shown."""

from io import StringIO
from typing import Any

import boto3
import pytest

from rights.errors import StaleWriteError
from rights.ledger import Ledger
from rights.telemetry import logger
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Person, Reply, operator_door
from tests.integration.doors.test_intake import PARENT
from tests.support.clock import StoppedClock
from tests.support.plans import lay


@pytest.fixture
def asked(person: Person) -> Person:
    changes = {"name": {"to": "Sok Dara", "from": "Dara Sok"}}
    body = {"right": "correction", "changes": changes, "requester": PARENT, "message": "Please LYCHEE"}
    person.asks(**body, on_file={"phone": PHONE, "email": "sok@example.com"}).proves()
    lay(person.ledger, person.request_id, review="guardian")
    return person


def reveal(door: Door, person: Person, body: dict[str, Any]) -> Reply:
    return door("POST", f"/ops/requests/{person.request_id}/reveal", json_body=body)


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("message", "Please LYCHEE"),
        ("contacts", {"phone": PHONE, "email": "sok@example.com"}),
        ("requester", {"name": "Sok Dara", "relation": "parent", "for": "child", "email": "sok@example.com"}),
        ("changes", {"name": {"to": "Sok Dara", "from": "Dara Sok"}}),
        ("question", None),
        ("answers", None),
    ],
)
def test_one_part_is_revealed_for_a_reason_under_the_operators_name(
    operator: Door, asked: Person, what: str, shown: object
) -> None:
    reply = reveal(operator, asked, {"what": what, "reason": "contact"})
    assert (reply.status, reply.json) == (200, {what: shown})
    last = asked.ledger.events(asked.request_id)[-1]
    assert (last.code, last.by, last.detail) == ("revealed", "op-1", {"what": what, "reason": "contact"})
    assert asked.ledger.verify_chain(asked.request_id)


def test_every_look_is_on_record(operator: Door, asked: Person) -> None:
    for _ in range(3):
        reveal(operator, asked, {"what": "contacts", "reason": "authority"})
    assert [e.code for e in asked.ledger.events(asked.request_id)][-3:] == ["revealed"] * 3


class TooBusy(Ledger):
    """A ledger that takes no more notes."""

    def note(self, *_: object, **__: object) -> None:
        raise StaleWriteError("too busy")


def test_what_cannot_be_put_on_record_is_not_shown(ledger: Ledger, clock: StoppedClock, asked: Person) -> None:
    busy = TooBusy(ledger.table, ledger.sealer, ledger.hmac, clock)
    reply = reveal(operator_door(busy, clock, "op-1", "operator"), asked, {"what": "message", "reason": "review"})
    assert (reply.status, reply.code) == (503, "try_again")
    assert "LYCHEE" not in reply.text


ODD: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"what", "reason"}),
    ({"what": "message"}, {"reason"}),
    ({"reason": "review"}, {"what"}),
    ({"what": "typed", "reason": "review"}, {"what"}),
    ({"what": "subject", "reason": "review"}, {"what"}),
    ({"what": "seen", "reason": "review"}, {"what"}),
    ({"what": "corrected.accounts", "reason": "review"}, {"what"}),
    ({"what": "lapses", "reason": "review"}, {"what"}),
    ({"what": ["message", "contacts"], "reason": "review"}, {"what"}),
    ({"what": "", "reason": "review"}, {"what"}),
    ({"what": "MESSAGE", "reason": "review"}, {"what"}),
    ({"what": "message", "reason": "I am curious about Sok Dara"}, {"reason"}),
    ({"what": "message", "reason": None}, {"reason"}),
    ({"what": "message", "reason": "review", "note": "x"}, {"note"}),
    ({"what": "message", "reason": "review", "Sok Dara": "x"}, {"body"}),
]


def test_what_is_no_part_or_no_reason_reveals_and_records_nothing(
    operator: Door, asked: Person, subtests: pytest.Subtests
) -> None:
    before = asked.ledger.get(asked.request_id)
    for body, fields in ODD:
        with subtests.test(str(body)):
            reply = reveal(operator, asked, body)
            assert (reply.status, set(reply.json["error"]["fields"])) == (422, fields)
            assert "Dara" not in reply.text
            assert asked.ledger.get(asked.request_id) == before


def test_a_viewer_reveals_nothing(ledger: Ledger, clock: StoppedClock, asked: Person) -> None:
    viewer = operator_door(ledger, clock, "v-1", "viewer")
    assert reveal(viewer, asked, {"what": "message", "reason": "review"}).status == 403
    assert asked.ledger.events(asked.request_id)[-1].code != "revealed"


def test_nothing_that_is_revealed_is_in_any_log_or_event(
    operator: Door, asked: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    for what in ("message", "contacts", "requester", "changes"):
        reveal(operator, asked, {"what": what, "reason": "review"})
    kept = str(boto3.client("dynamodb").scan(TableName="ledger")["Items"]) + lines.getvalue()
    looks = "".join(
        operator("GET", f"/ops/requests/{asked.request_id}{rest}").text for rest in ("", "/plan", "/evidence")
    )
    for secret in ("LYCHEE", "Sok Dara", "Dara Sok", "sok@example.com", EMAIL, PHONE):
        assert secret not in kept + looks
