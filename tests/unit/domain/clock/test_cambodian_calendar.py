"""Working days in Cambodia, from the calendar that the mall uses."""

import subprocess
import sys
from datetime import date

import pytest

from rights.domain.clock import CalendarName, rule_for, weekdays
from rights.domain.clock.rule import Roll, days, working_days
from rights.public_holidays import calendar_of, works_in_cambodia
from tests.unit.domain.clock.support import a_rule, last_day, on, read


@pytest.mark.parametrize(
    "holiday",
    [
        "2026-01-07",  # Victory over Genocide
        "2026-04-14",  # Khmer New Year, three days
        "2026-04-15",
        "2026-04-16",
        "2026-05-01",
        "2026-10-12",  # Pchum Ben, by the moon
        "2026-11-09",  # Independence
        "2026-11-24",  # Water Festival, by the moon
        "2024-04-16",  # a day in lieu, by sub-decree
    ],
)
def test_a_public_holiday_of_cambodia_is_no_working_day(holiday: str) -> None:
    day = date.fromisoformat(holiday)
    assert weekdays(day)
    assert not works_in_cambodia(day)


def test_other_weekdays_are_working_days_and_weekends_are_not() -> None:
    assert works_in_cambodia(date(2026, 4, 13))
    assert works_in_cambodia(date(2026, 4, 17))
    assert not works_in_cambodia(date(2026, 4, 18))


def test_ten_working_days_over_khmer_new_year_are_three_days_longer() -> None:
    # Friday 10 April 2026; Khmer New Year is Tuesday 14 to Thursday 16.
    rule = a_rule(working_days(10))
    assert last_day(read(rule, "2026-04-10", is_working=weekdays)) == "2026-04-24"
    clock = read(rule, "2026-04-10", is_working=works_in_cambodia)
    assert last_day(clock) == "2026-04-29"
    assert [(s.first.day, s.last.day) for s in clock.segments if s.reason == "non_working_day"] == [
        (11, 12),
        (14, 16),
        (18, 19),
        (25, 26),
    ]


def test_a_last_day_on_khmer_new_year_moves_behind_it_where_the_rule_rolls() -> None:
    rule = a_rule(days(30), roll=Roll.FORWARD)
    clock = read(rule, "2026-03-15", is_working=works_in_cambodia)
    assert last_day(clock) == "2026-04-17"
    assert clock.segments[-1].reason == "rolled_to_working_day"


def test_the_policys_internal_date_comes_before_khmer_new_year_not_in_it() -> None:
    rule = rule_for("access", "policy", date(2026, 3, 22))
    clock = read(rule, "2026-03-22", is_working=works_in_cambodia)
    assert on(clock.legal_due, rule) == "2026-04-21"
    assert on(clock.internal_due, rule) == "2026-04-13"  # five days before is 16 April


def test_each_calendar_a_rule_may_name_is_there() -> None:
    assert calendar_of(CalendarName.CAMBODIA)(date(2026, 4, 14)) is False
    assert calendar_of(CalendarName.WEEKDAYS)(date(2026, 4, 14)) is True


def test_no_other_countrys_calendar_is_loaded_and_none_before_it_is_needed() -> None:
    script = (
        "import sys, datetime; from rights.public_holidays import works_in_cambodia;"
        "assert 'holidays' not in sys.modules;"
        "assert not works_in_cambodia(datetime.date(2026, 4, 14));"
        "assert not [name for name in sys.modules if name.startswith('holidays.countries')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": "functions"})  # noqa: S603
