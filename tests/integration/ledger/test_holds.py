from datetime import date

import pytest

from rights.domain.rights import Right
from rights.domain.status import Status
from rights.errors import UnknownRequestError
from rights.ledger import Ledger
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
