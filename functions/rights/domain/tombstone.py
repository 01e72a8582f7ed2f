"""A tombstone: rows that were erased together, for as long as a backup could bring them back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rights.domain.work import Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Rows of one collection that were erased or anonymised together, and what is needed to find them again."""

    request_id: str
    store: str
    collection: str
    order: int
    """The place of the collection in the store's order of erasure: a replay takes children first, too."""
    label: str
    """Tells the pages of one collection apart."""
    operation: Disposition
    keys: dict[str, list[str]]
    """The person's key set."""
    columns: Mapping[str, Sequence[Any]]
    """The keys of the rows, as one list of values for each name: a page may have many thousands."""
    erased_at: str = ""
    known_as: tuple[str, ...] = ()
    """The pseudonyms of the person, by which a hold finds them."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Row keys."""
        return [dict(zip(self.columns, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The keys of rows of one collection, which all have the same names, as columns."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
