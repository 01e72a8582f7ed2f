"""A request as a line of a list: where it stands, how much time it has, and who has to act."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rights.clock import parse, stamp
from rights.domain.clock import Clock as RequestClock
from rights.domain.clock import is_overdue
from rights.domain.mall_time import MALL_TIME
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Request, Task
from rights.status_token import reference

WORKED_ON = frozenset({Status.IN_PROGRESS, Status.NEEDS_REPAIR})
_WAITS_FOR = {
    Status.RECEIVED: "person",
    Status.IDENTITY_NEEDED: "person",
    Status.CONFIRM_NEEDED: "person",
    Status.QUESTION: "person",
    Status.IN_REVIEW: "operator",
    Status.NEEDS_REPAIR: "operator",
    Status.COOLING_OFF: "pause",
    Status.VERIFIED: "stores",
    Status.IN_PROGRESS: "stores",
}


def row_of(request: Request, clock: RequestClock, now: datetime, tasks: Sequence[Task] = ()) -> dict[str, Any]:
    """The line of a request. `tasks`: of one that is worked on, to say how far it is."""
    worked_on = request.status in WORKED_ON and bool(tasks)
    due_at = request.due_at if request.is_final else stamp(clock.legal_due)
    return {
        "request_id": request.id,
        "reference": reference(request.id),
        "status": request.status,
        "right": request.right,
        "outcome": request.outcome,
        "channel": request.channel,
        "affiliate": request.affiliate,
        "requester": request.requester,
        "locale": request.locale,
        "received_at": request.received_at,
        "due_at": due_at,
        "work_by": request.work_by,
        "closed_at": request.closed_at,
        "overdue": is_overdue(parse(request.due_at), now, final=request.is_final),
        "days_left": None if request.is_final else _days(now, parse(due_at)),
        "days_used": clock.days_used,
        "days_total": clock.days_total,
        "stands_still": clock.stands_still,
        "extended": clock.extended,
        "attention": request.attention,
        "review": request.review,
        "waits_for": waits_for(request, tasks),
        "stage": _stage(tasks) if worked_on else None,
        "failing": [task.store for task in tasks if task.status is TaskStatus.FAILED] if worked_on else [],
        "version": request.version,
        "run": request.run,
        "execution": request.execution,
    }


def waits_for(request: Request, tasks: Sequence[Task] = ()) -> str | None:
    """Who has to act before a request goes on; None once it has ended."""
    left = [task for task in tasks if task.status is not TaskStatus.DONE]
    if request.status is Status.IN_PROGRESS and left and all(task.status is TaskStatus.WAITING for task in left):
        return "partner"
    return _WAITS_FOR.get(request.status)


def _stage(tasks: Sequence[Task]) -> dict[str, int]:
    return {"done": sum(task.status is TaskStatus.DONE for task in tasks), "total": len(tasks)}


def _days(now: datetime, due: datetime) -> int:
    """Days of the mall's calendar until a moment; 0 on its day, fewer after it."""
    return (due.astimezone(MALL_TIME).date() - now.astimezone(MALL_TIME).date()).days
