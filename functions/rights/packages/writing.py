"""Writing one volume of a package as a stream: the records as JSON, CSV and pages, the files, the index, the manifest.

Nothing is held in memory but one record and what the volume's entries are called. What is written in several forms is
read as often. Inside: `index.html`, `pages/` to read, `data/<store>/<collection>.json` with the files beside them,
`manifest.json` with the SHA-256 of each file; a portability has CSV and one `schema.json` besides (`rights.portable`).
"""

import zipfile
from collections.abc import Iterator
from itertools import groupby, islice

import orjson

from rights.errors import PackageIncompleteError
from rights.packages.archive import Archive, Sink
from rights.packages.book import Book, Chapter
from rights.packages.index import Index
from rights.packages.parts import Part, Parts
from rights.packages.readable import record_of
from rights.packages.shell import record_path, store_path
from rights.packages.store_pages import INLINE, ON_ONE_PAGE, Section, StorePages
from rights.portable import Described, Shape, to_csv, to_schema

MANIFEST = 2
"""The version of the manifest's shape."""

_PIECE = 64 * 1024


def write_volume(sink: Sink, exports: Parts, book: Book) -> dict[str, int]:
    """Write one volume to `sink` and return its records per `store/collection`.

    PackageIncompleteError names a store whose pages, with those of earlier volumes, are not all there.
    """
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        return _Writer(Archive(archive, book.now), exports, book).write()


class _Writer:
    def __init__(self, archive: Archive, exports: Parts, book: Book) -> None:
        self._archive = archive
        self._exports = exports
        self._book = book
        self._pages = StorePages(book, archive.names)
        self._parts = book.parts
        self._here = {part.name for part in book.volume.parts if part.is_file}
        self._shapes: dict[tuple[str, str], Shape] = {}

    def write(self) -> dict[str, int]:
        here = [chapter for chapter in self._book.chapters if self._book.is_here(chapter)]
        for store, chapters in groupby(here, key=lambda chapter: chapter.task.store):
            self._store(store, list(chapters))
        if self._book.volume.is_last:
            self._refuse_holes()
        if self._book.is_portable:
            schema = to_schema(self._book.request, self._paths(), self._book.data_map)
            self._archive.add("schema.json", [_json(schema)])
        self._archive.add("index.html", Index(self._book, self._archive.names).pages())
        self._archive.add("manifest.json", [_json(self._manifest())])
        return {"/".join(key): shape.count for key, shape in self._shapes.items() if shape.count}

    def _store(self, store: str, chapters: list[Chapter]) -> None:
        for chapter in chapters:
            self._data(chapter)
        told = (Section(c, self._shape(c).count, self._inline(c), self._page_names(c)) for c in chapters)
        self._archive.add(store_path(store), self._pages.store(store, told))
        for chapter in chapters:
            self._record_pages(chapter)

    def _shape(self, chapter: Chapter) -> Shape:
        return self._shapes.setdefault(chapter.key, Shape(chapter.collection))

    def _page_parts(self, chapter: Chapter) -> list[Part]:
        return [part for part in self._parts.get(chapter.key, ()) if not part.is_file]

    # --- the data

    def _data(self, chapter: Chapter) -> None:
        """The records of a collection as JSON, as CSV if wanted, and its files."""
        parts, shape = self._parts.get(chapter.key, []), self._shape(chapter)
        if self._has_records_here(chapter):
            self._archive.add(self._book.path(chapter, "json"), self._as_json(chapter, shape))
            if self._book.is_portable:
                # Only now is it known which columns there are.
                records = (record_of(line) for line in self._lines(chapter))
                self._archive.add(self._book.path(chapter, "csv"), _gathered(to_csv(records, shape.columns)))
        for part in parts:
            if part.is_file:
                self._archive.add(f"data/{part.name}", self._exports.chunks(part.name), part.size)

    def _has_records_here(self, chapter: Chapter) -> bool:
        """True where a page of it is here, and in the first volume of what is empty."""
        is_nowhere = chapter.key not in self._book.volume.pages
        return bool(self._page_parts(chapter)) or (is_nowhere and self._book.volume.is_first)

    def _lines(self, chapter: Chapter) -> Iterator[bytes]:
        for part in self._page_parts(chapter):
            if part.size:
                yield from self._exports.lines(part.name)

    def _as_json(self, chapter: Chapter, shape: Shape) -> Iterator[bytes]:
        """The records of all pages as one list, each looked at as it goes by."""

        def pieces() -> Iterator[bytes]:
            for line in self._lines(chapter):
                yield (b",\n" if shape.count else b"[\n") + line
                shape.see(record_of(line))
            yield b"\n]\n" if shape.count else b"[]\n"

        return _gathered(pieces())

    # --- the pages

    def _page_names(self, chapter: Chapter) -> list[str]:
        """The pages that show the records of a collection; none where they fit on the store's."""
        count = self._shape(chapter).count
        number = 0 if count <= INLINE else -(-count // ON_ONE_PAGE)
        return [record_path(chapter, n) for n in range(1, number + 1)]

    def _inline(self, chapter: Chapter) -> Iterator[bytes]:
        if not self._page_names(chapter):
            yield from self._shown(chapter, self._numbered(chapter), level=3, up="../")

    def _record_pages(self, chapter: Chapter) -> None:
        names, numbered = self._page_names(chapter), self._numbered(chapter)
        for place, name in enumerate(names):
            shown = self._shown(chapter, islice(numbered, ON_ONE_PAGE), level=2, up="../../")
            self._archive.add(name, _gathered(self._pages.records(chapter, names, place, shown)))

    def _numbered(self, chapter: Chapter) -> Iterator[tuple[int, bytes]]:
        """The records here, counted on from the volumes before."""
        return enumerate(self._lines(chapter), self._book.before.get(chapter.key, 0) + 1)

    def _shown(self, chapter: Chapter, records: Iterator[tuple[int, bytes]], *, level: int, up: str) -> Iterator[bytes]:
        link = self._pages.link_to_files(chapter, self._here, up)
        for number, line in records:
            yield self._pages.reader.render(record_of(line), number, level, link)

    # --- what is told of it

    def _refuse_holes(self) -> None:
        for chapter in self._book.chapters:
            found = self._book.before.get(chapter.key, 0) + self._shape(chapter).count
            if found != chapter.records:
                raise PackageIncompleteError(chapter.task.store)

    def _paths(self) -> dict[tuple[str, str], Described]:
        """The shape of each collection with records here, and the names of its JSON and CSV files."""
        names = self._archive.names
        return {
            c.key: Described(
                self._shapes[c.key], names.of(self._book.path(c, "json")), names.of(self._book.path(c, "csv"))
            )
            for c in self._book.chapters
            if c.key in self._shapes and self._has_records_here(c)
        }

    def _manifest(self) -> dict[str, object]:
        book, volume = self._book, self._book.volume
        return {
            "version": MANIFEST,
            "request_id": book.request.id,
            "right": str(book.request.right),
            "made_at": book.now.isoformat(),
            "data_map": book.data_map.version,
            "volume": volume.number,
            "volumes": volume.of,
            "file": book.zip_name(volume.number),
            "others": [book.zip_name(n) for n in range(1, volume.of + 1) if n != volume.number],
            "sha256": self._archive.hashes,
            "size": self._archive.sizes,
        }


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a useful size: each costs a call of the hash and of the compressor."""
    for first in pieces:
        gathered, size = [first], len(first)
        while size < _PIECE and (piece := next(pieces, None)) is not None:
            gathered.append(piece)
            size += len(piece)
        yield b"".join(gathered)


def _json(content: object) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)
