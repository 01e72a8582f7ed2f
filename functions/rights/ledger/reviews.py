"""Reviews: what an operator decides about a request, and what passes between them and the person.

An approval names the plan it approves. Where two have to approve, the first is kept until another one comes. A question
goes to the person and the run goes on waiting; the answer, or the end of the time for one, brings the request back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from rights.clock import parse, stamp
from rights.domain.clock import PauseReason
from rights.domain.review import Reason, approvals_needed
from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.domain.work import Counts, TaskStatus
from rights.errors import IllegalTransitionError, UnknownRequestError
from rights.ledger.clocks import turned
from rights.ledger.identity import Identity
from rights.ledger.locks import Locks
from rights.ledger.model import Request, Task
from rights.ledger.requests import Change
from rights.ledger.table import Item
from rights.ledger.tasks import Tasks

REVIEW_WAIT = "Review"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A store that an approval leaves out: on which ground, and (of an erasure) until when its records are kept."""

    store: str
    ground: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A collection that an approval withholds from an export, since it is about others too: on which ground."""

    store: str
    collection: str
    ground: int


class Reviews(Identity, Locks, Tasks):
    """Decisions, questions and answers."""

    def begin_review(self, request_id: str) -> Request:
        """Have somebody look, if the plan asks for it and nobody decided yet."""

        def decide(request: Request) -> Change | None:
            if request.status is not Status.VERIFIED or request.is_decided or not request.may_be_reviewed:
                return None
            detail = {"reason": str(request.review)}
            return Change(code="review_asked", to=Status.IN_REVIEW, detail=detail)

        return self.change(request_id, decide)

    def approve(
        self,
        request_id: str,
        *,
        by: str,
        plan: str,
        left_out: Sequence[LeftOut] = (),
        withheld: Sequence[Withheld] = (),
        answer: str | None = None,
        as_approver: bool = False,
    ) -> Request:
        """Approve a plan, whole or in part; the run goes on once as many different operators as needed have.

        IllegalTransitionError for a request that waits for no decision, another plan than the one laid, a second
        approval of the same operator, one that leaves out something else than the first, or two of which none is an
        approver's.
        """
        without = _without(left_out, withheld)

        def decide(request: Request) -> Change | None:
            self._refuse_undecidable(request)
            _refuse_mismatch(request, by, plan, without)
            marked = self._marked_parts(request, left_out, withheld)
            approvals = [*request.approvals, {"by": by, "at": self.now(), "without": without, "approver": as_approver}]
            sets: dict[str, Any] = {"approvals": approvals}
            needed = approvals_needed(request.right, request.requester, request.review)
            if len(approvals) < needed:
                return Change(code="approved_by_one", by=by, sets=sets)
            if needed > 1 and not any(approval["approver"] for approval in approvals):
                raise IllegalTransitionError("one of two approvals is an approver's")
            sets |= {"decision": "approve_in_part" if without else "approve"} | self.revived(request)
            also = [*self.answer_parts(request_id, REVIEW_WAIT, {"outcome": "approve"}), *marked]
            if request.is_at_anothers_word:
                also += self.open_export_parts(request, request.locks)
            if answer is not None:
                also.append(self.private_part(request_id, "answer", {"text": answer, "at": self.now()}))
            return Change(code="approved", by=by, sets=sets, detail={"left_out": len(without)}, also=also)

        return self.change(request_id, decide)

    def refuse(self, request_id: str, *, by: str, ground: int | None) -> Request:
        """Refuse a request on a ground, or for want of authority; whoever asked is told, and how to complain."""

        def decide(request: Request) -> Change | None:
            self._refuse_undecidable(request)
            sets = {"decision": "refuse", "ground": ground}
            also = self.answer_parts(request_id, REVIEW_WAIT, {"outcome": "refuse"})
            also += [self.notice_part(request_id, "refused", channel) for channel in self.proven(request_id)]
            also += self.unlock_parts(request)
            detail = {"ground": ground or 0}
            return Change(code="refused", by=by, to=Status.REFUSED, sets=sets, detail=detail, also=also)

        return self.change(request_id, decide)

    def conflicts_stand(self, request_id: str, found: Mapping[str, Sequence[str]]) -> Request:
        """Write down what stores would refuse of an erasure now; an approval goes back while one of them still would.

        Nothing is begun before it is mended, or the store is left out. Why somebody had to look stays: it says how many
        have to.
        """
        tasks = [task for task in self.tasks(request_id) if task.store in found]
        changed = [replace(t, conflicts=tuple(found[t.store])) for t in tasks if t.conflicts != tuple(found[t.store])]

        def decide(request: Request) -> Change | None:
            if request.is_final or not request.is_decided or request.status is Status.IN_PROGRESS:
                return None
            also = [self.change_part(task) for task in changed]
            if not any(found.values()):
                return Change(code="conflicts_mended", also=also) if also else None
            review = request.review or Reason.STORE_CONFLICT
            sets: dict[str, Any] = {"review": review, "sent_back": True, "decision": None, "approvals": []}
            to = None if request.status is Status.IN_REVIEW else Status.IN_REVIEW
            detail = {"reason": Reason.STORE_CONFLICT.value}
            return Change(code="review_asked", to=to, sets=sets, detail=detail, also=also)

        return self.change(request_id, decide)

    def ask(self, request_id: str, text: str, *, by: str, time_to_answer: timedelta) -> Request:
        """Ask the person something; the clock stands still where its rule allows it."""

        def decide(request: Request) -> Change | None:
            self._refuse_undecidable(request)
            asked = sum(event.code == "question_asked" for event in self.events(request_id)) + 1
            until = stamp(self.clock() + time_to_answer)
            sets = {"question_until": until, "approvals": []}
            sets |= turned(request, self.clock(), paused=PauseReason.CLARIFICATION, until=until)
            also = [
                self.notice_part(request_id, "question", channel, number=asked) for channel in self.proven(request_id)
            ]
            also.append(self.private_part(request_id, "question", {"text": text, "asked_at": self.now()}))
            return Change(code="question_asked", by=by, to=Status.QUESTION, sets=sets, also=also)

        return self.change(request_id, decide)

    def answer_question(self, request_id: str, text: str) -> Request:
        """Take the person's answer, once; the request goes back to whoever asked."""

        def decide(request: Request) -> Change | None:
            earlier: list[Mapping[str, str]] = self.private(request_id, "answers") or []
            if request.status is not Status.QUESTION and earlier and earlier[-1]["text"] == text:
                return None
            self._refuse_unasked(request)
            told = self.private_part(request_id, "answers", [*earlier, {"text": text, "at": self.now()}])
            return replace(self._back_to_review(request, "question_answered", "person"), also=[told])

        return self.change(request_id, decide)

    def question_over(self, request_id: str) -> Request:
        """The time to answer is up: somebody decides on what there is."""

        def decide(request: Request) -> Change | None:
            over = request.question_until is not None and parse(request.question_until) <= self.clock()
            if request.status is not Status.QUESTION or not over:
                return None
            return self._back_to_review(request, "question_not_answered", "system")

        return self.change(request_id, decide)

    def _back_to_review(self, request: Request, code: str, by: str) -> Change:
        sets = {"question_until": None} | turned(request, self.clock(), resumed=True)
        return Change(code=code, by=by, to=Status.IN_REVIEW, sets=sets)

    def _marked_parts(self, request: Request, left_out: Sequence[LeftOut], withheld: Sequence[Withheld]) -> list[Item]:
        """The parts that mark the tasks left out, and take back what an approval before a legal hold left out."""
        # A sign-in that stays is not shut either: `login.freeze` goes with `login`.
        tasks = [(task, task.store.partition(".")[0]) for task in self.tasks(request.id)]
        wanted = {one.store: one for one in left_out}
        if len(wanted) < len(left_out):
            raise IllegalTransitionError("a store is left out twice")
        parted = {one.store: {w.collection: w.ground for w in withheld if w.store == one.store} for one in withheld}
        if wanted.keys() & parted.keys():
            raise IllegalTransitionError("a store is left out, and a part of it withheld")
        if not wanted.keys() | parted.keys() <= {store for _, store in tasks}:
            msg = "the plan of this request has no such store"
            raise UnknownRequestError(msg)
        marked = [_left_out(task, wanted[store]) for task, store in tasks if store in wanted]
        marked += [_taken_back(task) for task, store in tasks if task.refused and store not in wanted]
        marked += [_narrowed(task, parted[store]) for task, store in tasks if store in parted]
        return [self.change_part(task) for task in marked]

    @staticmethod
    def _refuse_undecidable(request: Request) -> None:
        if request.status is not Status.IN_REVIEW or request.decision is not None:
            msg = f"a request that is {request.status} waits for no decision"
            raise IllegalTransitionError(msg)

    @staticmethod
    def _refuse_unasked(request: Request) -> None:
        if request.status is not Status.QUESTION:
            msg = f"a request that is {request.status} has no open question"
            raise IllegalTransitionError(msg)


def _refuse_mismatch(request: Request, by: str, plan: str, without: Sequence[Mapping[str, Any]]) -> None:
    if request.plan != plan:
        raise IllegalTransitionError("the plan is another one than was approved")
    if any(approval["by"] == by for approval in request.approvals):
        raise IllegalTransitionError("a second approval needs a second operator")
    if any(approval["without"] != list(without) for approval in request.approvals):
        raise IllegalTransitionError("the first approval left out something else")


def _without(left_out: Sequence[LeftOut], withheld: Sequence[Withheld]) -> list[dict[str, Any]]:
    """What an approval leaves out, as it is kept and compared with a second one."""
    stores = [{"store": one.store, "ground": one.ground, "until": one.until} for one in left_out]
    parts = [{"store": one.store, "collection": one.collection, "ground": one.ground} for one in withheld]
    return sorted([*stores, *parts], key=lambda one: (str(one["store"]), str(one.get("collection", ""))))


def _narrowed(task: Task, withheld: Mapping[str, int]) -> Task:
    """An export without some of its collections; without any left it is a store left out."""
    rest = tuple(name for name in (task.collections or sorted(task.preview)) if name not in withheld)
    if not rest:
        return _left_out(task, LeftOut(task.store, next(iter(withheld.values()))))
    return replace(task, collections=rest, withheld=dict(withheld))


def _left_out(task: Task, one: LeftOut) -> Task:
    """An erasure still goes over the store, to write down what is kept until when; anything else is not begun."""
    marked = replace(task, refused=one.ground, keep_until=one.until)
    if task.operation is Operation.ERASE:
        return marked
    return replace(marked, status=TaskStatus.DONE, counts=Counts(found=sum(task.preview.values())))


def _taken_back(task: Task) -> Task:
    return replace(task, refused=None, keep_until=None, status=TaskStatus.PENDING, counts=Counts())
