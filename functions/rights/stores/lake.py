"""Data lakes on S3: rows of people in gzip JSON Lines and Parquet, found by reading the fields that identify them.

A lake has no index: to count or to export one person's rows every object is looked at, though no more of it is read
than says whose its rows are. Erasures therefore share their passes: they are queued, and `stores.works.lake` waits for
the batch. What is done to single objects here (`apply_page`) is the end of a retention.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Any

from rights.clock import utc_now
from rights.datamap.model import StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.mall_time import today_in_the_mall
from rights.domain.work import Disposition
from rights.lake.model import BrokenFileError, Tally, Treatment, Wanted
from rights.stores.contract import Change, Cursor, ErasurePage, Page, Plain
from rights.stores.lake_engine import LakeCollection
from rights.stores.lake_objects import LakeObject, LakeObjects, ReplacedError, whole
from rights.stores.lake_purge import Forgetful, Purge
from rights.stores.roles import Roles
from rights.stores.selection import erasure_order
from rights.stores.shape import to_record

_ME = 0
_LONGEST_COUNT = 60.0
"""Seconds. A count is a preview, and a plan must not fail since a lake is large."""
_BYTES_AT_ONCE = 512 * 1024 * 1024
"""No page looks at further objects once those it looked at hold so much together."""
_WHOLE = -1
"""In a cursor: the object was read to its end."""


def connect(store: StoreMap, roles: Roles) -> "LakeConnector":
    """The connector of a store, under the role that its data map names."""
    return LakeConnector(store, roles.client("s3", store.rights.role_arn), roles.fill)


class LakeConnector(Plain):
    """The lake of one store, as a `Connector`."""

    def __init__(
        self,
        store: StoreMap,
        client: Any,
        fill: Callable[[str], str] = str,
        *,
        page_size: int = 1000,
        objects: int = 256,
    ) -> None:
        self._store = store
        self._client = client
        self._fill = fill
        self._page_size = page_size
        self._objects_at_once = objects

    def collections(self) -> list[str]:
        """The collections, in the order of an erasure."""
        return erasure_order(self._store)

    def recognise(self, identifier: Identifier) -> bool:  # noqa: ARG002 - logs carry no contacts
        """A lake recognises nobody: it would have to be read whole for each question."""
        return False

    def locate(self, keys: KeySet) -> KeySet:  # noqa: ARG002 - what logs hold besides is shared
        """A lake adds no identifiers: a device, an address or a cookie may be several people's."""
        return KeySet()

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Rows per collection, in the newest versions, as far as a minute reaches: at least so many."""
        today = today_in_the_mall(utc_now())
        until = time.monotonic() + _LONGEST_COUNT
        counts: dict[str, int] = {}
        for name in self.collections():
            in_time = takewhile(lambda _: time.monotonic() < until, self._all(name))
            counts[name] = sum(self._tally(name, thing, keys, today).found for thing in in_time)
        return counts

    @whole()
    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """The next rows; a page may be empty and have one that follows, since a lake is looked at object by object."""
        described, wanted = self._wanted(collection, keys)
        done, skip = (after["key"], int(after["skip"])) if after else ("", 0)
        objects = self.objects(collection)
        found: list[dict[str, Any]] = []
        for thing in self._next_objects(collection, done, skip):
            if not thing.versions or thing.is_deleted:
                done, skip = thing.key, 0
                continue
            of_all = described.partition_of(thing.key)
            rows = described.rows(objects.source(thing.versions[0]), wanted)
            start = skip if thing.key == done else 0
            for place, row in enumerate(islice(rows, start, None), start):
                if len(found) == self._page_size:
                    return Page(found, {"key": thing.key, "skip": place})
                found.append(to_record(described.collection, {**row, **of_all}, keys))
            done, skip = thing.key, _WHOLE
        more = next(iter(self._next_objects(collection, done, _WHOLE)), None) if done else None
        return Page(found, {"key": done, "skip": _WHOLE} if more else None)

    @whole()
    def plan_page(
        self, collection: str, keys: KeySet, after: Cursor | None, today: str, *, since: datetime | None = None
    ) -> ErasurePage:
        """What is to happen to the rows of the next objects; with `since` only of those that were written after it.

        Every version counts: of one that is not the newest nothing may be left either.
        """
        changes: list[Change] = []
        done = after["key"] if after else ""
        rules = self._store.collection(collection).rights
        if rules.retention or rules.retain_when:
            # What is kept is told and remembered wherever it lies.
            since = None
        for thing in self._next_objects(collection, done, _WHOLE):
            changes += self._changes(collection, thing, keys, today, since)
            done = thing.key
        more = next(iter(self._next_objects(collection, done, _WHOLE)), None) if done else None
        return ErasurePage(changes, {"key": done} if more else None)

    @whole()
    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to the person's rows in just these objects."""
        names = sorted({str(key["object"]) for key in row_keys})
        things = (self.objects(collection).of_key(name) for name in names)
        return ErasurePage([c for t in things if t for c in self._changes(collection, t, keys, today, None)])

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Take the person's rows out of the objects of the page, now and for them alone."""
        described, wanted = self._wanted(collection, keys)
        purge = Purge(described, self.objects(collection), wanted, self._treating(collection), Forgetful())
        for name in sorted({str(change.key["object"]) for change in page.doing()}):
            purge.run(name)

    def objects(self, collection: str) -> LakeObjects:
        """The objects of a collection."""
        access = LakeCollection(self._store.collection(collection)).access
        return LakeObjects(self._client, self._fill(access.bucket), access.prefix)

    def _treating(self, collection: str) -> Callable[[str], Treatment]:
        today = today_in_the_mall(utc_now())
        described = LakeCollection(self._store.collection(collection))
        return lambda key: described.treatment(key, today)

    def _wanted(self, collection: str, keys: KeySet) -> tuple[LakeCollection, Wanted]:
        described = LakeCollection(self._store.collection(collection))
        return described, described.wanted([(_ME, keys)])

    def _all(self, collection: str) -> Iterator[LakeObject]:
        return (t for t in self.objects(collection).listed() if t.is_data and t.versions and not t.is_deleted)

    def _next_objects(self, collection: str, done: str, skip: int) -> Iterable[LakeObject]:
        """The next objects, beginning with the one where the last page ended within it."""
        objects = self.objects(collection)
        first = objects.of_key(done) if done and skip != _WHOLE else None
        if first is not None:
            yield first
        looked_at = 0
        for thing in islice((thing for thing in objects.listed(done) if thing.is_data), self._objects_at_once):
            yield thing
            looked_at += sum(version.size for version in thing.versions)
            if looked_at > _BYTES_AT_ONCE:
                return

    def _tally(self, collection: str, thing: LakeObject, keys: KeySet, today: str) -> Tally:
        described, wanted = self._wanted(collection, keys)
        try:
            source = self.objects(collection).source(thing.versions[0])
            return described.find(source, wanted, described.treatment(thing.key, today))
        except (BrokenFileError, ReplacedError):
            # The work itself tells of it; no request is held up beforehand by one file of a lake.
            return Tally()

    def _changes(
        self, collection: str, thing: LakeObject, keys: KeySet, today: str, since: datetime | None
    ) -> Iterator[Change]:
        described, wanted = self._wanted(collection, keys)
        treatment = described.treatment(thing.key, today)
        objects = self.objects(collection)
        told = False
        for place, version in enumerate(thing.versions):
            if told:
                # A row is counted once, however many versions repeat it.
                break
            if since is not None and datetime.fromisoformat(version.modified) < since:
                continue
            counts = described.find(objects.source(version), wanted, treatment).counts(_ME)
            told = bool(counts.erased + counts.anonymised)
            key = {"object": thing.key}
            yield from (Change(key, Disposition.ERASE) for _ in range(counts.erased))
            yield from (Change(key, Disposition.ANONYMISE) for _ in range(counts.anonymised))
            if place == 0 and not thing.is_deleted:
                for one in counts.kept:
                    yield from (Change(key, Disposition.RETAIN, replace(one, records=1)) for _ in range(one.records))
