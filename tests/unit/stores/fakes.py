# ruff: noqa: ARG002 - a fake keeps the names of what it stands for
"""Fakes that several tests of the stores share: a ledger, a package, a context and a store in memory."""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Operation
from rights.domain.tombstone import Tombstone
from rights.domain.work import Disposition, Kept
from rights.errors import StaleWriteError, TooLargeError
from rights.ledger.model import RetainedRows, Task
from rights.stores.contract import Change, Cursor, ErasurePage, Page, Plain, Record

REQUEST = "01REQUEST"
SOMEBODY = KeySet.of([Identifier(Kind.ACCOUNT, "acc-1")])


def at_noon() -> datetime:
    """A clock that stands still."""
    return datetime(2025, 11, 22, 5, tzinfo=UTC)


class Killed(BaseException):
    """The function was ended from outside: nothing in it can catch this."""


class FakeLedger:
    """The ledger's promises about one task, in memory; it keeps only what JSON can carry."""

    def __init__(
        self, operation: Operation, keys: KeySet = SOMEBODY, store: str = "shop", request_id: str = REQUEST
    ) -> None:
        self.saved = Task(request_id=request_id, store=store, kind="fake", stage=2, operation=operation)
        self.sealed: dict[str, Any] = {"subject": {"keys": keys.to_mapping()}}
        self.checkpoints: list[Task] = []
        self.retained: dict[tuple[str, str, str], RetainedRows] = {}
        self.buried: dict[tuple[str, str], Tombstone] = {}
        self.before_checkpoint: Callable[[Task], None] = lambda _: None
        self.room = 1_000_000
        """Bytes that an intent may take."""

    def task(self, request_id: str, store: str) -> Task:
        assert (request_id, store) == (self.saved.request_id, self.saved.store)
        return deepcopy(self.saved)

    def claim_task(self, task: Task) -> Task:
        self.saved = replace(self.saved, fence=self.saved.fence + 1)
        return deepcopy(self.saved)

    def checkpoint_task(self, task: Task) -> Task:
        self.before_checkpoint(task)
        if task.fence != self.saved.fence:
            raise StaleWriteError
        for part in (task.cursor, task.intent, task.by_collection, task.counts.to_dict()):
            assert json.loads(json.dumps(part)) == part
        if len(json.dumps(task.intent)) > self.room:
            raise TooLargeError
        self.saved = deepcopy(task)
        self.checkpoints.append(self.saved)
        return task

    def retain(self, request_id: str, bundles: Sequence[RetainedRows]) -> None:
        for rows in bundles:
            assert rows.request_id == request_id
            json.dumps([rows.keys, rows.rows])
            self.retained[rows.collection, rows.until, rows.label] = rows

    def bury(self, request_id: str, stones: Sequence[Tombstone], days: int) -> None:
        assert days
        for stone in stones:
            assert stone.request_id == request_id
            json.dumps([stone.keys, stone.rows])
            self.buried[stone.collection, stone.label] = stone

    def private(self, request_id: str, part: str) -> Any:
        assert request_id == self.saved.request_id
        return deepcopy(self.sealed.get(part))

    def put_private(self, request_id: str, part: str, data: Any) -> None:
        assert request_id == self.saved.request_id
        self.sealed[part] = json.loads(json.dumps(data))


class FakeParts:
    """A package in memory: folder and number to records."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Record]] = {}
        self.after_write: Callable[[], None] = lambda: None

    def write(self, folder: str, number: int, page: Page, records_before: int) -> None:
        self.pages[f"{folder}/{number:06d}"] = list(page.records)
        self.after_write()

    @property
    def records(self) -> list[Record]:
        return [record for name in sorted(self.pages) for record in self.pages[name]]


class Patient:
    """A context with all the time in the world, or with only so many looks at the clock before it is up."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        if self._looks is None:
            return 900_000
        self._looks -= 1
        return 900_000 if self._looks >= 0 else 1_000


class FakeStore(Plain):
    """A store with one person in it: collection to row id to what is to happen to the row."""

    def __init__(self, rows: Mapping[str, Mapping[str, Disposition]], page_size: int = 2) -> None:
        self.rows = {name: dict(of) for name, of in rows.items()}
        self.anonymised: set[str] = set()
        self.applied: list[str] = []
        self.kept_until: dict[str, str] = {}
        self.after_apply: Callable[[], None] = lambda: None
        self.after_plan: Callable[[], None] = lambda: None
        self._page_size = page_size

    def collections(self) -> list[str]:
        return list(self.rows)

    def recognise(self, identifier: Identifier) -> bool:
        return identifier.value == "known"

    def locate(self, keys: KeySet) -> KeySet:
        return keys

    def count(self, keys: KeySet) -> Mapping[str, int]:
        return {name: len(of) for name, of in self.rows.items()}

    def _page(self, collection: str, after: Cursor | None) -> tuple[list[str], Cursor | None]:
        later = sorted(row for row in self.rows[collection] if after is None or row > after["row"])
        page = later[: self._page_size]
        return page, {"row": page[-1]} if len(later) > len(page) else None

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        rows, following = self._page(collection, after)
        return Page([{"row": row} for row in rows], following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        rows, following = self._page(collection, after)
        changes = [
            Change({"row": row}, what, Kept(11, "2030-01-01", 1, "law") if what is Disposition.RETAIN else None)
            for row in rows
            if (what := self.rows[collection][row]) is not Disposition.ANONYMISE or row not in self.anonymised
        ]
        self.after_plan()
        return ErasurePage(changes, following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """Rows that are kept are so for as long as `kept_until` says, and erased after it."""
        self.after_plan()
        page = ErasurePage()
        for key in row_keys:
            what = self.rows[collection].get(key["row"])
            until = self.kept_until.get(key["row"], "2030-01-01")
            if what is Disposition.RETAIN and until >= today:
                page.changes.append(Change(dict(key), what, Kept(11, until, 1, "law")))
            elif what is Disposition.ANONYMISE:
                page.changes.extend([Change(dict(key), what)] if key["row"] not in self.anonymised else [])
            elif what is not None:
                page.changes.append(Change(dict(key), Disposition.ERASE))
        return page

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        for change in page.doing():
            row = change.key["row"]
            self.applied.append(row)
            if change.disposition is Disposition.ERASE:
                self.rows[collection].pop(row, None)
            else:
                self.anonymised.add(row)
        self.after_apply()
