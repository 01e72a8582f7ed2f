"""Where exported records and files go: objects of the package bucket, under names that repeated work writes again."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import orjson
from boto3.s3.transfer import TransferConfig

from rights.stores.contract import File, Lines, Page, Readable, Record

_ONE_PART_AT_A_TIME = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, use_threads=False)


class _Measured:
    """A stream that counts and hashes what passes through it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._hash.update(piece)
        self.size += len(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class PackageParts:
    """The parts of one store's export: `exports/<request>/<store>/<collection>/<page>.jsonl` and `.../files/...`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, folder: str, number: int, page: Page, records_before: int) -> None:
        """Write a page: first its files, streamed, then its records, each with path, size and hash of its files.

        The same page under the same number is the same objects again. A page without records is written too, since
        an earlier try may have left some under its name.
        """
        place = f"exports/{folder}"
        if page.files:
            records = [dict(record) for record in page.records]
            for file in page.files:
                note = self._write_file(place, f"files/{records_before + file.record:06d}-{file.name}", file)
                records[file.record].setdefault("files", []).append(note)
            page = replace(page, records=records)
        text = page.records.text if isinstance(page.records, Lines) else b"".join(map(line_of, page.records))
        self._client.put_object(
            Bucket=self._bucket, Key=f"{place}/{number:06d}.jsonl", Body=text, ContentType="application/x-ndjson"
        )

    def _write_file(self, place: str, path: str, file: File) -> Record:
        try:
            with file.open() as stream:
                measured = _Measured(stream)
                self._client.upload_fileobj(measured, self._bucket, f"{place}/{path}", Config=_ONE_PART_AT_A_TIME)
        except FileNotFoundError:
            return {"gone": True}
        return {"path": path, "size": measured.size, "sha256": measured.sha256}


def line_of(record: Record) -> bytes:
    """A record as one line of JSON; numbers and texts that `orjson` cannot write go the slower way."""
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # An integer beyond 64 bits, or half of a surrogate pair.
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
