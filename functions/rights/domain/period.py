"""Periods of ISO 8601 (`P10Y`, `P24M`, `P2W`, `P90D`) as the data map and the register of grounds write them."""

import calendar
import re
from datetime import date, timedelta

_PERIOD = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")


def is_period(text: str) -> bool:
    """Tell whether this is a period of years, months, weeks or days."""
    return _PERIOD.fullmatch(text) is not None


def day_after(start: date, period: str) -> date:
    """The day so long after `start`; a day its month does not have is the month's last. ValueError if no period."""
    matched = _PERIOD.fullmatch(period)
    if matched is None:
        msg = "a period that is not ISO 8601"
        raise ValueError(msg)
    years, months, weeks, days = (int(part or 0) for part in matched.groups())
    month = start.month - 1 + months + 12 * years
    year, month = start.year + month // 12, month % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) + timedelta(weeks=weeks, days=days)
