"""The bar of a request's clock: the text first, then days that were counted, stood still, or are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from operator_api.console.times import day, day_of
from operator_api.console.words import CLOCK, say, some

WIDTH = 640
NEAR_DAYS = 5
"""From how many days before the date it counts as near."""
_STANDS_STILL = frozenset({"paused_for_identity", "paused_for_clarification", "awaiting_verification"})


@dataclass(frozen=True, slots=True)
class Part:
    """A run of days in the bar: `counted`, `paused` or `rest`."""

    x: int
    width: int
    look: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A day that is marked on the bar."""

    x: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Sla:
    """The clock of a request in words and as a bar."""

    headline: str
    state: str
    """on time, internal date near, internal date passed, overdue, paused, stopped: in words."""
    tone: str
    parts: tuple[Part, ...]
    ticks: tuple[Tick, ...]
    explained: tuple[str, ...]
    width: int = WIDTH


def days_left(due_at: str, now: datetime) -> int:
    """Days of the mall until a date; negative once it is over, 0 on the day."""
    return (day_of(due_at) - day_of(now)).days


def left_in_words(due_at: str, now: datetime) -> str:
    """18 days left, due today, 3 days overdue."""
    left = days_left(due_at, now)
    if left == 0:
        return "due today"
    count = some(abs(left), "day")
    return f"{count} left" if left > 0 else f"{count} overdue"


def sla(clock: Mapping[str, Any], request: Mapping[str, Any], now: datetime) -> Sla:
    """The bar of a request, from the answers of its clock's door and its own."""
    closed = request.get("closed_at")
    today = day_of(closed) if closed else day_of(now)
    due, work_by = day_of(clock["due_at"]), day_of(clock["work_by"])
    first = day_of(request["received_at"])
    last = max(due, today)
    scale = WIDTH / ((last - first).days + 1)

    def at(when: date) -> int:
        return min(WIDTH, max(0, round(((when - first).days) * scale)))

    parts = tuple(_parts(clock["due_explained"], today, at))
    ticks = [Tick(at(due + timedelta(1)), "legal", f"due {day(due)}")]
    if work_by < due:
        ticks.append(Tick(at(work_by + timedelta(1)), "internal", f"internal date {day(work_by)}"))
    if not closed:
        ticks.append(Tick(min(at(today) + round(scale / 2), WIDTH - 1), "today", "today"))
    state, tone = _state(clock, today, closed=bool(closed))
    return Sla(
        headline=_headline(clock, now, closed),
        state=state,
        tone=tone,
        parts=parts,
        ticks=tuple(ticks),
        explained=tuple(_explained(clock)),
    )


def _headline(clock: Mapping[str, Any], now: datetime, closed: str | None) -> str:
    total = clock["days_total"]
    if closed:
        early = days_left(clock["due_at"], datetime.fromisoformat(closed))
        margin = "on the last day" if early == 0 else f"{abs(early)} d {'before' if early > 0 else 'after'} the date"
        return f"Closed on {day(closed)}, {margin}"
    used = min(clock["days_used"] + 1, total) if not clock["overdue"] else total
    return f"Day {used} of {total}, due {day(clock['due_at'])}, {left_in_words(clock['due_at'], now)}"


def _state(clock: Mapping[str, Any], today: date, *, closed: bool) -> tuple[str, str]:
    if closed:
        return "stopped", "end"
    if clock["overdue"]:
        return "overdue", "bad"
    if clock["stands_still"]:
        return "paused: " + say(CLOCK, clock["stands_still"]), "wait"
    work_by = day_of(clock["work_by"])
    if today > work_by:
        return "internal date passed", "ask"
    if (work_by - today).days <= NEAR_DAYS:
        return "internal date near", "ask"
    return "on time", "done"


def _parts(segments: list[Mapping[str, str]], today: date, at: Any) -> list[Part]:
    """Days up to and with today by what they were, the rest pale."""
    parts = []
    for segment in segments:
        first, last = date.fromisoformat(segment["from"]), date.fromisoformat(segment["to"])
        look = "counted" if segment["counted"] == "yes" else "paused" if segment["reason"] in _STANDS_STILL else "rest"
        past = min(last, today)
        if past >= first and look != "rest":
            parts.append(_part(at(first), at(past + timedelta(1)), look))
    return [part for part in parts if part.width > 0]


def _part(start: int, end: int, look: str) -> Part:
    return Part(start, end - start, look)


def _explained(clock: Mapping[str, Any]) -> list[str]:
    return [
        f"{day(one['from'])} to {day(one['to'])}: {some(int(one['days']), 'day')}, "
        f"{say(CLOCK, one['reason'])}{'' if one['counted'] == 'yes' else ' (not counted)'}"
        for one in clock["due_explained"]
    ]
