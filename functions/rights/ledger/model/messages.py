"""What goes out: notices to a person, callbacks to an affiliate, and what came of a code."""

from dataclasses import dataclass
from enum import StrEnum


class NoticeStatus(StrEnum):
    """Where one notice to a person stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    """It bounced, or was tried often enough in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to the person, by one channel (`phone` or `email`); its text is never stored."""

    request_id: str
    id: str
    kind: str
    channel: str
    status: NoticeStatus
    queued_at: str
    purpose: str = ""
    """For codes: what the code proves, `identity` or `download`."""
    attempts: int = 0
    claimed_at: str | None = None
    sent_at: str | None = None
    delivered_at: str | None = None
    operator_asked_at: str | None = None
    text_version: str = ""
    error_class: str = ""


class CallbackStatus(StrEnum):
    """Where one callback to an affiliate stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    OVERTAKEN = "overtaken"
    """The request had moved on before it was sent: a newer one says more."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One word to an affiliate on how its request stands, to one of the addresses it named."""

    request_id: str
    stand: str
    """`in_progress`, `completed` or `cancelled`."""
    number: int
    """Which of its addresses."""
    status: CallbackStatus
    queued_at: str
    attempts: int = 0
    claimed_at: str | None = None
    sent_at: str | None = None
    error_class: str = ""
    relay_at: str | None = None
    """When it is tried at the latest, if nobody is at it; none once it is settled."""


class CodeResult(StrEnum):
    """What came of a code that somebody typed."""

    PROVEN = "proven"
    MORE_NEEDED = "more_needed"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used_up"
    NOT_WAITING = "not_waiting"


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What came of a typed code, and how many tries are left."""

    result: CodeResult
    tries_left: int = 0
    proven: tuple[str, ...] = ()
    was_right: bool = False
    """True for whoever typed a code that was good until then; false where a proof from before is only gone on with."""
