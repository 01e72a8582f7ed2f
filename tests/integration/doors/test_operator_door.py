"""What operators may see and do: everything but personal data, and changes only in their group."""

from datetime import timedelta

import pytest

from rights.clock import stamp
from rights.domain.status import Status
from rights.ledger import Ledger
from tests.integration.doors.conftest import PHONE, Door, Person, desk_of
from tests.integration.ledger.test_affiliate_requests import THEIRS, URLS, claimed, sent
from tests.support.clock import StoppedClock
from tests.support.plans import lay


def in_review(person: Person) -> None:
    lay(person.ledger, person.request_id, review="unusual_size")


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
    assert [(part["reason"], part["counted"]) for part in seen["due_explained"]] == [
        ("receipt_day", "no"),
        ("base_term", "yes"),
    ]
    assert seen["overdue"] is False
    assert PHONE not in reply.text
    assert "my secret" not in reply.text


def test_a_request_of_an_affiliate_says_by_which_and_how_it_is_told_but_not_where(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    request = sent(ledger, is_asserted=True)
    path = f"/ops/requests/{request.id}"
    assert operator("GET", path).json["handed_in"] == {
        "affiliate": "cpes",
        "name": "Cambodia Post E-Solutions",
        "subject_request_id": THEIRS,
        "is_asserted": True,
        "addresses": 1,
        "callbacks": [],
    }
    ledger.withdraw(request.id)
    [queued] = operator("GET", path).json["handed_in"]["callbacks"]
    assert (queued["stand"], queued["status"], queued["attempts"]) == ("cancelled", "queued", 0)
    assert queued["next_try_at"] >= queued["queued_at"] > request.received_at
    ledger.callback_failed(claimed(ledger, request), "http_503", timedelta(minutes=1))
    [failed] = operator("GET", path).json["handed_in"]["callbacks"]
    assert (failed["status"], failed["attempts"], failed["error_class"]) == ("queued", 1, "http_503")
    assert failed["next_try_at"][:19] == stamp(clock() + timedelta(minutes=1))[:19]
    taken = claimed(ledger, request)
    assert operator("GET", path).json["handed_in"]["callbacks"][0]["next_try_at"] is None
    ledger.callback_sent(taken)
    shown = operator("GET", path)
    [told] = shown.json["handed_in"]["callbacks"]
    assert (told["status"], told["attempts"], told["next_try_at"]) == ("sent", 2, None)
    assert told["sent_at"] > told["queued_at"]
    assert URLS[0] not in shown.text


def test_a_request_of_nobody_else_has_no_affiliate(operator: Door, ledger: Ledger, person: Person) -> None:
    seen = operator("GET", f"/ops/requests/{person.asks().request_id}").json
    assert (seen["affiliate"], seen["handed_in"]) == (None, None)
    former = operator("GET", f"/ops/requests/{sent(ledger, affiliate='other').id}").json
    assert (former["affiliate"], former["handed_in"]["name"]) == ("other", None)


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
    assert operator("POST", path, json_body={"decision": "approve", "plan": "hash"}).code == "too_late"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "maybe"},
        {"decision": "refuse"},
        {"decision": "refuse", "ground": 12},
        {"decision": "approve"},
        {"decision": "approve", "plan": "hash", "x": 1},
        {"decision": "answer", "text": "This is no complaint."},
    ],
)
def test_a_decision_that_is_none_changes_nothing(operator: Door, person: Person, body: dict[str, object]) -> None:
    person.asks().proves()
    in_review(person)
    assert operator("POST", f"/ops/requests/{person.request_id}/decision", json_body=body).status == 422
    assert person.ledger.get(person.request_id).status is Status.IN_REVIEW


def test_an_unknown_request_is_not_found(operator: Door) -> None:
    assert operator("GET", "/ops/requests/NOSUCH").code == "not_found"
    assert operator("GET", "/ops/nowhere").code == "not_found"
    assert operator("GET", "/ops/requests/" + "A" * 3000).code == "not_found"
    assert operator("GET", "/ops/requests/" + "A" * 26).code == "not_found"


def test_the_list_of_what_asks_for_attention_holds_ended_requests_until_somebody_has_seen_to_them(
    operator: Door, person: Person
) -> None:
    person.asks().proves().gets_mail()
    nothing = {"requests": [], "more": False, "next": None, "total": 0, "total_is_exact": True}
    assert operator("GET", "/ops/requests?attention=1").json == nothing
    received = next(n for n in person.ledger.notices(person.request_id) if n.kind == "received")
    person.ledger.notice_undelivered(person.request_id, received.id, "bounced")
    person.ledger.withdraw(person.request_id)
    [found] = operator("GET", "/ops/requests?attention=1").json["requests"]
    assert (found["request_id"], found["attention"]) == (person.request_id, "undelivered_notice")
    assert operator("POST", f"/ops/requests/{person.request_id}/seen").json["attention"] is None
    assert operator("GET", "/ops/requests?attention=1").json["requests"] == []
    assert person.ledger.events(person.request_id)[-1].by == "op-1"


@pytest.mark.parametrize("query", ["attention=yes", "attention=", "attention=1&status=received"])
def test_attention_is_a_list_of_its_own(operator: Door, query: str) -> None:
    reply = operator("GET", f"/ops/requests?{query}")
    assert (reply.status, list(reply.json["error"]["fields"])) == (422, ["attention"])


def test_a_term_is_extended_and_a_clock_stopped_and_started_under_the_operators_name(
    operator: Door, person: Person
) -> None:
    path = f"/ops/requests/{person.asks(jurisdiction='DE').proves().request_id}"
    wrong = operator("POST", f"{path}/extend", json_body={"reason": "holiday"})
    assert (wrong.status, wrong.code) == (422, "reason_not_in_rule")
    assert operator("POST", f"{path}/extend", json_body={"reason": "complexity"}).json["extended"]
    assert operator("POST", f"{path}/extend", json_body={"reason": "complexity"}).code == "already_extended"
    assert person.call("GET").json["status"] == "extended"
    stopped = operator("POST", f"{path}/pause", json_body={}).json
    assert stopped["stands_still"] == "paused_for_clarification"
    assert operator("POST", f"{path}/resume").json["stands_still"] is None
    assert operator("GET", f"{path}/clock").json["clock_rule"].startswith("gdpr/")
    codes = {e.code: e.by for e in person.ledger.events(person.request_id)}
    assert {codes[code] for code in ("extended", "clock_stopped", "clock_started")} == {"op-1"}


def test_health_needs_nobody(ledger: Ledger, clock: StoppedClock) -> None:
    assert Door(desk_of(ledger, clock))("GET", "/ops/health").json == {"status": "ok"}


def test_an_answer_that_has_not_changed_is_not_sent_again(operator: Door, person: Person) -> None:
    path = f"/ops/requests/{person.asks().request_id}"
    first = operator("GET", path)
    tag = first.header("ETag")
    again = operator("GET", path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status, again.text) == (304, "")
    person.ledger.note(person.request_id, "looked_at")
    assert operator("GET", path, headers={"If-None-Match": tag}).status == 200
