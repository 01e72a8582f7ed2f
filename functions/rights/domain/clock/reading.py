"""Reading the clock: a timeline, judged by a rule, gives dates and the days that were and were not counted."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from rights.domain.clock import counting
from rights.domain.clock.counting import ONE_DAY, Span
from rights.domain.clock.facts import PauseReason, Timeline
from rights.domain.clock.rule import ClockRule, Roll, Start, Term, Unit, WorkingDay


class Reason(StrEnum):
    """Why a segment of days is, or is not, counted; the catalogue words it."""

    RECEIPT_DAY = "receipt_day"
    AWAITING_VERIFICATION = "awaiting_verification"
    BASE_TERM = "base_term"
    EXTENSION = "extension"
    PAUSED_FOR_IDENTITY = "paused_for_identity"
    PAUSED_FOR_CLARIFICATION = "paused_for_clarification"
    RUNS_DURING_IDENTITY = "runs_during_identity"
    """Counted although we waited: the rule does not let proof of identity stop the clock."""
    RUNS_DURING_CLARIFICATION = "runs_during_clarification"
    NON_WORKING_DAY = "non_working_day"
    ROLLED = "rolled_to_working_day"


PAUSED = {
    PauseReason.IDENTITY: Reason.PAUSED_FOR_IDENTITY,
    PauseReason.CLARIFICATION: Reason.PAUSED_FOR_CLARIFICATION,
}
RUNS_DURING = {
    PauseReason.IDENTITY: Reason.RUNS_DURING_IDENTITY,
    PauseReason.CLARIFICATION: Reason.RUNS_DURING_CLARIFICATION,
}


class ExtensionAnswer(StrEnum):
    """Whether the term may be extended, or why not."""

    MAY = "may_extend"
    NOT_IN_RULE = "rule_has_no_extension"
    ONCE_ONLY = "already_extended"
    REASON_NOT_IN_RULE = "reason_not_in_rule"
    BASE_TERM_OVER = "base_term_over"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days, both ends included, that share their reason."""

    first: date
    last: date
    counted: bool
    reason: Reason

    @property
    def days(self) -> int:
        """How many days it is long."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What a request's clock says at one moment. Times are UTC, the last second of a day in the rule's zone.

    While the clock stands still for an open question, the dates are the earliest they can still become.
    """

    rule: ClockRule
    zone: tzinfo
    base_due: datetime
    """The legal date without any extension: the last moment to tell the person of one."""
    legal_due: datetime
    internal_due: datetime
    acknowledge_by: datetime | None
    segments: tuple[Segment, ...]
    stands_still: Reason | None
    """Why the clock does not run at this moment; None while it runs, and once it is closed."""
    extension: ExtensionAnswer | None
    """What became of the extension in the timeline, if there is one; it has no effect unless it is MAY."""
    days_used: int
    """Counted days that are over: the day in progress may yet turn out not to count."""
    days_total: int

    @property
    def due(self) -> datetime:
        """The earlier of the legal and the internal date: what the work aims at."""
        return min(self.legal_due, self.internal_due)

    @property
    def paused_now(self) -> bool:
        """Whether the clock stands still."""
        return self.stands_still is not None

    @property
    def extended(self) -> bool:
        """Whether the longer term holds."""
        return self.extension is ExtensionAnswer.MAY

    @property
    def counted_days(self) -> tuple[date, ...]:
        """The days that count, one by one."""
        return tuple(s.first + timedelta(days=n) for s in self.segments if s.counted for n in range(s.days))


def read_clock(
    timeline: Timeline, rule: ClockRule, is_working: WorkingDay, now: datetime, zone: tzinfo | None = None
) -> Clock:
    """What the clock says at `now`; raises ValueError for a rule without a term."""
    return _Reading(timeline, rule, is_working, now, zone or ZoneInfo(rule.zone)).clock()


def explain(clock: Clock) -> tuple[dict[str, str], ...]:
    """The segments as codes and values, for the catalogue to word."""
    return tuple(
        {
            "from": segment.first.isoformat(),
            "to": segment.last.isoformat(),
            "counted": "yes" if segment.counted else "no",
            "reason": segment.reason.value,
            "days": str(segment.days),
            "rule": clock.rule.ref,
            "source": clock.rule.source,
        }
        for segment in clock.segments
    )


class _Reading:
    """One reading: the facts, the rule, and the days between them."""

    def __init__(
        self, timeline: Timeline, rule: ClockRule, is_working: WorkingDay, now: datetime, zone: tzinfo
    ) -> None:
        if rule.respond is None:
            raise ValueError(f"{rule.ref} has no term")
        self.timeline, self.rule, self.is_working, self.zone = timeline, rule, is_working, zone
        self.base_term: Term = rule.respond
        self.now = max(timeline.received_at, min(now, timeline.closed_at or now))
        self.today = counting.day_of(self.now, zone)
        self.received = counting.day_of(timeline.received_at, zone)
        self.started = self._start()
        self.first = counting.first_day_of_term(self.started, event_day_counts=rule.first_day_counts)
        span = partial(counting.paused_span, which=rule.pause_days, now=self.now, zone=zone)
        asked = [p for p in timeline.pauses if p.since <= self.now]
        self.stops = [(span(p), PAUSED[p.reason]) for p in asked if may_pause(rule, p.reason)]
        self.waits = [(span(p), RUNS_DURING[p.reason]) for p in asked if not may_pause(rule, p.reason)]

    def _start(self) -> date:
        """The day of the event the term runs from; one that has not come yet is taken to come today."""
        if self.rule.start is Start.RECEIPT:
            return self.received
        verified = self.timeline.verified_at
        return max(self.received, counting.day_of(verified, self.zone) if verified else self.today)

    def clock(self) -> Clock:
        base = self._count(self.base_term)
        base_due = counting.end_of(self._last_day(base), self.zone)
        answer = self._extension(base_due)
        counted = self._count(_longer(self.base_term, self.rule)) if answer is ExtensionAnswer.MAY else base
        last = self._last_day(counted)
        legal_due = counting.end_of(last, self.zone)
        return Clock(
            rule=self.rule,
            zone=self.zone,
            base_due=base_due,
            legal_due=legal_due,
            internal_due=counting.end_of(self._internal_day(counted), self.zone),
            acknowledge_by=self._acknowledge_by(),
            segments=self._segments(counted, len(base), last),
            stands_still=self._stands_still(legal_due),
            extension=answer,
            days_used=sum(day < self.today for day in counted),
            days_total=len(counted),
        )

    def _count(self, term: Term) -> tuple[date, ...]:
        amount = counting.days_to_count(term, self.started, self.rule.month_end)
        return counting.count_days(self.first, amount, self._days_of(term), self._stopped)

    def _days_of(self, term: Term) -> WorkingDay:
        return self.is_working if term.unit is Unit.WORKING_DAYS else _every_day

    @property
    def _stopped(self) -> list[Span]:
        return [span for span, _ in self.stops]

    def _last_day(self, counted: tuple[date, ...]) -> date:
        if self.rule.roll is Roll.STAYS:
            return counted[-1]
        return counting.roll_forward(counted[-1], self.is_working, self._stopped)

    def _internal_day(self, counted: tuple[date, ...]) -> date:
        """The legal term less the buffer, on a working day; a buffer as long as the term means: at once."""
        kept = len(counted) - self.rule.buffer
        return counting.roll_back(counted[:kept], self.is_working) if kept > 0 else self.started

    def _acknowledge_by(self) -> datetime | None:
        """Always from receipt, and nothing stops it: to acknowledge takes no proof and no answer."""
        term = self.rule.acknowledge
        if term is None:
            return None
        amount = counting.days_to_count(term, self.received, self.rule.month_end)
        days = (self.received, *counting.count_days(self.received + ONE_DAY, amount, self._days_of(term)))
        return counting.end_of(days[-1], self.zone)

    def _extension(self, base_due: datetime) -> ExtensionAnswer | None:
        told = self.timeline.extension
        if told is None or told.at > self.now:
            return None
        return _judge_extension(self.rule, base_due, told.at, told.reason)

    def _stands_still(self, legal_due: datetime) -> Reason | None:
        timeline = self.timeline
        if timeline.closed_at is not None or self.now > legal_due:
            return None
        if self.rule.start is Start.VERIFICATION and timeline.verified_at is None:
            return Reason.AWAITING_VERIFICATION
        for pause in timeline.pauses:
            is_open = pause.since <= self.now and (pause.until is None or self.now < pause.until)
            if is_open and may_pause(self.rule, pause.reason):
                return PAUSED[pause.reason]
        return None

    def _segments(self, counted: tuple[date, ...], base_days: int, last: date) -> tuple[Segment, ...]:
        number = {day: index for index, day in enumerate(counted, start=1)}
        span = [self.received + timedelta(days=n) for n in range((last - self.received).days + 1)]
        labelled = ((day, self._label(day, number, base_days, counted[-1])) for day in span)
        segments: list[Segment] = []
        for (is_counted, reason), run in groupby(labelled, key=lambda pair: pair[1]):
            days = [day for day, _ in run]
            segments.append(Segment(days[0], days[-1], is_counted, reason))
        return tuple(segments)

    def _label(self, day: date, number: dict[date, int], base_days: int, nominal_last: date) -> tuple[bool, Reason]:
        if day in number:
            part = Reason.BASE_TERM if number[day] <= base_days else Reason.EXTENSION
            return True, _covering(day, self.waits) or part
        if day < self.first:
            return False, Reason.RECEIPT_DAY if day == self.received else Reason.AWAITING_VERIFICATION
        stopped = _covering(day, self.stops)
        return False, stopped or (Reason.ROLLED if day > nominal_last else Reason.NON_WORKING_DAY)


def may_pause(rule: ClockRule, reason: PauseReason) -> bool:
    """Whether a question of this sort stops the clock; most rules let it run."""
    return reason in rule.pauses


def may_extend(
    timeline: Timeline,
    rule: ClockRule,
    is_working: WorkingDay,
    *,
    at: datetime,
    reason: str,
    zone: tzinfo | None = None,
) -> ExtensionAnswer:
    """Whether the term may be extended at this moment: once, for a reason of the rule, told inside the base term."""
    if timeline.closed_at is not None:
        return ExtensionAnswer.CLOSED
    if timeline.extension is not None:
        return ExtensionAnswer.ONCE_ONLY
    return _judge_extension(rule, read_clock(timeline, rule, is_working, at, zone).base_due, at, reason)


def _judge_extension(rule: ClockRule, base_due: datetime, at: datetime, reason: str) -> ExtensionAnswer:
    if rule.extension is None:
        return ExtensionAnswer.NOT_IN_RULE
    if reason not in rule.extension.reasons:
        return ExtensionAnswer.REASON_NOT_IN_RULE
    return ExtensionAnswer.MAY if at <= base_due else ExtensionAnswer.BASE_TERM_OVER


def _longer(term: Term, rule: ClockRule) -> Term:
    """Base and extension as one term from the one start: one month and two are three months from receipt."""
    return replace(term, amount=term.amount + rule.extension.by.amount) if rule.extension else term


def _covering(day: date, spans: list[tuple[Span, Reason]]) -> Reason | None:
    return next((reason for span, reason in spans if counting.within(day, span)), None)


def _every_day(_day: date) -> bool:
    return True
