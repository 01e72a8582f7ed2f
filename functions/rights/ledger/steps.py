"""What the steps of the workflow and the operators do to a request, each as one change that may run twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rights.clock import stamp
from rights.domain.confirmation import Confirm
from rights.domain.review import LOGIN_CONTACTS, Reason
from rights.domain.rights import ERASING, Channel, Requester
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.errors import IllegalTransitionError, NotReadyError
from rights.ledger.confirming import CONFIRM_WAIT, Confirming
from rights.ledger.holds import Holds
from rights.ledger.identity import IDENTITY_WAIT, WAITING_FOR_PROOF
from rights.ledger.joining import Joining
from rights.ledger.locks import EXPORT_WAIT
from rights.ledger.model import Request, Task
from rights.ledger.packages import Packages
from rights.ledger.requests import Change
from rights.ledger.reviews import REVIEW_WAIT, Reviews
from rights.ledger.table import Item

REPAIR_WAIT = "Repair"
COOLING_WAIT = "CoolOff"
_WAIT_OF = {
    Status.RECEIVED: IDENTITY_WAIT,
    Status.IDENTITY_NEEDED: IDENTITY_WAIT,
    Status.CONFIRM_NEEDED: CONFIRM_WAIT,
    Status.IN_REVIEW: REVIEW_WAIT,
    Status.QUESTION: REVIEW_WAIT,
    Status.COOLING_OFF: COOLING_WAIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidPlan:
    """What the plan found out and wants done."""

    subjects: Sequence[str]
    """The pseudonyms of the accounts, or of the contacts where there is no account."""
    known_as: Sequence[str]
    """The pseudonyms of all identifiers of the person."""
    hash: str
    data_map: str
    lock: str
    work: str | None = None
    """What others of the person's own join once it has begun; None: nothing."""
    tasks: Sequence[Task]
    review: str | None = None
    confirm: str | None = None
    accounts: int = 1


class Steps(Reviews, Confirming, Joining, Holds, Packages):
    """The changes a request goes through."""

    def ask_for_proof(self, request_id: str) -> Request:
        """The lookup is done; what the person has to do next is prove who they are."""
        return self.change(
            request_id,
            lambda r: Change(code="identity_asked", to=Status.IDENTITY_NEEDED) if r.status is Status.RECEIVED else None,
        )

    def expire(self, request_id: str) -> Request:
        """Nobody proved, or confirmed, anything in time."""

        def decide(request: Request) -> Change | None:
            if request.status in WAITING_FOR_PROOF:
                return Change(code="identity_not_proven", to=Status.EXPIRED)
            if request.status is not Status.CONFIRM_NEEDED:
                return None
            also = [self.notice_part(request_id, "expired", channel) for channel in self.proven(request_id)]
            return Change(code="not_confirmed", to=Status.EXPIRED, also=[*also, *self.unlock_parts(request)])

        return self.change(request_id, decide)

    def settle_case(self, request_id: str) -> Request:
        """The time to prove, or to confirm, is up: go on with what was proven, or end.

        A case has one proof, so that its time is up for all: whichever of its runs comes first settles them together.
        """
        request = self.get(request_id)
        if request.status not in WAITING_FOR_PROOF:
            return self.expire(request_id)
        self.proceed(request.case_id, by="system")
        # The first before the others: a proof that comes at this very moment still serves them all.
        if self._end_unproven(request.case_id).status is Status.EXPIRED:
            for one in request.case_requests:
                self._end_unproven(one)
        self.join_case(request_id)
        return self._end_unproven(request_id)

    def _end_unproven(self, request_id: str) -> Request:
        return self.change(
            request_id,
            lambda r: Change(code="identity_not_proven", to=Status.EXPIRED) if r.status in WAITING_FOR_PROOF else None,
        )

    def object_to(self, request_id: str) -> Request:
        """Stop a request in the name of a contact on file, by the link that all of them were sent; twice is once.

        To whoever acts for another it ends as one whose papers did not do, until somebody has decided: that there is
        anybody to object would tell them of an account.
        """

        def decide(request: Request) -> Change | None:
            if request.status is Status.REFUSED:
                return None
            also = self.answer_parts(request_id, REVIEW_WAIT, {"outcome": "refuse"})
            also += [self.notice_part(request_id, "refused", channel) for channel in self.proven(request_id)]
            also += self.unlock_parts(request)
            sets = {"decision": "refuse"}
            return Change(code="objected", by="contact_on_file", to=Status.REFUSED, sets=sets, also=also)

        request = self.get(request_id)
        decided = request.decision is not None and request.status is not Status.REFUSED
        if request.requester is Requester.SELF or decided:
            return self.withdraw(request_id, by="contact_on_file")
        return self.change(request_id, decide)

    def withdraw(self, request_id: str, *, by: str = "person", reason: str = "") -> Request:
        """Withdraw a request; IllegalTransitionError once the work has begun or the request has ended.

        `reason`: the code of why somebody else than the person did it.
        """

        def decide(request: Request) -> Change | None:
            if request.status is Status.WITHDRAWN:
                return None
            wait = _WAIT_OF.get(request.status)
            also = self.answer_parts(request_id, wait, {"outcome": "withdrawn"}) if wait else []
            also += self.unlock_parts(request)
            also += [self.notice_part(request_id, "withdrawn", channel) for channel in self.proven(request_id)]
            detail = {"reason": reason} if reason else {}
            return Change(code="withdrawn", by=by, to=Status.WITHDRAWN, detail=detail, also=also)

        return self.change(request_id, decide)

    def lay_plan(self, request_id: str, laid: LaidPlan) -> Request:
        """Write the plan, its store tasks and the person's locks in one go, and tell what it asks for first.

        A request that joins another (`rights.ledger.joining`) ends instead. Whoever somebody acts for is told at once,
        by every contact on file, with a link to stop it.
        """

        def decide(request: Request) -> Change | None:
            if request.plan is not None or request.is_final:
                return None
            earlier = self.holder_of(laid.subjects, laid.lock) or self.begun_for(request, laid.subjects, laid.work)
            if earlier is not None:
                return self.joined(request, earlier, code="linked_to_earlier_request")
            also = [*self.lock_parts(request, laid.subjects, laid.lock), *self.task_parts(laid.tasks)]
            if laid.review is None or not request.is_at_anothers_word:
                also += self.open_export_parts(request, laid.subjects)
            if request.requester is not Requester.SELF:
                also += self.on_file_parts(request_id, "asked_for_you")
            sets = {
                "plan": laid.hash,
                "data_map": laid.data_map,
                "subject": laid.subjects[0],
                "locks": list(laid.subjects),
                "lock": laid.lock,
                "work": laid.work,
                "known_as": list(laid.known_as),
                "review": laid.review,
                "confirm": laid.confirm,
                "accounts": laid.accounts,
            }
            return Change(code="planned", sets=sets, detail={"stores": len(laid.tasks)}, also=also)

        return self.change(request_id, decide)

    def on_file_parts(self, request_id: str, kind: str, *, but: Sequence[str] = ()) -> list[Item]:
        """The parts of a transaction that tell every contact on file, whichever of them was proven.

        Whoever took over one of them is seen by the others. `but` leaves out channels.
        """
        return [
            self.notice_part(request_id, kind, channel, number=number, purpose="on_file")
            for channel, values in self.contacts_on_file(request_id).items()
            for number, _ in enumerate(values, start=1)
            if channel not in but
        ]

    def cool_off(self, request_id: str, token: str, seconds: int) -> Request:
        """Wait before what cannot be undone, and tell every contact on file how to stop it.

        A request that has ended in the meantime is answered at once.
        """

        def decide(request: Request) -> Change | None:
            if request.is_final or request.status is Status.COOLING_OFF:
                return None
            # Whoever somebody acts for was told when the plan was laid, of any right.
            told = request.cooling_until is not None or request.right not in ERASING
            until = request.cooling_until or stamp(self.clock() + timedelta(seconds=seconds))
            # What the mall itself closes nobody can stop; but there is time to ask for a copy.
            kind = "closed_by_mall" if request.channel is Channel.BULK else "cooling_off"
            also = [] if told else self.on_file_parts(request_id, kind)
            return Change(code="cooling_off_begun", to=Status.COOLING_OFF, sets={"cooling_until": until}, also=also)

        self.open_wait(request_id, COOLING_WAIT, token, seconds)
        request = self.change(request_id, decide)
        if request.is_final and (parts := self.answer_parts(request_id, COOLING_WAIT, {"outcome": "ended"})):
            self.table.transact(parts)
        return request

    def begin_work(self, request_id: str) -> Request:
        """From here on the request can no longer be withdrawn; failed store tasks are put back to work.

        An erasure changes nothing while an export of the same person is open, or the rest would be erased unread; the
        check is part of the transaction, so that no export slips in between. A legal hold that was placed since the
        plan sends it back to whoever decides; one that was placed since the work began raises NotReadyError. What
        another request of the person's has begun already is joined.
        """
        self.reopen_tasks(request_id, only=self.get(request_id).retry_only)

        def decide(request: Request) -> Change | None:
            if request.is_final or request.status is Status.IN_PROGRESS or _is_sent_back(request):
                return None
            if request.status is not Status.NEEDS_REPAIR:
                if not request.is_decided or not request.is_confirmed:
                    raise IllegalTransitionError("work needs the confirmation and the approval that the plan asks for")
                if request.cooling_until is not None and request.cooling_until > self.now():
                    raise NotReadyError("the cooling-off is not over yet")
                if earlier := self.begun_for(request, request.locks, request.work):
                    back = self.plan_back_parts(request)
                    return self.joined(request, earlier, code="joined_work_begun", also=back)
            if request.right in ERASING and self.hold_on(request.known_as):
                return self._held(request)
            if self.held_up_by(request):
                return None
            also = self.nothing_exported_parts(request)
            if request.status is not Status.NEEDS_REPAIR:
                also += self.begun_parts(request)
            return Change(code="work_begun", to=Status.IN_PROGRESS, detail={"run": request.run}, also=also)

        return self.change(request_id, decide)

    def _held(self, request: Request) -> Change:
        if request.status is Status.NEEDS_REPAIR:
            raise NotReadyError("a legal hold stands on this person")
        # Why somebody had to look before stays: it says how many have to.
        review = request.review or Reason.LEGAL_HOLD
        sets: dict[str, Any] = {"review": review, "sent_back": True, "decision": None, "approvals": []}
        detail = {"reason": Reason.LEGAL_HOLD.value}
        to = None if request.status is Status.IN_REVIEW else Status.IN_REVIEW
        return Change(code="review_asked", to=to, sets=sets, detail=detail)

    def await_access(self, request_id: str, token: str, seconds: int) -> None:
        """Wait for the access that holds a deletion up; one that ended before the wait was there is answered here."""
        self.open_wait(request_id, EXPORT_WAIT, token, seconds)
        parts = self.answer_parts(request_id, EXPORT_WAIT, {"outcome": "done"})
        # No parts: the access left its answer before the wait was there, and the wait has taken it over.
        if parts and self.held_up_by(self.get(request_id)) is None:
            self.table.transact(parts)

    def ask_for_repair(self, request_id: str) -> Request:
        """Some store failed: the clock keeps running, and somebody has to look."""
        failed = [task for task in self.tasks(request_id) if task.status is TaskStatus.FAILED]
        return self.change(
            request_id,
            lambda r: (
                Change(
                    code="repair_asked",
                    to=Status.NEEDS_REPAIR,
                    sets={"retry_only": None},
                    detail={"stores": len(failed)},
                )
                if r.status is Status.IN_PROGRESS
                else None
            ),
        )

    def retry(self, request_id: str, *, by: str, store: str | None = None) -> Request:
        """Try again what failed, or just one store of it: tell the waiting run, or start the next one.

        Raises IllegalTransitionError if nothing failed, or if that store did not.
        """
        request = self.get(request_id)
        if store is not None and self.task(request_id, store).status is not TaskStatus.FAILED:
            raise IllegalTransitionError("this store has not failed")
        if request.ended_run == request.run and not request.is_final:
            return self.next_run(request_id, after=request.run, by=by, only=store)

        def decide(request: Request) -> Change | None:
            if request.status is not Status.NEEDS_REPAIR:
                msg = f"a request that is {request.status} needs no repair"
                raise IllegalTransitionError(msg)
            last = self.last_wait(request_id, REPAIR_WAIT)
            if last is not None and last.answer is not None:
                # The answer is on its way: a second click must not spare the next repair its look.
                return None
            also = self.answer_parts(request_id, REPAIR_WAIT, {"outcome": "retry"})
            detail = {"store": store} if store else {}
            return Change(code="retry_asked", by=by, sets={"retry_only": store}, detail=detail, also=also)

        return self.change(request_id, decide)

    def tell(self, request_id: str, kind: str) -> Request:
        """Tell every proven contact of the outcome, once; and an old sign-in contact that it was replaced."""

        def decide(request: Request) -> Change | None:
            if request.is_final or any(n.kind == kind for n in self.notices(request_id)):
                return None
            also = [self.notice_part(request_id, kind, channel) for channel in self.proven(request_id)]
            if request.confirm == Confirm.NEW_CONTACT:
                same = LOGIN_CONTACTS.difference(self._corrected(request_id))
                also += self.on_file_parts(request_id, "contact_changed", but=sorted(same))
            return Change(code=f"told_{kind}", also=also)

        return self.change(request_id, decide)

    def _corrected(self, request_id: str) -> set[str]:
        """What a correction did change, in any store: a field in conflict, or left out, holds what it held."""
        done = (self.private(request_id, f"corrected.{task.store}") or () for task in self.tasks(request_id))
        return {str(one["subject"]) for store in done for one in store if one["result"] == "corrected"}

    def close_request(self, request_id: str, outcome: Status) -> Request:
        """End a request whose stores are all done, and free the person's lock."""

        def decide(request: Request) -> Change | None:
            if request.is_final:
                return None
            return Change(code="closed", to=outcome, sets={"outcome": str(outcome)}, also=self.unlock_parts(request))

        return self.change(request_id, decide)


def _is_sent_back(request: Request) -> bool:
    return request.sent_back and not request.is_decided


def outcome_of_beginning(request: Request) -> str:
    """What the state machine does after `begin_work`: go on, wait for an export, have somebody look, or end."""
    if request.is_final:
        return "ended"
    if _is_sent_back(request):
        return "review"
    return "ready" if request.status is Status.IN_PROGRESS else "wait"
