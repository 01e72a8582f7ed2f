"""Where the boxes and ways of the state machine's picture lie: numbers for the template, which draws them as SVG."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from operator_api.console.times import brief, moment
from operator_api.console.words import LOOK, MARK, STATE, WAITS_FOR, say, some
from operator_api.journey import Graph, Journey, Place, graph

BOX_WIDTH = 214
BOX_HEIGHT = 46
PITCH = 64
LEFT = 30
RIGHT = 292
TOP = 8
WIDTH = RIGHT + BOX_WIDTH + 18
LONGEST = 30
"""Characters that fit on the second line of a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place, where it is drawn."""

    place: Place
    x: int
    y: int

    @property
    def middle(self) -> int:
        """Its middle, from the top."""
        return self.y + BOX_HEIGHT // 2

    @property
    def title(self) -> str:
        """Its name in words."""
        return say(STATE, self.place.name)

    @property
    def comment(self) -> str:
        """What it is for, as the definition says."""
        return graph().comments[self.place.name]

    @property
    def words(self) -> str:
        """How it stands, in words."""
        return LOOK[self.place.look]

    @property
    def mark(self) -> str:
        """The sign of how it stands."""
        return MARK[self.place.look]

    @property
    def waits(self) -> str:
        """For whom it waits; empty where it does not."""
        return f"for {say(WAITS_FOR, self.place.waits_for)}" if self.place.waits_for else ""

    @property
    def until(self) -> str:
        """Until when it waits; empty where it does not, or where that is open."""
        return f"until {brief(self.place.until)}" if self.place.waits_for and self.place.until else ""

    @property
    def _brief_wait(self) -> str:
        """As much of it as a box has room for."""
        until = moment(self.place.until)
        if self.place.waits_for == "pause" and until:
            return f"until {brief(until)}"
        who = say(WAITS_FOR, self.place.waits_for) if self.place.waits_for else ""
        return f"{who}, until {until.day} {until:%b}" if who and until else who

    @property
    def stores(self) -> str:
        """7 of 11 stores, 1 failed; empty for a place that is no Map, or has none yet."""
        place = self.place
        if not place.total:
            return ""
        words = f"{place.done} of {some(place.total, 'store')}"
        return words + (f", {place.failed} failed" if place.failed else "")

    @property
    def line(self) -> str:
        """Its second line, as far as it fits: the table below has it whole."""
        text = self._brief_wait or self.stores or ("" if self.place.look == "ahead" else self.words)
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@dataclass(frozen=True, slots=True)
class Way:
    """A way between two boxes, as the path of an SVG."""

    path: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture; `title` and `says` tell whoever does not see it the same."""

    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    height: int
    title: str
    says: str
    width: int = WIDTH


def picture(journey: Journey) -> Picture:
    """The picture of a request's way: the way down on the left, what comes back to it on the right."""
    spots = dict(_spots(graph()))
    boxes = {name: Box(place, *spots[name]) for name, place in journey.places.items()}
    height = max(box.y for box in boxes.values()) + BOX_HEIGHT + TOP
    here = boxes[journey.here] if journey.here else None
    title = f"State machine: {here.title}, {here.words}" if here else "State machine: ended"
    says = "; ".join(f"{box.title}: {box.words}" for box in boxes.values() if box.place.look != "ahead")
    return Picture(tuple(boxes.values()), tuple(_ways(boxes, journey, graph())), height, title, says)


def _spots(machine: Graph) -> Iterator[tuple[str, tuple[int, int]]]:
    free = 0
    for row, name in enumerate(machine.main):
        yield name, (LEFT, TOP + row * PITCH)
        beside = [detour for detour, at in machine.detours.items() if at == name]
        for place, detour in enumerate(beside):
            free = max(free, row + place)
            yield detour, (RIGHT, TOP + free * PITCH)
            free += 1


def _ways(boxes: Mapping[str, Box], journey: Journey, machine: Graph) -> Iterator[Way]:
    for first, last in zip(machine.main, machine.main[1:], strict=False):
        yield Way(_down(boxes[first], boxes[last]), _went(journey, machine, first, last))
    for first, last in machine.edges:
        yield Way(_past(boxes[first], boxes[last]), _went(journey, machine, first, last))
    for detour, beside in machine.detours.items():
        yield Way(_aside(boxes[beside], boxes[detour]), boxes[detour].place.times > 0)


def _went(journey: Journey, machine: Graph, first: str, last: str) -> bool:
    """Whether a request went from one main place to the other, maybe by way of a detour that comes back."""
    if (first, last) in journey.taken:
        return True
    aside = {name for name, beside in machine.detours.items() if beside == first}
    return any((first, name) in journey.taken and (name, last) in journey.taken for name in aside) or (
        any((name, last) in journey.taken for name in aside)
    )


def _down(above: Box, below: Box) -> str:
    middle = above.x + BOX_WIDTH // 2
    return f"M{middle} {above.y + BOX_HEIGHT}V{below.y - 3}"


def _past(above: Box, below: Box) -> str:
    return f"M{above.x} {above.middle}H12V{below.middle}H{below.x - 3}"


def _aside(main: Box, detour: Box) -> str:
    start = main.x + BOX_WIDTH
    if main.y == detour.y:
        return f"M{start} {main.middle}H{detour.x - 3}"
    bend = (start + detour.x) // 2
    return f"M{start} {main.middle}H{bend}V{detour.middle}H{detour.x - 3}"
