"""The page of a request and the page of a decision: what is told on top, who acted, what is missing."""

from operator_api.people import Operator
from tests.unit.console.answers import (
    ANNA,
    BOPHA,
    EVENTS,
    ID,
    ago,
    approvals,
    callback,
    doors,
    event,
    handed_in,
    plan,
    request,
    task,
    visit,
)
from tests.unit.console.reading import Page

ONE = f"/ops/requests/{ID}"


def test_the_page_of_a_request_says_on_top_what_failed_and_what_comes_next() -> None:
    at = doors()
    failed = [task("orders", "failed", error_class="StoreUnavailableError"), task("profiles", found=18, erased=18)]
    may = request()["may"] | {"retry": True}
    at.answers["GET", ONE] = request(status="needs_repair", tasks=failed, may=may)
    shown = visit(ONE, at).body
    page = Page(shown)
    assert "Repair: 1 store failed (orders)." in page.words
    assert shown.index("Repair: 1 store failed") < shown.index("machine")
    assert [one.words for one in page.all("button", type="submit")].count("Retry orders") == 1
    assert "StoreUnavailableError" in page.words
    assert "Retry the one that failed" in page.words


def test_a_mismatch_and_a_broken_chain_are_the_loudest_on_the_page() -> None:
    at = doors()
    at.answers["GET", ONE] = request(tasks=[task("orders", found=42, erased=1)], audit_chain_holds=False)
    page = Page(visit(ONE, at).body)
    loud = [one.words for one in page.elements if "loud" in one.attributes.get("class", "")]
    assert loud == ["! found 42, but erased + anonymised + retained = 1", "! The chain is broken"]
    assert "1 store does not add up." in page.words


def test_the_picture_says_in_words_what_it_shows_and_so_does_the_table_below() -> None:
    page = Page(visit(ONE, doors()).body)
    picture = page.one("svg", **{"class": "machine"})
    assert picture.attributes["role"] == "img"
    assert page.one("title", id="machine-title").words == "State machine: Work in the stores, now here"
    assert "Repair: done" in page.one("desc", id="machine-desc").words
    assert "3 of 6 stores" in page.words
    assert len([one for one in page.all("path") if "taken" in one.attributes.get("class", "").split()]) > 4


def test_no_date_of_the_way_is_broken_over_lines() -> None:
    at = doors()
    waits = [{"state": "CoolOff", "generation": 1, "until": "2026-11-28T07:02:00.000000Z", "answered_at": None}]
    at.answers["GET", ONE] = request(status="cooling_off", tasks=[], events=list(EVENTS[:5]), waits=waits)
    page = Page(visit(ONE, at).body)
    kept = [one for one in page.elements if "keep" in one.attributes.get("class", "").split()]
    assert "until 28 Nov, 14:02" in [one.words for one in kept if one.name == "small"]
    spans = [one.words for one in kept if one.name == "td" and " to " in one.words]
    assert spans[0] == "16 Nov, 13:00 to 19 Nov, 10:00"


def test_an_action_that_is_not_possible_is_not_offered_and_its_reason_is_told() -> None:
    at = doors()
    may = request()["may"] | {"extend": "already_extended"}
    at.answers["GET", ONE] = request(may=may)
    page = Page(visit(ONE, at).body)
    assert not page.all("form", action=f"/mall{ONE}/extend")
    assert "The time was extended before." in page.words


def test_the_plan_is_shown_as_a_dry_run_with_its_conflicts() -> None:
    at = doors()
    at.answers["GET", ONE] = request(status="in_review", review="guardian", requester="guardian")
    conflicted = plan()["stores"][1] | {"conflicts": ["payments_order_fk"], "to_review": ["orders"]}
    at.answers["GET", f"{ONE}/plan"] = plan(stores=[conflicted])
    page = Page(visit(f"{ONE}/decide", at).body)
    assert "42 records in 1 store, nothing done yet" in page.words
    assert "! The store would refuse: payments_order_fk" in page.words
    assert "look at it" in page.words
    assert [one.words for one in page.all("li") if "full" not in one.attributes.get("class", "")].count("1. open") == 1


def test_the_first_approval_fills_its_slot_and_its_operator_cannot_give_the_second() -> None:
    at = doors()
    at.answers["GET", ONE] = request(status="in_review", review="guardian", requester="guardian")
    at.answers["GET", f"{ONE}/plan"] = plan(**approvals((ANNA, ago(hours=1))))
    own = Page(visit(f"{ONE}/decide", at).body)
    assert "✓ 1. Anna an approver, 26 Nov 2026, 13:00" in own.words
    assert "Still missing: one more." in own.words
    assert "You have approved this. Another operator has to approve it too." in own.words
    assert not [one for one in own.all("button") if one.words.startswith("Check: approve")]
    other = Page(visit(f"{ONE}/decide", at, who=BOPHA).body)
    assert [one.words for one in other.all("button") if one.words.startswith("Check: approve")]


def test_after_an_operator_only_an_approver_can_give_the_second_approval() -> None:
    at = doors()
    given = approvals((BOPHA, ago(hours=1)))
    at.answers["GET", ONE] = request(status="in_review", review="guardian", requester="guardian", **given)
    at.answers["GET", f"{ONE}/plan"] = plan(**given)
    other = Operator("chea-0000", frozenset({"operator"}), name="Chea")
    page = Page(visit(f"{ONE}/decide", at, who=other).body)
    assert "✓ 1. Bopha an operator," in page.words
    assert "Still missing: one more, by an approver." in page.words
    assert "One of the two who approve has to be an approver." in page.words
    approver = Page(visit(f"{ONE}/decide", at).body)
    assert [one for one in approver.all("button") if one.words.startswith("Check: approve")]
    assert "It takes one more, by an approver." in Page(visit(ONE, at).body).words


def test_the_page_of_a_request_says_who_approved_and_who_has_to_besides() -> None:
    at = doors()
    facts = {"status": "in_review", "review": "guardian", "requester": "guardian"}
    at.answers["GET", ONE] = request(**facts, **approvals())
    assert (
        "Decide: a guardian asks. It takes two operators, one of them an approver." in Page(visit(ONE, at).body).words
    )
    at.answers["GET", ONE] = request(**facts, **approvals((ANNA, ago(hours=1))))
    words = Page(visit(ONE, at).body).words
    assert "✓ Anna approved as an approver, 26 Nov 2026, 13:00" in words
    assert "Still missing: one more." in words
    at.answers["GET", ONE] = request(**facts, **approvals((ANNA, ago(hours=1)), (BOPHA, ago(minutes=5))))
    assert "Still missing" not in Page(visit(ONE, at).body).words
    at.answers["GET", ONE] = request(**facts, **approvals(needed=1))
    assert "Decide: a guardian asks. Decide" in Page(visit(ONE, at).body).words


def test_a_request_of_an_affiliate_says_by_which_under_which_id_and_how_it_is_told() -> None:
    at = doors()
    told = handed_in(callback(), callback("completed", "given_up", attempts=16, error_class="http_503"))
    received = event(1, "received", "received", "affiliate:cpes")
    given_up = event(2, "callback_given_up", "completed", detail={"stand": "completed", "address": 1})
    at.answers["GET", ONE] = request(channel="affiliate", handed_in=told, events=[received, given_up])
    page = Page(visit(ONE, at).body)
    box = page.one("section", id="affiliate").words
    assert "Handed in by Cambodia Post E-Solutions" in box
    assert "a7551968-d5d6-44b2-9831-815ac9017798" in box
    assert "given up 16 tries, last in vain: http_503" in box
    assert page.one("a", href="/mall/ops/requests?affiliate=cpes").words == "Its open requests"
    events = page.one("table", **{"class": "events"}).words
    assert "⇄ Cambodia Post E-Solutions" in events
    assert "Affiliate could not be told" in events
    assert not Page(visit(ONE, doors()).body).all("section", id="affiliate")


def test_the_events_page_links_keep_what_was_chosen() -> None:
    at = doors()
    at.answers["GET", ONE] = request(events=[event(1, "received", "received", "person")])
    page = Page(visit(ONE, at, query={"events": "failed", "done": "retry"}).body)
    [oldest] = [one for one in page.all("a") if one.words == "oldest first"]
    assert oldest.attributes["href"] == f"/mall{ONE}?events=failed&order=oldest#events"
    assert "No event fits." in page.words
