"""What time does to a request: longer terms, questions that stop the clock, and milestones that somebody is told of.

A watch looks at a request when its `look_at` has come. It takes the look (one of two watches gets it), claims what was
reached (each milestone once, with an event), tells of it, and says when to look next. If it dies before it has told,
the look is free again after a while, and what nobody was told of is told then: twice rather than never.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from rights.clock import stamp
from rights.domain.clock import (
    Clock,
    ExtensionAnswer,
    Milestone,
    PauseReason,
    may_extend,
    milestones,
    reached,
)
from rights.domain.status import Status
from rights.errors import IllegalTransitionError, TermError
from rights.ledger.clocks import explained, question_reminder, reading, rule_of, timeline_of, turned
from rights.ledger.identity import Identity
from rights.ledger.model import Request
from rights.ledger.requests import Change
from rights.ledger.table import SHARDS, Item, Update, request_key
from rights.public_holidays import calendar_of

LOOK_LASTS = timedelta(minutes=10)
"""How long a watch has to tell of what it claimed; shorter than from one watch to the next."""
LONGEST_STOP = timedelta(days=14)
"""How long an operator's stop holds the clock, like a question of the review (house)."""
_RACES = 10


class Clocks(Identity):
    """The clocks of requests."""

    def reading(self, request: Request) -> Clock:
        """What the clock of a request says now."""
        return reading(request, self.clock())

    def explained(self, request: Request) -> tuple[dict[str, str], ...]:
        """Which days count and which do not, and why: codes and values, which a door words."""
        return explained(request, self.clock())

    def extend_term(self, request_id: str, reason: str, *, by: str) -> Request:
        """Take the longer term, once, and tell every proven contact in the same change: untold, it would not hold.

        TermError with the code why, if the rule does not allow it, or if nobody has proven a contact to be told at.
        """

        def decide(request: Request) -> Change:
            now = self.clock()
            calendar = calendar_of(rule_of(request).calendar)
            answer = may_extend(timeline_of(request), rule_of(request), calendar, at=now, reason=reason)
            if request.is_final:
                answer = ExtensionAnswer.CLOSED
            if answer is not ExtensionAnswer.MAY:
                raise TermError(answer)
            proven = self.proven(request_id)
            if not proven:
                raise TermError("nobody_to_tell")
            sets = turned(request, now, extended=reason)
            detail = {"reason": reason, "due": sets["due_at"]}
            also = [self.notice_part(request_id, "extended", channel) for channel in proven]
            return Change(code="extended", by=by, sets=sets, detail=detail, also=also)

        return self.change(request_id, decide)

    def stop_clock(self, request_id: str, reason: PauseReason, *, by: str) -> Request:
        """Record that we wait for the person; whether the clock stands still meanwhile is for its rule to say.

        It ends by `start_clock`, by the proof, or after `LONGEST_STOP` by the watch. IllegalTransitionError for a proof
        that has come, and once the work has begun.
        """

        def decide(request: Request) -> Change | None:
            _refuse_if_final(request)
            _refuse_if_nothing_is_waited_for(request, reason)
            if any(pause.reason is reason and pause.until is None for pause in timeline_of(request).pauses):
                return None
            sets = turned(request, self.clock(), paused=reason)
            return Change(code="clock_stopped", by=by, sets=sets, detail={"reason": reason, "due": sets["due_at"]})

        return self.change(request_id, decide)

    def start_clock(self, request_id: str, *, by: str) -> Request:
        """Record that what we waited for has come; IllegalTransitionError while a question of the review is open."""

        def decide(request: Request) -> Change | None:
            _refuse_if_final(request)
            if request.status is Status.QUESTION:
                raise IllegalTransitionError("this question ends with its answer, or with its time")
            if all(pause.until for pause in timeline_of(request).pauses):
                return None
            sets = turned(request, self.clock(), resumed=True)
            return Change(code="clock_started", by=by, sets=sets, detail={"due": sets["due_at"]})

        return self.change(request_id, decide)

    def end_long_stop(self, request_id: str) -> Request:
        """Let the clock run again where it was stopped for so long that nothing is waited for any more."""
        request = self.get(request_id)
        since = [pause.since for pause in timeline_of(request).pauses if pause.until is None]
        if request.is_final or request.status is Status.QUESTION or not since:
            return request
        over = min(since) + LONGEST_STOP <= self.clock()
        return self.start_clock(request_id, by="system") if over else request

    def open_by_due(self) -> Iterator[Item]:
        """Every open request with `due_at` and `look_at`, the earliest date of each shard first.

        From an index that carries both dates: read again before you act on one.
        """
        for shard in range(SHARDS):
            yield from self.table.query_index("by_due", "due_shard", f"DUE#{shard}", "due_at", None)

    def take_look(self, request_id: str) -> Request | None:
        """Take the look that is due at a request; `None` if none is, or somebody else has it."""
        request = self.get(request_id)
        if request.is_final or request.look_at is None or request.look_at > self.now():
            return None
        update = Update(request_key(request_id)).set(look_at=stamp(self.clock() + LOOK_LASTS))
        taken = self.table.update(update.when("{look_at} = {=seen}", seen=request.look_at))
        return None if taken is None else self.get(request_id)

    def claim_milestones(self, request_id: str) -> tuple[Milestone, ...]:
        """Claim what the clock has reached, each milestone once and with its event; return what is still to be told.

        That is what was claimed now, and what was claimed before by somebody who did not get to tell.
        """
        request = self.get(request_id)
        for milestone in reached(self.reading(request), self.clock(), request.milestones):
            request = self.change(request_id, partial(self._claim, milestone))
        return tuple(m for m in milestones(self.reading(request)) if m.key in request.alerts)

    def _claim(self, milestone: Milestone, request: Request) -> Change | None:
        # Whoever changed the request in between may have moved its clock.
        now_reached = reached(self.reading(request), self.clock(), request.milestones)
        if request.is_final or milestone.key not in {m.key for m in now_reached}:
            return None
        claimed = {name: [*getattr(request, name), milestone.key] for name in ("milestones", "alerts")}
        sets = turned(request, self.clock()) | {"look_at": request.look_at} | claimed
        return Change(code=f"clock_{milestone.code}", sets=sets, detail={"due": sets["due_at"]})

    def remind_of_question(self, request_id: str) -> bool:
        """Remind the person of an open question when half its time is gone, once; tell whether it was done now."""
        done = False

        def decide(request: Request) -> Change | None:
            nonlocal done
            reminder = question_reminder(request)
            done = reminder is not None and reminder[0] not in request.milestones and reminder[1] <= self.clock()
            if reminder is None or not done:
                return None
            number = len(timeline_of(request).pauses)
            also = [self.notice_part(request_id, "reminder", c, number=number) for c in self.proven(request_id)]
            return Change(code="question_reminded", sets={"milestones": [*request.milestones, reminder[0]]}, also=also)

        self.change(request_id, decide)
        return done

    def looked(self, request_id: str) -> Request:
        """Record that all was told, and when to look next; a clock that stands still has moved its dates meanwhile."""

        def decide(request: Request) -> Change | None:
            sets = turned(request, self.clock())
            if request.is_final or sets["due_at"] == request.due_at:
                return None
            return Change(code="clock_moved", sets=sets | {"look_at": request.look_at}, detail={"due": sets["due_at"]})

        request = self.change(request_id, decide)
        for _ in range(_RACES):
            look_at = None if request.is_final else turned(replace(request, alerts=()), self.clock())["look_at"]
            update = Update(request_key(request_id)).set(look_at=look_at, alerts=None)
            if self.table.update(update.when("{version} = {=seen}", seen=request.version)) is not None:
                break
            request = self.get(request_id)
        return self.get(request_id)


def _refuse_if_nothing_is_waited_for(request: Request, reason: PauseReason) -> None:
    proven = reason is PauseReason.IDENTITY and timeline_of(request).verified_at is not None
    if proven or request.status in {Status.IN_PROGRESS, Status.NEEDS_REPAIR}:
        raise IllegalTransitionError(f"a request that is {request.status} does not wait for this")


def _refuse_if_final(request: Request) -> None:
    if request.is_final:
        raise IllegalTransitionError(f"a request that is {request.status} has no clock that runs")
