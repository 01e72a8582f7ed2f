"""How long records are kept, and on which ground."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field as Attribute
from pydantic import model_validator

from rights.datamap.fides import Ours


class Storage(Ours):
    """How long a record is kept in daily use, while nobody asks for its deletion: an end, or a day to look again."""

    period: str | None = None
    """ISO 8601: `P10Y`, `P24M`, `P90D`."""
    counted_from: str | None = None
    """What the period starts at: a field, or in words (`the end of the account`)."""
    review: date | None = None
    """The day by which somebody decides whether the data is still needed."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.period is None) == (self.review is None):
            msg = "a term has an end (`period`) or a day on which it is looked at again (`review`)"
            raise ValueError(msg)
        if (self.period is None) != (self.counted_from is None):
            msg = "a `period` says what it is `counted_from`"
            raise ValueError(msg)
        return self


class Retention(Storage):
    """How long records are kept against a deletion, and on which ground of policy 1(6).3.

    `counted_from` is a field here (date or date-time). With `review` records are kept up to that day, and no longer
    unless somebody moves it.
    """

    ground: Annotated[int, Attribute(ge=1, le=11)]
    reason: str
    """Catalogue code of the sentence for the person."""
    source: str
    """The law or clause."""


class RetainWhen(Ours):
    """Keep a record while a field (for objects: a tag) has this value, on a ground, for at most `period` from today."""

    field: str | None = None
    tag: str | None = None
    equals: str
    ground: Annotated[int, Attribute(ge=1, le=11)]
    period: str
    reason: str
    source: str
