from datetime import date, timedelta

import pytest

from rights.clock import parse
from rights.domain.cooling_off import seconds_to_cool_off
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.errors import NotReadyError, UnknownRequestError
from rights.ledger import Ledger, Request
from rights.ledger.reviews import LeftOut
from rights.ledger.steps import outcome_of_beginning
from tests.integration.ledger.test_reviews import approve, ask, in_review, kinds, task, two_accounts
from tests.integration.ledger.test_steps import verified
from tests.support.clock import StoppedClock
from tests.support.plans import lay

UNTIL = date(2027, 1, 31)


def test_a_hold_is_found_by_any_pseudonym_of_the_person_and_by_no_other(ledger: Ledger) -> None:
    placed = ledger.place_hold(["account", "phone", "phone"], ground=3, until=UNTIL, by="op-1")
    assert placed.subjects == ("account", "phone")
    assert ledger.hold_on(["elsewhere", "phone"]) == placed
    assert ledger.hold_on(["account"]) == placed
    assert ledger.hold_on(["elsewhere"]) is None
    assert ledger.hold_on([]) is None


def test_a_hold_stands_up_to_and_with_its_last_day_in_the_malls_time(ledger: Ledger, clock: StoppedClock) -> None:
    ledger.place_hold(["account"], ground=3, until=date(2026, 11, 23), by="op-1")
    clock.advance(hours=37)  # 23:00 of the last day in Phnom Penh
    assert ledger.hold_on(["account"])
    clock.advance(hours=1)
    assert ledger.hold_on(["account"]) is None


def test_of_two_holds_the_longer_one_counts(ledger: Ledger) -> None:
    longer = ledger.place_hold(["account"], ground=3, until=UNTIL, by="op-1")
    shorter = ledger.place_hold(["account"], ground=4, until=date(2026, 12, 1), by="op-2")
    assert ledger.hold_on(["account"]) == longer
    assert ledger.holds_on(["account"]) == [longer, shorter]


def test_a_hold_is_lifted_once_and_remembered(ledger: Ledger) -> None:
    placed = ledger.place_hold(["account", "phone"], ground=3, until=UNTIL, by="op-1")
    lifted = ledger.lift_hold(placed.id, by="op-2")
    assert (lifted.lifted_by, lifted.by) == ("op-2", "op-1")
    assert ledger.lift_hold(placed.id, by="op-3") == lifted
    assert ledger.hold_on(["account", "phone"]) is None
    with pytest.raises(UnknownRequestError):
        ledger.lift_hold("NOSUCH", by="op-2")


@pytest.mark.parametrize(("right", "begins"), [(Right.DELETION, False), (Right.ACCESS, True)])
def test_no_erasure_begins_while_a_hold_stands(ledger: Ledger, right: Right, begins: bool) -> None:
    request_id = verified(ledger, right)
    lay(ledger, request_id, subjects=["account"], known_as=["account", "phone"])
    hold = ledger.place_hold(["phone"], ground=3, until=UNTIL, by="op-1")
    if not begins:
        assert ledger.begin_work(request_id).status is Status.IN_REVIEW
        ledger.lift_hold(hold.id, by="op-1")
        ledger.approve(request_id, by="op-1", plan="hash")
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS


# ---- holds that come in between


def cooled(ledger: Ledger, clock: StoppedClock, request_id: str) -> None:
    for token in ("token", "token of a retry"):
        ledger.cool_off(request_id, token, 3600)
    clock.advance(hours=1, seconds=1)


def cooling_left(ledger: Ledger, request: Request, clock: StoppedClock) -> int:
    until = parse(request.cooling_until) if request.cooling_until else None
    return seconds_to_cool_off(
        request.right, request.requester, request.status, until=until, now=clock(), term=timedelta(hours=1)
    )


def test_a_hold_placed_during_the_cooling_off_sends_the_erasure_back_and_it_does_not_cool_off_twice(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id = two_accounts(ledger, tasks=[task("orders"), task("risk")])
    ledger.put_private(request_id, "subject", {"keys": {"phone": ["+85512345678"]}})
    for who in ("op-1", "op-2"):
        approve(ledger, request_id, who, left_out=[LeftOut("orders", 11, UNTIL.isoformat())])
    ledger.cool_off(request_id, "token", 3600)
    hold = ledger.place_hold(["phone"], ground=3, until=UNTIL, by="op-1")
    clock.advance(hours=1, seconds=1)
    for _ in range(2):
        request = ledger.begin_work(request_id)
        assert (request.status, request.review, request.decision) == (Status.IN_REVIEW, "second_account", None)
        assert outcome_of_beginning(request) == "review"
    assert request.approvals == ()
    ask(ledger, request_id)
    assert outcome_of_beginning(ledger.begin_work(request_id)) == "review"
    ledger.answer_question(request_id, "yes")
    ledger.lift_hold(hold.id, by="op-1")
    assert outcome_of_beginning(ledger.begin_work(request_id)) == "review"
    approve(ledger, request_id)
    request = approve(ledger, request_id, "op-2")
    assert request.decision == "approve"
    # Nothing is left out any more: this decision is the one that counts.
    assert [(t.store, t.refused, t.keep_until) for t in ledger.tasks(request_id)] == [
        ("orders", None, None),
        ("risk", None, None),
    ]
    assert cooling_left(ledger, request, clock) == 0
    for _ in range(2):
        assert ledger.begin_work(request_id).status is Status.IN_PROGRESS
    assert kinds(ledger, request_id).count("cooling_off") == 1
    assert ledger.verify_chain(request_id)


def test_a_task_that_was_left_out_before_a_hold_and_is_not_any_more_is_worked_on(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id = in_review(ledger, tasks=[task("login"), task("login.freeze", Operation.FREEZE)])
    approve(ledger, request_id, left_out=[LeftOut("login", 11, UNTIL.isoformat())])
    assert ledger.task(request_id, "login.freeze").status is TaskStatus.DONE
    hold = ledger.place_hold(["phone"], ground=3, until=UNTIL, by="op-1")
    cooled(ledger, clock, request_id)
    ledger.begin_work(request_id)
    ledger.lift_hold(hold.id, by="op-1")
    approve(ledger, request_id)
    freeze = ledger.task(request_id, "login.freeze")
    assert (freeze.status, freeze.refused) == (TaskStatus.PENDING, None)


def test_a_hold_on_work_that_has_begun_holds_the_repair_up(ledger: Ledger) -> None:
    request_id = in_review(ledger, tasks=[task("orders")])
    approve(ledger, request_id)
    ledger.begin_work(request_id)
    ledger.fail_task(request_id, "orders", "StoreRefusedError")
    ledger.ask_for_repair(request_id)
    hold = ledger.place_hold(["phone"], ground=3, until=UNTIL, by="op-1")
    with pytest.raises(NotReadyError):
        ledger.begin_work(request_id)
    ledger.lift_hold(hold.id, by="op-1")
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS
