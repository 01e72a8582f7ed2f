"""What runs: each request's execution as a bar on one scale of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operator_api.console.times import lasted, moment
from operator_api.console.words import RIGHT, WAITS_FOR, say

WIDTH = 600


@dataclass(frozen=True, slots=True)
class Run:
    """One execution."""

    request_id: str
    reference: str
    right: str
    status: str
    execution: str
    number: int
    waits_for: str
    x: int
    width: int
    look: str
    lasted: str


def running(rows: Sequence[Mapping[str, Any]], now: datetime) -> list[Run]:
    """The rows of the page, oldest first; the scale begins with the oldest."""
    begun = [(moment(str(row["received_at"])) or now, row) for row in rows]
    if not begun:
        return []
    begun.sort(key=lambda pair: pair[0])
    first = begun[0][0]
    whole = max((now - first).total_seconds(), 1.0)
    return [_run(row, came, first, whole, now) for came, row in begun]


def _run(row: Mapping[str, Any], came: datetime, first: datetime, whole: float, now: datetime) -> Run:
    x = min(WIDTH - 3, round(WIDTH * (came - first).total_seconds() / whole))
    waits = row.get("waits_for")
    return Run(
        request_id=str(row["request_id"]),
        reference=str(row["reference"]),
        right=say(RIGHT, row["right"]),
        status=str(row["status"]),
        execution=str(row["execution"]),
        number=int(row["run"]),
        waits_for=say(WAITS_FOR, waits) if waits else "",
        x=x,
        width=max(3, WIDTH - x),
        look="open" if waits == "operator" else "wait" if waits and waits != "stores" else "work",
        lasted=lasted((now - came).total_seconds()),
    )
