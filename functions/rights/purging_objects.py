"""Going through some objects of a lake, for all requests of a batch at once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rights.datamap import StoreMap
from rights.domain.mall_time import today_in_the_mall
from rights.errors import StoreRefusedError
from rights.lake.model import BrokenFileError
from rights.ledger import Ledger
from rights.ledger.model import LakeBatch, LakeChunk
from rights.purging import current
from rights.stores.lake_engine import LakeCollection
from rights.stores.lake_objects import LakeObjects
from rights.stores.lake_purge import Purge
from rights.telemetry import MetricUnit, logger, metrics


class Pages:
    """The records of a batch's objects, in the ledger."""

    def __init__(self, ledger: Ledger, batch_id: str) -> None:
        self._ledger = ledger
        self._batch_id = batch_id

    def read(self, collection: str, key: str) -> dict[str, Any] | None:
        """What is remembered of an object."""
        return self._ledger.object_record(self._batch_id, collection, key)

    def write(self, collection: str, key: str, record: Mapping[str, Any]) -> None:
        """Remember it."""
        self._ledger.put_object_record(self._batch_id, collection, key, record)


class Working:
    """Goes through one chunk."""

    def __init__(self, ledger: Ledger, open_lake: Callable[[StoreMap, str], LakeObjects]) -> None:
        self._ledger = ledger
        self._open = open_lake

    def run(self, store: StoreMap, batch_id: str, number: int) -> dict[str, str]:
        """Take everybody's rows out of the objects of a chunk; may be repeated.

        An object that cannot be worked on stays as it is, is counted and told to an operator, and holds up none of the
        others. What is worth another try (StoreUnavailableError) has the whole chunk tried again.
        """
        batch = current(self._ledger, store, batch_id)
        chunk = self._ledger.chunk(batch.id, number)
        if chunk is None or chunk.state == "done":
            return {"status": "done"}
        self._ledger.chunk_tried(batch.id, number)
        problems = self._work(store, batch, chunk)
        self._ledger.chunk_done(batch.id, number, problems)
        metrics.add_metric(name="LakeObjectsLookedAt", unit=MetricUnit.Count, value=len(chunk.keys))
        return {"status": "done"}

    def _work(self, store: StoreMap, batch: LakeBatch, chunk: LakeChunk) -> dict[str, int]:
        described = LakeCollection(store.collection(chunk.collection))
        meant = [m for m in self._ledger.members(batch.id) if not m.collections or chunk.collection in m.collections]
        wanted = described.wanted((member.number, member.keys) for member in meant)
        if not wanted:
            return {}
        treatment = partial(described.treatment, today=today_in_the_mall(self._ledger.clock()))
        objects = self._open(store, chunk.collection)
        purge = Purge(described, objects, wanted, treatment, Pages(self._ledger, batch.id))
        problems: dict[str, int] = {}
        for key in chunk.keys:
            problem = _problem_with(purge, key)
            if problem:
                problems[problem] = problems.get(problem, 0) + 1
                about = {"store": store.fides_key, "collection": chunk.collection, "code": problem}
                logger.warning("an object of the lake stays as it is", extra=about)
        return problems


def _problem_with(purge: Purge, key: str) -> str:
    """Why an object could not be worked on, or not wholly, as a code; empty when it could."""
    try:
        return "unreadable_line" if purge.run(key) else ""
    except BrokenFileError as error:
        return str(error)
    except StoreRefusedError:
        return "refused"
