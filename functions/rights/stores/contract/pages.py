"""Pages of a person's records, with the files that go with them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, overload

import orjson

Cursor = dict[str, Any]
"""Where to go on, as the connector wants to remember it: JSON values only. It may hold row keys, so it is sealed."""

Record = dict[str, Any]
"""One record as the person gets it: JSON values only, masked where the data map says so."""


class Readable(Protocol):
    """A stream of bytes, read piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them; empty at the end."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A file that belongs to a record of its page: the record's place, a safe name, and how to open its content."""

    record: int
    name: str
    open: Callable[[], AbstractContextManager[Readable]]


class Lines(Sequence[Record]):
    """Records that a store wrote as JSON itself, one a line: read as records only by who looks into them."""

    def __init__(self, text: bytes, count: int) -> None:
        self.text = text
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        return list(self)[place]

    def __iter__(self) -> Iterator[Record]:
        return (orjson.loads(line) for line in self.text.splitlines())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one collection, the files that go with them, and where the next page starts (`None` after the last).

    The worker streams each file into the package and notes path, size and hash under `files` of its record. A store
    that builds the JSON itself gives `Lines`.
    """

    records: Sequence[Record]
    next: Cursor | None
    files: list[File] = field(default_factory=list)
