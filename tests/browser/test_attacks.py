"""What somebody tries who means ill: a link that is not theirs, HTML in every field, another site's form."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from local.cloud import Cloud
from tests.browser.people import CONTINUE, Somebody
from tests.browser.watching import OpenPages
from tests.support.crowd import Crowd
from tests.workflow.asking import Public
from tests.workflow.leaks import Words, phone_forms, report

pytestmark = pytest.mark.browser
HTML = (
    "<img src=x onerror=\"document.title='taken'\"></textarea><script>document.title='taken'</script><b id=taken>x</b>"
)
GET_MY_DATA = 'a.button[href$="/package"]'


def test_a_stolen_link_shows_nothing_of_anybody_and_fetches_nothing(
    cloud: Cloud, crowd: Crowd, open_page: OpenPages
) -> None:
    person = crowd.someone("orders")
    public = Public(cloud)
    asking = public.ask("access", phone=person.phone).prove()
    asking.until_told("completed")
    assert person.email
    words = Words((person.name, person.latin, person.email, person.account_id, *phone_forms(person.phone)))
    page = open_page("en")
    page.goto(asking.link)
    assert urlsplit(page.url).path == f"/requests/{asking.id}"
    assert page.inner_text("h1") == "Completed"
    assert page.locator(".card, .notices li").count() == 0
    seen = {"status": page.content()}
    for rest in ("/package", "/package/1", "/certificate", "/certificate?as=jws", "/look", "/confirm", "/evidence"):
        page.goto(f"/requests/{asking.id}{rest}")
        seen[rest] = page.content()
        assert page.locator('a[download], a[href$="/package/1"]').count() == 0, rest
    assert report({name: [text.encode()] for name, text in seen.items()}, words) == {}
    public.http.close()


def test_html_in_a_field_stays_text(cloud: Cloud, crowd: Crowd, open_page: OpenPages) -> None:
    page = open_page("en")

    def look(page: Page, name: str) -> None:
        assert page.title() != "taken", name
        assert page.locator("#taken, main img, main script").count() == 0, name

    somebody = Somebody(page, cloud, crowd.someone().phone, look)
    somebody.chooses("complaint")
    page.fill("#message", HTML)
    page.click("label[for=who-agent]")
    page.fill("#requester_name", HTML[:120])
    page.fill("#requester_phone", "<b>1")
    page.fill("#phone", '"><script>1')
    page.click(CONTINUE)
    page.wait_for_selector("#problem")
    somebody.sees("refused")
    assert page.input_value("#message") == HTML
    assert page.input_value("#phone") == '"><script>1'
    page.fill("#phone", somebody.phone)
    page.fill("#requester_phone", "012 777 002")
    page.click(CONTINUE)
    assert HTML in page.locator(".answers").inner_text()
    somebody.sees("check")
    page.click(CONTINUE)
    page.wait_for_selector("#code")
    somebody.sees("code")


def test_html_in_a_correction_stays_text(open_page: OpenPages) -> None:
    page = open_page("km")
    page.goto("/?right=correction")
    page.fill("#change-name", HTML)
    page.fill("#phone", "012 345 678")
    page.click(CONTINUE)
    assert HTML in page.locator(".answers").inner_text()
    page.click('button[formaction$="#change-name"]')
    assert page.input_value("#change-name") == HTML
    assert page.title() != "taken"
    assert page.locator("#taken").count() == 0


@pytest.mark.parametrize("lang", ["km", "<b>", "../x", "en&x=<script>"])
def test_html_in_an_address_goes_nowhere(open_page: OpenPages, lang: str) -> None:
    page = open_page("en")
    for path in (
        f"/?lang={lang}",
        f"/?right={lang}",
        f"/find?done={lang}",
        f"/{lang}",
        f"/requests/{lang}",
        f"/s/{lang}",
    ):
        page.goto(path)
        assert page.locator("main b, script").count() == 0
        assert page.title() != "taken"


def test_the_form_of_another_site_is_refused(cloud: Cloud, open_page: OpenPages) -> None:
    """A page under another name, as an attacker's would be: it may send the form, and nothing comes of it."""
    page = open_page("en")
    there = cloud.base_url.replace("127.0.0.1", "localhost")
    open_page.watch_of(page).may_fetch.add(urlsplit(there).netloc)
    fields = "".join(f'<input name="{n}" value="{v}">' for n, v in {"right": "access", "phone": "012345678"}.items())
    form = f'<form method="post" action="{cloud.base_url}/requests">{fields}<button>x</button></form>'
    page.route(f"{there}/evil", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto(f"{there}/evil")
    with page.expect_navigation():
        page.click("button")
    assert page.locator("h1").inner_text() == "We did not do that"


def test_who_floods_the_form_learns_when_to_come_back(cloud: Cloud, open_page: OpenPages) -> None:
    page = open_page("en")
    page.goto("/?right=access")
    page.fill("#phone", "012 000 911")
    page.click(CONTINUE)
    page.click(CONTINUE)
    page.wait_for_selector("#code")
    for number in range(5):
        page.fill("#code", f"00000{number}")
        page.click("form.code button")
        page.wait_for_selector("#problem")
    page.fill("#code", "000009")
    page.click("form.code button")
    assert "Too many wrong codes. Make a new request" in page.inner_text("#problem")
    page.click('a[href$="/code"]')
    assert "At most 5 codes go to one contact in a day" in page.inner_text("main")
    for _ in range(6):
        page.click('form[action*="resend"] button')
        page.wait_for_selector("#code, #problem")
        if page.locator("#problem").count():
            break
        page.click('a[href$="/code"]')
    assert "Make a new one tomorrow" in page.inner_text("#problem")


def test_no_address_and_no_log_line_holds_what_was_typed(cloud: Cloud, crowd: Crowd, open_page: OpenPages) -> None:
    page = open_page("zh")
    watch = open_page.watch_of(page)
    person = crowd.someone()
    Somebody(page, cloud, person.phone).asks("marketing_opt_out").proves()
    urls = "\n".join(watch.addresses)
    words = Words((person.name, *phone_forms(person.phone)))
    log = [line.encode() for line in cloud.logs()]
    assert report({"addresses": [urls.encode()], "logs": log}, words) == {}
