"""Operators at the console: signed in as sample operators of the local cloud are, with a click."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

from local.cloud import Cloud
from tests.browser.watching import OpenPages, Scheme
from tests.workflow.waiting import eventually


@dataclass(frozen=True)
class Console:
    """The console in one browser."""

    page: Page

    def opens(self, request_id: str, rest: str = "") -> "Console":
        """Go to a request."""
        self.page.goto(f"/ops/requests/{request_id}{rest}")
        return self

    def presses(self, words: str) -> "Console":
        """Press the button that begins with these words."""
        self.page.locator("main button", has_text=words).first.click()
        self.page.wait_for_load_state()
        return self

    @property
    def said(self) -> str:
        """What the page says was done, or what is wrong."""
        return self.page.locator(".flash, .problem").first.inner_text()

    @property
    def next(self) -> str:
        """The one thing that comes next, as the page says on top."""
        return self.page.locator(".next").first.inner_text()

    def waits_for(self, request_id: str, words: str, rest: str = "") -> None:
        """Load the page of a request until it says this."""

        def there() -> bool:
            self.opens(request_id, rest)
            return words in self.page.locator("main").inner_text()

        eventually(there, f"“{words}” on the page")


def signed_in(
    open_page: OpenPages,
    cloud: Cloud,
    name: str,
    width: int = 1200,
    *,
    javascript: bool = True,
    scheme: Scheme = "light",
) -> Console:
    """A browser in which a sample operator has signed in, by way of the pool's page on its own host."""
    page = open_page("en", width, javascript=javascript, scheme=scheme)
    open_page.watch_of(page).may_fetch.add(f"localhost:{urlsplit(cloud.base_url).port}")
    page.goto("/ops")
    page.locator("button", has_text=name).first.click()
    page.wait_for_url("**/ops")
    page.wait_for_selector("main h1")
    return Console(page)
