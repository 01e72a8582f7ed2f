"""Exported parts in memory, a request for them, and the package that is made of them."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rights.datamap import DataMap
from rights.domain.rights import Channel, Locale, Operation, Requester, Right
from rights.domain.status import Status
from rights.domain.work import Counts
from rights.ledger.model import Request, Task
from rights.packages.book import Book, is_portable
from rights.packages.parts import Part
from rights.packages.volumes import volume_of
from rights.packages.writing import write_volume
from tests.unit.stores import maps

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Memory:
    """Parts by name, each page a list of records; `read` lists the pages in the order in which they were read."""

    def __init__(self, pages: Mapping[str, list[dict[str, Any]]], files: Mapping[str, bytes] | None = None) -> None:
        self._pages = pages
        self._files = dict(files or {})
        self.read: list[str] = []

    def listing(self) -> Iterator[Part]:
        for name in sorted([*self._pages, *self._files]):
            yield Part(name, len(self._files[name]) if name in self._files else self.size_of(name))

    def size_of(self, name: str) -> int:
        """What a page of records takes up."""
        return sum(len(line) + 1 for line in map(as_line, self._pages[name]))

    def chunks(self, name: str) -> Iterator[bytes]:
        yield self._files[name]

    def lines(self, name: str) -> Iterator[bytes]:
        self.read.append(name)
        for record in self._pages[name]:
            yield as_line(record)


def as_line(record: dict[str, Any]) -> bytes:
    """A record as the connectors write it."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def a_request(right: Right = Right.PORTABILITY, **more: Any) -> Request:
    facts: dict[str, Any] = {
        "id": "R1", "status": Status.IN_PROGRESS, "version": 3, "run": 1, "right": right, "case_id": "R1",
        "channel": Channel.WEB, "requester": Requester.SELF, "locale": Locale.EN, "jurisdiction": "KH",
        "received_at": "2026-11-21T03:00:00.000000Z", "due_at": "2026-12-21T03:00:00.000000Z", "policy_version": "p",
        "clock_rule": "r", "head": "h", "data_map": "m",
    }  # fmt: skip
    return Request(**(facts | more))


def a_task(operation: Operation = Operation.EXPORT, counts: Counts | None = None, **more: Any) -> Task:
    facts: dict[str, Any] = {
        "request_id": "R1",
        "store": "shop",
        "kind": "postgres",
        "stage": 2,
        "operation": operation,
    }
    facts["counts"] = counts or Counts()
    return Task(**(facts | more))


def exported(**records: int) -> Task:
    """The task of a store that exported so many records per collection."""
    return a_task(by_collection={name: Counts(found=n, exported=n).to_dict() for name, n in records.items()})


def data_map(*collections: dict[str, Any]) -> DataMap:
    return DataMap(version="v", stores=(maps.store(*collections),))


def opened(archive: bytes) -> dict[str, bytes]:
    """What is in a ZIP, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        return {name: package.read(name) for name in package.namelist()}


class Sink:
    """A file that only grows, as an upload is."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes, /) -> int:
        self.content += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


WHOLE = 2_000_000_000


def volumes(
    parts: Memory, tasks: list[Task], stores: DataMap, request: Request | None = None, capacity: int = WHOLE
) -> list[bytes]:
    """The volumes of a package, each a ZIP, as `Assembler` makes them one after the other."""
    request, before, made = request or a_request(), dict[tuple[str, str], int](), list[bytes]()
    while True:
        volume = volume_of(parts.listing(), len(made) + 1, capacity, in_csv=is_portable(request))
        sink = Sink()
        records = write_volume(sink, parts, Book(request, tasks, stores, volume, NOW, before))
        for name, count in records.items():
            store, _, collection = name.partition("/")
            before[store, collection] = before.get((store, collection), 0) + count
        made.append(bytes(sink.content))
        if volume.is_last:
            return made


def made(parts: Memory, tasks: list[Task], stores: DataMap, request: Request | None = None) -> dict[str, bytes]:
    """The package of one volume, taken apart."""
    [archive] = volumes(parts, tasks, stores, request)
    return opened(archive)
