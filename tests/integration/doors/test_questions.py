"""A question of the review and its answer: asked, answered, out of time; and told to nobody but the two."""

from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import pytest

from rights.domain.status import Status
from rights.telemetry import logger
from tests.integration.doors.conftest import Door, Person, Reply
from tests.support.plans import lay

ASK = {"decision": "ask", "text": "Which MANGO order do you mean?"}
ANSWER = {"message": "The PAPAYA one of last week."}


@pytest.fixture
def reviewed(person: Person) -> Person:
    person.asks(jurisdiction="DE").proves()
    lay(person.ledger, person.request_id, review="unusual_size")
    return person


def decide(operator: Door, person: Person, body: dict[str, Any]) -> Reply:
    return operator("POST", f"/ops/requests/{person.request_id}/decision", json_body=body)


def test_a_question_reaches_the_person_and_the_answer_the_operator(operator: Door, reviewed: Person) -> None:
    asked = decide(operator, reviewed, ASK)
    assert (asked.status, asked.json["status"]) == (200, "question")
    seen = reviewed.call("GET").json
    assert seen["status"] == "question"
    assert seen["question"]["text"] == ASK["text"]
    assert seen["question_until"] > reviewed.ledger.now()
    assert seen["next"] == ["answers", "withdraw"]
    told = reviewed.call("POST", "/answers", json_body=ANSWER)
    assert (told.status, told.json["status"], told.json["next"]) == (200, "in_review", ["withdraw"])
    revealed = operator(
        "POST", f"/ops/requests/{reviewed.request_id}/reveal", json_body={"what": "answers", "reason": "review"}
    ).json
    assert [one["text"] for one in revealed["answers"]] == [ANSWER["message"]]
    assert "question" not in reviewed.call("GET").json


def test_the_clock_stands_still_while_the_person_is_asked_where_its_rule_allows_that(
    operator: Door, reviewed: Person, later: Any
) -> None:
    decide(operator, reviewed, ASK)
    path = f"/ops/requests/{reviewed.request_id}/clock"
    assert operator("GET", path).json["stands_still"] == "paused_for_clarification"
    later(timedelta(days=3))
    reviewed.call("POST", "/answers", form=ANSWER | {"lang": "en"})
    assert operator("GET", path).json["stands_still"] is None
    assert [e.code for e in reviewed.ledger.events(reviewed.request_id)][-1] == "question_answered"


def test_the_same_answer_to_a_second_question_is_an_answer_too(operator: Door, reviewed: Person) -> None:
    for number in (1, 2):
        decide(operator, reviewed, ASK | {"text": f"Question {number}?"})
        assert reviewed.call("GET").json["question"]["text"] == f"Question {number}?"
        reviewed.call("POST", "/answers", json_body={"message": "Yes"})
    assert [one["text"] for one in reviewed.ledger.private(reviewed.request_id, "answers")] == ["Yes", "Yes"]
    kinds = [n.id for n in reviewed.ledger.notices(reviewed.request_id) if n.kind == "question"]
    assert len(kinds) == len(set(kinds)) == 2


def test_a_question_that_comes_too_late_changes_neither_the_one_that_is_open_nor_the_answers(
    operator: Door, reviewed: Person
) -> None:
    decide(operator, reviewed, ASK)
    second = decide(operator, reviewed, ASK | {"text": "Another?"})
    assert (second.status, second.code) == (409, "too_late")
    assert reviewed.call("GET").json["question"]["text"] == ASK["text"]
    reviewed.call("POST", "/answers", json_body=ANSWER)
    assert reviewed.call("POST", "/answers", json_body=ANSWER).status == 200  # a browser that sends twice
    late = reviewed.call("POST", "/answers", json_body={"message": "On second thought"})
    assert (late.status, late.code) == (409, "too_late")
    assert len(reviewed.ledger.private(reviewed.request_id, "answers")) == 1


def test_after_the_time_to_answer_somebody_decides_on_what_there_is(
    operator: Door, reviewed: Person, later: Any
) -> None:
    decide(operator, reviewed, ASK)
    later(timedelta(days=14))
    reviewed.ledger.question_over(reviewed.request_id)
    assert reviewed.call("POST", "/answers", json_body=ANSWER).code == "too_late"
    assert decide(operator, reviewed, {"decision": "approve", "plan": "hash"}).status == 200


def test_who_is_asked_may_withdraw_instead(operator: Door, reviewed: Person) -> None:
    decide(operator, reviewed, ASK)
    assert reviewed.call("POST", "/withdraw", json_body={}).json["status"] == "withdrawn"
    assert reviewed.call("POST", "/answers", json_body=ANSWER).code == "too_late"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "message", "message_missing"),
        ({"message": " \n "}, "message", "message_missing"),
        ({"message": "x" * 2001}, "message", "too_long"),
        ({"message": ["x"]}, "message", "wrong_type"),
        ({"message": "x", "by": "op-1"}, "by", "unknown_field"),
    ],
)
def test_an_answer_that_is_none_changes_nothing(
    operator: Door, reviewed: Person, body: dict[str, Any], field: str, code: str
) -> None:
    decide(operator, reviewed, ASK)
    reply = reviewed.call("POST", "/answers", json_body=body)
    assert (reply.status, reply.json["error"]["fields"][field]["code"]) == (422, code)
    assert reviewed.ledger.get(reviewed.request_id).status is Status.QUESTION
    assert reviewed.ledger.private(reviewed.request_id, "answers") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "wrong_type"), (" \n", "wrong_type"), ("x" * 4001, "too_long"), (7, "wrong_type")],
)
def test_a_question_has_a_text_of_at_most_four_thousand_characters(
    operator: Door, reviewed: Person, text: object, code: str
) -> None:
    reply = decide(operator, reviewed, {"decision": "ask", "text": text})
    assert (reply.status, reply.json["error"]["fields"]["text"]["code"]) == (422, code)
    assert reviewed.ledger.private(reviewed.request_id, "question") is None
    assert decide(operator, reviewed, {"decision": "ask", "text": "x" * 4000}).status == 200


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "=cmd()", "a\u0000b", "{{7*7}}", "\u202egnp.exe", "🙂"])
def test_a_question_and_an_answer_are_passed_on_as_they_were_written(
    operator: Door, reviewed: Person, text: str
) -> None:
    decide(operator, reviewed, {"decision": "ask", "text": text})
    assert reviewed.call("GET").json["question"]["text"] == text
    assert text not in reviewed.call("GET", html=True).text or "<" not in text
    assert reviewed.call("POST", "/answers", json_body={"message": text}).status == 200
    assert reviewed.ledger.private(reviewed.request_id, "answers")[0]["text"] == text


def test_what_passed_is_sealed_and_in_no_event_no_list_and_no_log(
    operator: Door, reviewed: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    replies = [decide(operator, reviewed, ASK), reviewed.call("POST", "/answers", json_body=ANSWER)]
    replies += [
        operator("GET", f"/ops/requests{rest}")
        for rest in ("", *(f"/{reviewed.request_id}{part}" for part in ("", "/plan", "/clock")))
    ]
    told = str(boto3.client("dynamodb").scan(TableName="ledger")["Items"]) + lines.getvalue()
    for text in (*(reply.text for reply in replies), told):
        assert "MANGO" not in text
        assert "PAPAYA" not in text


def test_a_complaint_is_answered_and_the_person_reads_the_answer(operator: Door, person: Person) -> None:
    person.asks(right="complaint", message="Nobody answered.").proves()
    lay(person.ledger, person.request_id, review="complaint")
    assert "answer" not in person.call("GET").json
    for wrong in ({"decision": "approve", "plan": "hash"}, {"decision": "refuse", "ground": 11}):
        assert decide(operator, person, wrong).status == 422
    assert decide(operator, person, {"decision": "answer", "text": "We are sorry."}).status == 200
    assert person.call("GET").json["answer"]["text"] == "We are sorry."
    again = decide(operator, person, {"decision": "answer", "text": "We are not."})
    assert (again.status, again.code) == (409, "too_late")
    assert person.call("GET").json["answer"]["text"] == "We are sorry."
