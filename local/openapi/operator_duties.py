"""The shapes of the operators' door's answers about more than one request: exports, bulk closures, replays, holds."""

from typing import Literal

from typing_extensions import TypedDict

from local.openapi.describe import Day, Moment, RequestId
from rights.domain.rights import Locale
from rights.ledger.bulk import BulkStatus, Odd
from rights.ledger.replays import Doubt, ReplayStatus


class BreachPage(TypedDict):
    """Rows as CSV; `next` goes on behind them."""

    csv: str
    rows: int
    looked_at: int
    next: str | None


class BulkShown(TypedDict):
    """A bulk closure, and how far it is."""

    bulk_id: RequestId
    locale: Locale
    by: str
    created_at: Moment
    status: BulkStatus
    approved_by: str | None
    approved_at: Moment | None
    ended_at: Moment | None
    listed: int
    place: int
    taken: int
    unknown: int
    several: int


class Bulks(TypedDict):
    """All bulk closures, newest first."""

    bulk_closures: list[BulkShown]


class PartPut(BulkShown):
    """A part of the list was put in: how many people it has."""

    part: int
    people: int


class BulkResult(TypedDict):
    """What came of a position of the list."""

    position: int
    result: Literal["taken"] | Odd
    request_id: RequestId | None


class BulkResults(BulkShown):
    """A bulk closure, and what came of 100 positions of its list."""

    results: list[BulkResult]
    more: bool


class ReplayShown(TypedDict):
    """A replay of erasures; counts are rows."""

    replay_id: RequestId
    store: str
    restored_to: Moment
    by: str
    started_at: Moment
    status: ReplayStatus
    error_class: str
    ended_at: Moment | None
    looked: int
    came_back: int
    erased: int
    anonymised: int
    listed: int


class Replays(TypedDict):
    """All replays, newest first."""

    replays: list[ReplayShown]


class EntryShown(TypedDict):
    """Rows that a replay laid before somebody."""

    entry: str
    request_id: RequestId
    store: str
    collection: str
    doubt: Doubt
    count: int
    listed_at: Moment
    decision: Literal["erase", "keep"] | None
    decided_by: str | None
    decided_at: Moment | None
    done_at: Moment | None


class ReplayEntries(ReplayShown):
    """A replay, and 100 entries that it laid before somebody."""

    entries: list[EntryShown]
    more: bool


class HoldShown(TypedDict):
    """A legal hold on a person."""

    id: str
    ground: int
    until: Day
    by: str
    placed_at: Moment
    lifted_at: Moment | None
    lifted_by: str | None


class Holds(TypedDict):
    """The holds on the person of a request."""

    holds: list[HoldShown]
