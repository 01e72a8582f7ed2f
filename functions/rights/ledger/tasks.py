"""Store tasks: what each store has to do for a request, how far it is, and what it did."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.errors import StaleWriteError, TooLargeError, UnknownRequestError
from rights.ledger.model import Task
from rights.ledger.requests import Requests
from rights.ledger.table import Item, Update, request_key

_SEALED = ("cursor", "intent")
"""What may hold row keys of the person's records, and so lies sealed."""

ROOM = 300 * 1024
"""Bytes for what lies sealed in a task: DynamoDB takes items of 400 KB, and counts and previews need some of it."""


class Tasks(Requests):
    """The store tasks of a request."""

    def task_parts(self, tasks: Iterable[Task]) -> list[Item]:
        """The parts of a transaction that lay the tasks down."""
        return [self.table.put_op(self._item(task)) for task in tasks]

    def drop_parts(self, request_id: str) -> list[Item]:
        """The parts of a transaction that take the tasks of a request back, of which none was begun."""
        keys = (request_key(request_id, f"TASK#{task.store}") for task in self.tasks(request_id))
        return [self.table.delete_op(key, "attribute_exists(PK)") for key in keys]

    def task(self, request_id: str, store: str) -> Task:
        """One store's task, read consistently; UnknownRequestError without one."""
        item = self.table.get(request_key(request_id, f"TASK#{store}"))
        if item is None:
            msg = "the plan of this request has no such store"
            raise UnknownRequestError(msg)
        return self._task(item)

    def tasks(self, request_id: str) -> list[Task]:
        """All store tasks of a request, in order of stage and name; what lies sealed in them stays so."""
        found = [task_of(item) for item in self.table.query_items(f"REQUEST#{request_id}", "TASK#")]
        return sorted(found, key=lambda task: (task.stage, task.store))

    def claim_task(self, task: Task) -> Task:
        """Take a task over: the last who claims works on, everybody before is refused at the next checkpoint."""
        update = (
            Update(request_key(task.request_id, f"TASK#{task.store}"))
            .add("fence", 1)
            .set(claimed_at=self.now())
            .when("attribute_exists(PK)")
        )
        item = self.table.update(update)
        if item is None:
            msg = "no such task"
            raise UnknownRequestError(msg)
        return self._task(item)

    def checkpoint_task(self, task: Task) -> Task:
        """Record how far a task is; StaleWriteError when somebody else has taken it over."""
        if self.table.update(self._changed(task)) is None:
            msg = "another worker has taken this task over"
            raise StaleWriteError(msg)
        return task

    def change_part(self, task: Task) -> Item:
        """The part of a transaction that changes a task nobody works on."""
        return self.table.update_op(self._changed(task))

    def _changed(self, task: Task) -> Update:
        item = self._item(task)
        values = {n: v for n, v in item.items() if n not in {"PK", "SK", "fence"}}
        absent: dict[str, Any] = {n: None for n in (*_OPTIONAL, *(f"{s}_sealed" for s in _SEALED)) if n not in values}
        update = Update(request_key(task.request_id, f"TASK#{task.store}")).set(**values, **absent)
        return update.when("{fence} = {=mine}", mine=task.fence)

    def fail_task(self, request_id: str, store: str, error_class: str) -> None:
        """Record that a store's work ended in an error, unless it is done; the class only, never the message."""
        task = self.claim_task(self.task(request_id, store))
        if task.status is not TaskStatus.DONE:
            self.checkpoint_task(replace(task, status=TaskStatus.FAILED, error_class=error_class))

    def restart_task(self, request_id: str, store: str) -> None:
        """Have a store's work done again from the beginning, as if it had never been begun."""
        self.checkpoint_task(self.fresh_task(request_id, store))

    def fresh_task(self, request_id: str, store: str) -> Task:
        """A task, taken over, as it was before it was begun; not recorded yet."""
        mine = self.claim_task(self.task(request_id, store))
        fresh = {
            *("request_id", "store", "kind", "stage", "operation"),
            *("collections", "purposes", "preview", "conflicts", "refused", "keep_until", "withheld"),
        }
        facts = {name: getattr(mine, name) for name in fresh}
        return Task(**facts, fence=mine.fence)

    def reopen_tasks(self, request_id: str, *, only: str | None = None) -> int:
        """Put failed tasks, or the one of a single store, back to work where they stood, and say how many."""
        failed = [task for task in self.tasks(request_id) if task.status is TaskStatus.FAILED]
        failed = [task for task in failed if only is None or task.store == only]
        for task in failed:
            mine = self.claim_task(task)
            self.checkpoint_task(replace(mine, status=TaskStatus.PENDING, error_class="", late_rounds=0))
        return len(failed)

    def _item(self, task: Task) -> Item:
        raw = {f.name: getattr(task, f.name) for f in fields(Task) if f.name not in {"request_id", *_SEALED}}
        raw |= {"counts": task.counts.to_dict()}
        sealed = {n: self.sealer.seal(task.request_id, v) for n in _SEALED if (v := getattr(task, n)) is not None}
        if sum(map(len, sealed.values())) > ROOM:
            msg = "the record of a page is too large for one item"
            raise TooLargeError(msg)
        raw |= {f"{name}_sealed": value for name, value in sealed.items()}
        return request_key(task.request_id, f"TASK#{task.store}") | {n: v for n, v in raw.items() if v is not None}

    def _task(self, item: Item) -> Task:
        task = task_of(item)
        sealed = {name: item[f"{name}_sealed"] for name in _SEALED if f"{name}_sealed" in item}
        return replace(task, **{name: self.sealer.open(task.request_id, value) for name, value in sealed.items()})


_OPTIONAL = ("collection", "begun_at", "done_at", "verified_at", "refused", "keep_until")


def task_of(item: Item) -> Task:
    """The task that an item tells of; what lies sealed in it stays so."""
    known = {f.name for f in fields(Task)}
    raw = {name: value for name, value in item.items() if name in known}
    raw |= {
        "request_id": item["PK"].removeprefix("REQUEST#"),
        "operation": Operation(item["operation"]),
        "status": TaskStatus(item["status"]),
        "counts": Counts.from_dict(item["counts"]),
        "collections": tuple(item.get("collections", ())),
        "purposes": tuple(item.get("purposes", ())),
        "withheld": {name: int(ground) for name, ground in item.get("withheld", {}).items()},
        "conflicts": tuple(item.get("conflicts", ())),
    }
    return Task(**raw)
