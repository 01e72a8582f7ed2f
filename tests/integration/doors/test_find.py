"""Find my request: a reference and a proven contact, then the code that goes there; a wrong pair is answered alike."""

import re
from datetime import timedelta
from typing import Any

import pytest

from rights.ledger import Ledger
from rights.status_token import reference
from tests.integration.doors.conftest import BASE_URL, EMAIL, PHONE, Door, Person, Reply

SAME = {"Sec-Fetch-Site": "same-origin"}
STRANGER = {"reference": "9WER-TY45", "phone": "012 999 888"}


def post(door: Door, path: str, form: dict[str, str]) -> Reply:
    return door("POST", path, form={"lang": "en"} | form, html=True, headers=SAME)


@pytest.fixture
def mine(person: Person) -> dict[str, str]:
    """What the person of a proven request still has."""
    person.asks().proves()
    return {"reference": reference(person.request_id), "phone": "012 345 678"}


def test_reference_contact_and_code_lead_back_and_open_the_details(person: Person, mine: dict[str, str]) -> None:
    asked = post(person.door, "/find", mine)
    assert asked.status == 200
    person.gets_mail()
    found = post(person.door, "/find/code", mine | {"code": "123 456"})
    assert (found.status, found.header("Location")) == (303, f"{BASE_URL}/requests/{person.request_id}?done=found")
    assert found.cookies["status"] == person.link
    page = person.call("GET", "?done=found", html=True, token=None, cookies=found.cookies | {"lang": "en"})
    assert "This is your request." in page.text
    assert "Messages we sent you" in page.text


def test_the_reference_is_taken_as_people_write_it(person: Person, mine: dict[str, str]) -> None:
    for typed in (
        mine["reference"].lower(),
        f" {mine['reference'].replace('-', ' ')}",
        mine["reference"].replace("-", "\u2013"),
    ):
        post(person.door, "/find", mine | {"reference": typed})
        person.gets_mail()
        assert post(person.door, "/find/code", mine | {"reference": typed, "code": "123456"}).status == 303, typed


def test_a_wrong_pair_sees_the_same_pages_as_a_right_one(person: Person, mine: dict[str, str]) -> None:
    def pages(pair: dict[str, str]) -> list[tuple[int, str]]:
        replies = [post(person.door, "/find", pair)]
        replies += [post(person.door, "/find/code", pair | {"code": "000000"}) for _ in range(7)]
        replies += [post(person.door, "/find", pair | {"resend": "true"}) for _ in range(6)]
        return [(reply.status, alike(reply.text, pair)) for reply in replies]

    right = pages(mine)
    for wrong in (STRANGER, mine | {"phone": STRANGER["phone"]}):
        for one, other in zip(right, pages(wrong), strict=True):
            assert one == other


def alike(page: str, pair: dict[str, str]) -> str:
    return page.replace(pair["reference"], "REFERENCE").replace(pair["phone"], "PHONE")


def test_no_code_goes_to_whoever_did_not_prove_the_contact(person: Person, ledger: Ledger) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL})
    pair = {"reference": reference(person.request_id), "phone": PHONE}
    post(person.door, "/find", pair)
    assert not [notice for notice in ledger.notices(person.request_id) if notice.purpose == "find"]
    person.call("POST", "/code", json_body={"code": "123456"})
    proven = ledger.proven(person.request_id)
    for channel, contact in (("phone", PHONE), ("email", EMAIL)):
        post(person.door, "/find", {"reference": pair["reference"], channel: contact})
        sent = [n.channel for n in ledger.notices(person.request_id) if n.purpose == "find"]
        assert (channel in sent) is (channel in proven)


def test_a_code_finds_once(person: Person, mine: dict[str, str]) -> None:
    post(person.door, "/find", mine)
    person.gets_mail()
    assert post(person.door, "/find/code", mine | {"code": "123456"}).status == 303
    assert post(person.door, "/find/code", mine | {"code": "123456"}).status == 422


@pytest.mark.parametrize("is_known", [True, False])
def test_nobody_goes_through_contacts_for_one_reference(
    person: Person, mine: dict[str, str], later: Any, *, is_known: bool
) -> None:
    whose = mine if is_known else STRANGER

    def statuses(path: str, **more: str) -> list[int]:
        contacts = [f"012 345 {number:03}" for number in range(5)]
        pairs = [whose | {"phone": contact} for contact in contacts for _ in range(5)]
        return [post(person.door, path, pair | more).status for pair in pairs]

    assert statuses("/find") == [200] * 20 + [429] * 5
    assert statuses("/find/code", code="000000") == [422] * 20 + [429] * 5
    assert post(person.door, "/find", whose).status == 429
    later(timedelta(hours=24))
    assert post(person.door, "/find", whose).status == 200


def test_one_pair_that_is_used_up_leaves_the_others_theirs(person: Person, mine: dict[str, str]) -> None:
    for _ in range(30):
        post(person.door, "/find/code", mine | {"phone": STRANGER["phone"], "code": "000000"})
    assert "Tries left: 4" in post(person.door, "/find/code", mine | {"code": "000000"}).text


def test_the_next_day_there_are_tries_again(person: Person, mine: dict[str, str], later: Any) -> None:
    for _ in range(6):
        last = post(person.door, "/find/code", mine | {"code": "000000"})
    assert last.status == 429
    assert "Come back in 24 hours" in last.text
    later(timedelta(hours=24))
    post(person.door, "/find", mine)
    person.gets_mail()
    assert post(person.door, "/find/code", mine | {"code": "123456"}).status == 303


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"phone": "012 345 678"}, "reference"),
        ({"reference": "K7QM-2F4", "phone": "012 345 678"}, "reference"),
        ({"reference": "K7QM-2F40", "phone": "012 345 678"}, "reference"),
        ({"reference": "K7QM-2F4D"}, "phone"),
        ({"reference": "K7QM-2F4D", "phone": "12"}, "phone"),
        ({"reference": "K7QM-2F4D", "email": "x"}, "email"),
    ],
)
@pytest.mark.parametrize("path", ["/find", "/find/code"])
def test_what_is_missing_is_said_beside_its_field_and_the_rest_is_kept(
    door: Door, path: str, form: dict[str, str], field: str
) -> None:
    page = post(door, path, form)
    assert page.status == 422
    assert "<title>Error: " in page.text
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-error"' in page.text
    for value in form.values():
        assert f'value="{value}"' in page.text


def test_no_address_holds_what_was_typed_and_the_language_can_change_on_the_way(door: Door) -> None:
    page = post(door, "/find", STRANGER | {"language": "zh"})
    assert '<html lang="zh-Hans">' in page.text
    assert 'value="012 999 888"' in page.text
    code = post(door, "/find/code", STRANGER | {"language": "km"})
    assert '<html lang="km">' in code.text
    assert not re.findall(r'(?:href|action)="[^"]*(?:999|9WER)', page.text + code.text)
    assert door("GET", "/find/code", html=True).header("Location") == f"{BASE_URL}/find"


def test_programs_find_a_request_too(person: Person, mine: dict[str, str]) -> None:
    asked = person.door("POST", "/find", json_body=mine)
    assert (asked.status, asked.json) == (202, {"next": ["code"]})
    person.gets_mail()
    found = person.door("POST", "/find/code", json_body=mine | {"code": "123456"})
    link = f"{BASE_URL}/s/{person.link}"
    assert found.json == {"request_id": person.request_id, "status_token": person.token, "link": link}
    assert person.door("POST", "/find/code", json_body=mine | {"code": "000000"}).code == "wrong_code"
    assert person.door("POST", "/find", json_body=mine | {"name": "x"}).code == "unknown_field"


def test_another_site_sends_no_code(door: Door) -> None:
    assert door("POST", "/find", form=STRANGER, html=True, headers={"Sec-Fetch-Site": "cross-site"}).status == 403


def test_when_the_proof_ends_nobody_finds_the_request_by_its_reference(person: Person, ledger: Ledger) -> None:
    person.asks().proves().is_answered()
    [item] = ledger.table.query_all(f"REFERENCE#{reference(person.request_id)}")
    assert item["SK"] == person.request_id
    ledger.end_proof(ledger.get(person.request_id), 2026)
    assert not list(ledger.table.query_all(f"REFERENCE#{reference(person.request_id)}"))
