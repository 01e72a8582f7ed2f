"""Legal holds at the operators' door: who, on what ground, for how long, and what follows from one."""

from typing import Any

import pytest

from rights.secrets_hmac import Hmac
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Person, token_of
from tests.support.clock import StoppedClock
from tests.support.plans import lay

HOLD = {"phone": PHONE, "ground": 3, "until": "2027-01-31"}


def in_review(person: Person, known_as: list[str]) -> str:
    person.asks(right="deletion").proves()
    lay(person.ledger, person.request_id, plan="h", review="legal_hold", known_as=known_as)
    return f"/ops/requests/{person.request_id}/decision"


def test_a_person_is_held_by_phone_or_email_and_known_as_a_pseudonym_only(operator: Door, person: Person) -> None:
    hmac = Hmac(b"test secret")
    for kind, value in (("phone", PHONE), ("email", EMAIL)):
        reply = operator("POST", "/ops/holds", json_body={kind: value, "ground": 3, "until": "2027-01-31"})
        assert reply.status == 201
        assert value not in reply.text
        found = person.ledger.hold_on([hmac.tag_of("subject", kind, value)])
        assert found
        assert (found.id, found.by, found.ground) == (reply.json["id"], "op-1", 3)


def test_a_deletion_under_a_hold_is_approved_only_after_it_was_lifted(operator: Door, person: Person) -> None:
    path = in_review(person, [Hmac(b"test secret").tag_of("subject", "phone", PHONE)])
    hold = operator("POST", "/ops/holds", json_body={"request_id": person.request_id} | HOLD | {"phone": None}).json
    listed = operator("GET", f"/ops/holds?request_id={person.request_id}").json["holds"]
    assert [one["id"] for one in listed] == [hold["id"]]
    assert operator("POST", path, json_body={"decision": "approve", "plan": "h"}).status == 409
    lifted = operator("POST", f"/ops/holds/{hold['id']}/lift").json
    assert lifted["lifted_by"] == "op-1"
    assert operator("POST", path, json_body={"decision": "approve", "plan": "h"}).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        (HOLD | {"email": EMAIL}, 422),
        (HOLD | {"phone": "012 345 678"}, 422),
        (HOLD | {"ground": 1}, 422),  # for an approver
        (HOLD | {"ground": 8}, 422),  # for some categories only
        (HOLD | {"ground": 12}, 422),
        (HOLD | {"ground": "3"}, 422),
        (HOLD | {"ground": True}, 422),
        (HOLD | {"until": "2026-02-30"}, 422),
        (HOLD | {"until": "0000-01-01"}, 422),
        (HOLD | {"until": 10**30}, 422),
        (HOLD | {"phone": "+85512345678\n"}, 422),
        (HOLD | {"why": "x"}, 422),
        (HOLD | {"phone": None, "request_id": "A" * 3000}, 422),
        (HOLD | {"phone": None, "request_id": ["A"]}, 422),
        (HOLD | {"until": "2026-11-21"}, 422),
        (HOLD | {"until": "2027-05-23"}, 422),  # later than the next review
        (HOLD | {"until": "2027-05-22"}, 201),
        (HOLD | {"phone": None, "request_id": "NOSUCH"}, 404),
    ],
)
def test_a_hold_names_one_person_a_ground_that_may_serve_and_an_end(
    operator: Door, body: dict[str, Any], status: int
) -> None:
    assert operator("POST", "/ops/holds", json_body=body).status == status


def test_what_stands_in_the_way_of_a_hold_has_its_code_at_its_field(operator: Door) -> None:
    for body, field, code in (
        (HOLD | {"ground": 1}, "ground", "ground_not_allowed"),
        (HOLD | {"until": "2027-05-23"}, "until", "until_not_allowed"),
        (HOLD | {"until": "soon"}, "until", "wrong_type"),
        ({"ground": 3, "until": "2027-01-31"}, "phone", "wrong_type"),
    ):
        reply = operator("POST", "/ops/holds", json_body=body)
        assert {name: problem["code"] for name, problem in reply.json["error"]["fields"].items()} == {field: code}


def test_a_hold_that_is_none_is_neither_found_nor_lifted(operator: Door) -> None:
    for hold_id in ("NOSUCH", "A" * 26, "A" * 3000):
        assert operator("POST", f"/ops/holds/{hold_id}/lift").code == "not_found"
    assert operator("GET", "/ops/holds?request_id=" + "A" * 26).code == "not_found"
    assert operator("GET", "/ops/holds?request_id=" + "A" * 3000).status == 422


def test_an_approver_may_hold_on_what_weighs_most(operator: Door, clock: StoppedClock) -> None:
    operator.bearer = token_of(clock, "op-2", "operator", "approver")
    assert operator("POST", "/ops/holds", json_body=HOLD | {"ground": 1}).status == 201


def test_what_only_an_approver_may_hold_on_only_an_approver_lifts(operator: Door, clock: StoppedClock) -> None:
    plain, approver = token_of(clock, "op-1", "operator"), token_of(clock, "op-2", "approver")
    operator.bearer = approver
    path = f"/ops/holds/{operator('POST', '/ops/holds', json_body=HOLD | {'ground': 1}).json['id']}/lift"
    operator.bearer = plain
    assert (operator("POST", path).status, operator("POST", path).code) == (403, "forbidden")
    operator.bearer = approver
    assert operator("POST", path).json["lifted_by"] == "op-2"
    gentler = operator("POST", "/ops/holds", json_body=HOLD).json["id"]
    operator.bearer = plain
    assert operator("POST", f"/ops/holds/{gentler}/lift").json["lifted_by"] == "op-1"


def test_a_person_who_is_not_resolved_yet_cannot_be_held_by_request(operator: Door, person: Person) -> None:
    person.asks()
    body = HOLD | {"phone": None, "request_id": person.request_id}
    assert operator("POST", "/ops/holds", json_body=body).code == "not_ready"


def test_who_is_no_operator_places_and_lifts_nothing(operator: Door, clock: StoppedClock) -> None:
    hold = operator("POST", "/ops/holds", json_body=HOLD).json
    operator.bearer = token_of(clock, "v-1", "viewer")
    assert operator("POST", "/ops/holds", json_body=HOLD).status == 403
    assert operator("POST", f"/ops/holds/{hold['id']}/lift").status == 403
    assert operator("GET", "/ops/holds").status == 422


@pytest.mark.parametrize(("ground", "status"), [(7, 422), (1, 422), (11, 200)])
def test_a_refusal_names_a_ground_that_may_serve(operator: Door, person: Person, ground: int, status: int) -> None:
    person.asks().proves()
    lay(person.ledger, person.request_id, plan="h", review="unusual_size")
    path = f"/ops/requests/{person.request_id}/decision"
    assert operator("POST", path, json_body={"decision": "refuse", "ground": ground}).status == status
