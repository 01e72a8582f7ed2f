"""The console's pages: what their templates know."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from operator_api.console import times, words
from rights.web_pages import WebPages

WORDS = {
    name.lower(): value
    for name, value in vars(words).items()
    if name.isupper() and isinstance(value, (dict, frozenset))
}


def _named(codes: Iterable[str], named: Mapping[str, str]) -> list[tuple[str, str]]:
    """Codes with their words, for a list to choose from."""
    return [(code, words.say(named, code)) for code in codes]


def query(path: str, given: Mapping[str, Any], **changes: Any) -> str:
    """An address with its query, some of it changed; what is empty is left out."""
    merged = {name: value for name, value in {**given, **changes}.items() if value not in {None, ""}}
    return f"{path}?{urlencode(merged)}" if merged else path


_FILTERS = {
    "at": times.at,
    "brief": times.brief,
    "day": times.day,
    "number": "{:,}".format,
    "clock": times.clock,
    "named": _named,
}
_KNOWN = {"query": query, "say": words.say, "tone": words.tone, "some": words.some, "words": WORDS}


def pages(base_url: str) -> WebPages:
    """The pages, under the path of the base URL."""
    return WebPages(Path(__file__).parent, base_url, "/ops/static", filters=_FILTERS, words=_KNOWN)
