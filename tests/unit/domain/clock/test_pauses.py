from datetime import UTC, date, datetime, timedelta

import pytest

from rights.domain.clock import Jurisdiction, Pause, PauseReason, Timeline, may_pause, read_clock, rule_for, weekdays
from rights.domain.clock.rule import Roll, days
from tests.unit.domain.clock.support import a_rule, at, last_day, pause, read

IDENTITY, CLARIFICATION = PauseReason.IDENTITY, PauseReason.CLARIFICATION
SPRING_2026 = date(2026, 3, 1)
GDPR = rule_for("access", "EU", SPRING_2026)
UK_BEFORE = rule_for("access", "GB", date(2025, 3, 10))
UK = rule_for("access", "GB", SPRING_2026)
PAUSABLE = a_rule(days(30), pauses=frozenset(PauseReason))


@pytest.mark.parametrize(
    ("jurisdiction", "right", "reason", "stops"),
    [
        ("policy", "access", IDENTITY, False),  # a promise of thirty days names no exception
        ("policy", "access", CLARIFICATION, False),
        ("EU", "access", IDENTITY, True),
        ("EU", "access", CLARIFICATION, True),  # recital 63 speaks of access
        ("EU", "deletion", IDENTITY, True),
        ("EU", "deletion", CLARIFICATION, False),
        ("GB", "access", CLARIFICATION, True),
        ("GB", "deletion", CLARIFICATION, False),
        ("GB", "deletion", IDENTITY, True),
        ("US-CA", "access", IDENTITY, False),  # regardless of the time to verify
        ("US-CA", "access", CLARIFICATION, False),
        ("VN", "access", IDENTITY, False),
    ],
)
def test_which_questions_stop_the_clock(jurisdiction: str, right: str, reason: PauseReason, stops: bool) -> None:
    assert may_pause(rule_for(right, jurisdiction, SPRING_2026), reason) is stops


def test_the_term_grows_by_the_days_between_question_and_answer() -> None:
    asked = pause(CLARIFICATION, "2026-03-10", "2026-03-16", GDPR)
    assert last_day(read(GDPR, "2026-03-05", asked)) == "2026-04-13"  # 5 April and six days: Saturday 11, so Monday


def test_the_segments_say_which_days_did_not_count_and_why() -> None:
    asked = pause(IDENTITY, "2026-03-10", "2026-03-16", GDPR)
    assert [(s.first.isoformat(), s.last.isoformat(), s.counted, s.reason.value) for s in
            read(GDPR, "2026-03-05", asked).segments] == [
        ("2026-03-05", "2026-03-05", False, "receipt_day"),
        ("2026-03-06", "2026-03-10", True, "base_term"),
        ("2026-03-11", "2026-03-16", False, "paused_for_identity"),
        ("2026-03-17", "2026-04-11", True, "base_term"),
        ("2026-04-12", "2026-04-13", False, "rolled_to_working_day"),
    ]  # fmt: skip


def test_a_question_answered_the_same_day_stops_nothing() -> None:
    asked = pause(CLARIFICATION, "2026-03-10T09:00", "2026-03-10T18:00", PAUSABLE)
    assert last_day(read(PAUSABLE, "2026-03-01", asked)) == "2026-03-31"


def test_uk_law_leaves_out_the_day_of_the_question_and_the_day_of_the_answer() -> None:
    # Article 12A: from the day of asking to the day of the answer; 1 April and three days.
    asked = pause(CLARIFICATION, "2026-03-10", "2026-03-12", UK)
    assert read(UK, "2026-03-01", asked).counted_days[-1] == date(2026, 4, 4)


def test_before_that_law_the_deadline_moved_by_the_days_the_clock_was_stopped() -> None:
    asked = pause(CLARIFICATION, "2025-03-12", "2025-03-14", UK_BEFORE)
    assert read(UK_BEFORE, "2025-03-10", asked).counted_days[-1] == date(2025, 4, 12)


def test_two_questions_at_once_stop_the_clock_once() -> None:
    both = (
        pause(IDENTITY, "2026-03-10", "2026-03-16", PAUSABLE),
        pause(CLARIFICATION, "2026-03-12", "2026-03-18", PAUSABLE),
    )
    assert last_day(read(PAUSABLE, "2026-03-01", *both)) == "2026-04-08"


def test_a_question_that_does_not_stop_the_clock_is_told_as_such() -> None:
    rule = rule_for("access", "US-CA", SPRING_2026)
    clock = read(rule, "2026-03-01", pause(IDENTITY, "2026-03-10", "2026-03-16", rule))
    assert last_day(clock) == "2026-04-15"
    [waited] = [s for s in clock.segments if s.reason == "runs_during_identity"]
    assert (waited.counted, waited.days) == (True, 6)


def test_a_question_asked_after_the_last_day_stops_nothing() -> None:
    late = pause(CLARIFICATION, "2026-04-01", "2026-04-20", PAUSABLE)
    clock = read(PAUSABLE, "2026-03-01", late, now=at("2026-04-10"))
    assert (last_day(clock), clock.paused_now) == ("2026-03-31", False)


def test_a_question_asked_on_the_last_day_comes_too_late_to_stop_it() -> None:
    clock = read(PAUSABLE, "2026-03-01", pause(CLARIFICATION, "2026-03-31", None, PAUSABLE), now=at("2026-04-02"))
    assert (last_day(clock), clock.paused_now) == ("2026-03-31", False)


def test_a_question_asked_while_the_last_day_waits_for_a_working_day_still_stops_it() -> None:
    rule = a_rule(days(30), pauses=frozenset(PauseReason), roll=Roll.FORWARD)
    # 4 April 2026 is a Saturday; asked on Sunday, answered on Wednesday.
    assert last_day(read(rule, "2026-03-05", pause(IDENTITY, "2026-04-05", "2026-04-08", rule))) == "2026-04-09"


def test_while_a_question_is_open_the_clock_stands_still_and_the_date_moves_on() -> None:
    asked = pause(CLARIFICATION, "2026-03-10", None, PAUSABLE)
    for today, used, due in (("03-10", 8, "2026-03-31"), ("03-11", 9, "2026-04-01"), ("03-20", 9, "2026-04-10")):
        clock = read(PAUSABLE, "2026-03-01", asked, now=at(f"2026-{today}"))
        assert (clock.stands_still, clock.days_used, last_day(clock)) == ("paused_for_clarification", used, due)


def test_a_question_open_for_years_breaks_nothing() -> None:
    asked = pause(CLARIFICATION, "2026-03-10", None, PAUSABLE)
    assert last_day(read(PAUSABLE, "2026-03-01", asked, now=at("2036-03-10"))) == "2036-03-31"


def test_closing_ends_an_open_question() -> None:
    asked = Pause(CLARIFICATION, at("2026-03-10"))
    closed = Timeline(at("2026-03-01"), pauses=(asked,), closed_at=at("2026-03-12"))
    clock = read_clock(closed, PAUSABLE, weekdays, at("2026-06-01"))
    assert (last_day(clock), clock.paused_now, clock.days_used) == ("2026-04-02", False, 9)


def test_nothing_stops_the_acknowledgement() -> None:
    rule = a_rule(days(30), pauses=frozenset(PauseReason), acknowledge=days(2))
    clock = read(rule, "2026-03-01", pause(IDENTITY, "2026-03-01", "2026-03-20", rule))
    assert clock.acknowledge_by == at("2026-03-03T23:59:59")


def test_what_has_not_happened_yet_is_not_judged() -> None:
    asked = pause(IDENTITY, "2026-03-10", "2026-03-16", PAUSABLE)
    assert last_day(read(PAUSABLE, "2026-03-01", asked, now=at("2026-03-05"))) == "2026-03-31"


def test_facts_must_know_their_zone_and_their_order() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        Timeline(datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="question"):
        Pause(IDENTITY, now, now - timedelta(seconds=1))


def test_no_rule_lets_a_question_stop_an_opt_out() -> None:
    for jurisdiction in Jurisdiction:
        rule = rule_for("marketing_opt_out", jurisdiction, SPRING_2026)
        assert rule.pauses == frozenset()
