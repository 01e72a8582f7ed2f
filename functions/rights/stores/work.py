"""The work on one store for one request: page after page, recorded as it goes, whatever interrupts it.

Whoever claims a task last works on; the ledger refuses every checkpoint of those before. What a page is, and what it
means to read it back, is each operation's own (`rights.stores.works`); the way through the collections, the record of
it and the late rounds are here, the same for all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from rights.clock import Clock, stamp
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.errors import DataMapError, NotReadyError
from rights.ledger.model import Task
from rights.stores.contract import Connector
from rights.stores.works.correct import Correct
from rights.stores.works.doing import BACKUP_DAYS, Doing, Done, Parts, TaskLedger, Tools, counts_of, entry_of, part_of
from rights.stores.works.erase import Erase
from rights.stores.works.export import Export
from rights.stores.works.restrict import Freeze, Restrict

MAX_LATE_ROUNDS = 3
"""How often rows that came in during the work are worked on again before somebody has to look."""

_RESERVE_MILLIS = 120_000

Outcome = Literal["more", "read_back", "waiting", "done", "failed"]


Doings = dict[Operation, Callable[[Tools, Task], Doing]]
"""How each operation is done."""

_DOINGS: Doings = {
    Operation.EXPORT: lambda tools, _: Export(tools),
    Operation.ERASE: lambda tools, _: Erase(tools),
    Operation.CORRECT: lambda tools, task: Correct(tools, task.request_id, task.store),
    Operation.RESTRICT: lambda tools, _: Restrict(tools),
    Operation.FREEZE: lambda tools, _: Freeze(tools),
}


class Context(Protocol):
    """What the worker needs of a Lambda context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What the state machine learns of one invocation."""

    store: str
    status: Outcome
    left: int = 0
    seconds: int | None = None
    """After how long to look again, when it waits."""

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON can carry."""
        waits = {} if self.seconds is None else {"seconds": self.seconds}
        return {"store": self.store, "status": self.status, "left": self.left, **waits}


class _Time:
    """Two minutes are kept in reserve, or a quarter of the time where that is less."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reserve = min(_RESERVE_MILLIS, context.get_remaining_time_in_millis() // 4)

    def is_up(self) -> bool:
        return self._context.get_remaining_time_in_millis() <= self._reserve


class Worker:
    """Carries out the task of one store; `doings` are the kind's own ways of doing an operation."""

    def __init__(
        self,
        ledger: TaskLedger,
        connector: Connector,
        parts: Parts,
        clock: Clock,
        doings: Doings | None = None,
        *,
        backup_days: int = BACKUP_DAYS,
    ) -> None:
        self._ledger = ledger
        self._connector = connector
        self._clock = clock
        self._tools = Tools(ledger, connector, parts, clock, backup_days)
        self._doings = _DOINGS | (doings or {})

    def run(self, step: Literal["work", "read_back"], request_id: str, store: str, context: Context) -> Report:
        """Do one invocation's worth of a step; a step that is out of turn says what the turn is."""
        time = _Time(context)
        task = self._ledger.task(request_id, store)
        if (turn := _turn(task, step)) is not None:
            return Report(store, turn)
        task = self._ledger.claim_task(task)
        if (turn := _turn(task, step)) is not None:
            return Report(store, turn)
        subject = self._ledger.private(request_id, "subject")
        if subject is None:
            msg = "the person of this request is not resolved yet"
            raise NotReadyError(msg)
        keys = KeySet.from_mapping(subject["keys"])
        doing = self._doings[task.operation](self._tools, task)
        task = self._fitted(task)
        return self._work(task, keys, time, doing) if step == "work" else self._read_back(task, keys, time, doing)

    def _work(self, task: Task, keys: KeySet, time: _Time, doing: Doing) -> Report:
        if not task.by_collection:
            task = self._begin(task, keys, doing)
        while True:
            name = self._collection_of(task)
            task, done = doing.do_page(task, keys, name)
            if done.wait is not None:
                self._ledger.checkpoint_task(_asked(task, name, done))
                # Not now: this branch ends, and whatever takes the request up again looks here too.
                return Report(task.store, "waiting", seconds=done.wait) if done.wait else Report(task.store, "failed")
            task = self._fold(task, name, done, doing)
            if task.status is TaskStatus.DONE:
                return Report(task.store, "done")
            if task.status is TaskStatus.READING_BACK:
                return Report(task.store, "read_back")
            if time.is_up():
                return Report(task.store, "more")

    def _begin(self, task: Task, keys: KeySet, doing: Doing) -> Task:
        order = self._order(task)
        # What is only read was counted for the plan; a second search would find the same.
        counted = task.operation is Operation.EXPORT and bool(task.preview)
        everything = task.preview if counted else doing.found(keys)
        found = {name: everything.get(name, 0) for name in order}
        return self._ledger.checkpoint_task(
            replace(
                task,
                status=TaskStatus.WORKING,
                begun_at=self._now(),
                collection=order[0],
                found_at_start=sum(found.values()),
                counts=Counts(found=sum(found.values())),
                by_collection={name: Counts(found=number).to_dict() for name, number in found.items()},
            )
        )

    def _now(self) -> str:
        return stamp(self._clock())

    def _order(self, task: Task) -> list[str]:
        """The collections of the task, in the order in which an erasure must take them."""
        order = part_of(self._connector.collections(), task)
        if not order:
            msg = "the data map has lost the collections of this task"
            raise DataMapError(msg)
        return order

    def _collection_of(self, task: Task) -> str:
        return task.collection or self._order(task)[0]

    def _fitted(self, task: Task) -> Task:
        """The task as the data map of today can go on with it.

        A map that was deployed since may have lost the collection the task stands at: it starts over from the first.
        Doing a page again changes nothing, and an export writes the same names again.
        """
        if task.collection is None or task.collection in self._order(task):
            return task
        return replace(task, collection=None, cursor=None, intent=None, page=0)

    def _fold(self, task: Task, name: str, done: Done, doing: Doing) -> Task:
        counted = (counts_of(task, name) + done.counts).to_dict()
        over = not (done.next or done.again)
        entry = entry_of(task, name) | counted | done.entry | ({"passed": True} if over else {})
        task = replace(
            task,
            status=TaskStatus.WORKING,
            collection=name,
            cursor=task.cursor if done.again else done.next,
            intent=None,
            page=task.page + 1,
            counts=task.counts + done.counts,
            by_collection=task.by_collection | {name: entry},
            error_class="",
        )
        return self._ledger.checkpoint_task(self._after_collection(task, name, doing) if over else task)

    def _after_collection(self, task: Task, name: str, doing: Doing) -> Task:
        order = self._order(task)
        rest = order[order.index(name) + 1 :]
        if rest:
            return replace(task, collection=rest[0], cursor=None, page=0)
        task = replace(task, collection=None, cursor=None, page=0)
        if doing.reads_back:
            return _unread(replace(task, status=TaskStatus.READING_BACK))
        return _summed_up(replace(task, status=TaskStatus.DONE, done_at=self._now()))

    def _read_back(self, task: Task, keys: KeySet, time: _Time, doing: Doing) -> Report:
        while True:
            task = self._read_page(task, keys, doing)
            if task.collection is None:
                return self._conclude(task, doing)
            if time.is_up():
                self._ledger.checkpoint_task(task)
                return Report(task.store, "read_back", _left(task))

    def _read_page(self, task: Task, keys: KeySet, doing: Doing) -> Task:
        name = self._collection_of(task)
        read = doing.read_page(task, keys, name)
        entry = entry_of(task, name)
        seen = Counts.from_dict(entry.get("seen", {})) + read.kept
        entry = entry | {"seen": seen.to_dict(), "left": int(entry.get("left", 0)) + read.left}
        order = self._order(task)
        following = name if read.next else next(iter(order[order.index(name) + 1 :]), None)
        number = task.page + 1 if read.next else 0
        by_collection = task.by_collection | {name: entry}
        return replace(task, collection=following, cursor=read.next, page=number, by_collection=by_collection)

    def _conclude(self, task: Task, doing: Doing) -> Report:
        left = _left(task)
        if not left:
            verified = {
                name: entry | {part: entry["seen"][part] for part in ("retained", "kept") if "seen" in entry}
                for name, entry in task.by_collection.items()
            }
            task = _summed_up(replace(task, by_collection=verified, verified_at=self._now()))
            self._ledger.checkpoint_task(replace(task, status=TaskStatus.DONE, done_at=self._now()))
            return Report(task.store, "done")
        task = _unread(task)
        if task.late_rounds >= MAX_LATE_ROUNDS:
            self._ledger.checkpoint_task(replace(task, status=TaskStatus.FAILED, error_class="RowsLeft"))
            return Report(task.store, "failed", left)
        late = replace(doing.again(task), status=TaskStatus.WORKING, late_rounds=task.late_rounds + 1)
        self._ledger.checkpoint_task(late)
        return Report(task.store, "more", left)


def _asked(task: Task, name: str, done: Done) -> Task:
    """The task as it waits for an answer: the same page is asked for again."""
    entry = entry_of(task, name) | done.entry
    return replace(
        task,
        status=TaskStatus.WAITING,
        cursor=done.next,
        by_collection=task.by_collection | {name: entry},
        error_class="",
    )


def _turn(task: Task, step: str) -> Outcome | None:
    """What a task that is not ready for this step is ready for; `None` when it is ready."""
    if task.status is TaskStatus.DONE:
        return "done"
    if task.status is TaskStatus.FAILED:
        # Only who begins the work anew says which of the failed are tried again.
        return "failed"
    if step == "work":
        return "read_back" if task.status is TaskStatus.READING_BACK else None
    return None if task.status is TaskStatus.READING_BACK else "more"


def _left(task: Task) -> int:
    return sum(int(entry.get("left", 0)) for entry in task.by_collection.values())


def _unread(task: Task) -> Task:
    """The task as before a read-back: nothing seen yet."""
    entries = {
        name: {key: value for key, value in entry.items() if key not in {"seen", "left"}}
        for name, entry in task.by_collection.items()
    }
    return replace(task, by_collection=entries)


def _summed_up(task: Task) -> Task:
    """The task with its final counts: what was found is what was dealt with, also when rows came or went meanwhile."""
    final = {}
    for name in task.by_collection:
        counts = counts_of(task, name)
        erased = counts.erased + counts.anonymised + counts.retained
        changed = counts.corrected + counts.conflicts + counts.flagged
        final[name] = replace(counts, found=counts.exported + erased + changed)
    total = sum(final.values(), Counts())
    return replace(task, counts=total, by_collection={name: counts.to_dict() for name, counts in final.items()})
