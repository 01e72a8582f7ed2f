"""Cases of several rights, and requests that a door has proven; on both clouds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rights.domain.rights import Channel, Requester, Right
from rights.domain.status import Status
from rights.errors import IdempotencyConflictError
from rights.ledger import Ledger
from rights.ledger.model import CodeResult
from tests.integration.ledger.cases import (
    CHANGES,
    CODE,
    EMAIL,
    GUARDIAN,
    THREE,
    OnFile,
    answer,
    case,
    chains_hold,
    kinds,
    prove,
    settle,
    verify,
)
from tests.integration.ledger.test_requests import PHONE, new
from tests.support.clock import StoppedClock
from tests.support.plans import lay

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


def test_a_sibling_whose_time_is_up_leaves_the_confirmation_of_the_first_alone(ledger: Ledger) -> None:
    first, sibling = case(ledger, Right.ACCOUNT_CLOSURE, Right.RESTRICTION)
    prove(ledger, first)
    lay(ledger, first, confirm="closure")
    ledger.ask_to_confirm(first, "token", 60)
    assert settle(ledger, sibling).status is Status.VERIFIED
    assert ledger.get(first).status is Status.CONFIRM_NEEDED
