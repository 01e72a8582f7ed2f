"""When a lake is gone through: late enough that many requests share one pass, early enough that none is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lake's queue may grow (house)."""

    enough: int
    """So many waiting requests are worth a pass."""
    longest: timedelta
    """Nobody waits for longer."""
    margin: timedelta
    """So long before the earliest date a pass must begin."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue of one lake."""

    requests: int
    since: datetime
    """Since when the first waits."""
    due: datetime
    """The earliest date of all."""


def purge_is_due(waiting: Waiting, now: datetime, terms: Terms) -> bool:
    """Tell whether the lake is to be gone through now."""
    return waiting.requests >= terms.enough or now - waiting.since >= terms.longest or waiting.due - now <= terms.margin
