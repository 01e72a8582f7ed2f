"""Recipients who answer later: under which id each was asked, what it told since, and that it is to be asked no more.

What a recipient tells lies in an item of its own, so that a callback never gets in the way of whoever works on the
task; the work reads it at its next look. A callback finds its request by the id alone, in `RECIPIENT#<id>`.
"""

from dataclasses import dataclass
from datetime import timedelta

from rights.clock import parse
from rights.domain.recipients import FINAL, RANK, goes_on
from rights.domain.work import TaskStatus
from rights.errors import IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger.model import Request, Task
from rights.ledger.requests import Change
from rights.ledger.table import Item, Update, request_key
from rights.ledger.tasks import Tasks
from rights.ledger.undelivered import attention_key
from rights.ledger.waits import Waits

_FOUND_FOR = timedelta(days=90)
"""How long after the due date a callback still finds its request."""
_RACES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a recipient told by itself, its signature checked; and whether we want the request back."""

    status: str | None = None
    """A status of OpenDSR 2.0; `None` while it told nothing."""
    expected_at: str | None = None
    results_count: int | None = None
    at: str | None = None
    is_unwanted: bool = False
    """An operator wants the request taken back, if the recipient has not begun."""

    @property
    def is_final(self) -> bool:
        """True once nothing more is to be expected of it."""
        return self.status in FINAL


class Recipients(Waits, Tasks):
    """The recipients of a request."""

    def will_ask(self, task: Task, due_at: str) -> Task:
        """Record under which id a recipient is about to be asked, before it is: a repeat asks under the same.

        Raises StaleWriteError when somebody else has taken the task over.
        """
        expires = int((parse(due_at) + _FOUND_FOR).timestamp())
        place = _place(task.recipient["id"]) | {"request_id": task.request_id, "store": task.store, "expires": expires}
        if self.table.transact([self.change_part(task), self.table.put_op(place)]) is not None:
            msg = "another worker has taken this task over"
            raise StaleWriteError(msg)
        return task

    def asked_under(self, recipient_id: str) -> tuple[str, str] | None:
        """The request and the store that were asked under an id; `None` for an id of nobody, or of long ago."""
        item = self.table.get(_place(recipient_id))
        if item is None or item["expires"] <= int(self.clock().timestamp()):
            return None
        return item["request_id"], item["store"]

    def told(self, request_id: str, store: str) -> Told:
        """What a recipient told so far."""
        item = self.table.get(request_key(request_id, f"TOLD#{store}")) or {}
        return Told(
            status=item.get("told"),
            expected_at=item.get("expected_at"),
            results_count=item.get("results_count"),
            at=item.get("at"),
            is_unwanted="unwanted_by" in item,
        )

    def recipient_told(self, request_id: str, store: str, recipient_id: str, told: Told) -> bool:
        """Record what a recipient told and, if it is its last word, have the work go on; tell whether it was news.

        No news are an earlier status, the same end again, and whatever comes when the task is done.
        """
        task = self._unopened(request_id, store)
        if told.status is None or task.recipient.get("id") != recipient_id or task.status is TaskStatus.DONE:
            return False
        for _ in range(_RACES):
            if self.table.transact(self._word_parts(request_id, store, told, told.status)) is None:
                return True
            if not goes_on(self.told(request_id, store).status, told.status):
                return False
            # It met the beginning or the end of a wait, which is looked at anew.
        msg = "lost every race for this word"
        raise StaleWriteError(msg)

    def _word_parts(self, request_id: str, store: str, told: Told, status: str) -> list[Item]:
        update = Update(request_key(request_id, f"TOLD#{store}")).set(
            told=status,
            rank=RANK[status],
            expected_at=told.expected_at,
            results_count=told.results_count,
            at=self.now(),
        )
        update.when("attribute_not_exists({rank}) OR {rank} <= {=rank}", rank=RANK[status])
        update.when("attribute_not_exists({told}) OR NOT {told} IN ({=done}, {=cancelled})", **_ENDS)
        also = self.answer_parts(request_id, store, {"outcome": "told"}) if told.is_final else []
        return [self.table.update_op(update), *also]

    def restart_task(self, request_id: str, store: str) -> None:
        """Have a store's work done again from the beginning; what a recipient told was of the asking before.

        That we want the request back still holds.
        """
        if not self._unopened(request_id, store).recipient:
            return super().restart_task(request_id, store)
        forgotten = dict.fromkeys(("told", "rank", "expected_at", "results_count", "at"))
        word = Update(request_key(request_id, f"TOLD#{store}")).set(**forgotten)
        if self.table.transact([self.change_part(self.fresh_task(request_id, store)), self.table.update_op(word)]):
            msg = "another worker has taken this task over"
            raise StaleWriteError(msg)
        return None

    def take_back(self, request_id: str, store: str, *, by: str) -> Request:
        """Want a recipient's request taken back; the work does it at once, if the recipient has not begun.

        Raises IllegalTransitionError for a store that is no recipient we wait for.
        """

        def decide(request: Request) -> Change | None:
            task = self._unopened(request_id, store)
            if not task.recipient or request.is_final or task.status is TaskStatus.DONE:
                msg = "nobody waits for an answer of this store"
                raise IllegalTransitionError(msg)
            if self.told(request_id, store).is_unwanted:
                return None
            wanted = Update(request_key(request_id, f"TOLD#{store}")).set(unwanted_by=by)
            parts = [self.table.update_op(wanted.when("attribute_not_exists({unwanted_by})"))]
            parts += self.answer_parts(request_id, store, {"outcome": "take_back"})
            return Change(code="recipient_unwanted", by=by, detail={"store": store}, also=parts)

        return self.change(request_id, decide)

    def _unopened(self, request_id: str, store: str) -> Task:
        """A task without what lies sealed in it, which a door has no business with."""
        found = next((task for task in self.tasks(request_id) if task.store == store), None)
        if found is None:
            msg = "the plan of this request has no such store"
            raise UnknownRequestError(msg)
        return found

    def recipient_noted(self, request_id: str, store: str, code: str, *, is_alarming: bool = False) -> None:
        """Add to the history what became of a recipient; `is_alarming` asks an operator to look."""

        def decide(request: Request) -> Change | None:
            if request.is_final:
                return None
            new = is_alarming and request.attention is None
            also = [self.table.put_op(attention_key(request_id))] if new else []
            sets = {"attention": code} if is_alarming else {}
            return Change(code=code, sets=sets, detail={"store": store}, also=also)

        self.change(request_id, decide)


_ENDS = {"done": "completed", "cancelled": "cancelled"}


def _place(recipient_id: str) -> Item:
    return {"PK": f"RECIPIENT#{recipient_id}", "SK": "TASK"}
