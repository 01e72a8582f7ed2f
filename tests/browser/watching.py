"""Pages that are watched while somebody uses them: what they load, and whatever a browser objects to."""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

LOCALES = {"km": "km-KH", "zh": "zh-CN", "en": "en-GB"}
Scheme = Literal["light", "dark"]


@dataclass
class Watch:
    """What happened in one context."""

    host: str
    addresses: list[str] = field(default_factory=list)
    """Every address that was asked for."""
    foreign: list[str] = field(default_factory=list)
    """Requests to another host than the mall's, and than the bucket a file was fetched from on purpose."""
    complaints: list[str] = field(default_factory=list)
    """What the browser objected to: breaches of the content policy, scripts that raised."""
    may_fetch: set[str] = field(default_factory=set)
    """Further hosts a test means to reach."""

    def follow(self, context: BrowserContext) -> None:
        """Listen to everything in a context."""
        context.on("request", self._requested)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))

    def _requested(self, request: Request) -> None:
        self.addresses.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc not in {self.host, *self.may_fetch}:
            self.foreign.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        # A page that is refused (404, 422) is an error line too: what the test asked for, not what a page did.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


class OpenPages:
    """Opens pages, each in a context of its own, and watches them; one for each test."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser = browser
        self._base_url = base_url
        self._contexts: list[tuple[BrowserContext, Watch]] = []

    def __call__(
        self,
        language: str = "en",
        width: int = 1200,
        *,
        height: int = 900,
        javascript: bool = True,
        scheme: Scheme = "light",
        **more: Any,
    ) -> Page:
        """A page with nothing loaded yet; further options go to Playwright's `new_context`."""
        context = self._browser.new_context(
            base_url=self._base_url,
            locale=LOCALES[language],
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            color_scheme=scheme,
            timezone_id="Asia/Phnom_Penh",
            **more,
        )
        context.set_default_timeout(120_000)
        watch = Watch(urlsplit(self._base_url).netloc)
        watch.follow(context)
        self._contexts.append((context, watch))
        return context.new_page()

    def watch_of(self, page: Page) -> Watch:
        """What is known of the context of a page."""
        return next(watch for context, watch in self._contexts if context == page.context)

    def close(self) -> None:
        """Close everything; fails on whatever was wrong."""
        for context, _ in self._contexts:
            context.close()
        watches = [watch for _, watch in self._contexts]
        assert [line for watch in watches for line in watch.complaints] == []
        assert [url for watch in watches for url in watch.foreign] == []
