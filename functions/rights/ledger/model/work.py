"""What is done for a request: the task of each store, and the places where its execution waits."""

from dataclasses import dataclass, field
from typing import Any

from rights.domain.recipients import UNMET
from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A place where an execution waits for somebody: one generation of it."""

    request_id: str
    name: str
    generation: int
    is_waiting: bool
    """True once an execution waits; an answer may come before."""
    until: str | None = None
    token: str | None = None
    """The task token, where it was asked for; it is a secret."""
    answer: dict[str, Any] | None = None
    consumed_at: str | None = None
    relay_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one store has to do for a request, how far it is, and what it did."""

    request_id: str
    store: str
    kind: str
    stage: int
    operation: Operation
    status: TaskStatus = TaskStatus.PENDING
    fence: int = 0
    """Who works: every claim raises it, and a checkpoint with an older one is refused."""
    collection: str | None = None
    cursor: dict[str, Any] | None = None
    intent: dict[str, Any] | None = None
    """The page that is being erased, written before it is, so that its counts survive a crash."""
    page: int = 0
    counts: Counts = field(default_factory=Counts)
    collections: tuple[str, ...] = ()
    """The collections the request is about; empty: all of the store."""
    purposes: tuple[str, ...] = ()
    """Of a restriction: which uses of the data are stopped; `all` restricts every one."""
    preview: dict[str, int] = field(default_factory=dict)
    """Records per collection before anything was done, counted for whoever reviews the request."""
    conflicts: tuple[str, ...] = ()
    """What the store's own rules would refuse of the erasure: names of tables and rules, as the plan found them."""
    refused: int | None = None
    """The ground on which an operator left this store out."""
    keep_until: str | None = None
    """Until when what the operator left out is kept (ISO 8601, inclusive)."""
    withheld: dict[str, int] = field(default_factory=dict)
    """Collections an operator withheld from an export, since they are about others too, each with its ground."""
    found_at_start: int = 0
    """What the first count said; `counts.found` is what was dealt with in the end. Live writers may part the two."""
    by_collection: dict[str, Any] = field(default_factory=dict)
    late_rounds: int = 0
    error_class: str = ""
    claimed_at: str | None = None
    """When somebody last took it over, to work on it or to say that it failed."""
    begun_at: str | None = None
    """When the work was begun: the first page of it, not the plan."""
    done_at: str | None = None
    verified_at: str | None = None
    recipient: dict[str, Any] = field(default_factory=dict)
    """Of a partner: the `id` it was asked under, `asked_at`, `expected_at`, `answer`, `confirmed_at`, ..."""

    @property
    def is_unmet(self) -> bool:
        """True for what was left out by an operator, or not done by a recipient: the request is done in part."""
        return self.leaves_out or self.recipient.get("answer") in UNMET

    @property
    def leaves_out(self) -> bool:
        """True where an operator left the store, or a part of it, out."""
        return self.refused is not None or bool(self.withheld)
