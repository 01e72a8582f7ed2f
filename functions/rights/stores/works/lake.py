"""Erasing from a lake: the request waits in the lake's queue until a batch has gone through it for many at once.

What the batch took out lies in the ledger, per request, and is folded into the counts like the page of any other
store, once per batch. Then the person's rows are looked for again in everything that was written since the batch began:
what is older was read by it, with this person's keys.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, cast

from rights.clock import parse
from rights.domain.identity import KeySet
from rights.domain.mall_time import today_in_the_mall
from rights.domain.work import Counts, TaskStatus
from rights.errors import StoreRefusedError
from rights.ledger.model import LakeResult, Task
from rights.stores.contract import Cursor, ErasurePage
from rights.stores.works.doing import Done, Tools, entry_of
from rights.stores.works.erase import Erase
from rights.stores.works.export import Export

LOOKS_AGAIN = 86_400
"""Seconds after which a request that waits for a batch looks by itself whether it was forgotten."""

_CLOCKS_DIFFER = timedelta(minutes=5)


class Queue(Protocol):
    """What the ledger has of the lakes' queues."""

    def queue_erasure(self, request_id: str, store: str, keys: KeySet, collections: Sequence[str]) -> None:
        """Put a request into a lake's queue, once."""
        ...

    def tasks(self, request_id: str) -> list[Task]:
        """All tasks of the request."""
        ...

    def lake_result(self, request_id: str, store: str) -> LakeResult | None:
        """What the last batch took out for a request."""
        ...


class Lake(Protocol):
    """What a lake's connector can besides."""

    def plan_page(
        self, collection: str, keys: KeySet, after: Cursor | None, today: str, *, since: datetime | None = None
    ) -> ErasurePage:
        """What is to happen to the rows of the next objects, of those written since."""
        ...


class LakeErase(Erase):
    """Waits for a batch, and reads back what it did."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._queue = cast("Queue", tools.ledger)
        self._lake = cast("Lake", tools.connector)

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """Not counted beforehand: that would be a pass over the lake for every request."""
        del keys
        return {}

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """The counts of the batch, once it is there; what an operator left out is only looked at."""
        if task.refused is not None:
            return super().do_page(task, keys, name)
        result = self._queue.lake_result(task.request_id, task.store)
        if result is None or result.batch == entry_of(task, name).get("batch"):
            self._queue.queue_erasure(task.request_id, task.store, keys, task.collections)
            return task, Done(Counts(), task.cursor, wait=0 if self._is_in_the_way(task) else LOOKS_AGAIN)
        counts = Counts.from_dict(result.counts.get(name, {}))
        seen = {"batch": result.batch, "since": result.since, "blocked": result.blocked}
        # What is kept is counted by the read-back, which also remembers until when.
        return task, Done(Counts(erased=counts.erased, anonymised=counts.anonymised), entry=seen)

    def _is_in_the_way(self, task: Task) -> bool:
        """True where another store failed: its repair begins when all branches have ended, so this one does."""
        return any(one.status is TaskStatus.FAILED for one in self._queue.tasks(task.request_id))

    def _plan(self, task: Task, keys: KeySet, name: str) -> ErasurePage:
        entry = entry_of(task, name)
        if task.refused is not None or "since" not in entry:
            return super()._plan(task, keys, name)
        if int(entry.get("blocked", 0)):
            raise StoreRefusedError(f"{entry['blocked']} objects of the lake could not be worked on")
        today = today_in_the_mall(self._tools.clock())
        since = parse(entry["since"]) - _CLOCKS_DIFFER
        return self._lake.plan_page(name, keys, task.cursor, today, since=since)


class LakeExport(Export):
    """Exports without counting beforehand."""

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """Not counted beforehand: it would be a pass over the lake more."""
        del keys
        return {}
