"""The public door's pages, in three languages."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rights.domain.rights import Locale
from rights.notices.i18n import HTML_LANG, LANGUAGE_NAMES, clock_time, long_date, say
from rights.web_pages import WebPages


class Pages(WebPages):
    """Renders pages in the reader's language."""

    def __init__(self, base_url: str) -> None:
        filters, words = {"at": clock_time}, {"languages": LANGUAGE_NAMES}
        super().__init__(Path(__file__).parent, base_url, "/static", filters=filters, words=words)

    def here(self, path: str) -> str:
        """A link to the path of a call, which a custom domain leaves the prefix in; never to another host."""
        inside = path[len(self.prefix) :] if f"{path}/".startswith(f"{self.prefix}/") else path
        # What begins with two slashes, or what browsers take for them, would name a host.
        return self.url("/" + quote(inside.lstrip("/\\"), safe="/%:@!$&'()*+,;=", errors="replace"))

    def in_language(self, locale: Locale, template: str, values: Mapping[str, Any]) -> str:
        """A page in one language."""

        def words(moment: datetime | date) -> str:
            return long_date(moment, locale)

        shell = {"locale": locale, "html_lang": HTML_LANG, "t": partial(say, locale), "day": words}
        return self.render(template, shell | dict(values))
