"""The runs of a request as rows on one scale of time: what was work, what was waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operator_api.console.times import lasted, moment
from operator_api.console.words import STATE, say
from operator_api.journey import Journey, graph

WIDTH = 600


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: where its bar begins, how long it is, and what it is (`work`, `wait`, `open` while it stands there)."""

    words: str
    x: int
    width: int
    look: str
    lasted: str


def gantt(way: Journey, request: Mapping[str, Any], now: datetime) -> list[Bar]:
    """Each place the request was at, from its first arrival to its last leaving."""
    begin = moment(str(request["received_at"])) or now
    end = moment(request.get("closed_at")) or now
    whole = max((end - begin).total_seconds(), 1.0)
    bars = []
    for place in way.places.values():
        came = moment(place.entered_at)
        if came is None:
            continue
        left = moment(place.left_at) or end
        x = _scaled((came - begin).total_seconds(), whole)
        seconds = max((left - came).total_seconds(), 0.0)
        width = max(2, min(_scaled(seconds, whole), WIDTH - x))
        look = "open" if place.name == way.here else "wait" if place.name in graph().waits else "work"
        bars.append(Bar(say(STATE, place.name), min(x, WIDTH - 2), width, look, lasted(seconds)))
    return bars


def _scaled(seconds: float, whole: float) -> int:
    return round(WIDTH * min(1.0, max(0.0, seconds / whole)))
