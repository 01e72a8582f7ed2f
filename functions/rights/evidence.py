"""The files that people send as evidence: where they lie, and the one look that decides whether they are kept.

A browser sends a file straight into the bucket, under `uploads/`, where nobody opens it and S3 forgets it after two
days. The look reads it, and writes the very bytes it judged under `evidence/<request id>/`, named by their hash: what
is sent to the same place later can change nothing that was received.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from rights.domain.evidence import MOST_BYTES, EvidenceStatus, why_refused
from rights.ledger.evidence import Evidence, EvidenceFile

_UPLOAD = re.compile(r"uploads/([0-9A-Z]{26})/([0-9]{1,2})")
# Who may not list a bucket is told 403, not 404, of an object that is not there.
_ABSENT = frozenset({"403", "404", "AccessDenied", "NoSuchKey", "NotFound"})


def upload_key(request_id: str, number: int) -> str:
    """Where a file is sent."""
    return f"uploads/{request_id}/{number}"


def kept_key(request_id: str, number: int, sha256: str) -> str:
    """Where a file lies that was received."""
    return f"evidence/{request_id}/{number}-{sha256}"


@dataclass(frozen=True, slots=True)
class Sent:
    """What lies under `uploads/`: the first bytes, never more than may be kept and one, and the size of the whole."""

    content: bytes
    size: int


class EvidenceFiles(Protocol):
    """The files, by their keys."""

    def read(self, key: str) -> Sent | None:
        """What was sent; `None` when nothing was."""
        ...

    def keep(self, key: str, content: bytes, content_type: str) -> None:
        """Write a file that was received."""
        ...

    def drop(self, key: str) -> None:
        """Delete a file; one that is not there does no harm."""
        ...


class BucketEvidence:
    """The files in their bucket, which encrypts them under our key."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read(self, key: str) -> Sent | None:
        """What was sent; `None` when nothing was."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise
        with found["Body"] as body:
            return Sent(body.read(MOST_BYTES + 1), int(found["ContentLength"]))

    def keep(self, key: str, content: bytes, content_type: str) -> None:
        """Write a file that was received."""
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def drop(self, key: str) -> None:
        """Delete a file; one that is not there does no harm."""
        self._s3.delete_object(Bucket=self._bucket, Key=key)


def check_upload(key: str, ledger: Evidence, files: EvidenceFiles) -> str:
    """Look at a file that was sent, and keep it or delete it; what came of it: a status, `missing` or `unknown`.

    May be asked for by the bucket and by the person, any number of times and at once.
    """
    place = _UPLOAD.fullmatch(key)
    file = ledger.evidence_file(place[1], int(place[2])) if place else None
    if file is None:
        return "unknown"
    if file.status is EvidenceStatus.OFFERED:
        sent = files.read(key)
        if sent is None:
            return "missing"
        file = _judge(file, sent, ledger, files)
    files.drop(key)
    return file.status.value


def _judge(file: EvidenceFile, sent: Sent, ledger: Evidence, files: EvidenceFiles) -> EvidenceFile:
    why = why_refused(file.content_type, sent.content, sent.size)
    if why:
        return ledger.settle_evidence(file, size=sent.size, why=why)
    digest = hashlib.sha256(sent.content).hexdigest()
    kept = kept_key(file.request_id, file.number, digest)
    # Kept before it is recorded: what is on record as received is there.
    files.keep(kept, sent.content, file.content_type)
    settled = ledger.settle_evidence(file, size=sent.size, sha256=digest)
    if settled.sha256 != digest:
        files.drop(kept)
    return settled
