"""Times as the console shows them: Phnom Penh, 24 hours, and how long something took in the largest fitting unit."""

from datetime import date, datetime

from rights.clock import parse
from rights.domain.mall_time import MALL_TIME

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def moment(value: datetime | str | None) -> datetime | None:
    """A moment of the JSON in the mall's time; None stays None."""
    if not value:
        return None
    return (parse(value) if isinstance(value, str) else value).astimezone(MALL_TIME)


def day_of(value: datetime | str) -> date:
    """The mall's day a moment falls on."""
    found = moment(value)
    if found is None:
        raise ValueError("no moment")
    return found.date()


def day(value: datetime | date | str | None) -> str:
    """2 Dec 2026; an en dash for nothing."""
    if not value:
        return "\u2013"
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else day_of(value)
    found = day_of(value) if isinstance(value, datetime) else value
    return f"{found.day} {found:%b %Y}"


def at(value: datetime | str | None) -> str:
    """2 Dec 2026, 14:02; an en dash for nothing."""
    found = moment(value)
    return f"{found.day} {found:%b %Y, %H:%M}" if found else "\u2013"


def brief(value: datetime | str | None) -> str:
    """2 Dec, 14:02; an en dash for nothing."""
    found = moment(value)
    return f"{found.day} {found:%b, %H:%M}" if found else "\u2013"


def clock(value: datetime) -> str:
    """14:02:10."""
    return f"{value.astimezone(MALL_TIME):%H:%M:%S}"


def lasted(seconds: float) -> str:
    """3 d, 5 h, 12 min, 8 s."""
    size = abs(seconds)
    for unit, name in _UNITS:
        if size >= unit:
            return f"{int(size // unit)} {name}"
    return f"{int(size)} s"


def since(value: datetime | str | None, now: datetime) -> str:
    """How long ago; an en dash for nothing."""
    found = moment(value)
    return lasted((now - found).total_seconds()) if found else "\u2013"
