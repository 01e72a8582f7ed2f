"""Plans of what an operator vouches for: whose contacts count, and who is told nothing; with stores in memory."""

from dataclasses import dataclass
from typing import Any

import pytest

from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.review import Reason, approvals_needed
from rights.domain.rights import Channel, Right
from rights.domain.status import Status
from rights.errors import IllegalTransitionError, StoreUnavailableError
from rights.ledger import Ledger, Request
from tests.integration.ledger.test_requests import PHONE, new
from tests.integration.planning import EMAIL, Mall, approve, plan

MULE = "+85517000001"
BOTH = {"phone": PHONE, "email": EMAIL}
BESIDE = {"phone": MULE, "email": EMAIL}


@dataclass
class Neighbours(Mall):
    """A mall in which another phone is on file too: of another account, or only of somebody whom goods were sent to."""

    neighbour: str | None = None

    def recognise(self, request_id: str, identifier: Identifier) -> bool:
        return identifier.value == MULE or super().recognise(request_id, identifier)

    def resolve(self, request_id: str, seeds: dict[str, str]) -> KeySet:
        keys = super().resolve(request_id, seeds)
        extra = [Identifier(Kind.ACCOUNT, self.neighbour)] if self.neighbour and MULE in seeds.values() else []
        return keys | KeySet.of(extra)


def attested(ledger: Ledger, typed: dict[str, str], right: Right = Right.ACCESS, **more: Any) -> Request:
    # `proven`: whatever a door says besides, an operator's word is looked at.
    facts: dict[str, Any] = {"channel": Channel.OPERATOR, "by": "op-9", "attested": "document", "proven": True}
    return ledger.open_request(new(right=right, typed=typed, **facts, **more)).request


def planned(ledger: Ledger, typed: dict[str, str], mall: Mall | None = None, **more: Any) -> Request:
    request = attested(ledger, typed, **more)
    plan(ledger, request.id, mall)
    return ledger.get(request.id)


def told(ledger: Ledger, request_id: str) -> set[str | None]:
    return {ledger.contact_of(notice) for notice in ledger.notices(request_id)}


def test_the_word_of_an_operator_counts_for_contacts_on_file_and_these_are_told_once(ledger: Ledger) -> None:
    request = attested(ledger, BOTH)
    assert (request.status, ledger.proven_contacts(request.id), ledger.seeds(request)) == (Status.VERIFIED, {}, {})
    plan(ledger, request.id)
    request = ledger.get(request.id)
    assert (ledger.proven_contacts(request.id), request.review) == (BOTH, Reason.ATTESTED)
    assert [(n.kind, n.channel) for n in ledger.notices(request.id)] == [("received", "email"), ("received", "phone")]
    assert approvals_needed(request.right, request.requester, request.review) == 1


def test_a_contact_on_nobodys_file_seeds_nothing_and_is_told_nothing_and_the_plan_says_so(ledger: Ledger) -> None:
    mall = Mall()
    request = planned(ledger, BESIDE, mall)
    assert (request.review, request.accounts) == (Reason.CONTACT_NOT_ON_FILE, 1)
    assert ledger.proven_contacts(request.id) == {"email": EMAIL}
    assert not any(MULE in seeds.values() for seeds in mall.seeds)
    assert MULE not in str(ledger.private(request.id, "subject"))
    approve(ledger, request)
    ledger.begin_work(request.id)
    ledger.tell(request.id, "package_ready")
    assert told(ledger, request.id) == {EMAIL}


@pytest.mark.parametrize("right", [Right.ACCESS, Right.RESTRICTION])
def test_two_have_to_approve_it_and_one_of_them_is_an_approver(ledger: Ledger, right: Right) -> None:
    request = planned(ledger, BESIDE, right=right)
    ledger.approve(request.id, by="op-1", plan=str(request.plan))
    assert not ledger.get(request.id).is_decided
    with pytest.raises(IllegalTransitionError):
        ledger.approve(request.id, by="op-2", plan=str(request.plan))
    assert ledger.approve(request.id, by="op-3", plan=str(request.plan), as_approver=True).is_decided


def test_of_somebody_whom_nobody_has_on_file_nothing_is_found_and_nobody_is_told(ledger: Ledger) -> None:
    mall = Mall()
    request = planned(ledger, {"phone": MULE}, mall)
    assert (request.status, request.review) == (Status.IN_REVIEW, Reason.CONTACT_NOT_ON_FILE)
    assert (mall.seeds[-1], ledger.proven(request.id), ledger.notices(request.id)) == ({}, [], [])


def test_a_number_that_goods_were_once_sent_to_is_not_on_the_file_of_the_account(ledger: Ledger) -> None:
    request = planned(ledger, BESIDE, Neighbours())
    assert (request.review, ledger.proven_contacts(request.id)) == (Reason.CONTACT_NOT_ON_FILE, {"email": EMAIL})


def test_two_contacts_without_an_account_are_not_taken_for_one_persons(ledger: Ledger) -> None:
    request = planned(ledger, BESIDE, Neighbours(accounts=(), phones=()))
    assert (request.review, len(ledger.proven_contacts(request.id))) == (Reason.CONTACT_NOT_ON_FILE, 1)


def test_contacts_of_two_accounts_are_two_people_until_two_have_looked(ledger: Ledger) -> None:
    request = planned(ledger, BESIDE, Neighbours(neighbour="acc-9"))
    assert (request.review, request.accounts) == (Reason.SECOND_ACCOUNT, 2)
    assert approvals_needed(request.right, request.requester, request.review) == 2


def test_every_right_of_a_letter_counts_the_same_contacts_and_one_receipt_is_sent(ledger: Ledger) -> None:
    first = attested(ledger, BESIDE, also=(Right.RESTRICTION,))
    for one in first.case_requests:
        plan(ledger, one)
        assert ledger.get(one).review == Reason.CONTACT_NOT_ON_FILE
        assert ledger.proven_contacts(one) == {"email": EMAIL}
    assert [len(ledger.notices(one)) for one in first.case_requests] == [1, 0]


@pytest.mark.parametrize("fails_at", range(1, 5))
def test_a_plan_that_is_cut_off_counts_the_same_contacts_at_the_next_try(ledger: Ledger, fails_at: int) -> None:
    request = attested(ledger, BESIDE)
    mall = Mall(fails_at=fails_at)
    with pytest.raises(StoreUnavailableError):
        plan(ledger, request.id, mall)
    plan(ledger, request.id, mall)
    assert ledger.get(request.id).review == Reason.CONTACT_NOT_ON_FILE
    assert told(ledger, request.id) == {EMAIL}
