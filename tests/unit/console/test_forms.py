"""What forms become: the JSON of a door, in the name of whoever sent them, and a page that says what came of it."""

from typing import Any

import pytest

from rights.http import ApiError, FieldProblem, not_valid
from tests.unit.console.answers import (
    ANNA,
    BOPHA,
    ID,
    OTHER,
    Doors,
    ago,
    clock,
    doors,
    event,
    plan,
    request,
    row,
    visit,
)
from tests.unit.console.reading import Page

ONE = f"/ops/requests/{ID}"
HERE = f"http://127.0.0.1:8000/mall{ONE}"
REVIEW = {"status": "in_review", "review": "guardian", "requester": "guardian", "locale": "km"}


def in_review(**facts: Any) -> Doors:
    at = doors()
    at.answers |= {("GET", ONE): request(**REVIEW), ("GET", f"{ONE}/plan"): plan(**facts)}
    return at


@pytest.mark.parametrize(
    ("act", "form", "body", "done"),
    [
        ("retry", {}, {}, "retry"),
        ("extend", {"reason": "complexity"}, {"reason": "complexity"}, "extended"),
        ("pause", {"reason": "identity"}, {"reason": "identity"}, "paused"),
        ("resume", {}, {}, "resumed"),
        ("seen", {}, {}, "seen"),
        ("cancel", {"reason": "duplicate"}, {"reason": "duplicate"}, "cancelled"),
        ("new-link", {"reason": "misuse"}, {"reason": "misuse"}, "new_link"),
        ("stores/orders/retry", {}, {}, "store_retry"),
        ("stores/cpes/cancel", {}, {}, "taken_back"),
    ],
)
def test_an_act_is_posted_with_its_version_and_leads_back(
    act: str, form: dict[str, str], body: dict[str, str], done: str
) -> None:
    at = doors()
    at.answers["POST", f"{ONE}/{act}"] = row()
    shown = visit(f"{ONE}/{act}", at, form={"version": "9", **form})
    assert at.posted == [(f"{ONE}/{act}", {"version": 9, **body})]
    assert (shown.status, shown.location) == (303, f"{HERE}?done={done}")


@pytest.mark.parametrize("odd", ["²", "٣", "9" * 5000, "x"])
def test_a_number_that_is_none_is_left_for_the_door_to_refuse(odd: str) -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = at.answers["POST", f"{ONE}/retry"] = ApiError("changed_meanwhile")
    form = {"decision": "refuse", "version": odd, "ground": odd}
    assert visit(f"{ONE}/decide", at, form=form).status == 200
    assert visit(f"{ONE}/decision", at, form=form).status == 409
    assert visit(f"{ONE}/retry", at, form={"version": odd}).status == 409
    assert at.posted == [(f"{ONE}/decision", form), (f"{ONE}/retry", {"version": odd})]


@pytest.mark.parametrize("act", ["erase", "stores/orders/erase", "audit", "plan"])
def test_an_act_that_there_is_not_is_not_found(act: str) -> None:
    at = doors()
    assert visit(f"{ONE}/{act}", at, form={}).status == 404
    assert at.posted == []


def test_what_was_done_is_said_once_by_a_code_and_never_by_words_of_the_address() -> None:
    page = Page(visit(ONE, doors(), query={"done": "retry"}).body)
    assert "Retry asked for. What is done stays done." in page.words
    assert "Pwned" not in visit(ONE, doors(), query={"done": "Pwned"}).body


def test_an_act_that_is_refused_is_shown_on_the_page_with_its_reason() -> None:
    at = doors()
    at.answers["POST", f"{ONE}/extend"] = ApiError("already_extended")
    shown = visit(f"{ONE}/extend", at, form={"version": "9", "reason": "complexity"})
    assert shown.status == 409
    page = Page(shown.body)
    assert page.one("title").words.startswith("Error:") if len(page.all("title")) == 1 else True
    assert "The time was extended before." in page.one("div", id="problem").words


def test_whoever_was_slower_is_shown_who_did_what_meanwhile() -> None:
    at = doors()
    events = [event(9, "review_asked", "in_review"), event(10, "approved", "in_review", BOPHA.id, at=ago(minutes=1))]
    at.answers |= {
        ("GET", ONE): request(**REVIEW, events=events, version=10),
        ("POST", f"{ONE}/decision"): ApiError("changed_meanwhile"),
    }
    shown = visit(f"{ONE}/decision", at, form={"decision": "ask", "text": "Who are you?", "version": "9"})
    assert shown.status == 409
    page = Page(shown.body)
    assert "Somebody was faster" in page.words
    [line] = [one.words for one in page.all("tr") if "Approved" in one.words]
    assert line.startswith("10 26 Nov 2026, 13:59 Bopha Approved")
    assert "Who are you?" in page.one("blockquote").words


def test_a_decision_is_checked_before_it_is_made() -> None:
    at = in_review()
    form = {"decision": "approve", "plan": "f" * 64, "version": "9", "leave.orders": "", "leave.profiles": ""}
    shown = visit(f"{ONE}/decide", at, form=form)
    assert (shown.status, at.posted) == (200, [])
    page = Page(shown.body)
    [last] = [one for one in page.all("button", type="submit") if one.words.startswith("Approve")]
    assert last.words == "Approve deletion in 2 stores"
    hidden = {
        one.attributes["name"]: one.attributes["value"]
        for one in page.all("input", type="hidden")
        if one.form == last.form
    }
    assert hidden == {"csrf": "csrf-token", **form}
    assert all(one.attributes["lang"] == "km" for one in page.all("blockquote"))


def test_whoever_took_a_request_in_is_told_that_another_decides() -> None:
    at = in_review()
    at.answers["GET", ONE] = request(**REVIEW, filed_by=ANNA.id)
    own, other = (Page(visit(f"{ONE}/decide", at, who=who).body) for who in (ANNA, BOPHA))
    assert "You took this request in. Another operator has to decide on it." in own.words
    assert not [one for one in own.all("button") if one.words.startswith("Check: approve")]
    assert [one for one in other.all("button") if one.words.startswith("Check: approve")]


def test_a_plan_is_approved_by_its_hash() -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = row(status="in_review")
    shown = visit(f"{ONE}/decision", at, form={"decision": "approve", "plan": "f" * 64, "version": "9"})
    body = {"decision": "approve", "plan": "f" * 64, "version": 9, "without": [], "withhold": []}
    assert at.posted == [(f"{ONE}/decision", body)]
    assert shown.location == f"{HERE}?done=approved_by_one"


def test_the_last_approval_says_that_it_was_the_last() -> None:
    given = [{"by": name, "at": ago(hours=1), "without": []} for name in (ANNA.id, BOPHA.id)]
    at = in_review(approvals=given)
    at.answers["POST", f"{ONE}/decision"] = row(status="in_review")
    shown = visit(f"{ONE}/decision", at, form={"decision": "approve", "plan": "f" * 64, "version": "9"})
    assert shown.location == f"{HERE}?done=approved"


def test_stores_are_left_out_on_a_ground_until_a_day_and_collections_withheld() -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = row(status="cooling_off")
    form = {
        "decision": "approve",
        "plan": "p",
        "leave.orders": "11",
        "until.orders": "2030-01-01",
        "until.profiles": "2030-01-01",
        "leave.profiles": "",
        "withhold.support/files": "4",
        "withhold.support_tickets/tickets": "",
    }
    visit(f"{ONE}/decision", at, form=form)
    [(_, body)] = at.posted
    assert body["without"] == [{"store": "orders", "ground": 11, "until": "2030-01-01"}]
    assert body["withhold"] == [{"store": "support", "collection": "files", "ground": 4}]


def test_the_check_of_a_part_names_what_is_left_out_and_shows_the_text_of_a_part() -> None:
    form = {"decision": "approve", "plan": "p", "leave.orders": "11", "until.orders": "2030-01-01"}
    at = in_review()
    at.answers["GET", ONE] = request(**{**REVIEW, "locale": "en"})
    page = Page(visit(f"{ONE}/decide", at, form=form).body)
    assert "orders, on ground 11, until 2030-01-01" in page.words
    assert "Some records had to be kept." in page.words
    assert "Approve deletion in 2 stores, without 1" in page.words


@pytest.mark.parametrize(
    ("ground", "body", "button"),
    [
        ("11", {"decision": "refuse", "ground": 11}, "Refuse deletion on ground 11"),
        ("authority", {"decision": "refuse"}, "Refuse deletion for want of authority"),
    ],
)
def test_a_refusal_shows_the_text_with_its_ground_and_is_sent_as_decided(
    ground: str, body: dict[str, Any], button: str
) -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = row(status="refused")
    form = {"decision": "refuse", "ground": ground}
    page = Page(visit(f"{ONE}/decide", at, form=form).body)
    assert button in [one.words for one in page.all("button")]
    shown = visit(f"{ONE}/decision", at, form=form)
    assert at.posted == [(f"{ONE}/decision", body)]
    assert shown.location == f"{HERE}?done=refused"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"decision": "refuse"}, "Choose a ground that may serve for this right, and that your role may use."),
        ({"decision": "ask", "text": "  "}, "Write what you want to tell us."),
        ({"decision": "burn"}, "Check this value: it is not of the kind we expect."),
        ({}, "Check this value: it is not of the kind we expect."),
    ],
)
def test_a_decision_that_says_nothing_is_not_even_checked(form: dict[str, str], says: str) -> None:
    at = in_review()
    shown = visit(f"{ONE}/decide", at, form=form)
    assert (shown.status, at.posted) == (422, [])
    assert says in Page(shown.body).one("div", id="problem").words


def test_a_refused_decision_keeps_what_was_chosen() -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = not_valid({"without": FieldProblem("until_not_allowed")})
    form = {"decision": "approve", "plan": "p", "leave.orders": "11", "until.orders": "2090-01-01"}
    shown = visit(f"{ONE}/decision", at, form=form)
    assert shown.status == 422
    page = Page(shown.body)
    assert page.one("input", id="u-orders").attributes["value"] == "2090-01-01"
    chosen = [one for one in page.all("option", value="11") if "selected" in one.attributes]
    assert len(chosen) == 1


def test_an_ended_numeral_is_left_for_the_door_to_refuse() -> None:
    at = in_review()
    at.answers["POST", f"{ONE}/decision"] = not_valid({"ground": FieldProblem("wrong_type")})
    visit(f"{ONE}/decision", at, form={"decision": "refuse", "ground": "\u0661\u0661"})
    assert at.posted == [(f"{ONE}/decision", {"decision": "refuse", "ground": "\u0661\u0661"})]


def test_marketing_is_withdrawn_without_a_ground_to_refuse_it() -> None:
    at = in_review(right="marketing_opt_out", stores=[], requester="guardian")
    page = Page(visit(f"{ONE}/decide", at).body)
    assert not [one for one in page.all("input", type="radio") if one.attributes["value"] != "authority"]


def test_sealed_data_is_shown_in_the_answer_to_its_form_only() -> None:
    at = doors()
    at.answers["POST", f"{ONE}/reveal"] = {"person": {"phone": "+85512345678"}}
    shown = visit(f"{ONE}/reveal", at, form={"version": "9", "what": "person", "reason": "contact"})
    assert at.posted == [(f"{ONE}/reveal", {"what": "person", "reason": "contact"})]
    page = Page(shown.body)
    assert "+85512345678" in page.words
    assert "+85512345678" not in page.one("title").words
    assert shown.headers["Cache-Control"] == "no-store"
    assert "+85512345678" not in visit(ONE, at).body


def test_evidence_is_opened_by_a_link_on_a_page_and_not_by_a_form() -> None:
    at = doors()
    link = {"url": "https://files.example/x?a=1&b=2", "expires_at": ago(minutes=-1), "sha256": "c" * 64}
    at.answers["POST", f"{ONE}/evidence/1"] = link
    page = Page(visit(f"{ONE}/evidence/1", at, form={"version": "9", "reason": "review"}).body)
    assert "https://files.example/x?a=1&b=2" in [one.attributes["href"] for one in page.all("a")]
    assert not [one for one in page.all("form") if "files.example" in one.attributes["action"]]


def test_an_intake_becomes_the_body_of_its_door() -> None:
    at = doors()
    at.answers["POST", "/ops/requests"] = row(request_id=OTHER)
    form = {
        "right": "deletion",
        "phone": " 012 345 678 ",
        "email": "",
        "came_by": "mail",
        "identity": "code",
        "locale": "km",
        "received_at": "2026-11-20T09:00",
        "requester": "guardian",
        "requester_name": "Sok",
        "for": "child",
        "relation": "parent",
        "requester_phone": "",
        "requester_email": "sok@example.com",
        "purpose.marketing": "1",
        "scope": "orders, search_history",
        "message": "",
        "key": "ops-1",
        "change_field": "name",
        "change_from": "",
        "change_to": "Dara",
    }
    shown = visit("/ops/requests", at, form=form)
    assert at.posted == [
        (
            "/ops/requests",
            {
                "right": "deletion",
                "locale": "km",
                "came_by": "mail",
                "identity": "code",
                "key": "ops-1",
                "identifiers": {"phone": "012 345 678"},
                "received_at": "2026-11-20T09:00:00+07:00",
                "requester": {
                    "kind": "guardian",
                    "name": "Sok",
                    "for": "child",
                    "relation": "parent",
                    "email": "sok@example.com",
                },
                "purposes": ["marketing"],
                "scope": ["orders", "search_history"],
                "changes": {"name": {"to": "Dara"}},
            },
        )
    ]
    assert shown.location == f"http://127.0.0.1:8000/mall/ops/requests/{OTHER}?done=filed"


def test_an_intake_that_is_refused_keeps_what_was_typed_and_its_key() -> None:
    at = doors()
    at.answers["POST", "/ops/requests"] = not_valid({"phone": FieldProblem("phone_not_valid")})
    shown = visit("/ops/requests", at, form={"right": "access", "phone": "12", "key": "ops-7"})
    page = Page(shown.body)
    assert shown.status == 422
    phone = page.one("input", id="phone")
    assert (phone.attributes["value"], phone.attributes["aria-invalid"]) == ("12", "true")
    assert page.one("input", name="key").attributes["value"] == "ops-7"


def test_a_search_never_puts_a_contact_into_an_address() -> None:
    at = doors()
    at.answers["POST", "/ops/search"] = {"requests": [row(how="typed", proven=False)], "total": 1}
    shown = visit("/ops/search", at, form={"phone": "+85512345678", "email": ""})
    assert (shown.status, at.posted) == (200, [("/ops/search", {"phone": "+85512345678"})])
    page = Page(shown.body)
    assert "what was typed, not proven" in page.words
    assert not [one for one in page.elements if "12345678" in one.attributes.get("href", "")]


def test_a_hold_is_placed_on_one_person_until_a_day() -> None:
    at = doors()
    at.answers["POST", "/ops/holds"] = {"id": OTHER}
    form = {"request_id": ID, "phone": "", "email": "", "ground": "3", "until": "2026-12-31"}
    shown = visit("/ops/holds", at, form=form)
    assert at.posted == [("/ops/holds", {"request_id": ID, "ground": 3, "until": "2026-12-31"})]
    assert shown.location.endswith(f"/ops/holds?request_id={ID}&done=held")


def test_lifting_a_hold_leads_nowhere_else() -> None:
    at = doors()
    at.answers["POST", f"/ops/holds/{OTHER}/lift"] = {}
    shown = visit(f"/ops/holds/{OTHER}/lift", at, form={"request_id": "https://evil.example/aaaaaaa"})
    assert shown.location == "http://127.0.0.1:8000/mall/ops/holds?done=lifted"


def test_a_hold_on_a_ground_for_approvers_is_offered_to_them_only() -> None:
    at = doors()
    placed = {"until": "2027-01-01", "by": "op-9", "placed_at": None, "lifted_at": None}
    at.answers["GET", "/ops/holds"] = {"holds": [{"id": "A", "ground": 1} | placed, {"id": "B", "ground": 3} | placed]}
    page = Page(visit("/ops/holds", at, who=BOPHA, query={"request_id": ID}).body)
    offered = [one.attributes["action"] for one in page.all("form") if one.attributes["action"].endswith("/lift")]
    assert offered == ["/mall/ops/holds/B/lift"]
    assert "stands, on a ground for approvers" in page.words


def test_whoever_decides_on_an_entry_stays_on_its_page_and_is_led_nowhere_else() -> None:
    at, path, place = doors(), f"/ops/replays/{OTHER}", "F" * 26
    entry = {"entry": "A" * 26, "request_id": ID, "collection": "orders", "count": 2, "decision": None}
    replay = {"replay_id": OTHER, "store": "orders", "status": "review", "error_class": "", "more": True}
    at.answers |= {("GET", path): replay | {"entries": [entry]}, ("POST", f"{path}/decision"): {}}
    page = Page(visit(path, at, query={"after": place}).body)
    assert at.asked[-1] == (path, {"after": place})
    assert {one.attributes["value"] for one in page.all("input", name="after")} == {place}
    [further] = [one.attributes["href"] for one in page.all("a") if one.words == "Next entries"]
    assert further == f"/mall{path}?after={'A' * 26}"
    form = {"entry": "A" * 26, "decision": "keep"}
    base = f"http://127.0.0.1:8000/mall{path}"
    assert visit(f"{path}/decision", at, form=form | {"after": place}).location == f"{base}?after={place}&done=decided"
    assert visit(f"{path}/decision", at, form=form | {"after": "x\r\nX: y"}).location == f"{base}?done=decided"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("forbidden", "Nothing was changed."),
        ("try_again", "It may have been done all the same: look before you do it again."),
        ("internal", "It may have been done all the same: look before you do it again."),
    ],
)
def test_nobody_is_told_that_nothing_was_changed_where_it_may_have_been(code: str, said: str) -> None:
    at = doors()
    at.answers["POST", f"{ONE}/retry"] = at.answers["GET", ONE] = ApiError(code)
    assert said in Page(visit(f"{ONE}/retry", at, form={}).body).one("main").words
    assert "Nothing was changed." in Page(visit(ONE, at).body).one("main").words


def test_a_list_is_read_line_by_line() -> None:
    at = doors()
    at.answers["POST", f"/ops/bulk-closures/{OTHER}/people"] = {}
    form = {"part": "0", "people": "+855 12 345 678\r\n\r\n a@b.example \r\nA-17"}
    visit(f"/ops/bulk-closures/{OTHER}/people", at, form=form)
    people = [{"phone": "+85512345678"}, {"email": "a@b.example"}, {"account_id": "A-17"}]
    assert at.posted == [(f"/ops/bulk-closures/{OTHER}/people", {"part": 0, "people": people})]


@pytest.mark.parametrize(("act", "body"), [("approve", {"people": 120}), ("pause", {}), ("resume", {}), ("stop", {})])
def test_a_closure_is_moved_and_approved_by_its_number_of_people(act: str, body: dict[str, Any]) -> None:
    at = doors()
    at.answers["POST", f"/ops/bulk-closures/{OTHER}/{act}"] = {}
    shown = visit(f"/ops/bulk-closures/{OTHER}/{act}", at, form={"people": "120"})
    assert at.posted == [(f"/ops/bulk-closures/{OTHER}/{act}", body)]
    assert shown.status == 303


def test_a_replay_is_started_for_a_moment_of_phnom_penh() -> None:
    at = doors()
    at.answers["POST", "/ops/replays"] = {"replay_id": OTHER}
    visit("/ops/replays", at, form={"store": "orders", "restored_to": "2026-11-20T09:30"})
    assert at.posted == [("/ops/replays", {"store": "orders", "restored_to": "2026-11-20T09:30:00+07:00"})]


def test_a_part_of_a_breach_can_be_saved_and_followed_by_the_next() -> None:
    at = doors()
    at.answers["POST", "/ops/breach-export"] = {
        "csv": 'a,b\r\n"x, y",2\r\n',
        "rows": 1,
        "looked_at": 200,
        "next": "n|1",
    }
    form = {"store": "orders", "since": "2026-11-01T00:00", "until": "2026-11-20T00:00", "reason": "incident-1"}
    page = Page(visit("/ops/breach-export", at, form=form).body)
    [saved] = [one for one in page.all("a") if "download" in one.attributes]
    assert saved.attributes["href"] == "data:text/csv;charset=utf-8,a%2Cb%0D%0A%22x%2C%20y%22%2C2%0D%0A"
    assert page.one("input", name="after").attributes["value"] == "n|1"
    assert at.posted[0][1]["since"] == "2026-11-01T00:00:00+07:00"


def test_a_door_that_does_not_work_is_no_problem_of_what_was_typed() -> None:
    at = doors()
    at.answers["POST", f"{ONE}/retry"] = ApiError("internal")
    shown = visit(f"{ONE}/retry", at, form={})
    assert shown.status == 500
    assert "This did not work" in Page(shown.body).words


def test_only_the_reasons_of_the_rule_can_be_chosen_for_a_longer_term() -> None:
    at = doors()
    at.answers["GET", f"{ONE}/clock"] = clock(extension_reasons=["complexity"])
    page = Page(visit(ONE, at).body)
    assert len([one for one in page.all("option") if one.attributes["value"] == "complexity"]) == 1
    assert not [one for one in page.all("option") if one.attributes["value"] == "number_of_requests"]
