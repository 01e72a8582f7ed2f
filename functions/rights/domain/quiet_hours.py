"""When a text message may go out: not at night in Phnom Penh, unless it protects the person or could come too late."""

from datetime import UTC, datetime, time, timedelta

from rights.domain.mall_time import MALL_TIME
from rights.domain.notices import NOTICES

NIGHT_BEGINS, NIGHT_ENDS = time(21), time(7)


def morning_after(now: datetime) -> datetime | None:
    """The end of the night in which `now` lies; `None` by day. The first minute of the day is no longer night."""
    here = now.astimezone(MALL_TIME)
    if NIGHT_ENDS <= here.time() < NIGHT_BEGINS:
        return None
    day = here.date() + timedelta(days=1 if here.time() >= NIGHT_BEGINS else 0)
    return datetime.combine(day, NIGHT_ENDS, MALL_TIME).astimezone(UTC)


def waits_until(kind: str, channel: str, *, now: datetime, due_at: datetime) -> datetime | None:
    """Until when a notice has to wait; `None` when it may go out.

    Mails come at any hour. A text message waits for the morning, except for a code, a warning, and one that is owed by
    a date which the night would pass.
    """
    morning = morning_after(now)
    rule = NOTICES[kind]
    if morning is None or channel != "phone" or rule.may_wake:
        return None
    return None if rule.is_legal and now <= due_at < morning else morning
