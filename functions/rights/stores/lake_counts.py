"""The counts of one person in one object, as short as the ledger can keep them for thousands."""

from typing import Any

from rights.domain.work import Counts, Kept


def counts_of(told: list[Any]) -> Counts:
    """The counts that a record holds of one person."""
    erased, anonymised, retained, *rest = told
    kept = tuple(Kept(ground, until, number, reason) for ground, until, reason, number in (rest[0] if rest else ()))
    total = erased + anonymised + retained
    return Counts(total, erased=erased, anonymised=anonymised, retained=retained, kept=kept)


def told_of(before: list[Any] | None, now: Counts) -> list[Any]:
    """What a record is to hold: what went before and what goes now; what is kept is what is kept now."""
    erased, anonymised = (before[0], before[1]) if before else (0, 0)
    kept = [[k.ground, k.until, k.reason, k.records] for k in now.kept]
    return [erased + now.erased, anonymised + now.anonymised, now.retained, *([kept] if kept else [])]
