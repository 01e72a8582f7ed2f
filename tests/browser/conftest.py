"""The pages in Chromium, against the local cloud that all tests of a process share (`tests/conftest.py`).

`open_page` gives a page of its own browser context; what it may not do (break the content policy, call another host,
raise) is looked at when the test ends. `keep` keeps a screenshot, `axe` says what an assistive technology would meet.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from local.cloud import Cloud
from tests.browser.accessibility import violations
from tests.browser.watching import OpenPages

Axe = Callable[[Page], list[str]]
Keep = Callable[[Page, str], Path]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    "--force-color-profile=srgb",
)
"""Chromium as it is alone in the world: nothing goes out that no page asked for. Root needs `--no-sandbox`."""

KEPT = Path(__file__).parents[2] / "artifacts" / "browser"
"""Where the screenshots of the last run lie."""


@pytest.fixture(scope="session", autouse=True)
def chromium_path() -> str:
    """The Chromium of this machine; without one the tests are skipped, or fail where `REQUIRE_CHROMIUM` is set."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found and Path(found).exists():
        return found
    message = "Chromium is not installed: `apt-get install chromium`, or set CHROMIUM to where it is"
    if os.environ.get("REQUIRE_CHROMIUM"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="package")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """The browser; it ends with the last of these tests, and its event loop with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, cloud: Cloud) -> Iterator[OpenPages]:
    """Opens pages: `open_page(language="km", width=360, javascript=False, scheme="dark")`.

    Each has cookies of its own, and addresses may be paths (`page.goto("/")`). Afterwards nothing may have been wrong.
    """
    pages = OpenPages(chromium, cloud.base_url)
    yield pages
    pages.close()


@pytest.fixture
def axe() -> Axe:
    """Every violation of WCAG 2.2 A and AA, and of axe's good practices, on a page: none is wanted."""
    return violations


@pytest.fixture
def keep() -> Keep:
    """Keeps a screenshot of the whole page under `artifacts/browser`, named by what it shows, language and width."""

    def keep(page: Page, name: str) -> Path:
        shown = page.evaluate(
            "[document.documentElement.lang, innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
        )
        language, width, dark = shown
        path = KEPT / f"{name}-{language}-{width}{'-dark' if dark else ''}.png"
        page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    return keep
