"""What the pages of a volume tell of: the request, its stores, and what of them is in this volume."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from rights.datamap import Collection, DataMap, StoreMap
from rights.domain.rights import Right
from rights.ledger.model import Request, Task
from rights.packages.names import NUMBERED, zip_name
from rights.packages.parts import Part
from rights.packages.volumes import Span, Volume
from rights.status_token import reference


class Chapter(NamedTuple):
    """One collection of one store."""

    task: Task
    store: StoreMap
    collection: Collection

    @property
    def key(self) -> tuple[str, str]:
        """Store and collection, by name."""
        return self.task.store, self.collection.name

    @property
    def name(self) -> str:
        """The same as one word."""
        return "/".join(self.key)

    @property
    def records(self) -> int:
        """How many records there are in all volumes together, as the store's task counted them."""
        return int(self.task.by_collection[self.collection.name].get("exported", 0))


@dataclass(slots=True)
class Book:
    """One volume of one request's package. Times are of its making; `before` counts what earlier volumes hold."""

    request: Request
    tasks: list[Task]
    data_map: DataMap
    volume: Volume
    now: datetime
    before: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def is_portable(self) -> bool:
        """True for who asked for their data in a form that another service can read."""
        return is_portable(self.request)

    @property
    def chapters(self) -> Iterator[Chapter]:
        """All collections that were exported, in the order of the work."""
        for task in self.tasks:
            store = self.data_map.store(task.store)
            for name in task.by_collection:
                yield Chapter(task, store, store.collection(name))

    @property
    def parts(self) -> dict[tuple[str, str], list[Part]]:
        """The parts in this volume, by collection."""
        found: dict[tuple[str, str], list[Part]] = {}
        for part in self.volume.parts:
            found.setdefault(part.collection, []).append(part)
        return found

    def span(self, chapter: Chapter) -> Span:
        """The volumes with something of a collection; what is empty is told in the first."""
        return self.volume.anything.get(chapter.key, Span(1, 1))

    def is_here(self, chapter: Chapter) -> bool:
        """True if something of a collection is in this volume."""
        span = self.span(chapter)
        return span.first <= self.volume.number <= span.last

    def path(self, chapter: Chapter, ending: str) -> str:
        """The file of a collection's records; numbered if in several volumes, so that one folder takes all."""
        span = self.volume.pages.get(chapter.key, Span(1, 1))
        number = f"{NUMBERED}{self.volume.number - span.first + 1}" if span.is_split else ""
        return f"data/{chapter.task.store}/{chapter.collection.name}{number}.{ending}"

    def zip_name(self, number: int) -> str:
        """The file name of a volume."""
        return zip_name(reference(self.request.id), number, self.volume.of)


def is_portable(request: Request) -> bool:
    """True for who asked for their data in a form that another service can read."""
    return request.right is Right.PORTABILITY
