"""What keeps data against a deletion: rows that stay until a date, and legal holds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedRows:
    """Rows of one collection that stay until a date (inclusive) on a ground, and what is needed to erase them then."""

    request_id: str
    store: str
    collection: str
    label: str
    """Tells the bundles of one collection and date apart."""
    until: str
    ground: int
    reason: str
    keys: dict[str, list[str]]
    """The person's key set: it outlives the request's sealed data only here."""
    rows: list[dict[str, Any]]
    """Row keys."""
    intent: list[list[Any]] | None = None
    """Row keys that are being erased, each with what happens to it, written before it does."""
    known_as: tuple[str, ...] = ()
    """The pseudonyms of the person, by which a hold finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold on a person, known by pseudonyms only: nothing of theirs is erased until a date (inclusive)."""

    id: str
    ground: int
    until: str
    by: str
    placed_at: str
    subjects: tuple[str, ...]
    lifted_at: str | None = None
    lifted_by: str | None = None
