from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from rights.domain.rights import Channel, Locale, Right
from rights.domain.status import Status
from rights.errors import IdempotencyConflictError, IllegalTransitionError, UnknownRequestError
from rights.ledger import Ledger, NewRequest, Request
from rights.ledger.requests import Change, ChangedSinceError
from rights.ledger.table import Update, request_key
from tests.support.clock import StoppedClock

PHONE = "+85512345678"


def new(**changes: object) -> NewRequest:
    known = {"right": Right.ACCESS, "channel": Channel.WEB, "locale": Locale.EN, "typed": {"phone": PHONE}}
    return NewRequest(**(known | changes))  # type: ignore[arg-type]


def test_an_intake_leaves_a_state_an_event_sealed_words_and_a_bell(ledger: Ledger) -> None:
    request = ledger.open_request(new(message="please")).request
    assert request.status is Status.RECEIVED
    assert [event.code for event in ledger.events(request.id)] == ["received"]
    assert ledger.private(request.id, "typed") == {"identifiers": {"phone": PHONE}, "message": "please"}
    assert request.relay_at is not None
    assert ledger.verify_chain(request.id)


def test_the_due_date_is_the_end_of_the_thirtieth_day_in_phnom_penh(ledger: Ledger) -> None:
    # Received on 22 November, 10:00 in Phnom Penh.
    assert ledger.open_request(new()).request.due_at == "2026-12-22T16:59:59.000000Z"


def test_the_same_key_and_body_twice_is_one_request(ledger: Ledger) -> None:
    first = ledger.open_request(new(idempotency="key", body_hmac="body"))
    second = ledger.open_request(new(idempotency="key", body_hmac="body"))
    assert (first.created, second.created) == (True, False)
    assert first.request.id == second.request.id


def test_the_same_key_with_another_body_is_refused(ledger: Ledger) -> None:
    ledger.open_request(new(idempotency="key", body_hmac="body"))
    with pytest.raises(IdempotencyConflictError):
        ledger.open_request(new(idempotency="key", body_hmac="another"))


def test_an_idempotency_key_is_free_again_after_its_time(ledger: Ledger, clock: StoppedClock) -> None:
    first = ledger.open_request(new(idempotency="key", body_hmac="body"))
    clock.advance(days=3)
    assert ledger.open_request(new(idempotency="key", body_hmac="another")).request.id != first.request.id


def test_an_unknown_id_has_its_own_error(ledger: Ledger) -> None:
    with pytest.raises(UnknownRequestError):
        ledger.get("NOBODY")


def test_a_transition_the_law_of_the_ledger_forbids_is_refused_and_leaves_no_event(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    with pytest.raises(IllegalTransitionError):
        ledger.change(request.id, lambda _: Change(code="jump", to=Status.COMPLETED))
    assert len(ledger.events(request.id)) == 1


def test_who_says_at_which_version_they_saw_a_request_changes_it_at_that_one_only(ledger: Ledger) -> None:
    first, other = ledger.open_request(new()).request, ledger.open_request(new(right=Right.DELETION)).request
    with ledger.seen_at(first.id, first.version):
        ledger.note(other.id, "looked_at")
        ledger.note(first.id, "decided")
        ledger.note(first.id, "told", detail={"what": "the same act"})
    with ledger.seen_at(first.id, first.version):
        ledger.note(other.id, "looked_at")
        with pytest.raises(ChangedSinceError):
            ledger.note(first.id, "decided")
    assert [event.code for event in ledger.events(first.id)] == ["received", "decided", "told"]
    ledger.note(first.id, "goes_on_as_ever")


def test_a_change_that_comes_between_the_look_and_the_write_is_not_passed_over(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request

    def decide(_: Request) -> Change:
        with ThreadPoolExecutor(1) as another:
            another.submit(ledger.note, request.id, "faster").result()
        return Change(code="slower")

    with pytest.raises(ChangedSinceError), ledger.seen_at(request.id, request.version):
        ledger.change(request.id, decide)
    assert [event.code for event in ledger.events(request.id)] == ["received", "faster"]


def reopen(_: Request, to: Status) -> Change:
    return Change(code="reopen", to=to)


def test_a_finished_request_cannot_be_reopened(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    ledger.withdraw(request.id)
    for status in Status:
        with pytest.raises(IllegalTransitionError):
            ledger.change(request.id, partial(reopen, to=status))


def test_a_lost_race_decides_anew_on_what_the_winner_wrote(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    seen: list[int] = []

    def decide(current: object) -> Change:
        if not seen:
            ledger.note(request.id, "somebody_else")
        seen.append(current.version)  # type: ignore[attr-defined]
        return Change(code="mine")

    ledger.change(request.id, decide)
    assert seen == [1, 2]
    assert [event.code for event in ledger.events(request.id)] == ["received", "somebody_else", "mine"]


def test_a_changed_event_breaks_the_chain(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    ledger.note(request.id, "second")
    ledger.table.update(Update(request_key(request.id, "EVENT#00000001")).set(by="somebody else"))
    assert not ledger.verify_chain(request.id)


def test_a_missing_last_event_breaks_the_chain(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    ledger.note(request.id, "second")
    ledger.table.transact([ledger.table.delete_op(request_key(request.id, "EVENT#00000002"), "attribute_exists(PK)")])
    assert not ledger.verify_chain(request.id)


def test_requests_are_found_by_status(ledger: Ledger) -> None:
    first = ledger.open_request(new()).request
    second = ledger.open_request(new()).request
    ledger.withdraw(second.id)
    assert [r.id for r in ledger.by_status(Status.RECEIVED)] == [first.id]
    assert [r.id for r in ledger.by_status(Status.WITHDRAWN)] == [second.id]


def test_what_is_owed_is_found_until_it_is_paid(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    assert list(ledger.owed(ledger.clock())) == [request_key(request.id)]
    ledger.started(request)
    assert list(ledger.owed(ledger.clock())) == []


def test_a_closed_request_leaves_the_index_of_due_dates(ledger: Ledger) -> None:
    request = ledger.open_request(new()).request
    ledger.withdraw(request.id)
    item = ledger.table.get(request_key(request.id))
    assert item is not None
    assert "due_shard" not in item
    assert item["closed_at"]


def test_what_is_written_after_the_end_does_not_move_the_end(ledger: Ledger, clock: StoppedClock) -> None:
    request = ledger.open_request(new()).request
    closed_at = ledger.withdraw(request.id).closed_at
    clock.advance(days=3)
    ledger.note(request.id, "notice_sent")
    assert ledger.get(request.id).closed_at == closed_at
