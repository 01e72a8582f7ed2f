"""Confirmations: a closure the person agrees to, a new contact that is proven by its own code; on both clouds."""

from datetime import timedelta
from typing import Any

import pytest

from rights.domain.rights import Operation, Requester, Right
from rights.domain.status import Status
from rights.errors import IllegalTransitionError
from rights.ledger import Ledger, Request, Task
from rights.ledger.confirming import CONFIRM_WAIT
from rights.ledger.identity import NEW_CONTACT, SENDS_PER_DAY, SENDS_PER_REQUEST
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeResult
from tests.integration.ledger.test_requests import PHONE, new
from tests.support.plans import lay

NEW_PHONE, NEW_EMAIL, OLD_EMAIL = "+85511111111", "new@example.com", "old@example.com"
GUARDIAN = {"name": "Chan", "relation": "parent", "for": "child", "email": "chan@example.com"}


def planned(ledger: Ledger, right: Right, confirm: str | None, review: str | None = None, **more: Any) -> str:
    request_id = ledger.open_request(new(right=right, proven=True, **more)).request.id
    ledger.put_private(request_id, "subject", {"keys": {"phone": [PHONE], "email": [OLD_EMAIL]}})
    lay(ledger, request_id, confirm=confirm, review=review)
    return request_id


def closure(ledger: Ledger, **more: Any) -> str:
    return planned(ledger, Right.ACCOUNT_CLOSURE, "closure", **more)


def correction(ledger: Ledger, **to: str) -> str:
    changes = {subject: {"to": value} for subject, value in (to or {"email": NEW_EMAIL}).items()}
    return planned(ledger, Right.CORRECTION, "new_contact", changes=changes)


def ask(ledger: Ledger, request_id: str) -> Request:
    """What Confirm does, twice: the step may come again with another token."""
    for token in ("token", "token of a retry"):
        request = ledger.ask_to_confirm(request_id, token, 3600)
    return request


def answer(ledger: Ledger, request_id: str) -> Any:
    wait = ledger.last_wait(request_id, CONFIRM_WAIT)
    return wait.answer if wait else None


def sent_to(ledger: Ledger, request_id: str, kind: str = "code") -> list[str | None]:
    return [ledger.contact_of(notice) for notice in ledger.notices(request_id) if notice.kind == kind]


def prove(ledger: Ledger, request_id: str, channel: str, code: str) -> CodeResult:
    ledger.store_code(request_id, channel, NEW_CONTACT, code)
    return ledger.try_code(request_id, code, NEW_CONTACT).result


# ---- closing an account


def test_a_closure_waits_until_the_person_agrees_and_twice_is_once(ledger: Ledger) -> None:
    request_id = closure(ledger)
    assert ask(ledger, request_id).status is Status.CONFIRM_NEEDED
    assert [n.kind for n in ledger.notices(request_id)] == ["confirm"]
    assert answer(ledger, request_id) is None
    with pytest.raises(IllegalTransitionError):
        ledger.begin_work(request_id)
    for _ in range(2):
        confirmed = ledger.confirm_request(request_id)
    assert (confirmed.status, confirmed.is_confirmed) == (Status.VERIFIED, True)
    assert answer(ledger, request_id) == {"outcome": "verified"}
    codes = [event.code for event in ledger.events(request_id)]
    assert (codes.count("confirmation_asked"), codes.count("confirmed")) == (1, 1)
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS
    assert ledger.verify_chain(request_id)


def test_nothing_is_confirmed_that_nobody_was_asked(ledger: Ledger) -> None:
    request_id = closure(ledger)
    with pytest.raises(IllegalTransitionError):
        ledger.confirm_request(request_id)
    assert ledger.get(request_id).confirmed_at is None


def test_a_confirmation_that_came_to_a_dead_token_is_found_by_the_next(ledger: Ledger) -> None:
    request_id = closure(ledger)
    ask(ledger, request_id)
    ledger.confirm_request(request_id)
    last = ledger.last_wait(request_id, CONFIRM_WAIT)
    assert last is not None
    ledger.wait_relayed(last, delivered=False)
    ledger.ask_to_confirm(request_id, "token of a retry", 3600)
    assert answer(ledger, request_id) == {"outcome": "verified"}


def test_a_person_confirms_before_anybody_looks(ledger: Ledger) -> None:
    request_id = closure(ledger, review="unusual_size")
    assert ledger.get(request_id).status is Status.VERIFIED
    ask(ledger, request_id)
    assert ledger.begin_review(request_id).status is Status.CONFIRM_NEEDED
    ledger.confirm_request(request_id)
    assert ledger.begin_review(request_id).status is Status.IN_REVIEW


def test_a_closure_by_a_guardian_is_looked_at_before_it_is_confirmed(ledger: Ledger) -> None:
    request_id = closure(ledger, review="guardian", requester=Requester.GUARDIAN, acting=GUARDIAN)
    assert ledger.get(request_id).status is Status.IN_REVIEW
    assert ask(ledger, request_id).status is Status.IN_REVIEW
    with pytest.raises(IllegalTransitionError):
        ledger.confirm_request(request_id)
    for who in ("op-1", "op-2"):
        ledger.approve(request_id, by=who, plan="hash", as_approver=True)
    assert ledger.begin_review(request_id).status is Status.IN_REVIEW
    assert ask(ledger, request_id).status is Status.CONFIRM_NEEDED
    assert sent_to(ledger, request_id, "confirm") == [GUARDIAN["email"]]
    assert ledger.confirm_request(request_id).status is Status.VERIFIED
    assert ledger.begin_review(request_id).status is Status.VERIFIED
    assert ledger.verify_chain(request_id)


def test_what_nobody_confirms_in_time_expires_is_told_and_frees_the_person(ledger: Ledger) -> None:
    request_id = closure(ledger)
    ask(ledger, request_id)
    for _ in range(2):
        assert ledger.expire(request_id).status is Status.EXPIRED
    assert [n.kind for n in ledger.notices(request_id)] == ["confirm", "expired"]
    assert ledger.get(closure(ledger)).linked_to is None
    with pytest.raises(IllegalTransitionError):
        ledger.confirm_request(request_id)
    assert ask(ledger, request_id).status is Status.EXPIRED
    assert answer(ledger, request_id) == {"outcome": "ended"}
    assert ledger.verify_chain(request_id)


def test_what_is_confirmed_does_not_expire(ledger: Ledger) -> None:
    request_id = closure(ledger)
    ask(ledger, request_id)
    ledger.confirm_request(request_id)
    assert ledger.expire(request_id).status is Status.VERIFIED


@pytest.mark.parametrize("when", ["before it is asked", "while it is asked"])
def test_a_closure_can_be_withdrawn_instead(ledger: Ledger, when: str) -> None:
    request_id = closure(ledger)
    if when == "while it is asked":
        ask(ledger, request_id)
    ledger.withdraw(request_id)
    ask(ledger, request_id)
    assert answer(ledger, request_id) in ({"outcome": "withdrawn"}, {"outcome": "ended"})
    assert ledger.get(request_id).status is Status.WITHDRAWN


def test_a_confirmation_after_the_run_has_ended_starts_the_next_one(ledger: Ledger) -> None:
    request_id = closure(ledger)
    ask(ledger, request_id)
    ledger.run_ended(request_id, 1, pause=timedelta(hours=1))
    request = ledger.confirm_request(request_id)
    assert (request.run, request.relay_at is not None) == (2, True)


# ---- new contacts


def test_a_new_contact_is_proven_by_a_code_that_comes_to_it(ledger: Ledger) -> None:
    request_id = correction(ledger)
    ask(ledger, request_id)
    assert sent_to(ledger, request_id) == [NEW_EMAIL]
    with pytest.raises(IllegalTransitionError):
        ledger.confirm_request(request_id)
    assert prove(ledger, request_id, "email", "482913") is CodeResult.PROVEN
    for _ in range(2):
        assert ledger.confirm_request(request_id).status is Status.VERIFIED
    assert ledger.verify_chain(request_id)


def test_only_a_sign_in_contact_is_proven_anew(ledger: Ledger) -> None:
    request_id = correction(ledger, email=NEW_EMAIL, name="Sok Dara", address="Street 1")
    ask(ledger, request_id)
    assert sent_to(ledger, request_id) == [NEW_EMAIL]


def test_two_new_contacts_are_both_proven(ledger: Ledger) -> None:
    request_id = correction(ledger, phone=NEW_PHONE, email=NEW_EMAIL)
    ask(ledger, request_id)
    assert sorted(map(str, sent_to(ledger, request_id))) == [NEW_PHONE, NEW_EMAIL]
    assert prove(ledger, request_id, "phone", "111111") is CodeResult.MORE_NEEDED
    with pytest.raises(IllegalTransitionError):
        ledger.confirm_request(request_id)
    ledger.store_code(request_id, "email", NEW_CONTACT, "333333")
    assert ledger.try_code(request_id, "111111", NEW_CONTACT).result is CodeResult.WRONG
    assert prove(ledger, request_id, "email", "222222") is CodeResult.PROVEN
    assert ledger.confirm_request(request_id).status is Status.VERIFIED


def test_a_code_of_the_identity_proves_no_new_contact_and_the_other_way_round(ledger: Ledger) -> None:
    request_id = correction(ledger)
    ask(ledger, request_id)
    ledger.store_code(request_id, "email", "identity", "111111")
    assert ledger.try_code(request_id, "111111", NEW_CONTACT).result is CodeResult.WRONG
    ledger.store_code(request_id, "email", NEW_CONTACT, "222222")
    assert ledger.try_code(request_id, "222222").result is CodeResult.NOT_WAITING


def test_wrong_codes_are_counted_down_on_their_own(ledger: Ledger) -> None:
    request_id = correction(ledger)
    assert ledger.try_code(request_id, "000000", NEW_CONTACT).result is CodeResult.NOT_WAITING
    ask(ledger, request_id)
    left = [ledger.try_code(request_id, "000000", NEW_CONTACT).tries_left for _ in range(TRIES)]
    assert left == list(reversed(range(TRIES)))
    ask(ledger, request_id)
    ledger.ask_new_contacts(request_id, again=True)
    assert prove(ledger, request_id, "email", "482913") is CodeResult.USED_UP
    assert (ledger.codes(request_id) or {})["tries_left"] == TRIES


def test_another_code_can_be_had_but_not_for_ever(ledger: Ledger) -> None:
    request_id = correction(ledger)
    ask(ledger, request_id)
    sent = [ledger.ask_new_contacts(request_id, again=True) for _ in range(SENDS_PER_REQUEST)]
    assert sent == [True] * (SENDS_PER_REQUEST - 1) + [False]
    assert sent_to(ledger, request_id) == [NEW_EMAIL] * SENDS_PER_REQUEST


def test_a_contact_that_is_proven_gets_no_further_code(ledger: Ledger) -> None:
    request_id = correction(ledger, phone=NEW_PHONE, email=NEW_EMAIL)
    ask(ledger, request_id)
    prove(ledger, request_id, "phone", "111111")
    ledger.ask_new_contacts(request_id, again=True)
    assert sorted(map(str, sent_to(ledger, request_id))) == [NEW_PHONE, NEW_EMAIL, NEW_EMAIL]
    prove(ledger, request_id, "email", "222222")
    assert not ledger.ask_new_contacts(request_id, again=True)


def test_a_proof_that_was_cut_off_before_the_confirmation_is_finished_by_the_next_try(ledger: Ledger) -> None:
    request_id = correction(ledger)
    ask(ledger, request_id)
    prove(ledger, request_id, "email", "482913")
    # Whoever took the code died before `confirm_request`; the person types it again.
    assert ledger.try_code(request_id, "482913", NEW_CONTACT).result is CodeResult.PROVEN
    assert ledger.confirm_request(request_id).status is Status.VERIFIED


# ---- afterwards


def corrected(ledger: Ledger, request_id: str, **results: str) -> None:
    listed = [
        {"collection": "accounts", "field": subject, "subject": subject, "result": result}
        for subject, result in results.items()
    ]
    ledger.put_private(request_id, "corrected.accounts", listed)


def at_work(ledger: Ledger, **to: str) -> str:
    changes = {subject: {"to": value} for subject, value in to.items()}
    request_id = ledger.open_request(new(right=Right.CORRECTION, proven=True, changes=changes)).request.id
    ledger.put_private(request_id, "subject", {"keys": {"phone": [PHONE], "email": [OLD_EMAIL]}})
    task = Task(request_id=request_id, store="accounts", kind="dynamodb", stage=1, operation=Operation.CORRECT)
    lay(ledger, request_id, [task], confirm="new_contact")
    ask(ledger, request_id)
    for number, channel in enumerate(sorted({"phone", "email"}.intersection(to))):
        prove(ledger, request_id, channel, f"{number:06d}")
    ledger.confirm_request(request_id)
    ledger.begin_work(request_id)
    return request_id


def test_the_old_contact_is_told_once_that_it_was_replaced_and_no_other(ledger: Ledger) -> None:
    request_id = at_work(ledger, email=NEW_EMAIL, name="Sok Dara")
    corrected(ledger, request_id, email="corrected", name="corrected")
    for _ in range(2):
        ledger.tell(request_id, "completed")
    assert sent_to(ledger, request_id, "contact_changed") == [OLD_EMAIL]
    assert sent_to(ledger, request_id, "completed") == [PHONE]


def test_a_contact_that_stayed_as_it_was_is_not_said_to_be_replaced(ledger: Ledger) -> None:
    request_id = at_work(ledger, email=NEW_EMAIL, phone=NEW_PHONE)
    corrected(ledger, request_id, email="conflict", phone="corrected")
    ledger.tell(request_id, "completed_in_part")
    assert sent_to(ledger, request_id, "contact_changed") == [PHONE]


def test_strangers_who_typed_the_new_contact_do_not_use_its_codes_up(ledger: Ledger) -> None:
    for _ in range(SENDS_PER_DAY + 1):
        stranger = ledger.open_request(new(typed={"phone": NEW_PHONE})).request.id
        ledger.queue_code(stranger, "phone", NEW_PHONE)
    request_id = correction(ledger, phone=NEW_PHONE)
    ask(ledger, request_id)
    assert [n.channel for n in ledger.notices(request_id) if n.purpose == NEW_CONTACT] == ["phone"]


def test_what_cannot_be_sent_today_is_not_counted_as_sent(ledger: Ledger) -> None:
    for _ in range(SENDS_PER_DAY):
        earlier = correction(ledger, phone=NEW_PHONE)
        ledger.ask_to_confirm(earlier, "token", 60)
        ledger.withdraw(earlier)
    last = correction(ledger, email=NEW_EMAIL, phone=NEW_PHONE)
    ledger.ask_to_confirm(last, "token", 60)
    assert not ledger.queue_code(last, "phone", NEW_PHONE, NEW_CONTACT)
    assert (ledger.codes(last, NEW_CONTACT) or {})["sends"] == 1
