"""What must hold for every rule we have, on any calendar, for any receipt, question and extension."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rights.domain.clock import (
    RULES,
    Clock,
    ClockRule,
    Extension,
    Pause,
    PauseReason,
    Timeline,
    WorkingDay,
    milestones,
    read_clock,
    rule_for,
    weekdays,
)
from rights.domain.clock.rule import MonthEnd, PauseDays, Roll, Start, Unit, days, months, working_days
from tests.unit.domain.clock.support import a_rule, festive

NOW = datetime(2062, 1, 1, tzinfo=UTC)

real_rules = st.sampled_from([rule for rule in RULES if rule.respond])
invented_rules = st.builds(
    a_rule,
    st.one_of(st.integers(1, 4).map(months), st.integers(1, 90).map(days), st.integers(1, 30).map(working_days)),
    roll=st.sampled_from(Roll),
    month_end=st.sampled_from(MonthEnd),
    pause_days=st.sampled_from(PauseDays),
    pauses=st.frozensets(st.sampled_from(PauseReason)),
    start=st.sampled_from(Start),
    first_day_counts=st.booleans(),
    buffer=st.integers(0, 7),
    zone=st.sampled_from(["Asia/Phnom_Penh", "Europe/London", "America/Los_Angeles"]),
)
rules = real_rules | invented_rules
calendars = st.sampled_from([weekdays, festive])
# Month ends and leap days are where rules differ: every other receipt is near one.
near_month_ends = st.builds(
    lambda year, month, day, hour: datetime(year, month, 1, hour, 59, 59, tzinfo=UTC) + timedelta(days=day),
    st.integers(2020, 2048), st.integers(1, 12), st.integers(-4, 1), st.integers(0, 23),
)  # fmt: skip
receipts = near_month_ends | st.datetimes(
    datetime(2020, 1, 1), datetime(2049, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - given one
)  # fmt: skip
gaps = st.timedeltas(timedelta(0), timedelta(days=45))


@st.composite
def pauses_after(draw: st.DrawFn, moment: datetime) -> Pause:
    since = moment + draw(st.timedeltas(timedelta(0), timedelta(days=120)))
    return Pause(draw(st.sampled_from(PauseReason)), since, since + draw(gaps))


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    received = draw(receipts)
    return Timeline(
        received,
        verified_at=draw(st.none() | gaps.map(lambda gap: received + gap)),
        pauses=tuple(draw(st.lists(pauses_after(received), max_size=3))),
    )


def verified(timeline: Timeline) -> Timeline:
    return replace(timeline, verified_at=timeline.verified_at or timeline.received_at)


def dates(clock: Clock) -> list[datetime]:
    return [clock.base_due, clock.legal_due, clock.internal_due, clock.due, clock.acknowledge_by or NOW]


@given(rules, calendars, timelines(), gaps)
def test_who_asks_later_is_never_due_sooner(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, later: timedelta
) -> None:
    second = timeline.received_at + later
    # A question can only be asked of a request that is there.
    asked = tuple(p for p in timeline.pauses if p.since >= second + timedelta(days=2))
    first = verified(replace(timeline, pauses=asked))
    one = read_clock(first, rule, is_working, NOW)
    two = read_clock(replace(first, received_at=second), rule, is_working, NOW)
    assert all(earlier <= after for earlier, after in zip(dates(one), dates(two), strict=True))


@given(rules, calendars, timelines(), st.data())
def test_a_pause_never_shortens(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, data: st.DataObject
) -> None:
    timeline = verified(timeline)
    another = data.draw(pauses_after(timeline.received_at))
    longer = replace(another, until=(another.until or NOW) + data.draw(gaps))
    readings = [
        read_clock(replace(timeline, pauses=(*timeline.pauses, *more)), rule, is_working, NOW)
        for more in ((), (another,), (longer,))
    ]
    for less, more in pairwise(readings):
        assert all(a <= b for a, b in zip(dates(less), dates(more), strict=True))
    if another.reason not in rule.pauses:
        assert dates(readings[0]) == dates(readings[1])


@given(rules, calendars, timelines(), gaps, st.sampled_from(["complexity", "reasonably_necessary", "no_reason"]))
def test_an_extension_only_adds_and_leaves_the_base_date_alone(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, after: timedelta, reason: str
) -> None:
    timeline = verified(timeline)
    plain = read_clock(timeline, rule, is_working, NOW)
    told = replace(timeline, extension=Extension(timeline.received_at + after, reason))
    extended = read_clock(told, rule, is_working, NOW)
    assert extended.base_due == plain.base_due
    assert all(a <= b for a, b in zip(dates(plain), dates(extended), strict=True))
    assert (extended.days_total > plain.days_total) == extended.extended
    if not extended.extended:
        assert dates(plain) == dates(extended)


@given(rules, calendars, timelines())
def test_the_segments_leave_no_day_out_and_add_up_to_the_date(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline
) -> None:
    clock = read_clock(verified(timeline), rule, is_working, NOW)
    zone = ZoneInfo(rule.zone)
    assert clock.segments[0].first == timeline.received_at.astimezone(zone).date()
    assert clock.segments[-1].last == clock.legal_due.astimezone(zone).date()
    for before, after in pairwise(clock.segments):
        assert after.first == before.last + timedelta(days=1)
        assert (after.counted, after.reason) != (before.counted, before.reason)
    assert sum(s.days for s in clock.segments if s.counted) == clock.days_total == len(clock.counted_days)
    assert clock.days_used == clock.days_total  # long ago
    if rule.respond and rule.respond.unit is Unit.WORKING_DAYS:
        assert all(map(is_working, clock.counted_days))


@given(rules, calendars, timelines())
def test_a_rolled_date_is_a_working_day_and_no_other_rule_moves_it(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline
) -> None:
    clock = read_clock(verified(timeline), rule, is_working, NOW)
    last = clock.legal_due.astimezone(ZoneInfo(rule.zone)).date()
    if rule.roll is Roll.FORWARD:
        assert is_working(last)
    else:
        assert last == clock.counted_days[-1]


@given(rules, calendars, timelines())
def test_the_internal_date_is_never_after_the_legal_one_nor_before_the_start(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline
) -> None:
    clock = read_clock(verified(timeline), rule, is_working, NOW)
    assert timeline.received_at - timedelta(seconds=1) < clock.internal_due <= clock.legal_due
    assert clock.due == clock.internal_due


@given(rules, calendars, timelines())
def test_milestones_are_five_in_order_between_receipt_and_the_legal_date(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline
) -> None:
    clock = read_clock(verified(timeline), rule, is_working, NOW)
    marks = milestones(clock)
    assert len({m.key for m in marks}) == 5
    assert [m.at for m in marks] == sorted(m.at for m in marks)
    assert marks[-1].at == clock.legal_due


@given(rules, calendars, timelines(), st.integers(-12, 14))
def test_it_does_not_matter_in_which_zone_a_fact_was_written_down(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, hours: int
) -> None:
    elsewhere = timezone(timedelta(hours=hours))
    moved = replace(timeline, received_at=timeline.received_at.astimezone(elsewhere))
    assert read_clock(moved, rule, is_working, NOW) == read_clock(timeline, rule, is_working, NOW)


@given(rules, calendars, timelines(), gaps, gaps)
def test_while_a_question_is_open_the_date_told_is_never_later_than_the_one_it_becomes(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, asked: timedelta, waited: timedelta
) -> None:
    since = timeline.received_at + asked
    open_question = Pause(PauseReason.IDENTITY, since)
    for_now = replace(verified(timeline), pauses=(open_question,))
    in_between, at_last = since + waited / 2, since + waited
    then = replace(for_now, pauses=(replace(open_question, until=at_last),))
    told = [read_clock(for_now, rule, is_working, now) for now in (since, in_between)]
    final = read_clock(then, rule, is_working, NOW)
    assert told[0].legal_due <= told[1].legal_due <= final.legal_due
    assert all(clock.legal_due >= now for clock, now in zip(told, (since, in_between), strict=True) if clock.paused_now)


@given(rules, calendars, timelines(), gaps, gaps)
def test_days_used_never_go_back(
    rule: ClockRule, is_working: WorkingDay, timeline: Timeline, early: timedelta, more: timedelta
) -> None:
    now = timeline.received_at + early
    used = [read_clock(timeline, rule, is_working, at).days_used for at in (now, now + more)]
    assert 0 <= used[0] <= used[1]


@given(timelines(), st.sampled_from(["complexity"]), gaps)
def test_a_timeline_survives_being_stored(timeline: Timeline, reason: str, after: timedelta) -> None:
    full = replace(timeline, extension=Extension(timeline.received_at, reason), closed_at=timeline.received_at + after)
    for each in (timeline, full, Timeline(timeline.received_at, pauses=(Pause(PauseReason.IDENTITY, NOW),))):
        assert Timeline.from_dict(each.to_dict()) == each


@given(st.sampled_from(["access", "deletion"]), receipts)
def test_the_policy_promises_the_end_of_the_thirtieth_day_after_receipt_in_phnom_penh(
    right: str, received: datetime
) -> None:
    clock = read_clock(Timeline(received), rule_for(right, "KH", date(2026, 1, 1)), weekdays, received)
    # Phnom Penh is seven hours ahead, all year round.
    last_day = (received + timedelta(hours=7)).date() + timedelta(days=30)
    assert clock.legal_due == datetime.combine(last_day, time(16, 59, 59), UTC)
