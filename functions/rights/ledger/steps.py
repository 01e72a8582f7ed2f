"""What the steps of the workflow and the operators do to a request, each as one change that may run twice."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rights.clock import stamp
from rights.domain.rights import Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.errors import IllegalTransitionError, NotReadyError
from rights.ledger.holds import Holds
from rights.ledger.identity import IDENTITY_WAIT, WAITING_FOR_PROOF, Identity
from rights.ledger.model import Request, Task
from rights.ledger.requests import Change
from rights.ledger.table import Item
from rights.ledger.tasks import Tasks

REVIEW_WAIT = "Review"
REPAIR_WAIT = "Repair"
ACCESS_WAIT = "AwaitAccess"
COOLING_WAIT = "CoolOff"
_WAIT_OF = {
    Status.RECEIVED: IDENTITY_WAIT,
    Status.IDENTITY_NEEDED: IDENTITY_WAIT,
    Status.IN_REVIEW: REVIEW_WAIT,
    Status.COOLING_OFF: COOLING_WAIT,
}


class Steps(Identity, Tasks, Holds):
    """The changes a request goes through."""

    def ask_for_proof(self, request_id: str) -> Request:
        """The lookup is done; what the person has to do next is prove who they are."""
        return self.change(
            request_id,
            lambda r: Change(code="identity_asked", to=Status.IDENTITY_NEEDED) if r.status is Status.RECEIVED else None,
        )

    def expire(self, request_id: str) -> Request:
        """Nobody proved anything in time."""
        return self.change(
            request_id,
            lambda r: Change(code="identity_not_proven", to=Status.EXPIRED) if r.status in WAITING_FOR_PROOF else None,
        )

    def withdraw(self, request_id: str, *, by: str = "person") -> Request:
        """Withdraw a request; IllegalTransitionError once the work has begun or the request has ended."""

        def decide(request: Request) -> Change | None:
            if request.status is Status.WITHDRAWN:
                return None
            wait = _WAIT_OF.get(request.status)
            also = self.answer_parts(request_id, wait, {"outcome": "withdrawn"}) if wait else []
            also += self._unlock(request)
            return Change(code="withdrawn", by=by, to=Status.WITHDRAWN, also=also)

        return self.change(request_id, decide)

    def lay_plan(
        self,
        request_id: str,
        *,
        subjects: Sequence[str],
        plan: str,
        data_map: str,
        tasks: Sequence[Task],
        review: str | None = None,
        known_as: Sequence[str] = (),
    ) -> Request:
        """Write the plan, its store tasks and the person's locks in one go, and with a reason ask for a review.

        Of two requests of one person for the same right only the first is worked on; the later one is linked to it and
        ends. `subjects` are the pseudonyms of the accounts (or of the contacts, where there is no account), `known_as`
        those of all identifiers.
        """

        def decide(request: Request) -> Change | None:
            if request.plan is not None or request.is_final:
                return None
            holders = [self.table.get(_lock(subject, request)) for subject in subjects]
            earlier = next((h["request_id"] for h in holders if h and h["request_id"] != request_id), None)
            if earlier is not None:
                return self._linked(request, str(earlier))
            also = [self.table.put_op(_lock(subject, request) | {"request_id": request_id}) for subject in subjects]
            return Change(
                code="review_asked" if review else "planned",
                to=Status.IN_REVIEW if review else None,
                sets={"plan": plan, "subject": subjects[0], "locks": list(subjects), "known_as": list(known_as)}
                | {"data_map": data_map},
                detail={"stores": len(tasks)} | ({"reason": review} if review else {}),
                also=[*also, *self.task_parts(tasks)],
            )

        return self.change(request_id, decide)

    def _linked(self, request: Request, earlier: str) -> Change:
        proven = (self.codes(request.id) or {}).get("proven", [])
        return Change(
            code="linked_to_earlier_request",
            to=Status.WITHDRAWN,
            sets={"linked_to": earlier, "outcome": "duplicate"},
            also=[self.notice_part(request.id, "duplicate", channel) for channel in proven],
        )

    def decide(self, request_id: str, decision: str, *, by: str, ground: int | None = None) -> Request:
        """Record an operator's decision on a request in review: `approve` or `refuse` (with a ground)."""

        def decide(request: Request) -> Change | None:
            if request.status is not Status.IN_REVIEW or request.decision is not None:
                msg = f"a request that is {request.status} waits for no decision"
                raise IllegalTransitionError(msg)
            sets = {"decision": decision, "ground": ground} | (self.revived(request) if decision == "approve" else {})
            also = self.answer_parts(request_id, REVIEW_WAIT, {"outcome": decision})
            if decision == "approve":
                return Change(code="approved", by=by, sets=sets, also=also)
            proven = (self.codes(request_id) or {}).get("proven", [])
            also += [self.notice_part(request_id, "refused", channel) for channel in proven]
            detail = {"ground": ground or 0}
            also += self._unlock(request)
            return Change(code="refused", by=by, to=Status.REFUSED, sets=sets, detail=detail, also=also)

        return self.change(request_id, decide)

    def cool_off(self, request_id: str, token: str, seconds: int) -> Request:
        """Wait before what cannot be undone, and tell every contact on file how to stop it.

        All contacts of the account are told, not only the proven one: whoever took over one of them is seen by the
        others. A request that has ended in the meantime is answered at once.
        """

        def decide(request: Request) -> Change | None:
            if request.is_final or request.status is Status.COOLING_OFF:
                return None
            until = stamp(self.clock() + timedelta(seconds=seconds))
            also = [
                self.notice_part(request_id, "cooling_off", channel, number=number, purpose="on_file")
                for channel, values in self.contacts_on_file(request_id).items()
                for number, _ in enumerate(values, start=1)
            ]
            return Change(code="cooling_off_begun", to=Status.COOLING_OFF, sets={"cooling_until": until}, also=also)

        self.open_wait(request_id, COOLING_WAIT, token, seconds)
        request = self.change(request_id, decide)
        if request.is_final and (parts := self.answer_parts(request_id, COOLING_WAIT, {"outcome": "ended"})):
            self.table.transact(parts)
        return request

    def begin_work(self, request_id: str) -> Request:
        """From here on the request can no longer be withdrawn; failed store tasks are put back to work.

        A deletion changes nothing while an access of the same person is open, or the rest would be erased unread; the
        check is part of the transaction, so that no access slips in between.
        """
        self.reopen_tasks(request_id)

        def decide(request: Request) -> Change | None:
            if request.is_final or request.status is Status.IN_PROGRESS or self.held_up_by(request):
                return None
            if request.cooling_until is not None and request.cooling_until > self.now():
                raise NotReadyError("the cooling-off is not over yet")
            if request.status is Status.IN_REVIEW and request.decision != "approve":
                msg = "a request in review needs an approval before work begins"
                raise IllegalTransitionError(msg)
            if request.right is Right.DELETION and self.hold_on(request.known_as):
                raise NotReadyError("a legal hold stands on this person")
            free = [self.table.absent_op(lock) for lock in _access_locks(request)]
            return Change(code="work_begun", to=Status.IN_PROGRESS, detail={"run": request.run}, also=free)

        return self.change(request_id, decide)

    def held_up_by(self, request: Request) -> str | None:
        """The open access request that a deletion has to wait for."""
        holders = (self.table.get(lock) for lock in _access_locks(request))
        return next((str(holder["request_id"]) for holder in holders if holder), None)

    def await_access(self, request_id: str, token: str, seconds: int) -> None:
        """Wait for the access that holds a deletion up; one that ended before the wait was there is answered here."""
        self.open_wait(request_id, ACCESS_WAIT, token, seconds)
        parts = self.answer_parts(request_id, ACCESS_WAIT, {"outcome": "done"})
        # No parts: the access left its answer before the wait was there, and the wait has taken it over.
        if parts and self.held_up_by(self.get(request_id)) is None:
            self.table.transact(parts)

    def ask_for_repair(self, request_id: str) -> Request:
        """Some store failed: the clock keeps running, and somebody has to look."""
        failed = [task for task in self.tasks(request_id) if task.status is TaskStatus.FAILED]
        return self.change(
            request_id,
            lambda r: (
                Change(code="repair_asked", to=Status.NEEDS_REPAIR, detail={"stores": len(failed)})
                if r.status is Status.IN_PROGRESS
                else None
            ),
        )

    def retry(self, request_id: str, *, by: str) -> Request:
        """Try again what failed: tell the waiting run, or start the next one.

        Raises IllegalTransitionError if nothing failed.
        """
        request = self.get(request_id)
        if request.ended_run == request.run and not request.is_final:
            return self.next_run(request_id, after=request.run, by=by)

        def decide(request: Request) -> Change | None:
            if request.status is not Status.NEEDS_REPAIR:
                msg = f"a request that is {request.status} needs no repair"
                raise IllegalTransitionError(msg)
            last = self.last_wait(request_id, REPAIR_WAIT)
            if last is not None and last.answer is not None:
                # The answer is on its way: a second click must not spare the next repair its look.
                return None
            also = self.answer_parts(request_id, REPAIR_WAIT, {"outcome": "retry"})
            return Change(code="retry_asked", by=by, also=also)

        return self.change(request_id, decide)

    def assembled(self, request_id: str, kind: str, key: str) -> Request:
        """Record where the `package` or the `certificate` of a request lies, once."""
        return self.change(
            request_id,
            lambda r: None if getattr(r, kind) else Change(code=f"{kind}_ready", sets={kind: key}),
        )

    def tell(self, request_id: str, kind: str) -> Request:
        """Queue the notice of the outcome to every proven contact, once."""
        code = f"told_{kind}"

        def decide(request: Request) -> Change | None:
            if request.is_final or any(n.kind == kind for n in self.notices(request_id)):
                return None
            proven = (self.codes(request_id) or {}).get("proven", [])
            return Change(code=code, also=[self.notice_part(request_id, kind, channel) for channel in proven])

        return self.change(request_id, decide)

    def close_request(self, request_id: str, outcome: Status) -> Request:
        """End a request whose stores are all done, and free the person's lock."""

        def decide(request: Request) -> Change | None:
            if request.is_final:
                return None
            sets: dict[str, Any] = {"outcome": str(outcome)}
            return Change(code="closed", to=outcome, sets=sets, also=self._unlock(request))

        return self.change(request_id, decide)

    def _unlock(self, request: Request) -> list[Item]:
        """Free the person for the next request, and tell a deletion that waited for this access."""
        locks = [
            self.table.delete_op(_lock(subject, request), "{request_id} = {=mine}", mine=request.id)
            for subject in request.locks
        ]
        if request.right is not Right.ACCESS:
            return locks
        deletions = (self.table.get({"PK": f"SUBJECT#{s}", "SK": str(Right.DELETION)}) for s in request.locks)
        waiting = {str(holder["request_id"]) for holder in deletions if holder}
        return [*locks, *(p for w in sorted(waiting) for p in self.answer_parts(w, ACCESS_WAIT, {"outcome": "done"}))]


def outcome_of_beginning(request: Request) -> str:
    """What the state machine does after `begin_work`: go on, wait for an access, or end."""
    if request.is_final:
        return "ended"
    return "ready" if request.status is Status.IN_PROGRESS else "wait"


def _access_locks(request: Request) -> list[Item]:
    if request.right is not Right.DELETION or request.status in {Status.IN_PROGRESS, Status.NEEDS_REPAIR}:
        return []
    return [{"PK": f"SUBJECT#{subject}", "SK": str(Right.ACCESS)} for subject in request.locks]


def _lock(subject: str, request: Request) -> Item:
    return {"PK": f"SUBJECT#{subject}", "SK": str(request.right)}
