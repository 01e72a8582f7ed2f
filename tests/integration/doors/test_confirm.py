"""What a person confirms besides who they are: what lapses with an account, and a contact that is to be theirs."""

from typing import Any

import boto3
import pytest

from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.ledger import Task
from rights.ledger.identity import NEW_CONTACT
from tests.integration.doors.conftest import EMAIL, PHONE, Person, PostBox
from tests.support.plans import lay

NEW_PHONE = "+85512987654"
LAPSES = [{"what": "points", "value": "1200"}, {"what": "coupons", "value": "3"}]


def closing(person: Person) -> Person:
    """A closure that waits for its person to agree."""
    person.asks(right="account_closure").proves()
    person.ledger.put_private(person.request_id, "lapses", LAPSES)
    return waiting(person, "closure", Operation.ERASE)


def correcting(person: Person, **changes: str) -> Person:
    """A correction that waits for a code from each new contact."""
    person.asks(right="correction", changes=changes or {"phone": NEW_PHONE}).proves()
    return waiting(person, "new_contact", Operation.CORRECT).gets_mail()


def waiting(person: Person, confirm: str, operation: Operation) -> Person:
    task = Task(request_id=person.request_id, store="accounts", kind="dynamodb", stage=9, operation=operation)
    lay(person.ledger, person.request_id, [task], confirm=confirm)
    person.ledger.ask_to_confirm(person.request_id, "token", 3600)
    return person


def confirms(person: Person, **body: Any) -> tuple[int, str]:
    reply = person.call("POST", "/confirm", json_body=body)
    return reply.status, reply.json["status"] if reply.status == 200 else reply.code


def test_a_closure_tells_what_lapses_and_goes_on_when_the_person_agrees(person: Person) -> None:
    seen = closing(person).call("GET").json
    assert (seen["status"], seen["confirm"], seen["lapses"]) == ("confirm_needed", "closure", LAPSES)
    assert seen["next"] == ["confirm", "withdraw"]
    agreed = person.call("POST", "/confirm", json_body={"agree": True})
    assert (agreed.status, agreed.json["status"]) == (200, "in_progress")
    assert set(agreed.json) == {"request_id", "status", "due_at", "next"}
    request = person.ledger.get(person.request_id)
    assert (request.status, request.is_confirmed) == (Status.VERIFIED, True)
    assert [e.by for e in person.ledger.events(request.id) if e.code == "confirmed"] == ["person"]
    wait = person.ledger.last_wait(request.id, "Confirm")
    assert wait
    assert wait.answer == {"outcome": "verified"}


def test_a_form_agrees_too(person: Person) -> None:
    assert closing(person).call("POST", "/confirm", form={"agree": "on", "lang": "en"}).json["status"] == "in_progress"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "agree", "agree_missing"),
        ({"agree": False}, "agree", "agree_missing"),
        ({"resend": True}, "agree", "agree_missing"),
        ({"code": "123456"}, "agree", "agree_missing"),
        ({"agree": "yes"}, "agree", "wrong_type"),
        ({"agree": 1}, "agree", "wrong_type"),
        ({"agree": None}, "agree", "wrong_type"),
        ({"agree": True, "code": "12"}, "code", "code_too_short"),
        ({"agree": True, "by": "op-1"}, "by", "unknown_field"),
    ],
)
def test_what_is_no_agreement_confirms_nothing(person: Person, body: dict[str, Any], field: str, code: str) -> None:
    before = closing(person).ledger.get(person.request_id)
    reply = person.call("POST", "/confirm", json_body=body)
    assert (reply.status, reply.json["error"]["fields"][field]["code"]) == (422, code)
    assert person.ledger.get(person.request_id) == before


def test_what_is_confirmed_is_confirmed_once_and_only_where_it_was_asked_for(person: Person) -> None:
    person.asks()
    assert confirms(person, agree=True) == (409, "too_late")
    closing(person)
    confirms(person, agree=True)
    assert confirms(person, agree=True) == (409, "already_confirmed")


def test_a_new_contact_is_confirmed_by_the_code_that_came_to_it(person: Person, post: PostBox) -> None:
    correcting(person)
    assert NEW_PHONE in [to for _, to, _ in post.sent]
    seen = person.call("GET")
    assert (seen.json["status"], seen.json["confirm"]) == ("confirm_needed", "new_contact")
    assert NEW_PHONE not in seen.text
    assert confirms(person) == (422, "code_missing")
    assert confirms(person, agree=True) == (422, "code_missing")
    assert confirms(person, code="000000") == (422, "wrong_code")
    assert confirms(person, code="123 456") == (200, "in_progress")
    assert confirms(person, code="123456") == (409, "already_confirmed")


def test_of_two_new_contacts_both_are_proven(person: Person) -> None:
    correcting(person, phone=NEW_PHONE, email=EMAIL)
    assert confirms(person, code="123456") == (200, "confirm_needed")
    assert confirms(person, code="123456") == (200, "in_progress")


def test_the_code_of_a_new_contact_can_be_sent_again_so_often_and_no_more(person: Person, post: PostBox) -> None:
    correcting(person)
    post.sent.clear()
    assert [confirms(person, resend=True)[0] for _ in range(6)] == [200] * 4 + [429] * 2
    person.gets_mail()
    assert {to for _, to, _ in post.sent} == {NEW_PHONE}


def test_wrong_codes_of_a_new_contact_are_used_up(person: Person) -> None:
    correcting(person)
    assert [confirms(person, code="000000")[0] for _ in range(6)] == [422] * 5 + [429]
    assert confirms(person, code="123456") == (429, "too_many_tries")


def test_the_code_of_the_old_contact_does_not_prove_the_new_one(person: Person) -> None:
    person.asks(right="correction", changes={"phone": NEW_PHONE})
    person.proves()
    waiting(person, "new_contact", Operation.CORRECT)
    assert confirms(person, code="123456") == (422, "wrong_code")


def test_who_was_cut_off_after_the_last_code_goes_on_with_the_next_call(person: Person) -> None:
    correcting(person)
    person.ledger.try_code(person.request_id, "123456", NEW_CONTACT)
    assert confirms(person, resend=True) == (200, "in_progress")


def test_a_request_that_waits_for_a_confirmation_can_be_withdrawn(person: Person) -> None:
    assert closing(person).call("DELETE").json["status"] == "withdrawn"
    assert confirms(person, agree=True) == (409, "too_late")


def test_a_confirmation_needs_the_token_and_no_other_site(person: Person) -> None:
    closing(person)
    assert person.call("POST", "/confirm", json_body={"agree": True}, token=None).status == 401
    foreign = person.call("POST", "/confirm", form={"agree": "on"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status, foreign.code) == (403, "foreign_origin")
    assert person.ledger.get(person.request_id).status is Status.CONFIRM_NEEDED


def test_nothing_of_a_new_contact_is_in_the_clear_in_the_ledger(person: Person) -> None:
    correcting(person)
    confirms(person, code="123456")
    items = boto3.client("dynamodb").scan(TableName="ledger")["Items"]
    assert not {NEW_PHONE, NEW_PHONE[1:], PHONE} & {word for item in items for word in str(item).split("'")}
