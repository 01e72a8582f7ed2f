from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rights.domain.identity import Kind
from rights.domain.work import Disposition, Kept
from rights.lake.files import FileSource
from rights.lake.model import BrokenFileError, Column, Treatment, Verdict
from rights.lake.parquet import ParquetReader
from tests.unit.lake.files import ACCOUNT, ERASE, parquet_file, parquet_rewritten, wanting

ROWS = 1200
ANONYMISE = Treatment(Disposition.ANONYMISE, {("account_id",): lambda _: None, ("device", "id"): lambda _: "gone"})
NESTED = Column(("device", "id"), Kind.ACCOUNT)


def table(rows: int = ROWS) -> pa.Table:
    """A column of every sort a lake may hold."""
    numbers = range(rows)
    return pa.table({
        "account_id": pa.array([None if n % 50 == 0 else f"acc-{n % 40:02d}" for n in numbers]),
        "number": pa.array(numbers),
        "list": pa.array([[1, n] if n % 3 else None for n in numbers]),
        "device": pa.array([{"id": f"d{n}", "size": 1.5} if n % 7 else None for n in numbers]),
        "millis": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * rows, pa.timestamp("ms", "UTC")),
        "money": pa.array([Decimal("1.20")] * rows, pa.decimal128(9, 2)),
        "map": pa.array([[("k", str(n))] for n in numbers], pa.map_(pa.string(), pa.string())),
        "float": pa.array([1.5] * rows, pa.float32()),
        "unsigned": pa.array([5] * rows, pa.uint32()),
        "bytes": pa.array([b"x"] * rows),
        "large": pa.array([f"q{n}" for n in numbers], pa.large_string()),
        "dictionary": pa.array(["q", "r"] * (rows // 2)).dictionary_encode(),
        "flag": pa.array([True, False] * (rows // 2)),
        "day": pa.array([date(2026, 1, 1)] * rows),
        "fixed": pa.array([b"abcd"] * rows, pa.binary(4)),
    }).replace_schema_metadata({"pipeline": "web"})  # fmt: skip


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "zstd with page indexes": {"compression": "zstd", "write_page_index": True, "data_page_version": "2.0"},
    "gzip without dictionaries": {"compression": "gzip", "use_dictionary": False},
    "brotli without arrow's schema": {"compression": "brotli", "store_schema": False},
    "delta encodings": {
        "use_dictionary": False,
        "column_encoding": {"number": "DELTA_BINARY_PACKED", "large": "DELTA_BYTE_ARRAY"},
    },
    "sorted, with a bloom filter": {
        "bloom_filter_options": {"account_id": {"ndv": 100, "fpp": 0.01}},
        "sorting_columns": [pq.SortingColumn(1)],
    },
    "lz4 without statistics": {"compression": "lz4", "write_statistics": False, "use_compliant_nested_type": False},
}


def shapes(path: Path) -> list[Any]:
    """All that a file says of how it is written."""
    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    columns = [
        (c.path_in_schema, c.compression, sorted(c.encodings), c.is_stats_set, c.has_column_index, c.has_offset_index)
        for group in groups
        for c in (group.column(number) for number in range(group.num_columns))
    ]
    head = (file.metadata.created_by, file.metadata.format_version, file.metadata.metadata)
    texts = [str(file.schema.column(number)) for number in range(len(file.schema))]
    return [head, file.schema.to_arrow_schema(), texts, [group.sorting_columns for group in groups], columns]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_rows_of_the_people_go_and_everything_else_is_as_it_was(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = parquet_file(tmp_path, table(), row_group_size=400, **settings)
    before = pq.read_table(path)
    out, tally = parquet_rewritten(path, wanting("acc-07", "acc-09"))
    after = pq.read_table(out)
    mine = pc.fill_null(pc.is_in(before["account_id"], pa.array(["acc-07", "acc-09"])), False)
    assert after.equals(before.filter(pc.invert(mine)), check_metadata=True)
    assert tally.owners == {0: [30, 0, 0], 1: [30, 0, 0]}
    assert shapes(out) == shapes(path)
    # Statistics, page indexes and filters of the new file lead to the same rows.
    for filters in ([("number", ">", 900)], [("account_id", "=", "acc-08")]):
        assert pq.read_table(out, filters=filters).equals(after.filter(pq.filters_to_expression(filters)))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_an_anonymised_row_stays_without_what_tells_of_the_person(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = parquet_file(tmp_path, table(), row_group_size=400, **settings)
    before = pq.read_table(path)
    out, tally = parquet_rewritten(path, wanting("acc-07"), ANONYMISE)
    after = pq.read_table(out)
    assert tally.owners == {0: [0, 30, 0]}
    untouched = [name for name in before.column_names if name not in {"account_id", "device"}]
    assert after.select(untouched).equals(before.select(untouched))
    for old, new in zip(before.to_pylist(), after.to_pylist(), strict=True):
        if old["account_id"] == "acc-07":
            assert new["account_id"] is None
            assert new["device"] == (old["device"] and {"id": "gone", "size": 1.5})
        else:
            assert (new["account_id"], new["device"]) == (old["account_id"], old["device"])
    assert ParquetReader(FileSource(out)).find(wanting("acc-07"), ANONYMISE).tally.found == 0


def test_row_groups_without_a_hit_are_copied_as_the_bytes_they_are(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, table().sort_by("account_id"), row_group_size=100, write_page_index=True)
    out, _ = parquet_rewritten(path, wanting("acc-20"))
    before, after = path.read_bytes(), out.read_bytes()
    metadata = pq.read_metadata(path)
    untouched = metadata.row_group(0).column(0)
    first = before[4 : 4 + untouched.total_compressed_size]
    assert after[4 : 4 + len(first)] == first
    whole = pq.read_table(path)
    others = pc.fill_null(pc.not_equal(whole["account_id"], "acc-20"), True)
    assert pq.read_table(out).equals(whole.filter(others))


def test_only_what_may_hold_a_key_is_read_and_of_that_only_the_identity(tmp_path: Path) -> None:
    random = Random(1)  # noqa: S311 - no secret
    noise = pa.array([random.randbytes(100) for _ in range(40_000)])
    ids = pa.array([f"acc-{n:05d}" for n in range(40_000)])
    path = parquet_file(tmp_path, pa.table({"account_id": ids, "noise": noise}), row_group_size=4000)
    source = FileSource(path)
    found = ParquetReader(source).find(wanting("acc-00001", "zzz"), ERASE)
    assert (found.tally.found, found.groups_read) == (1, 1)
    assert source.bytes_read < source.size / 10
    nothing = FileSource(path)
    assert ParquetReader(nothing).find(wanting("zzz"), ERASE).groups_read == 0


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([1, 22, None, 3]), "22"),
        (pa.array([b"a", b"x", None]), "x"),
        (pa.array(["a", "x", None], pa.large_string()), "x"),
        (pa.array(["a", "x", None, "x"]).dictionary_encode(), "x"),
    ],
)
def test_an_identity_may_be_of_any_type(tmp_path: Path, values: Any, wanted: str) -> None:
    path = parquet_file(tmp_path, pa.table({"account_id": values}))
    out, tally = parquet_rewritten(path, wanting(wanted, "022", "99999999999999999999"))
    assert tally.owners == {0: [values.to_pylist().count(values.to_pylist()[1]), 0, 0]}
    assert pq.read_table(out).num_rows == len(values) - tally.erased


def test_a_mail_address_is_found_in_any_case(tmp_path: Path) -> None:
    email = Column(("email",), Kind.EMAIL)
    path = parquet_file(tmp_path, [{"email": "Dara@Example.com"}, {"email": "other@example.com"}, {"email": None}])
    assert ParquetReader(FileSource(path)).find(wanting("dara@example.com", column=email), ERASE).tally.found == 1


def test_an_identity_inside_a_struct_is_found(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, table(), row_group_size=500)
    out, tally = parquet_rewritten(path, wanting("d8", "d7", column=NESTED))
    assert tally.owners == {0: [1, 0, 0]}
    assert pq.read_table(out).num_rows == ROWS - 1


def test_a_file_that_loses_every_row_is_a_file_without_row_groups(tmp_path: Path) -> None:
    out, _ = parquet_rewritten(parquet_file(tmp_path, [{"account_id": "acc-1", "n": 1}] * 10), wanting("acc-1"))
    assert pq.read_table(out).num_rows == 0
    assert pq.read_schema(out).names == ["account_id", "n"]


def test_a_rule_may_keep_some_of_a_persons_rows(tmp_path: Path) -> None:
    def judge(row: Any) -> Verdict:
        is_young = row["day"] >= date(2026, 1, 2)
        return Verdict(Disposition.RETAIN, Kept(8, "2026-03-01", 1, "security_records")) if is_young else ERASE_ONE

    treatment = Treatment(Disposition.ERASE, judge=judge, judged_by=("day",))
    rows = [{"account_id": a, "day": date(2026, 1, d)} for d in (1, 2, 3) for a in ("acc-1", "acc-2")]
    out, tally = parquet_rewritten(parquet_file(tmp_path, rows), wanting("acc-1"), treatment)
    assert tally.counts(0).to_dict()["kept"] == [
        {"ground": 8, "until": "2026-03-01", "records": 2, "reason": "security_records"}
    ]
    assert pq.read_table(out).to_pylist() == rows[1:]


ERASE_ONE = Verdict(Disposition.ERASE)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.write_bytes(b"not parquet at all"), "not_parquet"),
        (lambda path: pq.write_table(pa.table({"other": [1]}), path), "no_identity_column"),
        (lambda path: pq.write_table(pa.table({"account_id": [1.5]}), path), "identity_of_unknown_type"),
    ],
)
def test_a_file_that_cannot_be_worked_on_says_why(tmp_path: Path, make: Any, code: str) -> None:
    make(path := tmp_path / "in.parquet")
    with pytest.raises(BrokenFileError, match=code):
        ParquetReader(FileSource(path)).find(wanting("acc-1"), ERASE)


def test_a_damaged_page_is_told_and_nothing_is_written_over(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, table(), compression="zstd", row_group_size=ROWS)
    content = bytearray(path.read_bytes())
    content[4:200] = b"\xff" * 196
    path.write_bytes(content)
    with pytest.raises(BrokenFileError, match="damaged_parquet"):
        ParquetReader(FileSource(path)).find(wanting("acc-1", column=ACCOUNT), ERASE)


def test_a_constant_that_a_column_cannot_hold_is_refused(tmp_path: Path) -> None:
    treatment = Treatment(Disposition.ANONYMISE, {("account_id",): lambda _: None, ("number",): lambda _: "none"})
    path = parquet_file(tmp_path, table())
    with pytest.raises(BrokenFileError, match="constant_does_not_fit"):
        parquet_rewritten(path, wanting("acc-07"), treatment)
