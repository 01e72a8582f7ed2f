"""Who may do what at the operators' door: by role, and never on a request about themselves."""

from typing import Any

import pytest

from rights.domain.status import Status
from rights.ledger import Ledger
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Person, operator_door, token_of
from tests.integration.doors.deciding import ME, in_review
from tests.integration.doors.test_intake import PARENT
from tests.support.clock import StoppedClock
from tests.support.plans import lay

HOLD = {"phone": "+85512000009", "ground": 3, "until": "2027-01-31"}
ACTS: list[tuple[str, dict[str, Any] | None]] = [
    ("retry", None),
    ("decision", {"decision": "approve", "plan": "hash"}),
    ("decision", {"decision": "refuse", "ground": 11}),
    ("decision", {"decision": "ask", "text": "x"}),
    ("extend", {"reason": "complexity"}),
    ("pause", {}),
    ("resume", None),
    ("seen", None),
    ("cancel", {"reason": "mistake"}),
    ("new-link", {"reason": "misuse"}),
    ("reveal", {"what": "message", "reason": "review"}),
    ("evidence/1", {"reason": "review"}),
]
LOOKS = ("", "/plan", "/clock", "/evidence")


@pytest.mark.parametrize("groups", [["viewer"], ["lead", "viewer"]])
def test_a_viewer_may_look_at_everything_and_change_nothing(
    operator: Door, person: Person, clock: StoppedClock, groups: list[str]
) -> None:
    before = person.ledger.get(in_review(person).request_id)
    operator.bearer = token_of(clock, "v-1", *groups)
    path = f"/ops/requests/{person.request_id}"
    looks = ["/ops/requests", "/ops/requests?attention=1", f"/ops/holds?request_id={person.request_id}"]
    assert {operator("GET", one).status for one in [*looks, *(path + rest for rest in LOOKS)]} == {200}
    acts = [(f"{path}/{act}", body) for act, body in ACTS] + [("/ops/holds", HOLD), (f"/ops/holds/{'A' * 26}/lift", {})]
    for act, body in acts:
        reply = operator("POST", act, json_body=body)
        assert (reply.status, reply.code) == (403, "forbidden"), act
    assert person.ledger.get(person.request_id) == before


@pytest.mark.parametrize("groups", ["", "lead", "operators", "view", "Viewer", "OPERATOR", "{operator}", "approver-"])
def test_who_has_no_role_may_not_even_look(operator: Door, person: Person, clock: StoppedClock, groups: str) -> None:
    person.asks()
    operator.bearer = token_of(clock, "v-1", groups)
    for rest in ("", f"/{person.request_id}", f"/{person.request_id}/plan", f"/{'A' * 26}"):
        assert operator("GET", f"/ops/requests{rest}").code == "forbidden"


@pytest.mark.parametrize(
    "claims",
    [{"phone_number": PHONE}, {"email": "dara@example.com"}, {"email": "DARA@Example.COM", "phone_number": "+1"}],
)
def test_nobody_acts_on_a_request_about_themselves(
    ledger: Ledger, clock: StoppedClock, person: Person, claims: dict[str, str]
) -> None:
    both = {"phone": PHONE, "email": EMAIL}
    person.asks(identifiers=both, on_file=both).call("POST", "/code", json_body={"code": "123456"})
    person.proves()
    lay(ledger, person.request_id, review="unusual_size", known_as=[ME])
    before = ledger.get(person.request_id)
    own = operator_door(ledger, clock, "op-1", "operator", "approver", **claims)
    for act, body in ACTS:
        reply = own("POST", f"/ops/requests/{person.request_id}/{act}", json_body=body)
        assert (reply.status, reply.code) == (403, "own_request"), act
    assert ledger.get(person.request_id) == before
    assert own("GET", f"/ops/requests/{person.request_id}").status == 200


def test_by_what_the_stores_know_a_request_is_about_them_whatever_was_typed(
    ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    person.asks(identifiers={"email": EMAIL}, on_file={"email": EMAIL}).proves()
    lay(ledger, person.request_id, review="unusual_size", known_as=[ME])
    own = operator_door(ledger, clock, "op-1", "operator", phone_number=PHONE)
    reply = own("POST", f"/ops/requests/{person.request_id}/decision", json_body={"decision": "ask", "text": "x"})
    assert reply.code == "own_request"


def test_before_the_plan_it_goes_by_what_was_typed(ledger: Ledger, clock: StoppedClock, person: Person) -> None:
    person.asks()
    own = operator_door(ledger, clock, "op-1", "operator", phone_number=PHONE)
    path = f"/ops/requests/{person.request_id}"
    assert own("POST", f"{path}/pause", json_body={}).code == "own_request"
    other = operator_door(ledger, clock, "op-1", "operator", phone_number="+85512000009", email=EMAIL)
    assert other("POST", f"{path}/pause", json_body={}).status == 200


@pytest.mark.parametrize(
    ("body", "claims"),
    [
        ({"right": "access", "requester": PARENT}, {"email": "SOK@example.com"}),
        ({"right": "correction", "changes": {"phone": "012 999 888"}}, {"phone_number": "+85512999888"}),
    ],
)
def test_nobody_acts_on_a_request_that_they_made_for_another_or_that_gives_them_an_account(
    ledger: Ledger, clock: StoppedClock, person: Person, body: dict[str, Any], claims: dict[str, str]
) -> None:
    person.asks(**body, on_file={"phone": PHONE, "email": "sok@example.com"}).proves()
    lay(ledger, person.request_id, review="guardian")
    own = operator_door(ledger, clock, "op-1", "operator", **claims)
    reply = own("POST", f"/ops/requests/{person.request_id}/decision", json_body={"decision": "ask", "text": "x"})
    assert (reply.status, reply.code) == (403, "own_request")
    assert ledger.get(person.request_id).status is Status.IN_REVIEW


def test_nobody_places_or_lifts_a_hold_on_themselves(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    own = operator_door(ledger, clock, "op-2", "operator", phone_number=PHONE, email=EMAIL.upper())
    in_review(person)
    for whom in ({"phone": PHONE}, {"email": EMAIL}, {"request_id": person.request_id}):
        body = {"ground": 3, "until": "2027-01-31"} | whom
        assert own("POST", "/ops/holds", json_body=body).code == "own_request"
        hold = operator("POST", "/ops/holds", json_body=body).json
        assert own("POST", f"/ops/holds/{hold['id']}/lift").code == "own_request"
        assert ledger.hold(hold["id"]).lifted_at is None
    assert own("POST", "/ops/holds", json_body=HOLD).status == 201


def test_who_may_not_act_learns_nothing_of_the_request_or_the_body(
    operator: Door, person: Person, clock: StoppedClock
) -> None:
    operator.bearer = token_of(clock, "v-1", "viewer")
    replies = [
        operator("POST", f"/ops/requests/{request_id}/decision", raw=raw, headers={"Content-Type": "application/json"})
        for request_id in (in_review(person).request_id, "A" * 26)
        for raw in ("{}", "[" * 9, '{"decision": "approve", "plan": "hash"}')
    ]
    assert all(reply == replies[0] for reply in replies)
