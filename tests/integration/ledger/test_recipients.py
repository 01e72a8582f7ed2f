"""Recipients in the ledger: found by an id nobody can guess, heard once, taken back, and told of to operators."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from rights.domain.recipients import Answer
from rights.domain.rights import Channel, Locale, Operation, Right
from rights.domain.work import TaskStatus
from rights.errors import IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger import Ledger, NewRequest, Task
from rights.ledger.recipients import Told
from tests.support.clock import StoppedClock
from tests.support.plans import lay

STORE = "cpes"
COMPLETED = Told(status="completed", results_count=3)


@pytest.fixture
def asked(ledger: Ledger) -> Task:
    """A task of a partner that was just asked."""
    new = NewRequest(right=Right.DELETION, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"})
    request_id = ledger.open_request(new).request.id
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.try_code(request_id, "482913")
    task = Task(request_id=request_id, store=STORE, kind="partner", stage=9, operation=Operation.ERASE)
    lay(ledger, request_id, [task], subjects=[request_id])
    ledger.begin_work(request_id)
    mine = ledger.claim_task(ledger.task(request_id, STORE))
    mine = replace(mine, status=TaskStatus.WAITING, recipient={"id": str(uuid.uuid4())})
    return ledger.will_ask(mine, ledger.get(request_id).due_at)


def hears(ledger: Ledger, asked: Task, told: Told, recipient_id: str | None = None) -> bool:
    return ledger.recipient_told(asked.request_id, STORE, recipient_id or asked.recipient["id"], told)


def answer(ledger: Ledger, asked: Task) -> object:
    wait = ledger.last_wait(asked.request_id, STORE)
    return wait and wait.answer


def test_a_request_is_found_by_the_id_it_was_sent_under_until_long_after(
    ledger: Ledger, asked: Task, clock: StoppedClock
) -> None:
    assert ledger.asked_under(asked.recipient["id"]) == (asked.request_id, STORE)
    assert ledger.asked_under(str(uuid.uuid4())) is None
    assert ledger.task(asked.request_id, STORE).recipient == asked.recipient
    clock.advance(days=200)
    assert ledger.asked_under(asked.recipient["id"]) is None


def test_who_was_taken_over_records_no_id(ledger: Ledger, asked: Task) -> None:
    ledger.claim_task(asked)
    late = replace(asked, recipient={"id": str(uuid.uuid4())})
    with pytest.raises(StaleWriteError):
        ledger.will_ask(late, ledger.get(asked.request_id).due_at)
    assert ledger.asked_under(late.recipient["id"]) is None
    assert ledger.task(asked.request_id, STORE).recipient == asked.recipient


def test_the_last_word_of_a_recipient_answers_the_wait_once(ledger: Ledger, asked: Task) -> None:
    ledger.open_wait(asked.request_id, STORE, "token", 60)
    assert hears(ledger, asked, Told(status="in_progress", expected_at="2026-12-01T00:00:00.000000Z"))
    assert answer(ledger, asked) is None
    assert hears(ledger, asked, COMPLETED)
    assert answer(ledger, asked) == {"outcome": "told"}
    for again in (COMPLETED, Told(status="pending"), Told(status="in_progress"), Told(status="cancelled")):
        assert not hears(ledger, asked, again)
    told = ledger.told(asked.request_id, STORE)
    assert (told.status, told.results_count, told.is_final) == ("completed", 3, True)


def test_a_word_that_comes_before_anybody_waits_is_there_for_the_wait(ledger: Ledger, asked: Task) -> None:
    assert hears(ledger, asked, COMPLETED)
    wait = ledger.open_wait(asked.request_id, STORE, "token", 60)
    assert wait.answer == {"outcome": "told"}
    assert wait.relay_at


def test_a_word_never_goes_back(ledger: Ledger, asked: Task) -> None:
    assert hears(ledger, asked, Told(status="in_progress"))
    assert not hears(ledger, asked, Told(status="pending"))
    assert ledger.told(asked.request_id, STORE).status == "in_progress"


def test_a_word_on_another_id_or_a_task_that_is_done_changes_nothing(ledger: Ledger, asked: Task) -> None:
    assert not hears(ledger, asked, COMPLETED, recipient_id=str(uuid.uuid4()))
    with pytest.raises(UnknownRequestError):
        ledger.recipient_told(asked.request_id, "ads", asked.recipient["id"], COMPLETED)
    ended = {**asked.recipient, "answer": Answer.NOT_ANSWERED.value}
    ledger.checkpoint_task(replace(asked, status=TaskStatus.DONE, recipient=ended))
    assert not hears(ledger, asked, COMPLETED)
    assert ledger.told(asked.request_id, STORE) == Told()


def test_an_operator_takes_a_request_back_once_and_the_work_is_woken(ledger: Ledger, asked: Task) -> None:
    ledger.open_wait(asked.request_id, STORE, "token", 60)
    for _ in range(2):
        ledger.take_back(asked.request_id, STORE, by="olivia")
    assert ledger.told(asked.request_id, STORE).is_unwanted
    assert answer(ledger, asked) == {"outcome": "take_back"}
    events = [event for event in ledger.events(asked.request_id) if event.code == "recipient_unwanted"]
    assert [(event.by, event.detail) for event in events] == [("olivia", {"store": STORE})]
    # It may have been begun all the same: what the recipient says counts.
    assert hears(ledger, asked, COMPLETED)


def test_nothing_is_taken_back_where_nobody_waits(ledger: Ledger, asked: Task) -> None:
    ledger.checkpoint_task(replace(asked, status=TaskStatus.DONE))
    with pytest.raises(IllegalTransitionError):
        ledger.take_back(asked.request_id, STORE, by="olivia")
    with pytest.raises(UnknownRequestError):
        ledger.take_back(asked.request_id, "ads", by="olivia")


def test_what_becomes_of_a_recipient_is_history_and_an_operator_is_asked_where_that_is_needed(
    ledger: Ledger, asked: Task
) -> None:
    ledger.recipient_noted(asked.request_id, STORE, "recipient_overdue")
    assert list(ledger.needing_attention()) == []
    for code in ("recipient_untrusted", "recipient_silent"):
        ledger.recipient_noted(asked.request_id, STORE, code, is_alarming=True)
    assert [request.id for request in ledger.needing_attention()] == [asked.request_id]
    assert ledger.get(asked.request_id).attention == "recipient_silent"
    codes = [event.code for event in ledger.events(asked.request_id)]
    assert codes[-3:] == ["recipient_overdue", "recipient_untrusted", "recipient_silent"]
    assert ledger.verify_chain(asked.request_id)
    ledger.attention_seen(asked.request_id, by="olivia")
    assert list(ledger.needing_attention()) == []


def test_what_was_told_of_an_earlier_asking_is_no_word_on_the_next(ledger: Ledger, asked: Task) -> None:
    assert hears(ledger, asked, COMPLETED)
    ledger.take_back(asked.request_id, STORE, by="olivia")
    ledger.restart_task(asked.request_id, STORE)
    assert ledger.told(asked.request_id, STORE) == Told(is_unwanted=True)
    mine = ledger.claim_task(ledger.task(asked.request_id, STORE))
    again = replace(mine, status=TaskStatus.WAITING, recipient={"id": str(uuid.uuid4())})
    ledger.will_ask(again, ledger.get(asked.request_id).due_at)
    assert ledger.told(asked.request_id, STORE) == Told(is_unwanted=True)
    assert hears(ledger, again, Told(status="in_progress"))
    assert ledger.told(asked.request_id, STORE).status == "in_progress"


def test_a_last_word_that_meets_the_beginning_of_a_wait_is_not_lost(
    ledger: Ledger, asked: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ledger.answer_parts

    def meanwhile(*given: Any) -> Any:
        found = parts(*given)
        monkeypatch.setattr(ledger, "answer_parts", parts)
        ledger.open_wait(asked.request_id, STORE, "token", 60)
        return found

    monkeypatch.setattr(ledger, "answer_parts", meanwhile)
    assert hears(ledger, asked, COMPLETED)
    assert ledger.told(asked.request_id, STORE).is_final
    assert answer(ledger, asked) == {"outcome": "told"}
