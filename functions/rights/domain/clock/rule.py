"""What a clock rule is: the terms of one promise or law, as data that names its source."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rights.domain.clock.facts import PauseReason

WorkingDay = Callable[[date], bool]
"""A calendar, as far as a clock cares: is this a working day?"""


class Standing(StrEnum):
    """How much a rule binds: only what is enacted or promised is applied by itself."""

    ENACTED = "enacted"
    CONTRACT = "contract"
    GUIDANCE = "guidance"
    DRAFT = "draft"


class Jurisdiction(StrEnum):
    """Whose rules: the mall's own policy, or a law by the code of its territory (ISO 3166)."""

    POLICY = "policy"
    EU = "EU"
    UNITED_KINGDOM = "GB"
    CALIFORNIA = "US-CA"
    CHINA = "CN"
    VIETNAM = "VN"
    CAMBODIA = "KH"


class Unit(StrEnum):
    """What a term is counted in."""

    CALENDAR_MONTHS = "calendar_months"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


class Start(StrEnum):
    """The event a response term runs from."""

    RECEIPT = "receipt"
    VERIFICATION = "verification"


class MonthEnd(StrEnum):
    """Where a term in months ends when the last month has no such day."""

    LAST_DAY = "last_day"
    FIRST_OF_NEXT_MONTH = "first_of_next_month"


class Roll(StrEnum):
    """What becomes of a last day that is no working day."""

    STAYS = "stays"
    FORWARD = "forward"


class PauseDays(StrEnum):
    """Which days of a pause are not counted."""

    AFTER_ASKING = "after_asking"
    """From the day after the question to the day of the answer; asked and answered on one day, none."""
    ASKING_TO_ANSWER = "asking_to_answer"
    """From the day of the question to the day of the answer, both included."""


class CalendarName(StrEnum):
    """The calendar a rule's working days come from."""

    CAMBODIA = "KH"
    WEEKDAYS = "weekdays"
    """Monday to Friday, no public holidays: used where we hold no calendar, since it can only make us earlier."""


class Actor(StrEnum):
    """Who must act on the request; some laws give more time where a processor or third party must."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time in one unit."""

    amount: int
    unit: Unit


def months(amount: int) -> Term:
    """So many calendar months."""
    return Term(amount, Unit.CALENDAR_MONTHS)


def days(amount: int) -> Term:
    """So many calendar days; none: on the day itself."""
    return Term(amount, Unit.CALENDAR_DAYS)


def working_days(amount: int) -> Term:
    """So many working days."""
    return Term(amount, Unit.WORKING_DAYS)


@dataclass(frozen=True, slots=True)
class ExtensionTerm:
    """How much longer, once, for which reasons; the person is told inside the base term."""

    by: Term
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """The clock of some rights in one jurisdiction. A request stores `ref`, the version it runs under."""

    id: str
    jurisdiction: Jurisdiction
    rights: tuple[str, ...]
    standing: Standing
    source: str
    respond: Term | None
    """None only while nobody knows the term (a draft law)."""
    version: int = 1
    applies_from: date = date.min
    """The first day of receipt this version is for."""
    acknowledge: Term | None = None
    extension: ExtensionTerm | None = None
    start: Start = Start.RECEIPT
    first_day_counts: bool = False
    """Whether the day of the starting event is the first day of the term."""
    month_end: MonthEnd = MonthEnd.LAST_DAY
    roll: Roll = Roll.STAYS
    pauses: frozenset[PauseReason] = frozenset()
    pause_days: PauseDays = PauseDays.AFTER_ASKING
    buffer: int = 0
    """By how many counted days the internal date lies before the legal one (house)."""
    calendar: CalendarName = CalendarName.WEEKDAYS
    zone: str = "Asia/Phnom_Penh"
    """Where a day begins and ends."""
    actor: Actor | None = None
    """Who must act for this rule to fit; None: whoever."""
    note: str = ""

    def __post_init__(self) -> None:
        if self.respond is None:
            if self.standing is not Standing.DRAFT:
                raise ValueError(f"{self.id}: only a draft may have no term")
            return
        if self.respond.amount < 1:
            raise ValueError(f"{self.id}: a term is at least one")
        if self.extension and self.extension.by.unit is not self.respond.unit:
            raise ValueError(f"{self.id}: an extension is counted as its term is")

    @property
    def ref(self) -> str:
        """The rule and its version, as a request stores it."""
        return f"{self.id}@{self.version}"
