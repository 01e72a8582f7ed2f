"""The first page, as a browser shows it."""

import pytest

from tests.browser.conftest import Axe, Keep
from tests.browser.watching import OpenPages


@pytest.mark.parametrize("language", ["km", "zh", "en"])
def test_the_start_page_comes_in_the_language_of_the_browser(
    open_page: OpenPages, axe: Axe, keep: Keep, language: str
) -> None:
    page = open_page(language, 360)
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-Hans"}.get(language, language)
    assert axe(page) == []
    keep(page, "start")
