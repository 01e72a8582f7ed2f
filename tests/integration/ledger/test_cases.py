"""Cases of several rights, requests that a door has proven, requests by those who act for others; on both clouds."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rights.domain.identity import Identifier
from rights.domain.rights import Channel, Requester, Right
from rights.domain.status import Status
from rights.errors import IdempotencyConflictError
from rights.ledger import Ledger, Request
from rights.ledger.identity import IDENTITY_WAIT
from rights.ledger.model import CodeResult
from rights.proof import ask_for_proof
from tests.integration.ledger.test_requests import PHONE, new
from tests.support.clock import StoppedClock
from tests.support.plans import lay

EMAIL = "sok.dara@example.com"
CODE = "482913"
THREE = (Right.ACCESS, Right.CORRECTION, Right.RESTRICTION)
CHANGES = {"name": {"to": "Sok Dara"}}
GUARDIAN = {"name": "Sok Chan", "relation": "parent", "for": "child", "email": "chan@example.com"}


@dataclass
class OnFile:
    """Stores that know some contacts, and remember what they were asked for."""

    known: tuple[str, ...] = (PHONE,)
    asked: list[str] = field(default_factory=list)

    def recognise(self, _: str, identifier: Identifier) -> bool:
        self.asked.append(identifier.value)
        return identifier.value in self.known


def case(ledger: Ledger, *rights: Right, **more: Any) -> list[str]:
    opened = ledger.open_request(new(right=rights[0], also=rights[1:], changes=CHANGES, **more))
    return [opened.request.id, *(other.id for other in opened.others)]


def prove(ledger: Ledger, request_id: str, channel: str = "phone") -> None:
    ledger.store_code(request_id, channel, "identity", CODE)
    ledger.try_code(request_id, CODE)


def verify(ledger: Ledger, request_id: str, on_file: OnFile | None = None) -> None:
    """What VerifyIdentity does, twice: the step may come again with another token."""
    stores: Any = on_file or OnFile()
    for token in ("token", "token of a retry"):
        ask_for_proof(request_id, token, 3600, ledger, stores)


def settle(ledger: Ledger, request_id: str) -> Request:
    """What SettleIdentity does when the time is up, twice."""
    for _ in range(2):
        request = ledger.settle_case(request_id)
    return request


def answer(ledger: Ledger, request_id: str) -> Any:
    wait = ledger.last_wait(request_id, IDENTITY_WAIT)
    return wait.answer if wait else None


def kinds(ledger: Ledger, request_id: str) -> list[str]:
    return [notice.kind for notice in ledger.notices(request_id)]


def chains_hold(ledger: Ledger, ids: list[str]) -> bool:
    return all(ledger.verify_chain(request_id) for request_id in ids)


# ---- a case


def test_a_case_is_one_request_per_right_under_the_id_of_the_first(ledger: Ledger) -> None:
    ids = case(ledger, *THREE, scope=("orders",))
    requests = [ledger.get(request_id) for request_id in ids]
    assert [request.right for request in requests] == list(THREE)
    assert {request.case_id for request in requests} == {ids[0]}
    assert {request.case_requests for request in requests} == {tuple(ids)}
    assert [request.is_first_of_case for request in requests] == [True, False, False]
    assert [request.scope for request in requests] == [("orders",), (), ()]
    assert requests[2].purposes == ("all",)
    assert [ledger.private(request_id, "changes") for request_id in ids] == [None, CHANGES, None]
    assert all(request.relay_at for request in requests)
    assert chains_hold(ledger, ids)


def test_all_nine_rights_are_taken_in_in_one_go(ledger: Ledger) -> None:
    ids = case(ledger, *Right, requester=Requester.GUARDIAN, acting=GUARDIAN, idempotency="key", body_hmac="body")
    assert len(set(ids)) == len(Right)
    for request_id in ids:
        verify(ledger, request_id)
    prove(ledger, ids[0], "email")
    for request_id in ids:
        assert ledger.join_case(request_id).status is Status.VERIFIED
    assert chains_hold(ledger, ids)


def test_the_same_key_and_body_twice_is_the_same_case(ledger: Ledger) -> None:
    first = ledger.open_request(new(also=THREE[1:], idempotency="key", body_hmac="body"))
    again = ledger.open_request(new(also=THREE[1:], idempotency="key", body_hmac="body"))
    assert (first.created, again.created) == (True, False)
    assert again.request == first.request
    assert again.others == first.others
    with pytest.raises(IdempotencyConflictError):
        ledger.open_request(new(also=THREE[1:], idempotency="key", body_hmac="another"))


def test_one_proof_serves_all_and_one_code_is_sent(ledger: Ledger) -> None:
    ids, stores = case(ledger, *THREE), OnFile()
    for request_id in ids:
        verify(ledger, request_id, stores)
    assert stores.asked == [PHONE]
    prove(ledger, ids[0])
    assert [answer(ledger, request_id) for request_id in ids] == [{"outcome": "verified"}] * 3
    for request_id in ids[1:]:
        for _ in range(2):
            assert ledger.join_case(request_id).status is Status.VERIFIED
    assert [ledger.seeds(ledger.get(request_id)) for request_id in ids] == [{"phone": PHONE}] * 3
    assert [ledger.proven_contacts(request_id) for request_id in ids] == [{"phone": PHONE}] * 3
    assert [kinds(ledger, request_id) for request_id in ids] == [["code", "received"], [], []]
    codes = [[event.code for event in ledger.events(request_id)].count("identity_proven") for request_id in ids]
    assert codes == [1, 1, 1]
    assert chains_hold(ledger, ids)


def test_a_sibling_that_starts_after_the_proof_joins_it(ledger: Ledger) -> None:
    first, late, *_ = case(ledger, *THREE)
    verify(ledger, first)
    prove(ledger, first)
    assert ledger.get(late).status is Status.RECEIVED
    verify(ledger, late)
    assert ledger.get(late).status is Status.VERIFIED
    assert answer(ledger, late) == {"outcome": "verified"}
    assert "code" not in kinds(ledger, late)


def test_a_sibling_that_nobody_has_proven_stays_where_it_is(ledger: Ledger) -> None:
    first, sibling, *_ = case(ledger, *THREE)
    verify(ledger, sibling)
    assert ledger.join_case(sibling).status is Status.IDENTITY_NEEDED
    assert ledger.join_case(first).status is Status.RECEIVED
    assert ledger.proven_contacts(sibling) == {}
    assert ledger.try_code(sibling, CODE).result is CodeResult.NOT_WAITING


def test_of_two_contacts_only_the_proven_one_serves_the_siblings(ledger: Ledger) -> None:
    first, sibling, *_ = case(ledger, *THREE, typed={"phone": PHONE, "email": "victim@example.com"})
    verify(ledger, first)
    prove(ledger, first)
    assert ledger.join_case(sibling).status is Status.RECEIVED
    settle(ledger, first)
    assert ledger.join_case(sibling).status is Status.VERIFIED
    assert ledger.seeds(ledger.get(sibling)) == {"phone": PHONE}


@pytest.mark.parametrize("how", ["expired", "withdrawn"])
def test_a_sibling_of_a_request_that_ended_unproven_expires_by_itself(ledger: Ledger, how: str) -> None:
    first, sibling, *_ = case(ledger, *THREE)
    verify(ledger, sibling)
    if how == "expired":
        settle(ledger, first)
    else:
        ledger.withdraw(first)
        assert ledger.get(sibling).status is Status.IDENTITY_NEEDED
    prove(ledger, first)
    assert settle(ledger, sibling).status is Status.EXPIRED
    assert kinds(ledger, sibling) == []


def test_a_proof_outlives_the_request_that_was_proven(ledger: Ledger) -> None:
    first, sibling, *_ = case(ledger, *THREE)
    prove(ledger, first)
    ledger.withdraw(first)
    assert settle(ledger, sibling).status is Status.VERIFIED


def test_a_sibling_withdrawn_before_the_proof_stays_withdrawn(ledger: Ledger) -> None:
    first, sibling, other = case(ledger, *THREE)
    for request_id in (first, sibling, other):
        verify(ledger, request_id)
    ledger.withdraw(sibling)
    prove(ledger, first)
    assert ledger.join_case(sibling).status is Status.WITHDRAWN
    assert answer(ledger, sibling) == {"outcome": "withdrawn"}
    assert ledger.join_case(other).status is Status.VERIFIED


def test_each_right_of_a_case_ends_alone(ledger: Ledger) -> None:
    ids = case(ledger, *THREE)
    verify(ledger, ids[0])
    prove(ledger, ids[0])
    for request_id in ids:
        ledger.join_case(request_id)
        lay(ledger, request_id)
    ledger.withdraw(ids[1])
    ledger.begin_work(ids[0])
    ledger.close_request(ids[0], Status.COMPLETED)
    assert [ledger.get(i).status for i in ids] == [Status.COMPLETED, Status.WITHDRAWN, Status.VERIFIED]
    assert chains_hold(ledger, ids)


# ---- proven by the door


def opt_out(ledger: Ledger, **more: Any) -> str:
    known = {"right": Right.MARKETING_OPT_OUT, "channel": Channel.SMS, "proven": True, "by": "sms_gateway"}
    return ledger.open_request(new(**(known | more))).request.id


def test_a_request_that_the_door_has_proven_needs_no_code(ledger: Ledger) -> None:
    request_id = opt_out(ledger)
    request = ledger.get(request_id)
    assert (request.status, request.purposes) == (Status.VERIFIED, ("marketing", "personalised_ads"))
    assert "verified_at" in request.timeline
    assert ledger.seeds(request) == {"phone": PHONE}
    assert ledger.proven_contacts(request_id) == {"phone": PHONE}
    event = ledger.events(request_id)[0]
    assert (event.code, event.by, event.detail) == ("received", "sms_gateway", {"proven": "phone"})
    verify(ledger, request_id)
    assert kinds(ledger, request_id) == []
    assert ledger.try_code(request_id, CODE).result is CodeResult.NOT_WAITING
    assert settle(ledger, request_id).status is Status.VERIFIED
    assert ledger.verify_chain(request_id)


def test_all_of_a_case_that_the_door_has_proven_are_verified(ledger: Ledger) -> None:
    ids = case(ledger, *THREE, proven=True)
    assert [ledger.join_case(request_id).status for request_id in ids] == [Status.VERIFIED] * 3
    assert [ledger.proven_contacts(request_id) for request_id in ids] == [{"phone": PHONE}] * 3


def test_what_the_door_proves_of_a_guardian_is_their_own_contact(ledger: Ledger) -> None:
    (request_id,) = case(ledger, Right.ACCESS, proven=True, requester=Requester.GUARDIAN, acting=GUARDIAN)
    assert ledger.proven_contacts(request_id) == {"email": GUARDIAN["email"]}
    assert ledger.events(request_id)[0].detail == {"proven": "email"}


# ---- acting for others


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


# ---- clocks


def test_what_came_in_by_mail_is_due_from_the_day_it_came_in(ledger: Ledger, clock: StoppedClock) -> None:
    came = clock.at - timedelta(days=10)
    today, then = case(ledger, Right.ACCESS)[0], case(ledger, Right.ACCESS, received_at=came)[0]
    request = ledger.get(then)
    assert request.received_at == "2026-11-12T03:00:00.000000Z"
    assert (request.due_at, ledger.get(today).due_at) == ("2026-12-12T16:59:59.000000Z", "2026-12-22T16:59:59.000000Z")
    assert request.timeline["received_at"].startswith("2026-11-12")


def test_what_comes_in_after_its_date_is_late_at_once_and_looked_at(ledger: Ledger, clock: StoppedClock) -> None:
    request = ledger.get(case(ledger, Right.ACCESS, received_at=clock.at - timedelta(days=40))[0])
    assert request.due_at < ledger.now()
    assert request.look_at is not None
    assert request.look_at <= ledger.now()


def test_a_request_runs_under_the_rule_of_the_day_it_came_in(ledger: Ledger) -> None:
    before = datetime(2026, 2, 4, 12, tzinfo=UTC)
    old, current = (
        ledger.get(case(ledger, Right.ACCESS, jurisdiction="GB", received_at=received)[0])
        for received in (before, before + timedelta(days=2))
    )
    assert (old.clock_rule, current.clock_rule) == ("uk-gdpr/access@1", "uk-gdpr/access@2")


def test_a_proof_given_with_the_request_is_not_dated_before_it_was_made(ledger: Ledger, clock: StoppedClock) -> None:
    request = ledger.get(opt_out(ledger, received_at=clock.at - timedelta(days=2)))
    assert request.timeline["verified_at"] > request.timeline["received_at"]


@pytest.mark.parametrize("settled", [0, 1, 2])
def test_when_the_time_is_up_a_case_goes_on_together_whichever_run_comes_first(ledger: Ledger, settled: int) -> None:
    ids = case(ledger, *THREE, typed={"phone": PHONE, "email": EMAIL})
    for one in ids:
        verify(ledger, one)
    prove(ledger, ids[0])
    order = [ids[settled], *(one for one in ids if one != ids[settled])]
    assert [settle(ledger, one).status for one in order] == [Status.VERIFIED] * 3
    assert chains_hold(ledger, ids)


@pytest.mark.parametrize("settled", [0, 1])
def test_when_the_time_is_up_an_unproven_case_ends_together(ledger: Ledger, settled: int) -> None:
    ids = case(ledger, *THREE)
    for one in ids:
        verify(ledger, one)
    settle(ledger, ids[settled])
    assert [ledger.get(one).status for one in ids] == [Status.EXPIRED] * 3


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


def test_a_sibling_whose_time_is_up_leaves_the_confirmation_of_the_first_alone(ledger: Ledger) -> None:
    first, sibling = case(ledger, Right.ACCOUNT_CLOSURE, Right.RESTRICTION)
    prove(ledger, first)
    lay(ledger, first, confirm="closure")
    ledger.ask_to_confirm(first, "token", 60)
    assert settle(ledger, sibling).status is Status.VERIFIED
    assert ledger.get(first).status is Status.CONFIRM_NEEDED
