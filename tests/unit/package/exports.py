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
from rights.package import write_package
from tests.unit.stores import maps

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Memory:
    """Parts by name, each page a list of records; `read` lists the pages in the order in which they were read."""

    def __init__(self, pages: Mapping[str, list[dict[str, Any]]], files: Mapping[str, bytes] | None = None) -> None:
        self._pages = pages
        self._files = dict(files or {})
        self.read: list[str] = []

    def names(self, folder: str) -> Iterator[str]:
        yield from (name for name in sorted([*self._pages, *self._files]) if name.startswith(folder))

    def chunks(self, name: str) -> Iterator[bytes]:
        yield self._files[name]

    def lines(self, name: str) -> Iterator[bytes]:
        self.read.append(name)
        for record in self._pages[name]:
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


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


def made(parts: Memory, tasks: list[Task], stores: DataMap, request: Request | None = None) -> dict[str, bytes]:
    """The package, taken apart."""
    sink = Sink()
    write_package(sink, parts, request or a_request(), tasks, data_map=stores, now=NOW)
    return opened(bytes(sink.content))
