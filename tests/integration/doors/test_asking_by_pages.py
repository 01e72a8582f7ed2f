"""A request made by pages alone: choose, give what is needed, check, send. No session, no JavaScript."""

import re
from html.parser import HTMLParser

import boto3
import pytest

from public_api.words import CATEGORY, DOING, FIELD, HINT, RIGHT
from rights.datamap.scope import correctable, scope_names
from rights.domain.rights import Requester, Right
from rights.ledger import Ledger
from tests.integration.doors.conftest import BASE_URL, DATA_MAP, Door, Reply

SAME = {"Sec-Fetch-Site": "same-origin"}
CONTACT = {"phone": "012 345 678", "email": "", "lang": "en"}
NEEDS: dict[Right, dict[str, str]] = {
    Right.CORRECTION: {"change.name": "Sok Dara"},
    Right.CONSENT_WITHDRAWAL: {"purpose.location": "yes"},
    Right.COMPLAINT: {"message": "Why do I get calls?"},
}


class Form(HTMLParser):
    """The fields of the form called `ask`, as a browser would send them, and the fields one can fill in."""

    def __init__(self, page: Reply) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.names: set[str] = set()
        self.languages: dict[str, str] = {}
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"input", "textarea", "select"}:
            self.names.add(values["name"])
        if values.get("type") == "hidden" or "checked" in values:
            self.hidden[values["name"]] = values["value"]
        if values.get("name") == "language":
            self.languages[values["value"]] = values["formaction"]


def post(door: Door, path: str, form: dict[str, str]) -> Reply:
    return door("POST", path, form=form, html=True, headers=SAME)


def sent(door: Door, ledger: Ledger, answers: dict[str, str]) -> str:
    """From the second step to the request."""
    check = post(door, "/ask/check", answers)
    assert check.status == 200, check.text
    reply = post(door, "/requests", Form(check).hidden)
    assert reply.status == 303, reply.text
    return reply.header("Location").rpartition("/")[2]


def test_the_first_page_offers_every_right_and_chooses_none(door: Door) -> None:
    page = door("GET", "/?lang=en", html=True).text
    assert set(re.findall(r'name="right" value="(\w+)"', page)) == set(Right)
    assert " checked" not in page


def test_every_right_has_its_words_and_so_has_every_name_of_the_data_map() -> None:
    assert set(RIGHT) == set(HINT) == set(Right)
    assert set(DOING) == set(Right) - {Right.COMPLAINT}
    assert set(scope_names(DATA_MAP)) <= set(CATEGORY)
    assert set(correctable(DATA_MAP)) <= set(FIELD)


def test_who_chose_nothing_is_asked_to_choose(door: Door) -> None:
    page = post(door, "/ask/details", {"lang": "en"})
    assert page.status == 422
    assert 'href="#right-access">Choose what you want to ask for.' in page.text


@pytest.mark.parametrize("right", list(Right))
def test_each_right_can_be_asked_for_by_pages(door: Door, ledger: Ledger, right: Right) -> None:
    details = post(door, "/ask/details", {"right": right, "lang": "en"})
    assert details.status == 200
    assert set(NEEDS.get(right, {})) <= Form(details).names
    request = ledger.get(sent(door, ledger, Form(details).hidden | CONTACT | NEEDS.get(right, {})))
    assert (request.right, request.requester) == (right, Requester.SELF)


def test_only_what_the_right_needs_is_asked(door: Door) -> None:
    opt_out = Form(door("GET", "/?right=marketing_opt_out", html=True)).names
    asked = {name.partition(".")[0] for name in opt_out}
    assert asked.isdisjoint({"scope", "change", "purpose", "message"})
    assert "scope.search_history" in Form(door("GET", "/?right=deletion", html=True)).names


def test_a_deletion_can_be_of_some_categories(door: Door, ledger: Ledger) -> None:
    answers = {"right": "deletion", "scope.search_history": "yes", "scope.cart": "yes", "who": "self"} | CONTACT
    assert ledger.get(sent(door, ledger, answers)).scope == ("cart", "search_history")


def test_several_fields_can_be_corrected_at_once(door: Door, ledger: Ledger) -> None:
    answers = {"right": "correction", "change.name": "Sok  Dara", "change.phone": "012 999 888", "change.email": ""}
    changes = ledger.private(sent(door, ledger, answers | CONTACT), "changes")
    assert changes == {"name": {"to": "Sok Dara"}, "phone": {"to": "+85512999888"}}


def test_several_rights_can_be_asked_for_in_one_go(door: Door, ledger: Ledger) -> None:
    answers = {"right": "access", "also.deletion": "yes", "also.complaint": "yes"} | CONTACT
    first = ledger.get(sent(door, ledger, answers))
    assert [ledger.get(one).right for one in first.case_requests] == ["access", "deletion"]


@pytest.mark.parametrize(
    ("who", "means"),
    [
        ("parent", ("guardian", "parent", "child")),
        ("guardian", ("guardian", "guardian", "child")),
        ("court_child", ("guardian", "court_appointed", "child")),
        ("court_adult", ("guardian", "court_appointed", "adult")),
        ("agent", ("agent", "authorised", "adult")),
    ],
)
def test_one_can_ask_for_another_person(door: Door, ledger: Ledger, who: str, means: tuple[str, str, str]) -> None:
    kind, relation, for_whom = means
    own = {"who": who, "requester_name": "Sok Pisey", "requester_phone": "012 111 222"}
    request = ledger.get(sent(door, ledger, {"right": "access"} | own | CONTACT))
    assert request.requester == kind
    told = {"name": "Sok Pisey", "relation": relation, "for": for_whom, "phone": "+85512111222"}
    assert ledger.private(request.id, "requester") == told


def test_whoever_acts_is_told_that_the_code_goes_to_their_own_contact(door: Door) -> None:
    own = {"who": "parent", "requester_name": "Sok Pisey", "requester_phone": "012 111 222"}
    check = post(door, "/ask/check", {"right": "access"} | own | CONTACT)
    reply = post(door, "/requests", Form(check).hidden)
    page = door("GET", reply.header("Location").removeprefix(BASE_URL), html=True, cookies=reply.cookies)
    assert "012 111 222" in page.text
    assert "012 345 678" not in page.text


def test_one_who_asks_for_themselves_need_not_clear_what_they_wrote_about_somebody_else(
    door: Door, ledger: Ledger
) -> None:
    left_over = {"who": "self", "requester_name": "Sok", "message": "x", "change.name": "y", "purpose.location": "yes"}
    assert ledger.get(sent(door, ledger, {"right": "access"} | left_over | CONTACT)).requester is Requester.SELF


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"right": "access", "phone": ""}, "phone"),
        ({"right": "access", "phone": "12"}, "phone"),
        ({"right": "access", "email": "dara"}, "email"),
        ({"right": "correction"}, "change-name"),
        ({"right": "correction", "change.phone": "12"}, "change-phone"),
        ({"right": "correction", "change.phone": "012 345 678", "change.contact_phone": "12"}, "change-contact_phone"),
        ({"right": "correction", "change.email": "x"}, "change-email"),
        ({"right": "correction", "change.birth_date": "1"}, "change-birth_date"),
        ({"right": "correction", "change.name": "x" * 301}, "change-name"),
        ({"right": "consent_withdrawal"}, "purposes"),
        ({"right": "complaint"}, "message"),
        ({"right": "access", "who": "parent", "requester_phone": "012 111 222"}, "requester_name"),
        ({"right": "access", "who": "parent", "requester_name": "Sok"}, "requester_phone"),
        ({"right": "access", "who": "agent", "requester_name": "Sok", "requester_phone": "1"}, "requester_phone"),
    ],
)
def test_what_has_to_be_changed_is_said_beside_its_field_and_the_rest_is_kept(
    door: Door, answers: dict[str, str], field: str
) -> None:
    given = CONTACT | {"also.marketing_opt_out": "yes"} | answers
    page = post(door, "/ask/check", given)
    assert page.status == 422
    assert "<title>Error: " in page.text
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-error"' in page.text
    assert f'id="{field}"' in page.text
    assert Form(page).hidden["right"] == answers["right"]


def test_the_check_page_changes_an_answer_and_comes_back_with_the_others(door: Door) -> None:
    answers = {"right": "complaint", "message": "Why?"} | CONTACT
    check = post(door, "/ask/check", answers)
    assert 'formaction="/prod/ask/details#message"' in check.text
    kept = Form(check).hidden
    assert "Why?" in post(door, "/ask/details", kept).text
    again = Form(post(door, "/ask/right", kept)).hidden
    assert (again["right"], again["message"], again["phone"]) == ("complaint", "Why?", "012 345 678")


def test_a_change_of_language_keeps_the_step_and_the_answers(door: Door) -> None:
    page = post(door, "/ask/details", {"right": "complaint", "message": "Why?", "lang": "en", "language": "zh"})
    assert '<html lang="zh-Hans">' in page.text
    assert "Why?" in page.text
    assert page.cookies["lang"] == "zh"
    assert Form(page).languages == {"km": "/prod/ask/details", "en": "/prod/ask/details"}


def test_enter_sends_the_step_and_changes_no_language(door: Door) -> None:
    page = door("GET", "/?right=access", html=True).text
    first = next(iter(re.findall(r"<button[^>]*>", page)))
    assert "language" not in first
    assert 'form="ask"' in first


def test_a_check_page_sent_twice_makes_one_request_and_a_new_one_makes_another(door: Door, ledger: Ledger) -> None:
    check = Form(post(door, "/ask/check", {"right": "access"} | CONTACT)).hidden
    first, again = (post(door, "/requests", check).header("Location") for _ in range(2))
    assert first == again
    assert sent(door, ledger, {"right": "access"} | CONTACT) not in first


@pytest.mark.parametrize("path", ["/ask/details", "/ask/check", "/requests"])
def test_a_reload_of_a_step_leads_to_the_start(door: Door, path: str) -> None:
    reply = door("GET", path, html=True)
    assert (reply.status, reply.header("Location")) == (303, f"{BASE_URL}/")


def test_another_site_cannot_fill_a_step_in(door: Door) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert door("POST", "/ask/check", form={"right": "access"}, html=True, headers=foreign).status == 403


def test_what_a_form_makes_up_is_not_carried_on(door: Door) -> None:
    made_up = {"scope.everything": "yes", "change.shoe_size": "41", "evil": "x", "right": "access"}
    hidden = Form(post(door, "/ask/check", made_up | CONTACT)).hidden
    assert set(hidden) == {"right", "phone", "lang", "nonce"}


def test_no_step_writes_anything(door: Door) -> None:
    for path in ("/ask/right", "/ask/details", "/ask/check"):
        post(door, path, {"right": "access"} | CONTACT)
    assert boto3.client("dynamodb").scan(TableName="ledger")["Count"] == 0
