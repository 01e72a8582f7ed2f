"""A link that somebody else has got: it shows where a request stands, nothing about anybody, and fetches nothing."""

from datetime import timedelta
from typing import Any

import pytest

from rights.domain.status import Status
from rights.ledger import Ledger
from tests.integration.doors.conftest import BASE_URL, EMAIL, PHONE, Person, Reply
from tests.integration.doors.test_status_page import asked, confirming, working

SAME = {"Sec-Fetch-Site": "same-origin"}


def seen(person: Person, rest: str = "", **cookies: str) -> Reply:
    """What a browser with these cookies sees, besides that of the link."""
    return person.call("GET", rest, html=True, token=None, cookies={"status": person.token, "lang": "en"} | cookies)


def sent(person: Person, rest: str, form: dict[str, str], **cookies: str) -> Reply:
    cookies = {"status": person.token, "lang": "en"} | cookies
    return person.call("POST", rest, form=form, html=True, token=None, cookies=cookies, headers=SAME)


def to_look(person: Person) -> tuple[int, str]:
    return 303, f"{BASE_URL}/requests/{person.request_id}/look"


def led_to(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.header("Location")


def test_the_link_alone_shows_no_place_no_number_and_no_message(person: Person) -> None:
    page = working(person).call("GET", html=True, cookies={"lang": "en"}).text
    stolen = seen(person)
    assert stolen.status == 200
    for words in ("Orders", "Records deleted so far: 9.", "Records found", "Messages we sent you"):
        assert words in page
        assert words not in stolen.text
    assert "In progress" in stolen.text
    assert "Show the details" in stolen.text


def test_the_link_alone_reads_no_answer_and_no_question_and_gives_none(person: Person, ledger: Ledger) -> None:
    page = seen(asked(person)).text
    assert "Which" not in page
    assert "We have a question to you." in page
    assert led_to(sent(person, "/answers", {"message": "Order 7"})) == to_look(person)
    assert ledger.get(person.request_id).status is Status.QUESTION


def test_the_link_alone_shows_nothing_of_what_lapses_and_confirms_no_closure(person: Person, ledger: Ledger) -> None:
    confirming(person, "closure", right="account_closure")
    assert "1240" not in seen(person).text
    assert led_to(seen(person, "/confirm")) == to_look(person)
    assert led_to(sent(person, "/confirm", {"agree": "true"})) == to_look(person)
    assert ledger.get(person.request_id).status is Status.CONFIRM_NEEDED


def test_the_link_alone_downloads_neither_package_nor_certificate(person: Person) -> None:
    person.asks().proves().is_answered()
    for rest in ("/certificate", "/certificate?as=jws"):
        assert led_to(seen(person, rest)) == to_look(person)
    assert led_to(seen(person, "/package/1")) == (303, f"{BASE_URL}/requests/{person.request_id}/package")
    assert "Download" not in seen(person, "/package").text


def test_a_code_opens_the_details_in_that_browser_for_an_hour(person: Person, later: Any) -> None:
    working(person)
    assert "Send me a code" in seen(person, "/look").text
    assert led_to(sent(person, "/look", {})) == to_look(person)
    wrong = sent(person, "/look", {"code": "000000"})
    assert (wrong.status, "Tries left: 4" in wrong.text) == (422, True)
    person.gets_mail()
    right = sent(person, "/look", {"code": "123456"})
    assert led_to(right) == (303, f"{BASE_URL}/requests/{person.request_id}")
    assert right.headers["Set-Cookie"][0].split("Path=")[1].startswith(f"/prod/requests/{person.request_id};")
    look = right.cookies["look"]
    assert "Records deleted so far: 9." in seen(person, look=look).text
    assert led_to(seen(person, "/look", look=look)) == (303, f"{BASE_URL}/requests/{person.request_id}")
    for bad in ("", "x", look[:-1] + "x", "99999999999" + look[look.index(".") :]):
        assert "Records deleted so far" not in seen(person, look=bad).text
    later(timedelta(hours=1))
    assert "Records deleted so far" not in seen(person, look=look).text


def test_a_code_opens_once_and_one_request_only(person: Person) -> None:
    other = person.asks().proves().request_id, person.token
    working(person)
    sent(person, "/look", {})
    person.gets_mail()
    look = sent(person, "/look", {"code": "123456"}).cookies["look"]
    assert sent(person, "/look", {"code": "123456"}).status == 422
    person.request_id, person.token = other
    assert seen(person, "/look", look=look).status == 200


def test_the_code_of_the_proof_opens_the_details_of_the_whole_case_at_once(person: Person) -> None:
    several = {"rights": ["access", "deletion"], "identifiers": {"phone": PHONE}}
    made = person.door("POST", "/requests", json_body=several).json
    person.request_id, person.token = made["request_id"], made["status_token"]
    person.ledger.put_private(person.request_id, "contacts", {"phone": PHONE})
    person.ledger.queue_code(person.request_id, "phone", PHONE)
    person.ledger.ask_for_proof(person.request_id)
    person.gets_mail()
    lines = sent(person, "/code", {"code": "123456"}).headers["Set-Cookie"]
    paths = [line.split("Path=")[1].split(";")[0] for line in lines]
    assert paths == [f"/prod/requests/{one['request_id']}" for one in made["requests"]]


def test_to_go_on_with_what_another_browser_proved_opens_nothing(person: Person) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL})
    assert "look" in sent(person, "/code", {"code": "123456"}).cookies
    gone_on = sent(person, "/code", {"proceed": "true"})
    assert gone_on.header("Location").endswith("?done=proven")
    assert "Set-Cookie" not in gone_on.headers


def test_who_tried_too_often_is_told_when_to_come_back(person: Person, later: Any) -> None:
    working(person)
    sent(person, "/look", {})
    person.gets_mail()
    for _ in range(5):
        sent(person, "/look", {"code": "000000"})
    page = sent(person, "/look", {"code": "123456"})
    assert page.status == 429
    assert "Come back in 24 hours and ask for a new one" in page.text
    later(timedelta(hours=24))
    sent(person, "/look", {"resend": "true"})
    person.gets_mail()
    assert sent(person, "/look", {"code": "123456"}).status == 303


def test_who_asked_for_too_many_codes_is_told_when_to_come_back(person: Person) -> None:
    working(person)
    for _ in range(5):
        assert sent(person, "/look", {"resend": "true"}).status == 303
    page = sent(person, "/look", {"resend": "true"})
    assert page.status == 429
    assert "Come back in 24 hours" in page.text


def test_messages_name_their_contact_masked_and_only_to_whoever_knows(person: Person) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL}, on_file={"phone": PHONE, "email": EMAIL})
    look = sent(person, "/code", {"code": "123456"}).cookies["look"]
    sent(person, "/code", {"proceed": "true"})
    page = seen(person.gets_mail(), look=look).text
    assert "to ***678" in page or "to d***@e***" in page
    assert PHONE not in page
    assert EMAIL not in page
    assert "***" not in seen(person).text


@pytest.mark.parametrize("rest", ["/look", "/code"])
def test_pages_of_a_step_that_is_not_due_lead_to_the_status(person: Person, rest: str) -> None:
    person.asks()
    if rest == "/code":
        person.proves()
    assert led_to(seen(person, rest)) == (303, f"{BASE_URL}/requests/{person.request_id}")
