"""The way of a request through the state machine: where it was, where it stands, what it waits for; from its ledger."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Look = Literal["done", "now", "waiting", "needs_person", "ended", "skipped", "ahead"]

_ENTERS = {
    "received": "VerifyIdentity",
    "identity_asked": "VerifyIdentity",
    "planned": "PlanRequest",
    "linked_to_earlier_request": "PlanRequest",
    "confirmation_asked": "Confirm",
    "review_asked": "Review",
    "cooling_off_begun": "CoolOff",
    "joined_work_begun": "BeginWork",
    "work_begun": "BeginWork",
    "repair_asked": "Repair",
    "volume_ready": "Assemble",
    "package_ready": "Assemble",
    "certificate_ready": "Assemble",
    "closed": "Close",
}
"""Events that show where the execution came to; what lies between needs no event of its own."""
_REPEATS = frozenset({"volume_ready", "package_ready", "certificate_ready", "identity_asked"})
"""Events that go on with the visit that is open, and begin none."""
_STANDS = {
    "received": "VerifyIdentity",
    "identity_needed": "VerifyIdentity",
    "verified": "PlanRequest",
    "confirm_needed": "Confirm",
    "in_review": "Review",
    "question": "Review",
    "cooling_off": "CoolOff",
    "in_progress": "FulfilStores",
    "needs_repair": "Repair",
}
_WAITS_FOR = {
    "VerifyIdentity": "person",
    "Confirm": "person",
    "Review": "operator",
    "CoolOff": "pause",
    "AwaitAccess": "access",
    "Repair": "operator",
}
_COMPLETED = frozenset({"completed", "completed_in_part"})


@dataclass(frozen=True, slots=True)
class Graph:
    """What `graph.json` holds."""

    main: Sequence[str]
    detours: Mapping[str, str]
    """Each detour, and the place beside which it is."""
    edges: Sequence[tuple[str, str]]
    waits: frozenset[str]
    maps: frozenset[str]
    comments: Mapping[str, str]

    @property
    def order(self) -> list[str]:
        """Every place: a detour right after the place it leaves from."""
        return [
            name for one in self.main for name in (one, *(d for d, beside in self.detours.items() if beside == one))
        ]


@cache
def graph() -> Graph:
    """The state machine as it is deployed: a test holds the file to the definition."""
    raw = json.loads((Path(__file__).parent / "graph.json").read_text("utf-8"))
    return Graph(
        main=raw["main"],
        detours={one["name"]: one["beside"] for one in raw["detours"]},
        edges=[(first, last) for first, last in raw["edges"]],
        waits=frozenset(raw["waits"]),
        maps=frozenset(raw["maps"]),
        comments=raw["comments"],
    )


@dataclass(slots=True)
class Place:
    """One box of the picture, and one row of the table below it."""

    name: str
    look: Look
    times: int = 0
    entered_at: str | None = None
    left_at: str | None = None
    waits_for: str | None = None
    """Who or what has to act: person, operator, clock, access."""
    until: str | None = None
    total: int = 0
    """Of a Map: how many stores there are, how many are done and how many failed."""
    done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Journey:
    """All places in order, and the ways between them that were taken."""

    places: Mapping[str, Place]
    taken: frozenset[tuple[str, str]]
    here: str | None
    """Where it stands; None once it has ended."""


@dataclass(slots=True)
class _Visits:
    """What the events tell: per place how often, when first and when last."""

    times: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    way: list[str] = field(default_factory=list)

    def enter(self, name: str, moment: str, *, again: bool = True) -> None:
        last = self.way[-1] if self.way else None
        if last and last != name:
            self.left[last] = moment
        if last == name and not again:
            return
        self.times[name] = self.times.get(name, 0) + 1
        self.first.setdefault(name, moment)
        self.way.append(name)


def journey(request: Mapping[str, Any]) -> Journey:
    """The way of a request, from the answer of its door (with `waits`, where the door tells them)."""
    events = sorted(request["events"], key=lambda event: event["version"])
    visits = _visits(events, request)
    status = str(request["status"])
    here = _here(status, request, visits)
    end = None if here else _end(status, visits)
    order = graph().order
    came_to = [name for name in (*visits.times, here or "") if name in graph().main]
    furthest = max((order.index(name) for name in came_to), default=-1)
    places = {
        name: Place(
            name=name,
            look=_look(name, here, end, visits, request, passed=order.index(name) < furthest or end is not None),
            times=visits.times.get(name, 0),
            entered_at=visits.first.get(name),
            left_at=None if name == here else visits.left.get(name),
        )
        for name in order
    }
    _mark_wait(places, here, request)
    _mark_stores(places["FulfilStores"], request["tasks"])
    return Journey(places, frozenset(_taken(visits.way)), here)


def _visits(events: Iterable[Mapping[str, Any]], request: Mapping[str, Any]) -> _Visits:
    visits = _Visits()
    for event in events:
        code, moment = str(event["code"]), str(event["at"])
        if code == "received" and event["status"] == "verified":
            continue
        if code == "closed":
            _close(visits, moment, with_work=str(request["status"]) in _COMPLETED)
        elif name := _ENTERS.get(code):
            if name == "Assemble" and "FulfilStores" in visits.times:
                visits.left["FulfilStores"] = moment
            visits.enter(name, moment, again=code not in _REPEATS)
        if code == "work_begun":
            visits.enter("FulfilStores", moment)
    if visits.way and request.get("closed_at"):
        visits.left.setdefault(visits.way[-1], str(request["closed_at"]))
    return visits


def _close(visits: _Visits, moment: str, *, with_work: bool) -> None:
    """A request closes after its notice, and that after its answer was assembled, which left no events."""
    for name in ("Assemble", "Notify", "Close") if with_work else ("Close",):
        visits.enter(name, moment, again=name not in visits.times)


def _here(status: str, request: Mapping[str, Any], visits: _Visits) -> str | None:
    waiting = {str(wait["state"]) for wait in request.get("waits", ()) if not wait.get("answered")}
    if status == "in_progress":
        tasks = request["tasks"]
        if tasks and all(task["status"] == "done" for task in tasks):
            return "Assemble"
    if status in {"verified", "in_review", "cooling_off"} and "AwaitAccess" in waiting:
        return "AwaitAccess"
    if status == "verified" and "work_begun" in visits.times:
        return "BeginWork"
    return _STANDS.get(status)


def _end(status: str, visits: _Visits) -> str | None:
    """Where a request ended that did not go its whole way."""
    return None if status in _COMPLETED else (visits.way[-1] if visits.way else None)


def _look(
    name: str, here: str | None, end: str | None, visits: _Visits, request: Mapping[str, Any], *, passed: bool
) -> Look:
    if name == here:
        return _look_here(name, str(request["status"]))
    if name == end:
        return "ended"
    if name in visits.times:
        return "done"
    over = here is None or passed
    return "skipped" if over else "ahead"


def _look_here(name: str, status: str) -> Look:
    if status in {"in_review", "needs_repair"}:
        return "needs_person"
    return "waiting" if name in graph().waits else "now"


def _mark_wait(places: Mapping[str, Place], here: str | None, request: Mapping[str, Any]) -> None:
    if here is None or here not in graph().waits:
        return
    place = places[here]
    place.waits_for = "person" if request["status"] == "question" else _WAITS_FOR.get(here)
    told = {str(wait["state"]): wait.get("until") for wait in request.get("waits", ()) if not wait.get("answered")}
    own = {"question": request.get("question_until"), "cooling_off": request.get("cooling_until")}
    place.until = own.get(str(request["status"])) or told.get(here)


def _mark_stores(place: Place, tasks: Sequence[Mapping[str, Any]]) -> None:
    place.total = len(tasks)
    place.done = sum(task["status"] == "done" for task in tasks)
    place.failed = sum(task["status"] == "failed" for task in tasks)


def _taken(way: Sequence[str]) -> Iterable[tuple[str, str]]:
    yield from pairwise(way)
