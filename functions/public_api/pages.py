"""The pages: Jinja templates in three languages, and the fingerprinted files they link to."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rights.domain.rights import Locale
from rights.notices.i18n import HTML_LANG, LANGUAGE_NAMES, clock_time, long_date, say

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class StaticFile(NamedTuple):
    """A file as it is served: the name carries its fingerprint, so it may be kept for ever."""

    name: str
    content_type: str
    body: str


@cache
def static_files() -> dict[str, StaticFile]:
    """The static files by the name they are served under."""
    files = {}
    for path in sorted((_HERE / "static").iterdir()):
        body = path.read_text("utf-8")
        name = f"{path.stem}.{hashlib.sha256(body.encode()).hexdigest()[:12]}{path.suffix}"
        files[name] = StaticFile(name, _TYPES[path.suffix], body)
    return files


class Pages:
    """Renders pages whose links all stay under the base URL's path."""

    def __init__(self, base_url: str) -> None:
        self.prefix = urlsplit(base_url).path.rstrip("/")
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["at"] = clock_time
        self._environment.globals |= {"url": self.url, "static": self.static, "languages": LANGUAGE_NAMES}

    def url(self, path: str) -> str:
        """A link to a path of ours."""
        return self.prefix + path

    def here(self, path: str) -> str:
        """A link to the path of a call, which a custom domain leaves the prefix in; never to another host."""
        inside = path[len(self.prefix) :] if f"{path}/".startswith(f"{self.prefix}/") else path
        # What begins with two slashes, or what browsers take for them, would name a host.
        return self.url("/" + quote(inside.lstrip("/\\"), safe="/%:@!$&'()*+,;=", errors="replace"))

    def static(self, file: str) -> str:
        """A link to a static file, by the name it has in the repository."""
        stem, _, suffix = file.partition(".")
        name = next(n for n in static_files() if n.startswith(f"{stem}.") and n.endswith(f".{suffix}"))
        return self.url(f"/static/{name}")

    def render(self, template: str, locale: Locale, values: Mapping[str, Any]) -> str:
        """A page in one language."""

        def words(moment: datetime | date) -> str:
            return long_date(moment, locale)

        shell = {"locale": locale, "html_lang": HTML_LANG, "t": partial(say, locale), "day": words}
        return self._environment.get_template(f"{template}.html.j2").render(shell | dict(values))
