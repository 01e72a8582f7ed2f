"""What people and certificates see of recipients: their own word, never taken for something we checked."""

import base64
import json
from typing import Any

import pytest

from public_api.certificate_page import as_certificate
from public_api.store_cards import RECIPIENT, as_card
from public_api.views import Shown, as_json
from rights.certificate import certificate_claims
from rights.domain.outcome import outcome_of
from rights.domain.recipients import UNMET, Answer
from rights.domain.rights import Locale, Operation, Right
from rights.domain.status import Status
from rights.domain.work import Counts, TaskStatus
from rights.ledger import Task
from tests.unit.package.exports import a_request, a_task

AT = "2026-11-22T03:00:00.000000Z"
ASKED: dict[str, Any] = {
    "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "asked_at": AT,
    "expected_at": AT,
    "looks": 2,
    "error": "http_503",
}
CONFIRMED: dict[str, Any] = ASKED | {"answer": "confirmed", "confirmed_at": AT, "results_count": 7}
REQUEST = a_request(Right.DELETION, subject="S")


def partner(status: TaskStatus = TaskStatus.DONE, **recipient: Any) -> Task:
    return a_task(Operation.ERASE, store="cpes", kind="partner", status=status, recipient=recipient)


def ours(status: TaskStatus = TaskStatus.DONE) -> Task:
    return a_task(Operation.ERASE, Counts(found=2, erased=2), store="orders", status=status, verified_at=AT)


def word(*tasks: Task, **more: Any) -> str:
    return Shown(a_request(Right.DELETION, subject="S", **more), tasks).status


def test_a_request_waits_for_a_partner_when_only_partners_are_left() -> None:
    waiting = partner(TaskStatus.WAITING, **ASKED)
    assert word(ours(), waiting) == "waiting_for_partner"
    assert word(ours(TaskStatus.WORKING), waiting) == "in_progress"
    assert word(ours(), a_task(Operation.ERASE, store="lake", kind="lake", status=TaskStatus.WAITING)) == "in_progress"
    assert word(ours(), waiting, timeline={"extension": {"reason": "complex"}}) == "extended"
    assert word(ours(), partner(**CONFIRMED)) == "in_progress"
    assert word(ours(), waiting, status=Status.COMPLETED) == "completed"


def test_the_status_tells_a_partners_answer_as_its_own() -> None:
    body = as_json(Shown(REQUEST, [ours(), partner(**CONFIRMED)]), knows=True)
    [own, theirs] = body["stores"]
    assert own["verified_at"] == AT
    assert "recipient" not in own
    assert theirs["recipient"] == {"asked_at": AT, "expected_at": AT, "answer": "confirmed", "results_count": 7}
    assert (theirs["confirmed_at"], theirs["found"], theirs["erased"]) == (AT, 7, 0)
    assert "verified_at" not in theirs
    assert str(ASKED["id"]) not in str(body)
    assert "http_503" not in str(body)


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_has_its_words_in_every_language(answer: Answer) -> None:
    said = {as_card(partner(answer=answer.value), locale).words for locale in Locale}
    assert len(said) == 3
    assert RECIPIENT[answer] in said
    assert as_card(partner(answer=answer.value), Locale.EN).verified_at is None


def test_a_partner_that_has_not_answered_yet_was_asked_or_not() -> None:
    assert as_card(partner(TaskStatus.PENDING), Locale.EN).words == "Not started"
    card = as_card(partner(TaskStatus.WAITING, **ASKED), Locale.EN)
    assert (card.name, card.words, card.tone) == (
        "Cambodia Post E-Solutions, which delivers", "Asked, waiting for the answer", "open",
    )  # fmt: skip


def test_a_certificate_says_confirmed_by_the_recipient_and_never_verified() -> None:
    claims = certificate_claims(REQUEST, [ours(), partner(**CONFIRMED)], Status.COMPLETED, "https://us.example")
    [own, theirs] = claims["stores"]
    assert own["verified_at"] == AT
    assert theirs == {
        "store": "cpes", "operation": "erase", "recipient": "confirmed", "asked_at": AT, "results_count": 7,
        "confirmed_at": AT,
    }  # fmt: skip


@pytest.mark.parametrize("answer", Answer)
def test_the_page_of_a_certificate_tells_the_recipients_answer_and_not_what_we_found(answer: Answer) -> None:
    tasks = [ours(), partner(**CONFIRMED | {"answer": answer.value})]
    claims = certificate_claims(REQUEST, tasks, Status.COMPLETED, "https://us.example")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    (own, _), (theirs, confirmed_at) = as_certificate(f"e30.{body}.x", Locale.EN)["stores"]
    assert own.words == as_card(ours(), Locale.EN).words
    assert (theirs.words, theirs.verified_at) == (RECIPIENT[answer], None)
    assert [number for _, number in theirs.numbers] == [7]
    assert confirmed_at is not None


def test_the_page_of_a_certificate_says_that_a_part_was_left_out_and_why() -> None:
    task = a_task(Operation.EXPORT, Counts(found=2, exported=2), status=TaskStatus.DONE, withheld={"calls": 4})
    claims = certificate_claims(REQUEST, [task], Status.COMPLETED_IN_PART, "https://us.example")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    [(card, _)] = as_certificate(f"e30.{body}.x", Locale.EN)["stores"]
    assert card.kept == as_card(task, Locale.EN).kept != []


@pytest.mark.parametrize("answer", Answer)
def test_a_request_is_completed_in_part_where_a_recipient_did_not_do_it(answer: Answer) -> None:
    task = partner(answer=answer.value)
    outcome = outcome_of([task.counts], left_out=task.is_unmet)
    assert outcome is (Status.COMPLETED_IN_PART if answer in UNMET else Status.COMPLETED)
