from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.deadline import MALL_TIME, POLICY_CLOCKS, is_overdue, respond_by, today_in_the_mall
from rights.domain.rights import OPERATION_OF, Right

rights = st.sampled_from(sorted(Right))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one
offsets = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


def test_every_right_has_a_clock_with_a_source_and_something_to_do() -> None:
    assert set(POLICY_CLOCKS) == set(OPERATION_OF) == set(Right)
    assert all(rule.source.startswith("policy ") and rule.days > 0 for rule in POLICY_CLOCKS.values())


def test_the_day_of_receipt_is_not_counted() -> None:
    # 1 March, ten in the morning in Phnom Penh: the thirtieth day after it is 31 March.
    deadline = respond_by(Right.ACCESS, datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    assert deadline.at.astimezone(MALL_TIME).isoformat() == "2026-03-31T23:59:59+07:00"
    [term] = deadline.explained
    assert (term["from"], term["to"], term["counted"]) == ("2026-03-02", "2026-03-31", "yes")


@pytest.mark.parametrize(
    ("received", "last_day"),
    [
        ("2026-03-01T16:59:59+00:00", date(2026, 3, 31)),  # a minute before midnight in Phnom Penh
        ("2026-03-01T17:00:00+00:00", date(2026, 4, 1)),  # midnight there: the next day
        ("2028-01-30T05:00:00+00:00", date(2028, 2, 29)),  # a leap day counts
        ("2026-12-15T05:00:00+00:00", date(2027, 1, 14)),  # over the year's end
    ],
)
def test_days_are_those_of_phnom_penh(received: str, last_day: date) -> None:
    deadline = respond_by(Right.DELETION, datetime.fromisoformat(received))
    assert deadline.at.astimezone(MALL_TIME).date() == last_day


@given(rights, moments)
def test_the_term_is_never_shorter_than_its_days_and_at_most_a_day_longer(right: Right, received: datetime) -> None:
    term = respond_by(right, received).at - received
    days = timedelta(days=POLICY_CLOCKS[right].days)
    assert days - timedelta(seconds=1) <= term < days + timedelta(days=1)


@given(rights, moments, offsets)
def test_it_does_not_matter_in_which_zone_the_receipt_was_written_down(
    right: Right, received: datetime, zone: timezone
) -> None:
    assert respond_by(right, received.astimezone(zone)) == respond_by(right, received)


@given(rights, moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_who_asks_later_is_not_answered_sooner(right: Right, received: datetime, later: timedelta) -> None:
    assert respond_by(right, received).at <= respond_by(right, received + later).at


@given(rights, moments)
def test_the_explanation_adds_up_to_the_date(right: Right, received: datetime) -> None:
    deadline = respond_by(right, received)
    [term] = deadline.explained
    counted = date.fromisoformat(term["to"]) - date.fromisoformat(term["from"]) + timedelta(days=1)
    assert counted.days == POLICY_CLOCKS[right].days
    assert deadline.at.astimezone(MALL_TIME).date().isoformat() == term["to"]
    assert POLICY_CLOCKS[right].source in term["reason"]
    assert deadline.rule == POLICY_CLOCKS[right].id


@given(moments, moments)
def test_overdue_is_what_is_open_after_its_date(due: datetime, now: datetime) -> None:
    assert is_overdue(due, now, final=False) == (now > due)
    assert not is_overdue(due, now, final=True)


@given(moments)
def test_today_is_the_date_in_the_mall_where_there_is_no_summer_time(now: datetime) -> None:
    assert today_in_the_mall(now) == (now + timedelta(hours=7)).date().isoformat()
