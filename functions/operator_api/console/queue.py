"""The queue: what needs somebody, first; counts that are links; filters that are the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operator_api.console.desk import Call
from operator_api.console.sla import NEAR_DAYS, left_in_words
from operator_api.console.times import since
from operator_api.console.words import LANGUAGE, RIGHT, WAITS_FOR, say

VIEWS = ("overdue", "due_soon", "needs_decision", "failing", "stuck")
COUNTS = {
    "overdue": ("Overdue", "bad"),
    "due_soon": (f"Due within {NEAR_DAYS} days", "ask"),
    "needs_decision": ("Needs a decision", "ask"),
    "failing": ("Failing", "bad"),
    "stuck": ("Stuck over 24 h", ""),
}
"""The five counts, each a link to its view."""
_MINE: dict[str, dict[str, str]] = {
    "overdue": {"view": "overdue"},
    "failing": {"view": "failing"},
    "needs_decision": {"view": "needs_decision"},
    "attention": {"attention": "1"},
    "due_soon": {"view": "due_soon"},
    "stuck": {"view": "stuck"},
}
"""The lists of which "Needs you" is put together, by their counts, gravest first."""
FILTERS = ("view", "status", "right", "store", "affiliate", "due_before", "attention")
OPEN = "open"
MOST = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A request as a line of the queue; no name, phone or email (UX 66)."""

    request_id: str
    reference: str
    status: str
    right: str
    due_at: str
    due: str
    share: float
    tone: str
    stage: str
    failing: tuple[str, ...]
    waits_for: str
    age: str
    language: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """One of the five counts."""

    view: str
    words: str
    tone: str
    number: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The page."""

    rows: tuple[Row, ...]
    counts: tuple[Count, ...]
    filters: Mapping[str, str]
    heading: str
    shown: str
    next: str | None
    running: int
    """How many requests run by themselves."""

    @property
    def csv(self) -> Mapping[str, str]:
        """The query under which the door tells the same as a table."""
        return asked(self.filters) | {"format": "csv"}

    @property
    def is_mine(self) -> bool:
        """True for what needs somebody, with no filter set."""
        return not self.filters


def queue(call: Call) -> Queue:
    """The queue of an address."""
    filters = {name: call.query[name] for name in FILTERS if call.query.get(name)}
    overview = call.get("/ops/overview")
    counts = tuple(Count(view, *COUNTS[view], number=int(overview.get("counts", {}).get(view, 0))) for view in COUNTS)
    found = _found(call, filters) if filters else _mine(call, overview.get("counts", {}))
    rows = tuple(row(one, call.now) for one in found["requests"])
    total = int(overview.get("open_total", 0))
    return Queue(
        rows=rows,
        counts=counts,
        filters=filters,
        heading=_heading(filters),
        shown=_shown(len(rows), found),
        next=found.get("next"),
        running=max(0, total - len(rows)) if not filters else 0,
    )


def asked(filters: Mapping[str, str], cursor: str = "") -> dict[str, str]:
    """The query of the door for these filters: all open requests are its default."""
    query = {name: value for name, value in filters.items() if not (name == "view" and value == OPEN)}
    return query | ({"cursor": cursor} if cursor else {})


def _found(call: Call, filters: Mapping[str, str]) -> dict[str, Any]:
    return call.get("/ops/requests", asked(filters, call.query.get("cursor", "")))


def _mine(call: Call, counts: Mapping[str, int]) -> dict[str, Any]:
    """What needs somebody, gravest first, each request once; lists that count nothing are not asked for."""
    rows: dict[str, dict[str, Any]] = {}
    more = False
    for name, query in _MINE.items():
        if counts.get(name):
            found = call.get("/ops/requests", query)
            for one in found["requests"]:
                rows.setdefault(one["request_id"], one)
            more = more or bool(found.get("more"))
    first = list(rows.values())[:MOST]
    return {"requests": first, "more": more or len(rows) > MOST, "total": len(rows), "total_is_exact": not more}


def row(one: Mapping[str, Any], now: datetime) -> Row:
    """A line, from the row of the door."""
    closed = one.get("closed_at")
    left = one.get("days_left")
    near = left is not None and left <= NEAR_DAYS
    total = int(one.get("days_total") or 0)
    stage = one.get("stage")
    return Row(
        request_id=str(one["request_id"]),
        reference=str(one["reference"]),
        status=str(one["status"]),
        right=say(RIGHT, one["right"]),
        due_at=str(one["due_at"]),
        due="closed" if closed else left_in_words(str(one["due_at"]), now),
        share=int(one.get("days_used") or 0) / total if total else 0.0,
        tone="end" if closed else "bad" if one.get("overdue") else "ask" if near else "run",
        stage=f"Stores {stage['done']}/{stage['total']}" if stage else "",
        failing=tuple(one.get("failing") or ()),
        waits_for=say(WAITS_FOR, one["waits_for"]) if one.get("waits_for") else "",
        age=since(str(one["received_at"]), now),
        language=say(LANGUAGE, one.get("locale", "")),
        marks=tuple(_marks(one)),
    )


def _marks(one: Mapping[str, Any]) -> list[str]:
    marks = {
        "needs a look": bool(one.get("attention")),
        "clock stopped": bool(one.get("stands_still")),
        "extended": bool(one.get("extended")),
    }
    return [words for words, holds in marks.items() if holds]


def _heading(filters: Mapping[str, str]) -> str:
    if not filters:
        return "Needs you"
    view = filters.get("view", "")
    if list(filters) == ["view"]:
        return "All open requests" if view == OPEN else COUNTS.get(view, ("Requests", ""))[0]
    return "Requests"


def _shown(rows: int, found: Mapping[str, Any]) -> str:
    total = found.get("total")
    if total is None:
        return f"{rows:,}" + (" and more" if found.get("more") else "")
    more = "" if found.get("total_is_exact", True) else "more than "
    return f"{rows:,} of {more}{int(total):,}"
