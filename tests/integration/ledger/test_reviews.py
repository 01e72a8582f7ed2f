"""Reviews: who decides what, questions and answers, holds that come in between; on both clouds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rights.domain.rights import Operation, Requester, Right
from rights.domain.status import FINAL, Status
from rights.domain.work import Counts, TaskStatus
from rights.errors import IllegalTransitionError, UnknownRequestError
from rights.ledger import Ledger, Request, Task
from rights.ledger.reviews import REVIEW_WAIT, LeftOut
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock
from tests.support.plans import lay

WEEK = timedelta(days=7)
UNTIL = "2027-11-22"
AGENT = {"name": "Chan", "relation": "authorised", "for": "adult", "phone": "+85599999999"}


def in_review(
    ledger: Ledger, right: Right = Right.DELETION, review: str = "unusual_size", tasks: Sequence[Task] = (), **more: Any
) -> str:
    request_id = ledger.open_request(new(right=right, proven=True, **more)).request.id
    tasks = [replace(task, request_id=request_id) for task in tasks]
    for _ in range(2):
        lay(ledger, request_id, tasks, known_as=["phone"], review=review)
    ledger.open_wait(request_id, REVIEW_WAIT, "token", 3600)
    return request_id


def two_accounts(ledger: Ledger, right: Right = Right.DELETION, tasks: Sequence[Task] = ()) -> str:
    return in_review(ledger, right, "second_account", tasks)


def task(store: str, operation: Operation = Operation.ERASE, **preview: int) -> Task:
    return Task(request_id="", store=store, kind="dynamodb", stage=1, operation=operation, preview=preview)


def approve(ledger: Ledger, request_id: str, by: str = "op-1", *, plan: str = "hash", **more: Any) -> Request:
    return ledger.approve(request_id, by=by, plan=plan, **({"as_approver": True} | more))


def ask(ledger: Ledger, request_id: str, text: str = "Which order?", by: str = "op-1") -> Request:
    return ledger.ask(request_id, text, by=by, time_to_answer=WEEK)


def answer(ledger: Ledger, request_id: str) -> Any:
    wait = ledger.last_wait(request_id, REVIEW_WAIT)
    return wait.answer if wait else None


def codes(ledger: Ledger, request_id: str) -> list[str]:
    return [event.code for event in ledger.events(request_id)]


def kinds(ledger: Ledger, request_id: str) -> list[str]:
    return [notice.kind for notice in ledger.notices(request_id)]


# ---- approvals


def test_an_approval_of_the_plan_lets_the_run_go_on(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    assert answer(ledger, request_id) is None
    request = approve(ledger, request_id)
    assert (request.decision, request.is_decided, answer(ledger, request_id)) == (
        "approve",
        True,
        {"outcome": "approve"},
    )
    assert ledger.begin_review(request_id).version == request.version
    assert codes(ledger, request_id)[-1] == "approved"
    assert ledger.verify_chain(request_id)


def test_an_approval_of_another_plan_is_refused(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id, plan="another")
    assert ledger.get(request_id).approvals == ()


def test_two_different_operators_have_to_approve_where_two_people_may_be_mixed_up(ledger: Ledger) -> None:
    request_id = two_accounts(ledger)
    first = approve(ledger, request_id)
    assert (first.decision, answer(ledger, request_id)) == (None, None)
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id)
    with pytest.raises(IllegalTransitionError):
        ledger.begin_work(request_id)
    second = approve(ledger, request_id, "op-2", as_approver=False)
    assert [approval["by"] for approval in second.approvals] == ["op-1", "op-2"]
    assert codes(ledger, request_id)[-2:] == ["approved_by_one", "approved"]
    assert answer(ledger, request_id) == {"outcome": "approve"}
    assert ledger.verify_chain(request_id)


def test_of_two_approvals_one_is_an_approvers(ledger: Ledger) -> None:
    request_id = two_accounts(ledger)
    approve(ledger, request_id, as_approver=False)
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id, "op-2", as_approver=False)
    assert approve(ledger, request_id, "op-3").decision == "approve"


def test_a_second_approval_that_leaves_out_something_else_is_refused_in_whatever_order_it_is_told(
    ledger: Ledger,
) -> None:
    request_id = two_accounts(ledger, tasks=[task("orders"), task("risk")])
    without = [LeftOut("orders", 11, UNTIL), LeftOut("risk", 8, UNTIL)]
    approve(ledger, request_id, left_out=without)
    for other in ([], without[:1], [LeftOut("orders", 8, UNTIL), without[1]]):
        with pytest.raises(IllegalTransitionError):
            approve(ledger, request_id, "op-2", left_out=other)
    assert approve(ledger, request_id, "op-2", left_out=without[::-1]).decision == "approve_in_part"


def test_a_store_the_plan_does_not_have_cannot_be_left_out_and_none_twice(ledger: Ledger) -> None:
    request_id = two_accounts(ledger, tasks=[task("orders")])
    with pytest.raises(UnknownRequestError):
        approve(ledger, request_id, left_out=[LeftOut("nowhere", 11, UNTIL)])
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id, left_out=[LeftOut("orders", 11, UNTIL), LeftOut("orders", 8, UNTIL)])
    assert ledger.get(request_id).approvals == ()


def test_an_export_that_leaves_a_store_out_is_done_with_it_and_says_what_was_found(ledger: Ledger) -> None:
    tasks = [task("orders", Operation.EXPORT, orders=2, payments=3), task("risk", Operation.EXPORT, scores=1)]
    request_id = in_review(ledger, Right.ACCESS, tasks=tasks)
    approve(ledger, request_id, left_out=[LeftOut("orders", 8)])
    left, done = ledger.task(request_id, "orders"), ledger.task(request_id, "risk")
    assert (left.status, left.refused, left.keep_until, left.counts) == (TaskStatus.DONE, 8, None, Counts(found=5))
    assert (done.status, done.refused) == (TaskStatus.PENDING, None)
    assert ledger.events(request_id)[-1].detail == {"left_out": 1}


def test_an_erasure_that_leaves_a_store_out_still_goes_over_it_to_write_down_what_is_kept(ledger: Ledger) -> None:
    tasks = [task("orders", orders=2), task("login"), task("login.freeze", Operation.FREEZE)]
    request_id = in_review(ledger, tasks=tasks)
    approve(ledger, request_id, left_out=[LeftOut("orders", 3, UNTIL), LeftOut("login", 3, UNTIL)])
    kept, login, freeze = (ledger.task(request_id, store) for store in ("orders", "login", "login.freeze"))
    assert (kept.status, kept.refused, kept.keep_until) == (TaskStatus.PENDING, 3, UNTIL)
    assert login.status is TaskStatus.PENDING
    # A sign-in that is kept is not shut.
    assert freeze.status is TaskStatus.DONE
    ledger.restart_task(request_id, "orders")
    again = ledger.task(request_id, "orders")
    assert (again.refused, again.keep_until) == (3, UNTIL)


def test_a_decision_that_was_made_is_made(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    approve(ledger, request_id)
    again_and_again: tuple[Callable[[], Request], ...] = (
        lambda: approve(ledger, request_id, "op-2"),
        lambda: ledger.refuse(request_id, by="op-2", ground=3),
        lambda: ask(ledger, request_id),
    )
    for again in again_and_again:
        with pytest.raises(IllegalTransitionError):
            again()
    assert ledger.get(request_id).decision == "approve"


def test_a_refusal_ends_frees_and_tells(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    refused = ledger.refuse(request_id, by="op-1", ground=3)
    assert (refused.status, refused.decision, refused.ground) == (Status.REFUSED, "refuse", 3)
    assert answer(ledger, request_id) == {"outcome": "refuse"}
    assert kinds(ledger, request_id) == ["refused"]
    assert ledger.get(in_review(ledger)).linked_to is None
    assert ledger.verify_chain(request_id)


@pytest.mark.parametrize("end", sorted(FINAL & {Status.REFUSED, Status.WITHDRAWN}))
def test_nothing_is_decided_after_the_end(ledger: Ledger, end: Status) -> None:
    request_id = in_review(ledger)
    if end is Status.REFUSED:
        ledger.refuse(request_id, by="op-1", ground=3)
    else:
        ledger.withdraw(request_id)
    version = ledger.get(request_id).version
    too_late: tuple[Callable[[], Request], ...] = (
        lambda: approve(ledger, request_id),
        lambda: ledger.refuse(request_id, by="op-1", ground=3),
        lambda: ask(ledger, request_id),
        lambda: ledger.answer_question(request_id, "late"),
    )
    for late in too_late:
        with pytest.raises(IllegalTransitionError):
            late()
    assert ledger.question_over(request_id).version == version
    assert kinds(ledger, request_id) == ["refused" if end is Status.REFUSED else "withdrawn"]


def test_an_approval_after_the_run_has_ended_starts_the_next_one(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    ledger.run_ended(request_id, 1, pause=timedelta(hours=1))
    request = approve(ledger, request_id)
    assert (request.run, request.retries, request.relay_at is not None) == (2, 0, True)


# ---- complaints


def test_a_complaint_is_answered_once_and_the_answer_stands(ledger: Ledger) -> None:
    request_id = in_review(ledger, Right.COMPLAINT, "complaint")
    approve(ledger, request_id, answer="We are sorry.")
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id, "op-2", answer="We are not.")
    assert ledger.private(request_id, "answer")["text"] == "We are sorry."
    assert b"sorry" not in repr(list(ledger.table.query_all(f"REQUEST#{request_id}"))).encode()


# ---- questions


def test_a_question_stops_the_clock_where_the_rule_allows_it_and_the_answer_starts_it_again(
    ledger: Ledger, clock: StoppedClock
) -> None:
    european, mall = in_review(ledger, Right.ACCESS, jurisdiction="DE"), in_review(ledger, Right.PORTABILITY)
    due = [ledger.get(request_id).due_at for request_id in (european, mall)]
    for request_id in (european, mall):
        asked = ask(ledger, request_id)
        assert (asked.status, asked.question_until is not None) == (Status.QUESTION, True)
        assert ledger.private(request_id, "question")["text"] == "Which order?"
        assert kinds(ledger, request_id) == ["question"]
    assert [ledger.reading(ledger.get(r)).paused_now for r in (european, mall)] == [True, False]
    clock.advance(days=5)
    for request_id in (european, mall):
        back = ledger.answer_question(request_id, "The last one.")
        assert (back.status, back.question_until, answer(ledger, request_id)) == (Status.IN_REVIEW, None, None)
        assert codes(ledger, request_id)[-2:] == ["question_asked", "question_answered"]
        assert ledger.verify_chain(request_id)
    now = [ledger.get(request_id).due_at for request_id in (european, mall)]
    assert now[0] > due[0]
    assert now[1] == due[1]
    assert not ledger.reading(ledger.get(european)).paused_now


def test_an_answer_sent_twice_is_one_answer(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    ask(ledger, request_id)
    first = ledger.answer_question(request_id, "yes")
    assert ledger.answer_question(request_id, "yes") == first
    assert [kept["text"] for kept in ledger.private(request_id, "answers")] == ["yes"]
    with pytest.raises(IllegalTransitionError):
        ledger.answer_question(request_id, "no")


def test_a_second_question_has_a_notice_and_an_answer_of_its_own_even_the_same_one(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    for _ in range(2):
        ask(ledger, request_id)
        ledger.answer_question(request_id, "yes")
    assert [n.id for n in ledger.notices(request_id)] == ["question-phone-001", "question-phone-002"]
    assert [kept["text"] for kept in ledger.private(request_id, "answers")] == ["yes", "yes"]


def test_a_question_that_is_open_is_not_replaced_by_another(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    ask(ledger, request_id)
    with pytest.raises(IllegalTransitionError):
        ask(ledger, request_id, "Something else?", by="op-2")
    assert ledger.private(request_id, "question")["text"] == "Which order?"
    with pytest.raises(IllegalTransitionError):
        approve(ledger, request_id)
    with pytest.raises(IllegalTransitionError):
        ledger.refuse(request_id, by="op-1", ground=3)


def test_a_question_that_nobody_answers_in_time_goes_back_to_whoever_decides(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id = in_review(ledger, Right.ACCESS, jurisdiction="DE")
    ask(ledger, request_id)
    clock.advance(days=6)
    assert ledger.question_over(request_id).status is Status.QUESTION
    clock.advance(days=1)
    for _ in range(2):
        over = ledger.question_over(request_id)
    assert (over.status, over.question_until) == (Status.IN_REVIEW, None)
    assert codes(ledger, request_id)[-1] == "question_not_answered"
    assert not ledger.reading(over).paused_now
    with pytest.raises(IllegalTransitionError):
        ledger.answer_question(request_id, "too late")
    assert approve(ledger, request_id).decision == "approve"


def test_an_answer_counts_until_somebody_has_taken_the_question_back(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = in_review(ledger)
    ask(ledger, request_id)
    clock.advance(days=8)
    assert ledger.answer_question(request_id, "just in time").status is Status.IN_REVIEW
    assert ledger.question_over(request_id).status is Status.IN_REVIEW
    assert codes(ledger, request_id)[-1] == "question_answered"


def test_a_question_voids_the_approval_before_it(ledger: Ledger) -> None:
    request_id = two_accounts(ledger)
    approve(ledger, request_id)
    ask(ledger, request_id, by="op-2")
    ledger.answer_question(request_id, "yes")
    assert approve(ledger, request_id, "op-2").decision is None
    assert approve(ledger, request_id).decision == "approve"


def test_a_question_can_be_answered_by_withdrawing(ledger: Ledger) -> None:
    request_id = in_review(ledger)
    ask(ledger, request_id)
    for _ in range(2):
        assert ledger.withdraw(request_id).status is Status.WITHDRAWN
    assert answer(ledger, request_id) == {"outcome": "withdrawn"}
    assert ledger.verify_chain(request_id)


# ---- who acts for another


@pytest.mark.parametrize(("right", "operators"), [(Right.ACCESS, 2), (Right.DELETION, 2), (Right.RESTRICTION, 1)])
def test_what_leaves_or_goes_at_anothers_word_is_approved_by_two(ledger: Ledger, right: Right, operators: int) -> None:
    request_id = in_review(ledger, right, "agent", requester=Requester.AGENT, acting=AGENT)
    decisions = [approve(ledger, request_id, f"op-{n}").decision for n in range(operators)]
    assert decisions == [None] * (operators - 1) + ["approve"]


def test_a_hold_in_between_leaves_two_to_approve_what_two_had_to(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = two_accounts(ledger)
    approve(ledger, request_id)
    approve(ledger, request_id, "op-2")
    ledger.cool_off(request_id, "token", 60)
    clock.advance(seconds=61)
    hold = ledger.place_hold(["phone"], ground=3, until=(clock() + WEEK).date(), by="op-3")
    assert ledger.begin_work(request_id).status is Status.IN_REVIEW
    ledger.lift_hold(hold.id, by="op-3")
    approve(ledger, request_id, "op-3")
    assert ledger.get(request_id).decision is None
    approve(ledger, request_id, "op-1")
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS
