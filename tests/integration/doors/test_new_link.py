"""A new link: the old one, which somebody else may have, and the token of programs stop working, in the whole case."""

from typing import Any

import pytest

from rights.errors import StaleWriteError
from rights.ledger import Ledger
from rights.status_token import reference
from tests.integration.doors.conftest import BASE_URL, PHONE, Door, Person, PostBox
from tests.integration.doors.test_stolen_link import led_to, looked, seen, sent, to_look

HERE = "/new-link"


def several(person: Person) -> list[Person]:
    """A case of two requests, proven."""
    body = {"rights": ["access", "deletion"], "identifiers": {"phone": "012 345 678"}}
    made = person.door("POST", "/requests", json_body=body).json
    keys = [(one["request_id"], one["status_token"]) for one in made["requests"]]
    both = [Person(person.door, person.ledger, person.sender, *key) for key in keys]
    person.ledger.put_private(both[0].request_id, "contacts", {"phone": PHONE})
    person.ledger.queue_code(both[0].request_id, "phone", PHONE)
    person.ledger.ask_for_proof(both[0].request_id)
    both[0].gets_mail().proves()
    return both


def events(person: Person) -> list[tuple[str, dict[str, Any]]]:
    return [(one.by, one.detail) for one in person.ledger.events(person.request_id) if one.code == "link_renewed"]


def test_a_new_link_takes_the_place_of_the_old_one_which_stops_working(person: Person) -> None:
    person.asks().proves()
    look, old, token = looked(person), person.link, person.token
    assert "Make a new link; the old one stops working" in seen(person, look=look).text
    made = sent(person, HERE, {}, look=look)
    assert led_to(made) == (303, f"{BASE_URL}/requests/{person.request_id}?done=new_link")
    assert person.link != old
    assert made.cookies["status"] == person.link
    page = seen(person, "?done=new_link", look=look).text
    assert "This page has a new link" in page
    assert f'href="{BASE_URL}/s/{person.link}"' in page
    assert old not in page
    assert person.door("GET", f"/s/{person.link}").status == 303
    assert person.door("GET", f"/s/{old}").code == "token_needed"
    assert person.call("GET", token=None, cookies={"status": old}).code == "token_needed"
    assert person.call("GET", token=token).code == "token_needed"
    assert events(person) == [("person", {})]
    assert person.ledger.verify_chain(person.request_id)


def test_the_link_alone_makes_no_new_one_and_is_led_to_a_code(person: Person) -> None:
    person.asks().proves()
    old = person.link
    page = seen(person).text
    assert "Make a new link; the old one stops working" not in page
    assert "Show again that it is you, then make a new one" in page
    assert led_to(sent(person, HERE, {})) == to_look(person)
    assert person.link == old
    assert "Has somebody else got the link?" not in seen(person.asks()).text


def test_a_program_gets_the_new_token_and_link_and_another_site_gets_neither(person: Person) -> None:
    person.asks().proves()
    old = person.token
    assert person.call("POST", HERE, headers={"Sec-Fetch-Site": "cross-site"}).code == "foreign_origin"
    told = person.call("POST", HERE).json
    assert told["link"] == f"{BASE_URL}/s/{person.link}"
    assert person.call("GET", token=old).code == "token_needed"
    assert person.call("GET", token=told["status_token"]).status == 200


def test_no_old_link_of_the_case_leads_to_the_new_ones(person: Person) -> None:
    first, second = several(person)
    old = {one.request_id: one.link for one in (first, second)}
    told = first.call("POST", HERE).json
    for one, made in zip((first, second), told["requests"], strict=True):
        assert person.door("GET", f"/s/{old[one.request_id]}").code == "token_needed"
        assert made["link"] == f"{BASE_URL}/s/{one.link}"
        assert events(one) == [("person", {})]


def test_two_clicks_make_one_link(person: Person, ledger: Ledger) -> None:
    request = ledger.get(person.asks().proves().request_id)
    first, again = (ledger.renew_links(request)[0] for _ in range(2))
    assert (first.epoch, again.epoch) == (2, 2)
    assert len(events(person)) == 1


def test_who_was_cut_off_before_the_last_of_a_case_makes_them_all_anew(
    person: Person, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = several(person)
    request, change = ledger.get(first.request_id), ledger.change

    def cut_off(request_id: str, decide: Any) -> Any:
        if request_id == first.request_id:
            raise StaleWriteError
        return change(request_id, decide)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "change", cut_off)
        with pytest.raises(StaleWriteError):
            ledger.renew_links(request)
    assert [ledger.get(one.request_id).epoch for one in (first, second)] == [1, 2]
    assert [one.epoch for one in ledger.renew_links(request)] == [3, 3]


def test_an_operator_makes_a_link_void_and_sees_no_new_one(operator: Door, person: Person, post: PostBox) -> None:
    person.asks().proves()
    old = person.link
    reply = operator("POST", f"/ops/requests/{person.request_id}{HERE}", json_body={"reason": "passed_on"})
    assert reply.status == 200
    assert person.link != old
    assert person.link not in reply.text
    assert person.door("GET", f"/s/{old}").code == "token_needed"
    assert events(person) == [("op-1", {"reason": "passed_on"})]
    mine = {"reference": reference(person.request_id), "phone": "012 345 678"}
    person.door("POST", "/find", json_body=mine)
    person.gets_mail()
    found = person.door("POST", "/find/code", json_body=mine | {"code": "123456"}).json
    assert found["link"] == f"{BASE_URL}/s/{person.link}"
    assert post.sent


@pytest.mark.parametrize("body", [{}, {"reason": "because"}, {"reason": "misuse", "text": "Dara"}])
def test_an_operator_gives_a_reason_that_is_a_code(operator: Door, person: Person, body: dict[str, str]) -> None:
    person.asks().proves()
    assert operator("POST", f"/ops/requests/{person.request_id}{HERE}", json_body=body).status == 422
    assert events(person) == []
