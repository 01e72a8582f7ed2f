"""A person in each language, on a small phone, without JavaScript: files, verifies, follows, downloads."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from local.cloud import Cloud
from tests.browser.conftest import Keep
from tests.browser.people import Somebody, fits
from tests.browser.watching import OpenPages
from tests.support.crowd import Crowd
from tests.workflow.package import Package

pytestmark = pytest.mark.browser
GET_MY_DATA = 'a.button[href$="/package"]'
DOWNLOAD = 'a.button[href$="/package/1"]'


@pytest.mark.parametrize("language", ["km", "zh", "en"])
def test_a_person_files_verifies_follows_and_downloads(
    cloud: Cloud, crowd: Crowd, open_page: OpenPages, keep: Keep, language: str
) -> None:
    def look(page: Page, name: str) -> None:
        assert fits(page), name
        assert page.locator("h1").count() == 1, name
        keep(page, f"journey-{name}")

    page = open_page(language, 320, height=640, javascript=False)
    somebody = Somebody(page, cloud, crowd.someone("orders").phone, look).asks()
    page.click('a[href$="/code"]')
    somebody.sees("no-code")
    page.go_back()
    somebody.proves().checks_again_until(GET_MY_DATA)
    assert page.locator(".card").count() > 5
    somebody.sees("completed")
    page.click(GET_MY_DATA)
    somebody.sees("package-code")
    somebody.enters(somebody.gets_code())
    page.wait_for_selector(DOWNLOAD)
    somebody.sees("package")
    # The link is signed at the click and leads straight to the bucket.
    open_page.watch_of(page).may_fetch.add(urlsplit(cloud.emulator.endpoint).netloc)
    with page.expect_download() as download:
        page.click(DOWNLOAD)
    assert download.value.suggested_filename.endswith(".zip")
    is_the_package_of(Path(download.value.path()), somebody.phone, language)


def is_the_package_of(file: Path, phone: str, language: str) -> None:
    package = Package(file.read_bytes())
    tag = {"zh": "zh-Hans"}.get(language, language)
    assert f'<html lang="{tag}">' in package.entries["index.html"].decode()
    [account] = package.records["accounts/accounts"]
    assert phone in json.dumps(account)
    assert package.manifest


def test_what_a_journey_costs_on_a_slow_line(cloud: Cloud, crowd: Crowd, open_page: OpenPages) -> None:
    """UX 88: three requests cold, one warm, nothing but our own; 60 KB from the first page to the status."""
    page = open_page("km", 360)
    pages: list[int] = []

    def look(page: Page, name: str) -> None:
        loaded: list[tuple[str, int]] = page.evaluate(
            "performance.getEntries().filter(one => one.transferSize).map(one => [one.name, one.transferSize])"
        )
        assert len(loaded) <= (3 if name == "start" else 1), loaded
        pages.append(sum(size for _, size in loaded))

    Somebody(page, cloud, crowd.someone().phone, look).asks().proves()
    assert max(pages[1:]) <= 14_000, pages
    assert min(pages) > 1_000, pages
    assert sum(pages) <= 60_000, pages
