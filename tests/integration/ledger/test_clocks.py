"""The clocks of requests in the ledger, on both clouds: longer terms, stops, milestones and the watch over them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from rights.clock import parse
from rights.domain.clock import PauseReason
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.errors import IllegalTransitionError, TermError
from rights.ledger import Ledger, Request, Task
from rights.ledger.clocks import timeline_of, turned
from rights.ledger.requests import Change
from rights.ledger.table import Update, request_key
from rights.ledger.timing import LOOK_LASTS
from rights.watching import Watch
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock
from tests.support.plans import lay

BY = "op-1"


@dataclass
class Topic:
    """The alert topic, as a list of what was published."""

    told: list[dict[str, str]] = field(default_factory=list)
    fails: int = 0

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:  # noqa: N803 - as boto3 has it
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        assert (TopicArn, len(Subject) < 100) == ("topic", True)
        self.told.append(json.loads(Message))

    @property
    def milestones(self) -> list[str]:
        return [message["milestone"] for message in self.told]


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def watch(ledger: Ledger, topic: Topic) -> Callable[[], dict[str, int]]:
    return lambda: Watch(ledger, topic, "topic").run(lambda: False)


def opened(ledger: Ledger, right: Right = Right.ACCESS, jurisdiction: str = "KH") -> Request:
    return ledger.open_request(new(right=right, jurisdiction=jurisdiction)).request


def proven(ledger: Ledger, right: Right = Right.ACCESS, jurisdiction: str = "KH") -> Request:
    request = opened(ledger, right, jurisdiction)
    ledger.store_code(request.id, "phone", "identity", "482913")
    ledger.try_code(request.id, "482913")
    return ledger.get(request.id)


def moved(ledger: Ledger, request: Request, status: Status, **sets: Any) -> Request:
    """A request in a status, however it may have come there."""
    update = Update(request_key(request.id)).set(status=status, **sets)
    ledger.table.update(update)
    return ledger.get(request.id)


def questioned(ledger: Ledger, clock: StoppedClock, *, days: float) -> Request:
    request = moved(ledger, proven(ledger, jurisdiction="DE"), Status.IN_REVIEW)
    until = (clock.at + timedelta(days=days)).isoformat().replace("+00:00", "Z")
    sets = {"question_until": until} | turned(request, clock(), paused=PauseReason.CLARIFICATION, until=until)
    return ledger.change(request.id, lambda _: Change(code="question_asked", to=Status.QUESTION, sets=sets))


def codes(ledger: Ledger, request: Request) -> list[str]:
    return [event.code for event in ledger.events(request.id)]


def until(clock: StoppedClock, moment: str, **later: float) -> None:
    clock.at = parse(moment) + timedelta(**later)


# ---- longer terms


def test_a_longer_term_moves_the_date_and_is_told_in_the_same_change(ledger: Ledger) -> None:
    request = proven(ledger, jurisdiction="DE")
    longer = ledger.extend_term(request.id, "complexity", by=BY)
    assert longer.due_at > request.due_at
    event = ledger.events(request.id)[-1]
    assert (event.code, event.by, event.detail) == ("extended", BY, {"reason": "complexity", "due": longer.due_at})
    assert [(n.kind, n.channel) for n in ledger.notices(request.id) if n.kind == "extended"] == [("extended", "phone")]


def test_the_term_is_longer_once_for_a_reason_of_the_rule_and_inside_the_base_term(
    ledger: Ledger, clock: StoppedClock
) -> None:
    def refused(request: Request, reason: str = "complexity") -> str:
        with pytest.raises(TermError) as error:
            ledger.extend_term(request.id, reason, by=BY)
        return error.value.code

    twice, late = proven(ledger, jurisdiction="DE"), proven(ledger, jurisdiction="DE")
    ledger.extend_term(twice.id, "complexity", by=BY)
    assert refused(twice) == "already_extended"
    assert refused(proven(ledger)) == "rule_has_no_extension"
    assert refused(late, "holiday") == "reason_not_in_rule"
    assert refused(opened(ledger, jurisdiction="DE")) == "nobody_to_tell"
    clock.advance(days=60)
    assert refused(late) == "base_term_over"
    assert refused(moved(ledger, late, Status.WITHDRAWN)) == "closed"
    assert ledger.verify_chain(twice.id)


def test_a_longer_term_warns_anew(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    request = proven(ledger, jurisdiction="DE")
    clock.advance(days=26)
    watch()
    longer = ledger.extend_term(request.id, "complexity", by=BY)
    until(clock, longer.due_at, hours=1)
    watch()
    first, second = topic.milestones[:2], topic.milestones[2:]
    assert first == ["percent_75", "internal_date"]
    assert second == ["percent_75", "percent_90", "internal_date", "legal_date"]
    assert topic.told[-1]["due_at"] == longer.due_at


# ---- stops


def test_a_stop_holds_the_clock_where_the_rule_allows_it_and_is_recorded_where_it_does_not(
    ledger: Ledger, clock: StoppedClock
) -> None:
    european, mall = proven(ledger, jurisdiction="DE"), proven(ledger)
    for request in (european, mall):
        ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by=BY)
        ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by=BY)
    clock.advance(days=7)
    ledger.start_clock(european.id, by=BY)
    ledger.start_clock(mall.id, by=BY)
    ledger.start_clock(mall.id, by=BY)
    assert ledger.get(european.id).due_at > european.due_at
    assert ledger.get(mall.id).due_at == mall.due_at
    assert codes(ledger, mall)[-2:] == ["clock_stopped", "clock_started"]
    assert "runs_during_clarification" in {segment["reason"] for segment in ledger.explained(ledger.get(mall.id))}


def test_an_open_question_is_not_ended_by_starting_the_clock_nor_an_ended_request_stopped(
    ledger: Ledger, clock: StoppedClock
) -> None:
    with pytest.raises(IllegalTransitionError):
        ledger.start_clock(questioned(ledger, clock, days=6).id, by=BY)
    with pytest.raises(IllegalTransitionError):
        ledger.stop_clock(moved(ledger, proven(ledger), Status.EXPIRED).id, PauseReason.CLARIFICATION, by=BY)


def test_a_clock_that_stands_still_moves_its_date_when_it_is_looked_at(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    request = proven(ledger, jurisdiction="DE")
    ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by=BY)
    until(clock, request.due_at, days=1)
    assert watch()["looked"] == 1
    moved_on = ledger.get(request.id)
    assert moved_on.due_at > request.due_at
    assert topic.told == []
    # It stood still for longer than a stop may last: from here it runs again.
    assert codes(ledger, request)[-1] == "clock_started"
    assert watch()["overdue"] == 0


# ---- milestones


def test_nothing_is_read_before_its_moment(ledger: Ledger, watch: Callable[[], dict[str, int]]) -> None:
    request = opened(ledger)
    assert set(watch().values()) == {0}
    assert ledger.get(request.id) == request


def test_each_milestone_is_claimed_and_told_once_however_often_anybody_watches(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    request = opened(ledger)
    for _ in range(40):
        clock.advance(days=1)
        watch()
        watch()
    expected = ["clock_percent_50", "clock_percent_75", "clock_internal_date", "clock_percent_90", "clock_legal_date"]
    assert [code for code in codes(ledger, request) if code.startswith("clock_")] == expected
    assert topic.milestones == [code.removeprefix("clock_") for code in expected[1:]]
    assert ledger.get(request.id).alerts == ()
    assert ledger.verify_chain(request.id)


def test_of_two_watches_at_the_same_moment_one_tells(ledger: Ledger, clock: StoppedClock) -> None:
    request = opened(ledger)
    until(clock, request.due_at, hours=1)
    assert ledger.take_look(request.id)
    assert ledger.take_look(request.id) is None
    assert {m.code for m in ledger.claim_milestones(request.id)} == {
        "percent_50", "percent_75", "percent_90", "internal_date", "legal_date",
    }  # fmt: skip
    before = codes(ledger, request)
    ledger.claim_milestones(request.id)
    assert codes(ledger, request) == before


def test_what_was_claimed_and_not_told_is_told_by_a_later_watch(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    request = opened(ledger)
    until(clock, request.due_at, hours=1)
    topic.fails = 1
    assert watch()["left"] == 1
    assert watch()["looked"] == 0
    clock.advance(seconds=LOOK_LASTS.total_seconds() + 1)
    watch()
    watch()
    assert topic.milestones == ["percent_75", "internal_date", "percent_90", "legal_date"]


def test_an_alert_names_no_person(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    request = proven(ledger, Right.DELETION)
    until(clock, request.due_at, hours=1)
    watch()
    assert set(topic.told[0]) == {"request_id", "reference", "right", "status", "milestone", "due_at"}


def test_what_needs_repair_is_overdue_and_what_has_ended_is_not(
    ledger: Ledger, clock: StoppedClock, watch: Callable[[], dict[str, int]]
) -> None:
    broken, ended = opened(ledger), opened(ledger)
    moved(ledger, broken, Status.NEEDS_REPAIR)
    ledger.withdraw(ended.id)
    until(clock, broken.due_at, days=-2)
    assert (watch()["overdue"], watch()["due_soon"]) == (0, 1)
    until(clock, broken.due_at, hours=1)
    assert (watch()["overdue"], watch()["due_soon"]) == (1, 0)
    assert "clock_legal_date" not in codes(ledger, ended)


def test_a_review_that_nobody_decides_is_reminded_of_at_half_the_time(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    moved(ledger, opened(ledger), Status.IN_REVIEW)
    clock.advance(days=16)
    watch()
    assert [(told["milestone"], told["status"]) for told in topic.told] == [("percent_50", "in_review")]


def test_one_bad_request_does_not_hold_up_the_rest(
    ledger: Ledger, clock: StoppedClock, topic: Topic, watch: Callable[[], dict[str, int]]
) -> None:
    bad, good = opened(ledger), opened(ledger)
    ledger.table.update(Update(request_key(bad.id)).set(clock_rule="nobody-knows@1"))
    until(clock, good.due_at, hours=1)
    assert (watch()["looked"], watch()["overdue"]) == (1, 2)
    assert {told["request_id"] for told in topic.told} == {good.id}


def test_a_watch_that_runs_out_of_time_leaves_the_rest_to_the_next(
    ledger: Ledger, clock: StoppedClock, topic: Topic
) -> None:
    request = opened(ledger)
    until(clock, request.due_at, hours=1)
    counts = Watch(ledger, topic, "topic").run(lambda: True)
    assert counts == {"looked": 0, "left": 1, "overdue": 1, "due_soon": 0, "at_risk": 0}


def test_a_request_that_is_due_within_days_is_at_risk_until_all_its_stores_are_done(
    ledger: Ledger, clock: StoppedClock, watch: Callable[[], dict[str, int]]
) -> None:
    request = ledger.open_request(new(right=Right.ACCESS, proven=True)).request
    task = Task(request_id=request.id, store="orders", kind="postgres", stage=1, operation=Operation.EXPORT)
    lay(ledger, request.id, [task])
    until(clock, request.due_at, days=-4)
    assert watch()["at_risk"] == 0
    until(clock, request.due_at, days=-2)
    assert watch()["at_risk"] == 1, "nobody has begun"
    ledger.begin_work(request.id)
    assert watch()["at_risk"] == 1, "the stores are at work"
    ledger.checkpoint_task(replace(ledger.claim_task(task), status=TaskStatus.DONE))
    assert (watch()["due_soon"], watch()["at_risk"]) == (1, 0)
    until(clock, request.due_at, hours=1)
    assert (watch()["overdue"], watch()["at_risk"]) == (1, 0), "it is counted as overdue now"


def test_what_nobody_proved_is_not_at_risk_since_nothing_is_promised_yet(
    ledger: Ledger, clock: StoppedClock, watch: Callable[[], dict[str, int]]
) -> None:
    request = opened(ledger)
    until(clock, request.due_at, days=-2)
    assert (watch()["due_soon"], watch()["at_risk"]) == (1, 0)
    moved(ledger, request, Status.IDENTITY_NEEDED)
    assert watch()["at_risk"] == 0
    moved(ledger, request, Status.NEEDS_REPAIR)
    assert watch()["at_risk"] == 1


def test_what_a_watch_has_no_time_to_judge_counts_as_at_risk(ledger: Ledger, clock: StoppedClock, topic: Topic) -> None:
    request = opened(ledger)
    until(clock, request.due_at, days=-2)
    assert Watch(ledger, topic, "topic").run(lambda: True)["at_risk"] == 1


# ---- questions


def test_a_question_is_reminded_of_once_at_half_its_time_and_does_not_wait_for_ever(
    ledger: Ledger, clock: StoppedClock, watch: Callable[[], dict[str, int]]
) -> None:
    request = questioned(ledger, clock, days=6)
    clock.advance(days=2)
    watch()
    assert "reminder" not in {notice.kind for notice in ledger.notices(request.id)}
    clock.advance(days=1, minutes=1)
    watch()
    watch()
    assert [notice.kind for notice in ledger.notices(request.id)].count("reminder") == 1
    clock.advance(days=3)
    watch()
    over = ledger.get(request.id)
    assert over.status is Status.IN_REVIEW
    assert over.due_at > request.due_at
    assert not ledger.reading(over).paused_now
    assert ledger.verify_chain(request.id)


def test_a_stop_for_identity_ends_with_the_proof_and_none_begins_after_it(ledger: Ledger) -> None:
    request = opened(ledger, jurisdiction="GB")
    ledger.stop_clock(request.id, PauseReason.IDENTITY, by=BY)
    ledger.store_code(request.id, "phone", "identity", "482913")
    ledger.try_code(request.id, "482913")
    assert all(pause.until for pause in timeline_of(ledger.get(request.id)).pauses)
    with pytest.raises(IllegalTransitionError):
        ledger.stop_clock(request.id, PauseReason.IDENTITY, by=BY)


def test_a_stop_that_nobody_ends_is_ended_by_the_watch(
    ledger: Ledger, clock: StoppedClock, watch: Callable[[], dict[str, int]]
) -> None:
    request = opened(ledger, jurisdiction="GB")
    ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by=BY)
    for _ in range(90):
        clock.advance(days=1)
        watch()
    stopped = timeline_of(ledger.get(request.id)).pauses
    assert [pause.until is not None for pause in stopped] == [True]
    assert parse(ledger.get(request.id).due_at) < clock()


def test_no_clock_is_stopped_once_the_work_has_begun(ledger: Ledger) -> None:
    request = ledger.open_request(new(right=Right.ACCESS, proven=True)).request
    lay(ledger, request.id)
    ledger.begin_work(request.id)
    with pytest.raises(IllegalTransitionError):
        ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by=BY)
