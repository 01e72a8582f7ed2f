from datetime import date

import pytest

from rights.domain.clock import Extension, ExtensionAnswer, PauseReason, Timeline, may_extend, rule_for, weekdays
from tests.unit.domain.clock.support import at, last_day, on, pause, read

SPRING_2026 = date(2026, 3, 1)
GDPR = rule_for("access", "EU", SPRING_2026)


def answer(when: str, reason: str = "complexity", **facts: object) -> ExtensionAnswer:
    timeline = Timeline(at("2026-03-05", GDPR), **facts)  # type: ignore[arg-type]
    return may_extend(timeline, GDPR, weekdays, at=at(when, GDPR), reason=reason)


def test_the_term_is_extended_for_a_reason_told_within_the_first_month() -> None:
    assert answer("2026-03-20") is ExtensionAnswer.MAY
    # 5 April 2026 is a Sunday: the month ends on Monday, with its last second.
    assert answer("2026-04-06T23:59:59") is ExtensionAnswer.MAY


def test_the_day_after_the_first_month_is_too_late() -> None:
    assert answer("2026-04-07T00:00:00") is ExtensionAnswer.BASE_TERM_OVER


def test_a_pause_moves_the_last_moment_to_extend() -> None:
    asked = pause(PauseReason.IDENTITY, "2026-03-10", "2026-03-16", GDPR)
    assert answer("2026-04-10", pauses=(asked,)) is ExtensionAnswer.MAY


def test_only_the_reasons_of_the_law_extend() -> None:
    assert answer("2026-03-20", "short_of_staff") is ExtensionAnswer.REASON_NOT_IN_RULE


def test_a_term_is_extended_once() -> None:
    told = Extension(at("2026-03-10", GDPR), "complexity")
    assert answer("2026-03-20", extension=told) is ExtensionAnswer.ONCE_ONLY


def test_what_is_closed_is_not_extended() -> None:
    assert answer("2026-03-20", closed_at=at("2026-03-19", GDPR)) is ExtensionAnswer.CLOSED


@pytest.mark.parametrize("right", ["access", "deletion", "complaint", "marketing_opt_out"])
def test_the_policy_promises_no_extension(right: str) -> None:
    rule = rule_for(right, "policy", SPRING_2026)
    told = may_extend(Timeline(at("2026-03-01")), rule, weekdays, at=at("2026-03-01"), reason="complexity")
    assert told is ExtensionAnswer.NOT_IN_RULE


def test_an_extension_told_too_late_changes_nothing_and_the_clock_says_so() -> None:
    clock = read(GDPR, "2026-03-05", extended=("2026-04-07", "complexity"))
    assert (last_day(clock), clock.extended, clock.extension) == ("2026-04-06", False, ExtensionAnswer.BASE_TERM_OVER)


def test_an_extended_clock_tells_its_two_parts_apart_and_keeps_its_base_date() -> None:
    clock = read(GDPR, "2026-03-05", extended=("2026-03-20", "complexity"))
    assert clock.extended
    assert on(clock.base_due, GDPR) == "2026-04-06"
    assert [(s.first.isoformat(), s.last.isoformat(), s.reason.value) for s in clock.segments] == [
        ("2026-03-05", "2026-03-05", "receipt_day"),
        ("2026-03-06", "2026-04-05", "base_term"),
        ("2026-04-06", "2026-06-05", "extension"),
    ]
    assert clock.days_total == 31 + 61
