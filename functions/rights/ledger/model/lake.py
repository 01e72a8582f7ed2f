"""Batches over a lake: who waits for one, who belongs to it, what it goes through, what came of it."""

from dataclasses import dataclass, field
from typing import Any

from rights.domain.identity import KeySet


@dataclass(frozen=True, slots=True)
class Queued:
    """A request that waits for the next batch of a lake, or is in one."""

    request_id: str
    queued_at: str
    due_at: str
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class LakeBatch:
    """One purge of a lake for several requests."""

    store: str
    id: str
    state: str
    """`gathering`: who belongs to it is still being written down; then `purging`."""
    began_at: str
    tried_at: str
    """When the run that works on it was to start."""
    attempt: int = 1
    chunks: int = 0
    requests: int = 0
    place: list[str] | None = None
    """How far the lake is listed: collection and key; an empty collection once it is listed whole."""

    @property
    def execution(self) -> str:
        """The name of the execution that works on it."""
        return f"{self.id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class LakeMember:
    """A request of a batch, known by its place in it."""

    number: int
    request_id: str
    keys: KeySet
    collections: tuple[str, ...]
    """The collections that are meant; empty: all."""


@dataclass(frozen=True, slots=True)
class LakeChunk:
    """Some objects of one collection, gone through by one call."""

    number: int
    collection: str
    keys: tuple[str, ...]
    state: str = "open"
    tries: int = 0
    problems: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LakeResult:
    """What a batch took out for one request."""

    batch: str
    since: str
    """When the batch began: what was written later was not looked at by it."""
    counts: dict[str, dict[str, Any]]
    """Collection to counts."""
    blocked: int
    """How many objects could not be worked on."""
