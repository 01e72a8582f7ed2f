"""The ways in which people use pages: by keyboard, from an error to its field, in big letters, on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from local.cloud import Cloud
from tests.browser.conftest import KEPT
from tests.browser.people import CONTINUE, Somebody, fits
from tests.browser.watching import OpenPages
from tests.support.crowd import Crowd
from tests.workflow.asking import Public

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.id || document.activeElement.textContent.trim()"


def tab_to(page: Page, what: str, *, most: int = 60) -> None:
    """Press Tab until something has the focus; `what` is its id, or its words."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == what:
            return
    pytest.fail(f"Tab does not lead to {what}")


def test_everything_can_be_done_by_keyboard(cloud: Cloud, crowd: Crowd, open_page: OpenPages) -> None:
    person = crowd.someone()
    page = open_page("en")
    somebody = Somebody(page, cloud, person.phone)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Go to the content"
    page.keyboard.press("Enter")
    tab_to(page, "right-access")
    page.keyboard.press("Space")
    tab_to(page, "Continue")
    page.keyboard.press("Enter")
    page.wait_for_selector("#phone")
    tab_to(page, "phone")
    page.keyboard.type(person.phone)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answers")
    tab_to(page, "Send request")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")
    tab_to(page, "code")
    page.keyboard.type(somebody.gets_code())
    page.keyboard.press("Enter")
    page.wait_for_selector(".flash")
    somebody.checks_again_until('a.button[href$="/package"]')
    tab_to(page, "Get my data")
    page.keyboard.press("Enter")
    page.wait_for_url("**/package")


def test_the_focus_can_be_seen_wherever_it_is(open_page: OpenPages) -> None:
    page = open_page("km", 360)
    page.goto("/?right=deletion")
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px", page.evaluate(FOCUSED)
        shown = page.evaluate(
            "(box => box.bottom > 0 && box.top < innerHeight)(document.activeElement.getBoundingClientRect())"
        )
        assert shown, page.evaluate(FOCUSED)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_focus_lands_on_the_summary_of_errors_and_goes_on_to_the_field(
    open_page: OpenPages, *, javascript: bool
) -> None:
    page = open_page("en", javascript=javascript)
    page.goto("/?right=access")
    page.fill("#phone", "12")
    page.click(CONTINUE)
    page.wait_for_selector("#problem")
    assert page.evaluate("document.activeElement.id") == "problem"
    assert page.title().startswith("Error: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'phone'") if javascript else None
    assert page.evaluate("document.activeElement.id") == "phone"
    assert page.input_value("#phone") == "12"
    described = page.get_attribute("#phone", "aria-describedby") or ""
    assert page.inner_text(f"#{described.split()[-1]}") == page.inner_text("#problem a")


@pytest.mark.parametrize("language", ["km", "zh", "en"])
def test_another_language_keeps_the_step_and_what_was_typed(open_page: OpenPages, language: str) -> None:
    page = open_page("en" if language != "en" else "km", javascript=False)
    page.goto("/?right=complaint")
    page.fill("#message", "ហេតុអ្វី? 为什么 Why?")
    page.fill("#phone", "012 345 678")
    page.click(f'.languages button[value="{language}"]')
    assert page.get_attribute("html", "lang") == {"zh": "zh-Hans"}.get(language, language)
    assert page.input_value("#message") == "ហេតុអ្វី? 为什么 Why?"
    assert page.input_value("#phone") == "012 345 678"
    page.click(CONTINUE)
    page.wait_for_selector(".answers")


@pytest.mark.parametrize("language", ["km", "zh", "en"])
def test_more_space_between_lines_and_letters_cuts_nothing_off(open_page: OpenPages, language: str) -> None:
    """WCAG 1.4.12."""
    page = open_page(language, 360)
    for path in ("/", "/?right=correction"):
        page.goto(path)
        page.evaluate(
            """for (const one of document.querySelectorAll('*')) {
                one.style.lineHeight = '1.5'; one.style.letterSpacing = '.12em'; one.style.wordSpacing = '.16em';
                if (one.tagName === 'P') one.style.marginBottom = '2em'; }"""
        )
        assert fits(page)
        assert cut_off(page) == []


def cut_off(page: Page) -> list[str]:
    """The texts that are larger than the box that shows them, but for those that are there to be heard only."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('main *, header *')].filter(one => !one.closest('.away')
            && getComputedStyle(one).overflow === 'hidden'
            && (one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1))
            .map(one => one.outerHTML.slice(0, 80))"""
    )
    return found


def test_khmer_has_room_for_its_stacks(open_page: OpenPages) -> None:
    page = open_page("km", 360)
    page.goto("/?right=deletion")
    tight: list[str] = page.evaluate(
        """[...document.querySelectorAll('body *')].filter(one => one.children.length === 0 && one.textContent.trim()
            && !one.closest('.away') && one.closest('[lang]').lang === 'km')
            .map(one => [one, getComputedStyle(one)])
            .filter(([, style]) => parseFloat(style.lineHeight) < 1.6 * parseFloat(style.fontSize) - .1
                || style.letterSpacing !== 'normal' || style.fontStyle === 'italic'
                || (Number(style.fontWeight) > 600 && parseFloat(style.fontSize) < 16))
            .map(([one]) => one.outerHTML.slice(0, 90))"""
    )
    assert tight == []
    body = page.evaluate(
        "(style => parseFloat(style.lineHeight) / parseFloat(style.fontSize))(getComputedStyle(document.body))"
    )
    assert body >= 1.8


def test_on_paper_the_status_is_whole_and_has_no_link_that_opens_it(
    cloud: Cloud, crowd: Crowd, open_page: OpenPages
) -> None:
    page = open_page("en")
    somebody = Somebody(page, cloud, crowd.someone("orders").phone).asks("marketing_opt_out").proves()
    somebody.checks_again_until('a[href$="/certificate"]')
    places, reference = page.locator(".card h3").all_inner_texts(), page.inner_text(".reference")
    page.emulate_media(media="print")
    shown = page.inner_text("body")
    assert [place for place in places if place not in shown] == []
    assert shown.count(reference) > 1
    assert f"/requests/{somebody.request_id}" in shown
    assert "/s/" not in shown
    assert page.locator("nav, button, .button").filter(visible=True).count() == 0
    pdf = Path(KEPT / "status-on-paper.pdf")
    page.pdf(path=pdf, format="A4")
    assert pdf.read_bytes().startswith(b"%PDF")
    page.goto(f"/requests/{somebody.request_id}/certificate")
    page.emulate_media(media="print")
    assert reference in page.inner_text("body")
    page.pdf(path=KEPT / "certificate-on-paper.pdf", format="A4")


def test_why_the_date_is_read_on_paper_although_it_is_folded_on_the_screen(
    cloud: Cloud, crowd: Crowd, open_page: OpenPages
) -> None:
    public = Public(cloud)
    asking = public.ask("account_closure", phone=crowd.someone("orders").phone).prove()
    asking.until("confirm_needed")
    page = open_page("en")
    page.goto(asking.link)
    assert page.locator("details li").first.is_hidden() or not page.locator("details").first.get_attribute("open")
    page.emulate_media(media="print")
    assert page.locator("details li").first.is_visible()
    public.http.close()
