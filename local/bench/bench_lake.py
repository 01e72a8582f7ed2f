"""The lake's engines against the plain ways: Parquet through pyarrow, JSON Lines through `gzip` and `json`."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from local.bench.measure import Row, measured
from rights.domain.identity import Kind
from rights.domain.work import Disposition
from rights.lake.files import FileSink, FileSource
from rights.lake.jsonl import JsonLines
from rights.lake.model import Column, Treatment, Wanted
from rights.lake.parquet import ParquetReader
from rights.lake.rewriting import ParquetRewriter

ROWS = 1_000_000
PEOPLE = 100_000
ERASED = (1, 100, 10_000)
MANY = 20_000
"""Rows in a row group where there are many."""
COLUMN = Column(("account_id",), Kind.ACCOUNT)
ERASE = Treatment(Disposition.ERASE)
_EVENTS = ("view", "click", "scroll", "search", "add_to_cart")
_AGENT = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36"


def account(number: int) -> str:
    """The account id of a person."""
    return f"acc-{number:08x}"


def people(number: int) -> list[str]:
    """Whom to erase: spread evenly over all."""
    return [account(n * (PEOPLE // number)) for n in range(number)]


def wanted(number: int) -> Wanted:
    """The same, as the engines want them."""
    found = Wanted([COLUMN])
    for owner, value in enumerate(people(number)):
        found.add(COLUMN, value, owner)
    return found


def line(random: Random, number: int) -> dict[str, Any]:
    """One row of a log, of 20 fields."""
    return {
        "event_id": f"{random.getrandbits(64):016x}", "account_id": account(random.randrange(PEOPLE)),
        "event": random.choice(_EVENTS), "at": f"2026-11-{1 + number % 28:02d}T03:{number % 60:02d}:00Z",
        "page": f"/products/{random.randrange(5000)}", "referrer": "https://mall.example/search?q=phone",
        "device_id": f"dev-{random.getrandbits(40):010x}", "ip": f"203.0.113.{number % 256}",
        "latitude": round(11 + random.random(), 5), "longitude": round(104 + random.random(), 5), "agent": _AGENT,
        "millis": random.randrange(5000), "title": random.choice(("ទូរស័ព្ទ", "អង្ករ", "shirt")), "ok": True,
        "price": random.randrange(10_000) / 100, "quantity": random.randrange(5), "province": "Phnom Penh",
        "language": "km", "session": f"{random.getrandbits(48):012x}", "version": 3,
    }  # fmt: skip


def write_json(path: Path) -> None:
    """The JSON Lines, as zlib packs them by default."""
    random = Random(7)  # noqa: S311 - sample data, not secrets
    with gzip.open(path, "wb", compresslevel=6) as file:
        for number in range(ROWS):
            file.write(json.dumps(line(random, number), ensure_ascii=False).encode() + b"\n")


def write_parquet(path: Path, rows_a_group: int, by_account: bool) -> None:
    """The same rows as Parquet under ZSTD, sorted by account or as they came."""
    random = Random(7)  # noqa: S311 - sample data, not secrets
    parts = [pa.Table.from_pylist([line(random, start + n) for n in range(50_000)]) for start in range(0, ROWS, 50_000)]
    table = pa.concat_tables(parts)
    table = table.sort_by("account_id") if by_account else table
    pq.write_table(table, path, compression="zstd", row_group_size=rows_a_group)


# ------------------------------------------------------------------ ours, and the floors


def json_ours(source: Path, target: Path, number: int) -> tuple[int, int]:
    """Find, until there is something to do, then write anew."""
    chosen = wanted(number)
    if not JsonLines(FileSource(source)).find(chosen, ERASE, first_only=True).to_do:
        return 0, 0
    with FileSink(target) as sink:
        tally = JsonLines(FileSource(source)).rewrite(sink, chosen, ERASE)
    return tally.erased, target.stat().st_size


def json_floor(source: Path, target: Path, number: int) -> tuple[int, int]:
    """The plain loop, at the level that Python's gzip has by default."""
    chosen, erased = set(people(number)), 0
    with gzip.open(source, "rb") as before, gzip.open(target, "wb") as after:
        for text in before:
            if json.loads(text)["account_id"] in chosen:
                erased += 1
            else:
                after.write(text)
    return erased, target.stat().st_size


def json_find(source: Path, number: int) -> int:
    """What looking for people costs who are not there."""
    chosen = Wanted([COLUMN])
    for owner in range(number):
        chosen.add(COLUMN, f"nobody-{owner}", owner)
    return JsonLines(FileSource(source)).find(chosen, ERASE).found


def parquet_ours(source: Path, target: Path, number: int) -> tuple[int, int]:
    """Find, then write what was hit anew."""
    found = ParquetReader(FileSource(source)).find(wanted(number), ERASE)
    with FileSink(target) as sink:
        ParquetRewriter(FileSource(source), sink, ERASE).run(found)
    return found.tally.erased, target.stat().st_size


def parquet_floor(source: Path, target: Path, number: int) -> tuple[int, int]:
    """The whole table through pyarrow, with the same settings."""
    rows_a_group = pq.read_metadata(source).row_group(0).num_rows
    table = pq.read_table(source)
    mine = pc.is_in(table["account_id"], pa.array(people(number)))
    pq.write_table(table.filter(pc.invert(mine)), target, compression="zstd", row_group_size=rows_a_group)
    return pc.sum(mine).as_py(), target.stat().st_size


def parquet_find(source: Path, number: int) -> tuple[int, int]:
    """The bytes that are read where nobody is found."""
    chosen = Wanted([COLUMN])
    for owner in range(number):
        # Between two that are there, so that no statistics rule them out.
        chosen.add(COLUMN, f"{account(owner * (PEOPLE // number))}-nobody", owner)
    read = FileSource(source)
    found = ParquetReader(read).find(chosen, ERASE).tally.found
    return found, read.bytes_read


def rows() -> Iterator[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory(prefix="bench-lake-") as name:
        folder = Path(name)
        yield from _json_rows(folder)
        for title, rows_a_group, by_account in (
            ("one row group", ROWS, False),
            ("50 row groups, by account", MANY, True),
            ("50 row groups, as they came", MANY, False),
        ):
            yield from _parquet_rows(folder, title, rows_a_group, by_account)


def _json_rows(folder: Path) -> Iterator[Row]:
    source, target = folder / "in.json.gz", folder / "out.json.gz"
    measured(write_json, source)
    for number in ERASED:
        floor = measured(json_floor, source, target, number)
        ours = measured(json_ours, source, target, number)
        _same(ours.answer[0], floor.answer[0])
        sizes = f"{ours.answer[1] / 1e6:.0f} MB written, the floor {floor.answer[1] / 1e6:.0f} MB"
        what = f"lake: erase {number:,} people from gzip JSON Lines ({sizes})"
        yield Row(what, ROWS, "lines", ours, floor, "8x the floor (ratio 0.125), 400 MB")
    for number in (1, 10_000):
        what = f"lake: {number:,} people who are not in the gzip JSON Lines"
        yield Row(what, ROWS, "lines", measured(json_find, source, number), bound="400 MB")


def _parquet_rows(folder: Path, title: str, rows_a_group: int, by_account: bool) -> Iterator[Row]:
    source, target = folder / "in.parquet", folder / "out.parquet"
    measured(write_parquet, source, rows_a_group, by_account)
    for number in ERASED:
        floor = measured(parquet_floor, source, target, number)
        ours = measured(parquet_ours, source, target, number)
        _same(ours.answer[0], floor.answer[0])
        few = by_account and number == 1
        bound = "3x the floor (ratio 0.33), 400 MB" if few else "as fast as the floor, 400 MB"
        yield Row(f"lake: erase {number:,} people from Parquet ({title})", ROWS, "rows", ours, floor, bound)
    ours = measured(parquet_find, source, 100)
    share = ours.answer[1] / source.stat().st_size
    what = f"lake: 100 people who are not in the Parquet ({title}; {share:.1%} of its bytes read)"
    yield Row(what, ROWS, "rows", ours, bound="the identity column only, 400 MB")


def _same(ours: int, floor: int) -> None:
    if ours != floor:
        raise AssertionError(f"ours erased {ours}, the floor {floor}")
