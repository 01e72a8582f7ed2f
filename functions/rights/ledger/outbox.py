"""The outbox: what has to follow a change outside the ledger, and the runs that carry a request on.

An item with `relay_at` is owed something: an execution to start, an answer to deliver, a notice to hand over. It keeps
the mark until that was done, so whoever looks (the stream's doorbell, the sweep) can do it, and twice does no harm.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rights.clock import stamp
from rights.domain.status import Status
from rights.ledger.model import Request
from rights.ledger.requests import Change, Requests
from rights.ledger.table import SHARDS, Item, Update, request_key

RETRIES_BY_ITSELF = 8


class Outbox(Requests):
    """What the ledger owes to the world outside it."""

    def owed(self, until: datetime) -> Iterator[Item]:
        """Keys of the items whose relay is owed since `until` or before (from an index: read again)."""
        for shard in range(SHARDS):
            for item in self.table.query_index("by_relay", "relay_shard", f"RELAY#{shard}", "relay_at", stamp(until)):
                yield {"PK": item["PK"], "SK": item["SK"]}

    def started(self, request: Request) -> None:
        """Record that the execution of this run exists."""
        if request.relay_at is None:
            return
        update = Update(request_key(request.id)).set(relay_at=None, relay_shard=None, run_started_at=self.now())
        self.table.update(update.when("{relay_at} = {=seen}", seen=request.relay_at))

    def owed_since(self, key: Item) -> str | None:
        """Since when an item's relay is owed; `None` when it is not, or (a notice, a callback) not yet again."""
        relay_at: str | None = (self.table.get(key) or {}).get("relay_at")
        # Only messages are put off; for the rest, clocks of two machines that differ a little must not delay anything.
        put_off = key["SK"].startswith(("NOTICE#", "CALLBACK#")) and relay_at is not None and relay_at > self.now()
        return None if put_off else relay_at

    def revived(self, request: Request) -> Item:
        """What to set so that a request whose run has ended goes on at once; nothing while its run is alive."""
        if request.ended_run != request.run:
            return {}
        return {"run": request.run + 1, "retry_at": None, "retries": 0} | self.relay_mark(request.id)

    def run_ended(self, request_id: str, run: int, *, pause: timedelta) -> Request:
        """Record that a run ended although the request did not: it needs repair, and is tried again after a pause.

        The pause doubles each time; after some tries only an operator starts the next run.
        """

        def decide(request: Request) -> Change | None:
            if request.is_final or request.run != run or request.ended_run == run:
                return None
            by_itself = request.retries < RETRIES_BY_ITSELF
            retry_at = stamp(self.clock() + pause * 2**request.retries) if by_itself else None
            repair = Status.NEEDS_REPAIR if request.status is Status.IN_PROGRESS else None
            return Change(
                code="run_ended",
                to=repair,
                sets={"ended_run": run, "retry_at": retry_at, "retries": request.retries + 1, "retry_only": None},
                detail={"run": run},
            )

        return self.change(request_id, decide)

    def next_run(self, request_id: str, *, after: int, by: str = "system", only: str | None = None) -> Request:
        """Start the run after run `after`, once, whoever asks; `only`: the one store of it that is tried again."""

        def decide(request: Request) -> Change | None:
            if request.is_final or request.run != after or request.ended_run != after:
                return None
            return Change(
                code="run_started",
                by=by,
                sets={"run": after + 1, "retry_at": None, "retry_only": only} | self.relay_mark(request_id),
                detail={"run": after + 1},
            )

        return self.change(request_id, decide)
