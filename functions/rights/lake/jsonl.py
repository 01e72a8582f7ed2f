r"""Finding and leaving out a person's lines in gzip JSON Lines, without parsing the lines of everybody else.

The text is searched for the fields that identify people, and only a line that carries a wanted value there is parsed,
to be sure that the value stands in that very field. JSON may write a character as an escape, which hides it from the
search: a line with an escape of an ASCII letter, digit or sign (`\u0020` to `\u007f`) is parsed whatever it holds.
Where a wanted value itself could be written in several ways (other letters than ASCII, spaces, commas, quotes) every
line is parsed.

Lines that stay, stay byte for byte, also those that are no JSON.
"""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from isal import igzip, igzip_threaded, isal_zlib

from rights.domain.work import Disposition
from rights.lake.model import BrokenFileError, Column, Path, Replace, Sink, Source, Tally, Treatment, Wanted
from rights.lake.reading import SourceFile

_open: Any = igzip_threaded.open
_DAMAGED: Any = (EOFError, igzip.BadGzipFile, isal_zlib.error)

LEVEL = 2
"""ISA-L's level: about a fifth larger than zlib's default, at twenty times its speed."""

_BLOCK = 1024 * 1024
_AHEAD = 4 * 1024 * 1024
_LONGEST_LINE = 64 * 1024 * 1024
_MAGIC = b"\x1f\x8b"
_FEW = 3
"""So many keys are looked for one by one; more by taking out what stands in the fields."""
_FEW_HITS = 24
"""So many keys that stand in one block are looked for one by one there."""
_ESCAPED = re.compile(rb"\\u00[2-7]")
_ESCAPED_OR_SLASH = re.compile(rb"\\u00[2-7]|\\/")
_PLAIN_KEY = re.compile(r"[!#-+.-Z^-z|~\[\]-]+", re.ASCII)
"""Keys that JSON writes in one way only, apart from escapes of ASCII characters."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is somebody's: where it lies in its block, whose it is, and what it holds."""

    start: int
    end: int
    owner: int
    row: dict[str, Any]


class JsonLines:
    """One file of JSON Lines, under gzip or plain; BrokenFileError when it ends too early or is damaged."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def find(self, wanted: Wanted, treatment: Treatment, *, first_only: bool = False) -> Tally:
        """Whose lines there are; with `first_only` it ends with the first block that has something to do."""
        search, tally = _Search(wanted), Tally()
        for block in self._blocks():
            for line in search.lines(block, tally):
                tally.add(line.owner, treatment.verdict(line.row))
            if first_only and tally.to_do:
                break
        return tally

    def rewrite(self, sink: Sink, wanted: Wanted, treatment: Treatment) -> Tally:
        """Write the file anew without the lines that go, and say what was found."""
        search, tally = _Search(wanted), Tally()
        if self._is_compressed():
            out = _open(_Whole(sink), "wb", compresslevel=LEVEL, threads=1, block_size=_BLOCK)
            with out:
                self._rewrite(out, search, treatment, tally)
        else:
            self._rewrite(sink, search, treatment, tally)
        return tally

    def rows(self, wanted: Wanted) -> Iterator[tuple[int, dict[str, Any]]]:
        """The lines that are somebody's, with their owner."""
        search, tally = _Search(wanted), Tally()
        for block in self._blocks():
            for line in search.lines(block, tally):
                yield line.owner, line.row

    def _rewrite(self, out: Any, search: "_Search", treatment: Treatment, tally: Tally) -> None:
        for block in self._blocks():
            view, place = memoryview(block), 0
            for line in search.lines(block, tally):
                verdict = treatment.verdict(line.row)
                tally.add(line.owner, verdict)
                if verdict.disposition is Disposition.RETAIN:
                    continue
                out.write(view[place : line.start])
                if verdict.disposition is Disposition.ANONYMISE:
                    out.write(_emptied(block[line.start : line.end], treatment))
                place = line.end
            out.write(view[place:])

    def _is_compressed(self) -> bool:
        return self._source.read_range(0, 2) == _MAGIC

    def _blocks(self) -> Iterator[bytes]:
        """The text, in pieces that end with a line."""
        if not self._source.size:
            return
        raw = SourceFile(self._source, _AHEAD)
        carry = b""
        try:
            with _open(raw, "rb", threads=1) if self._is_compressed() else io.BufferedReader(raw) as text:
                while piece := text.read(_BLOCK):
                    end = piece.rfind(b"\n") + 1
                    if not end:
                        carry += piece
                        if len(carry) > _LONGEST_LINE:
                            raise BrokenFileError("line_too_long")
                        continue
                    yield carry + piece[:end] if carry else piece[:end]
                    carry = piece[end:]
        except _DAMAGED as error:
            raise BrokenFileError("corrupt_gzip") from RuntimeError(type(error).__name__)
        if carry:
            yield carry


class _Whole:
    """A sink as a file that gzip can write to."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        return self._sink.write(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Whoever made the sink closes it."""


class _Search:
    """Finds the lines of a block that are somebody's."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        values = {value for owners in wanted.owners.values() for value in owners}
        self._keys = {value.lower().encode() if _folds(wanted) else value.encode() for value in values}
        self._folds = _folds(wanted)
        self._is_crowded = False
        self._is_plain = all(_PLAIN_KEY.fullmatch(value) for value in values)
        self._hiding = _ESCAPED_OR_SLASH if any("/" in value for value in values) else _ESCAPED
        self._marks = (b"\\u00", b"\\/") if self._hiding is _ESCAPED_OR_SLASH else (b"\\u00",)
        names = {column.path[-1] for column in wanted.columns}
        alternatives = b"|".join(re.escape(name.lower() if self._folds else name).encode() for name in sorted(names))
        self._field = re.compile(rb'"(?:' + alternatives + rb')"[ \t]*:[ \t]*"?([^"\\,}\s]*)')

    def lines(self, block: bytes, tally: Tally) -> Iterator[Line]:
        """The lines that are somebody's, in order; all lines are counted."""
        tally.rows += block.count(b"\n") + (not block.endswith(b"\n"))
        end = 0
        for place in self._places(block):
            if place < end:
                continue
            start = block.rfind(b"\n", 0, place) + 1
            end = block.find(b"\n", place) + 1 or len(block)
            row = _parsed(block[start:end])
            if row is None:
                tally.unreadable += 1
                continue
            owner = self._owner(block[start:end], row)
            if owner is not None:
                yield Line(start, end, owner, row)

    def _places(self, block: bytes) -> Iterator[int]:
        """Places in lines that may be somebody's, in order."""
        if not self._keys:
            return
        if not self._is_plain:
            yield from _starts(block)
            return
        text = block.lower() if self._folds else block
        hidden = [m.start() for m in self._hiding.finditer(block)] if any(m in block for m in self._marks) else []
        if len(self._keys) <= _FEW and not any(key in text for key in self._keys):
            yield from hidden
            return
        found = self._places_of_keys(text)
        yield from sorted(found + hidden) if hidden else found

    def _places_of_keys(self, text: bytes) -> list[int]:
        if not self._is_crowded:
            hit = self._keys.intersection(self._field.findall(text))
            if len(hit) <= _FEW_HITS:
                return sorted(place for key in hit for place in _all_of(key, text))
            # Where many are hit in one block, many will be in the next: one way through it is enough.
            self._is_crowded = True
        found = [m.start() for m in self._field.finditer(text) if m[1] in self._keys]
        self._is_crowded = len(found) > _FEW_HITS
        return found

    def _owner(self, line: bytes, row: dict[str, Any]) -> int | None:
        owner = self._wanted.owner_of(lambda path: _at(row, path))
        if owner is not None or not _repeats(line, self._wanted.columns):
            return owner
        # A field that stands there twice: whoever reads the file may see either.
        fields = json.loads(line, object_pairs_hook=list)
        for column in self._wanted.columns:
            for value in _all_at(fields, column.path):
                if (owner := self._wanted.owners[column.path].get(column.normal(value))) is not None:
                    return owner
        return None


def _folds(wanted: Wanted) -> bool:
    return any(column.kind == "email" for column in wanted.columns)


def _all_of(key: bytes, text: bytes) -> Iterator[int]:
    place = text.find(key)
    while place >= 0:
        yield place
        place = text.find(key, place + len(key))


def _starts(block: bytes) -> Iterator[int]:
    place = 0
    while place < len(block):
        yield place
        place = block.find(b"\n", place) + 1 or len(block)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a line, of a blank one an empty object; `None` where it is none."""
    if not line.strip():
        return {}
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            row = json.loads(line)
        except ValueError:
            return None
    return row if isinstance(row, dict) else None


def _at(row: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row


def _repeats(line: bytes, columns: tuple[Column, ...]) -> bool:
    return any(line.count(f'"{column.path[-1]}"'.encode()) > 1 for column in columns) or b"\\u00" in line


def _all_at(pairs: Any, path: Path) -> Iterator[Any]:
    """Every value of a field, also where an object has it twice; objects are lists of pairs here."""
    if not path:
        yield pairs
    elif isinstance(pairs, list):
        for pair in pairs:
            if isinstance(pair, tuple) and pair[0] == path[0]:
                yield from _all_at(pair[1], path[1:])


def _emptied(line: bytes, treatment: Treatment) -> bytes:
    """An anonymised line, in the manner of the old one."""
    text = line.rstrip(b"\r\n")
    row = json.loads(text)
    for path, replace in treatment.emptied.items():
        _replace(row, path, replace)
    spaced = b'": ' in text
    made = json.dumps(
        row,
        ensure_ascii=text.isascii() and b"\\u" in text,
        separators=(", ", ": ") if spaced else (",", ":"),
    )
    return made.encode() + line[len(text) :]


def _replace(holder: Any, path: Path, replace: Replace) -> None:
    """Put what stands instead into a field, also of each of several objects."""
    if isinstance(holder, list):
        for one in holder:
            _replace(one, path, replace)
    elif isinstance(holder, dict) and path[0] in holder:
        if len(path) == 1:
            holder[path[0]] = replace(holder[path[0]])
        else:
            _replace(holder[path[0]], path[1:], replace)
