"""Recipients of a person's data: what they answered, for how long they are waited for, and who is told if they do not.

A recipient is told of an erasure, a correction or a restriction, and the person is told who they are (GDPR Art. 19;
policy 3(1)). Our own answer is due whatever a recipient does, so the waiting ends in time for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FINAL = frozenset({"completed", "cancelled"})
RANK = {"pending": 0, "in_progress": 1, "completed": 2, "cancelled": 2}
"""The statuses of OpenDSR 2.0 section 8, in the order in which a request goes through them."""

_MARGIN = timedelta(days=1)
"""What our own answer takes after the waiting: the certificate, the notice, a quiet night."""
_NOTICE = timedelta(days=3)
"""How long before the internal date somebody of ours is asked to look."""


class Answer(StrEnum):
    """What came of asking a recipient."""

    CONFIRMED = "confirmed"
    """It says, under its signature, that it is done; we cannot look."""
    NOTHING_SHARED = "nothing_shared"
    """It was not asked: the person has no identifier of the kinds it gets."""
    LEFT_OUT = "left_out"
    """It was not asked: an operator left it out, on a ground."""
    NOT_SUPPORTED = "not_supported"
    """It was not asked: it has no way to be asked for this."""
    DECLINED = "declined"
    """It ended the request itself."""
    CANCELLED = "cancelled"
    """We took the request back before it was begun."""
    NOT_ANSWERED = "not_answered"
    """The time was up."""


UNMET: frozenset[str] = frozenset({Answer.NOT_SUPPORTED, Answer.DECLINED, Answer.CANCELLED, Answer.NOT_ANSWERED})
"""What leaves a request completed in part."""


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many seconds a recipient that sent no word is asked again: the first pause, and the longest."""

    first: int
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chase:
    """What to do about a recipient that has not answered yet."""

    seconds: int
    """Until the next look; at least one."""
    is_overdue: bool
    """The time it named itself is over."""
    is_alarming: bool
    """Our own date is near: somebody of ours should look."""
    is_over: bool
    """No more waiting: the person gets our answer without this one."""


def chase(
    *, began: datetime, expected: datetime | None, internal: datetime, legal: datetime, looks: int, now: datetime,
    patience: Patience,
) -> Chase:  # fmt: skip
    """How a recipient is waited for; `internal` and `legal` are the dates of our own answer, `looks` those so far.

    The pauses double, and end early at each moment that changes something. The waiting ends a day before the legal
    date, or a tenth of the term where the term is short.
    """
    over = legal - min(_MARGIN, max(legal - began, timedelta(0)) / 10)
    aim = min(internal, over)
    alarm = aim - min(_NOTICE, max(aim - began, timedelta(0)) / 4)
    pause = min(patience.first * 2 ** min(looks, 30), patience.longest)
    ahead = [
        (moment - now).total_seconds() for moment in (expected, alarm, over) if moment is not None and moment > now
    ]
    return Chase(
        seconds=max(1, int(min([pause, *(seconds + 1 for seconds in ahead)]))),
        is_overdue=expected is not None and expected <= now,
        is_alarming=alarm <= now,
        is_over=over <= now,
    )


def goes_on(before: str | None, after: str) -> bool:
    """Tell whether a reported status is news: never back, and nothing after the end."""
    return before is None or (before not in FINAL and RANK[after] >= RANK[before])
