"""Affiliates' requests in the ledger: taken in once, counted by the day, told on by callbacks that outlive a crash."""

from datetime import timedelta
from typing import Any

import pytest

from rights.domain.affiliates import CALLBACK_TRIES, Admission
from rights.domain.rights import Channel, Right
from rights.domain.status import Status
from rights.errors import IdempotencyConflictError
from rights.ledger import Ledger, Request
from rights.ledger.model import Callback, CallbackStatus, FromAffiliate
from rights.ledger.nonces import Nonces
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock

THEIRS = "a7551968-d5d6-44b2-9831-815ac9017798"
URLS = ("https://rights.cpes.mall.example/a", "https://rights.cpes.mall.example/b")
PAUSE = timedelta(minutes=1)


def sent(
    ledger: Ledger, *, affiliate: str = "cpes", their_id: str = THEIRS, body: str = "body", **more: Any
) -> Request:
    facts: dict[str, Any] = {"affiliate": affiliate, "request_id": their_id, "callbacks": URLS[:1]}
    of_affiliate = {name: more.pop(name) for name in ("callbacks", "is_asserted", "is_braked") if name in more}
    known = {"channel": Channel.AFFILIATE, "right": Right.RESTRICTION, "body_hmac": body}
    asked = new(**(known | more), from_affiliate=FromAffiliate(**(facts | of_affiliate)))
    return ledger.open_request(asked).request


def owed(ledger: Ledger, request: Request) -> list[str]:
    """The callbacks that the sweep would find now."""
    return [
        key["SK"]
        for key in ledger.owed(ledger.clock())
        if key["SK"].startswith("CALLBACK#") and request.id in key["PK"]
    ]


def claimed(ledger: Ledger, request: Request, name: str = "cancelled#1") -> Callback:
    found = ledger.claim_callback(request.id, name)
    assert found is not None
    return found


def test_a_request_is_found_by_the_id_its_affiliate_gave_it_and_by_that_affiliate_only(ledger: Ledger) -> None:
    request = sent(ledger)
    found = ledger.sent_by("cpes", THEIRS)
    assert found is not None
    assert (found.request.id, found.body_hmac) == (request.id, "body")
    assert (request.affiliate, request.affiliate_request, request.callbacks) == ("cpes", THEIRS, 1)
    assert ledger.sent_by("other", THEIRS) is None
    assert ledger.sent_by("cpes", "another") is None
    assert ledger.sent_by("cpes", "DAY#2026-11-22") is None


def test_the_same_again_is_the_first_and_anything_else_under_its_id_is_refused(ledger: Ledger) -> None:
    first = sent(ledger)
    assert sent(ledger).id == first.id
    with pytest.raises(IdempotencyConflictError):
        sent(ledger, body="another")
    assert sent(ledger, affiliate="other").id != first.id


def test_an_id_can_be_asked_for_two_years(ledger: Ledger, clock: StoppedClock) -> None:
    sent(ledger)
    clock.advance(days=729)
    assert ledger.sent_by("cpes", THEIRS) is not None
    clock.advance(days=2)
    assert ledger.sent_by("cpes", THEIRS) is None


def test_an_asserted_request_needs_no_proof_and_takes_no_typed_contact_for_a_proven_one(ledger: Ledger) -> None:
    request = sent(ledger, is_asserted=True)
    assert request.status is Status.VERIFIED
    assert ledger.proven(request.id) == []
    assert ledger.private(request.id, "contacts") is None
    assert ledger.seeds(request) == {"phone": "+85512345678"}
    assert ledger.events(request.id)[0].detail == {"affiliate": "cpes"}


def test_a_day_has_its_ceiling_and_its_end_and_the_next_begins_anew(ledger: Ledger, clock: StoppedClock) -> None:
    found = [ledger.admit_one_more("cpes", ceiling=2, most=3) for _ in range(5)]
    assert found == [Admission.FREE, Admission.FREE, Admission.BRAKED, Admission.REFUSED, Admission.REFUSED]
    assert ledger.admit_one_more("other", ceiling=1, most=1) is Admission.FREE
    clock.advance(days=1)
    assert ledger.admit_one_more("cpes", ceiling=2, most=3) is Admission.FREE


def test_a_nonce_is_used_once_until_it_can_do_no_harm(ledger: Ledger, clock: StoppedClock) -> None:
    nonces = Nonces(ledger.table, clock)
    until = int(clock().timestamp()) + 600
    assert nonces.used_first("cpes", "n" * 16, until)
    assert not nonces.used_first("cpes", "n" * 16, until + 600)
    assert nonces.used_first("other", "n" * 16, until)
    clock.advance(seconds=601)
    # What has expired may lie there for days.
    assert nonces.used_first("cpes", "n" * 16, until + 1200)
    assert not nonces.used_first("cpes", "n" * 16, until + 1200)


def test_every_change_of_what_the_affiliate_sees_is_owed_to_each_of_its_addresses_and_nothing_else(
    ledger: Ledger,
) -> None:
    request = sent(ledger, callbacks=URLS)
    ledger.ask_for_proof(request.id)
    assert ledger.callbacks_of(request.id) == []
    ledger.withdraw(request.id, by="affiliate:cpes")
    assert [(one.stand, one.number) for one in ledger.callbacks_of(request.id)] == [("cancelled", 1), ("cancelled", 2)]
    assert owed(ledger, request) == ["CALLBACK#cancelled#1", "CALLBACK#cancelled#2"]
    assert ledger.callback_urls(request.id) == list(URLS)


def test_whoever_wants_no_callback_is_owed_none(ledger: Ledger) -> None:
    request = sent(ledger, callbacks=())
    ledger.withdraw(request.id)
    assert ledger.callbacks_of(request.id) == []


def test_a_callback_that_was_taken_is_an_event_and_owed_no_more(ledger: Ledger) -> None:
    request = ledger.withdraw(sent(ledger).id)
    callback = claimed(ledger, request)
    assert ledger.claim_callback(request.id, "cancelled#1") is None
    ledger.callback_sent(callback)
    ledger.callback_sent(callback)
    assert owed(ledger, request) == []
    assert [event.code for event in ledger.events(request.id)].count("callback_sent") == 1
    assert ledger.claim_callback(request.id, "cancelled#1") is None
    assert ledger.verify_chain(request.id)


def test_what_died_between_claim_and_record_is_sent_again(ledger: Ledger, clock: StoppedClock) -> None:
    request = ledger.withdraw(sent(ledger).id)
    since = ledger.owed_since({"PK": f"REQUEST#{request.id}", "SK": "CALLBACK#cancelled#1"})
    assert since is not None
    ledger.callback_handed_over(request.id, "cancelled#1", since)
    assert owed(ledger, request) == []
    died = claimed(ledger, request)
    clock.advance(minutes=16)
    assert owed(ledger, request) == ["CALLBACK#cancelled#1"]
    again = claimed(ledger, request)
    assert again.attempts == 2
    ledger.callback_failed(died, "late_word", PAUSE)
    found = ledger.callback(request.id, "cancelled#1")
    assert found is not None
    assert (found.status, found.error_class) == (CallbackStatus.CLAIMED, "")


def test_a_try_in_vain_comes_again_after_a_pause_that_grows(ledger: Ledger, clock: StoppedClock) -> None:
    request = ledger.withdraw(sent(ledger).id)
    for pause in (1, 2, 4):
        assert ledger.callback_failed(claimed(ledger, request), "http_503", PAUSE) is False
        clock.advance(minutes=pause - 0.5)
        assert owed(ledger, request) == []
        key = {"PK": f"REQUEST#{request.id}", "SK": "CALLBACK#cancelled#1"}
        assert ledger.owed_since(key) is None
        clock.advance(minutes=1)
        assert owed(ledger, request) == ["CALLBACK#cancelled#1"]
        assert ledger.owed_since(key) is not None


def test_after_the_last_try_it_is_given_up_with_an_event(ledger: Ledger) -> None:
    request = ledger.withdraw(sent(ledger).id)
    ends = [ledger.callback_failed(claimed(ledger, request), "unreachable", PAUSE) for _ in range(CALLBACK_TRIES)]
    assert ends == [False] * (CALLBACK_TRIES - 1) + [True]
    assert owed(ledger, request) == []
    [found] = ledger.callbacks_of(request.id)
    assert (found.status, found.error_class) == (CallbackStatus.GIVEN_UP, "unreachable")
    assert ledger.events(request.id)[-1].code == "callback_given_up"
    assert ledger.claim_callback(request.id, "cancelled#1") is None


def test_a_word_that_was_overtaken_is_never_sent_after_the_newer_one(ledger: Ledger) -> None:
    request = sent(ledger, is_asserted=True)
    ledger.begin_work(request.id)
    ledger.close_request(request.id, Status.COMPLETED)
    assert [one.stand for one in ledger.callbacks_of(request.id)] == ["in_progress", "completed"]
    assert ledger.claim_callback(request.id, "in_progress#1") is None
    assert [one.status for one in ledger.callbacks_of(request.id)] == ["overtaken", "queued"]
    assert owed(ledger, request) == ["CALLBACK#completed#1"]
    assert claimed(ledger, request, "completed#1").stand == "completed"
