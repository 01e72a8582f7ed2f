"""Joining: whoever asks for what is being done already is told so, and it is done once.

A request joins another in two cases only. While nothing has begun, one that the same contacts proved for the same
accounts: the lock names them, so what ends the other ends what the same person asked, and tells them. Once work has
begun, any of the person's own: such work is always brought to its end, so nothing that joined it is lost.
"""

from collections.abc import Sequence
from datetime import timedelta

from rights.clock import parse
from rights.domain.status import Status
from rights.ledger.identity import Identity
from rights.ledger.locks import Locks
from rights.ledger.model import Request
from rights.ledger.requests import Change, request_of
from rights.ledger.table import Item, Update, request_key
from rights.ledger.tasks import Tasks

_BEGUN_KEPT = timedelta(days=400)
"""How long it is known which work began last: longer than a request waits for anything."""


class Joining(Identity, Locks, Tasks):
    """Requests that end because another one does all they ask for."""

    def begun_for(self, request: Request, subjects: Sequence[str], work: str | None) -> str | None:
        """The request whose work does all that this one asks for, of each account, if any.

        It is at work, or was done after this one was proven; nobody left a part of it out.
        """
        begun = [self._begun(subject, work) for subject in subjects] if work else []
        one = begun[0] if begun else None
        if one is None or any(other is None or other["request_id"] != one["request_id"] for other in begun):
            return None
        earlier = self._request_of(one)
        if earlier is None or earlier.id == request.id or earlier.decision == "approve_in_part":
            return None
        proven_at = request.timeline.get("verified_at")
        since = proven_at is not None and parse(proven_at) <= parse(one["begun_at"])
        return earlier.id if not earlier.is_final or (since and earlier.status is Status.COMPLETED) else None

    def begun_parts(self, request: Request) -> list[Item]:
        """The parts of a transaction that let others of the person's own join the work that begins."""
        if request.work is None:
            return []
        ends = int((self.clock() + _BEGUN_KEPT).timestamp())
        parts = []
        for subject in request.locks:
            last = self._begun(subject, request.work)
            at_work = self._request_of(last) if last else None
            if at_work is not None and at_work.id != request.id and not at_work.is_final:
                continue
            mine = Update(_work(subject, request.work)).set(request_id=request.id, begun_at=self.now(), expires=ends)
            mine.when(
                "attribute_not_exists({request_id}) OR {request_id} = {=seen}",
                seen=last["request_id"] if last else request.id,
            )
            parts.append(self.table.update_op(mine))
        return parts

    def joined(self, request: Request, earlier: str, *, code: str, also: Sequence[Item] = ()) -> Change:
        """The change that ends a request which joins another, with what else has to be written."""
        told = [self.notice_part(request.id, "duplicate", channel) for channel in self.proven(request.id)]
        sets = {"linked_to": earlier, "outcome": "duplicate"}
        return Change(code=code, to=Status.WITHDRAWN, sets=sets, also=[*told, *also])

    def plan_back_parts(self, request: Request) -> list[Item]:
        """The parts of a transaction that take a plan back of which nothing was begun: its locks and its tasks."""
        return [*self.unlock_parts(request), *self.drop_parts(request.id)]

    def _request_of(self, begun: Item) -> Request | None:
        """The request that began something; None once its proof has ended."""
        found = self.table.get(request_key(begun["request_id"]))
        return request_of(found) if found else None

    def _begun(self, subject: str, work: str) -> Item | None:
        return self.table.get(_work(subject, work))


def _work(subject: str, work: str) -> Item:
    return {"PK": f"SUBJECT#{subject}", "SK": f"BEGUN#{work}"}
