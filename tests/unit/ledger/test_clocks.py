"""The clock of a request as the ledger keeps it: the facts, and the dates that follow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.clock import parse, stamp
from rights.domain.clock import RULES, PauseReason, Standing, rule_by_ref
from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Channel, Locale, Requester, Right
from rights.domain.status import Status
from rights.ledger.clocks import explained, opening_clock, question_reminder, reading, turned
from rights.ledger.model import Request

RECEIVED = datetime(2026, 3, 2, 3, tzinfo=UTC)

rights = st.sampled_from(sorted(Right))
territories = st.sampled_from(["KH", "policy", "DE", "GB", "US-CA", "CN", "VN", "TH", "ZZ"])
moments = st.datetimes(datetime(2026, 2, 10), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one
offsets = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


def request(
    right: Right = Right.ACCESS, jurisdiction: str = "KH", received: datetime = RECEIVED, **changes: Any
) -> Request:
    made = Request(
        id="R", status=Status.RECEIVED, version=1, run=1, right=right, case_id="R", channel=Channel.WEB,
        requester=Requester.SELF, locale=Locale.EN, jurisdiction=jurisdiction, received_at=stamp(received),
        policy_version="p", head="h", **opening_clock(right, jurisdiction, received, received),
    )  # fmt: skip
    return replace(made, **changes)


def then(request: Request, days: float, **facts: Any) -> Request:
    """The request after a fact, so many days after it came in."""
    return replace(request, **turned(request, parse(request.received_at) + timedelta(days=days), **facts))


def last_day(request: Request) -> date:
    return parse(request.due_at).astimezone(MALL_TIME).date()


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-01T16:59:59+00:00", date(2026, 3, 31)),  # a minute before midnight in Phnom Penh
        ("2026-03-01T17:00:00+00:00", date(2026, 4, 1)),  # midnight there: the next day
        ("2028-01-30T05:00:00+00:00", date(2028, 2, 29)),  # a leap day counts
        ("2026-12-15T05:00:00+00:00", date(2027, 1, 14)),  # over the year's end
    ],
)
def test_the_policy_answers_a_deletion_by_the_end_of_the_thirtieth_day_after_receipt(received: str, due: date) -> None:
    made = request(Right.DELETION, received=datetime.fromisoformat(received))
    assert parse(made.due_at).astimezone(MALL_TIME).time().isoformat() == "23:59:59"
    assert last_day(made) == due


def test_a_complaint_has_a_clock_of_its_own_and_an_opt_out_is_worked_on_at_once() -> None:
    assert last_day(request(Right.COMPLAINT)) == date(2026, 3, 17)
    assert parse(request(Right.MARKETING_OPT_OUT).work_by or "").astimezone(MALL_TIME).date() == date(2026, 3, 2)


@given(rights, territories, moments, offsets)
def test_it_does_not_matter_in_which_zone_the_receipt_was_written_down(
    right: Right, territory: str, received: datetime, zone: timezone
) -> None:
    here, there = (opening_clock(right, territory, at, received) for at in (received, received.astimezone(zone)))
    assert {**here, "timeline": None} == {**there, "timeline": None}


@given(rights, moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_who_asks_later_is_not_answered_sooner(right: Right, received: datetime, later: timedelta) -> None:
    assert request(right, received=received).due_at <= request(right, received=received + later).due_at


@given(rights, territories, moments)
def test_no_request_ever_runs_under_a_draft_or_under_guidance(right: Right, territory: str, received: datetime) -> None:
    rule = rule_by_ref(opening_clock(right, territory, received, received)["clock_rule"])
    assert rule.standing in {Standing.ENACTED, Standing.CONTRACT}


@given(rights, territories, moments)
def test_the_dates_are_in_order_and_the_watch_looks_before_the_answer_is_due(
    right: Right, territory: str, received: datetime
) -> None:
    opened = opening_clock(right, territory, received, received)
    assert opened["work_by"] <= opened["due_at"]
    assert opened["look_at"] <= opened["due_at"]


def test_cambodias_draft_gives_way_to_the_policy() -> None:
    assert "kh-draft-law@1" in {rule.ref for rule in RULES}
    assert request(jurisdiction="KH").clock_rule == "ttm-policy-2024/access@1"


def test_a_proof_that_came_with_the_request_is_part_of_its_clock() -> None:
    assert "verified_at" in opening_clock(Right.ACCESS, "KH", RECEIVED, RECEIVED, verified=True)["timeline"]


def test_an_answer_that_was_waited_for_moves_the_date_where_the_rule_allows_it() -> None:
    asked = then(request(jurisdiction="DE"), 2, paused=PauseReason.CLARIFICATION)
    assert then(asked, 5, resumed=True).due_at > asked.due_at == request(jurisdiction="DE").due_at


def test_a_pause_the_policy_does_not_know_is_a_fact_that_moves_nothing() -> None:
    answered = then(then(request(), 2, paused=PauseReason.CLARIFICATION), 5, resumed=True)
    assert answered.due_at == request().due_at
    assert len(answered.timeline["pauses"]) == 1
    reasons = {segment["reason"] for segment in explained(answered, RECEIVED + timedelta(days=6))}
    assert reasons == {"receipt_day", "base_term", "runs_during_clarification"}


def test_the_same_fact_twice_is_one() -> None:
    asked = then(then(request(), 2, paused=PauseReason.IDENTITY), 3, paused=PauseReason.IDENTITY)
    assert len(asked.timeline["pauses"]) == 1
    proven = then(request(), 1, verified=True)
    assert then(proven, 2, verified=True).timeline == proven.timeline


def test_an_answer_on_a_clock_that_is_slow_does_not_come_before_its_question() -> None:
    asked = then(request(), 2, paused=PauseReason.CLARIFICATION)
    [pause] = then(asked, 1.9, resumed=True).timeline["pauses"]
    assert pause["until"] == pause["since"]


def test_a_closed_clock_stands_and_is_not_looked_at_again() -> None:
    closed = then(request(), 9, closed=True)
    assert closed.look_at is None
    assert not reading(closed, RECEIVED + timedelta(days=400)).paused_now
    assert closed.due_at == request().due_at


def test_an_open_question_is_looked_at_when_half_its_time_is_gone_and_when_it_is_over() -> None:
    until = stamp(RECEIVED + timedelta(days=6))
    asked = then(request(), 2, paused=PauseReason.CLARIFICATION, until=until)
    asked = replace(asked, status=Status.QUESTION, question_until=until)
    reminder = question_reminder(asked)
    assert reminder == ("question_reminder_1", RECEIVED + timedelta(days=4))
    assert asked.look_at == stamp(RECEIVED + timedelta(days=4))
    reminded = replace(asked, milestones=("question_reminder_1",))
    assert then(reminded, 4.1).look_at == until
    assert then(reminded, 5, resumed=True).look_at == request().look_at


def test_a_request_without_a_question_is_not_reminded_of_one() -> None:
    assert question_reminder(request()) is None


def test_a_request_from_before_there_were_timelines_is_read_by_its_receipt() -> None:
    old = replace(request(), timeline={}, clock_rule="ttm-policy-2024/access")
    assert stamp(reading(old, RECEIVED).legal_due) == old.due_at
