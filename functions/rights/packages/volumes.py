"""Which part goes into which volume: decided by the parts' names and sizes alone, so that every try decides the same.

A volume takes parts in the order of their names until the next one would not fit. What a part will take up in the ZIP
is judged before it is read, and never too low: records count once for JSON, twice for the page to read, once for CSV,
as if nothing could be compressed. A file that is larger than a volume gets one of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rights.packages.parts import Part

MOST_ENTRIES = 25_000
"""Parts of one volume. With its pages it stays below 65,535 entries, so that no volume needs ZIP64 for their number."""

_READABLE = 3
_IN_CSV = 1
_PER_FILE = 700
"""Headers, directory, line of the manifest and link of one file."""
_PAGES = 32_000
_PER_COLLECTION = 4_000
"""What index, manifest and the pages about the stores take up, without any record."""


@dataclass(frozen=True, slots=True)
class Span:
    """The volumes over which something is spread, in a row."""

    first: int
    last: int

    @property
    def is_split(self) -> bool:
        """True if it is in more than one volume."""
        return self.first != self.last


@dataclass(slots=True)
class Volume:
    """One volume: its number, how many there are, its parts, and where the others' parts lie."""

    number: int
    of: int = 0
    parts: list[Part] = field(default_factory=list)
    pages: dict[tuple[str, str], Span] = field(default_factory=dict)
    """Per collection the volumes with its records."""
    anything: dict[tuple[str, str], Span] = field(default_factory=dict)
    """Per collection the volumes with its records or files."""

    @property
    def is_first(self) -> bool:
        """True for the first of all."""
        return self.number == 1

    @property
    def is_last(self) -> bool:
        """True for the last of all."""
        return self.number == self.of


def capacity_of(volume_bytes: int, collections: int) -> int:
    """What is left of a volume for its parts."""
    return max(volume_bytes - _PAGES - _PER_COLLECTION * collections, volume_bytes // 4)


def volume_of(parts: Iterable[Part], number: int, capacity: int, *, in_csv: bool) -> Volume:
    """The volume of this number; only its own parts are held. Of nothing there is still one volume, an empty one."""
    volume = Volume(number)
    for place, part in _assigned(parts, capacity, in_csv=in_csv):
        volume.of = place
        _extend(volume.anything, part, place)
        if not part.is_file:
            _extend(volume.pages, part, place)
        if place == number:
            volume.parts.append(part)
    volume.of = max(volume.of, 1)
    return volume


def _assigned(parts: Iterable[Part], capacity: int, *, in_csv: bool) -> Iterator[tuple[int, Part]]:
    volume, taken, entries = 1, 0, 0
    for part in parts:
        weight = _weight(part, in_csv=in_csv)
        if entries and (taken + weight > capacity or entries >= MOST_ENTRIES):
            volume, taken, entries = volume + 1, 0, 0
        yield volume, part
        taken, entries = taken + weight, entries + 1


def _weight(part: Part, *, in_csv: bool) -> int:
    if part.is_file:
        return part.size + _PER_FILE
    return part.size * (_READABLE + (_IN_CSV if in_csv else 0)) + _PER_FILE


def _extend(spans: dict[tuple[str, str], Span], part: Part, place: int) -> None:
    known = spans.get(part.collection)
    spans[part.collection] = Span(known.first if known else place, place)


def records_before(volumes: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[tuple[str, str], int]:
    """How many records of each collection earlier volumes hold, by what the ledger knows of them."""
    total: dict[tuple[str, str], int] = {}
    for volume in volumes:
        for name, count in volume["records"].items():
            store, _, collection = name.partition("/")
            total[store, collection] = total.get((store, collection), 0) + int(count)
    return total
