from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rights.domain.status import Status
from rights.ledger import Ledger
from rights.ledger.identity import DOWNLOAD, FIND, LOOK, NEW_CONTACT, SENDS_PER_DAY, SENDS_PER_REQUEST
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeAnswer, CodeResult
from rights.ledger.table import Update, request_key
from tests.integration.ledger.test_requests import PHONE, new
from tests.support.clock import StoppedClock

EMAIL = "sok.dara@example.com"


def opened(ledger: Ledger, **typed: str) -> str:
    return ledger.open_request(new(typed=typed or {"phone": PHONE})).request.id


def test_the_right_code_verifies_the_request_and_answers_its_wait(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "VerifyIdentity", "token", 3600)
    ledger.store_code(request_id, "phone", "identity", "482913")
    assert ledger.try_code(request_id, "482913").result is CodeResult.PROVEN
    assert ledger.get(request_id).status is Status.VERIFIED
    wait = ledger.last_wait(request_id, "VerifyIdentity")
    assert wait is not None
    assert wait.answer == {"outcome": "verified"}
    assert [n.kind for n in ledger.notices(request_id)] == ["received"]


def test_a_wrong_code_says_how_many_tries_are_left_whether_or_not_one_was_sent(ledger: Ledger) -> None:
    known, unknown = opened(ledger), opened(ledger)
    ledger.store_code(known, "phone", "identity", "482913")
    for left in reversed(range(TRIES)):
        answers = [ledger.try_code(request_id, "000000") for request_id in (known, unknown)]
        assert answers[0] == answers[1]
        assert (answers[0].result, answers[0].tries_left) == (CodeResult.WRONG, left)
    for request_id in (known, unknown):
        assert ledger.try_code(request_id, "482913").result is CodeResult.USED_UP


def test_a_code_expires_after_fifteen_minutes(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = opened(ledger)
    ledger.store_code(request_id, "phone", "identity", "482913")
    clock.advance(minutes=15)
    assert ledger.try_code(request_id, "482913").result is CodeResult.EXPIRED
    assert ledger.get(request_id).status is Status.RECEIVED


def test_the_last_two_codes_are_valid_and_older_ones_are_not(ledger: Ledger) -> None:
    for code, result in (("111111", CodeResult.WRONG), ("222222", CodeResult.PROVEN), ("333333", CodeResult.PROVEN)):
        request_id = opened(ledger)
        for sent in ("111111", "222222", "333333"):
            ledger.store_code(request_id, "phone", "identity", sent)
        assert ledger.try_code(request_id, code).result is result


def test_a_code_of_one_request_is_worthless_for_another(ledger: Ledger) -> None:
    mine, other = opened(ledger), opened(ledger)
    ledger.store_code(mine, "phone", "identity", "482913")
    ledger.store_code(other, "phone", "identity", "777777")
    assert ledger.try_code(other, "482913").result is CodeResult.WRONG


def test_a_code_of_the_download_does_not_prove_an_identity(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.begin_step_up(request_id, "download")
    ledger.store_code(request_id, "phone", "download", "482913")
    assert ledger.try_code(request_id, "482913").result is CodeResult.WRONG


def test_each_typed_identifier_is_proven_by_its_own_code(ledger: Ledger) -> None:
    request_id = opened(ledger, phone=PHONE, email=EMAIL)
    ledger.store_code(request_id, "phone", "identity", "111111")
    ledger.store_code(request_id, "email", "identity", "222222")
    assert ledger.try_code(request_id, "111111").result is CodeResult.MORE_NEEDED
    assert ledger.get(request_id).status is Status.RECEIVED
    assert ledger.try_code(request_id, "222222").result is CodeResult.PROVEN
    assert ledger.seeds(ledger.get(request_id)) == {"phone": PHONE, "email": EMAIL}


def test_an_identifier_that_was_not_proven_is_dropped(ledger: Ledger) -> None:
    request_id = opened(ledger, phone=PHONE, email="victim@example.com")
    ledger.store_code(request_id, "phone", "identity", "111111")
    ledger.try_code(request_id, "111111")
    assert ledger.proceed(request_id).status is Status.VERIFIED
    assert ledger.seeds(ledger.get(request_id)) == {"phone": PHONE}


def test_nobody_proceeds_without_a_proof(ledger: Ledger) -> None:
    assert ledger.proceed(opened(ledger)).status is Status.RECEIVED


def test_a_request_sends_five_codes_at_most(ledger: Ledger) -> None:
    request_id = opened(ledger)
    sent = [ledger.queue_code(request_id, "phone", f"+8551234567{n}") for n in range(SENDS_PER_REQUEST + 1)]
    assert sent == [True] * SENDS_PER_REQUEST + [False]


def test_an_identifier_gets_five_codes_a_day_over_all_requests(ledger: Ledger, clock: StoppedClock) -> None:
    requests = [opened(ledger) for _ in range(SENDS_PER_DAY + 1)]
    # The answer is the same for all: whether somebody else asked in this name today must not show.
    assert all(ledger.queue_code(request_id, "phone", PHONE) for request_id in requests)
    assert [len(ledger.notices(request_id)) for request_id in requests] == [1] * SENDS_PER_DAY + [0]
    clock.advance(days=1)
    assert ledger.queue_code(requests[-1], "phone", PHONE)
    assert len(ledger.notices(requests[-1])) == 1


@pytest.mark.parametrize("purpose", ["identity", LOOK])
def test_a_double_click_queues_one_code_and_costs_one_send(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    request_id = opened(ledger)
    if purpose == LOOK:
        ledger.begin_step_up(request_id, LOOK)
    answers = asked_at_once(ledger, monkeypatch, lambda: ledger.queue_code(request_id, "phone", PHONE, purpose))
    assert answers == [True, True]
    assert len(ledger.notices(request_id)) == 1
    assert (ledger.codes(request_id, purpose) or {})["sends"] == 1
    for _ in range(SENDS_PER_DAY - 1):
        ledger.queue_code(request_id, "phone", PHONE, purpose)
    assert len(ledger.notices(request_id)) == SENDS_PER_DAY, "the day's count has none more either"


def test_codes_for_two_contacts_at_once_are_both_queued(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = opened(ledger, phone=PHONE, email=EMAIL)
    contacts = iter([("email", EMAIL), ("phone", PHONE)])
    answers = asked_at_once(ledger, monkeypatch, lambda: ledger.queue_code(request_id, *next(contacts)))
    assert answers == [True, True]
    assert {notice.channel for notice in ledger.notices(request_id)} == {"phone", "email"}


def test_of_two_requests_that_ask_for_the_last_code_of_a_day_at_once_one_gets_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = opened(ledger), opened(ledger)
    for _ in range(SENDS_PER_DAY - 1):
        ledger.queue_code(opened(ledger), "phone", PHONE)
    requests = iter([first, second])
    answers = asked_at_once(ledger, monkeypatch, lambda: ledger.queue_code(next(requests), "phone", PHONE))
    assert answers == [True, True]
    assert len(ledger.notices(first) + ledger.notices(second)) == 1


def asked_at_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], bool]) -> list[bool]:
    """Ask twice: the second is quicker, between the first one's look at the counts and what it writes."""
    answers, transact = [], ledger.table.transact

    def later(parts: Any) -> Any:
        monkeypatch.setattr(ledger.table, "transact", transact)
        answers.append(ask())
        return transact(parts)

    monkeypatch.setattr(ledger.table, "transact", later)
    answers.append(ask())
    return answers


def test_strangers_cannot_use_up_the_codes_of_a_download(ledger: Ledger) -> None:
    for _ in range(SENDS_PER_DAY + 1):
        ledger.queue_code(opened(ledger), "phone", PHONE)
    mine = opened(ledger)
    ledger.begin_step_up(mine, "download")
    ledger.queue_code(mine, "phone", PHONE, "download")
    assert [notice.purpose for notice in ledger.notices(mine)] == ["download"]


def test_a_first_code_is_queued_once_however_often_the_step_comes(ledger: Ledger) -> None:
    request_id = opened(ledger)
    for _ in range(3):
        ledger.queue_first_code(request_id, "phone", PHONE)
    assert len(ledger.notices(request_id)) == 1


def test_a_proof_that_was_cut_off_before_the_request_went_on_is_finished_by_the_next_try(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.table.update(Update(request_key(request_id, "CODES#identity")).set(proven=["phone"]))
    answer = ledger.try_code(request_id, "000000")
    assert (answer.result, answer.was_right) == (CodeResult.PROVEN, False)
    assert ledger.get(request_id).status is Status.VERIFIED


@pytest.mark.parametrize(
    ("purpose", "loser"),
    [
        ("identity", CodeResult.NOT_WAITING),
        (NEW_CONTACT, CodeResult.NOT_WAITING),
        (DOWNLOAD, CodeResult.WRONG),
        (LOOK, CodeResult.WRONG),
        (FIND, CodeResult.WRONG),
    ],
)
def test_of_two_who_type_one_code_at_once_only_one_is_let_in(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, purpose: str, loser: CodeResult
) -> None:
    request_id = opened(ledger)
    answers: list[CodeAnswer | None] = []
    if purpose == NEW_CONTACT:
        ledger.begin_proof_of_new_contacts(request_id, ["phone"])
    elif purpose != "identity":
        ledger.begin_step_up(request_id, purpose)
    ledger.store_code(request_id, "phone", purpose, "482913")
    match = ledger._match

    def matched(*what: Any) -> Any:
        found = match(*what)
        if not answers:
            # The other one is quicker, between the look at the code and the proof.
            answers.append(None)
            answers[0] = ledger.try_code(request_id, "482913", purpose)
        return found

    monkeypatch.setattr(ledger, "_match", matched)
    answers.append(ledger.try_code(request_id, "482913", purpose))
    assert [(one.result, one.was_right) for one in answers if one] == [(CodeResult.PROVEN, True), (loser, False)]


def test_a_proof_after_the_run_has_ended_starts_the_next_run_at_once(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.run_ended(request_id, 1, pause=timedelta(hours=1))
    ledger.try_code(request_id, "482913")
    request = ledger.get(request_id)
    assert (request.run, request.relay_at is not None, request.retries) == (2, True, 0)


@pytest.mark.parametrize("status", [Status.WITHDRAWN])
def test_a_code_for_a_request_that_waits_for_none_changes_nothing(ledger: Ledger, status: Status) -> None:
    request_id = opened(ledger)
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.withdraw(request_id)
    assert ledger.try_code(request_id, "482913").result is CodeResult.NOT_WAITING
    assert ledger.get(request_id).status is status


def test_no_code_is_kept_in_the_clear(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.store_code(request_id, "phone", "identity", "482913")
    assert "482913" not in repr(ledger.codes(request_id))


def test_a_download_whose_tries_are_used_up_can_be_tried_again_after_a_day(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = opened(ledger)
    ledger.begin_step_up(request_id, "download")
    assert ledger.queue_code(request_id, "phone", PHONE, "download")
    for _ in range(TRIES + 1):
        ledger.try_code(request_id, "000000", "download")
    ledger.begin_step_up(request_id, "download")
    assert ledger.try_code(request_id, "000000", "download").result is CodeResult.USED_UP
    clock.advance(days=1, minutes=1)
    ledger.begin_step_up(request_id, "download")
    assert ledger.try_code(request_id, "000000", "download").result is CodeResult.WRONG
    assert ledger.queue_code(request_id, "phone", PHONE, "download")
