"""Plans of requests by guardians and agents: looked at first, told to whoever is on file; with stores in memory."""

from typing import Any

import pytest

from rights.domain.rights import Requester, Right
from rights.ledger import Ledger
from tests.integration.ledger.test_requests import PHONE
from tests.integration.planning import AGENT, COOLING, EMAIL, approve, plan, planned, proven


def on_file(ledger: Ledger, request_id: str) -> list[str | None]:
    return [ledger.contact_of(n) for n in ledger.notices(request_id) if n.purpose == "on_file"]


def test_a_guardians_closure_is_reviewed_then_confirmed_then_cools_off(ledger: Ledger) -> None:
    request_id = proven(ledger, Right.ACCOUNT_CLOSURE, requester=Requester.AGENT, acting=AGENT)
    assert plan(ledger, request_id).outcome == "review"
    approve(ledger, ledger.get(request_id))
    assert plan(ledger, request_id).outcome == "confirm"
    ledger.ask_to_confirm(request_id, "token", 60)
    ledger.confirm_request(request_id)
    assert plan(ledger, request_id).outcome == "ready"
    assert len([e for e in ledger.events(request_id) if e.code == "review_asked"]) == 1


def test_a_stranger_and_a_customer_look_the_same_to_whoever_acts_until_somebody_has_decided(ledger: Ledger) -> None:
    outcomes = []
    for phone in (PHONE, "+85512000000"):
        request = planned(ledger, Right.ACCESS, requester=Requester.AGENT, acting=AGENT, typed={"phone": phone})
        told = [(n.kind, ledger.contact_of(n)) for n in ledger.notices(request.id) if n.purpose != "on_file"]
        stores = [task.store for task in ledger.tasks(request.id)]
        outcomes.append((request.status, request.review, request.confirm, request.due_at, told, stores))
    assert outcomes[0] == outcomes[1]


def test_who_is_on_file_is_told_that_somebody_asks_and_a_number_that_nobody_has_is_not(ledger: Ledger) -> None:
    acting: dict[str, Any] = {"requester": Requester.AGENT, "acting": AGENT}
    known = planned(ledger, Right.ACCESS, typed={"phone": PHONE, "email": "mistyped@example.com"}, **acting)
    unknown = planned(ledger, Right.ACCESS, typed={"phone": "+85512000000"}, **acting)
    assert sorted(map(str, on_file(ledger, known.id))) == [PHONE, EMAIL]
    assert on_file(ledger, unknown.id) == []


@pytest.mark.parametrize(("right", "waits"), [(Right.ACCESS, True), (Right.RESTRICTION, False)])
def test_whoever_somebody_acts_for_has_time_to_object_to_what_could_hurt(
    ledger: Ledger, right: Right, waits: bool
) -> None:
    request_id = proven(ledger, right, requester=Requester.AGENT, acting=AGENT)
    plan(ledger, request_id)
    approve(ledger, ledger.get(request_id))
    after = plan(ledger, request_id)
    assert (after.outcome, after.cooling_seconds) == ("ready", COOLING.total_seconds() if waits else 0)
