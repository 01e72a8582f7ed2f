"""Moments, calendars and readings, short enough that a test reads as its rule."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from rights.domain.clock import (
    Clock,
    ClockRule,
    Extension,
    Pause,
    PauseReason,
    Timeline,
    WorkingDay,
    read_clock,
    rule_for,
    weekdays,
)
from rights.domain.clock.rule import Term

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")
LATER = datetime(2090, 1, 1, tzinfo=UTC)

BRITISH_CHRISTMAS_2026 = {date(2026, 12, 25), date(2026, 12, 28)}


def in_england(day: date) -> bool:
    return weekdays(day) and day not in BRITISH_CHRISTMAS_2026


def festive(day: date) -> bool:
    """A calendar full of holidays, for properties that must hold on any."""
    return (
        weekdays(day) and (day.month, day.day) not in {(4, 14), (4, 15), (4, 16), (12, 25)} and day.toordinal() % 17 > 0
    )


def at(text: str, rule: ClockRule | None = None, zone: str = "Asia/Phnom_Penh") -> datetime:
    """A moment written in the rule's zone; a date alone is ten in the morning."""
    written = text if "T" in text else f"{text}T10:00"
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(rule.zone if rule else zone))


def pause(reason: PauseReason, since: str, until: str | None, rule: ClockRule) -> Pause:
    return Pause(reason, at(since, rule), at(until, rule) if until else None)


def read(
    rule: ClockRule,
    received: str,
    *pauses: Pause,
    verified: str | None = None,
    extended: tuple[str, str] | None = None,
    now: datetime = LATER,
    is_working: WorkingDay = weekdays,
) -> Clock:
    timeline = Timeline(
        received_at=at(received, rule),
        verified_at=at(verified, rule) if verified else None,
        pauses=pauses,
        extension=Extension(at(extended[0], rule), extended[1]) if extended else None,
    )
    return read_clock(timeline, rule, is_working, now)


def last_day(clock: Clock) -> str:
    return on(clock.legal_due, clock.rule)


def on(moment: datetime | None, rule: ClockRule) -> str:
    """The date of a moment that must be the last second of its day."""
    assert moment is not None
    local = moment.astimezone(ZoneInfo(rule.zone))
    assert (local.hour, local.minute, local.second) == (23, 59, 59)
    return local.date().isoformat()


def a_rule(respond: Term, **changes: object) -> ClockRule:
    """A rule of the policy with another term."""
    base = replace(rule_for("access", "policy", date(2026, 1, 1)), respond=respond, buffer=0)
    return replace(base, **changes)  # type: ignore[arg-type]
