"""What the watch does: it keeps an eye on the clocks of all open requests, and lets none of them wait for ever.

One pass over the index of due dates counts what is overdue and finds what must be looked at; the index carries the
moment of the next look, so a request is read only when there is something to do, or when it is due within days and
somebody has to know how far it is. What a look finds is claimed once in the ledger; whoever has to know is told by an
alert, which names no person.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from rights.clock import parse, stamp
from rights.domain.clock import Milestone, MilestoneCode, is_overdue
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Request, Task
from rights.ledger.table import Item
from rights.settings import Settings
from rights.status_token import reference
from rights.telemetry import logger

DUE_SOON = timedelta(days=3)
WAITING_FOR_US = frozenset({Status.IN_REVIEW, Status.NEEDS_REPAIR})
"""Where nothing goes on before one of us acts: a reminder of these goes out at half the time already."""


UNPROVEN = frozenset({Status.RECEIVED, Status.IDENTITY_NEEDED})
"""Where nothing is promised yet: who proves nothing is let expire, and anybody can file such requests."""


class WatchSettings(Settings):
    """Whom the watch tells."""

    alert_topic_arn: str


class Watched(Protocol):
    """What the watch needs of the ledger."""

    def clock(self) -> datetime:
        """The time now."""

    def get(self, request_id: str) -> Request:
        """The request as it is now."""

    def tasks(self, request_id: str) -> list[Task]:
        """What every store has to do for a request, and how far it is."""

    def open_by_due(self) -> Iterator[Item]:
        """Every open request with its due date and next look."""

    def take_look(self, request_id: str) -> Request | None:
        """Take the look that is due, or find that somebody else did."""

    def question_over(self, request_id: str) -> Request:
        """End a question whose time is over: the review goes on without an answer."""

    def remind_of_question(self, request_id: str) -> bool:
        """Remind the person of an open question, once."""

    def end_long_stop(self, request_id: str) -> Request:
        """Let the clock run again where an operator stopped it for too long."""

    def claim_milestones(self, request_id: str) -> tuple[Milestone, ...]:
        """Claim what the clock has reached; return what is to be told."""

    def looked(self, request_id: str) -> Request:
        """Record that all was told, and when to look next."""


class Watch:
    """One watch over everything that is open."""

    def __init__(self, ledger: Watched, sns: Any, topic: str) -> None:
        self._ledger = ledger
        self._sns = sns
        self._topic = topic

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """Look at every request whose moment has come, the earliest dates first, until time is up; return counts.

        `at_risk` are those of `due_soon` that are not in their last step, or of which time was up before it was known.
        """
        now = self._ledger.clock()
        counts = {"looked": 0, "left": 0, "overdue": 0, "due_soon": 0, "at_risk": 0}
        waiting: list[tuple[str, str]] = []
        soon: list[str] = []
        for entry in self._ledger.open_by_due():
            request_id, due = entry["PK"].removeprefix("REQUEST#"), parse(entry["due_at"])
            late = is_overdue(due, now, final=False)  # what has ended is not in this index, whatever became of it
            counts["overdue"] += late
            if not late and due <= now + DUE_SOON:
                soon.append(request_id)
            if "look_at" in entry and entry["look_at"] <= stamp(now):
                waiting.append((entry["due_at"], request_id))
        for _, request_id in sorted(waiting):
            counts["left" if time_is_up() or not self._try(request_id) else "looked"] += 1
        counts["due_soon"] = len(soon)
        counts["at_risk"] = sum(time_is_up() or self._is_at_risk(request_id) for request_id in soon)
        return counts

    def _is_at_risk(self, request_id: str) -> bool:
        """Whether a request that is due within days is still waited for, or at work in some store."""
        request = self._ledger.get(request_id)
        if request.is_final or request.status in UNPROVEN:
            return False
        if request.status is not Status.IN_PROGRESS:
            return True
        return any(task.status is not TaskStatus.DONE for task in self._ledger.tasks(request_id))

    def _try(self, request_id: str) -> bool:
        try:
            self._look(request_id)
        except Exception:  # noqa: BLE001 - one request that cannot be helped must not hold up the others
            logger.exception("watch failed", extra={"code": "watch_failed", "request_id": request_id})
            return False
        return True

    def _look(self, request_id: str) -> None:
        request = self._ledger.take_look(request_id)
        if request is None:
            return
        if request.status is Status.QUESTION:
            self._look_at_question(request)
        self._ledger.end_long_stop(request_id)
        claimed = self._ledger.claim_milestones(request_id)
        request = self._ledger.get(request_id)
        for milestone in claimed:
            if milestone.code is not MilestoneCode.PERCENT_50 or request.status in WAITING_FOR_US:
                self._tell(request, milestone)
        self._ledger.looked(request_id)

    def _look_at_question(self, request: Request) -> None:
        if request.question_until is not None and parse(request.question_until) <= self._ledger.clock():
            self._ledger.question_over(request.id)
        else:
            self._ledger.remind_of_question(request.id)

    def _tell(self, request: Request, milestone: Milestone) -> None:
        message = {
            "request_id": request.id,
            "reference": reference(request.id),
            "right": request.right,
            "status": request.status,
            "milestone": milestone.code,
            "due_at": request.due_at,
        }
        subject = f"{message['reference']}: {milestone.code}"
        self._sns.publish(TopicArn=self._topic, Subject=subject, Message=json.dumps(message))
