"""Our own records of a request: how they end, step by step, and whose they are.

Every step deletes first, which may be done twice, and then records its event and that it is done in one transaction, so
it is told once. The last step deletes the state together with the item that called for it and counts the request: a
request is counted once, and nothing is left that could be counted again.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rights.clock import stamp
from rights.domain.confirmation import Confirm
from rights.domain.own_records import End
from rights.errors import StaleWriteError
from rights.ledger.endings import END, ENDS, Ending, ending_of
from rights.ledger.lookup import typed_keys_of
from rights.ledger.model import Request
from rights.ledger.requests import Change, Requests
from rights.ledger.table import SHARDS, Item, Update, reference_key, request_key
from rights.ledger.undelivered import attention_key

_SEALED_ITEMS = ("PRIVATE#", "CODES#")
_SEALED_ATTRIBUTES = {"WAIT#": ("token_sealed",), "TASK#": ("cursor_sealed", "intent_sealed")}


class Records(Requests):
    """The end of a request's own records, and a person's requests as data about them."""

    def ends_due(self) -> Iterator[str]:
        """The requests of which something is due to end, oldest first within a shard (from an index: read again)."""
        now = self.now()
        for shard in range(SHARDS):
            for item in self.table.query_index("by_due", "due_shard", f"{ENDS}#{shard}", "due_at", now):
                yield item["PK"].removeprefix("REQUEST#")

    def ending(self, request_id: str) -> Ending | None:
        """How far the records of a request have ended; `None` once its proof has, or before it is closed."""
        item = self.table.get(request_key(request_id, END))
        return None if item is None else ending_of(item)

    def put_off(self, ending: Ending, until: datetime) -> None:
        """Look again when the next end is due."""
        self.table.update(_moved(ending, until))

    def records_held(self, ending: Ending, until: datetime, last_day: str) -> None:
        """Keep evidence and proof until a hold ends, with an event; does nothing if somebody else was here."""
        moved = _moved(ending, until).set(held_until=stamp(until))
        self._step(ending, moved, Change(code="records_held", detail={"until": last_day}))

    def records_ended(
        self,
        ending: Ending,
        end: End,
        code: str | None,
        *,
        sets: Mapping[str, Any] | None = None,
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Record that something has ended, with an event unless there was nothing; once, whoever comes again."""
        done = _seen(ending).set(done=sorted({*ending.done, end}))
        if code is None:
            self.table.update(done)
        else:
            self._step(ending, done, Change(code=code, sets=sets or {}, detail=detail or {}))

    def _step(self, ending: Ending, moved: Update, change: Change) -> None:
        part = self.table.update_op(moved)

        def decide(_: Request) -> Change | None:
            if self.ending(ending.request_id) != ending:
                return None
            return Change(code=change.code, sets=change.sets, detail=change.detail, also=[part])

        self.change(ending.request_id, decide)

    def drop_sealed(self, request_id: str) -> None:
        """Delete what says who the person is: the sealed parts, the codes, the tokens and the places in their data."""
        partition = f"REQUEST#{request_id}"
        for prefix in _SEALED_ITEMS:
            self.table.delete_many([_key(item) for item in self.table.query_items(partition, prefix)])
        for prefix, names in _SEALED_ATTRIBUTES.items():
            for item in self.table.query_items(partition, prefix):
                if sealed := [name for name in names if name in item]:
                    bare = Update(_key(item)).set(**dict.fromkeys(sealed))
                    self.table.update(bare.when("attribute_exists(PK)"))

    def end_proof(self, request: Request, year: int) -> None:
        """Delete everything that is left of a request and count it, once.

        StaleWriteError when something was written meanwhile: the next run deletes that too.
        """
        left = [_key(item) for item in self.table.query_all(f"REQUEST#{request.id}")]
        last = [request_key(request.id), request_key(request.id, END)]
        beside = [attention_key(request.id), reference_key(request.id), *typed_keys_of(request)]
        self.table.delete_many([*(key for key in left if key not in last), *beside])
        counter = {"PK": f"COUNTED#{year}", "SK": f"{request.right}#{request.outcome or request.status}"}
        parts = [
            self.table.delete_op(last[0], "{version} = {=seen}", seen=request.version),
            self.table.delete_op(last[1], "attribute_exists(PK)"),
            self.table.update_op(Update(counter).add("requests", 1)),
        ]
        if self.table.transact(parts) is not None and self.ending(request.id) is not None:
            msg = "the request was written to while it ended"
            raise StaleWriteError(msg)

    def requests_of(self, subjects: Iterable[str]) -> list[tuple[str, str]]:
        """When they came in, and the ids, of the requests of a person known by these pseudonyms, oldest first.

        From an index, so one of a moment ago may be missing: read each again.
        """
        return sorted(
            (item["received_at"], item["PK"].removeprefix("REQUEST#"))
            for subject in sorted(set(subjects))
            for item in self.table.query_index("by_subject", "subject", subject, "received_at", None)
        )

    def contact_corrections(self, subjects: Iterable[str]) -> list[str]:
        """When corrections of these people that brought a new sign-in contact were closed."""
        requests = (self.get(request_id) for _, request_id in self.requests_of(subjects))
        return [r.closed_at for r in requests if r.confirm == Confirm.NEW_CONTACT and r.confirmed_at and r.closed_at]


def _key(item: Item) -> Item:
    return {"PK": item["PK"], "SK": item["SK"]}


def _seen(ending: Ending) -> Update:
    """A change of the item as it was read, and only of that."""
    update = Update(request_key(ending.request_id, END)).when("{due_at} = {=seen}", seen=ending.due_at)
    return update.when("{done} = {=was}", was=sorted(ending.done))


def _moved(ending: Ending, until: datetime) -> Update:
    return _seen(ending).set(due_at=stamp(until))
