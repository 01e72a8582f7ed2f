"""What operators may see and do: everything but personal data, and changes only in their group."""

import pytest

from rights.domain.status import Status
from tests.integration.doors.conftest import PHONE, Door, Person


def in_review(person: Person) -> None:
    person.ledger.lay_plan(
        person.request_id, subjects=["somebody"], plan="hash", data_map="1", tasks=[], review="second_account"
    )


def test_an_operator_finds_requests_by_status(operator: Door, person: Person) -> None:
    person.asks()
    found = operator("GET", "/ops/requests?status=identity_needed").json
    assert [r["request_id"] for r in found["requests"]] == [person.request_id]
    assert found["more"] is False
    assert operator("GET", "/ops/requests?status=completed").json["requests"] == []
    assert len(operator("GET", "/ops/requests").json["requests"]) == 1


def test_an_unknown_status_is_refused(operator: Door) -> None:
    assert operator("GET", "/ops/requests?status=lost").status == 422


def test_an_operator_sees_tasks_history_clock_and_execution_but_no_personal_data(
    operator: Door, person: Person
) -> None:
    person.asks(message="my secret").proves().is_answered()
    reply = operator("GET", f"/ops/requests/{person.request_id}")
    seen = reply.json
    assert seen["audit_chain_holds"] is True
    assert seen["execution"] == f"{person.request_id}-1"
    assert [task["store"] for task in seen["tasks"]] == ["accounts"]
    assert [event["code"] for event in seen["events"]][:3] == ["received", "identity_asked", "notice_sent"]
    assert seen["due_explained"][0]["counted"] == "yes"
    assert seen["overdue"] is False
    assert PHONE not in reply.text
    assert "my secret" not in reply.text


def test_a_request_that_failed_is_retried_under_the_operators_name(operator: Door, person: Person) -> None:
    person.asks().proves()
    request = person.ledger.begin_work(person.request_id)
    assert operator("POST", f"/ops/requests/{request.id}/retry").code == "too_late"
    person.ledger.ask_for_repair(request.id)
    assert operator("POST", f"/ops/requests/{request.id}/retry").status == 202
    assert [e.by for e in person.ledger.events(request.id) if e.code == "retry_asked"] == ["op-1"]


def test_a_request_in_review_is_refused_on_a_ground(operator: Door, person: Person) -> None:
    person.asks().proves()
    in_review(person)
    path = f"/ops/requests/{person.request_id}/decision"
    assert operator("POST", path, json_body={"decision": "refuse", "ground": 11}).json["status"] == Status.REFUSED
    assert operator("POST", path, json_body={"decision": "approve"}).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "maybe"},
        {"decision": "refuse"},
        {"decision": "refuse", "ground": 12},
        {"decision": "approve", "x": 1},
    ],
)
def test_a_decision_that_is_none_changes_nothing(operator: Door, person: Person, body: dict[str, object]) -> None:
    person.asks().proves()
    in_review(person)
    assert operator("POST", f"/ops/requests/{person.request_id}/decision", json_body=body).status == 422
    assert person.ledger.get(person.request_id).status is Status.IN_REVIEW


@pytest.mark.parametrize("groups", ["", "lead", "[lead viewer]", "operators"])
def test_who_is_no_operator_may_look_but_change_nothing(operator: Door, person: Person, groups: str) -> None:
    person.asks().proves()
    operator.claims = {"sub": "v-1", "cognito:groups": groups}
    assert operator("GET", f"/ops/requests/{person.request_id}").status == 200
    for action, body in (("retry", None), ("decision", {"decision": "approve"})):
        reply = operator("POST", f"/ops/requests/{person.request_id}/{action}", json_body=body)
        assert (reply.status, reply.code) == (403, "forbidden")


@pytest.mark.parametrize("groups", ["operator", "[operator lead]", "lead,operator"])
def test_groups_are_read_however_api_gateway_writes_them(operator: Door, person: Person, groups: str) -> None:
    person.asks().proves()
    operator.claims = {"sub": "op-2", "cognito:groups": groups}
    assert operator("POST", f"/ops/requests/{person.request_id}/retry").status == 409


def test_without_claims_nothing_is_shown(operator: Door) -> None:
    operator.claims = None
    assert operator("GET", "/ops/requests").status == 403


def test_an_unknown_request_is_not_found(operator: Door) -> None:
    assert operator("GET", "/ops/requests/NOSUCH").code == "not_found"
    assert operator("GET", "/ops/nowhere").code == "not_found"
