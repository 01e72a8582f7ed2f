"""Operators at the console: they sign in, review, approve in twos, retry what failed; by keyboard, without a script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from local.cloud import Cloud
from rights.status_token import reference
from tests.browser.conftest import Axe, Keep
from tests.browser.operators import signed_in
from tests.browser.people import fits
from tests.browser.watching import OpenPages, Scheme
from tests.support.crowd import Crowd
from tests.workflow.acting import agent, send
from tests.workflow.asking import Public
from tests.workflow.book import Book
from tests.workflow.controls import refused, settings
from tests.workflow.test_affiliates import ours, phone
from tests.workflow.waiting import eventually

pytestmark = pytest.mark.browser
PAGES = (
    *("", "/overview", "/stores", "/runs", "/notices", "/audit", "/settings", "/intake", "/search", "/holds"),
    *("/bulk-closures", "/replays", "/breach-export", "/requests?view=open", "/nowhere"),
)


@pytest.fixture(scope="module")
def public(cloud: Cloud) -> Iterator[Public]:
    public = Public(cloud)
    yield public
    public.http.close()


@pytest.fixture(scope="module")
def book(cloud: Cloud) -> Book:
    return Book(cloud)


def test_two_operators_approve_what_an_agent_asks_for_without_any_script(
    cloud: Cloud, crowd: Crowd, public: Public, book: Book, *, open_page: OpenPages, keep: Keep
) -> None:
    asking = public.ask(
        "access", phone=crowd.someone("orders").phone, requester=agent(email="rith@example.org")
    ).prove()
    asking.until("in_review")
    eventually(lambda: book.items(asking.id, "WAIT#Review"), "wait for a decision")
    first = signed_in(open_page, cloud, "sophea", javascript=False)
    first.page.goto("/ops")
    assert reference(asking.id) in first.page.locator("table").inner_text()
    first.page.click(f"a:has-text('{reference(asking.id)}')")
    assert first.next.startswith("Decide: an agent asks.")
    keep(first.page, "console-review")
    first.opens(asking.id, "/decide")
    assert "Evidence is missing" in first.page.locator("main").inner_text()
    for kind in ("identity_document", "authorisation"):
        send(asking, kind)
    first.waits_for(asking.id, "Check: approve", "/decide")
    keep(first.page, "console-decide")
    first.presses("Check: approve")
    keep(first.page, "console-check")
    first.presses("Approve access")
    assert "A second operator has to approve too." in first.said
    first.opens(asking.id, "/decide")
    assert "You have approved this." in first.page.locator("main").inner_text()
    assert first.page.locator("button", has_text="Check: approve").count() == 0

    assert "Still missing: one more, by an approver." in first.page.locator("main").inner_text()

    second = signed_in(open_page, cloud, "bopha", javascript=False).opens(asking.id, "/decide")
    assert "1. sophea\nan operator, " in second.page.locator(".slots").inner_text()
    keep(second.page, "console-decide-second")
    second.presses("Check: approve").presses("Approve access")
    assert second.said == "Approved."
    asking.until("completed", "completed_in_part")
    second.waits_for(asking.id, "Nothing is left to do.")
    assert second.page.locator(".machine .taken").count() > 5
    keep(second.page, "console-completed")
    approvals = [event["by"] for event in book.items(asking.id, "EVENT#") if "approved" in event["code"]]
    assert len(set(approvals)) == 2


def test_a_failed_store_is_found_and_retried_by_keyboard_alone(
    cloud: Cloud, crowd: Crowd, public: Public, open_page: OpenPages, keep: Keep
) -> None:
    person = crowd.someone("tickets", "orders")
    with settings(cloud, "RelayFunction", repair_delay_seconds=3600):
        asking = public.ask("deletion", phone=person.phone)
        with refused(cloud, "DELETE", "tickets"):
            asking.prove()
            console = signed_in(open_page, cloud, "sophea")
            console.waits_for(asking.id, "Repair: 1 store failed (support_tickets).")
            keep(console.page, "console-repair")
        page = console.page
        page.goto("/ops")
        for _ in range(60):
            page.keyboard.press("j")
            if page.evaluate("document.activeElement.textContent") == reference(asking.id):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(asking.id))
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Retry support_tickets":
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("done=store_retry"))
        assert page.evaluate("document.activeElement.className") == "flash"
        asking.until_told("completed", "completed_in_part")
        console.waits_for(asking.id, "Nothing is left to do.")
    assert "does not add up" not in page.locator("main").inner_text()
    assert "The chain holds" in page.locator("main").inner_text()


def test_what_came_at_the_counter_is_taken_in_by_one_and_decided_by_another(
    cloud: Cloud, crowd: Crowd, open_page: OpenPages, keep: Keep
) -> None:
    console = signed_in(open_page, cloud, "sophea", 360)
    page = console.page
    page.goto("/ops/intake")
    page.select_option("#came_by", "counter")
    page.select_option("#identity", "document")
    page.select_option("#right", "access")
    page.fill("#phone", "12")
    console.presses("Take the request in")
    assert page.locator("#phone").get_attribute("aria-invalid") == "true"
    assert fits(page)
    keep(page, "console-intake-problem")
    page.fill("#phone", crowd.someone().phone)
    console.presses("Take the request in")
    assert console.said == "The request is taken in."
    request_id = page.url.partition("?")[0][-26:]
    console.waits_for(request_id, "You took this request in.", "/decide")
    assert page.locator("button", has_text="Check: approve").count() == 0


def test_what_an_affiliate_handed_in_is_found_by_its_name_and_says_how_it_is_told(
    cloud: Cloud, crowd: Crowd, book: Book, open_page: OpenPages, *, axe: Axe, keep: Keep
) -> None:
    body = cloud.affiliate.body("access", phone(crowd.someone().phone))
    assert cloud.affiliate.create(body).status == 201
    request_id = ours(cloud, book, body)
    console = signed_in(open_page, cloud, "vanna", 360)
    page = console.page
    page.goto("/ops/requests?view=open")
    page.select_option("#f-affiliate", label="Cambodia Post E-Solutions")
    console.presses("Filter")
    keep(page, "console-affiliates-requests")
    page.click(f"a:has-text('{reference(request_id)}')")
    box = page.locator("#affiliate")
    assert body["subject_request_id"] in box.inner_text()
    assert "It is told nothing yet." in box.inner_text()
    assert cloud.affiliate.call("DELETE", f"/requests/{body['subject_request_id']}").status == 202
    console.waits_for(request_id, "Cancelled told")
    assert "1 try" in box.inner_text()
    assert cloud.affiliate.callback_url not in page.content()
    assert axe(page) == []
    assert fits(page)
    keep(page, "console-affiliate")


def test_a_page_that_is_open_shows_what_happens_meanwhile_and_leaves_alone_what_is_used(
    cloud: Cloud, crowd: Crowd, public: Public, open_page: OpenPages
) -> None:
    asking = public.ask("complaint", phone=crowd.someone().phone, message="Why?").prove()
    asking.until("in_review")
    console = signed_in(open_page, cloud, "sophea").opens(asking.id)
    page = console.page
    page.click("#act-reveal summary")
    page.focus("#what")
    signed_in(open_page, cloud, "bopha").opens(asking.id, "/decide").page.fill("#question", "Which call?")
    other = open_page.watch_of(page)
    assert other.complaints == []
    assert public.http.delete(f"/requests/{asking.id}", headers=asking.bearer).is_success
    expect(page.locator(".next").first).to_contain_text("Nothing is left to do.", timeout=300_000)
    assert page.locator("#act-reveal[open]").count() == 1
    assert page.evaluate("document.activeElement.id") == "what"


def test_a_page_whose_session_has_ended_stops_fetching_and_says_so(cloud: Cloud, open_page: OpenPages) -> None:
    page = signed_in(open_page, cloud, "vanna").page
    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".live")).to_contain_text("Your session has ended.")
    assert not page.locator("[data-pause]").is_visible()
    page.click(".live a")
    page.wait_for_url("**/hosted-ui/**")


def test_whoever_looks_changes_nothing_and_whoever_is_nobody_sees_nothing(cloud: Cloud, open_page: OpenPages) -> None:
    viewer = signed_in(open_page, cloud, "vanna")
    viewer.page.goto("/ops/intake")
    assert viewer.page.locator("main button").count() == 0
    stranger = open_page("en")
    open_page.watch_of(stranger).may_fetch.add(viewer.page.url.split("/")[2].replace("127.0.0.1", "localhost"))
    stranger.goto("/ops/requests")
    assert "/_local/hosted-ui" in stranger.url
    viewer.page.locator("button", has_text="Sign out").click()
    viewer.page.goto("/ops")
    assert "/_local/hosted-ui" in viewer.page.url


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_every_page_of_the_console_passes_axe_and_fits(
    cloud: Cloud,
    crowd: Crowd,
    public: Public,
    open_page: OpenPages,
    *,
    axe: Axe,
    keep: Keep,
    width: int,
    scheme: Scheme,
) -> None:
    asking = public.ask("complaint", phone=crowd.someone().phone, message="<b>Why?</b>").prove()
    asking.until("in_review")
    page = signed_in(open_page, cloud, "bopha", width, scheme=scheme).page
    one = f"/requests/{asking.id}"
    for path in (*PAGES, one, f"{one}/decide", f"{one}/audit"):
        page.goto(f"/ops{path}")
        assert axe(page) == [], path
        assert fits(page), path
        name = path.replace(asking.id, "one").partition("?")[0].strip("/").replace("/", "-") or "queue"
        keep(page, f"console-{name}")
