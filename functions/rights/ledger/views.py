"""What operators look at: many requests at once, counted and in pages, without a scan and with one read for a hundred.

Indexes carry keys only and lag a little: each request is read again, and one that has moved on is left out.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from rights.clock import stamp
from rights.domain.status import Status
from rights.ledger.model import Event, Request, Task, Wait
from rights.ledger.requests import Requests, event_of, request_of
from rights.ledger.table import SHARDS, Update, request_key
from rights.ledger.tasks import task_of
from rights.ledger.waits import wait_of

PAGE = 100
_MADE_ANEW = timedelta(seconds=30)
"""How long whoever makes a snapshot anew has for it."""


class Views(Requests):
    """Requests as lists."""

    def open_by_date(self) -> list[tuple[str, str]]:
        """Due date and id of every open request, the soonest first."""
        found = [
            (str(item["due_at"]), str(item["PK"].removeprefix("REQUEST#")))
            for shard in range(SHARDS)
            for item in self.table.query_index("by_due", "due_shard", f"DUE#{shard}", "due_at", None)
        ]
        return sorted(found)

    def count_by_status(self, status: Status, most: int = 10_000) -> int:
        """How many requests have a status; no further than `most` and a page."""
        return self.table.count_index("by_status", "status", status, most)

    def newest_of(self, status: Status, until: str | None = None) -> Iterator[tuple[str, str]]:
        """When they came in, and the ids, of the requests of a status, the newest first, from `until` back."""
        found = self.table.query_index(
            "by_status", "status", status, "received_at", until, newest_first=True, page=PAGE
        )
        for item in found:
            yield str(item["received_at"]), str(item["PK"].removeprefix("REQUEST#"))

    def oldest_of(self, status: Status, most: int) -> list[str]:
        """The ids of the requests of a status that came in first."""
        found = self.table.query_index("by_status", "status", status, "received_at", None, page=most)
        return [str(item["PK"].removeprefix("REQUEST#")) for item, _ in zip(found, range(most), strict=False)]

    def requests_at(self, request_ids: Sequence[str]) -> list[Request]:
        """The requests of these ids, in this order; one that is gone is left out."""
        found = self.table.get_many([request_key(one) for one in request_ids])
        items = (found.get((f"REQUEST#{one}", "STATE")) for one in request_ids)
        return [request_of(item) for item in items if item is not None]

    def tasks_at(self, store: str, request_ids: Sequence[str]) -> dict[str, Task]:
        """The task of one store, by request, of those that have one."""
        found = self.table.get_many([request_key(one, f"TASK#{store}") for one in request_ids])
        return {task.request_id: task for task in map(task_of, found.values())}

    def waits_of(self, request_id: str) -> list[Wait]:
        """Every generation of every wait of a request, without its token."""
        return [wait_of(item) for item in self.table.query_items(f"REQUEST#{request_id}", "WAIT#")]

    def last_events(self, requests: Iterable[Request]) -> dict[str, Event]:
        """The newest event of each request, by its id."""
        keys = [request_key(one.id, f"EVENT#{one.version:08d}") for one in requests]
        found = self.table.get_many(keys)
        return {partition.removeprefix("REQUEST#"): event_of(item) for (partition, _), item in found.items()}

    def requests_of_subject(self, subject: str, *, most: int) -> list[str]:
        """The ids of the requests of a resolved person, the newest first."""
        found = self.table.query_index(
            "by_subject", "subject", subject, "received_at", None, newest_first=True, page=most
        )
        return [str(item["PK"].removeprefix("REQUEST#")) for item, _ in zip(found, range(most), strict=False)]

    def last_snapshot(self, name: str) -> tuple[str, Any] | None:
        """When a snapshot was made, and what it holds; None before there is one."""
        item = self.table.get(_snapshot_key(name))
        return (str(item["as_of"]), json.loads(item["content"])) if item and "content" in item else None

    def may_make_snapshot(self, name: str) -> bool:
        """True for one of those who find a snapshot too old: the others need not make it too."""
        now = self.clock()
        update = Update(_snapshot_key(name)).set(taken_at=stamp(now))
        update.when("attribute_not_exists({taken_at}) OR {taken_at} < {=before}", before=stamp(now - _MADE_ANEW))
        return self.table.update(update) is not None

    def keep_snapshot(self, name: str, content: Any) -> str:
        """Keep what was seen just now for whoever looks next; returns as of when it is."""
        as_of = self.now()
        text = json.dumps(content, separators=(",", ":"))
        self.table.update(Update(_snapshot_key(name)).set(as_of=as_of, content=text))
        return as_of


def _snapshot_key(name: str) -> dict[str, Any]:
    return {"PK": "SNAPSHOTS", "SK": name}
