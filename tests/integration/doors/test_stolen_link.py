"""A link that somebody else has got: it shows where a request stands, nothing about anybody, and fetches nothing."""

from datetime import timedelta
from typing import Any

import pytest

from rights.domain.status import Status
from rights.ledger import Ledger
from rights.ledger.requests import Change
from rights.ledger.table import Update, request_key
from tests.integration.doors.conftest import BASE_URL, EMAIL, PHONE, Person, Reply
from tests.integration.doors.test_status_page import asked, confirming, working

SAME = {"Sec-Fetch-Site": "same-origin"}


def seen(person: Person, rest: str = "", **cookies: str) -> Reply:
    """What a browser with these cookies sees, besides that of the link."""
    return person.call("GET", rest, html=True, token=None, cookies={"status": person.link, "lang": "en"} | cookies)


def sent(person: Person, rest: str, form: dict[str, str], **cookies: str) -> Reply:
    cookies = {"status": person.link, "lang": "en"} | cookies
    return person.call("POST", rest, form=form, html=True, token=None, cookies=cookies, headers=SAME)


def read(person: Person, **cookies: str) -> dict[str, Any]:
    """What whoever asks for JSON with these cookies is told, besides that of the link."""
    return person.call("GET", token=None, cookies={"status": person.link} | cookies).json


def looked(person: Person) -> str:
    """The pass of a browser in which a fresh code was entered."""
    sent(person, "/look", {})
    person.gets_mail()
    return sent(person, "/look", {"code": "123456"}).cookies["look"]


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


def test_the_links_token_is_no_bearer_and_the_bearer_no_link(person: Person) -> None:
    person.asks()
    assert person.call("GET", token=person.link).code == "token_needed"
    assert person.call("GET", token=None, cookies={"status": person.token}).code == "token_needed"
    assert person.door("GET", f"/s/{person.token}").code == "token_needed"


def test_the_link_alone_is_told_in_json_what_the_page_says_and_no_more(person: Person) -> None:
    working(person)
    stolen = read(person)
    assert {"stores", "notices"}.isdisjoint(stolen)
    assert (stolen["status"], bool(stolen["due_explained"])) == ("in_progress", True)
    known = read(person, look=looked(person))
    assert known == person.call("GET").json
    assert known["stores"][0]["erased"] == 9
    assert known["notices"]


def test_the_link_alone_reads_no_ground_no_lapse_no_question_and_no_answer_in_json(person: Person) -> None:
    confirming(person, "closure", right="account_closure")
    assert "lapses" in person.call("GET").json
    assert "lapses" not in read(person)
    assert "question" in asked(person).call("GET").json
    assert {"question", "answer"}.isdisjoint(read(person))
    person.ledger.answer_question(person.request_id, "Order 7")
    person.ledger.open_wait(person.request_id, "Review", "token", 3600)
    person.ledger.refuse(person.request_id, by="op-1", ground=11)
    assert person.call("GET").json["ground"] == 11
    assert "ground" not in read(person)
    assert "a law requires it" in person.call("GET", html=True, cookies={"lang": "en"}).text
    assert "a law requires it" not in seen(person).text


def test_a_code_entered_in_json_opens_the_details_to_that_browser(person: Person) -> None:
    person.asks()
    cookies = {"status": person.link}
    proven = person.call("POST", "/code", json_body={"code": "123456"}, token=None, cookies=cookies)
    assert "stores" in read(person, look=proven.cookies["look"])
    person.call("POST", "/look", json_body={}, token=None, cookies=cookies)
    person.gets_mail()
    right = person.call("POST", "/look", json_body={"code": "123456"}, token=None, cookies=cookies)
    assert "stores" in read(person, look=right.cookies["look"])


def test_the_link_alone_confirms_and_answers_nothing_in_json(person: Person, ledger: Ledger) -> None:
    confirming(person, "closure", right="account_closure")
    cookies = {"status": person.link}
    agreed = person.call("POST", "/confirm", json_body={"agree": True}, token=None, cookies=cookies)
    assert led_to(agreed) == to_look(person)
    assert ledger.get(person.request_id).status is Status.CONFIRM_NEEDED
    cookies["look"] = looked(person)
    person.call("POST", "/confirm", json_body={"agree": True}, token=None, cookies=cookies)
    assert ledger.get(person.request_id).is_confirmed
    cookies = {"status": asked(person).link}
    said = person.call("POST", "/answers", json_body={"message": "Order 7"}, token=None, cookies=cookies)
    assert led_to(said) == to_look(person)
    assert ledger.get(person.request_id).status is Status.QUESTION


def test_the_link_alone_gets_no_token_of_a_request_that_is_made_anew(person: Person) -> None:
    person.asks().proves().is_answered()
    person.ledger.change(person.request_id, lambda _: Change(code="x", sets={"package_ended_at": person.ledger.now()}))
    cookies = {"status": person.link}
    assert led_to(person.call("POST", "/package/again", token=None, cookies=cookies)) == to_look(person)
    cookies["look"] = looked(person)
    assert "status_token" in person.call("POST", "/package/again", token=None, cookies=cookies).json


def test_the_link_alone_withdraws_and_both_pages_say_so(person: Person, ledger: Ledger) -> None:
    person.asks(right="deletion")
    told = "we tell you by message"
    assert told not in seen(person).text + seen(person, "/withdraw").text, "nobody can be told before the proof"
    person.proves()
    assert told in seen(person).text
    assert told in seen(person, "/withdraw").text
    assert led_to(sent(person, "/withdraw", {})) == (303, f"{BASE_URL}/requests/{person.request_id}?done=withdrawn")
    assert ledger.get(person.request_id).status is Status.WITHDRAWN
    assert [notice.channel for notice in ledger.notices(person.request_id) if notice.kind == "withdrawn"] == ["phone"]


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


def test_to_finish_a_proof_that_was_cut_off_opens_nothing_to_who_typed_no_right_code(person: Person) -> None:
    person.asks()
    taken = Update(request_key(person.request_id, "CODES#identity")).set(proven=["phone"])
    person.ledger.table.update(taken)
    gone_on = sent(person, "/code", {"code": "000000"})
    assert gone_on.header("Location").endswith("?done=proven")
    assert "Set-Cookie" not in gone_on.headers


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


def test_who_clicks_twice_is_not_sent_away_for_a_day(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    working(person)
    table, transact = person.ledger.table, person.ledger.table.transact

    def clicked_again(parts: Any) -> Any:
        monkeypatch.setattr(table, "transact", transact)
        assert led_to(sent(person, "/look", {})) == to_look(person)
        return transact(parts)

    monkeypatch.setattr(table, "transact", clicked_again)
    assert led_to(sent(person, "/look", {})) == to_look(person)


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
