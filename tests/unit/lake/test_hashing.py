"""What the data map says of the fields of an anonymised row, in both formats of a lake."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rights.datamap.model import Collection
from rights.domain.identity import KeySet
from rights.lake.files import FileSink, FileSource
from rights.stores.lake_engine import LakeCollection
from rights.stores.masking import is_masked

MINE, ELSE = "acc-1", "acc-2"


def visits(form: str) -> Collection:
    """A collection whose rows are anonymised: hashed under a key, hashed plainly, and emptied within a field."""
    return Collection.model_validate(
        {
            "name": "visits",
            "rights": {
                "purpose": "p",
                "legal_basis": "contract",
                "on_deletion": "anonymise",
                "lake": {"bucket": "lake", "prefix": "visits/", "format": form, "partition": ["dt"]},
            },
            "fields": [
                {
                    "name": "account_id",
                    "data_categories": ["user.unique_id"],
                    "rights": {"key": "account_id", "identifies": "one", "on_deletion": "keyed_hash"},
                },
                {
                    "name": "device",
                    "data_categories": ["user.device"],
                    "fields": [{"name": "id", "rights": {"on_deletion": "null"}}, {"name": "os"}],
                },
                {"name": "page", "data_categories": ["user.behavior"]},
            ],
        }
    )


def rows() -> list[dict[str, Any]]:
    return [
        {"account_id": account, "device": {"id": f"dev-{n}", "os": "android"}, "page": f"/{n}"}
        for n, account in enumerate([MINE, ELSE, MINE, ELSE, MINE])
    ]


def rewritten(tmp_path: Path, form: str, content: Path, out: Path) -> LakeCollection:
    lake = LakeCollection(visits(form))
    wanted = lake.wanted([(0, KeySet.from_mapping({"account_id": [MINE]}))])
    treatment = lake.treatment("visits/dt=2026-11-26/part", "2026-11-26")
    with FileSink(out) as sink:
        tally = lake.rewrite(FileSource(content), sink, wanted, treatment)
    assert tally.owners == {0: [0, 3, 0]}
    assert lake.find(FileSource(out), wanted, treatment).found == 0
    return lake


def looks_anonymised(lake: LakeCollection, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    field = lake.collection.fields[0]
    words = set()
    for old, new in zip(before, after, strict=True):
        if old["account_id"] == MINE:
            assert is_masked(field, new["account_id"])
            assert new == old | {"account_id": new["account_id"], "device": {"id": None, "os": "android"}}
            words.add(new["account_id"])
        else:
            assert new == old
    # One value has one word within an object, so that rows stay countable.
    assert len(words) == 1


def test_json_lines_are_hashed_under_a_key_and_emptied_within_a_field(tmp_path: Path) -> None:
    content, out = tmp_path / "in.gz", tmp_path / "out.gz"
    content.write_bytes(gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows())))
    lake = rewritten(tmp_path, "jsonl", content, out)
    looks_anonymised(lake, rows(), [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()])


def test_parquet_is_hashed_under_a_key_and_emptied_within_a_field(tmp_path: Path) -> None:
    content, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.Table.from_pylist(rows()), content, compression="zstd")
    lake = rewritten(tmp_path, "parquet", content, out)
    looks_anonymised(lake, rows(), pq.read_table(out).to_pylist())


def test_two_objects_never_share_a_key(tmp_path: Path) -> None:
    content = tmp_path / "in.gz"
    content.write_bytes(gzip.compress(json.dumps(rows()[0]).encode() + b"\n"))
    words = set()
    for number in range(2):
        out = tmp_path / f"{number}.gz"
        lake = LakeCollection(visits("jsonl"))
        wanted = lake.wanted([(0, KeySet.from_mapping({"account_id": [MINE]}))])
        with FileSink(out) as sink:
            lake.rewrite(FileSource(content), sink, wanted, lake.treatment("visits/x", "2026-11-26"))
        words.add(json.loads(gzip.decompress(out.read_bytes()))["account_id"])
    assert len(words) == 2


def test_objects_in_a_list_of_a_json_line_are_emptied_each(tmp_path: Path) -> None:
    described = visits("jsonl").model_dump(by_alias=True)
    account, device, page = described["fields"]
    devices = device | {"name": "devices", "fides_meta": {"data_type": "object[]"}}
    lake = LakeCollection(Collection.model_validate(described | {"fields": [account, devices, page]}))
    row = {"account_id": MINE, "devices": [{"id": "a", "os": 1}, {"id": "b"}, "odd"]}
    content, out = tmp_path / "in.gz", tmp_path / "out.gz"
    content.write_bytes(gzip.compress(json.dumps(row).encode() + b"\n"))
    wanted = lake.wanted([(0, KeySet.from_mapping({"account_id": [MINE]}))])
    with FileSink(out) as sink:
        lake.rewrite(FileSource(content), sink, wanted, lake.treatment("visits/x", "2026-11-26"))
    after = json.loads(gzip.decompress(out.read_bytes()))
    assert after["devices"] == [{"id": None, "os": 1}, {"id": None}, "odd"]
