"""Joining: of one person the same thing is done once, and nobody's request is lost over another's; on both clouds."""

from collections.abc import Sequence

import pytest

from rights.domain.rights import EXPORTING, Channel, Right
from rights.domain.status import Status
from rights.ledger import Ledger, Request
from rights.ledger.model import FromAffiliate
from rights.ledger.reviews import LeftOut
from rights.ledger.table import Item
from tests.integration.ledger.test_locks import approve, begin, by_agent, linked_to, planned
from tests.support.clock import StoppedClock

# ---- the same thing once


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT}))
def test_the_same_right_of_the_same_person_joins_the_earlier_request(ledger: Ledger, right: Right) -> None:
    first, second = planned(ledger, right), planned(ledger, right)
    assert (linked_to(ledger, second), ledger.get(second).status) == (first, Status.WITHDRAWN)
    assert linked_to(ledger, first) is None
    assert ledger.verify_chain(second)


def test_two_complaints_are_two_complaints(ledger: Ledger) -> None:
    complaints = [planned(ledger, Right.COMPLAINT, message=f"complaint {n}") for n in range(2)]
    assert [linked_to(ledger, one) for one in complaints] == [None, None]


@pytest.mark.parametrize("right", [Right.ACCESS, Right.DELETION])
def test_another_scope_does_not_join_and_the_same_in_another_order_does(ledger: Ledger, right: Right) -> None:
    first = planned(ledger, right, scope=("orders", "profiles"))
    assert linked_to(ledger, planned(ledger, right, scope=("orders",))) is None
    assert linked_to(ledger, planned(ledger, right)) is None
    assert linked_to(ledger, planned(ledger, right, scope=("profiles", "orders"))) == first


def test_other_purposes_do_not_join(ledger: Ledger) -> None:
    first = planned(ledger, Right.CONSENT_WITHDRAWAL, purposes=("marketing",))
    assert linked_to(ledger, planned(ledger, Right.CONSENT_WITHDRAWAL, purposes=("location",))) is None
    assert linked_to(ledger, planned(ledger, Right.CONSENT_WITHDRAWAL, purposes=("marketing",))) == first


def test_other_corrections_do_not_join(ledger: Ledger) -> None:
    first = planned(ledger, Right.CORRECTION, changes="tag of one value")
    assert linked_to(ledger, planned(ledger, Right.CORRECTION, changes="tag of another")) is None
    assert linked_to(ledger, planned(ledger, Right.CORRECTION, changes="tag of one value")) == first


def test_a_request_by_somebody_who_acts_joins_none_and_none_joins_it(ledger: Ledger) -> None:
    theirs = by_agent(ledger)
    mine = planned(ledger, Right.ACCESS)
    assert [linked_to(ledger, one) for one in (theirs, mine, by_agent(ledger))] == [None, None, None]
    assert linked_to(ledger, planned(ledger, Right.ACCESS)) == mine


def by_affiliate(ledger: Ledger, right: Right, *, asserted: bool, review: str | None = None) -> str:
    sent = FromAffiliate(affiliate="cpes", request_id=f"theirs of {right}", is_asserted=asserted)
    return planned(ledger, right, channel=Channel.AFFILIATE, from_affiliate=sent, review=review)


@pytest.mark.parametrize("asserted", [True, False])
def test_what_an_affiliate_may_take_back_swallows_nobodys_own_request(ledger: Ledger, asserted: bool) -> None:
    theirs = by_affiliate(ledger, Right.RESTRICTION, asserted=asserted, review="affiliate_ceiling")
    mine = planned(ledger, Right.RESTRICTION)
    ledger.withdraw(theirs, by="affiliate:cpes")
    assert (linked_to(ledger, mine), begin(ledger, mine)) == (None, "ready")


def test_what_an_operator_may_refuse_at_anothers_word_swallows_nobodys_own_request(ledger: Ledger) -> None:
    theirs = planned(ledger, Right.ACCESS, channel=Channel.OPERATOR, attested="document", review="attested")
    mine = planned(ledger, Right.ACCESS)
    ledger.refuse(theirs, by="op-1", ground=None)
    assert (linked_to(ledger, mine), begin(ledger, mine)) == (None, "ready")


def test_two_plans_that_find_nobody_at_work_leave_one_at_work(ledger: Ledger) -> None:
    class Late(Ledger):
        """A ledger in which another plan is laid after this one has looked."""

        others: tuple[str, ...] = ()

        def holder_of(self, subjects: Sequence[str], lock: str) -> str | None:
            holder = super().holder_of(subjects, lock)
            if not self.others:
                self.others = (planned(ledger),)
            return holder

    late = Late(ledger.table, ledger.sealer, ledger.hmac, ledger.clock)
    loser = planned(late)
    assert linked_to(ledger, loser) == late.others[0]


def test_a_request_over_two_accounts_frees_both_when_it_ends(ledger: Ledger) -> None:
    both = planned(ledger, subjects=("one", "two"))
    assert linked_to(ledger, planned(ledger, subjects=("two",))) == both
    ledger.withdraw(both)
    assert linked_to(ledger, planned(ledger, subjects=("two", "three"))) is None
    assert linked_to(ledger, planned(ledger, subjects=("one",))) is None


# ---- the same thing, proven by another contact


def test_who_proved_another_contact_joins_nothing_that_may_still_end_undone(ledger: Ledger) -> None:
    first = planned(ledger, review="new_on_file")
    second = planned(ledger, proof="by email")
    ledger.withdraw(first)
    assert (linked_to(ledger, second), begin(ledger, second)) == (None, "ready")


@pytest.mark.parametrize("right", sorted(set(Right) - EXPORTING - {Right.COMPLAINT}))
def test_work_that_has_begun_is_joined_whichever_contact_proved(ledger: Ledger, right: Right) -> None:
    first, second = planned(ledger, right, tasks=2), planned(ledger, right, tasks=2, proof="by email")
    assert [begin(ledger, one) for one in (first, second)] == ["ready", "ended"]
    joined = ledger.get(second)
    assert (joined.status, joined.linked_to, joined.outcome) == (Status.WITHDRAWN, first, "duplicate")
    assert ledger.tasks(second) == [], "nothing is left to do for it"
    assert [notice.kind for notice in ledger.notices(second)][-1] == "duplicate"
    assert [event.code for event in ledger.events(second)][-1] == "joined_work_begun"
    assert len(ledger.tasks(first)) == 2
    late = planned(ledger, right, proof="by both")
    assert linked_to(ledger, late) == first, "whoever comes later need not wait to be told"
    assert all(ledger.verify_chain(one) for one in (first, second, late))


def test_an_export_goes_to_whoever_proved_and_is_never_joined_by_another_contact(ledger: Ledger) -> None:
    first, second = planned(ledger, Right.ACCESS), planned(ledger, Right.ACCESS, proof="by email")
    assert [begin(ledger, one) for one in (first, second)] == ["ready", "ready"]


def test_what_was_done_since_it_was_proven_is_not_done_again(ledger: Ledger, clock: StoppedClock) -> None:
    first, waiting = planned(ledger), planned(ledger, proof="by email")
    clock.advance(hours=1)
    begin(ledger, first)
    ledger.close_request(first, Status.COMPLETED)
    clock.advance(hours=1)
    after = planned(ledger, proof="by both")
    assert begin(ledger, waiting) == "ended"
    assert linked_to(ledger, waiting) == first
    assert begin(ledger, after) == "ready", "asked for after it was done: done anew"


def test_of_work_whose_proof_has_ended_nothing_is_joined(ledger: Ledger) -> None:
    first, second = planned(ledger), planned(ledger, proof="by email")
    begin(ledger, first)
    ledger.close_request(first, Status.COMPLETED)
    ledger.table.delete_many([{"PK": f"REQUEST#{first}", "SK": "STATE"}])
    assert begin(ledger, second) == "ready"


def test_what_was_done_in_part_or_is_being_done_in_part_is_not_joined(ledger: Ledger) -> None:
    first, second = planned(ledger), planned(ledger, proof="by email")
    begin(ledger, first)
    ledger.close_request(first, Status.COMPLETED_IN_PART)
    assert begin(ledger, second) == "ready"
    third, fourth = (
        planned(ledger, scope=("orders",), tasks=2, proof=proof, review=review)
        for proof, review in (("by phone", "unusual_size"), ("by email", None))
    )
    ledger.approve(third, by="op-1", plan="hash", left_out=[LeftOut("store-0", 11, "2030-01-01")])
    assert [begin(ledger, one) for one in (third, fourth)] == ["ready", "ready"]


def test_a_request_over_two_accounts_joins_no_work_on_one_of_them(ledger: Ledger) -> None:
    one, both = planned(ledger, subjects=("one",)), planned(ledger, subjects=("one", "two"), proof="by both")
    assert [begin(ledger, request) for request in (one, both)] == ["ready", "ready"]
    two = planned(ledger, subjects=("two",), proof="by email")
    assert linked_to(ledger, two) == both


def test_a_repair_goes_on_although_another_one_works_on_the_same(ledger: Ledger) -> None:
    first = planned(ledger, tasks=1)
    begin(ledger, first)
    ledger.fail_task(first, "store-0", "StoreRefusedError")
    ledger.ask_for_repair(first)
    second = planned(ledger, proof="by email")
    assert linked_to(ledger, second) == first
    assert begin(ledger, first) == "ready"


def test_work_of_whoever_acts_for_another_is_joined_by_none_and_joins_none(ledger: Ledger) -> None:
    theirs, mine = by_agent(ledger, Right.RESTRICTION), planned(ledger, Right.RESTRICTION)
    approve(ledger, theirs)
    assert [begin(ledger, one) for one in (theirs, mine, by_affiliate(ledger, Right.RESTRICTION, asserted=True))] == [
        "ready",
        "ready",
        "ready",
    ]


def test_two_that_begin_at_once_leave_one_at_work(ledger: Ledger) -> None:
    class Late(Ledger):
        """A ledger in which other work begins after this one has looked."""

        other: str | None = None

        def begun_parts(self, request: Request) -> list[Item]:
            parts = super().begun_parts(request)
            if self.other is not None:
                other, self.other = self.other, None
                begin(ledger, other)
            return parts

    late = Late(ledger.table, ledger.sealer, ledger.hmac, ledger.clock)
    loser, late.other = planned(ledger), planned(ledger, proof="by email")
    winner = late.other
    assert late.begin_work(loser).linked_to == winner
    assert ledger.get(winner).status is Status.IN_PROGRESS
