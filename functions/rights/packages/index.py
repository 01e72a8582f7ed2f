"""The index of a volume: what it is, what is in it and where, what was left out, and the person's rights."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from rights.clock import parse
from rights.notices.grounds import GROUND
from rights.notices.i18n import N_, say
from rights.packages.book import Chapter
from rights.packages.shell import COMPLAIN, Shell, anchor, as_list, store_path
from rights.status_token import reference

_PROFILES = "profiling"


class Index(Shell):
    """Makes the index."""

    def pages(self) -> Iterator[bytes]:
        """The first page: what this is, what is in it and where, what was left out, and the person's rights."""
        yield self.head(self.title, up="")
        yield f"<h1>{escape(self.title)}</h1>\n<section>{self._facts()}</section>\n".encode()
        for section in (
            self._other_volumes(),
            self._left_out(),
            self._contents(),
            self._how_to_read(),
            self._profiles(),
            self._rights(),
        ):
            yield section.encode()
        yield self.foot()

    def _facts(self) -> str:
        book = self.book
        controllers = sorted({book.data_map.store(task.store).rights.controller for task in book.tasks})
        rows = [
            (N_("Reference"), escape(reference(book.request.id))),
            (N_("Received"), self.day(parse(book.request.received_at))),
            (N_("Made on"), self.day(book.now)),
            (N_("Who is responsible"), escape(", ".join(controllers))),
        ]
        if book.volume.of > 1:
            which = self.say(N_("{number} of {all}"), number=book.volume.number, all=book.volume.of)
            rows.append((N_("Volume"), which))
        return as_list([(self.say(label), value) for label, value in rows])

    def _other_volumes(self) -> str:
        book = self.book
        if book.volume.of == 1:
            return ""
        others = [book.zip_name(n) for n in range(1, book.volume.of + 1) if n != book.volume.number]
        listed = "".join(f"<li>{escape(name)}</li>" for name in others)
        words = self.say(N_("Your data is in several files, each of which opens by itself. The others are:"))
        heading = self.say(N_("Several files"))
        return f"<section><h2>{heading}</h2><p>{words}</p><ul>{listed}</ul></section>"

    def _left_out(self) -> str:
        lines = []
        for task in self.book.tasks:
            name = self.store_name(task.store)
            if task.refused is not None:
                lines.append((name, task.refused))
            lines += [(f"{name}: {self.collection_name(task.store, c)}", ground) for c, ground in task.withheld.items()]
        if not lines:
            return ""
        words = N_(
            "{what}: not handed over. The reason: {reason} (ground {ground} of clause 1(6).3 of our privacy policy)."
        )
        told = "".join(
            f"<li>{say(self.locale, words, what=what, reason=self.say(GROUND[ground]), ground=ground)}</li>"
            for what, ground in lines
        )
        heading = self.say(N_("What we left out"))
        return f'<section class="note"><h2>{heading}</h2><ul>{told}</ul><p>{self.say(COMPLAIN)}</p></section>'

    def _contents(self) -> str:
        stores = groupby(self.book.chapters, key=lambda chapter: chapter.task.store)
        rows = "".join(self._rows(store, list(chapters)) for store, chapters in stores)
        heading, kind = self.say(N_("What we hold about you")), self.say(N_("Place and kind"))
        records, volume = self.say(N_("Records")), self.say(N_("Volume"))
        caption = self.say(N_("Every place in which we looked, and how many records we found there."))
        where = f'<th scope="col">{volume}</th>' if self.book.volume.of > 1 else ""
        return (
            f'<section><h2 id="contents">{heading}</h2><table><caption>{caption}</caption>'
            f'<thead><tr><th scope="col">{kind}</th><th scope="col" class="number">{records}</th>{where}</tr></thead>'
            f"{rows}</table></section>"
        )

    def _rows(self, store: str, chapters: list[Chapter]) -> str:
        """A store and below it its collections."""
        width = 3 if self.book.volume.of > 1 else 2
        head = f'<tr><th scope="rowgroup" colspan="{width}">{self.store_name(store)}</th></tr>'
        return f"<tbody>{head}{''.join(map(self._row, chapters))}</tbody>\n"

    def _row(self, chapter: Chapter) -> str:
        book = self.book
        name = self.collection_name(*chapter.key)
        if book.is_here(chapter):
            name = f'<a href="{self.to(store_path(chapter.task.store), "")}#{anchor(chapter)}">{name}</a>'
        span = book.span(chapter)
        which = f"{span.first} \N{EN DASH} {span.last}" if span.is_split else f"{span.first}"
        where = f"<td>{which}</td>" if book.volume.of > 1 else ""
        return f'<tr><th scope="row" class="inner">{name}</th><td class="number">{chapter.records:,}</td>{where}</tr>'

    def _how_to_read(self) -> str:
        lines = [
            N_("Start with the list above: each place has a page to read, here on your device, without the internet."),
            N_(
                "The same records are under “data” as JSON, for programs. “manifest.json” has the SHA-256 of each file."
            ),
            N_("Times are those of Phnom Penh. “***” stands for what belongs to somebody else."),
            N_("Recordings, documents and other files of yours are beside the records they belong to."),
        ]
        if self.book.is_portable:
            lines += [
                N_("For other services each collection is there as CSV; “schema.json” describes the fields of both."),
                N_(
                    "The CSV files hold every value exactly as we do. In a spreadsheet, import their columns as text, "
                    "and do not let it calculate: a value may begin like a formula."
                ),
            ]
        listed = "".join(f"<li>{self.say(line)}</li>" for line in lines)
        heading = self.say(N_("How to read this"))
        return f"<section><h2>{heading}</h2><ul>{listed}</ul></section>"

    def _profiles(self) -> str:
        title = self.say(N_("Decisions by machine"))
        heading = f"<h2>{title}</h2>"
        profiles = [c for c in self.book.chapters if _PROFILES in c.collection.rights.purpose]
        if not profiles:
            words = self.say(N_("None of these records is marked as used for a profile of you."))
            return f"<section>{heading}<p>{words}</p></section>"
        listed = "".join(f"<li>{self.store_name(c.task.store)}: {self.collection_name(*c.key)}</li>" for c in profiles)
        words = self.say(
            N_(
                "These records make a profile of you, by which we choose what to suggest to you. You can have it "
                "cleared, take back your consent, or switch to search results that are not personalised:"
            )
        )
        return f"<section>{heading}<p>{words}</p><ul>{listed}</ul></section>"

    def _rights(self) -> str:
        lines = [
            N_("have wrong data corrected"),
            N_("have data deleted, or close your account"),
            N_("stop the use of your data, or object to it"),
            N_("take back what you agreed to, advertising included"),
            N_("get your data in a form that other services read"),
        ]
        listed = "".join(f"<li>{self.say(line)}</li>" for line in lines)
        heading = self.say(N_("Your rights"))
        where = self.say(N_("On the page where you asked for this, free of charge, you can also:"))
        return f"<section><h2>{heading}</h2><p>{where}</p><ul>{listed}</ul><p>{self.say(COMPLAIN)}</p></section>"
