"""What an operation on a store consists of, and what it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rights.clock import Clock
from rights.domain.identity import KeySet
from rights.domain.tombstone import Tombstone
from rights.domain.work import Counts
from rights.ledger.model import RetainedRows, Task
from rights.stores.contract import Connector, Cursor, Page

BACKUP_DAYS = 35


class TaskLedger(Protocol):
    """What the worker needs of the ledger."""

    def task(self, request_id: str, store: str) -> Task:
        """One store's task."""
        ...

    def claim_task(self, task: Task) -> Task:
        """Take the task over: the task as it is now, under a new fence."""
        ...

    def checkpoint_task(self, task: Task) -> Task:
        """Record how far the task is; StaleWriteError when its fence is not the newest, TooLargeError without room."""
        ...

    def private(self, request_id: str, part: str) -> Any:
        """A sealed part of the request, opened."""
        ...

    def put_private(self, request_id: str, part: str, data: Any) -> None:
        """Seal a part of the request; the same part again takes the place of the former."""
        ...

    def retain(self, request_id: str, bundles: Sequence[RetainedRows]) -> None:
        """Remember rows that are kept until a date; the same name again writes the same place again."""
        ...

    def bury(self, request_id: str, stones: Sequence[Tombstone], days: int) -> None:
        """Remember what was erased for as long as backups live; the same name again writes the same place again."""
        ...


class Parts(Protocol):
    """Where exported pages go."""

    def write(self, folder: str, number: int, page: Page, records_before: int) -> None:
        """Write a page; the same number again writes the same place again."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What every operation works with: the ledger, the store, the package and the time."""

    ledger: TaskLedger
    connector: Connector
    parts: Parts
    clock: Clock
    backup_days: int = BACKUP_DAYS
    """How long the stores' backups live."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one page added, where the next one starts, and what else is to be remembered of the collection.

    With `wait` the answer comes later: the same page is asked for again when it came, or after so many seconds. With 0
    nobody waits here: another store has to be repaired, and the next round asks again. With `again` there is more to do
    where this page began.
    """

    counts: Counts
    next: Cursor | None = None
    entry: dict[str, Any] = field(default_factory=dict)
    wait: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What one page of reading back found left to do, what it found kept, and where the next one starts."""

    left: int
    next: Cursor | None = None
    kept: Counts = field(default_factory=Counts)


class Doing(Protocol):
    """One operation. A page is done, then recorded by the worker; both may happen twice, in this order."""

    reads_back: bool
    """False: the operation is over with its last page."""

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """What there is to do per collection, before anything is done."""
        ...

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Do the page of collection `name` at the cursor; the task as it was recorded last, and what was done."""
        ...

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """Read the page at the task's cursor back."""
        ...

    def again(self, task: Task) -> Task:
        """The task as one more round takes it up, because reading back found something left."""
        ...


def entry_of(task: Task, name: str) -> dict[str, Any]:
    """What is known of a collection; nothing of one that the data map has only gained since the task was begun."""
    entry: dict[str, Any] = task.by_collection.get(name) or Counts().to_dict()
    return entry


def counts_of(task: Task, name: str) -> Counts:
    """The counts of a collection so far."""
    return Counts.from_dict(entry_of(task, name))


def part_of(order: Sequence[str], task: Task) -> list[str]:
    """Those of the collections that the task is about, in the same order."""
    return [name for name in order if not task.collections or name in task.collections]
