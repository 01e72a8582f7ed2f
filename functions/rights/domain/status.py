"""The life of a request: its statuses, and the one dictionary of legal transitions."""

from enum import StrEnum


class Status(StrEnum):
    """Where a request stands in the ledger; people see `public_status`."""

    RECEIVED = "received"
    IDENTITY_NEEDED = "identity_needed"
    VERIFIED = "verified"
    CONFIRM_NEEDED = "confirm_needed"
    IN_REVIEW = "in_review"
    QUESTION = "question"
    COOLING_OFF = "cooling_off"
    IN_PROGRESS = "in_progress"
    NEEDS_REPAIR = "needs_repair"
    COMPLETED = "completed"
    COMPLETED_IN_PART = "completed_in_part"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.IDENTITY_NEEDED, Status.VERIFIED, Status.EXPIRED, Status.WITHDRAWN}),
    Status.IDENTITY_NEEDED: frozenset({Status.VERIFIED, Status.EXPIRED, Status.WITHDRAWN}),
    Status.VERIFIED: frozenset(
        {
            Status.CONFIRM_NEEDED,
            Status.IN_REVIEW,
            Status.COOLING_OFF,
            Status.IN_PROGRESS,
            Status.REFUSED,
            Status.WITHDRAWN,
        }
    ),
    Status.CONFIRM_NEEDED: frozenset({Status.VERIFIED, Status.IN_REVIEW, Status.EXPIRED, Status.WITHDRAWN}),
    Status.IN_REVIEW: frozenset(
        {
            Status.QUESTION,
            Status.CONFIRM_NEEDED,
            Status.COOLING_OFF,
            Status.IN_PROGRESS,
            Status.REFUSED,
            Status.WITHDRAWN,
        }
    ),
    Status.QUESTION: frozenset({Status.IN_REVIEW, Status.REFUSED, Status.WITHDRAWN}),
    Status.COOLING_OFF: frozenset({Status.IN_REVIEW, Status.IN_PROGRESS, Status.WITHDRAWN}),
    Status.IN_PROGRESS: frozenset({Status.NEEDS_REPAIR, Status.COMPLETED, Status.COMPLETED_IN_PART}),
    Status.NEEDS_REPAIR: frozenset({Status.IN_PROGRESS}),
    Status.COMPLETED: frozenset(),
    Status.COMPLETED_IN_PART: frozenset(),
    Status.REFUSED: frozenset(),
    Status.WITHDRAWN: frozenset(),
    Status.EXPIRED: frozenset(),
}
"""From each status, the statuses a request may move to; an empty set marks a final status."""

FINAL: frozenset[Status] = frozenset(status for status, following in TRANSITIONS.items() if not following)
OPEN: frozenset[Status] = frozenset(Status) - FINAL

PROVEN: frozenset[Status] = frozenset(
    {
        Status.VERIFIED,
        Status.CONFIRM_NEEDED,
        Status.IN_REVIEW,
        Status.QUESTION,
        Status.COOLING_OFF,
        Status.IN_PROGRESS,
        Status.NEEDS_REPAIR,
        Status.COMPLETED,
        Status.COMPLETED_IN_PART,
        Status.REFUSED,
    }
)
"""Statuses that a request reaches only after its identity was proven."""


def may_move(current: Status, target: Status) -> bool:
    """Tell whether the law of the ledger lets a request move from `current` to `target`."""
    return target in TRANSITIONS[current]


def public_status(status: Status, *, extended: bool = False) -> str:
    """The word people see; a person is never told that something "failed" (UX 33).

    `extended`: they were told of a longer term, which is what they want to know of a request that is worked on.
    """
    if status in {Status.VERIFIED, Status.NEEDS_REPAIR, Status.IN_PROGRESS}:
        return "extended" if extended else Status.IN_PROGRESS.value
    return status.value
