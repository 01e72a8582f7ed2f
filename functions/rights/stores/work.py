"""The work on one store for one request: page after page, recorded as it goes, whatever interrupts it.

Whoever claims a task last works on; the ledger refuses every checkpoint of those before. A page of an erasure is
recorded as an intent before it is applied, and folded into the counts after: a worker that dies in between leaves the
intent, its successor applies it again, which changes nothing more, and counts it once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from rights.clock import Clock, stamp
from rights.domain.deadline import MALL_TIME
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import Counts, Disposition, TaskStatus
from rights.errors import NotReadyError
from rights.ledger.model import RetainedRows, Task
from rights.stores.contract import Connector, ErasurePage, Page

MAX_LATE_ROUNDS = 3
"""How often rows that came in during an erasure are erased again before somebody has to look."""

_RESERVE_MILLIS = 120_000

Outcome = Literal["more", "read_back", "done", "failed"]


class TaskLedger(Protocol):
    """What the worker needs of the ledger."""

    def task(self, request_id: str, store: str) -> Task:
        """One store's task."""
        ...

    def claim_task(self, task: Task) -> Task:
        """Take the task over: the task as it is now, under a new fence."""
        ...

    def checkpoint_task(self, task: Task) -> Task:
        """Record how far the task is; StaleWriteError when its fence is not the newest."""
        ...

    def private(self, request_id: str, part: str) -> Any:
        """A sealed part of the request, opened."""
        ...

    def retain(self, request_id: str, bundles: Sequence[RetainedRows]) -> None:
        """Remember rows that are kept until a date; the same name again writes the same place again."""
        ...


class Parts(Protocol):
    """Where exported pages go."""

    def write(self, folder: str, number: int, page: Page, records_before: int) -> None:
        """Write a page; the same number again writes the same place again."""
        ...


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

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON can carry."""
        return {"store": self.store, "status": self.status, "left": self.left}


class _Time:
    """Two minutes are kept in reserve, or a quarter of the time where that is less."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reserve = min(_RESERVE_MILLIS, context.get_remaining_time_in_millis() // 4)

    def is_up(self) -> bool:
        return self._context.get_remaining_time_in_millis() <= self._reserve


class Worker:
    """Carries out the task of one store."""

    def __init__(self, ledger: TaskLedger, connector: Connector, parts: Parts, clock: Clock) -> None:
        self._ledger = ledger
        self._connector = connector
        self._parts = parts
        self._clock = clock

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
        task = self._fitted(task)
        return self._work(task, keys, time) if step == "work" else self._read_back(task, keys, time)

    def _work(self, task: Task, keys: KeySet, time: _Time) -> Report:
        if not task.by_collection:
            task = self._begin(task, keys)
        do_page = self._export_page if task.operation is Operation.EXPORT else self._erase_page
        while True:
            task = do_page(task, keys)
            if task.status is TaskStatus.DONE:
                return Report(task.store, "done")
            if task.status is TaskStatus.READING_BACK:
                return Report(task.store, "read_back")
            if time.is_up():
                return Report(task.store, "more")

    def _begin(self, task: Task, keys: KeySet) -> Task:
        found = self._connector.count(keys)
        first, *_ = order = self._connector.collections()
        return self._ledger.checkpoint_task(
            replace(
                task,
                status=TaskStatus.WORKING,
                collection=first,
                found_at_start=sum(found.values()),
                counts=Counts(found=sum(found.values())),
                by_collection={name: Counts(found=found.get(name, 0)).to_dict() for name in order},
            )
        )

    def _export_page(self, task: Task, keys: KeySet) -> Task:
        name = self._collection_of(task)
        page = self._connector.read_page(name, keys, task.cursor)
        before = _counts_of(task, name).exported
        self._parts.write(f"{task.request_id}/{task.store}/{name}", task.page, page, before)
        return self._fold(task, Counts(exported=len(page.records)), page.next)

    def _erase_page(self, task: Task, keys: KeySet) -> Task:
        name = self._collection_of(task)
        if task.intent is not None:
            page = ErasurePage.from_dict(task.intent)
        else:
            today = self._clock().astimezone(MALL_TIME).date().isoformat()
            page = self._connector.plan_page(name, keys, task.cursor, today)
            if page.to_do:
                task = self._ledger.checkpoint_task(replace(task, intent=page.to_dict()))
        if page.to_do:
            self._connector.apply_page(name, keys, page)
        # What an earlier round kept is counted; a later round only adds what it changes.
        added = ErasurePage(page.doing()) if _entry(task, name).get("passed") else page
        return self._fold(task, replace(added.counts(), found=0), page.next)

    def _collection_of(self, task: Task) -> str:
        return task.collection or self._connector.collections()[0]

    def _fitted(self, task: Task) -> Task:
        """The task as the data map of today can go on with it.

        A map that was deployed since may have lost the collection the task stands at: it starts over from the first.
        Erasing again changes nothing, and an export writes the same names again.
        """
        if task.collection is None or task.collection in self._connector.collections():
            return task
        return replace(task, collection=None, cursor=None, intent=None, page=0)

    def _fold(self, task: Task, added: Counts, following: dict[str, Any] | None) -> Task:
        name = self._collection_of(task)
        counted = (_counts_of(task, name) + added).to_dict()
        entry = _entry(task, name) | counted | ({} if following else {"passed": True})
        task = replace(
            task,
            status=TaskStatus.WORKING,
            collection=name,
            cursor=following,
            intent=None,
            page=task.page + 1,
            counts=task.counts + added,
            by_collection=task.by_collection | {name: entry},
            error_class="",
        )
        return self._ledger.checkpoint_task(task if following else self._after_collection(task, name))

    def _after_collection(self, task: Task, name: str) -> Task:
        order = self._connector.collections()
        rest = order[order.index(name) + 1 :]
        if rest:
            return replace(task, collection=rest[0], cursor=None, page=0)
        task = replace(task, collection=None, cursor=None, page=0)
        if task.operation is Operation.EXPORT:
            return _summed_up(replace(task, status=TaskStatus.DONE))
        return _unread(replace(task, status=TaskStatus.READING_BACK))

    def _read_back(self, task: Task, keys: KeySet, time: _Time) -> Report:
        today = self._clock().astimezone(MALL_TIME).date().isoformat()
        while True:
            task = self._read_page(task, keys, today)
            if task.collection is None:
                return self._conclude(task)
            if time.is_up():
                self._ledger.checkpoint_task(task)
                return Report(task.store, "read_back", _left(task))

    def _read_page(self, task: Task, keys: KeySet, today: str) -> Task:
        name = self._collection_of(task)
        page = self._connector.plan_page(name, keys, task.cursor, today)
        entry = _entry(task, name)
        kept = replace(ErasurePage(page.doing(Disposition.RETAIN)).counts(), found=0)
        seen = Counts.from_dict(entry.get("seen", {})) + kept
        entry = entry | {"seen": seen.to_dict(), "left": int(entry.get("left", 0)) + page.to_do}
        # Before the checkpoint: a read-back that is taken up again writes the same names again.
        self._ledger.retain(task.request_id, list(_retained(task, name, keys, page)))
        order = self._connector.collections()
        following = name if page.next else next(iter(order[order.index(name) + 1 :]), None)
        number = task.page + 1 if page.next else 0
        by_collection = task.by_collection | {name: entry}
        return replace(task, collection=following, cursor=page.next, page=number, by_collection=by_collection)

    def _conclude(self, task: Task) -> Report:
        left = _left(task)
        if not left:
            verified = {
                name: entry | {part: entry["seen"][part] for part in ("retained", "kept") if "seen" in entry}
                for name, entry in task.by_collection.items()
            }
            task = _summed_up(replace(task, by_collection=verified, verified_at=stamp(self._clock())))
            self._ledger.checkpoint_task(replace(task, status=TaskStatus.DONE))
            return Report(task.store, "done")
        task = _unread(task)
        if task.late_rounds >= MAX_LATE_ROUNDS:
            self._ledger.checkpoint_task(replace(task, status=TaskStatus.FAILED, error_class="RowsLeft"))
            return Report(task.store, "failed", left)
        late = replace(task, status=TaskStatus.WORKING, late_rounds=task.late_rounds + 1)
        self._ledger.checkpoint_task(late)
        return Report(task.store, "more", left)


def _turn(task: Task, step: str) -> Outcome | None:
    """What a task that is not ready for this step is ready for; `None` when it is ready."""
    if task.status is TaskStatus.DONE:
        return "done"
    if step == "work":
        return "read_back" if task.status is TaskStatus.READING_BACK else None
    if task.status is TaskStatus.READING_BACK:
        return None
    return "failed" if task.status is TaskStatus.FAILED else "more"


def _entry(task: Task, name: str) -> dict[str, Any]:
    """What is known of a collection; nothing of one that the data map has only gained since the task was begun."""
    entry: dict[str, Any] = task.by_collection.get(name) or Counts().to_dict()
    return entry


def _counts_of(task: Task, name: str) -> Counts:
    return Counts.from_dict(_entry(task, name))


def _left(task: Task) -> int:
    return sum(int(entry.get("left", 0)) for entry in task.by_collection.values())


def _retained(task: Task, name: str, keys: KeySet, page: ErasurePage) -> Iterator[RetainedRows]:
    """The rows of a page that stay until a date, one bundle for each date, ground and reason."""
    bundles: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for change in (*page.doing(Disposition.RETAIN), *page.resting):
        if (kept := change.kept) is not None:
            bundles.setdefault((kept.until, kept.ground, kept.reason), []).append(change.key)
    for (until, ground, reason), rows in bundles.items():
        yield RetainedRows(
            request_id=task.request_id,
            store=task.store,
            collection=name,
            label=f"{task.page:06d}.{ground}.{reason}",
            until=until,
            ground=ground,
            reason=reason,
            keys=keys.to_mapping(),
            rows=rows,
        )


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
        counts = _counts_of(task, name)
        final[name] = replace(counts, found=counts.exported + counts.erased + counts.anonymised + counts.retained)
    total = sum(final.values(), Counts())
    return replace(task, counts=total, by_collection={name: counts.to_dict() for name, counts in final.items()})
