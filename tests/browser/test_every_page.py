"""Every page of people in every language, light and dark, narrow and wide: no violation, nothing that does not fit."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.sync_api import Page

from local.cloud import Cloud
from tests.browser.conftest import Axe, Keep
from tests.browser.people import CONTINUE, fits
from tests.browser.watching import OpenPages, Scheme
from tests.support.crowd import Crowd
from tests.workflow.acting import guardian
from tests.workflow.asking import Asking, Public
from tests.workflow.controls import Operator
from tests.workflow.waiting import eventually

pytestmark = pytest.mark.browser
LOOKS = [("km", 360, "light"), ("en", 640, "light"), ("zh", 1200, "dark")]
"""A phone; a window of 1280 at 200 %; a wide window by night."""


@dataclass
class Places:
    """Pages by name, and the cookies that open them: path of the cookie to name and value."""

    paths: dict[str, str] = field(default_factory=dict)
    cookies: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, asking: Asking, pages: dict[str, str], *, knows: bool = True) -> None:
        """Pages of a request, opened as somebody who has the link, and (`knows`) has entered a code lately."""
        path = f"/requests/{asking.id}"
        self.paths |= {name: f"{path}{rest}" for name, rest in pages.items()}
        self.cookies.append((path, "status", asking.link.rpartition("/")[2]))
        if knows:
            self.cookies.append((path, "look", passed(asking, "look", "look")))


def passed(asking: Asking, page: str, cookie: str) -> str:
    """The pass that a browser gets for a fresh code."""
    known, heads = set(asking.sent_codes()), {"Accept": "text/html"} | asking.bearer
    address = f"{asking.reply.url}/{asking.id}/{page}"
    first = httpx.post(address, data={"resend": "true"}, headers=heads)
    assert first.status_code == httpx.codes.SEE_OTHER, first.text
    answer = httpx.post(address, data={"code": asking.another_code(known)}, headers=heads)
    return answer.cookies.get(cookie) or answer.headers["Set-Cookie"].partition(f"{cookie}=")[2].partition(";")[0]


@pytest.fixture(scope="module")
def places(cloud: Cloud, crowd: Crowd) -> Iterator[Places]:
    """One request for each state that a page can be in."""
    public, operator, places = Public(cloud), Operator(cloud, f"bora-{os.getpid()}", "operator"), Places()
    exported = public.ask("access", phone=crowd.someone("orders").phone).prove()
    opted_out = public.ask("marketing_opt_out", phone=crowd.someone().phone).prove()
    closing = public.ask("account_closure", phone=crowd.someone("orders").phone).prove()
    complaint = public.ask("complaint", phone=crowd.someone().phone, message="Why do you call me?").prove()
    case = public.ask("deletion", "access", phone=crowd.someone("orders").phone)
    acting = public.ask("access", phone=crowd.someone().phone, requester=guardian(phone="+85512777001")).prove()
    places.add(case, {"code": "", "no-code": "/code", "withdraw": "/withdraw"}, knows=False)
    places.add(acting, {"acting": "", "evidence": "/evidence"})
    offered = acting.call("POST", "/evidence", json={"kind": "identity_document", "content_type": "image/jpeg"}).json()
    places.paths["upload"] = f"/requests/{acting.id}/evidence/{offered['number']}"
    eventually(lambda: operator.finds(complaint.id, "in_review"), "complaint in review")
    assert operator.decide(complaint.id, "ask", text="Which number called you?").status_code == httpx.codes.OK
    places.add(complaint, {"question": ""})
    closing.until("confirm_needed")
    places.add(closing, {"confirm-needed": "", "confirm": "/confirm"})
    opted_out.until_told("completed")
    places.add(opted_out, {"opted-out": "", "certificate": "/certificate"})
    exported.until_told("completed")
    places.add(exported, {"completed": "", "package": "/package"})
    package = f"/requests/{exported.id}/package"
    exported.call("GET", "/package")
    places.cookies.append((package, "package", passed(exported, "package", "package")))
    stranger = public.ask("access", phone=crowd.someone().phone).prove()
    stranger.until_told("completed")
    places.add(stranger, {"link-only": "", "look": "/look", "package-code": "/package"}, knows=False)
    places.paths |= {"start": "/", "find": "/find", "not-found": "/nowhere", "no-link": f"/requests/{'A' * 26}"}
    places.paths |= {f"details-{right}": f"/?right={right}" for right in ("deletion", "correction", "complaint")}
    yield places
    public.http.close()
    operator.http.close()


@pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)
def test_every_page_is_for_everybody(  # noqa: PLR0917 - what is looked at, how, and with what
    places: Places, open_page: OpenPages, axe: Axe, keep: Keep, language: str, width: int, scheme: Scheme
) -> None:
    page = open_page(language, width, scheme=scheme)
    give_cookies(page, places, language)
    for name, path in places.paths.items():
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == {"zh": "zh-Hans"}.get(language, language), name
        is_good(page, name, axe, keep)
    page.goto("/find")
    page.fill("#reference", "K7QM-2F4D")
    page.fill("#phone", "012 345 678")
    page.click(CONTINUE)
    is_good(page, "find-code", axe, keep)
    page.fill("#code", "12")
    page.click(CONTINUE)
    is_good(page, "find-code-wrong", axe, keep)
    page.goto("/?right=deletion")
    page.fill("#phone", "12")
    page.click(CONTINUE)
    is_good(page, "details-wrong", axe, keep)
    page.fill("#phone", "012 345 678")
    page.click(CONTINUE)
    is_good(page, "check", axe, keep)


def is_good(page: Page, name: str, axe: Axe, keep: Keep) -> None:
    keep(page, name)
    assert axe(page) == [], name
    assert fits(page), name
    assert page.locator("h1").count() == 1, name


def give_cookies(page: Page, places: Places, language: str) -> None:
    """What the browser of somebody has who came here before."""
    echo = base64.urlsafe_b64encode(json.dumps(["012 345 678"]).encode()).decode().rstrip("=")
    typed = [(path, "typed", echo) for path, name, _ in places.cookies if name == "status"]
    cookies = [*places.cookies, *typed, ("/", "lang", language)]
    page.context.add_cookies(
        [{"name": name, "value": value, "domain": "127.0.0.1", "path": path} for path, name, value in cookies]
    )
