"""The status page: for every right and status what stands where, what the person has to do, and what was done."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from public_api.status_page import as_page
from public_api.store_cards import as_card
from public_api.views import DONE, WAITING_FOR_PARTNER, Shown
from public_api.words import NEXT, NOTICE, STATUS
from rights.domain.rights import Locale, Operation, Requester, Right
from rights.domain.status import FINAL, Status, public_status
from rights.domain.work import Counts, Kept, TaskStatus
from rights.ledger import Ledger, Request, Task
from rights.notices.stores import STORE
from rights.notices.texts import TEXTS
from tests.integration.doors.conftest import BASE_URL, DATA_MAP, EMAIL, PHONE, Person
from tests.support.plans import lay

SAME = {"Sec-Fetch-Site": "same-origin"}
EN = {"lang": "en"}
COMES_NEXT: list[tuple[dict[str, Any], str]] = [
    ({"status": Status.REFUSED, "ground": 11}, "We cannot do this. The reason: a law requires it. You can complain"),
    ({"status": Status.REFUSED}, "You can complain to customer service"),
    ({"status": Status.EXPIRED}, "No code was entered in time."),
    ({"status": Status.EXPIRED, "subject": "s", "confirm": "closure"}, "You did not confirm in time."),
    ({"status": Status.COOLING_OFF, "cooling_until": "2026-12-18T07:00:00.000000Z"}, "18 December 2026 at 14:00"),
    ({"status": Status.COOLING_OFF, "requester": Requester.GUARDIAN}, "the person you act for can object"),
    ({"status": Status.COMPLETED_IN_PART}, "What was not done, and why"),
    ({"status": Status.COMPLETED_IN_PART, "right": Right.DELETION}, "What we had to keep, and why"),
    ({"status": Status.COMPLETED, "right": Right.COMPLAINT}, "We have answered."),
    ({"status": Status.WITHDRAWN, "linked_to": "X"}, "You had asked for the same before."),
]


def confirming(person: Person, confirm: str, **body: Any) -> Person:
    """A request that waits for a confirmation."""
    person.asks(**body).proves()
    lay(person.ledger, person.request_id, confirm=confirm)
    lapses = [{"what": "points", "value": "1240"}, {"what": "a yacht", "value": "1"}]
    person.ledger.put_private(person.request_id, "lapses", lapses)
    person.ledger.ask_to_confirm(person.request_id, "token", 3600)
    return person.gets_mail()


def asked(person: Person) -> Person:
    """A complaint with an open question."""
    person.asks(right="complaint", message="Why?").proves()
    lay(person.ledger, person.request_id, review="complaint")
    person.ledger.open_wait(person.request_id, "Review", "token", 3600)
    week = timedelta(days=7)
    person.ledger.ask(person.request_id, "Which <order>?", by="op-1", time_to_answer=week)
    return person


def working(person: Person) -> Person:
    """A deletion at work: one place finished, one not."""
    person.asks(right="deletion").proves()
    base = Task(request_id=person.request_id, store="orders", kind="postgres", stage=9, operation=Operation.ERASE)
    lay(person.ledger, person.request_id, [base, replace(base, store="profiles")])
    person.ledger.begin_work(person.request_id)
    claimed = person.ledger.claim_task(person.ledger.task(person.request_id, "orders"))
    counts = Counts(found=12, erased=9, anonymised=3)
    person.ledger.checkpoint_task(replace(claimed, status=TaskStatus.DONE, counts=counts))
    return person


def seen(request: Request, **more: Any) -> dict[str, Any]:
    return as_page(Shown(replace(request, **more)), Locale.EN)


@pytest.fixture
def request_(person: Person) -> Request:
    person.asks().proves()
    return person.ledger.get(person.request_id)


# ---- words


def test_every_status_notice_and_store_has_words() -> None:
    statuses = {public_status(status, extended=extended) for status in Status for extended in (False, True)}
    assert statuses | {WAITING_FOR_PARTNER} == set(STATUS) == set(NEXT)
    assert set(TEXTS) <= set(NOTICE)
    assert {store.fides_key for store in DATA_MAP.stores} <= set(STORE)


def test_every_right_has_its_way_and_stands_somewhere_on_it(request_: Request) -> None:
    for right, status in product(Right, Status):
        at = [step.state for step in seen(request_, right=right, status=status)["steps"]]
        assert len(at) <= 7
        assert (at == []) is (status in FINAL - DONE), (right, status)
        assert at.count("now") == (status not in FINAL), (right, status)
        assert at == sorted(at, key=["done", "now", "ahead"].index)


def test_the_way_of_a_closure_is_longer_than_that_of_an_opt_out(request_: Request) -> None:
    closure = [step.words for step in seen(request_, right=Right.ACCOUNT_CLOSURE)["steps"]]
    assert closure[2:5] == [
        "You confirm that you want to close it",
        "We wait a while: it can still be stopped",
        "We close your account and delete your data",
    ]
    opt_out = [step.words for step in seen(request_, right=Right.MARKETING_OPT_OUT)["steps"]]
    assert opt_out == ["Request received", "You prove it is you", "We stop the advertising", "You get our answer"]


def test_whoever_acts_is_looked_at_before_anything_is_confirmed(request_: Request) -> None:
    steps = seen(request_, right=Right.ACCOUNT_CLOSURE, requester=Requester.AGENT)["steps"]
    assert [step.words for step in steps][2:4] == [
        "One of us looks at your request",
        "You confirm that you want to close it",
    ]


def test_what_comes_next_is_said_for_each_end_and_wait(request_: Request) -> None:
    for what, words in COMES_NEXT:
        assert words in seen(request_, **what)["next_words"], what


def test_a_longer_term_is_told_with_its_reason(request_: Request) -> None:
    extension = {"at": request_.received_at, "reason": "complexity"}
    page = seen(request_, timeline=request_.timeline | {"extension": extension})
    assert page["heading"] == "In progress, takes longer"
    assert "your request is complex" in page["next_words"]


def test_a_request_about_some_of_the_data_or_some_uses_says_so(person: Person) -> None:
    assert "Which data: Cart only" in person.asks(scope=["cart"]).call("GET", html=True, cookies=EN).text
    person.asks(right="consent_withdrawal", purposes=["location"])
    assert "What we may no longer do: Use my location" in person.call("GET", html=True, cookies=EN).text


# ---- what each place did


@pytest.mark.parametrize(
    ("operation", "counts", "words", "numbers"),
    [
        (Operation.EXPORT, Counts(found=3, exported=3), "Done", ["Records found", "In your file"]),
        (Operation.CORRECT, Counts(found=2, corrected=2), "Done", ["Values found", "Corrected"]),
        (
            Operation.CORRECT,
            Counts(found=2, corrected=1, conflicts=1),
            "Done",
            ["Values found", "Corrected", "Changed meanwhile, so left as they are"],
        ),
        (Operation.RESTRICT, Counts(found=4, flagged=4), "Stopped", ["Records no longer used"]),
        (Operation.FREEZE, Counts(), "Shut: nobody can sign in", []),
        (Operation.ERASE, Counts(found=2, erased=2), "Done", ["Records found", "Deleted"]),
        (Operation.ERASE, Counts(), "Nothing found about you", []),
    ],
)
def test_a_place_says_what_it_did(operation: Operation, counts: Counts, words: str, numbers: list[str]) -> None:
    card = as_card(_done(operation, counts), Locale.EN)
    assert (card.words, [label for label, _ in card.numbers]) == (words, numbers)


def test_what_an_operator_left_out_names_the_ground() -> None:
    card = as_card(replace(_done(Operation.EXPORT, Counts(found=3)), refused=4), Locale.EN)
    assert card.words == "Left out"
    assert "they protect the life" in card.kept[0]
    kept = Counts(found=1, retained=1, kept=(Kept(11, "2034-12-31", 1, "statutory_records"),))
    assert as_card(_done(Operation.ERASE, kept), Locale.EN).kept == [
        "Records kept until 31 December 2034: 1. Reason: the law requires business records to be kept."
    ]


def test_of_somebody_elses_data_nothing_is_shown_before_it_was_decided(request_: Request) -> None:
    acting = {"requester": Requester.AGENT, "review": "agent", "status": Status.IN_REVIEW, "subject": "s"}
    assert not seen(request_, **acting)["shows_stores"]
    assert seen(request_, **acting, decision="approve")["shows_stores"]


# ---- confirm


def test_a_closure_shows_what_is_lost_before_it_is_confirmed(person: Person, ledger: Ledger) -> None:
    confirming(person, "closure", right="account_closure")
    assert f"/requests/{person.request_id}/confirm" in person.call("GET", html=True).text
    page = person.call("GET", "/confirm", html=True, cookies=EN)
    for words in ("Points", "1240", "Other entitlements", "I understand, continue", "Withdraw my request"):
        assert words in page.text
    done = person.call("POST", "/confirm", form={"agree": "true"}, html=True, headers=SAME)
    assert done.header("Location").endswith(f"{person.request_id}?done=confirmed")
    assert ledger.get(person.request_id).is_confirmed
    again = person.call("GET", "/confirm", html=True)
    assert (again.status, again.header("Location")) == (303, f"{BASE_URL}/requests/{person.request_id}")


def test_looking_at_what_is_lost_confirms_nothing(person: Person, ledger: Ledger) -> None:
    confirming(person, "closure", right="account_closure").call("GET", "/confirm", html=True)
    assert ledger.get(person.request_id).status is Status.CONFIRM_NEEDED


def test_a_new_contact_is_confirmed_by_the_code_that_came_to_it(person: Person, ledger: Ledger) -> None:
    confirming(person, "new_contact", right="correction", changes={"phone": "012 999 888"})
    page = person.call("GET", html=True, cookies=EN).text
    assert "Enter the code we sent to the new contact" in page
    assert "999888" not in page
    wrong = person.call("POST", "/confirm", form={"code": "000000"}, html=True, headers=SAME)
    assert (wrong.status, 'id="code-error"' in wrong.text) == (422, True)
    resent = person.call("POST", "/confirm", form={"resend": "true"}, html=True, headers=SAME)
    assert resent.header("Location").endswith("?done=sent")
    right = person.call("POST", "/confirm", form={"code": "123456"}, html=True, headers=SAME)
    assert right.header("Location").endswith("?done=confirmed")
    assert ledger.get(person.request_id).is_confirmed


# ---- question and answer


def test_a_question_is_answered_on_the_page(person: Person, ledger: Ledger) -> None:
    page = asked(person).call("GET", html=True, cookies=EN).text
    assert "Which &lt;order&gt;?" in page
    assert "Answer by 29 November 2026" in page
    empty = person.call("POST", "/answers", form={"message": " "}, html=True, headers=SAME, cookies=EN)
    assert (empty.status, 'href="#message"' in empty.text) == (422, True)
    long = person.call("POST", "/answers", form={"message": "w" * 2001}, html=True, headers=SAME, cookies=EN)
    assert "w" * 2001 in long.text
    done = person.call("POST", "/answers", form={"message": "Order 7"}, html=True, headers=SAME)
    assert done.header("Location").endswith("?done=answered")
    assert ledger.get(person.request_id).status is Status.IN_REVIEW


def test_the_answer_to_a_complaint_is_read_on_the_page(person: Person, ledger: Ledger) -> None:
    person.asks(right="complaint", message="Why?").proves()
    lay(ledger, person.request_id, review="complaint")
    ledger.open_wait(person.request_id, "Review", "token", 3600)
    ledger.approve(person.request_id, by="op-1", plan="hash", answer="Because of an\nold list.")
    page = person.call("GET", html=True, cookies=EN).text
    assert "Because of an\nold list." in page
    assert "What each place did" not in page


# ---- several rights, withdrawal


def test_the_other_rights_of_a_case_have_cards_that_lead_to_their_pages(person: Person, ledger: Ledger) -> None:
    several = {"rights": ["access", "deletion"], "identifiers": {"phone": "012 345 678"}}
    reply = person.door("POST", "/requests", json_body=several)
    person.request_id, person.token = reply.json["request_id"], reply.json["status_token"]
    other = reply.json["requests"][1]
    page = person.call("GET", html=True, cookies=EN).text
    link = other["link"].removeprefix(BASE_URL)
    assert f'<a href="/prod{link}">Delete my data</a>' in page
    opened = person.door("GET", link, html=True)
    assert opened.header("Location") == f"{BASE_URL}/requests/{other['request_id']}"
    assert ledger.get(other["request_id"]).right is Right.DELETION


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_withdraws_too_late_is_told_plainly_what_was_already_done(person: Person, method: str) -> None:
    form: dict[str, str] | None = {} if method == "POST" else None
    page = working(person).call(method, "/withdraw", form=form, html=True, headers=SAME, cookies=EN)
    assert page.status == 409
    assert 'href="#so-far">You can no longer withdraw: the work has begun.' in page.text
    for words in (
        "Records deleted so far: 9.",
        "Records made anonymous so far: 3.",
        "Places that are finished: 1 of 2.",
        "What is deleted cannot be brought back.",
    ):
        assert words in page.text


def test_the_page_says_what_is_done_while_the_work_is_going_on(person: Person) -> None:
    page = working(person).call("GET", html=True, cookies=EN)
    assert page.status == 200
    assert "Records deleted so far: 9." in page.text
    assert person.call("POST", "/withdraw", json_body={}).code == "too_late"


def test_an_access_changes_nothing_and_says_so(request_: Request) -> None:
    said = seen(request_, status=Status.IN_PROGRESS)["so_far"]
    assert said[-1] == "This request changes and deletes nothing."
    assert seen(request_, status=Status.IN_REVIEW)["so_far"] == []


def test_no_page_of_any_state_shows_a_contact(person: Person) -> None:
    for play in (working, asked, lambda p: confirming(p, "closure", right="account_closure")):
        text = play(person).call("GET", html=True).text
        assert PHONE not in text
        assert EMAIL not in text
        assert "12345678" not in text


def _done(operation: Operation, counts: Counts) -> Task:
    task = Task(request_id="R", store="orders", kind="postgres", stage=1, operation=operation)
    return replace(task, status=TaskStatus.DONE, counts=counts)
