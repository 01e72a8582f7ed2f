"""What a person can fetch: the package through a link of fifteen minutes, and the certificate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError

from rights.clock import Clock
from rights.http import ApiError

LINK_LIVES = timedelta(minutes=15)
# Who may not list a bucket is told 403, not 404, of an object that is not there.
_GONE = frozenset({"403", "404", "AccessDenied", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class Link:
    """A presigned link, when it ends, and how big the file is."""

    url: str
    expires_at: datetime
    size: int


class Files(Protocol):
    """The files of closed requests, by the keys the ledger names; ApiError `gone` for one that has been deleted."""

    def package(self, key: str, file_name: str) -> Link:
        """A fresh link to a volume of a package."""
        ...

    def size(self, key: str) -> int:
        """The size of a package in bytes."""
        ...

    def certificate(self, key: str) -> str:
        """A certificate, a compact JWS."""
        ...


class BucketFiles:
    """Packages and certificates in their buckets."""

    def __init__(self, s3: Any, packages: str, evidence: str, clock: Clock) -> None:
        self._s3 = s3
        self._packages = packages
        self._evidence = evidence
        self._clock = clock

    def package(self, key: str, file_name: str) -> Link:
        """A fresh link to a volume of a package; what it is saved as, and that nobody caches it, is signed."""
        size = self.size(key)
        headers = {
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
            "ResponseContentType": "application/zip",
            "ResponseCacheControl": "private, no-store",
        }
        url = self._s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._packages, "Key": key, **headers},
            ExpiresIn=int(LINK_LIVES.total_seconds()),
        )
        return Link(url, self._clock() + LINK_LIVES, size)

    def size(self, key: str) -> int:
        """The size of a package in bytes."""
        try:
            return int(self._s3.head_object(Bucket=self._packages, Key=key)["ContentLength"])
        except ClientError as error:
            raise _gone(error) from None

    def certificate(self, key: str) -> str:
        """A certificate, a compact JWS."""
        try:
            found = self._s3.get_object(Bucket=self._evidence, Key=key)
        except ClientError as error:
            raise _gone(error) from None
        return str(found["Body"].read().decode())


def _gone(error: ClientError) -> Exception:
    return ApiError("gone") if error.response.get("Error", {}).get("Code") in _GONE else error
