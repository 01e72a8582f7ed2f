"""The events of a request as a timeline: elapsed times, repeats in one row, filters that are part of the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from operator_api.console.times import at, lasted, moment
from operator_api.console.words import ACTOR_MARK, EVENT, FAILS, STATUS, WAITS, say

KINDS = ("all", "failed", "waiting")
ACTORS = ("person", "operator", "system", "partner")
_ACTOR = {"person": "person", "contact_on_file": "person", "system": "system", "partner": "partner", "sms": "person"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the history is shown, and which end comes first."""

    kind: str = "all"
    by: str = ""
    oldest_first: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        """From an address; what it does not know it leaves out."""
        kind, by = query.get("events", "all"), query.get("by", "")
        return cls(kind if kind in KINDS else "all", by if by in ACTORS else "", query.get("order") == "oldest")


@dataclass(slots=True)
class Row:
    """One event, or several of one kind in a row."""

    version: int
    code: str
    words: str
    at: str
    iso: str
    elapsed: str
    actor: str
    mark: str
    by: str
    status: str
    detail: str
    hash: str
    failed: bool
    earlier: list["Row"] = field(default_factory=list)
    """The repeats before it, newest first."""

    @property
    def tried(self) -> str:
        """How often, if more than once."""
        return f"{len(self.earlier) + 1} times, last {self.at}" if self.earlier else ""


def history(events: Sequence[Mapping[str, Any]], filters: Filters, now: datetime) -> list[Row]:
    """The rows of the timeline."""
    rows: list[Row] = []
    before: datetime | None = None
    for event in sorted(events, key=lambda one: one["version"]):
        here = moment(str(event["at"])) or now
        row = _row(event, lasted((here - before).total_seconds()) if before else "")
        before = here
        if not _is_wanted(event, row, filters):
            continue
        if rows and rows[-1].code == row.code and rows[-1].by == row.by and rows[-1].detail == row.detail:
            row.earlier = [rows[-1], *rows[-1].earlier]
            rows[-1].earlier = []
            rows[-1] = row
        else:
            rows.append(row)
    return rows if filters.oldest_first else rows[::-1]


def actor_of(by: str) -> str:
    """Who acted: a person, an operator, the system or a partner."""
    if by.startswith(("affiliate", "partner")):
        return "partner"
    return _ACTOR.get(by, "operator")


def _row(event: Mapping[str, Any], elapsed: str) -> Row:
    by = str(event["by"])
    actor = actor_of(by)
    detail = event.get("detail") or {}
    return Row(
        version=int(event["version"]),
        code=str(event["code"]),
        words=_words(str(event["code"])),
        at=at(str(event["at"])),
        iso=str(event["at"]),
        elapsed=elapsed,
        actor=actor,
        mark=ACTOR_MARK[actor],
        by="" if by == actor else by,
        status=say(STATUS, event["status"]),
        detail=", ".join(f"{name.replace('_', ' ')} {value}" for name, value in detail.items()),
        hash=str(event["hash"]),
        failed=str(event["code"]) in FAILS,
    )


def _words(code: str) -> str:
    if code.startswith("told_") and code not in EVENT:
        return f"Told the person: {say(STATUS, code.removeprefix('told_')).lower()}"
    return say(EVENT, code)


def _is_wanted(event: Mapping[str, Any], row: Row, filters: Filters) -> bool:
    if filters.by and row.actor != filters.by:
        return False
    kinds = {"all": True, "failed": row.failed, "waiting": str(event["code"]) in WAITS}
    return kinds[filters.kind]
