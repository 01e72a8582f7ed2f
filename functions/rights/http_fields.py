"""Fields that several doors read: pydantic takes numbers for dates too, which no description of ours promises."""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})")


def _like(form: re.Pattern[str], value: object) -> object:
    """What is no text of this form is none at all; a date of our own passes."""
    if isinstance(value, date) or (isinstance(value, str) and form.fullmatch(value)):
        return value
    raise ValueError("not of the form of RFC 3339")


Moment = Annotated[AwareDatetime, BeforeValidator(lambda value: _like(_MOMENT, value))]
"""A moment as RFC 3339 writes it."""
Day = Annotated[date, BeforeValidator(lambda value: _like(_DAY, value))]
"""A day as RFC 3339 writes it: `2026-12-31`."""
