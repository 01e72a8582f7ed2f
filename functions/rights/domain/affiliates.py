"""What an affiliate's word is worth, how many of its requests nobody looks at, and what it is told of each.

Source: DESIGN section 6 (an affiliate's assertion), OpenDSR 2.0 sections 7 and 8.
"""

from datetime import timedelta
from enum import StrEnum

from rights.domain.rights import Right
from rights.domain.status import FINAL, Status


class Proof(StrEnum):
    """What a right takes when an affiliate asks for it in a person's name."""

    ASSERTED = "asserted"
    """Its word alone."""
    CONFIRM = "confirm"
    """The person confirms it, by a code to a contact on file."""


WORD_SUFFICES: frozenset[Right] = frozenset({Right.MARKETING_OPT_OUT, Right.CONSENT_WITHDRAWAL, Right.RESTRICTION})
"""What only protects the person may be done at an affiliate's word, whatever its contract says."""

OFFERED: frozenset[Right] = WORD_SUFFICES | {Right.ACCESS, Right.PORTABILITY, Right.DELETION, Right.ACCOUNT_CLOSURE}
"""What an affiliate can ask for. A correction and a complaint need the person's own words."""


class Admission(StrEnum):
    """What becomes of the next request of an affiliate on a day."""

    FREE = "free"
    BRAKED = "braked"
    """It is taken in, and somebody looks at it first."""
    REFUSED = "refused"


def admission(number: int, *, ceiling: int, most: int) -> Admission:
    """What becomes of the `number`th request of a day: free up to the ceiling, then looked at, after `most` refused."""
    if number <= ceiling:
        return Admission.FREE
    return Admission.BRAKED if number <= most else Admission.REFUSED


class Stand(StrEnum):
    """How a request stands, in the words of OpenDSR 2.0 (section 8.3)."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_ENDS = {Status.COMPLETED: Stand.COMPLETED, Status.COMPLETED_IN_PART: Stand.COMPLETED}


def stand_of(status: Status) -> Stand:
    """How a request stands for the affiliate that sent it.

    Never more than that it is pending, worked on, done or not done: whether everything could be done, and why something
    was not, is told to the person alone. Once it is `in_progress` it is never `pending` again.
    """
    if status in FINAL:
        return _ENDS.get(status, Stand.CANCELLED)
    return Stand.IN_PROGRESS if status in {Status.IN_PROGRESS, Status.NEEDS_REPAIR} else Stand.PENDING


CALLBACK_TRIES = 16
LONGEST_PAUSE = timedelta(hours=6)


def pause_after(tries: int, first: timedelta) -> timedelta | None:
    """How long a callback waits after so many tries in vain: twice as long each time; `None` when it is given up.

    With a first pause of a minute the last try is about two days after the first.
    """
    if tries >= CALLBACK_TRIES:
        return None
    growing: timedelta = first * 2 ** (tries - 1)
    return min(growing, LONGEST_PAUSE)
