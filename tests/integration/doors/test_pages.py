"""The pages: whole without JavaScript, in three languages, and strict about what a browser may do."""

import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from public_api.pages import Pages
from rights import status_token
from rights.domain.rights import Operation, Right
from tests.integration.doors.conftest import BASE_URL, EMAIL, PHONE, Door, Person, Reply

FORM = {"right": "access", "phone": "012 345 678", "email": "", "nonce": "n" * 24, "lang": "en"}
SAME = {"Sec-Fetch-Site": "same-origin"}
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Markup(HTMLParser):
    """Fails on tags that are not closed in order; collects links and form targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self.headings += [tag] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def every_page(person: Person) -> list[Reply]:
    """One of each page, in each of its states."""
    pages = [
        person.door("GET", "/", html=True),
        *(person.door("GET", f"/?right={right}", html=True) for right in Right),
        person.door("POST", "/ask/right", form={"right": "access"}, html=True),
        person.door("POST", "/ask/check", form=FORM, html=True),
        person.door("POST", "/requests", form={"nonce": "n"}, html=True),
        person.asks().call("GET", html=True),
        person.call("POST", "/code", form={"code": "000000"}, html=True),
        person.call("GET", "/withdraw", html=True),
        person.call("GET", token=None, html=True),
        person.door("GET", "/nowhere", html=True),
    ]
    pages.append(person.proves().call("GET", html=True))
    pages.append(person.is_answered().call("GET", html=True))
    pages.append(person.call("GET", "/package", html=True))
    person.gets_mail()
    cookies = person.call("POST", "/package", form={"code": "123456"}, html=True).cookies
    pages.append(person.call("GET", "/package", html=True, cookies=cookies))
    pages.append(person.asks(right="deletion").proves().is_answered(Operation.ERASE).call("GET", html=True))
    pages.append(person.call("GET", "/certificate", html=True))
    return pages


def test_every_page_is_well_made_and_carries_the_security_headers(person: Person) -> None:
    for page in every_page(person):
        markup = Markup(page.text)
        assert markup.headings.count("h1") == 1
        assert page.header("Content-Type") == "text/html; charset=utf-8"
        assert "form-action 'self'" in page.header("Content-Security-Policy")
        assert page.header("Referrer-Policy") == "same-origin"
        assert page.header("Cache-Control") == "no-store"
        assert len(gzip.compress(page.text.encode())) < 14_000


def test_no_page_holds_anything_inline_or_foreign(person: Person) -> None:
    for page in every_page(person):
        assert not re.search(r"<script|<style| style=| on\w+=|javascript:", page.text)
        for target in Markup(page.text).targets:
            assert target.startswith(("/prod/", "#", BASE_URL, "https://packages.s3")), target


def test_the_style_sheet_fits_the_budget() -> None:
    [sheet] = [file for name, file in Pages(BASE_URL).files.items() if name.endswith(".css")]
    assert len(gzip.compress(sheet.body.encode())) <= 8_000


def test_no_address_and_no_page_holds_personal_data_but_what_was_typed(person: Person) -> None:
    for page in every_page(person):
        assert PHONE not in page.text
        assert "12345678" not in page.text.replace("X-Amz", "")


@pytest.mark.parametrize(("lang", "html_lang"), [("km", "km"), ("zh", "zh-Hans"), ("en", "en")])
def test_pages_come_in_the_language_one_asks_for_and_keep_it(door: Door, lang: str, html_lang: str) -> None:
    page = door("GET", f"/?lang={lang}", html=True)
    assert f'<html lang="{html_lang}">' in page.text
    assert page.header("Content-Language") == html_lang
    again = door("GET", "/", html=True, cookies=page.cookies)
    assert f'<html lang="{html_lang}">' in again.text


@pytest.mark.parametrize("before", ["", "/prod"])
@pytest.mark.parametrize("rest", ["/nowhere", "/requests/{id}/withdraw", "/stop/{stop}"])
def test_language_links_lead_to_the_page_itself_also_below_a_custom_domain(
    person: Person, before: str, rest: str
) -> None:
    person.asks().proves()
    stop = status_token.issue_stop(person.ledger.hmac, person.request_id)
    place = rest.format(id=person.request_id, stop=stop)
    page = person.door("GET", before + place, html=True, cookies={"status": person.link, "lang": "en"})
    assert languages(page) == {f"/prod{place}?lang=km", f"/prod{place}?lang=zh"}


@pytest.mark.parametrize("base_url", ["https://mall.example", "https://mall.example/prod"])
@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example/x", "///evil.example", "/\\evil.example", "/\t/evil.example", "/prod//evil.example"),
        "/production",
    ],
)
def test_no_language_link_leads_to_another_host(base_url: str, path: str) -> None:
    here = Pages(base_url).here(path)
    prefix = urlsplit(base_url).path
    assert here.startswith(f"{prefix}/")
    assert not here.startswith(("//", "/\\"))
    assert not re.search(r"[\s\\]", here)
    assert urlsplit(urljoin(f"{base_url}/", here)).hostname == "mall.example"


def languages(page: Reply) -> set[str]:
    return set(re.findall(r'href="([^"]*\?lang=(?:km|zh))"', page.text))


def test_without_a_wish_pages_are_in_khmer(door: Door) -> None:
    assert '<html lang="km">' in door("GET", "/", html=True).text
    assert '<html lang="zh-Hans">' in door("GET", "/", html=True, headers={"Accept-Language": "zh-TW, en"}).text


def test_a_sent_form_leads_to_the_status_page_and_keeps_the_token_out_of_the_address(door: Door) -> None:
    sent = door("POST", "/requests", form=FORM, html=True, headers=SAME)
    place = sent.header("Location")
    assert sent.status == 303
    assert re.fullmatch(re.escape(BASE_URL) + r"/requests/[0-9A-Z]{26}", place)
    for line in sent.headers["Set-Cookie"]:
        assert line.endswith(f"Path={place.removeprefix('https://mall.example')}; HttpOnly; Secure; SameSite=Lax")
    page = door("GET", place.removeprefix(BASE_URL), html=True, cookies=sent.cookies)
    assert page.status == 200
    assert "012 345 678" in page.text


def test_a_form_sent_twice_is_one_request(door: Door) -> None:
    first, again = (door("POST", "/requests", form=FORM, html=True, headers=SAME) for _ in range(2))
    assert first.header("Location") == again.header("Location")


def test_a_refused_form_comes_back_with_its_answers_and_says_what_to_do(door: Door) -> None:
    page = door("POST", "/requests", form=FORM | {"phone": '"><b>12'}, html=True, headers=SAME)
    assert page.status == 422
    assert "<title>Error: " in page.text
    assert 'role="alert"' in page.text
    assert 'href="#phone"' in page.text
    assert 'value="&#34;&gt;&lt;b&gt;12"' in page.text
    assert '<input type="hidden" name="right" value="access">' in page.text
    assert "Enter a phone number" in page.text


def test_the_kept_link_opens_the_status_page_anywhere(person: Person) -> None:
    page = person.asks().call("GET", html=True)
    link = re.search(r'href="(https://mall\.example/prod/s/[^"]+)"', page.text)
    assert link
    opened = person.door("GET", link[1].removeprefix(BASE_URL), html=True)
    assert opened.status == 303
    place = opened.header("Location").removeprefix(BASE_URL)
    assert place == f"/requests/{person.request_id}"
    assert person.door("GET", place, html=True, cookies=opened.cookies).status == 200


def test_a_code_form_leads_back_to_the_status_page(person: Person) -> None:
    sent = person.asks().call("POST", "/code", form={"code": "123456"}, html=True, headers=SAME)
    assert (sent.status, sent.header("Location")) == (303, f"{BASE_URL}/requests/{person.request_id}?done=proven")


def test_a_wrong_code_is_said_beside_the_field(person: Person) -> None:
    page = person.asks(locale="zh").call("POST", "/code", form={"code": "000000"}, html=True)
    assert page.status == 422
    assert "还可尝试 4 次" in page.text
    assert 'aria-invalid="true"' in page.text


def test_one_proven_contact_of_two_offers_to_go_on(person: Person) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL})
    assert 'name="proceed"' not in person.call("GET", html=True).text
    person.call("POST", "/code", form={"code": "123456"})
    assert 'name="proceed"' in person.call("GET", html=True).text
    sent = person.call("POST", "/code", form={"proceed": "true"}, html=True)
    assert sent.header("Location").endswith("?done=proven")


def test_a_damaged_echo_cookie_shows_nothing_and_breaks_nothing(person: Person) -> None:
    person.asks()
    for value in ("%%%", "e30", "WzFd", "x"):
        cookies = {"status": person.link, "typed": value}
        assert person.call("GET", html=True, token=None, cookies=cookies).status == 200


def test_a_download_page_holds_a_link_and_no_form_leads_to_the_bucket(person: Person) -> None:
    person.asks().proves().is_answered().call("GET", "/package", html=True)
    person.gets_mail()
    sent = person.call("POST", "/package", form={"code": "123456"}, html=True)
    assert (sent.status, sent.header("Location")) == (303, f"{BASE_URL}/requests/{person.request_id}/package")
    assert sent.headers["Set-Cookie"][0].split("Path=")[1].startswith(f"/prod/requests/{person.request_id}/package;")


def test_static_files_are_named_by_their_content_and_kept_for_ever(door: Door) -> None:
    page = door("GET", "/", html=True).text
    for pattern, content_type in (
        (r"/prod(/static/site\.\w{12}\.css)", "text/css"),
        (r"/prod(/static/icon\.\w{12}\.svg)", "image/svg"),
    ):
        name = re.search(pattern, page)
        assert name
        file = door("GET", name[1])
        assert file.header("Content-Type").startswith(content_type)
        assert "immutable" in file.header("Cache-Control")
