"""Evidence: the documents by which somebody shows who they are and for whom they may act; which files may be kept."""

from enum import StrEnum

from rights.domain.status import Status


class EvidenceKind(StrEnum):
    """What a document shows."""

    IDENTITY_DOCUMENT = "identity_document"
    RELATION_DOCUMENT = "relation_document"
    """A family book or a birth certificate."""
    COURT_DOCUMENT = "court_document"
    AUTHORISATION = "authorisation"


class EvidenceStatus(StrEnum):
    """Where one file stands."""

    OFFERED = "offered"
    RECEIVED = "received"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a file is not kept."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    TOO_LATE = "too_late"
    """The request was decided, withdrawn or begun before the file came."""


MOST_BYTES = 10_000_000
MOST_FILES = 10

FIRST_BYTES: dict[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}
"""The types a file may have, and what every file of the type begins with."""

WAITING_TO_BEGIN: frozenset[Status] = frozenset(
    {Status.VERIFIED, Status.CONFIRM_NEEDED, Status.IN_REVIEW, Status.QUESTION}
)
"""Evidence is taken from when the contact of whoever asks is proven until the request is decided."""


def takes_evidence(status: Status) -> bool:
    """Tell whether a request of this status still takes evidence."""
    return status in WAITING_TO_BEGIN


def why_refused(said: str, content: bytes, size: int) -> Refusal | None:
    """Why this file is not kept; None for one that is what it is said to be.

    What the sender says of a file is believed in nothing: its first bytes must be those of the type it was offered as.
    """
    if size == 0:
        return Refusal.EMPTY
    if size > MOST_BYTES:
        return Refusal.TOO_LARGE
    return None if said in FIRST_BYTES and content.startswith(FIRST_BYTES[said]) else Refusal.WRONG_TYPE
