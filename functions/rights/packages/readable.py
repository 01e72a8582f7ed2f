"""A record as a person reads it: names in words, dates in words, lists as lists; as HTML, one record at a time."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any

import orjson

from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Locale
from rights.notices.i18n import N_, long_date, say
from rights.packages.words import FIELD, readable
from rights.stores.shape import MASK

Link = Callable[[str], str | None]
"""The way from the page to a file of the record, by its path below the collection; `None` if it is not in this ZIP."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?")
_LONG_NUMBER = re.compile(rb"\d{16}")


def record_of(line: bytes) -> dict[str, Any]:
    """The record of a line, its numbers exactly: orjson makes floats of integers that 64 bits cannot hold."""
    if _LONG_NUMBER.search(line) is None:
        try:
            fast: dict[str, Any] = orjson.loads(line)
        except orjson.JSONDecodeError:
            pass
        else:
            return fast
    slow: dict[str, Any] = json.loads(line)
    return slow


class Reader:
    """Renders records in one language."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._labels: dict[str, str] = {}
        self._words = {
            word: escape(say(locale, word))
            for word in (_YES, _NO, _NOTHING, _MASKED, _GONE, _ELSEWHERE, _SIZE, _RECORD)
        }

    def render(self, record: Mapping[str, Any], number: int, level: int, link: Link) -> bytes:
        """One record as an article; `level` is that of its heading."""
        rows = "".join(
            self._files(value, link) if name == "files" and isinstance(value, list) else self._row(name, value)
            for name, value in record.items()
        )
        title = self._words[_RECORD].format(number=number)
        return f'<article id="r{number}"><h{level}>{title}</h{level}>\n<dl>{rows}</dl></article>\n'.encode()

    def label(self, name: str) -> str:
        """What a field is called, as HTML: in the person's language, or as the data map has it."""
        if name not in self._labels:
            known = name in FIELD
            words = escape(say(self._locale, FIELD[name]) if known else readable(name))
            self._labels[name] = words if known else f'<span lang="en">{words}</span>'
        return self._labels[name]

    def _row(self, name: str, value: Any) -> str:
        return f"<div><dt>{self.label(name)}</dt><dd>{self._value(value)}</dd></div>"

    def _value(self, value: Any) -> str:  # noqa: PLR0911 - one answer per type
        if value is None or value in ("", [], {}):
            return self._words[_NOTHING]
        match value:
            case bool():
                return self._words[_YES if value else _NO]
            case int() | float():
                return str(value)
            case str():
                return self._text(value)
            case dict():
                return f"<dl>{''.join(self._row(str(name), part) for name, part in value.items())}</dl>"
            case list():
                return f"<ul>{''.join(f'<li>{self._value(part)}</li>' for part in value)}</ul>"
            case _:
                return escape(str(value), quote=False)

    def _text(self, text: str) -> str:
        if text == MASK:
            return f"{MASK} <small>{self._words[_MASKED]}</small>"
        if (
            text[:4].isascii()
            and text[:4].isdigit()
            and len(text) <= _LONGEST_MOMENT
            and (when := _when(text, self._locale))
        ):
            return when
        return f'<span class="text">{escape(text, quote=False)}</span>' if "\n" in text else escape(text, quote=False)

    def _files(self, files: list[Any], link: Link) -> str:
        shown = "".join(f"<li>{self._file(file, link)}</li>" for file in files if isinstance(file, dict))
        return f"<div><dt>{self.label('files')}</dt><dd><ul>{shown}</ul></dd></div>"

    def _file(self, file: Mapping[str, Any], link: Link) -> str:
        if file.get("gone"):
            return self._words[_GONE]
        path = str(file.get("path", ""))
        name = escape(path.rpartition("/")[2])
        size = f" <small>({self._words[_SIZE].format(number=file.get('size', 0))})</small>"
        target = link(path)
        if target is None:
            return f"{name}{size}: {self._words[_ELSEWHERE]}"
        return f'<a href="{escape(target)}">{name}</a>{size}'


_LONGEST_MOMENT = 40
_YES = N_("yes")
_NO = N_("no")
_NOTHING = N_("nothing")
_MASKED = N_("(belongs to somebody else)")
_GONE = N_("This file was deleted before it could be handed over.")
_ELSEWHERE = N_("in another volume of this package")
_SIZE = N_("{number} bytes")
_RECORD = N_("Record {number}")


@lru_cache(maxsize=4096)
def _when(text: str, locale: Locale) -> str | None:
    """A day or a moment in words, with the exact value beside it for machines; `None` for any other text."""
    try:
        if _DAY.fullmatch(text):
            return f'<time datetime="{text}">{long_date(date.fromisoformat(text), locale)}</time>'
        if not _MOMENT.fullmatch(text):
            return None
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Without a zone it is the mall's own.
    at = moment if moment.tzinfo else moment.replace(tzinfo=MALL_TIME)
    shown = at.astimezone(MALL_TIME)
    return f'<time datetime="{escape(text)}">{long_date(shown, locale)}, {shown:%H:%M}</time>'
