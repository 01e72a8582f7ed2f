from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rights.domain.clock import BrokenCalendarError, weekdays
from rights.domain.clock.counting import (
    count_days,
    end_of,
    first_day_of_term,
    next_day_that,
    roll_back,
    roll_forward,
    same_named_day,
)
from rights.domain.clock.rule import MonthEnd, days, months, working_days
from tests.unit.domain.clock.support import a_rule, last_day, read


def test_the_day_of_the_event_is_not_considered_as_falling_within_the_period() -> None:
    assert first_day_of_term(date(2026, 3, 5), event_day_counts=False) == date(2026, 3, 6)


def test_unless_the_rule_says_that_it_is() -> None:
    assert first_day_of_term(date(2026, 3, 5), event_day_counts=True) == date(2026, 3, 5)
    assert last_day(read(a_rule(days(30), first_day_counts=True), "2026-03-01")) == "2026-03-30"
    assert last_day(read(a_rule(months(1), first_day_counts=True), "2026-03-05")) == "2026-04-04"


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-03-05", 1, "2026-04-05"),
        ("2022-08-31", 1, "2022-09-30"),  # there is no 31 September
        ("2025-01-31", 1, "2025-02-28"),
        ("2025-01-29", 1, "2025-02-28"),
        ("2028-01-31", 1, "2028-02-29"),  # a leap year
        ("2028-01-29", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-01-31", 3, "2026-04-30"),  # not the month's end of the month's end
        ("2026-01-31", 2, "2026-03-31"),
    ],
)
def test_a_month_ends_on_the_same_named_day_else_on_the_last_day_of_the_month(start: str, count: int, end: str) -> None:
    assert same_named_day(date.fromisoformat(start), count).isoformat() == end


def test_a_rule_may_say_that_a_missing_day_is_the_first_of_the_next_month() -> None:
    assert same_named_day(date(2025, 1, 31), 1, MonthEnd.FIRST_OF_NEXT_MONTH) == date(2025, 3, 1)
    assert last_day(read(a_rule(months(1), month_end=MonthEnd.FIRST_OF_NEXT_MONTH), "2025-01-31")) == "2025-03-01"


@pytest.mark.parametrize(
    ("nominal", "end"),
    [("2026-02-13", "2026-02-13"), ("2026-02-14", "2026-02-16"), ("2026-02-15", "2026-02-16")],
)
def test_a_last_day_on_a_weekend_moves_to_the_next_working_day(nominal: str, end: str) -> None:
    assert roll_forward(date.fromisoformat(nominal), weekdays).isoformat() == end


def test_working_days_leave_out_weekends_and_the_day_of_receipt() -> None:
    # Thursday 5 March: the fifth working day after it is Thursday 12 March.
    assert last_day(read(a_rule(working_days(5)), "2026-03-05")) == "2026-03-12"


def test_a_receipt_on_a_weekend_starts_the_working_days_on_monday() -> None:
    assert last_day(read(a_rule(working_days(1)), "2026-03-07")) == "2026-03-09"


def test_an_internal_date_moves_back_to_a_working_day_but_not_over_a_gap() -> None:
    friday, saturday, sunday = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)
    assert roll_back((friday, saturday, sunday), weekdays) == friday
    assert roll_back((date(2026, 3, 4), saturday, sunday), weekdays) == sunday
    assert roll_back((saturday,), weekdays) == saturday


def test_a_term_ends_with_the_last_second_of_its_last_day() -> None:
    assert end_of(date(2026, 3, 31), ZoneInfo("Asia/Phnom_Penh")) == datetime(2026, 3, 31, 16, 59, 59, tzinfo=UTC)
    # Summer time begins in Brussels on 29 March 2026.
    assert end_of(date(2026, 3, 28), ZoneInfo("Europe/Brussels")) == datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)
    assert end_of(date(2026, 3, 29), ZoneInfo("Europe/Brussels")) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)


def test_a_calendar_without_working_days_is_called_broken_and_does_not_hang() -> None:
    with pytest.raises(BrokenCalendarError):
        count_days(date(2026, 1, 1), 1, lambda _day: False)


def test_a_stop_of_many_years_is_no_broken_calendar() -> None:
    years = (date(2026, 1, 1), date(2036, 1, 1))
    assert next_day_that(weekdays, date(2026, 1, 5), [years]) == date(2036, 1, 2)
