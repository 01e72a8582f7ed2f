"""Rewriting a Parquet file without a person's rows, and with everything else as it was.

Row groups without a hit are copied as the bytes they are, as are the columns that an anonymisation does not touch. Only
the columns of a row group that lose something are read, filtered and written anew, a few at a time, with the codec, the
encodings, the page version, the statistics and the page index they had. The footer is the old one with new places and
numbers: schema, key/value metadata, sorting columns and whatever else it says stay. Source: parquet-format,
`parquet.thrift`; its field numbers are the ones used here.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rights.lake import thrift
from rights.lake.ahead import Ahead, Work
from rights.lake.model import BrokenFileError, Path, Replace, Sink, Source, Treatment
from rights.lake.parquet import Found, Hits, ParquetReader
from rights.lake.thrift import Struct

_MAGIC = b"PAR1"
_PIECE = 8 * 1024 * 1024
_CODECS = {0: "none", 1: "snappy", 2: "gzip", 4: "brotli", 5: "lz4", 6: "zstd", 7: "lz4"}
_ENCODINGS = {5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 9: "BYTE_STREAM_SPLIT"}
_PLAIN = 0
_DICTIONARIES = frozenset({2, 8})
_DATA_PAGE_V2 = 3
_BEGIN_OF_HEADER = 2
_FIRST_I32 = 0x15
_SMALL = 16 * 1024 * 1024
"""Bytes before compression of columns that are written anew together: each file costs its milliseconds."""

# Of FileMetaData
_SCHEMA, _ROWS, _GROUPS, _ENCRYPTION = 2, 3, 4, 8
# Of RowGroup
_CHUNKS, _BYTES, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_COMPRESSED, _ORDINAL = 1, 2, 3, 5, 6, 7
# Of ColumnChunk
_CHUNK_OFFSET, _META, _OFFSET_INDEX, _COLUMN_INDEX = 2, 3, 4, 6
# Of ColumnMetaData
_ENCODED, _PATH, _CODEC, _UNCOMPRESSED, _COMPRESSED, _PAIRS = 2, 3, 4, 6, 7, 8
_DATA, _INDEX, _DICTIONARY, _STATISTICS, _BLOOM = 9, 10, 11, 12, 14


@dataclass(slots=True)
class _Together:
    """Columns that are written anew together, by their names: how, and how large they were."""

    settings: dict[str, Any]
    columns: dict[str, list[Struct]]
    size: int


@dataclass(slots=True)
class _Change:
    """What happens to one row group: the rows that stay, how many those are, and the columns that lose something."""

    number: int
    hits: Hits
    keep: Any
    """A boolean array; `None` where every row stays."""
    left: int
    columns: dict[str, list[Struct]]


@dataclass(slots=True)
class _Written:
    """Columns written anew, as a file of their own."""

    names: list[str]
    data: bytes
    footer: Struct


def footer_of(source: Source) -> Struct:
    """The footer of a file, as it is."""
    tail = source.read_range(max(0, source.size - 8), 8)
    if tail[-4:] != _MAGIC:
        raise BrokenFileError("encrypted_parquet" if tail[-4:] == b"PARE" else "not_parquet")
    size = int.from_bytes(tail[:4], "little")
    if size > source.size - 12:
        raise BrokenFileError("damaged_parquet")
    footer = thrift.decode(source.read_range(source.size - 8 - size, size))
    if footer.get(_ENCRYPTION) is not None:
        raise BrokenFileError("encrypted_parquet")
    return footer


class ParquetRewriter:
    """Writes one file anew without the rows that were found."""

    def __init__(self, source: Source, sink: Sink, treatment: Treatment) -> None:
        self._source = source
        self._sink = sink
        self._treatment = treatment
        self._reader = ParquetReader(source)
        self._footer = footer_of(source)
        self._place = 0
        self._indexes: list[tuple[Struct, int, int, bytes]] = []
        self._known_leaves: dict[str, list[Struct]] = {}

    def run(self, found: Found) -> int:
        """Write the whole file, and say how many rows it has now."""
        self._put(_MAGIC)
        kept: list[Struct] = []
        changes = {change.number: change for change in self._changes(found)}
        with Ahead(self._work(changes.values())) as self._ahead:
            for number, group in enumerate(self._footer.get(_GROUPS).items):
                change = changes.get(number)
                if change and not change.left:
                    continue
                self._place_group(group, list(self._columns(change, group)))
                if change:
                    group.set_i64(_GROUP_ROWS, change.left)
                group.fields[_ORDINAL] = (4, len(kept))
                kept.append(group)
        self._put_indexes()
        rows = sum(group.get(_GROUP_ROWS) for group in kept)
        self._footer.set_i64(_ROWS, rows)
        self._footer.get(_GROUPS).items = kept
        text = thrift.encode(self._footer)
        self._put(text + len(text).to_bytes(4, "little") + _MAGIC)
        return int(rows)

    def _changes(self, found: Found) -> Iterator[_Change]:
        """What happens to each row group with a hit, in the order of the file."""
        for number, group in enumerate(self._footer.get(_GROUPS).items):
            hits = found.groups.get(number)
            if hits is None or (hits.erase is None and hits.anonymise is None):
                continue
            keep = None if hits.erase is None else pc.invert(hits.erase)
            left = group.get(_GROUP_ROWS) if keep is None else pc.sum(keep).as_py()
            columns = {n: chunks for n, chunks in _by_name(group).items() if keep is not None or self._emptied(n)}
            yield _Change(number, hits, keep, left, columns)

    def _work(self, changes: Iterable[_Change]) -> Iterator[Work[_Written]]:
        """The writing of every column that loses something, piece by piece, over all row groups."""
        for change in changes:
            if change.left:
                for together in self._together(change.columns):
                    yield Work(together.size, partial(self._rewritten, change, together))

    def _place_group(self, group: Struct, chunks: list[Struct]) -> None:
        group.get(_CHUNKS).items = chunks
        metas = [chunk.get(_META) for chunk in chunks]
        group.set_i64(_BYTES, sum(meta.get(_UNCOMPRESSED) for meta in metas))
        if _GROUP_COMPRESSED in group.fields:
            group.set_i64(_GROUP_COMPRESSED, sum(meta.get(_COMPRESSED) for meta in metas))
        if _GROUP_OFFSET in group.fields:
            group.set_i64(_GROUP_OFFSET, _begin(metas[0]))

    def _columns(self, change: _Change | None, group: Struct) -> Iterator[Struct]:
        """The column chunks of a row group, those that lose nothing as they are."""
        written: _Written | None = None
        for name, chunks in _by_name(group).items():
            if change is None or name not in change.columns:
                yield from map(self._copied, chunks)
                continue
            if written is None or name not in written.names:
                written = self._ahead.take()
            yield from self._spliced(name, chunks, written)

    def _together(self, changed: dict[str, list[Struct]]) -> Iterator[_Together]:
        """Columns side by side that are written in one way, and are small enough together."""
        last: _Together | None = None
        page: int | None = None
        for name, chunks in changed.items():
            # Whoever writes a row group writes all of its pages in one version.
            page = self._page_type(chunks[0]) if page is None else page
            size = sum(chunk.get(_META).get(_UNCOMPRESSED) for chunk in chunks)
            settings = _settings(chunks, self._leaves_of(name), page)
            if last and last.settings == settings and not settings["column_encoding"] and last.size + size <= _SMALL:
                last.columns[name] = chunks
                last.size += size
                continue
            if last:
                yield last
            last = _Together(settings, {name: chunks}, size)
        if last:
            yield last

    def _emptied(self, name: str) -> list[tuple[Path, Replace]]:
        return [(path, replace) for path, replace in self._treatment.emptied.items() if path[0] == name]

    def _rewritten(self, change: _Change, together: _Together) -> _Written:
        reader = ParquetReader(self._source, self._reader.file.metadata)
        names, place = list(together.columns), 0
        parts: dict[str, list[Any]] = {name: [] for name in names}
        for batch in reader.batches(change.number, names):
            rows, mask = (_slice(whole, place, batch.num_rows) for whole in (change.keep, change.hits.anonymise))
            for name in names:
                column = batch.column(name)
                if mask is not None:
                    for path, replace in self._emptied(name):
                        column = _without(column, path[1:], replace, mask)
                parts[name].append(column if rows is None else column.filter(rows))
            place += batch.num_rows
        schema = pa.schema([reader.file.schema_arrow.field(name) for name in names])
        columns = [pa.chunked_array(parts[name], schema.field(name).type) for name in names]
        table = pa.Table.from_arrays(columns, schema=schema)
        out = io.BytesIO()
        with pq.ParquetWriter(out, schema, store_schema=False, **together.settings) as writer:
            writer.write_table(table, row_group_size=max(1, len(table)))
        data = out.getvalue()
        written = _Written(names, data, thrift.decode(data[-8 - int.from_bytes(data[-8:-4], "little") : -8]))
        for name in names:
            _is_alike(self._leaves_of(name), _leaves(written.footer, name))
        return written

    def _page_type(self, chunk: Struct) -> int:
        """The type of a chunk's first data page, which only the page's header says truly."""
        header = self._source.read_range(chunk.get(_META).get(_DATA), _BEGIN_OF_HEADER)
        # The first field of a PageHeader, a whole number, in the compact protocol.
        if len(header) < _BEGIN_OF_HEADER or header[0] != _FIRST_I32:
            raise BrokenFileError("damaged_parquet")
        return header[1] >> 1

    def _leaves_of(self, name: str) -> list[Struct]:
        """The leaves of the schema under a top-level column."""
        if name not in self._known_leaves:
            self._known_leaves[name] = _leaves(self._footer, name)
        return self._known_leaves[name]

    def _spliced(self, name: str, chunks: list[Struct], written: _Written) -> Iterator[Struct]:
        [group] = written.footer.get(_GROUPS).items
        anew = [one for one in group.get(_CHUNKS).items if one.get(_META).get(_PATH).items[0].decode() == name]
        for old, new in zip(chunks, anew, strict=True):
            before, meta = old.get(_META), new.get(_META)
            begin, size = _begin(meta), meta.get(_COMPRESSED)
            shift = self._place - begin
            self._put(memoryview(written.data)[begin : begin + size])
            meta.take(before, _PATH, _PAIRS)
            # A filter over what there was would still answer for what is gone.
            meta.drop(_BLOOM, _BLOOM + 1)
            if _STATISTICS not in before.fields:
                meta.drop(_STATISTICS)
            _move(new, shift)
            chunk_offset = old.get(_CHUNK_OFFSET, 0)
            new.set_i64(_CHUNK_OFFSET, _begin(meta) if chunk_offset else 0)
            self._remember_indexes(new, shift, written.data)
            yield new

    def _copied(self, chunk: Struct) -> Struct:
        """Copy a column chunk as the bytes it is."""
        meta = chunk.get(_META)
        begin, left = _begin(meta), meta.get(_COMPRESSED)
        shift, at = self._place - begin, begin
        while left > 0:
            piece = self._source.read_range(at, min(left, _PIECE))
            if not piece:
                raise BrokenFileError("damaged_parquet")
            self._put(piece)
            at, left = at + len(piece), left - len(piece)
        _move(chunk, shift)
        if chunk.get(_CHUNK_OFFSET):
            chunk.set_i64(_CHUNK_OFFSET, chunk.get(_CHUNK_OFFSET) + shift)
        self._remember_indexes(chunk, shift, None)
        bloom, size = meta.get(_BLOOM), meta.get(_BLOOM + 1)
        if bloom is not None and size:
            self._indexes.append((meta, _BLOOM, 0, self._source.read_range(bloom, size)))
        else:
            meta.drop(_BLOOM, _BLOOM + 1)
        return chunk

    def _remember_indexes(self, chunk: Struct, shift: int, data: bytes | None) -> None:
        """Keep a chunk's page indexes until the end of the file, where they go."""
        for number in (_COLUMN_INDEX, _OFFSET_INDEX):
            place, size = chunk.get(number), chunk.get(number + 1)
            if place is None or not size:
                chunk.drop(number, number + 1)
                continue
            text = self._source.read_range(place, size) if data is None else data[place : place + size]
            if number == _OFFSET_INDEX:
                index = thrift.decode(text)
                for location in index.get(1).items:
                    location.set_i64(1, location.get(1) + shift)
                text = thrift.encode(index)
            self._indexes.append((chunk, number, size, text))

    def _put_indexes(self) -> None:
        for holder, number, _, text in self._indexes:
            holder.set_i64(number, self._place)
            holder.fields[number + 1] = (holder.fields[number + 1][0], len(text))
            self._put(text)

    def _put(self, data: bytes | memoryview) -> None:
        self._sink.write(data)
        self._place += len(data)


def _by_name(group: Struct) -> dict[str, list[Struct]]:
    """The column chunks of a row group by the names of their top-level columns."""
    found: dict[str, list[Struct]] = {}
    for chunk in group.get(_CHUNKS).items:
        found.setdefault(chunk.get(_META).get(_PATH).items[0].decode(), []).append(chunk)
    return found


def _slice(mask: Any, place: int, size: int) -> Any:
    return None if mask is None else mask.slice(place, size)


def _begin(meta: Struct) -> int:
    """Where a column chunk begins: with its dictionary, if it has one."""
    data, dictionary = meta.get(_DATA), meta.get(_DICTIONARY)
    return int(min(data, dictionary) if dictionary else data)


def _move(chunk: Struct, shift: int) -> None:
    meta = chunk.get(_META)
    for number in (_DATA, _INDEX, _DICTIONARY):
        if meta.get(number):
            meta.set_i64(number, meta.get(number) + shift)


def _without(column: Any, path: Path, replace: Replace, mask: Any) -> Any:
    """A column with what stands instead where the mask is; inside a struct, if a path is left."""
    if not path:
        try:
            instead = pa.array([replace(value) for value in column.filter(mask).to_pylist()], column.type)
            places = pc.subtract(pc.cumulative_sum(mask.cast(pa.int64())), 1)
            return pc.if_else(mask, instead.take(pc.if_else(mask, places, None)), column)
        except pa.ArrowException:
            raise BrokenFileError("constant_does_not_fit") from None
    names = [column.type.field(number).name for number in range(column.type.num_fields)]
    parts = [
        _without(part, path[1:], replace, mask) if name == path[0] else part
        for name, part in zip(names, column.flatten(), strict=True)
    ]
    fields = [column.type.field(number) for number in range(column.type.num_fields)]
    return pa.StructArray.from_arrays(parts, fields=fields, mask=pc.is_null(column))


def _leaves(footer: Struct, top: str | None = None) -> list[Struct]:
    """The leaves of a schema in order, or those under one top-level column."""
    elements = footer.get(_SCHEMA).items
    place, found = 1, []
    while place < len(elements):
        end = place + _size(elements, place)
        if top is None or elements[place].get(4).decode() == top:
            found += [element for element in elements[place:end] if not element.get(5)]
        place = end
    return found


def _size(elements: list[Struct], place: int) -> int:
    """How many elements one and all below it are."""
    size = 1
    for _ in range(elements[place].get(5) or 0):
        size += _size(elements, place + size)
    return size


def _is_alike(before: list[Struct], after: list[Struct]) -> None:
    """BrokenFileError if a column cannot be written as it was: its type on the disk, or how it is repeated, differs."""
    kinds = [[(leaf.get(1), leaf.get(2), leaf.get(3)) for leaf in leaves] for leaves in (before, after)]
    if kinds[0] != kinds[1]:
        raise BrokenFileError("column_cannot_be_written_as_it_was")


def _settings(chunks: list[Struct], leaves: list[Struct], page: int) -> dict[str, Any]:
    """How pyarrow writes column chunks as they were written; `page` is the type of their first data page."""
    metas = [chunk.get(_META) for chunk in chunks]
    [codec, *others] = {_CODECS.get(meta.get(_CODEC)) for meta in metas}
    if codec is None or others:
        raise BrokenFileError("unknown_codec")
    encodings = [set(meta.get(_ENCODED).items) for meta in metas]
    # Booleans have no dictionary; those that were written without plain pages were so by the default.
    has_dictionary = any(encoding & _DICTIONARIES or _PLAIN not in encoding for encoding in encodings)
    paths = [".".join(part.decode() for part in meta.get(_PATH).items) for meta in metas]
    named: dict[str, str] = {
        path: _ENCODINGS[min(encoding & _ENCODINGS.keys())]
        for path, encoding in zip(paths, encodings, strict=True)
        if encoding & _ENCODINGS.keys() and not encoding & _DICTIONARIES
    }
    return {
        "compression": codec,
        "use_dictionary": has_dictionary and not named,
        "column_encoding": named or None,
        "data_page_version": "2.0" if page == _DATA_PAGE_V2 else "1.0",
        "write_statistics": any(_STATISTICS in meta.fields for meta in metas),
        "write_page_index": any(_COLUMN_INDEX in chunk.fields for chunk in chunks),
        "use_deprecated_int96_timestamps": any(leaf.get(1) == 3 for leaf in leaves),
        "store_decimal_as_integer": any(leaf.get(6) == 5 and leaf.get(1) in {1, 2} for leaf in leaves),
        "use_compliant_nested_type": not any(path.endswith(".item") for path in paths),
        "version": "2.6",
    }
