"""The objects of a lake on S3: listed with all their versions, read by ranges, and written anew only if unchanged."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.lake.model import BrokenFileError
from rights.stores.roles import aws_error, speaking

_PART = 16 * 1024 * 1024
_UNVERSIONED = "null"
_CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "NoSuchVersion", "404", "412"})
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_KEPT = (
    *("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl", "Expires"),
    *("Metadata", "StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"),
    "WebsiteRedirectLocation",
)
"""What a new version takes over from the one it replaces, besides its tags."""


class ReplacedError(Exception):
    """Somebody wrote the object in the meantime; it is looked at anew, and nobody outside of the lake hears of it."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object."""

    key: str
    id: str
    etag: str
    size: int
    storage_class: str
    modified: str
    """ISO 8601."""
    is_latest: bool = True

    @property
    def named(self) -> dict[str, str]:
        """How a call names it; what was there before its bucket had versions is one of them, by the name of `null`."""
        only = self.id == _UNVERSIONED and self.is_latest
        return {"Key": self.key} | ({} if only else {"VersionId": self.id})

    @property
    def is_archived(self) -> bool:
        """True for one that cannot be read until somebody restores it."""
        return self.storage_class in _ARCHIVED


@dataclass(slots=True)
class LakeObject:
    """A key: its versions, newest first, and its delete markers."""

    key: str
    versions: list[Version] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    is_deleted: bool = False
    """True when the newest of all is a delete marker."""

    @property
    def is_data(self) -> bool:
        """False for what the tools of a lake keep beside the data (Hive's convention)."""
        return not self.key.rpartition("/")[2].startswith(("_", "."))


class LakeObjects:
    """The objects under one prefix of one bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self.prefix = prefix

    def listed(self, after: str = "") -> Iterator[LakeObject]:
        """Every key after one, in order, with everything there is of it."""
        return self._listed(self.prefix, after)

    def of_key(self, key: str) -> LakeObject | None:
        """One key; `None` when there is nothing of it any more, or it is not of this lake."""
        if not key.startswith(self.prefix):
            return None
        # The key itself comes first among all that begin like it.
        first = next(self._listed(key, ""), None)
        return first if first is not None and first.key == key else None

    def _listed(self, prefix: str, after: str) -> Iterator[LakeObject]:
        current: LakeObject | None = None
        for entry, is_marker in self._entries(prefix, after):
            if current is None or entry["Key"] != current.key:
                if current is not None:
                    yield current
                current = LakeObject(entry["Key"])
            current.is_deleted |= is_marker and bool(entry.get("IsLatest"))
            if is_marker:
                current.markers.append(entry["VersionId"])
            else:
                current.versions.append(_version(entry))
        if current is not None:
            yield current

    def _entries(self, prefix: str, after: str) -> Iterator[tuple[dict[str, Any], bool]]:
        place: dict[str, str] = {"KeyMarker": after} if after else {}
        while True:
            with speaking():
                answer = self._client.list_object_versions(Bucket=self._bucket, Prefix=prefix, **place)
            entries = [(v, False) for v in answer.get("Versions", [])]
            entries += [(v, True) for v in answer.get("DeleteMarkers", [])]
            # S3 answers versions and markers as two lists, each by key; a key's versions come newest first.
            entries.sort(key=lambda entry: entry[0]["Key"].encode())
            yield from (entry for entry in entries if entry[0]["Key"].encode() > after.encode())
            if not answer.get("IsTruncated"):
                return
            place = {"KeyMarker": answer["NextKeyMarker"]}
            if version_marker := answer.get("NextVersionIdMarker"):
                place["VersionIdMarker"] = version_marker

    def source(self, version: Version) -> "ObjectSource":
        """A version, to be read by ranges; BrokenFileError for one in an archive."""
        if version.is_archived and not self._is_restored(version):
            raise BrokenFileError("archived_object")
        return ObjectSource(self._client, self._bucket, version)

    def _is_restored(self, version: Version) -> bool:
        with _changing():
            head = self._client.head_object(Bucket=self._bucket, **version.named)
        return 'ongoing-request="false"' in str(head.get("Restore", ""))

    def sink(self, version: Version) -> "ObjectSink":
        """Where the successor of a version is written, with all that belongs to it."""
        with _changing():
            head = self._client.head_object(Bucket=self._bucket, **version.named)
            tags = self._client.get_object_tagging(Bucket=self._bucket, **version.named)["TagSet"]
        kept = {name: head[name] for name in _KEPT if head.get(name) not in (None, {})}
        if tags:
            kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        return ObjectSink(self._client, {"Bucket": self._bucket, "Key": version.key}, version.etag, kept)

    def delete(self, key: str, ids: list[str]) -> None:
        """Delete versions or markers by their ids, whether or not they are there."""
        for start in range(0, len(ids), 1000):
            named = [{"Key": key, "VersionId": id_} for id_ in ids[start : start + 1000]]
            with speaking():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": named, "Quiet": True})
            if codes := {str(error.get("Code")) for error in answer.get("Errors", [])} - _GONE:
                raise StoreRefusedError(f"DeleteObjects: {', '.join(sorted(codes))}")


class ObjectSource:
    """One version of an object as a `Source`; it counts the bytes it read."""

    def __init__(self, client: Any, bucket: str, version: Version) -> None:
        self._client = client
        self._bucket = bucket
        self._version = version
        self.size = version.size
        self.bytes_read = 0
        self._counting = threading.Lock()

    def read_range(self, start: int, length: int) -> bytes:
        """Some of its bytes; ReplacedError if another object stands there now."""
        if length <= 0 or start >= self.size:
            return b""
        asked = {"Range": f"bytes={start}-{min(start + length, self.size) - 1}", "IfMatch": self._version.etag}
        with _changing():
            answer = self._client.get_object(Bucket=self._bucket, **self._version.named, **asked)
            found: bytes = answer["Body"].read()
        if not answer.get("ContentRange"):
            # A server may answer with the whole; the local cloud does where a version is named.
            found = found[start : start + length]
        with self._counting:
            self.bytes_read += len(found)
        return found


class ObjectSink:
    """A new version of an object: nothing until `commit`, and then only in the place of the one it was made from."""

    def __init__(self, client: Any, place: dict[str, str], etag: str, kept: Mapping[str, Any]) -> None:
        self._client = client
        self._place = place
        self._etag = etag
        self._kept = dict(kept)
        self._buffer = bytearray()
        self._upload: str | None = None
        self._parts: list[dict[str, Any]] = []
        self.size = 0

    def write(self, data: Any) -> int:
        """Take bytes; whole parts of them are sent."""
        self._buffer += data
        self.size += len(data)
        while len(self._buffer) >= _PART:
            self._send(bytes(self._buffer[:_PART]))
            del self._buffer[:_PART]
        return len(data)

    def _send(self, part: bytes) -> None:
        with speaking():
            if self._upload is None:
                self._upload = self._client.create_multipart_upload(**self._place, **self._kept)["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(**self._place, UploadId=self._upload, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def commit(self) -> str:
        """Put the object in the place of the one it was made from, and say its version id.

        ReplacedError, and nothing written, if another one stands there by now.
        """
        if self._upload is None:
            with _changing():
                done = self._client.put_object(
                    **self._place, **self._kept, Body=bytes(self._buffer), IfMatch=self._etag
                )
        else:
            if self._buffer:
                self._send(bytes(self._buffer))
            with _changing():
                done = self._client.complete_multipart_upload(
                    **self._place, UploadId=self._upload, MultipartUpload={"Parts": self._parts}, IfMatch=self._etag
                )
            self._upload = None
        return str(done.get("VersionId") or _UNVERSIONED)

    def abort(self) -> None:
        """Give up what was sent and not committed."""
        if self._upload is not None:
            with speaking():
                self._client.abort_multipart_upload(**self._place, UploadId=self._upload)


def _version(entry: dict[str, Any]) -> Version:
    return Version(
        key=entry["Key"],
        id=entry["VersionId"],
        etag=entry["ETag"],
        size=int(entry["Size"]),
        storage_class=entry.get("StorageClass") or "STANDARD",
        modified=entry["LastModified"].isoformat(),
        is_latest=bool(entry.get("IsLatest", True)),
    )


@contextmanager
def whole() -> Iterator[None]:
    """What was replaced while it was read is StoreUnavailableError, by whose name Step Functions tries again."""
    try:
        yield
    except ReplacedError:
        raise StoreUnavailableError("an object was replaced while it was read") from None


@contextmanager
def _changing() -> Iterator[None]:
    """What says that the object is another by now becomes ReplacedError; the rest one of our errors."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _CHANGED:
            raise ReplacedError("the object was replaced meanwhile") from None
        raise aws_error(error) from None
    except (BotoCoreError, HTTPClientError) as error:
        raise StoreUnavailableError(type(error).__name__) from None
