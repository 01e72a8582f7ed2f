"""Locks: of one person the same thing is worked on once at a time, and an erasure lets open exports out first.

A lock lies under each pseudonym of the person's accounts, by what is asked for and who proved it. Open exports are a
set beside them: an erasure begins only in a transaction that finds it empty, so no export slips in between.
"""

from collections.abc import Sequence

from rights.domain.rights import ERASING, EXPORTING
from rights.domain.status import Status
from rights.ledger.model import Request
from rights.ledger.table import Item, Update
from rights.ledger.waits import Waits

EXPORT_WAIT = "AwaitAccess"
"""Where an erasure waits for the exports of the same person."""


class Locks(Waits):
    """The locks of a person."""

    def holder_of(self, subjects: Sequence[str], lock: str) -> str | None:
        """The request that works on the same thing for this person, if any."""
        holders = (self.table.get(_lock(subject, lock)) for subject in subjects)
        return next((str(holder["request_id"]) for holder in holders if holder), None)

    def lock_parts(self, request: Request, subjects: Sequence[str], lock: str) -> list[Item]:
        """The parts of a transaction that take the person's locks."""
        parts = [self.table.put_op(_lock(subject, lock) | {"request_id": request.id}) for subject in subjects]
        if request.right in ERASING:
            parts += [self.table.update_op(Update(_exports(s)).add("waiting", {request.id})) for s in subjects]
        return parts

    def open_export_parts(self, request: Request, subjects: Sequence[str]) -> list[Item]:
        """The parts of a transaction by which erasures wait for this export.

        One at another's word that somebody has to look at only once it is approved: strangers hold nobody up.
        """
        if request.right not in EXPORTING:
            return []
        return [self.table.update_op(Update(_exports(s)).add("open", {request.id})) for s in subjects]

    def unlock_parts(self, request: Request) -> list[Item]:
        """Free the person for the next request, and tell the erasures that waited for this export."""
        parts = [
            self.table.delete_op(_lock(subject, request.lock), "{request_id} = {=mine}", mine=request.id)
            for subject in request.locks
        ]
        if request.right in ERASING:
            return [*parts, *(self._discard(s, "waiting", request) for s in request.locks)]
        if request.right not in EXPORTING:
            return parts
        told = sorted({waiting for s in request.locks for waiting in self._set(s, "waiting")})
        parts += [self._discard(subject, "open", request) for subject in request.locks]
        return parts + [p for one in told for p in self.answer_parts(one, EXPORT_WAIT, {"outcome": "done"})]

    def held_up_by(self, request: Request) -> str | None:
        """An open export that an erasure has to wait for."""
        if not _lets_exports_out(request):
            return None
        return next(iter(sorted(one for subject in request.locks for one in self._set(subject, "open"))), None)

    def nothing_exported_parts(self, request: Request) -> list[Item]:
        """The conditions of a transaction that the person's exports are all done."""
        if not _lets_exports_out(request):
            return []
        return [self.table.check_op(_exports(s), "attribute_not_exists({open})") for s in request.locks]

    def _set(self, subject: str, name: str) -> set[str]:
        return set((self.table.get(_exports(subject)) or {}).get(name, ()))

    def _discard(self, subject: str, name: str, request: Request) -> Item:
        return self.table.update_op(Update(_exports(subject)).discard(name, {request.id}))


def _lets_exports_out(request: Request) -> bool:
    return request.right in ERASING and request.status not in {Status.IN_PROGRESS, Status.NEEDS_REPAIR}


def _lock(subject: str, lock: str) -> Item:
    return {"PK": f"SUBJECT#{subject}", "SK": lock}


def _exports(subject: str) -> Item:
    return {"PK": f"SUBJECT#{subject}", "SK": "EXPORTS"}
