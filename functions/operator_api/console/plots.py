"""Throughput and time to close as plots: places and sizes for the template, which draws them as SVG."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from operator_api.console.words import some

WIDTH = 560
HEIGHT = 180
LEFT = 34
TOP = 10
BOTTOM = 26
LIMIT_DAYS = 30
"""The term that most rights have (policy 5(1))."""


@dataclass(frozen=True, slots=True)
class Column:
    """A week: what was closed, and how much of it late."""

    x: int
    y: int
    width: int
    height: int
    late_height: int
    label: str
    words: str

    @property
    def bottom(self) -> int:
        """Where the late part stands."""
        return self.y + self.height - self.late_height


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the plot with its number."""

    y: int
    words: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: columns, or one or two lines."""

    title: str
    says: str
    marks: tuple[Mark, ...]
    labels: tuple[tuple[int, str], ...]
    columns: tuple[Column, ...] = ()
    median: str = ""
    p90: str = ""
    dots: tuple[tuple[int, int], ...] = ()
    """The weeks of both lines: one alone makes no line."""
    limit: int | None = None
    width: int = WIDTH
    height: int = HEIGHT


def plots(weeks: Sequence[Mapping[str, Any]]) -> tuple[Plot, Plot] | None:
    """Throughput and time to close by week; None without any week."""
    return (_throughput(weeks), _time_to_close(weeks)) if weeks else None


def _throughput(weeks: Sequence[Mapping[str, Any]]) -> Plot:
    most = _nice(max(int(week["closed"]) for week in weeks))
    step = (WIDTH - LEFT) / len(weeks)
    columns = []
    for place, week in enumerate(weeks):
        closed, late = int(week["closed"]), int(week["late"])
        y = _y(closed, most)
        height = _y(0, most) - y
        words = f"Week of {week['begins']}: {closed} closed, {late} late"
        x = round(LEFT + place * step + step * 0.15)
        late_height = round(height * late / closed) if closed else 0
        columns.append(Column(x, y, round(step * 0.7), height, late_height, _label(week), words))
    total, late = (sum(int(week[name]) for week in weeks) for name in ("closed", "late"))
    says = f"{some(total, 'request')} closed in {some(len(weeks), 'week')}, {late} of them late."
    return Plot("Closed per week", says, _marks(most), _labels(weeks), columns=tuple(columns))


def _time_to_close(weeks: Sequence[Mapping[str, Any]]) -> Plot:
    known = [float(week[name]) for week in weeks for name in ("median_days", "p90_days") if week.get(name) is not None]
    most = _nice(max([*known, 1.0]))
    limit = _y(LIMIT_DAYS, most) if most >= LIMIT_DAYS else None
    last = next((week for week in reversed(weeks) if week.get("median_days") is not None), None)
    says = (
        f"Last week with any: half within {last['median_days']} days, nine in ten within {last['p90_days']}."
        if last
        else "Nothing was closed in these weeks."
    )
    return Plot(
        "Days to close",
        says,
        _marks(most),
        _labels(weeks),
        median=_line(weeks, "median_days", most),
        p90=_line(weeks, "p90_days", most),
        dots=tuple(_dots(weeks, most)),
        limit=limit,
    )


def _line(weeks: Sequence[Mapping[str, Any]], name: str, most: int) -> str:
    """The path of a line; it is broken where a week has no value."""
    step = (WIDTH - LEFT) / len(weeks)
    parts, open_ = [], False
    for place, week in enumerate(weeks):
        value = week.get(name)
        if value is None:
            open_ = False
            continue
        x = round(LEFT + (place + 0.5) * step)
        parts.append(f"{'L' if open_ else 'M'}{x} {_y(float(value), most)}")
        open_ = True
    return "".join(parts)


def _dots(weeks: Sequence[Mapping[str, Any]], most: int) -> Iterator[tuple[int, int]]:
    step = (WIDTH - LEFT) / len(weeks)
    for place, week in enumerate(weeks):
        for name in ("median_days", "p90_days"):
            if week.get(name) is not None:
                yield round(LEFT + (place + 0.5) * step), _y(float(week[name]), most)


def _y(value: float, most: int) -> int:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / most)


def _nice(most: float) -> int:
    """The next round number a scale can end with."""
    size = 1
    while True:
        for step in (1, 2, 4, 5, 8):
            if step * size >= most and step * size >= 4:
                return step * size
        size *= 10


def _marks(most: int) -> tuple[Mark, ...]:
    return tuple(Mark(_y(value, most), f"{value:g}") for value in (0, most / 4, most / 2, most * 3 / 4, most))


def _labels(weeks: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, str], ...]:
    step = (WIDTH - LEFT) / len(weeks)
    every = max(1, len(weeks) // 6)
    return tuple(
        (round(LEFT + (place + 0.5) * step), _label(week)) for place, week in enumerate(weeks) if place % every == 0
    )


def _label(week: Mapping[str, Any]) -> str:
    begins = date.fromisoformat(str(week["begins"]))
    return f"{begins.day} {begins:%b}"
