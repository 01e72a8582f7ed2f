"""Erasures in data lakes: queued per lake, and worked on in batches that many requests share.

| item | PK / SK | holds |
|---|---|---|
| queued | `LAKE#<store>` / `QUEUED#<request>` | since when, when due, the batch that took it; the keys, sealed |
| batch | `LAKE#<store>` / `BATCH` | the one batch that is being worked on, and how far it is |
| members | `PURGE#<batch>` / `MEMBERS#<n>` | some of the batch's requests with their keys, sealed to the batch |
| chunk | `PURGE#<batch>` / `CHUNK#<n>` | some of the lake's objects, and whether they are done |
| object | `PURGE#<batch>` / `OBJECT#<collection>#<hash>` | what was found in an object, before it is taken out |
| result | `REQUEST#<id>` / `LAKE#<store>` | what the last batch took out for one request |

The queue forgets a request in the transaction that writes its result and answers its wait. What belongs to a batch goes
with it, its sealed keys too.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from rights.domain.identity import KeySet
from rights.errors import StaleWriteError
from rights.ledger.holds import Holds
from rights.ledger.model import LakeBatch, LakeChunk, LakeMember, LakeResult, Queued
from rights.ledger.requests import new_request_id
from rights.ledger.table import Item, Update, request_key
from rights.ledger.waits import Waits

MEMBERS_AT_ONCE = 500
"""So many requests lie in one item."""
_RACES = 10


class Lake(Waits, Holds):
    """The queues of the lakes, and their batches."""

    def queue_erasure(self, request_id: str, store: str, keys: KeySet, collections: Sequence[str]) -> None:
        """Put a request into a lake's queue, once, until a batch has answered it."""
        request = self.get(request_id)
        item = _lake(store, f"QUEUED#{request_id}") | {
            "queued_at": self.now(),
            "due_at": request.work_by or request.due_at,
            "sealed": self.sealer.seal(request_id, [keys.to_mapping(), list(collections)]),
        }
        self.table.put(item, only_new=True)

    def lake_result(self, request_id: str, store: str) -> LakeResult | None:
        """What the last batch took out for a request; `None` before the first."""
        item = self.table.get(request_key(request_id, f"LAKE#{store}"))
        if item is None:
            return None
        return LakeResult(item["batch"], item["since"], json.loads(item["counts"]), item["blocked"])

    def queued(self, store: str) -> Iterator[Queued]:
        """The requests that wait in a lake's queue or are being worked on, without their keys."""
        for item in self.table.query_items(f"LAKE#{store}", "QUEUED#"):
            request_id = item["SK"].removeprefix("QUEUED#")
            yield Queued(request_id, item["queued_at"], item["due_at"], item.get("batch"))

    def is_held(self, queued: Queued) -> bool:
        """Tell whether a legal hold stands on the person now: it may have been placed while the request waited."""
        request = self.table.get(request_key(queued.request_id)) or {}
        return self.hold_on(request.get("known_as", ())) is not None

    # ------------------------------------------------------------------ the batch

    def batch(self, store: str) -> LakeBatch | None:
        """The batch that a lake is being worked on for; `None` when there is none."""
        item = self.table.get(_lake(store, "BATCH"))
        return _batch(item) if item else None

    def begin_batch(self, store: str) -> LakeBatch | None:
        """Begin a batch; `None` when somebody else just did."""
        now = self.now()
        batch = LakeBatch(store, new_request_id(), "gathering", now, now)
        return batch if self.table.put(_batch_item(batch), only_new=True) else None

    def next_attempt(self, batch: LakeBatch) -> LakeBatch | None:
        """Have a batch taken up again whose run has ended too early; `None` when somebody else just did."""
        update = Update(_lake(batch.store, "BATCH")).set(attempt=batch.attempt + 1, tried_at=self.now())
        update.when("{id} = {=id} AND {attempt} = {=attempt}", id=batch.id, attempt=batch.attempt)
        item = self.table.update(update)
        return _batch(item) if item else None

    def checkpoint_batch(self, batch: LakeBatch) -> None:
        """Remember how far a batch is planned."""
        facts = {"state": batch.state, "chunks": batch.chunks, "place": batch.place, "requests": batch.requests}
        self.table.update(Update(_lake(batch.store, "BATCH")).set(**facts).when("{id} = {=id}", id=batch.id))

    def gather(self, batch: LakeBatch, most: int) -> LakeBatch:
        """Take the requests that wait, the earliest due first and at most so many; who comes later waits for the next.

        Whoever is under a legal hold stays in the queue until it ends. May be repeated while the batch is `gathering`;
        from then on its members stay who they are.
        """
        waiting = sorted(self.queued(batch.store), key=lambda queued: (queued.batch != batch.id, queued.due_at))
        chosen = list(islice((one for one in waiting if not self.is_held(one)), most))
        for number, start in enumerate(range(0, len(chosen), MEMBERS_AT_ONCE)):
            members = [self._member(batch, queued) for queued in chosen[start : start + MEMBERS_AT_ONCE]]
            sealed = self.sealer.seal(_context(batch.id), [member for member in members if member])
            self.table.put(_purge(batch.id, f"MEMBERS#{number:04d}") | {"sealed": sealed}, only_new=False)
        gathered = replace(batch, state="purging", requests=len(chosen))
        self.checkpoint_batch(gathered)
        return gathered

    def _member(self, batch: LakeBatch, queued: Queued) -> list[Any] | None:
        update = Update(_lake(batch.store, f"QUEUED#{queued.request_id}")).set(batch=batch.id)
        item = self.table.update(update.when("attribute_exists(PK)"))
        if item is None:
            return None
        return [queued.request_id, *self.sealer.open(queued.request_id, item["sealed"])]

    def members(self, batch_id: str) -> list[LakeMember]:
        """The requests of a batch with their keys, each known by its place from here on."""
        parts = (self.sealer.open(_context(batch_id), i["sealed"]) for i in self._of_batch(batch_id, "MEMBERS#"))
        found = [member for part in parts for member in part]
        return [
            LakeMember(number, request_id, KeySet.from_mapping(keys), tuple(collections))
            for number, (request_id, keys, collections) in enumerate(found)
        ]

    # ------------------------------------------------------------------ objects

    def put_chunk(self, batch_id: str, chunk: LakeChunk) -> bool:
        """Lay some objects down to be gone through; False when the chunk of this number is there already."""
        item = {"collection": chunk.collection, "keys": list(chunk.keys), "state": chunk.state, "tries": chunk.tries}
        return self.table.put(_purge(batch_id, f"CHUNK#{chunk.number:06d}") | item, only_new=True)

    def chunk(self, batch_id: str, number: int) -> LakeChunk | None:
        """One chunk, or `None`."""
        item = self.table.get(_purge(batch_id, f"CHUNK#{number:06d}"))
        return _chunk(item) if item else None

    def chunks(self, batch_id: str) -> Iterator[LakeChunk]:
        """All chunks of a batch, in order."""
        return (_chunk(item) for item in self._of_batch(batch_id, "CHUNK#"))

    def chunk_tried(self, batch_id: str, number: int) -> None:
        """Count a try at a chunk."""
        update = Update(_purge(batch_id, f"CHUNK#{number:06d}")).add("tries", 1)
        self.table.update(update.when("attribute_exists(PK)"))

    def chunk_done(self, batch_id: str, number: int, problems: Mapping[str, int]) -> None:
        """Record that every object of a chunk was gone through, and how many could not be worked on, by code."""
        update = Update(_purge(batch_id, f"CHUNK#{number:06d}")).set(state="done", problems=dict(problems))
        self.table.update(update.when("attribute_exists(PK)"))

    def object_record(self, batch_id: str, collection: str, key: str) -> dict[str, Any] | None:
        """What is remembered of an object (`rights.stores.lake_purge`)."""
        item = self.table.get(_object(batch_id, collection, key))
        return json.loads(item["record"]) if item else None

    def put_object_record(self, batch_id: str, collection: str, key: str, record: Mapping[str, Any]) -> None:
        """Remember it; one run at a time goes through an object."""
        text = json.dumps(record, separators=(",", ":"))
        self.table.put(_object(batch_id, collection, key) | {"key": key, "record": text}, only_new=False)

    def object_records(self, batch_id: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The collection, the key and the record of every object in which something was found."""
        for item in self._of_batch(batch_id, "OBJECT#"):
            yield item["SK"].split("#")[1], item["key"], json.loads(item["record"])

    # ------------------------------------------------------------------ the end

    def answer_member(
        self, batch: LakeBatch, request_id: str, counts: Mapping[str, Mapping[str, Any]], blocked: int
    ) -> bool:
        """Give a request its result, answer its wait, forget it in the queue; False when that was done before."""
        key = _lake(batch.store, f"QUEUED#{request_id}")
        result = Update(request_key(request_id, f"LAKE#{batch.store}")).set(
            batch=batch.id, since=batch.began_at, counts=json.dumps(counts), blocked=blocked
        )
        for _ in range(_RACES):
            if (self.table.get(key) or {}).get("batch") != batch.id:
                return False
            parts = [
                self.table.delete_op(key, "{batch} = {=batch}", batch=batch.id),
                self.table.update_op(result),
                *self.answer_parts(request_id, batch.store, {"outcome": "purged"}),
            ]
            if self.table.transact(parts) is None:
                return True
        raise StaleWriteError("lost every race for this answer")

    def end_batch(self, batch: LakeBatch) -> None:
        """Forget a batch and all that belongs to it."""
        for part in ("MEMBERS#", "CHUNK#", "OBJECT#"):
            self.table.delete_many([{"PK": i["PK"], "SK": i["SK"]} for i in self._of_batch(batch.id, part)])
        self.table.transact([self.table.delete_op(_lake(batch.store, "BATCH"), "{id} = {=id}", id=batch.id)])

    def _of_batch(self, batch_id: str, part: str) -> Iterator[Item]:
        return self.table.query_items(f"PURGE#{batch_id}", part)


def _context(batch_id: str) -> str:
    return f"purge/{batch_id}"


def _lake(store: str, sort: str) -> Item:
    return {"PK": f"LAKE#{store}", "SK": sort}


def _purge(batch_id: str, sort: str) -> Item:
    return {"PK": f"PURGE#{batch_id}", "SK": sort}


def _object(batch_id: str, collection: str, key: str) -> Item:
    return _purge(batch_id, f"OBJECT#{collection}#{hashlib.sha256(key.encode()).hexdigest()}")


def _chunk(item: Item) -> LakeChunk:
    number = int(item["SK"].removeprefix("CHUNK#"))
    return LakeChunk(
        number, item["collection"], tuple(item["keys"]), item["state"], item["tries"], item.get("problems", {})
    )


def _batch(item: Item) -> LakeBatch:
    store = item["PK"].removeprefix("LAKE#")
    names = ("id", "state", "began_at", "tried_at", "attempt", "chunks", "requests")
    return LakeBatch(store, place=item.get("place"), **{name: item[name] for name in names})


def _batch_item(batch: LakeBatch) -> Item:
    names = ("id", "state", "began_at", "tried_at", "attempt", "chunks", "requests", "place")
    facts = {name: getattr(batch, name) for name in names}
    return _lake(batch.store, "BATCH") | {name: value for name, value in facts.items() if value is not None}
