"""The runs of a request, read off its history in the ledger, which outlives what Step Functions keeps of each."""

from collections.abc import Sequence
from typing import Any

from rights.ledger import Event, Request

_GOES_ON = frozenset({"identity_proven", "confirmed", "approved"})
"""What starts the next run by itself where the last one has ended."""


def runs_of(request: Request, events: Sequence[Event]) -> list[dict[str, Any]]:
    """The runs of a request, the first one first: when each was asked for, and when it ended before the request did."""
    begun = [str(events[0].at)] if events else []
    runs = [{"run": 1, "started_at": at, "ended_at": None, "status": "running"} for at in begun]
    for event in events:
        if event.code == "run_ended" and runs:
            runs[-1] |= {"ended_at": event.at, "status": "ended"}
        begins = event.code == "run_started" or event.code in _GOES_ON
        if runs and begins and runs[-1]["status"] == "ended":
            runs.append({"run": len(runs) + 1, "started_at": event.at, "ended_at": None, "status": "running"})
    if runs and request.is_final:
        runs[-1] |= {"ended_at": runs[-1]["ended_at"] or request.closed_at, "status": "done"}
    return runs[: request.run]
