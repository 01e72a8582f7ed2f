"""Erase: plan a page, record the plan, carry it out, and at the end plan again to see what is left.

A page is recorded as an intent before it is applied, and folded into the counts after: a worker that dies in between
leaves the intent, its successor applies it again, which changes nothing more, and counts it once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rights.domain.identity import KeySet
from rights.domain.mall_time import today_in_the_mall
from rights.domain.tombstone import Tombstone
from rights.domain.work import Disposition
from rights.errors import TooLargeError
from rights.ledger.model import RetainedRows, Task
from rights.stores.contract import ErasurePage
from rights.stores.works.doing import Done, ReadBack, Tools, entry_of

_BUNDLE_BYTES = 100 * 1024
_AROUND_A_KEY = 4
"""What is left of the names and marks around a key once they are compressed, which all rows share."""


class Erase:
    """Erases or anonymises what nothing keeps, and remembers until when the rest is kept."""

    reads_back = True

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """The records of the person."""
        return self._tools.connector.count(keys)

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Apply the recorded intent, or plan a page, record it and apply it."""
        if task.intent is not None:
            page = ErasurePage.from_dict(task.intent)
        else:
            page = self._plan(task, keys, name)
            if page.to_do:
                page, task = self._recorded(task, page)
        if page.to_do:
            self._tools.connector.apply_page(name, keys, page)
            # Before the page is folded: whoever takes up a page that was cut off here does both again.
            self._tools.ledger.bury(task.request_id, self._stones(task, name, keys, page), self._tools.backup_days)
        # What an earlier round kept is counted; a later round only adds what it changes.
        added = ErasurePage(bulk=page.rows()) if entry_of(task, name).get("passed") else page
        return task, Done(replace(added.counts(), found=0), page.next, again=page.again)

    def _recorded(self, task: Task, page: ErasurePage) -> tuple[ErasurePage, Task]:
        """What of the page is done now, and the task with that on record: half of it as often as it is too large."""
        while True:
            try:
                return page, self._tools.ledger.checkpoint_task(replace(task, intent=page.intent().to_dict()))
            except TooLargeError:
                page = page.half()

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """What would still be erased is left; what is kept is remembered with its date, so that it ends by itself."""
        page = self._plan(task, keys, name)
        kept = replace(ErasurePage(bulk=page.rows(Disposition.RETAIN)).counts(), found=0)
        # Before the checkpoint: a read-back that is taken up again writes the same names again.
        self._tools.ledger.retain(task.request_id, list(_retained(task, name, keys, page)))
        return ReadBack(page.to_do, page.next, kept)

    def again(self, task: Task) -> Task:
        """The counts stay: another round adds what came in meanwhile."""
        return task

    def _stones(self, task: Task, name: str, keys: KeySet, page: ErasurePage) -> list[Tombstone]:
        """What was erased or anonymised; under the fence of this worker, so that no other page has the same name."""
        order = self._tools.connector.collections().index(name)
        return [
            Tombstone(
                request_id=task.request_id,
                store=task.store,
                collection=name,
                order=order,
                label=f"{task.fence:06d}.{task.page:06d}.{number}",
                operation=rows.disposition,
                keys=keys.to_mapping(),
                columns=dict(zip(rows.names, rows.columns, strict=True)),
            )
            for number, rows in enumerate(page.rows())
            if rows.names
        ]

    def _plan(self, task: Task, keys: KeySet, name: str) -> ErasurePage:
        today = today_in_the_mall(self._tools.clock())
        page = self._tools.connector.plan_page(name, keys, task.cursor, today)
        if task.refused is None or task.keep_until is None:
            return page
        return page.kept_whole(task.refused, task.keep_until)


def _retained(task: Task, name: str, keys: KeySet, page: ErasurePage) -> Iterator[RetainedRows]:
    """The rows of a page that stay until a date: bundles for each date, ground and reason, each of a bounded size."""
    bundles: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for change in (*page.doing(Disposition.RETAIN), *page.resting):
        if (kept := change.kept) is not None and change.key:
            bundles.setdefault((kept.until, kept.ground, kept.reason), []).append(change.key)
    for (until, ground, reason), rows in bundles.items():
        for number, part in enumerate(_parts(rows)):
            yield RetainedRows(
                request_id=task.request_id,
                store=task.store,
                collection=name,
                label=f"{task.page:06d}.{ground}.{reason}" + (f".{number}" if number else ""),
                until=until,
                ground=ground,
                reason=reason,
                keys=keys.to_mapping(),
                rows=part,
            )


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows in parts of which an item of the ledger can hold two: what is kept, and what is about to be erased of it."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        of_row = sum(len(str(value)) for value in row.values()) + _AROUND_A_KEY
        if part and size + of_row > _BUNDLE_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += of_row
    yield part
