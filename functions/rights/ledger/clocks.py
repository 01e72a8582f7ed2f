"""The clock of a request as the ledger keeps it: the facts, and the dates that follow from them by a rule.

Only the facts are state (`timeline`); `due_at`, `work_by` and `look_at` are written beside them for the index, anew
with every fact. Which rule: that of the day of receipt, by the version the request stores. A draft is never chosen.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from rights.clock import parse, stamp
from rights.domain.clock import (
    Clock,
    ClockRule,
    Extension,
    Pause,
    PauseReason,
    Timeline,
    explain,
    next_look,
    read_clock,
    rule_by_ref,
    rule_for,
)
from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Right
from rights.domain.status import Status
from rights.ledger.model import Request
from rights.public_holidays import calendar_of

QUESTION_REMINDER = "question_reminder"


def opening_clock(
    right: Right, jurisdiction: str, received_at: datetime, now: datetime, *, verified: bool = False
) -> dict[str, Any]:
    """What a new request stores of its clock: `clock_rule`, `timeline`, `due_at`, `work_by`, `look_at`.

    `verified`: the proof came with the request. A jurisdiction whose law has no rule for the right falls to the policy.
    """
    rule = rule_for(right, jurisdiction, received_at.astimezone(MALL_TIME).date())
    timeline = Timeline(received_at, verified_at=max(received_at, now) if verified else None)
    return {"clock_rule": rule.ref} | _dates(timeline, _read(timeline, rule, now), ())


def turned(
    request: Request,
    now: datetime,
    *,
    verified: bool = False,
    paused: PauseReason | None = None,
    until: str | None = None,
    resumed: bool = False,
    extended: str | None = None,
    closed: bool = False,
) -> dict[str, Any]:
    """What a change sets after a fact: `timeline`, `due_at`, `work_by`, `look_at`.

    `paused`: we asked the person something, and wait `until` then (`question_until`) if that is given; `resumed`: the
    answer came, or nobody waits for it any more; `extended`: the code of the reason. A pause that the rule does not
    allow is a fact all the same: the clock runs on, and says that it does.
    """
    timeline = timeline_of(request)
    if verified and timeline.verified_at is None:
        proven = tuple(_ended(p, now) if p.reason is PauseReason.IDENTITY else p for p in timeline.pauses)
        timeline = replace(timeline, verified_at=max(now, timeline.received_at), pauses=proven)
    if resumed:
        timeline = replace(timeline, pauses=tuple(_ended(pause, now) for pause in timeline.pauses))
    if paused and not any(pause.reason is paused and pause.until is None for pause in timeline.pauses):
        timeline = replace(timeline, pauses=(*timeline.pauses, Pause(paused, now)))
    if extended and timeline.extension is None:
        timeline = replace(timeline, extension=Extension(now, extended))
    if closed:
        timeline = replace(timeline, closed_at=now)
    asked = until if paused else None if resumed else request.question_until if _is_asked(request) else None
    sets = _dates(timeline, _read(timeline, rule_of(request), now), request.milestones, asked)
    if closed:
        return sets | {"look_at": None}
    # Whoever looks at the request now has the time until then to tell of what they claimed.
    if request.alerts and request.look_at:
        sets["look_at"] = min(request.look_at, sets["look_at"] or request.look_at)
    return sets


def rule_of(request: Request) -> ClockRule:
    """The very version of the rule a request runs under."""
    return rule_by_ref(request.clock_rule)


def timeline_of(request: Request) -> Timeline:
    """The facts of a request's clock."""
    return Timeline.from_dict(request.timeline or {"received_at": request.received_at})


def reading(request: Request, now: datetime) -> Clock:
    """What the clock of a request says at a moment."""
    return _read(timeline_of(request), rule_of(request), now)


def explained(request: Request, now: datetime) -> tuple[dict[str, str], ...]:
    """Which days count and which do not, and why: codes and values, which a door words."""
    return explain(reading(request, now))


def question_reminder(request: Request) -> tuple[str, datetime] | None:
    """The key under which the reminder of an open question is claimed, and when it is due: half the time is gone."""
    if request.question_until is None or not _is_asked(request):
        return None
    return _reminder(timeline_of(request), request.question_until)


def _read(timeline: Timeline, rule: ClockRule, now: datetime) -> Clock:
    return read_clock(timeline, rule, calendar_of(rule.calendar), now)


def _dates(timeline: Timeline, clock: Clock, claimed: Collection[str], asked: str | None = None) -> dict[str, Any]:
    """The facts, and the dates for the index; `asked`: until when we wait for an answer, which is looked after too."""
    looks = [next_look(clock, claimed)]
    if asked:
        key, half = _reminder(timeline, asked)
        looks += [parse(asked), None if key in claimed else half]
    first = min((look for look in looks if look), default=None)
    return {
        "timeline": timeline.to_dict(),
        "due_at": stamp(clock.legal_due),
        "work_by": stamp(clock.due),
        "look_at": stamp(first) if first else None,
    }


def _reminder(timeline: Timeline, until: str) -> tuple[str, datetime]:
    since = max((pause.since for pause in timeline.pauses), default=timeline.received_at)
    return f"{QUESTION_REMINDER}_{len(timeline.pauses)}", since + (parse(until) - since) / 2


def _ended(pause: Pause, now: datetime) -> Pause:
    return replace(pause, until=max(now, pause.since)) if pause.until is None else pause


def _is_asked(request: Request) -> bool:
    return request.status is Status.QUESTION
