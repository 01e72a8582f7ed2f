"""A file that is written straight into S3 while it grows: one part in memory at a time."""

import hashlib
from types import TracebackType
from typing import Any, Self

PART = 8 * 1024 * 1024


class Upload:
    """A write-only file over one multipart upload; it exists in the bucket only once it was closed without an error.

    `size` in bytes and `sha256` are those of what was written so far.
    """

    def __init__(self, s3: Any, bucket: str, key: str, content_type: str) -> None:
        self._s3 = s3
        self._target = {"Bucket": bucket, "Key": key}
        self._upload = s3.create_multipart_upload(**self._target, ContentType=content_type)["UploadId"]
        self._buffer = bytearray()
        self._parts: list[dict[str, Any]] = []
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take bytes in, sending a part whenever one is full."""
        self._hash.update(data)
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) >= PART:
            self._send(bytes(memoryview(self._buffer)[:PART]))
            del self._buffer[:PART]
        return len(data)

    def flush(self) -> None:
        """Nothing: a part goes out when it is full, or at the end."""

    def close(self) -> None:
        """Nothing: the upload is completed, or given up, where its `with` block ends."""

    def _send(self, data: bytes) -> None:
        number = len(self._parts) + 1
        answer = self._s3.upload_part(**self._target, UploadId=self._upload, PartNumber=number, Body=data)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._s3.abort_multipart_upload(**self._target, UploadId=self._upload)
            return
        if self._buffer or not self._parts:
            self._send(bytes(self._buffer))
        self._s3.complete_multipart_upload(
            **self._target, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
        )
