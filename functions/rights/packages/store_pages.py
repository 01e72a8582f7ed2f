"""The pages about the stores of a volume: what is to be told of each collection, and its records to read.

What is told is what Article 15 GDPR and policy 3(1), 4 and 5(1) ask for: purpose, basis, kinds of data, source,
recipients, term.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from rights.datamap.model import Field, Retention
from rights.notices.i18n import N_, say
from rights.notices.stores import REASON, STORE
from rights.packages.book import Book, Chapter
from rights.packages.names import Names
from rights.packages.readable import Link, Reader
from rights.packages.shell import Shell, anchor, as_list, store_path
from rights.packages.words import (
    CATEGORY,
    COLLECTION,
    LEGAL_BASIS,
    PLACE,
    PURPOSE,
    RECIPIENT,
    SOURCE,
    in_words,
    nearest,
    readable,
)

ON_ONE_PAGE = 500
"""Records of a page of their own."""
INLINE = 25
"""Records that are shown on the page of their store; more get pages of their own."""


_TWO_UP = "../../"


class Section(NamedTuple):
    """A collection on the page of its store."""

    chapter: Chapter
    records: int
    """Its records in this volume."""
    shown: Iterable[bytes]
    """Those of them that are shown on this page, as HTML."""
    pages: list[str]
    """The pages that show them where they are too many for one."""


class StorePages(Shell):
    """Makes the page of each store, and the pages of its long collections."""

    def __init__(self, book: Book, names: Names) -> None:
        super().__init__(book, names)
        self.reader = Reader(self.locale)

    def store(self, store: str, sections: Iterable[Section]) -> Iterator[bytes]:
        """The page of a store, piece by piece: each collection with what is to be told of it, and its records."""
        described = self.book.data_map.store(store)
        title = say(self.locale, STORE[store]) if store in STORE else described.name or store
        place = described.rights.residency
        rows = [
            (self.say(N_("Who is responsible")), escape(described.rights.controller)),
            (self.say(N_("Kept in")), self.known(PLACE.get(place), place)),
        ]
        yield self.head(f"{title} · {self.title}", up="../")
        yield f"<h1>{escape(title)}</h1>\n<section>{as_list(rows)}</section>\n".encode()
        for section in sections:
            name = self.collection_name(*section.chapter.key)
            yield f'<section id="{escape(anchor(section.chapter))}"><h2>{name}</h2>'.encode()
            yield (
                self._about(section.chapter, section.records) + self._record_pages(section.chapter, section.pages)
            ).encode()
            yield from section.shown
            yield b"</section>\n"
        yield self.foot()

    def _about(self, chapter: Chapter, count: int) -> str:
        rights = chapter.collection.rights
        rows = [
            (N_("What for"), self.known(nearest(rights.purpose, PURPOSE), rights.purpose)),
            (N_("On what basis"), self.known(LEGAL_BASIS.get(rights.legal_basis), rights.legal_basis)),
            (N_("Kinds of data"), self._kinds(chapter)),
            (N_("Where it comes from"), self._source(rights.source)),
            (N_("Passed on to"), self._recipients(rights.recipients)),
            (N_("Kept for"), self._kept(chapter)),
            (N_("Records"), self._count(chapter, count)),
        ]
        links = self._data_links(chapter) if count or not chapter.records else ""
        return as_list([(self.say(label), value) for label, value in rows]) + links

    def _count(self, chapter: Chapter, count: int) -> str:
        if count == chapter.records:
            return f"{count:,}"
        return self.say(
            N_("{number} of {all}, the others in other volumes"), number=f"{count:,}", all=f"{chapter.records:,}"
        )

    def _kinds(self, chapter: Chapter) -> str:
        codes = (code for field in chapter.collection.fields if not field.rights.secret for code in _categories(field))
        words = dict.fromkeys(nearest(code, CATEGORY) or CATEGORY["user"] for code in codes)
        return "; ".join(self.say(word) for word in words)

    def _source(self, source: str) -> str:
        if not source:
            return self.say(N_("not recorded; ask customer service"))
        return self.known(SOURCE.get(source), source)

    def _recipients(self, recipients: Iterable[str]) -> str:
        named = [self.known(RECIPIENT.get(one), one) for one in recipients]
        return "; ".join(named) or self.say(N_("nobody"))

    def _term(self, retention: Retention) -> str:
        if retention.period:
            return in_words(retention.period, self.locale)
        return say(self.locale, N_("until we look at it again on {day}"), day=str(retention.review))

    def _kept(self, chapter: Chapter) -> str:
        retention = chapter.collection.rights.retention
        if retention is None:
            return self.say(N_("as long as you have an account, or until you ask us to delete it"))
        term, reason = self._term(retention), REASON.get(retention.reason)
        if reason:
            term = say(self.locale, N_("{term}; {reason}"), term=term, reason=say(self.locale, reason))
        return f'{escape(term)} <small lang="en">({escape(retention.source)})</small>'

    def _data_links(self, chapter: Chapter) -> str:
        endings = ("json", "csv") if self.book.is_portable else ("json",)
        links = " · ".join(
            f'<a href="{self.to(self.book.path(chapter, ending), "../")}">{ending.upper()}</a>' for ending in endings
        )
        words = self.say(N_("For programs:"))
        return f"<p>{words} {links}</p>"

    def _record_pages(self, chapter: Chapter, pages: list[str]) -> str:
        if not pages:
            return ""
        page = N_("Page {number}")
        links = "".join(
            f'<li><a href="{self.to(path, "../")}">{self.say(page, number=number)}</a></li>'
            for number, path in enumerate(pages, start=1)
        )
        what = say(self.locale, N_("Pages of records"))
        label = escape(f"{what}: {self._plain_name(chapter)}")
        words = self.say(N_("The records are on pages of their own:"))
        return f'<nav aria-label="{label}"><p>{words}</p><ul>{links}</ul></nav>'

    def records(self, chapter: Chapter, pages: list[str], place: int, shown: Iterable[bytes]) -> Iterator[bytes]:
        """One page of a long collection; `place` counts from nothing."""
        which = say(self.locale, N_("Page {number} of {all}"), number=place + 1, all=len(pages))
        plain = self._plain_name(chapter)
        yield self.head(f"{plain} · {which} · {self.title}", up=_TWO_UP)
        yield f"<h1>{self.collection_name(*chapter.key)}</h1>\n<p>{escape(which)}</p>\n".encode()
        yield self._turning(chapter, pages, place, N_("Pages"))
        yield from shown
        yield self._turning(chapter, pages, place, N_("Pages, once more"))
        yield self.foot()

    def _plain_name(self, chapter: Chapter) -> str:
        """What a collection is called, as plain text."""
        return say(self.locale, COLLECTION.get(chapter.name, "")) or readable(chapter.collection.name)

    def _turning(self, chapter: Chapter, pages: list[str], place: int, label: str) -> bytes:
        """Links to the page before, the page after, and the store's."""
        links = [(f"{self.to(store_path(chapter.task.store), _TWO_UP)}#{anchor(chapter)}", N_("Up"))]
        if place > 0:
            links.append((self.to(pages[place - 1], _TWO_UP), N_("Previous page")))
        if place + 1 < len(pages):
            links.append((self.to(pages[place + 1], _TWO_UP), N_("Next page")))
        listed = "".join(f'<li><a href="{escape(target)}">{self.say(words)}</a></li>' for target, words in links)
        return f'<nav aria-label="{self.say(label)}"><ul>{listed}</ul></nav>\n'.encode()

    def link_to_files(self, chapter: Chapter, here: set[str], up: str) -> Link:
        """The way from a page to a file of a record of this collection, if the file is in this volume."""
        folder = "/".join(chapter.key)

        def link(path: str) -> str | None:
            name = f"{folder}/{path}"
            return self.to(f"data/{name}", up) if name in here else None

        return link


def _categories(field: Field) -> Iterator[str]:
    yield from field.data_categories
    for inner in field.fields:
        yield from _categories(inner)
