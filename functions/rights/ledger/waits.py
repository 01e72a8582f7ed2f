"""Waits: where an execution stands still until somebody answers, in generations.

A state that is retried waits again with a new token: the next generation. A wait is answered once. An answer that came
when no token could take it (too early, or to one that timed out) is left for the next generation, never lost.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from rights.clock import stamp
from rights.errors import StaleWriteError
from rights.ledger.model import Wait
from rights.ledger.requests import Requests
from rights.ledger.table import Item, Update, request_key

_RACES = 10


class Waits(Requests):
    """The waits of a request."""

    def open_wait(self, request_id: str, name: str, token: str, seconds: int) -> Wait:
        """Begin to wait with a new task token; an answer that is still unused is taken over and rung for."""
        for _ in range(_RACES):
            last = self.last_wait(request_id, name)
            item = request_key(request_id, _sort(name, last.generation + 1 if last else 1)) | {
                "token_sealed": self.sealer.seal(request_id, token),
                "until": stamp(self.clock() + timedelta(seconds=seconds)),
            }
            parts = []
            if last is not None and last.consumed_at is None:
                before = Update(request_key(request_id, _sort(name, last.generation)))
                if last.answer is not None:
                    item |= {"answer": last.answer} | self.relay_mark(request_id)
                    before.set(consumed_at=self.now(), relay_at=None, relay_shard=None)
                    before.when("attribute_not_exists({consumed_at})")
                else:
                    before.set(superseded=True).when("attribute_not_exists({answer})")
                parts.append(self.table.update_op(before))
            if self.table.transact([self.table.put_op(item), *parts]) is None:
                return replace(wait_of(item), token=token)
        msg = "lost every race for this wait"
        raise StaleWriteError(msg)

    def answer_parts(self, request_id: str, name: str, answer: dict[str, Any]) -> list[Item]:
        """The parts of a transaction that answer a wait, once; empty when it has its answer already.

        With nobody waiting yet, the answer is put where the next generation will find it.
        """
        last = self.last_wait(request_id, name)
        if last is None or last.consumed_at is not None:
            generation = 1 if last is None else last.generation + 1
            return [self.table.put_op(request_key(request_id, _sort(name, generation)) | {"answer": answer})]
        if last.answer is not None:
            return []
        update = (
            Update(request_key(request_id, _sort(name, last.generation)))
            .set(answer=answer, **(self.relay_mark(request_id) if last.is_waiting else {}))
            .when("attribute_not_exists({answer}) AND attribute_not_exists({superseded})")
        )
        return [self.table.update_op(update)]

    def last_wait(self, request_id: str, name: str) -> Wait | None:
        """The newest generation of a wait."""
        found = self.table.query_items(f"REQUEST#{request_id}", f"WAIT#{name}#", newest_first=True)
        return next((wait_of(item) for item in found), None)

    def wait_with_token(self, key: Item) -> Wait | None:
        """The wait of a key, its token opened."""
        item = self.table.get(key)
        if item is None or "token_sealed" not in item:
            return None
        wait = wait_of(item)
        return replace(wait, token=self.sealer.open(wait.request_id, item["token_sealed"]))

    def wait_relayed(self, wait: Wait, *, delivered: bool) -> None:
        """Record that the answer reached the execution, or that its token could not take it any more."""
        if wait.relay_at is None:
            return
        update = Update(request_key(wait.request_id, _sort(wait.name, wait.generation)))
        update.set(relay_at=None, relay_shard=None, consumed_at=self.now() if delivered else None)
        self.table.update(update.when("{relay_at} = {=seen}", seen=wait.relay_at))


def wait_of(item: Item) -> Wait:
    """The wait that an item tells of; its token stays sealed."""
    _, name, generation = item["SK"].split("#")
    return Wait(
        request_id=item["PK"].removeprefix("REQUEST#"),
        name=name,
        generation=int(generation),
        is_waiting="token_sealed" in item,
        until=item.get("until"),
        answer=item.get("answer"),
        consumed_at=item.get("consumed_at"),
        relay_at=item.get("relay_at"),
    )


def _sort(name: str, generation: int) -> str:
    return f"WAIT#{name}#{generation:04d}"
