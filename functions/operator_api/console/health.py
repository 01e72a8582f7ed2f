"""The stores' health as rows: the failing first, and the last tasks as a strip of small marked squares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operator_api.console.times import lasted, since
from operator_api.console.words import TASK, say

SQUARE = 10
GAP = 2


@dataclass(frozen=True, slots=True)
class Square:
    """One of the last tasks."""

    x: int
    status: str


@dataclass(frozen=True, slots=True)
class Store:
    """One store."""

    store: str
    kind: str
    last_success: str | None
    failing_for: str
    error: str
    open: int
    failed: int
    waiting: int
    p95: str
    squares: tuple[Square, ...]
    strip_words: str
    strip_width: int
    requests: tuple[Mapping[str, Any], ...]

    @property
    def tone(self) -> str:
        """How its row is marked."""
        return "bad" if self.failed else ""


@dataclass(frozen=True, slots=True)
class Health:
    """The page."""

    stores: tuple[Store, ...]
    as_of: str
    is_whole: bool
    looked_at: int


def health(found: Mapping[str, Any], now: datetime) -> Health:
    """The rows, from the answer of the door."""
    stores = [_store(one, now) for one in found["stores"]]
    stores.sort(key=lambda one: (-one.failed, one.store))
    return Health(
        tuple(stores), str(found.get("as_of", "")), bool(found.get("is_whole", True)), int(found.get("looked_at", 0))
    )


def _store(one: Mapping[str, Any], now: datetime) -> Store:
    recent = list(reversed(one.get("recent", ())))
    squares = tuple(Square(place * (SQUARE + GAP), str(status)) for place, status in enumerate(recent))
    open_ = sum(int(one.get(name) or 0) for name in ("pending", "working", "waiting"))
    return Store(
        store=str(one["store"]),
        kind=str(one["kind"]),
        last_success=one.get("last_success"),
        failing_for=since(one["failing_since"], now) if one.get("failing_since") else "",
        error=str(one.get("error_class") or ""),
        open=open_,
        failed=int(one.get("failed") or 0),
        waiting=int(one.get("waiting") or 0),
        p95=_lasted(one.get("p95_seconds")),
        squares=squares,
        strip_words=_counted(recent),
        strip_width=max(SQUARE, len(squares) * (SQUARE + GAP)),
        requests=tuple(one.get("failing_requests", ())),
    )


def _lasted(seconds: float | None) -> str:
    return "\u2013" if seconds is None else "under 1 s" if seconds < 1 else lasted(seconds)


def _counted(recent: Sequence[Any]) -> str:
    counts = {str(status): recent.count(status) for status in recent}
    return ", ".join(f"{number} {say(TASK, status).lower()}" for status, number in sorted(counts.items()))
