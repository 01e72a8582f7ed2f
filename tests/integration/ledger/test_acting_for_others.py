"""Requests by those who act for others: what they are told, who else is told, and who can object; on both clouds."""

from datetime import timedelta

import pytest

from rights.domain.rights import Requester, Right
from rights.domain.status import Status
from rights.ledger import Ledger
from tests.integration.ledger.cases import EMAIL, GUARDIAN, OnFile, case, kinds, prove, verify
from tests.integration.ledger.test_requests import PHONE
from tests.support.plans import lay


def acting(ledger: Ledger, requester: Requester = Requester.GUARDIAN, right: Right = Right.ACCESS) -> str:
    (request_id,) = case(ledger, right, requester=requester, acting=GUARDIAN, typed={"phone": PHONE})
    return request_id


@pytest.mark.parametrize("requester", [Requester.GUARDIAN, Requester.AGENT])
def test_whoever_acts_for_another_gets_the_code_at_their_own_contact_known_or_not(
    ledger: Ledger, requester: Requester
) -> None:
    request_id, stores = acting(ledger, requester), OnFile()
    verify(ledger, request_id, stores)
    assert stores.asked == []
    (code,) = ledger.notices(request_id)
    assert ledger.contact_of(code) == GUARDIAN["email"]


def test_the_persons_identifiers_seed_a_search_only_after_whoever_acts_has_proven_who_they_are(
    ledger: Ledger,
) -> None:
    request_id = acting(ledger)
    verify(ledger, request_id)
    assert ledger.seeds(ledger.get(request_id)) == {}
    prove(ledger, request_id, "email")
    assert ledger.get(request_id).status is Status.VERIFIED
    assert ledger.seeds(ledger.get(request_id)) == {"phone": PHONE}
    assert ledger.proven_contacts(request_id) == {"email": GUARDIAN["email"]}


def test_before_anybody_has_looked_whoever_acts_is_told_the_same_of_a_stranger_as_of_a_customer(
    ledger: Ledger,
) -> None:
    told = []
    for keys in ({"phone": [PHONE], "email": [EMAIL, "old@example.com"]}, {"phone": [PHONE]}):
        request_id = acting(ledger, right=Right.ACCOUNT_CLOSURE)
        verify(ledger, request_id)
        prove(ledger, request_id, "email")
        ledger.put_private(request_id, "subject", {"keys": keys})
        request = lay(ledger, request_id, subjects=[request_id], review="guardian", confirm="closure")
        own = [ledger.contact_of(n) for n in ledger.notices(request_id) if n.purpose != "on_file"]
        told.append((request.status, [n.kind for n in ledger.notices(request_id) if n.purpose != "on_file"], own))
    assert told[0] == told[1]
    assert told[0][0] is Status.IN_REVIEW
    assert set(told[0][2]) == {GUARDIAN["email"]}


def test_every_contact_on_file_is_told_that_somebody_asks_for_them_once(ledger: Ledger) -> None:
    request_id = acting(ledger)
    prove(ledger, request_id, "email")
    ledger.put_private(request_id, "subject", {"keys": {"phone": [PHONE], "email": [EMAIL, "old@example.com"]}})
    for _ in range(2):
        lay(ledger, request_id, review="guardian")
    warned = [notice for notice in ledger.notices(request_id) if notice.kind == "asked_for_you"]
    assert sorted(ledger.contact_of(notice) or "" for notice in warned) == [PHONE, "old@example.com", EMAIL]


def test_a_contact_on_file_can_object_and_whoever_acts_is_told(ledger: Ledger) -> None:
    request_id = acting(ledger)
    prove(ledger, request_id, "email")
    lay(ledger, request_id, review="guardian")
    for _ in range(2):
        assert ledger.withdraw(request_id, by="contact_on_file").status is Status.WITHDRAWN
    assert kinds(ledger, request_id)[-1] == "withdrawn"
    assert ledger.verify_chain(request_id)


@pytest.mark.parametrize("asked", [False, True])
def test_an_objection_looks_to_a_stranger_like_a_refusal_until_somebody_has_decided(
    ledger: Ledger, asked: bool
) -> None:
    [request_id] = case(ledger, Right.ACCESS, requester=Requester.GUARDIAN, acting=GUARDIAN)
    verify(ledger, request_id)
    prove(ledger, request_id, "email")
    lay(ledger, request_id, review="guardian")
    if asked:
        ledger.ask(request_id, "Which child?", by="op-1", time_to_answer=timedelta(days=7))
    for _ in range(2):
        ended = ledger.object_to(request_id)
    assert (ended.status, ended.ground) == (Status.REFUSED, None)
    assert "withdrawn" not in kinds(ledger, request_id)
    assert "refused" in kinds(ledger, request_id)


def test_an_objection_after_the_approval_and_one_to_ones_own_request_withdraw(ledger: Ledger) -> None:
    [acting] = case(ledger, Right.RESTRICTION, requester=Requester.GUARDIAN, acting=GUARDIAN)
    verify(ledger, acting)
    prove(ledger, acting, "email")
    lay(ledger, acting, review="guardian")
    ledger.approve(acting, by="op-1", plan="hash")
    [own] = case(ledger, Right.DELETION)
    prove(ledger, own)
    lay(ledger, own, subjects=["somebody else"])
    assert [ledger.object_to(one).status for one in (acting, own)] == [Status.WITHDRAWN] * 2
