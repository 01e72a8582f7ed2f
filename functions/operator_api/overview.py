"""How things stand: what is open and late, how the stores do, and how many requests were closed in time."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from operator_api.lists import DUE_SOON, ListDoors
from rights.clock import parse, stamp
from rights.domain.status import OPEN, Status
from rights.domain.work import TaskStatus
from rights.http import FieldProblem, not_valid
from rights.ledger import Request, Task
from rights.ledger.weeks import Closed, mondays_until
from rights.status_token import reference

STUCK = timedelta(hours=24)
SNAPSHOT_LASTS = timedelta(minutes=1)
SNAPSHOT = "stores"
_OURS = (Status.NEEDS_REPAIR, Status.IN_PROGRESS, Status.VERIFIED, Status.RECEIVED)
"""Where it is the system's turn, or an operator's."""
MOST_OPEN = 200
"""So many requests of a status are looked at for a snapshot, those first that wait longest."""
MOST_CLOSED = 25
MOST_FAILING = 20
RECENT = 50
SOONEST = 5


class OverviewDoors(ListDoors):
    """The doors to how things stand. `kinds`: of each store, by the data map."""

    _kinds: Mapping[str, str]

    def overview(self) -> dict[str, Any]:
        """What is open by status, the counts that need somebody, the oldest, and those that are due the soonest."""
        counts = {status: self._ledger.count_by_status(status) for status in sorted(OPEN)}
        dated = self._ledger.open_by_date()
        now, soon = stamp(self._clock()), stamp(self._clock() + DUE_SOON)
        soonest = self._ledger.requests_at([request_id for _, request_id in dated[:SOONEST]])
        return {
            "open": {status: number for status, number in counts.items() if number},
            "open_total": len(dated),
            "counts": {
                "overdue": sum(due_at < now for due_at, _ in dated),
                "due_soon": sum(now <= due_at <= soon for due_at, _ in dated),
                "needs_decision": counts[Status.IN_REVIEW],
                "failing": counts[Status.NEEDS_REPAIR],
                "stuck": len(self.stuck()),
                "attention": self.find({"attention": "1"})["total"],
            },
            "due_soon_days": DUE_SOON.days,
            "oldest": self._oldest(sorted(OPEN)),
            "oldest_decision": self._oldest([Status.IN_REVIEW]),
            "soonest": [self.summary(request) for request in soonest],
        }

    def weeks(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What was closed in each of the last weeks (12, or `weeks`), oldest first."""
        wished = query.get("weeks", "12")
        if not (wished.isdecimal() and len(wished) <= 2 and 1 <= int(wished) <= 53):
            raise not_valid({"weeks": FieldProblem("wrong_type")})
        mondays = mondays_until(self._clock(), int(wished))
        closed = self._ledger.closed_since(mondays[0])
        return {"weeks": [_week(str(monday), [one for one in closed if one.begins == monday]) for monday in mondays]}

    def stores(self) -> dict[str, Any]:
        """How each store does; at most a minute old, since it is counted once for everybody who looks."""
        as_of, content = self._snapshot()
        return {"as_of": as_of, **{name: content[name] for name in ("stores", "looked_at", "is_whole")}}

    def stuck(self) -> Collection[str]:
        """The requests of which nothing has come for a day although it is the system's turn."""
        return list(self._snapshot()[1]["stuck"])

    def _oldest(self, statuses: Sequence[Status]) -> dict[str, Any] | None:
        ids = [one for status in statuses for one in self._ledger.oldest_of(status, 1)]
        found = sorted(self._ledger.requests_at(ids), key=lambda request: request.received_at)
        return self.summary(found[0]) if found else None

    def _snapshot(self) -> tuple[str, dict[str, Any]]:
        kept = self._ledger.last_snapshot(SNAPSHOT)
        fresh = kept is not None and parse(kept[0]) > self._clock() - SNAPSHOT_LASTS
        if kept is not None and (fresh or not self._ledger.may_make_snapshot(SNAPSHOT)):
            return kept
        content = self._look_around()
        return self._ledger.keep_snapshot(SNAPSHOT, content), content

    def _look_around(self) -> dict[str, Any]:
        ids = {status: self._ledger.oldest_of(status, MOST_OPEN) for status in _OURS}
        requests = [r for found in ids.values() for r in self._ledger.requests_at(found) if r.status in _OURS]
        tasks = {request.id: self._ledger.tasks(request.id) for request in requests if request.plan}
        closed = [
            request_id
            for status in (Status.COMPLETED, Status.COMPLETED_IN_PART)
            for (_, request_id), _ in zip(self._ledger.newest_of(status), range(MOST_CLOSED), strict=False)
        ]
        done = {request_id: self._ledger.tasks(request_id) for request_id in closed}
        return {
            "stores": [
                self._store(name, requests, tasks, [t for ts in done.values() for t in ts])
                for name in sorted(self._kinds)
            ],
            "looked_at": len(requests) + len(closed),
            "is_whole": all(len(found) < MOST_OPEN for found in ids.values()),
            "stuck": self._stuck_of(requests, tasks),
        }

    def _store(
        self, name: str, requests: Sequence[Request], tasks: Mapping[str, Sequence[Task]], done: Sequence[Task]
    ) -> dict[str, Any]:
        """How one store does, by its tasks of requests that are open, and of the last that were closed."""
        pairs = [(r, t) for r in requests for t in tasks.get(r.id, ()) if t.store.partition(".")[0] == name]
        failed = sorted(
            ((r, t) for r, t in pairs if t.status is TaskStatus.FAILED), key=lambda pair: str(pair[1].claimed_at)
        )
        ended = [task for task in done if task.store.partition(".")[0] == name]
        mine = sorted([t for _, t in pairs] + ended, key=lambda task: str(task.claimed_at or ""), reverse=True)
        succeeded = [t.verified_at or t.claimed_at for t in mine if t.status is TaskStatus.DONE]
        took = sorted(seconds for t in mine[:RECENT] if (seconds := _took(t)) is not None)
        by_status = Counter(t.status for _, t in pairs)
        return {
            "store": name,
            "kind": self._kinds[name],
            "last_success": max((at for at in succeeded if at), default=None),
            "failing_since": failed[0][1].claimed_at if failed else None,
            "failed": len(failed),
            "working": by_status[TaskStatus.WORKING] + by_status[TaskStatus.READING_BACK],
            "waiting": by_status[TaskStatus.WAITING],
            "pending": by_status[TaskStatus.PENDING],
            "error_class": failed[-1][1].error_class if failed else None,
            "failing_requests": [
                {
                    "request_id": r.id,
                    "reference": reference(r.id),
                    "error_class": t.error_class,
                    "since": t.claimed_at,
                }
                for r, t in failed[:MOST_FAILING]
            ],
            "p95_seconds": took[math.ceil(0.95 * len(took)) - 1] if took else None,
            "recent": [task.status for task in mine[:RECENT]],
        }

    def _stuck_of(self, requests: Sequence[Request], tasks: Mapping[str, Sequence[Task]]) -> list[str]:
        """Nothing has come for a day: neither an event, nor anybody who took a store's work up."""
        before = stamp(self._clock() - STUCK)
        events = self._ledger.last_events(requests)
        found = []
        for request in requests:
            waits = any(task.status is TaskStatus.WAITING for task in tasks.get(request.id, ()))
            event = events.get(request.id)
            moved = [event.at if event else "", *(str(t.claimed_at or "") for t in tasks.get(request.id, ()))]
            if not waits and max(moved) < before:
                found.append(request.id)
        return found


def _took(task: Task) -> float | None:
    """Seconds from the begin of a store's work to its end, waiting for others included."""
    if task.begun_at is None or task.done_at is None:
        return None
    return round((parse(task.done_at) - parse(task.begun_at)).total_seconds(), 1)


def _week(monday: str, closed: Sequence[Closed]) -> dict[str, Any]:
    days: Counter[int] = Counter()
    rights: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for one in closed:
        days.update(one.days)
        rights[one.right] += one.requests
        outcomes[one.outcome] += one.requests
    year, week, _ = date.fromisoformat(monday).isocalendar()
    return {
        "week": f"{year}-W{week:02d}",
        "begins": monday,
        "closed": sum(days.values()),
        "late": sum(one.late for one in closed),
        "by_right": dict(sorted(rights.items())),
        "by_outcome": dict(sorted(outcomes.items())),
        "median_days": _quantile(days, 0.5),
        "p90_days": _quantile(days, 0.9),
    }


def _quantile(days: Counter[int], share: float) -> int | None:
    """The days within which this share of the requests was closed."""
    whole = sum(days.values())
    passed = 0
    for day in sorted(days):
        passed += days[day]
        if passed >= share * whole:
            return day
    return None
