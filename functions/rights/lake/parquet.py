"""Finding a person's rows in a Parquet file: the footer, then the columns that identify people, and nothing else.

Row groups whose statistics rule every key out are not read at all. Of a row group with a hit only what is asked for is
read: the fields that a rule wants to see, or a whole row for its owner.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rights.domain.work import Disposition
from rights.lake.model import BrokenFileError, Column, Source, Tally, Treatment, Wanted
from rights.lake.reading import SourceFile

_BATCH = 65_536
_AHEAD = 65_536
"""Bytes fetched at once for the footer; larger reads fetch what they ask for."""


@dataclass(slots=True)
class Hits:
    """The rows of one row group that are somebody's: masks over all of its rows."""

    erase: Any
    """A boolean array; `None` where no row goes."""
    anonymise: Any
    owners: Any
    """Whose each row is; null for everybody else's."""


@dataclass(slots=True)
class Found:
    """What a find pass saw: the rows per row group, and the counts."""

    tally: Tally = field(default_factory=Tally)
    groups: dict[int, Hits] = field(default_factory=dict)
    groups_read: int = 0


class ParquetReader:
    """One Parquet file; BrokenFileError if it is none, or lacks a column that identifies people."""

    def __init__(self, source: Source, metadata: Any = None) -> None:
        self._source = source
        self._metadata = metadata

    @cached_property
    def file(self) -> Any:
        """Pyarrow's reader."""
        opened = self.opened()
        self._metadata = opened.metadata
        return opened

    def opened(self, *dictionaries: str) -> Any:
        """Pyarrow's reader; these columns come as dictionaries, which spares memory and comparisons."""
        try:
            file = SourceFile(self._source, _AHEAD)
            return pq.ParquetFile(file, read_dictionary=list(dictionaries), metadata=self._metadata)
        except (pa.ArrowException, OSError) as error:
            raise BrokenFileError("not_parquet") from _quiet(error)

    def find(self, wanted: Wanted, treatment: Treatment) -> Found:
        """Whose rows there are, and what is to happen to each."""
        found = Found(Tally(rows=self.file.metadata.num_rows))
        leaves = self._leaves(wanted)
        for group in range(self.file.metadata.num_row_groups):
            if not self._may_hold(group, wanted, leaves):
                continue
            found.groups_read += 1
            owners = self._owners(group, wanted, leaves)
            if owners is not None:
                self._judge(found, group, owners, treatment)
        return found

    def rows(self, group: int, mask: Any, columns: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of a row group that a mask names, with these top-level columns, each with its place."""
        place = 0
        for batch in self.batches(group, [name for name in columns if name in self.file.schema_arrow.names]):
            part = mask.slice(place, batch.num_rows)
            if pc.any(part).as_py():
                places = pc.indices_nonzero(part).to_pylist()
                rows = batch.filter(part).to_pylist()
                yield from ((place + at, row) for at, row in zip(places, rows, strict=True))
            place += batch.num_rows

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        """The rows of a row group, some at a time, with these top-level columns."""
        try:
            yield from self.file.iter_batches(_BATCH, row_groups=[group], columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise BrokenFileError("damaged_parquet") from _quiet(error)

    def _leaves(self, wanted: Wanted) -> dict[Column, int]:
        schema = self.file.metadata.schema
        places = {schema.column(number).path: number for number in range(len(schema))}
        missing = [column for column in wanted.columns if column.name not in places]
        if missing:
            raise BrokenFileError("no_identity_column")
        return {column: places[column.name] for column in wanted.columns}

    def _may_hold(self, group: int, wanted: Wanted, leaves: Mapping[Column, int]) -> bool:
        described = self.file.metadata.row_group(group)
        return any(
            wanted.owners[column.path] and _overlaps(described.column(leaf).statistics, column, wanted)
            for column, leaf in leaves.items()
        )

    def _owners(self, group: int, wanted: Wanted, leaves: Mapping[Column, int]) -> Any:
        """Per row whose it is; `None` where it is nobody's in the whole row group."""
        result = None
        undecided = None
        for column in leaves:
            values = self._values(group, column)
            owners = _matched(values, column, wanted.owners[column.path])
            owners = owners if undecided is None else pc.if_else(undecided, owners, pa.scalar(None, pa.int64()))
            result = owners if result is None else pc.coalesce(result, owners)
            if column.kind == "account_id":
                empty = pc.is_null(values)
                undecided = empty if undecided is None else pc.and_(undecided, empty)
        return result if result is not None and result.null_count < len(result) else None

    def _values(self, group: int, column: Column) -> Any:
        file = self._identity_file
        try:
            table = file.read_row_group(group, columns=[column.name], use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise BrokenFileError("damaged_parquet") from _quiet(error)
        values = table.column(0)
        for name in column.path[1:]:
            values = pc.struct_field(values, name)
        return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)

    @cached_property
    def _identity_file(self) -> Any:
        schema = self.file.metadata.schema
        texts = [schema.column(n).path for n in range(len(schema)) if schema.column(n).physical_type == "BYTE_ARRAY"]
        return self.opened(*texts)

    def _judge(self, found: Found, group: int, owners: Any, treatment: Treatment) -> None:
        mine = pc.is_valid(owners)
        if treatment.judge is None:
            for counted in pc.value_counts(owners.drop_null()).to_pylist():
                found.tally.add(counted["values"], treatment.verdict({}), counted["counts"])
            is_erased = treatment.disposition is Disposition.ERASE
            found.groups[group] = Hits(mine if is_erased else None, None if is_erased else mine, owners)
            return
        marks: dict[Disposition, list[int]] = {Disposition.ERASE: [], Disposition.ANONYMISE: []}
        for place, row in self.rows(group, mine, list(treatment.judged_by)):
            verdict = treatment.verdict(row)
            found.tally.add(owners[place].as_py(), verdict)
            marks.get(verdict.disposition, []).append(place)
        erase, anonymise = (_mask(len(owners), marks[d]) for d in (Disposition.ERASE, Disposition.ANONYMISE))
        found.groups[group] = Hits(erase, anonymise, owners)


def _matched(values: Any, column: Column, owners: Mapping[str, int]) -> Any:
    """Per value whose it is."""
    if pa.types.is_dictionary(values.type):
        return _matched(values.dictionary, column, owners).take(values.indices)
    numbers = pa.array(owners.values(), pa.int64())
    keys = pa.array(owners, pa.string())
    if pa.types.is_integer(values.type):
        usable = {number: owner for text, owner in owners.items() if (number := _number(text, values.type)) is not None}
        keys, numbers = pa.array(usable, values.type), pa.array(usable.values(), pa.int64())
    elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.utf8_lower(values) if column.kind == "email" else values
        keys = keys.cast(values.type)
    elif pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        keys = pa.array([text.encode() for text in owners], values.type)
    else:
        raise BrokenFileError("identity_of_unknown_type")
    return numbers.take(pc.index_in(values, keys))


def _number(text: str, kind: Any) -> int | None:
    try:
        number = int(text)
        pa.scalar(number, kind)
    except (ValueError, OverflowError, pa.ArrowException):
        return None
    return number if str(number) == text else None


def _overlaps(statistics: Any, column: Column, wanted: Wanted) -> bool:
    """True unless the statistics of a column rule out that it holds one of the keys."""
    if statistics is None or not statistics.has_min_max or column.kind == "email":
        return True
    low, high = statistics.min, statistics.max
    keys: list[Any] = list(wanted.owners[column.path])
    if isinstance(low, bytes):
        keys = [key.encode() for key in keys]
    elif isinstance(low, int) and not isinstance(low, bool):
        keys = [int(key) for key in keys if key.removeprefix("-").isdigit()]
    elif not isinstance(low, str):
        return True
    else:
        # Parquet orders texts by their bytes.
        keys, low, high = [key.encode() for key in keys], low.encode(), high.encode()
    keys.sort()
    place = bisect_left(keys, low)
    return place < len(keys) and keys[place] <= high


def _mask(size: int, places: list[int]) -> Any:
    if not places:
        return None
    chosen = bytearray(size)
    for place in places:
        chosen[place] = 1
    return pc.equal(pa.Array.from_buffers(pa.uint8(), size, [None, pa.py_buffer(bytes(chosen))]), 1)


def _quiet(error: Exception) -> Exception:
    """The type of a foreign error without its text, which may quote a value."""
    return RuntimeError(type(error).__name__)
