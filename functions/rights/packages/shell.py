"""What all pages of a volume share: the frame of a page, links inside the ZIP, and names in the person's language.

No script, no address outside of the ZIP, headings in order, landmarks, a language on everything that is in another one
(WCAG 2.2 AA).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from rights.domain.rights import Locale
from rights.notices.i18n import HTML_LANG, N_, long_date, say
from rights.notices.stores import OTHER_STORE, STORE
from rights.packages.book import Book, Chapter
from rights.packages.names import NUMBERED, Names
from rights.packages.words import COLLECTION, readable

COMPLAIN = N_("You can complain to customer service, to the authority or to a court.")
_TITLE = N_("Your data at Tinh Tinh Mall")
_CSS = Path(__file__).with_name("package.css").read_text("utf-8").partition("*/")[2].strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Shell:
    """Makes pages of one volume; links are to names of its ZIP."""

    def __init__(self, book: Book, names: Names) -> None:
        self.book = book
        self._names = names
        self.locale: Locale = book.request.locale
        self.title = say(self.locale, _TITLE)

    def say(self, text: str, **values: object) -> str:
        """A text in the person's language, as HTML."""
        return escape(say(self.locale, text, **values), quote=False)

    def to(self, wanted: str, up: str) -> str:
        """The way to an entry of this ZIP from a page; `up` leads to the top (`../`)."""
        return quote(up + self._names.of(wanted))

    def store_name(self, store: str) -> str:
        """What a store is called, as HTML."""
        known = STORE.get(store)
        name = self.book.data_map.store(store).name
        return self.say(known) if known else escape(name) if name else self.say(OTHER_STORE)

    def collection_name(self, store: str, collection: str) -> str:
        """What a collection is called, as HTML; in the data map's own words where we have none."""
        known = COLLECTION.get(f"{store}/{collection}")
        return self.known(known, readable(collection))

    def known(self, words: str | None, otherwise: str) -> str:
        """Words of ours, or, in its own language, what the data map says."""
        return self.say(words) if words else f'<span lang="en">{escape(otherwise)}</span>'

    def day(self, moment: datetime) -> str:
        """A day in words."""
        return f'<time datetime="{moment.isoformat()}">{long_date(moment, self.locale)}</time>'

    def head(self, title: str, up: str) -> bytes:
        """The beginning of a page, up to its content; `title` is plain text, `up` the way to the top of the ZIP."""
        brand = f'<a href="{up}index.html">{escape(self.title)}</a>' if up else '<span lang="en">Tinh Tinh Mall</span>'
        skip = self.say(N_("Go to the content"))
        return (
            f'<!doctype html>\n<html lang="{HTML_LANG[self.locale]}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f"<title>{escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
            f'<a class="skip" href="#main">{skip}</a>\n'
            f'<header><div class="frame"><p>{brand}</p></div></header>\n<main id="main" class="frame">\n'
        ).encode()

    def foot(self) -> bytes:
        """The end of a page."""
        words = self.say(N_("This file holds personal data. Keep it where only you can read it."))
        return f'</main>\n<footer class="frame"><p class="soft">{words}</p></footer>\n</body>\n</html>\n'.encode()


def store_path(store: str) -> str:
    """Where the page of a store lies, before names are made safe."""
    return f"pages/{store}.html"


def record_path(chapter: Chapter, number: int) -> str:
    """Where a page of a long collection lies, before names are made safe."""
    return f"pages/{chapter.task.store}/{chapter.collection.name}{NUMBERED}{number}.html"


def anchor(chapter: Chapter) -> str:
    """The id of a collection on the page of its store."""
    return re.sub(r"\s", "_", chapter.collection.name)


def as_list(rows: Iterable[tuple[str, str]]) -> str:
    """Labels and what they stand for, both HTML."""
    return f"<dl>{''.join(f'<div><dt>{label}</dt><dd>{value}</dd></div>' for label, value in rows)}</dl>"
