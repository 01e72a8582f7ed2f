"""Purging lakes: when a batch begins, which objects it goes through, and what each request is told in the end.

A batch is begun and taken up again by the schedule alone, so a run that dies is nobody's loss: the next look at the
queue finds a batch without a run, and starts one that goes on where the ledger says the last one was.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from rights.clock import parse
from rights.datamap import DataMap, StoreMap
from rights.domain.purging import Terms, Waiting, purge_is_due
from rights.domain.work import Counts
from rights.errors import DataMapError, NotReadyError
from rights.ledger import Ledger
from rights.ledger.model import LakeBatch, LakeChunk, Queued
from rights.purging_stones import Stones
from rights.settings import Settings
from rights.stores.lake_counts import counts_of
from rights.stores.lake_objects import LakeObjects
from rights.telemetry import MetricUnit, logger, metrics

_CHUNKS_AT_ONCE = 80
"""So many chunks go into one wave: the list of them is what a state may hold."""
_OBJECTS_AT_ONCE = 200
_BYTES_AT_ONCE = 256 * 1024 * 1024
_ABOUT_TO_START = timedelta(minutes=1)
_MOST_TRIES = 3
"""A chunk that failed so often is given up for this batch; its objects count as blocked."""


class PurgeSettings(Settings):
    """The machine that goes through a lake, and how long its queue may grow."""

    purge_machine_arn: str
    purge_enough: int
    purge_longest_seconds: int
    purge_margin_seconds: int


class PlanSettings(Settings):
    """How many requests one batch takes at most."""

    purge_most: int


class FinishSettings(Settings):
    """How long the backups of the stores live."""

    backup_days: int


class PurgeInput(BaseModel):
    """Which batch of which lake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: str
    batch: str


class ChunkInput(PurgeInput):
    """Which of its objects."""

    chunk: int


def lakes(data_map: DataMap) -> list[StoreMap]:
    """The lakes of the data map."""
    return [store for store in data_map.stores if store.rights.kind == "lake"]


class Schedule:
    """Looks at the queues, and begins what is due."""

    def __init__(self, ledger: Ledger, states: Any, data_map: DataMap, settings: PurgeSettings) -> None:
        self._ledger = ledger
        self._states = states
        self._data_map = data_map
        self._settings = settings
        self._terms = Terms(
            settings.purge_enough,
            timedelta(seconds=settings.purge_longest_seconds),
            timedelta(seconds=settings.purge_margin_seconds),
        )

    def run(self) -> dict[str, int]:
        """Look at every lake once; how many requests wait, how many are late, and how many runs were started."""
        counts = {"waiting": 0, "late": 0, "started": 0}
        oldest = 0.0
        for store in lakes(self._data_map):
            queued = list(self._ledger.queued(store.fides_key))
            now = self._ledger.clock()
            counts["waiting"] += len(queued)
            counts["late"] += sum(parse(one.due_at) <= now for one in queued)
            oldest = max([oldest, *((now - parse(one.queued_at)).total_seconds() for one in queued)])
            counts["started"] += self._look(store.fides_key, queued)
        metrics.add_metric(name="LakeQueueAge", unit=MetricUnit.Seconds, value=oldest)
        metrics.add_metric(name="LakePurgesLate", unit=MetricUnit.Count, value=counts["late"])
        return counts

    def _look(self, store: str, queued: list[Queued]) -> bool:
        batch = self._ledger.batch(store)
        if batch is None:
            # Holds are asked for only where a pass is due: that is a look per request.
            is_due = self._is_due(queued) and self._is_due([one for one in queued if not self._ledger.is_held(one)])
            batch = self._ledger.begin_batch(store) if is_due else None
        elif self._is_live(batch):
            batch = None
        else:
            batch = self._ledger.next_attempt(batch)
        if batch is not None:
            self._start(batch)
        return batch is not None

    def _is_due(self, queued: list[Queued]) -> bool:
        if not queued:
            return False
        since, due = min(one.queued_at for one in queued), min(one.due_at for one in queued)
        return purge_is_due(Waiting(len(queued), parse(since), parse(due)), self._ledger.clock(), self._terms)

    def _is_live(self, batch: LakeBatch) -> bool:
        arn = self._settings.purge_machine_arn.replace(":stateMachine:", ":execution:") + f":{batch.execution}"
        try:
            return bool(self._states.describe_execution(executionArn=arn)["status"] == "RUNNING")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            # Somebody else may be about to start it.
            return self._ledger.clock() - parse(batch.tried_at) < _ABOUT_TO_START

    def _start(self, batch: LakeBatch) -> None:
        given = {"store": batch.store, "batch": batch.id}
        try:
            self._states.start_execution(
                stateMachineArn=self._settings.purge_machine_arn, name=batch.execution, input=json.dumps(given)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


class Planning:
    """Gathers a batch's requests, and names the next objects to go through."""

    def __init__(self, ledger: Ledger, open_lake: Callable[[StoreMap, str], LakeObjects], most: int) -> None:
        self._ledger = ledger
        self._open = open_lake
        self._most = most

    def run(self, store: StoreMap, batch_id: str) -> dict[str, Any]:
        """The next chunks, or `done` once nothing is left to go through.

        Chunks of an earlier wave that are still open come first: their call died. One that dies time and again is
        given up, so that it cannot hold up the others.
        """
        batch = current(self._ledger, store, batch_id)
        if batch.state == "gathering":
            batch = self._ledger.gather(batch, self._most)
        if not batch.requests:
            return {"outcome": "done", "chunks": []}
        numbers = [
            chunk.number
            for chunk in self._ledger.chunks(batch.id)
            if chunk.state == "open" and chunk.tries < _MOST_TRIES
        ][:_CHUNKS_AT_ONCE] or self._listed(store, batch)
        chunks = [{"store": store.fides_key, "batch": batch.id, "chunk": number} for number in numbers]
        return {"outcome": "objects" if chunks else "done", "chunks": chunks}

    def _listed(self, store: StoreMap, batch: LakeBatch) -> list[int]:
        """List the lake on, lay chunks down, and remember the place."""
        names = [collection.name for collection in store.collections]
        at, after = batch.place or [names[0], ""]
        numbers: list[int] = []
        while at and len(numbers) < _CHUNKS_AT_ONCE:
            number = batch.chunks + len(numbers)
            # Laid down by a call that died before it said so: this one goes on behind it, whatever was listed since.
            chunk = self._ledger.chunk(batch.id, number)
            if chunk is None:
                keys = next(_chunked(self._open(store, at), after), None)
                if keys is None:
                    at, after = next(iter(names[names.index(at) + 1 :]), ""), ""
                    continue
                chunk = LakeChunk(number, at, tuple(keys))
                if not self._ledger.put_chunk(batch.id, chunk):
                    continue
            numbers.append(number)
            at, after = chunk.collection, chunk.keys[-1]
        self._ledger.checkpoint_batch(replace(batch, chunks=batch.chunks + len(numbers), place=[at, after]))
        return numbers


def _chunked(objects: LakeObjects, after: str) -> Iterator[list[str]]:
    """The keys of a lake, as many at a time as one call can go through."""
    keys: list[str] = []
    size = 0
    for thing in objects.listed(after):
        if not thing.is_data:
            continue
        if keys and (len(keys) == _OBJECTS_AT_ONCE or size > _BYTES_AT_ONCE):
            yield keys
            keys, size = [], 0
        keys.append(thing.key)
        size += sum(version.size for version in thing.versions)
    if keys:
        yield keys


class Finishing:
    """Tells each request of a batch what was taken out for it, and forgets the batch.

    `backup_days`: how long a backup of the lake could bring it back, and so for how long it is remembered.
    """

    def __init__(self, ledger: Ledger, backup_days: int) -> None:
        self._ledger = ledger
        self._backup_days = backup_days

    def run(self, store: StoreMap, batch_id: str) -> dict[str, int]:
        """Sum up, answer everybody, and end the batch; may be repeated."""
        batch = self._ledger.batch(store.fides_key)
        if batch is None or batch.id != batch_id:
            return {"requests": 0, "blocked": 0}
        blocked = sum(_blocked(chunk) for chunk in self._ledger.chunks(batch.id))
        members = self._ledger.members(batch.id)
        stones = Stones(self._ledger, store, batch.id, members, self._backup_days)
        counts = self._counts(batch, stones)
        answered = 0
        for member in members:
            # Before the answer: whoever takes up a batch that was cut off here does both again.
            stones.bury(member.number)
            told = {name: c.to_dict() for name, c in counts.get(member.number, {}).items()}
            answered += self._ledger.answer_member(batch, member.request_id, told, blocked)
        self._ledger.end_batch(batch)
        metrics.add_metric(name="LakeObjectsBlocked", unit=MetricUnit.Count, value=blocked)
        logger.info("lake purged", extra={"store": batch.store, "count": answered, "left": blocked})
        return {"requests": answered, "blocked": blocked}

    def _counts(self, batch: LakeBatch, stones: Stones) -> dict[int, dict[str, Counts]]:
        summed: dict[int, dict[str, Counts]] = {}
        for collection, key, record in self._ledger.object_records(batch.id):
            stones.add(collection, key, record["counts"])
            if not record["clean"]:
                # Given up in the middle: what was to be taken out is still there, or the next batch tells of it.
                continue
            for owner, told in record["counts"].items():
                of_owner = summed.setdefault(int(owner), {})
                of_owner[collection] = of_owner.get(collection, Counts()) + counts_of(told)
        return summed


def _blocked(chunk: LakeChunk) -> int:
    return sum(chunk.problems.values()) if chunk.state == "done" else len(chunk.keys)


def current(ledger: Ledger, store: StoreMap, batch_id: str) -> LakeBatch:
    """The batch, if it is the one being worked on; NotReadyError if not."""
    batch = ledger.batch(store.fides_key)
    if batch is None or batch.id != batch_id:
        raise NotReadyError("this batch has ended")
    return batch


def lake_of(data_map: DataMap, name: str) -> StoreMap:
    """The lake of this name; DataMapError without one."""
    for store in lakes(data_map):
        if store.fides_key == name:
            return store
    raise DataMapError("the data map has no such lake")
