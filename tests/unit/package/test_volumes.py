"""How a package is parted into volumes: by sizes alone, nothing lost, nothing twice, no volume too large."""

import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rights.domain.rights import Right
from rights.packages.parts import Part
from rights.packages.volumes import MOST_ENTRIES, Span, capacity_of, volume_of
from tests.unit.package.exports import Memory, a_request, data_map, exported, opened, volumes
from tests.unit.stores import maps

PART = st.builds(
    lambda store, collection, number, is_file, size: Part(
        f"{store}/{collection}/{'files/' if is_file else ''}{number:06d}{'.bin' if is_file else '.jsonl'}", size
    ),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["files", "x", "y"]),
    st.integers(0, 50),
    st.booleans(),
    st.integers(0, 200_000),
)
PARTS = st.lists(PART, max_size=60, unique_by=lambda part: part.name).map(lambda ps: sorted(ps, key=lambda p: p.name))


@given(PARTS, st.integers(1_000, 500_000), st.booleans())
def test_every_part_is_in_one_volume_in_order_and_every_try_decides_the_same(
    parts: list[Part], capacity: int, in_csv: bool
) -> None:
    def cut(number: int) -> Any:
        return volume_of(iter(parts), number, capacity, in_csv=in_csv)

    of = cut(1).of
    made = [cut(number) for number in range(1, of + 1)]
    assert [part for volume in made for part in volume.parts] == parts
    assert {volume.of for volume in made} == {of}
    assert all(volume.parts for volume in made) or not parts
    for volume in made:
        assert volume.anything == made[0].anything
        if len(volume.parts) > 1:
            assert sum(part.size for part in volume.parts) <= capacity, "only a part that is too large is alone"
        for part in volume.parts:
            span = volume.anything[part.collection]
            assert span.first <= volume.number <= span.last


def test_a_file_larger_than_a_volume_gets_one_of_its_own() -> None:
    parts = [Part(f"s/c/files/{n}.bin", size) for n, size in enumerate((10, 10, 5_000_000, 10))]
    found = [volume_of(parts, number, 100_000, in_csv=False) for number in (1, 2, 3)]
    assert [[part.size for part in volume.parts] for volume in found] == [[10, 10], [5_000_000], [10]]
    assert found[0].anything["s", "c"] == Span(1, 3)


def test_no_volume_has_more_entries_than_readers_without_zip64_take() -> None:
    parts = (Part(f"s/c/files/{n:06d}.txt", 1) for n in range(2 * MOST_ENTRIES + 1))
    volume = volume_of(parts, 1, 2_000_000_000, in_csv=False)
    assert (len(volume.parts), volume.of) == (MOST_ENTRIES, 3)


def test_of_nothing_there_is_one_empty_volume() -> None:
    volume = volume_of([], 1, 1000, in_csv=False)
    assert (volume.of, volume.parts, volume.is_first, volume.is_last) == (1, [], True, True)


ORDERS = maps.collection("orders", maps.field("order_id"), maps.field("note"))
STORES = data_map(ORDERS)


def incompressible(pages: int, records: int, size: int, files: int) -> Memory:
    lots = random.Random(3)  # noqa: S311 - sample data
    content = {
        f"shop/orders/{page:06d}.jsonl": [
            {"order_id": f"{page}-{n}", "note": lots.randbytes(size // 2).hex()} for n in range(records)
        ]
        for page in range(pages)
    }
    kept = {f"shop/orders/files/{n:06d}-00.{e}": lots.randbytes(size) for n in range(files) for e in ("jpg", "bin")}
    return Memory(content, kept)


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 6),
    st.integers(1, 4),
    st.integers(10, 30_000),
    st.integers(0, 8),
    st.sampled_from([150_000, 400_000]),
)
def test_no_volume_is_larger_than_it_may_be_even_of_what_cannot_be_compressed(
    pages: int, records: int, size: int, files: int, volume_bytes: int
) -> None:
    parts = incompressible(pages, records, size, files)
    for right in (Right.ACCESS, Right.PORTABILITY):
        found = volumes(
            parts,
            [exported(orders=pages * records)],
            STORES,
            a_request(right),
            capacity_of(volume_bytes, 1),
        )
        parts_too_large = 4 * size * records > capacity_of(volume_bytes, 1)
        assert parts_too_large or max(map(len, found)) <= volume_bytes


def test_each_volume_is_a_whole_zip_that_names_the_others_and_all_fit_into_one_folder() -> None:
    parts = incompressible(6, 2, 20_000, 3)
    found = [opened(one) for one in volumes(parts, [exported(orders=12)], STORES, a_request(), 300_000)]
    assert len(found) > 2
    everything: dict[str, int] = {}
    for files in found:
        assert {"index.html", "manifest.json", "pages/shop.html"} <= files.keys() or "pages/shop.html" not in files
        for name in files:
            everything[name] = everything.get(name, 0) + 1
    of_each_volume = {"index.html", "manifest.json", "schema.json", "pages/shop.html"}
    assert {name for name, times in everything.items() if times > 1} <= of_each_volume


def test_a_zip_needs_no_zip64_says_utf8_and_is_read_by_other_programs(tmp_path: Path) -> None:
    collection = maps.collection("ឯកសារ", maps.field("order_id"))
    lots = random.Random(3)  # noqa: S311 - sample data
    files = {"shop/ឯកសារ/files/000000-00.jpg": lots.randbytes(200_000), "shop/ឯកសារ/files/000001-00.txt": b"a" * 10**6}
    parts = Memory({"shop/ឯកសារ/000000.jsonl": [{"order_id": "1"}, {"order_id": "2"}]}, files)
    [content] = volumes(parts, [exported(ឯកសារ=2)], data_map(collection))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            assert entry.extract_version <= 20, "no ZIP64"
            assert entry.compress_type == zipfile.ZIP_DEFLATED, "a stored entry of unknown size is read by few"
            assert entry.flag_bits & 0x800 or entry.filename.isascii()
            assert entry.external_attr >> 16 == 0o100644
        [photo] = [entry for entry in archive.infolist() if entry.filename.endswith(".jpg")]
        assert 200_000 < photo.compress_size < 200_100, "what is compressed already is let through"
        names = archive.namelist()
    (tmp_path / "p.zip").write_bytes(content)
    for command in (["unzip", "-tq", "p.zip"], ["bsdtar", "-tf", "p.zip"], ["7z", "t", "p.zip"], ["7zz", "t", "p.zip"]):
        if shutil.which(command[0]):
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)  # noqa: S603 - fixed words
            assert done.returncode == 0, done.stderr
    assert "data/shop/ឯកសារ/files/000000-00.jpg" in names


def test_a_file_that_may_pass_two_gigabytes_is_written_with_zip64() -> None:
    class Huge(Memory):
        """Says of a file that it is huge, and is not: that is decided before the first byte."""

        def listing(self) -> Any:
            for part in super().listing():
                yield Part(part.name, 4_400_000_000) if part.is_file else part

    parts = Huge({"shop/orders/000000.jsonl": [{"order_id": "1"}]}, {"shop/orders/files/000000-00.txt": b"0" * 10**6})
    found = volumes(parts, [exported(orders=1)], STORES, capacity=2_000_000_000)
    assert len(found) == 2
    with zipfile.ZipFile(io.BytesIO(found[1])) as archive:
        entry = archive.getinfo("data/shop/orders/files/000000-00.txt")
        assert entry.extract_version == 45
        assert archive.read(entry) == b"0" * 10**6


def test_a_page_without_records_is_not_fetched() -> None:
    parts = Memory({"shop/orders/000000.jsonl": [{"order_id": "1"}], "shop/orders/000001.jsonl": []})
    volumes(parts, [exported(orders=1)], STORES)
    assert set(parts.read) == {"shop/orders/000000.jsonl"}
