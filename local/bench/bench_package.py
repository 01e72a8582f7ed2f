"""The access package: what Assemble does with exported parts, against plain `zipfile` of the same bytes.

The floor writes each part as it is into one ZIP, with Python's `zipfile` at its own defaults and the same upload: no
list, no page to read, no hash. Ours reads the records twice (JSON, pages) or three times (CSV), parses them, makes a
page of each, and hashes every file. Both write into an S3 that only counts.
"""

import hashlib
import json
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from local.bench.measure import Measured, Row, measured
from rights.datamap import load_data_map
from rights.domain.rights import Channel, Locale, Operation, Requester, Right
from rights.domain.status import Status
from rights.domain.work import Counts
from rights.ledger.model import Request, Task
from rights.packages.book import Book, is_portable
from rights.packages.parts import Part
from rights.packages.volumes import capacity_of, records_before, volume_of
from rights.packages.writing import write_volume
from rights.upload import Upload

VOLUME_BYTES = 2_000_000_000
_PAGE = 200
_FILE = 8_000_000
_PROMISE = "constant memory, under 150 MB"


class CountingS3:
    """An S3 that takes parts and keeps nothing."""

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        """Begin."""
        return {"UploadId": "1"}

    def upload_part(self, **_: Any) -> dict[str, str]:
        """Take a part."""
        return {"ETag": "1"}

    def complete_multipart_upload(self, **_: Any) -> None:
        """End."""


class MadeParts:
    """Exported parts that are made as they are read: so many orders in pages, and so many recordings."""

    def __init__(self, records: int, files: int) -> None:
        self._pages, self._files = -(-records // _PAGE), files

    def listing(self) -> Iterator[Part]:
        """All parts, by name."""
        size = len(page_bytes(0))
        for number in range(self._pages):
            yield Part(f"orders/orders/{number:06d}.jsonl", size)
        for number in range(self._files):
            yield Part(f"support/files/files/{number:06d}-00.ogg", _FILE)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one part: of a page of records, or of a recording that nothing can make smaller."""
        if name.endswith(".jsonl"):
            yield page_bytes(0)
            return
        piece = noise()
        for _ in range(_FILE // len(piece)):
            yield piece

    def lines(self, name: str) -> Iterator[bytes]:
        """The records of one page."""
        del name
        yield from page_bytes(0).splitlines()


@cache
def noise() -> bytes:
    """Bytes that cannot be compressed."""
    return random.Random(1).randbytes(1_000_000)  # noqa: S311 - sample data


@cache
def page_bytes(seed: int) -> bytes:
    """A page of orders as a connector writes it."""
    lots = random.Random(seed)  # noqa: S311 - sample data
    records = (
        {
            "order_id": f"ord-{lots.randbytes(6).hex()}",
            "account_id": "acc-0a1b2c3d4e5f",
            "status": lots.choice(("paid", "shipped", "delivered", "returned")),
            "total": f"{lots.randrange(100, 90_000) / 100:.2f}",
            "currency": "USD",
            "placed_at": f"20{lots.randrange(17, 27)}-0{lots.randrange(1, 10)}-{lots.randrange(10, 29)}T03:12:44Z",
        }
        for _ in range(_PAGE)
    )
    return b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records)


def ours(records: int, files: int, right: str) -> dict[str, int]:
    """Write all volumes of a package, as Assemble does, one after the other."""
    parts, data_map = MadeParts(records, files), load_data_map()
    request, tasks = _request(Right(right)), _tasks(records)
    written: list[dict[str, Any]] = []
    while True:
        capacity = capacity_of(VOLUME_BYTES, 2)
        volume = volume_of(parts.listing(), len(written) + 1, capacity, in_csv=is_portable(request))
        book = Book(request, tasks, data_map, volume, datetime.now(UTC), records_before(written))
        with Upload(CountingS3(), "packages", "key", "application/zip") as upload:
            counted = write_volume(upload, parts, book)
        written.append({"records": counted, "size": upload.size})
        if volume.is_last:
            return {"volumes": len(written), "bytes": sum(one["size"] for one in written)}


def floor(records: int, files: int, right: str) -> dict[str, int]:
    """The same parts into one ZIP, as they are."""
    del right
    parts = MadeParts(records, files)
    with (
        Upload(CountingS3(), "packages", "key", "application/zip") as upload,
        zipfile.ZipFile(upload, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in parts.listing():
            with archive.open(part.name, "w", force_zip64=True) as entry:
                for chunk in parts.chunks(part.name):
                    entry.write(chunk)
    return {"volumes": 1, "bytes": upload.size}


def _request(right: Right) -> Request:
    return Request(
        id="R1",
        status=Status.IN_PROGRESS,
        version=1,
        run=1,
        right=right,
        case_id="R1",
        channel=Channel.WEB,
        requester=Requester.SELF,
        locale=Locale.KM,
        jurisdiction="KH",
        received_at="2026-11-21T03:00:00.000000Z",
        due_at="2026-12-21T03:00:00.000000Z",
        policy_version="p",
        clock_rule="r",
        head=hashlib.sha256(b"").hexdigest(),
    )


def _tasks(records: int) -> list[Task]:
    pages = -(-records // _PAGE) * _PAGE
    counted = {
        "orders": {"orders": Counts(found=pages, exported=pages).to_dict()},
        "support": {"files": Counts().to_dict()},
    }
    return [
        Task(request_id="R1", store=store, kind="postgres", stage=2, operation=Operation.EXPORT, by_collection=counts)
        for store, counts in counted.items()
    ]


def _row(what: str, right: Right, records: int, files: int) -> Row:
    asked = (records, files, right.value)
    mine: Measured = measured(ours, *asked)
    volumes = mine.answer["volumes"]
    name = f"package, {what} ({volumes} volume{'s' if volumes > 1 else ''}, {mine.answer['bytes'] / 1e6:.0f} MB)"
    amount = MadeParts(records, files)
    size = sum(part.size for part in amount.listing()) // 1_000_000
    return Row(name, size, "MB", mine, measured(floor, *asked), _PROMISE)


def rows() -> Iterator[Row]:
    """An access and a portability of many records, and an access of many recordings."""
    yield _row("access of 200,000 records", Right.ACCESS, 200_000, 0)
    yield _row("portability of 200,000 records", Right.PORTABILITY, 200_000, 0)
    yield _row("access of 1 GB of recordings", Right.ACCESS, 200, 125)
    yield _row("access of 3 GB of recordings", Right.ACCESS, 200, 375)
