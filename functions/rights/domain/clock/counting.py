"""How days are counted: one named function for each rule of computation a lawyer could ask about.

Articles without a name are those of Regulation (EEC, Euratom) 1182/71.
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rights.domain.clock.facts import Pause
from rights.domain.clock.rule import MonthEnd, PauseDays, Term, Unit, WorkingDay

ONE_DAY = timedelta(days=1)
LONGEST_HOLIDAY = 366
"""A calendar with more non-working days in a row than this is broken, not festive."""

Span = tuple[date, date]
"""A first and a last day, both included; empty when the last is before the first."""


class BrokenCalendarError(ValueError):
    """A calendar knows no working day within a year."""


def weekdays(day: date) -> bool:
    """A calendar without public holidays: Monday to Friday are working days."""
    return day.weekday() < 5


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day a moment falls on, where the rule's days begin and end."""
    return moment.astimezone(zone).date()


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last second of a day: a term ends with the expiry of the last hour of its last day (Art. 3(2))."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def first_day_of_term(event: date, *, event_day_counts: bool) -> date:
    """The day of the event is not counted (Art. 3(1)), unless the rule says that it is."""
    return event if event_day_counts else event + ONE_DAY


def same_named_day(start: date, months: int, month_end: MonthEnd = MonthEnd.LAST_DAY) -> date:
    """The day of the same number so many months on; where there is none, the month's last day (Art. 3(2)(c))."""
    year, month_index = divmod(start.year * 12 + start.month - 1 + months, 12)
    month = month_index + 1
    last = monthrange(year, month)[1]
    if start.day <= last:
        return date(year, month, start.day)
    end = date(year, month, last)
    return end if month_end is MonthEnd.LAST_DAY else end + ONE_DAY


def days_to_count(term: Term, start: date, month_end: MonthEnd) -> int:
    """How many days a term is long when it starts from this day; only months differ in length."""
    if term.unit is Unit.CALENDAR_MONTHS:
        return (same_named_day(start, term.amount, month_end) - start).days
    return term.amount


def count_days(
    first: date, amount: int, counts: Callable[[date], bool], stopped: Sequence[Span] = ()
) -> tuple[date, ...]:
    """The first so many days that count, from `first` on, leaving out those on which the clock is stopped."""
    counted: list[date] = []
    day = first
    while len(counted) < amount:
        day = next_day_that(counts, day, stopped)
        counted.append(day)
        day += ONE_DAY
    return tuple(counted)


def next_day_that(counts: Callable[[date], bool], day: date, stopped: Sequence[Span] = ()) -> date:
    """This day if it counts and the clock is not stopped on it, else the next such day."""
    last_hope = day + timedelta(days=LONGEST_HOLIDAY)
    while day <= last_hope:
        in_the_way = next((span for span in stopped if within(day, span)), None)
        if in_the_way is not None:
            day = in_the_way[1] + ONE_DAY
            last_hope = day + timedelta(days=LONGEST_HOLIDAY)
        elif counts(day):
            return day
        else:
            day += ONE_DAY
    raise BrokenCalendarError("no working day within a year")


def roll_forward(day: date, is_working: WorkingDay, stopped: Sequence[Span] = ()) -> date:
    """A last day on a weekend or holiday moves to the next working day (Art. 3(4)); a stopped clock cannot end."""
    return next_day_that(is_working, day, stopped)


def roll_back(counted: tuple[date, ...], is_working: WorkingDay) -> date:
    """An internal date on a non-working day moves back to a working day, but never over a gap in the counted days."""
    for index in range(len(counted) - 1, -1, -1):
        if is_working(counted[index]):
            return counted[index]
        if index and counted[index] - counted[index - 1] > ONE_DAY:
            break
    return counted[-1]


def paused_span(pause: Pause, which: PauseDays, now: datetime, zone: tzinfo) -> Span:
    """The days a pause keeps from being counted; one without an answer is counted as if it were answered now."""
    asked = day_of(pause.since, zone)
    answered = day_of(pause.until if pause.until is not None else max(now, pause.since), zone)
    return (asked if which is PauseDays.ASKING_TO_ANSWER else asked + ONE_DAY), answered


def within(day: date, span: Span) -> bool:
    """Whether a day lies in a span."""
    return span[0] <= day <= span[1]
