"""Taking people's rows out of one object of a lake, so that nothing is lost and every count is exact.

In this order: find; write the new version without making it visible; record what was found, under the version it was
found in; make it visible, if the object is still that version; read it back; delete the versions that hold the rows;
record that it is clean. Killed anywhere, the next run finds the record: the counts of an object that was rewritten
already are the recorded ones, not those of what is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rights.errors import StoreUnavailableError
from rights.lake.model import Tally, Treatment, Wanted
from rights.stores.lake_counts import told_of
from rights.stores.lake_engine import LakeCollection
from rights.stores.lake_objects import LakeObject, LakeObjects, ObjectSink, ReplacedError, Version

_TRIES = 4

Record = dict[str, Any]
"""What is remembered of one object: `source`, `size`, `counts`, `stale`, `clean`."""


class Book(Protocol):
    """Where it is remembered what was found in an object."""

    def read(self, collection: str, key: str) -> Record | None:
        """What is remembered of an object; `None` for one in which nothing was found yet."""
        ...

    def write(self, collection: str, key: str, record: Mapping[str, Any]) -> None:
        """Remember it."""
        ...


class Forgetful:
    """Remembers nothing: for whoever knows the counts beforehand."""

    def read(self, collection: str, key: str) -> Record | None:
        """Nothing."""
        del collection, key
        return None

    def write(self, collection: str, key: str, record: Mapping[str, Any]) -> None:
        """Nothing."""


class Purge:
    """Goes through the objects of one collection for some people at once."""

    def __init__(
        self,
        collection: LakeCollection,
        objects: LakeObjects,
        wanted: Wanted,
        treatment: Callable[[str], Treatment],
        book: Book,
    ) -> None:
        self._collection = collection
        self._objects = objects
        self._wanted = wanted
        self._treatment = treatment
        self._book = book

    def run(self, key: str) -> int:
        """Take the rows out of one object, and say how many lines of it cannot be read though they carry a key.

        BrokenFileError for an object that cannot be worked on; it is as it was.
        """
        for _ in range(_TRIES):
            record = self._book.read(self._collection.collection.name, key)
            if record is not None and record["clean"]:
                return 0
            thing = self._objects.of_key(key)
            if thing is None:
                self._remember_clean(key, record)
                return 0
            try:
                return self._once(thing, record)
            except ReplacedError:
                continue
        raise StoreUnavailableError("an object was replaced again and again")

    def _once(self, thing: LakeObject, record: Record | None) -> int:
        newest = thing.versions[0] if thing.versions and not thing.is_deleted else None
        counts = _counts_before(thing, record)
        rewritten, stale, unreadable = None, list[str](), 0
        if newest is not None:
            first = self._find(newest, first_only=True)
            if first.to_do:
                rewritten = self._written(newest)
                stale.append(newest.id)
            tally = rewritten.tally if rewritten else first
            unreadable = tally.unreadable
            for owner in tally.owners:
                counts[str(owner)] = told_of(counts.get(str(owner)), tally.counts(owner))
        for version in thing.versions[0 if newest is None else 1 :]:
            tally = self._find(version)
            if tally.to_do:
                # A row is counted once, however many versions repeat it.
                counts = {str(owner): told_of(None, tally.counts(owner)) for owner in tally.owners} | counts
                stale.append(version.id)
        if stale or counts or record is not None:
            self._settle(thing, newest, rewritten, {"counts": counts, "stale": stale})
        return unreadable

    def _written(self, version: Version) -> "_Rewritten":
        """A new version, sent but not visible yet."""
        sink = self._objects.sink(version)
        try:
            source = self._objects.source(version)
            return _Rewritten(sink, self._collection.rewrite(source, sink, self._wanted, self._treatment(version.key)))
        except BaseException:
            sink.abort()
            raise

    def _settle(self, thing: LakeObject, newest: Version | None, rewritten: "_Rewritten | None", facts: Record) -> None:
        name = self._collection.collection.name
        record = facts | {
            "clean": False,
            "source": newest.id if newest else "",
            "etag": newest.etag if newest else "",
            "size": rewritten.sink.size if rewritten else -1,
        }
        self._book.write(name, thing.key, record)
        made = self._commit(thing.key, rewritten) if rewritten is not None else None
        # Where a bucket keeps no versions, the new one has the id of the one whose place it took.
        stale = [id_ for id_ in facts["stale"] if id_ != made]
        self._objects.delete(thing.key, stale)
        if rewritten is None and len(stale) == len(thing.versions):
            # Nothing is left that the markers hide.
            self._objects.delete(thing.key, thing.markers)
        self._book.write(name, thing.key, record | {"clean": True})

    def _commit(self, key: str, rewritten: "_Rewritten") -> str:
        try:
            made = rewritten.sink.commit()
        except BaseException:
            rewritten.sink.abort()
            raise
        thing = self._objects.of_key(key)
        version = next((v for v in thing.versions if v.id == made), None) if thing else None
        if version is None:
            raise ReplacedError("the new version is not there")
        back = self._find(version)
        if back.to_do or back.rows != rewritten.tally.rows - rewritten.tally.erased:
            raise StoreUnavailableError("the new version is not what was to be written")
        return made

    def _remember_clean(self, key: str, record: Record | None) -> None:
        if record is not None:
            self._book.write(self._collection.collection.name, key, record | {"clean": True})

    def _find(self, version: Version, *, first_only: bool = False) -> Tally:
        source = self._objects.source(version)
        return self._collection.find(source, self._wanted, self._treatment(version.key), first_only=first_only)


@dataclass(frozen=True, slots=True)
class _Rewritten:
    sink: ObjectSink
    tally: Tally


def _counts_before(thing: LakeObject, record: Record | None) -> dict[str, Any]:
    """What an earlier run took out for good, as far as it got: its new version is there, or was replaced since."""
    if record is None:
        return {}
    newer: list[Version] = []
    for version in thing.versions:
        if (version.id, version.etag) == (record["source"], record["etag"]):
            was_written = any(v.size == record["size"] for v in newer)
            break
        newer.append(version)
    else:
        # Without versions a size is all that tells our object from somebody else's.
        was_written = record["source"] != "null" or any(v.size == record["size"] for v in newer)
    return dict(record["counts"]) if was_written or record["size"] < 0 else {}
