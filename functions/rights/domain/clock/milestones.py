"""When to remind and escalate: 50, 75 and 90 percent of the counted days, the internal date, the legal date.

A sweep claims each milestone once, by its key. An extended clock has keys of its own: the longer term warns anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from rights.domain.clock.counting import end_of
from rights.domain.clock.reading import Clock


class MilestoneCode(StrEnum):
    """What has been reached."""

    PERCENT_50 = "percent_50"
    PERCENT_75 = "percent_75"
    PERCENT_90 = "percent_90"
    INTERNAL_DATE = "internal_date"
    LEGAL_DATE = "legal_date"


PERCENT = {MilestoneCode.PERCENT_50: 50, MilestoneCode.PERCENT_75: 75, MilestoneCode.PERCENT_90: 90}


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment on the clock, and the key it is claimed under."""

    code: MilestoneCode
    at: datetime
    key: str


def milestones(clock: Clock) -> tuple[Milestone, ...]:
    """All milestones, earliest first; they move with the clock, their keys do not."""
    moments = {code: moment_at(clock, percent) for code, percent in PERCENT.items()}
    moments |= {MilestoneCode.INTERNAL_DATE: clock.internal_due, MilestoneCode.LEGAL_DATE: clock.legal_due}
    prefix = "extended." if clock.extended else ""
    return tuple(
        Milestone(code, at, prefix + code.value) for code, at in sorted(moments.items(), key=lambda item: item[1])
    )


def moment_at(clock: Clock, percent: int) -> datetime:
    """When so much of the counted days has gone by: days that are not counted bring no milestone nearer."""
    days = clock.counted_days
    whole, rest = divmod(len(days) * percent, 100)
    if rest == 0:
        return end_of(days[whole - 1], clock.zone)
    into_the_day = timedelta(days=1) * rest / 100
    return (datetime.combine(days[whole], time.min, clock.zone) + into_the_day).astimezone(UTC)


def reached(clock: Clock, now: datetime, claimed: Collection[str]) -> tuple[Milestone, ...]:
    """The milestones that are passed and not yet claimed, earliest first."""
    return tuple(m for m in milestones(clock) if m.at < now and m.key not in claimed)


def next_look(clock: Clock, claimed: Collection[str]) -> datetime | None:
    """When a sweep must look at this clock again; None when everything is claimed."""
    return next((m.at for m in milestones(clock) if m.key not in claimed), None)


def is_overdue(due: datetime, now: datetime, *, final: bool) -> bool:
    """The date has passed and the request is in any state that is not final, a failed one included."""
    return not final and now > due
