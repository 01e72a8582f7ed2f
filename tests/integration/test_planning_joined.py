"""Two requests of one person for the same thing: which join, and that nobody's own is lost; with stores in memory."""

from typing import Any

import pytest

from rights.asking import Facts
from rights.domain.rights import Channel, Right
from rights.domain.status import Status
from rights.ledger import Ledger, Request
from rights.ledger.model import FromAffiliate
from rights.ledger.steps import outcome_of_beginning
from tests.integration.ledger.test_requests import PHONE
from tests.integration.planning import EMAIL, Mall, planned
from tests.support.clock import StoppedClock

MARKETING: dict[str, Any] = {"purposes": ("marketing",)}


def begin(ledger: Ledger, request: Request) -> str:
    return outcome_of_beginning(ledger.begin_work(request.id))


def by_affiliate(ledger: Ledger, right: Right, **more: Any) -> Request:
    sent = FromAffiliate(affiliate="cpes", request_id="theirs", is_asserted=True, is_braked=True)
    facts: dict[str, Any] = {"channel": Channel.AFFILIATE, "by": "affiliate:cpes", "proven": False}
    return planned(ledger, right, from_affiliate=sent, **facts, **more)


def test_asked_twice_by_the_same_contacts_is_asked_once(ledger: Ledger) -> None:
    first, again = (planned(ledger, Right.DELETION, typed={"phone": PHONE, "email": EMAIL}) for _ in range(2))
    assert (again.status, again.linked_to, again.outcome) == (Status.WITHDRAWN, first.id, "duplicate")


def test_a_restriction_that_an_affiliate_takes_back_leaves_the_persons_own(ledger: Ledger) -> None:
    theirs, mine = by_affiliate(ledger, Right.RESTRICTION), planned(ledger, Right.RESTRICTION)
    assert theirs.status is Status.IN_REVIEW
    ledger.withdraw(theirs.id, by="affiliate:cpes")
    assert begin(ledger, mine) == "ready"


def test_a_withdrawal_of_consent_that_is_refused_an_affiliate_leaves_the_persons_own(ledger: Ledger) -> None:
    theirs = by_affiliate(ledger, Right.CONSENT_WITHDRAWAL, **MARKETING)
    mine = planned(ledger, Right.CONSENT_WITHDRAWAL, **MARKETING)
    ledger.refuse(theirs.id, by="op-1", ground=None)
    assert begin(ledger, mine) == "ready"


@pytest.mark.parametrize("right", [Right.ACCESS, Right.DELETION])
def test_whoever_took_a_phone_over_swallows_no_request_of_the_owner(ledger: Ledger, right: Right) -> None:
    mall = Mall(told=Facts(contact_changed_at="2026-11-19T03:00:00Z"))
    theirs, mine = (planned(ledger, right, mall, typed=typed) for typed in ({"phone": PHONE}, {"email": EMAIL}))
    assert [one.review for one in (theirs, mine)] == ["new_on_file", "new_on_file"]
    ledger.withdraw(theirs.id)
    ledger.approve(mine.id, by="op-1", plan=str(mine.plan))
    assert ledger.proven_contacts(mine.id) == {"email": EMAIL}
    assert begin(ledger, ledger.get(mine.id)) == "ready"


def test_of_two_deletions_by_two_contacts_the_first_that_begins_does_both(ledger: Ledger) -> None:
    by_phone, by_email = (
        planned(ledger, Right.DELETION, typed=typed) for typed in ({"phone": PHONE}, {"email": EMAIL})
    )
    assert [one.status for one in (by_phone, by_email)] == [Status.VERIFIED, Status.VERIFIED]
    assert [begin(ledger, one) for one in (by_email, by_phone)] == ["ready", "ended"]
    assert ledger.get(by_phone.id).linked_to == by_email.id
    assert ledger.tasks(by_phone.id) == []


def test_a_stop_of_one_deletion_is_none_of_the_other(ledger: Ledger, clock: StoppedClock) -> None:
    by_phone, by_email = (
        planned(ledger, Right.DELETION, typed=typed) for typed in ({"phone": PHONE}, {"email": EMAIL})
    )
    for one in (by_phone, by_email):
        ledger.cool_off(one.id, "token", 60)
        assert sorted(str(ledger.contact_of(n)) for n in ledger.notices(one.id) if n.kind == "cooling_off") == [
            PHONE,
            EMAIL,
        ]
    clock.advance(seconds=61)
    ledger.object_to(by_phone.id)
    assert begin(ledger, by_email) == "ready"


def test_who_proved_more_goes_on_beside_who_proved_less(ledger: Ledger) -> None:
    one, both = (
        planned(ledger, Right.ACCESS, typed=typed) for typed in ({"phone": PHONE}, {"phone": PHONE, "email": EMAIL})
    )
    assert [begin(ledger, request) for request in (one, both)] == ["ready", "ready"]


def test_the_name_of_a_lock_tells_no_contact(ledger: Ledger) -> None:
    request = planned(ledger, Right.DELETION, typed={"phone": PHONE, "email": EMAIL})
    assert not any(word in f"{request.lock} {request.work}" for word in (PHONE, EMAIL))
