"""When our own records of a request end: each kind at a time of its own, counted from the day the request was closed.

What was needed to do the work goes first: the package, then everything sealed, then the evidence of who may act for
whom. What proves that the work was done stays until claims have lapsed; after that a request is only counted. A legal
hold on the person keeps evidence and proof, and nothing else: it must not make us keep copies of their data.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rights.domain.mall_time import MALL_TIME

PROOF_OF_REQUESTS = "proof_of_requests"
"""The reason, as the data map and the catalogues name it, for which a person's requests are kept."""


class End(StrEnum):
    """What ends, in the order in which things that are due together are ended; the proof is always last."""

    PACKAGE = "package"
    SEALED = "sealed"
    EVIDENCE = "evidence"
    PROOF = "proof"


KEPT_BY_A_HOLD = frozenset({End.EVIDENCE, End.PROOF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How many days after the close each kind of record ends (DESIGN section 3; that of evidence is the house's)."""

    package_days: int = 14
    sealed_days: int = 90
    evidence_days: int = 180
    proof_days: int = 1826


def package_ends(closed: datetime, terms: Terms) -> datetime:
    """When the file with the person's data is deleted, fetched or not."""
    return closed + timedelta(days=terms.package_days)


def sealed_data_ends(closed: datetime, terms: Terms) -> datetime:
    """When everything that says who the person is leaves the request: identifiers, contacts, texts, tokens."""
    return closed + timedelta(days=terms.sealed_days)


def evidence_ends(closed: datetime, terms: Terms, held_until: datetime | None = None) -> datetime:
    """When the documents of who acted for somebody are deleted; a hold moves it."""
    return _not_before(closed + timedelta(days=terms.evidence_days), held_until)


def proof_ends(closed: datetime, terms: Terms, held_until: datetime | None = None) -> datetime:
    """When nothing is left but a number; a hold moves it, and it is never before anything else has ended."""
    others = (package_ends(closed, terms), sealed_data_ends(closed, terms), evidence_ends(closed, terms, held_until))
    return max(_not_before(closed + timedelta(days=terms.proof_days), held_until), *others)


def next_end(
    closed: datetime, terms: Terms, done: frozenset[End] = frozenset(), held_until: datetime | None = None
) -> tuple[End, datetime]:
    """What ends next, and when; the proof ends all, so there is always a next."""
    ends = {
        End.PACKAGE: package_ends(closed, terms),
        End.SEALED: sealed_data_ends(closed, terms),
        End.EVIDENCE: evidence_ends(closed, terms, held_until),
        End.PROOF: proof_ends(closed, terms, held_until),
    }
    # `min` takes the first of equal dates: the order of `End`.
    return min(((end, at) for end, at in ends.items() if end not in done), key=lambda one: one[1])


def after_hold(last_day: date) -> datetime:
    """The moment from which a hold keeps nothing more: the end of its last day in the mall's time."""
    return datetime.combine(last_day + timedelta(days=1), time.min, MALL_TIME)


def counted_in(closed: datetime) -> int:
    """The year under which an ended request is counted: that of its close, in the mall's time."""
    return closed.astimezone(MALL_TIME).year


def _not_before(at: datetime, held_until: datetime | None) -> datetime:
    return at if held_until is None else max(at, held_until)
