"""The way of a request through the state machine, read off its history in the ledger, which outlives every run.

Step Functions forgets a run after 90 days, and a request may take several. What an event says of where the machine is
holds for both: each of the nine states that a person would tell of leaves its own traces.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from operator_api.rows import waits_for
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Event, Request, Task, Wait

STATES = (
    *("VerifyIdentity", "PlanRequest", "Confirm", "Review", "CoolOff"),
    *("FulfilStores", "Repair", "Assemble", "Close"),
)
"""From top to bottom; `Close` stands for the notice of the outcome too, and `FulfilStores` for its two maps."""

EDGES = (
    ("VerifyIdentity", "PlanRequest"),
    ("PlanRequest", "Confirm"),
    ("PlanRequest", "Review"),
    ("PlanRequest", "CoolOff"),
    ("PlanRequest", "FulfilStores"),
    ("Confirm", "PlanRequest"),
    ("Review", "PlanRequest"),
    ("CoolOff", "FulfilStores"),
    ("FulfilStores", "Repair"),
    ("FulfilStores", "Assemble"),
    ("Repair", "FulfilStores"),
    ("Assemble", "Close"),
)
_ENTERED = {
    "received": "VerifyIdentity",
    "identity_asked": "VerifyIdentity",
    "identity_proven": "PlanRequest",
    "planned": "PlanRequest",
    "confirmation_asked": "Confirm",
    "confirmed": "PlanRequest",
    "review_asked": "Review",
    "question_asked": "Review",
    "question_answered": "Review",
    "approved": "PlanRequest",
    "cooling_off_begun": "CoolOff",
    "work_begun": "FulfilStores",
    "repair_asked": "Repair",
    "volume_ready": "Assemble",
    "package_ready": "Assemble",
    "certificate_ready": "Assemble",
    "closed": "Close",
}
"""The state that the machine is in once an event of this code is there."""
_STANDS_IN = {
    Status.RECEIVED: "VerifyIdentity",
    Status.IDENTITY_NEEDED: "VerifyIdentity",
    Status.VERIFIED: "PlanRequest",
    Status.CONFIRM_NEEDED: "Confirm",
    Status.IN_REVIEW: "Review",
    Status.QUESTION: "Review",
    Status.COOLING_OFF: "CoolOff",
    Status.IN_PROGRESS: "FulfilStores",
    Status.NEEDS_REPAIR: "Repair",
}
_GOES_ON = frozenset({"identity_proven", "confirmed", "approved"})
"""What starts the next run by itself where the last one has ended."""
_CALLED = {"needs_person": ("Review", "Repair"), "waiting": ("VerifyIdentity", "Confirm", "CoolOff")}


def run_of(
    request: Request, events: Sequence[Event], tasks: Sequence[Task], waits: Mapping[str, Wait | None]
) -> dict[str, Any]:
    """The nine states with what became of each, and the path in the order in which it was taken."""
    steps = list(_steps(request, events))
    path = [state for state, _ in steps]
    now = _now(request, events)
    states = [_state(name, request, steps, now, tasks, waits) for name in STATES]
    return {
        "request_id": request.id,
        "run": request.run,
        "states": states,
        "path": path,
        "edges": [list(edge) for edge in EDGES],
        "taken": [list(pair) for pair in dict.fromkeys(pairwise(path))],
    }


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


def _steps(request: Request, events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """The states as they were entered, each with when; one that an event only goes on in is not entered anew."""
    last = None
    for event in events:
        state = _ENTERED.get(event.code)
        if event.code == "received" and event.status != Status.RECEIVED:
            state = "PlanRequest"
        if state is not None and state != last:
            yield state, event.at
            last = state
    if last != "Close" and request.status in {Status.COMPLETED, Status.COMPLETED_IN_PART} and request.closed_at:
        yield "Close", request.closed_at


def _now(request: Request, events: Sequence[Event]) -> str | None:
    """Where the machine stands; None once the request has ended."""
    if request.is_final:
        return None
    codes = {event.code for event in events}
    if request.status is Status.IN_PROGRESS and codes & {"package_ready", "certificate_ready", "volume_ready"}:
        return "Assemble"
    return _STANDS_IN[request.status]


def _state(  # noqa: PLR0917 - one line of a table
    name: str,
    request: Request,
    steps: Sequence[tuple[str, str]],
    now: str | None,
    tasks: Sequence[Task],
    waits: Mapping[str, Wait | None],
) -> dict[str, Any]:
    times = [at for state, at in steps if state == name]
    wait = waits.get(name)
    status = _status(name, request, now, entered=bool(times))
    waiting = status in {"waiting", "needs_person"}
    counted = name == "FulfilStores" and bool(tasks)
    return {
        "state": name,
        "status": status,
        "times": len(times),
        "at": times[-1] if times else None,
        "until": _until(name, request, wait) if waiting else None,
        "waits_for": waits_for(request, tasks) if name == now else None,
        "done": sum(task.status is TaskStatus.DONE for task in tasks) if counted else None,
        "total": len(tasks) if counted else None,
    }


def _status(name: str, request: Request, now: str | None, *, entered: bool) -> str:
    if name == now:
        if request.ended_run == request.run:
            return "failed"
        called = next((word for word, names in _CALLED.items() if name in names), "now")
        return "waiting" if called == "needs_person" and request.status is Status.QUESTION else called
    if entered:
        return "done"
    last = len(STATES) if now is None else STATES.index(now)
    return "skipped" if STATES.index(name) < last else "ahead"


def _until(name: str, request: Request, wait: Wait | None) -> str | None:
    if name == "CoolOff" and request.cooling_until:
        return request.cooling_until
    if name == "Review":
        return request.question_until
    return wait.until if wait and wait.answer is None else None
