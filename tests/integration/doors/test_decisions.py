"""Decisions at the operators' door: what is approved, whole or in part, what is refused, and what stands in the way."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from operator_api.doors import Known, OperatorDoors
from rights.domain.evidence import EvidenceKind
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Ledger
from rights.ledger.requests import Change
from tests.integration.doors.conftest import PHONE, Door, Person, desk_of, operator_door, token_of
from tests.integration.doors.deciding import APPROVE, ME, by_parent, decide, in_review, state, without
from tests.support.clock import StoppedClock


def missing(door: Door, person: Person) -> tuple[int, bool]:
    """What is missing of the approvals, by the request and by its plan alike."""
    path = f"/ops/requests/{person.request_id}"
    whole, plan = door("GET", path).json, door("GET", f"{path}/plan").json
    names = ("approvals", "approvals_needed", "approvals_missing", "approver_missing")
    assert [whole[name] for name in names] == [plan[name] for name in names]
    return whole["approvals_missing"], whole["approver_missing"]


# ---- approved


def test_an_approval_names_the_plan_and_lets_the_run_go_on(operator: Door, person: Person) -> None:
    in_review(person)
    plan = operator("GET", f"/ops/requests/{person.request_id}/plan").json
    assert (plan["plan"], plan["review"], plan["approvals_needed"]) == ("hash", "unusual_size", 1)
    assert [(one["store"], one["records"]) for one in plan["stores"]] == [("accounts", 4), ("orders", 4)]
    assert decide(operator, person, {"decision": "approve", "plan": plan["plan"]}).status == 200
    assert state(person).decision == "approve"
    wait = person.ledger.last_wait(person.request_id, "Review")
    assert wait
    assert wait.answer == {"outcome": "approve"}
    assert [e.by for e in person.ledger.events(person.request_id) if e.code == "approved"] == ["op-1"]


def test_another_plan_than_the_one_laid_is_not_approved(operator: Door, person: Person) -> None:
    reply = decide(operator, in_review(person), APPROVE | {"plan": "other"})
    assert (reply.status, reply.code) == (409, "plan_changed")
    assert state(person).approvals == ()


def test_an_erasure_is_approved_without_a_store_that_is_kept_until_a_day(operator: Door, person: Person) -> None:
    in_review(person)
    assert decide(operator, person, without(until="2036-11-22")).status == 200
    kept = person.ledger.task(person.request_id, "orders")
    assert (kept.refused, kept.keep_until, kept.status) == (11, "2036-11-22", TaskStatus.PENDING)
    assert person.ledger.task(person.request_id, "accounts").refused is None
    assert state(person).decision == "approve_in_part"


def test_without_a_day_a_store_is_kept_for_the_longest_term_of_its_ground(operator: Door, person: Person) -> None:
    decide(operator, in_review(person), without(ground=3))
    assert person.ledger.task(person.request_id, "orders").keep_until == "2027-05-22"


def test_an_access_is_approved_without_a_store_that_is_then_not_begun(operator: Door, person: Person) -> None:
    in_review(person, "access")
    assert decide(operator, person, without(ground=8)).status == 200
    task = person.ledger.task(person.request_id, "orders")
    assert (task.refused, task.status, task.counts.found) == (8, TaskStatus.DONE, 4)


ODD: list[tuple[dict[str, Any], str, str]] = [
    (without("nowhere"), "without", "unknown_store"),
    (without("<b>"), "without", "unknown_store"),
    (without(7), "without", "wrong_type"),
    (without(ground=12), "without", "wrong_type"),
    (without(ground="11"), "without", "wrong_type"),
    (without(ground=True), "without", "wrong_type"),
    (without(ground=1), "without", "ground_not_allowed"),  # for an approver
    (without(until="2036-11-23"), "without", "until_not_allowed"),
    (without(until="2026-11-21"), "without", "until_not_allowed"),
    (without(until="9999-12-31"), "without", "until_not_allowed"),
    (without(until="2026-02-30"), "without", "wrong_type"),
    (without(until="0000-01-01"), "without", "wrong_type"),
    (without(until=10**30), "without", "wrong_type"),
    (without(reason="because"), "without", "wrong_type"),
    (APPROVE | {"without": "orders"}, "without", "wrong_type"),
    (APPROVE | {"without": [{"store": "orders", "ground": 11}] * 2}, "without", "wrong_type"),
    (APPROVE | {"without": [{"store": "orders", "ground": 11}] * 101}, "without", "wrong_type"),
    (APPROVE | {"plan": "x" * 65}, "plan", "too_long"),
    (APPROVE | {"plan": None}, "plan", "wrong_type"),
    (APPROVE | {"012345678": 1}, "body", "wrong_type"),
    ({"decision": ["approve"]}, "decision", "wrong_type"),
    ({"decision": "refuse", "ground": 0}, "ground", "wrong_type"),
    ({"decision": "refuse", "ground": 11, "text": "no"}, "text", "wrong_type"),
]


def test_a_decision_that_does_not_fit_changes_nothing(
    operator: Door, person: Person, subtests: pytest.Subtests
) -> None:
    before = state(in_review(person))
    for body, field, code in ODD:
        with subtests.test(f"{field}: {body}"):
            reply = decide(operator, person, body)
            assert (reply.status, reply.json["error"]["fields"][field]["code"]) == (422, code)
            assert state(person) == before
    assert {task.refused for task in person.ledger.tasks(person.request_id)} == {None}


def test_a_ground_for_some_categories_keeps_no_others(person: Person, ledger: Ledger, clock: StoppedClock) -> None:
    by_store = {"orders": {"orders": ["user.behavior"], "notes": ["user.content"]}, "accounts": {"x": ["user.device"]}}
    doors = OperatorDoors(ledger, clock, timedelta(days=14), Known(categories=by_store))
    door = Door(desk_of(ledger, clock, doors=doors), token_of(clock, "op-1", "operator"))
    in_review(person)
    assert decide(door, person, without("orders", 8)).code == "ground_not_allowed"
    assert decide(door, person, without("accounts", 8)).status == 200


# ---- refused


@pytest.mark.parametrize(
    ("right", "ground", "status"),
    [
        ("access", 11, 200), ("access", 8, 200), ("access", 7, 422), ("access", 1, 422),
        ("portability", 8, 200), ("correction", 9, 422), ("correction", 3, 200), ("deletion", 7, 200),
        ("account_closure", 5, 200), ("consent_withdrawal", 8, 422), ("consent_withdrawal", 3, 200),
        ("restriction", 11, 422), ("marketing_opt_out", 11, 422), ("complaint", 11, 422),
    ],
)  # fmt: skip
def test_a_right_is_refused_only_on_a_ground_that_may_serve_for_it(
    operator: Door, person: Person, right: str, ground: int, status: int
) -> None:
    in_review(person, right)
    assert decide(operator, person, {"decision": "refuse", "ground": ground}).status == status
    assert state(person).status is (Status.REFUSED if status == 200 else Status.IN_REVIEW)
    if status == 200:
        seen = person.call("GET").json
        assert (seen["status"], seen["ground"]) == ("refused", ground)
        assert [n.kind for n in person.ledger.notices(person.request_id)][-1] == "refused"


def test_only_who_acts_for_another_is_refused_for_want_of_authority(operator: Door, person: Person) -> None:
    own = decide(operator, in_review(person), {"decision": "refuse"})
    assert (own.status, own.code) == (422, "ground_not_allowed")
    assert decide(operator, by_parent(person, right="restriction"), {"decision": "refuse"}).status == 200
    assert "ground" not in person.call("GET").json


def test_what_weighs_most_is_for_an_approver(ledger: Ledger, clock: StoppedClock, person: Person) -> None:
    approver = operator_door(ledger, clock, "ap-1", "approver")
    assert decide(approver, in_review(person, "access"), {"decision": "refuse", "ground": 1}).status == 200


# ---- what stands in the way


def test_a_hold_stands_in_the_way_of_an_erasure_and_of_nothing_else(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    ledger.place_hold([ME], ground=3, until=clock().date() + timedelta(days=9), by="op-2")
    assert decide(operator, in_review(person, "access"), APPROVE).status == 200
    reply = decide(operator, in_review(person), APPROVE)
    assert (reply.status, reply.code) == (409, "held")
    assert operator("GET", f"/ops/requests/{person.request_id}/plan").json["held"] is True
    assert decide(operator, person, {"decision": "refuse", "ground": 3}).status == 200


@pytest.mark.parametrize(
    ("kinds", "missing"),
    [
        ((), ["identity_document", "relation_document"]),
        ((EvidenceKind.IDENTITY_DOCUMENT,), ["relation_document"]),
        ((EvidenceKind.COURT_DOCUMENT, EvidenceKind.RELATION_DOCUMENT), ["identity_document"]),
    ],
)
def test_whoever_acts_for_another_is_approved_only_with_their_documents(
    operator: Door, person: Person, kinds: tuple[EvidenceKind, ...], missing: list[str]
) -> None:
    by_parent(person, *kinds)
    assert operator("GET", f"/ops/requests/{person.request_id}/plan").json["evidence_missing"] == missing
    reply = decide(operator, person, APPROVE)
    assert (reply.status, reply.code) == (409, "evidence_missing")
    assert decide(operator, person, {"decision": "refuse", "ground": 11}).status == 200


def test_a_child_that_is_an_adult_by_the_data_needs_a_court(operator: Door, person: Person) -> None:
    by_parent(person, EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.RELATION_DOCUMENT)
    person.ledger.put_private(person.request_id, "subject", {"keys": {}, "is_child": False})
    assert decide(operator, person, APPROVE).code == "evidence_missing"


def test_a_request_whose_sealed_data_has_ended_can_still_be_looked_at(operator: Door, person: Person) -> None:
    by_parent(person)
    for part in ("requester", "typed", "contacts"):
        key = {"PK": {"S": f"REQUEST#{person.request_id}"}, "SK": {"S": f"PRIVATE#{part}"}}
        boto3.client("dynamodb").delete_item(TableName="ledger", Key=key)
    for rest in ("", "/plan", "/evidence", "/clock"):
        assert operator("GET", f"/ops/requests/{person.request_id}{rest}").status == 200
    for body in ({"what": "message", "reason": "review"}, {"what": "requester", "reason": "review"}):
        assert operator("POST", f"/ops/requests/{person.request_id}/reveal", json_body=body).status == 200


def test_what_is_ended_or_decided_is_decided_no_more(operator: Door, person: Person) -> None:
    decisions = (
        APPROVE,
        APPROVE | {"plan": "other"},
        {"decision": "refuse", "ground": 11},
        {"decision": "ask", "text": "x"},
    )
    in_review(person)
    decide(operator, person, APPROVE)
    approved = state(person)
    in_review(person, "access")
    person.call("DELETE")
    for request_id, before in ((approved.id, approved), (person.request_id, state(person))):
        for body in decisions:
            reply = operator("POST", f"/ops/requests/{request_id}/decision", json_body=body)
            assert (reply.status, reply.code) == (409, "too_late")
        assert person.ledger.get(request_id) == before
        assert person.ledger.private(request_id, "question") is None


# ---- two of them


def test_a_parents_deletion_takes_two_operators_one_of_them_an_approver(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    second, approver = (
        operator_door(ledger, clock, name, role) for name, role in (("op-2", "operator"), ("ap-1", "approver"))
    )
    by_parent(person, EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.RELATION_DOCUMENT)
    assert missing(operator, person) == (2, True)
    assert decide(operator, person, APPROVE).json["status"] == "in_review"
    assert missing(operator, person) == (1, True)
    twice = decide(operator, person, APPROVE)
    assert (twice.status, twice.code) == (409, "second_operator_needed")
    neither = decide(second, person, APPROVE)
    assert (neither.status, neither.code) == (403, "approver_needed")
    assert state(person).decision is None
    assert decide(approver, person, APPROVE).status == 200
    assert (state(person).decision, [one["by"] for one in state(person).approvals]) == ("approve", ["op-1", "ap-1"])
    plan = operator("GET", f"/ops/requests/{person.request_id}/plan").json
    assert [(one["by"], one["approver"]) for one in plan["approvals"]] == [("op-1", False), ("ap-1", True)]
    assert missing(operator, person) == (0, False)


def test_after_an_approver_any_operator_is_the_second(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    in_review(person, "access", "second_account")
    assert decide(operator_door(ledger, clock, "ap-1", "operator", "approver"), person, APPROVE).status == 200
    assert state(person).decision is None
    assert missing(operator, person) == (1, False)
    assert decide(operator, person, APPROVE).status == 200
    assert state(person).decision == "approve"


def test_two_approve_the_same_or_nothing(operator: Door, ledger: Ledger, clock: StoppedClock, person: Person) -> None:
    approver = operator_door(ledger, clock, "ap-1", "approver")
    in_review(person, "deletion", "second_account")
    decide(operator, person, without(ground=11))
    other = decide(approver, person, APPROVE)
    assert (other.status, state(person).decision) == (409, None)
    assert decide(approver, person, without(ground=11)).status == 200
    assert state(person).decision == "approve_in_part"


def test_a_question_in_between_needs_both_approvals_anew(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    approver = operator_door(ledger, clock, "ap-1", "approver")
    in_review(person, "deletion", "second_account")
    decide(operator, person, APPROVE)
    assert decide(approver, person, {"decision": "ask", "text": "Is the other account yours?"}).status == 200
    person.call("POST", "/answers", json_body={"message": "No."})
    assert state(person).approvals == ()
    assert decide(approver, person, APPROVE).status == 200
    assert state(person).decision is None


def test_papers_for_one_person_open_no_two_accounts(operator: Door, person: Person) -> None:
    by_parent(person, EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.RELATION_DOCUMENT)
    path = f"/ops/requests/{person.request_id}/plan"
    assert operator("GET", path).json["accounts"] == 1
    person.ledger.change(person.request_id, lambda _: Change(code="planned", sets={"accounts": 2}))
    assert operator("GET", path).json["accounts"] == 2
    assert decide(operator, person, APPROVE).code == "two_people"
    assert decide(operator, person, {"decision": "refuse"}).json["status"] == Status.REFUSED


def test_a_hold_refuses_on_its_own_ground_whatever_the_jurisdiction(operator: Door, person: Person) -> None:
    in_review(person, jurisdiction="GB")
    assert decide(operator, person, {"decision": "refuse", "ground": 3}).code == "ground_not_allowed"
    hold = {"phone": PHONE, "ground": 3, "until": "2027-01-31"}
    assert operator("POST", "/ops/holds", json_body=hold).status == 201
    assert decide(operator, person, APPROVE).code == "held"
    assert decide(operator, person, {"decision": "refuse", "ground": 4}).code == "ground_not_allowed"
    assert decide(operator, person, {"decision": "refuse", "ground": 3}).json["status"] == Status.REFUSED
