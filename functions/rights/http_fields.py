"""Fields that several doors read, narrower than Python does: it takes numbers for dates, `²` for a digit, and any year.

Whoever reckons with a moment of the year 1 or 9999 leaves the calendar, and a number of thousands of digits is none.
"""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})")


def _like(form: re.Pattern[str], value: object) -> object:
    """What is no text of this form is none at all; a date of our own passes."""
    if isinstance(value, date) or (isinstance(value, str) and form.fullmatch(value)):
        return value
    raise ValueError("not of the form of RFC 3339")


def _in_our_time(value: datetime) -> datetime:
    if _FIRST_YEAR <= value.year <= _LAST_YEAR:
        return value
    raise ValueError("not of a year that anything here can be of")


def whole(value: object) -> int | None:
    """A whole number of at most nine ASCII digits, as a number or as text; None for everything else."""
    is_one = isinstance(value, int | str) and not isinstance(value, bool) and _WHOLE.fullmatch(str(value))
    return int(str(value)) if is_one else None


ClockReading = Annotated[AwareDatetime, BeforeValidator(lambda value: _like(_MOMENT, value))]
"""A moment as RFC 3339 writes it, of any year: what another's clock says."""
Moment = Annotated[ClockReading, AfterValidator(_in_our_time)]
"""A moment as RFC 3339 writes it, of a year from 1970 to 2199."""
Day = Annotated[date, BeforeValidator(lambda value: _like(_DAY, value))]
"""A day as RFC 3339 writes it: `2026-12-31`."""
