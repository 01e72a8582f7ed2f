"""The console's pages: Jinja templates, and the fingerprinted files they link to."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from operator_api.console import times, words

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}

WORDS = {
    name.lower(): value
    for name, value in vars(words).items()
    if name.isupper() and isinstance(value, (dict, frozenset))
}


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
        self._environment.filters |= {
            "at": times.at,
            "brief": times.brief,
            "day": times.day,
            "number": "{:,}".format,
            "clock": times.clock,
            "named": _named,
        }
        self._environment.globals |= {
            "url": self.url,
            "static": self.static,
            "query": query,
            "say": words.say,
            "tone": words.tone,
            "some": words.some,
            "words": WORDS,
        }

    def url(self, path: str) -> str:
        """A link to a path of ours."""
        return self.prefix + path

    def static(self, file: str) -> str:
        """A link to a static file, by the name it has in the repository."""
        stem, _, suffix = file.partition(".")
        name = next(n for n in static_files() if n.startswith(f"{stem}.") and n.endswith(f".{suffix}"))
        return self.url(f"/ops/static/{name}")

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """A page, or a part of one."""
        return self._environment.get_template(f"{template}.html.j2").render(dict(values))


def _named(codes: Iterable[str], named: Mapping[str, str]) -> list[tuple[str, str]]:
    """Codes with their words, for a list to choose from."""
    return [(code, words.say(named, code)) for code in codes]


def query(path: str, given: Mapping[str, Any], **changes: Any) -> str:
    """An address with its query, some of it changed; what is empty is left out."""
    merged = {name: value for name, value in {**given, **changes}.items() if value not in {None, ""}}
    return f"{path}?{urlencode(merged)}" if merged else path
