"""Files of a lake as tests make them, and engines over them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rights.domain.identity import Kind
from rights.domain.work import Disposition
from rights.lake.files import FileSink, FileSource
from rights.lake.jsonl import JsonLines
from rights.lake.model import Column, Tally, Treatment, Wanted
from rights.lake.parquet import ParquetReader
from rights.lake.rewriting import ParquetRewriter

ACCOUNT = Column(("account_id",), Kind.ACCOUNT)
ERASE = Treatment(Disposition.ERASE)


def wanting(*values: str, column: Column = ACCOUNT) -> Wanted:
    """Whoever has these values, each a person of their own, in this order."""
    wanted = Wanted([column])
    for owner, value in enumerate(values):
        wanted.add(column, value, owner)
    return wanted


def json_file(folder: Path, lines: list[bytes]) -> Path:
    path = folder / "in.json.gz"
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path


def parquet_file(folder: Path, rows: list[dict[str, Any]] | pa.Table, **settings: Any) -> Path:
    path = folder / "in.parquet"
    pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows), path, **settings)
    return path


def lines_found(path: Path, wanted: Wanted, treatment: Treatment = ERASE) -> Tally:
    return JsonLines(FileSource(path)).find(wanted, treatment)


def lines_rewritten(path: Path, wanted: Wanted, treatment: Treatment = ERASE) -> tuple[bytes, Tally]:
    out = path.with_name("out.json.gz")
    with FileSink(out) as sink:
        tally = JsonLines(FileSource(path)).rewrite(sink, wanted, treatment)
    content = out.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content, tally


def parquet_rewritten(path: Path, wanted: Wanted, treatment: Treatment = ERASE) -> tuple[Path, Tally]:
    out = path.with_name("out.parquet")
    found = ParquetReader(FileSource(path)).find(wanted, treatment)
    with FileSink(out) as sink:
        rows = ParquetRewriter(FileSource(path), sink, treatment).run(found)
    assert rows == found.tally.rows - found.tally.erased
    return out, found.tally


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"
