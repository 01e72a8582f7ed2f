"""Evidence at the operators' door: which files came with a request, and a look at one under the operator's name."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from rights.clock import Clock
from rights.domain.evidence import EvidenceStatus
from rights.evidence import kept_key
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import whole
from rights.ledger import Ledger
from rights.ledger.evidence import EvidenceFile

LOOK_LIVES = timedelta(seconds=60)
_SUFFIX = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
# Who may not list a bucket is told 403, not 404, of an object that is not there.
_GONE = frozenset({"403", "404", "AccessDenied", "NoSuchKey", "NotFound"})


class Why(StrEnum):
    """For what an operator opens a file; a code, since the history holds no free text."""

    REVIEW = "review"
    COMPLAINT = "complaint"
    AUTHORITY = "authority"


class OpenEvidence(BaseModel):
    """The body of `POST /ops/requests/{id}/evidence/{number}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: Why


class Links(Protocol):
    """Links to files that were received."""

    def link(self, file: EvidenceFile) -> str:
        """A link of one minute, under which a browser saves the file; ApiError `evidence_gone` once it was erased."""
        ...


class BucketLinks:
    """Presigned links into the bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def link(self, file: EvidenceFile) -> str:
        """A link of one minute, under which a browser saves the file and never opens it as a page."""
        key = kept_key(file.request_id, file.number, str(file.sha256))
        try:
            self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            raise _gone(error) from None
        name = f"evidence-{file.number}.{_SUFFIX[file.content_type]}"
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{name}"',
            "ResponseContentType": "application/octet-stream",
        }
        seconds = int(LOOK_LIVES.total_seconds())
        return str(self._s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))


class EvidenceLooks:
    """The operators' doors to evidence."""

    def __init__(self, ledger: Ledger, links: Links, clock: Clock) -> None:
        self._ledger = ledger
        self._links = links
        self._clock = clock

    def evidence_of(self, request_id: str) -> dict[str, Any]:
        """`GET /ops/requests/{id}/evidence`: the files of a request, and what came of each."""
        request = self._ledger.get(request_id)
        return {"evidence": [_shown(file) for file in self._ledger.evidence_files(request.id)]}

    def open_evidence(self, request_id: str, number: str, by: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /ops/requests/{id}/evidence/{number}`: a link of one minute to a file that was received.

        Who looked, and for what, is on record before the link exists. ApiError `not_found` for any other file.
        """
        reason = _reason(raw)
        known = whole(number)
        file = self._ledger.evidence_file(request_id, known) if known is not None else None
        if file is None or file.status is not EvidenceStatus.RECEIVED:
            raise ApiError("not_found")
        self._ledger.evidence_opened(file, by=by, reason=reason)
        ends: datetime = self._clock() + LOOK_LIVES
        return {"url": self._links.link(file), "expires_at": ends.isoformat(), "sha256": file.sha256}


def _reason(raw: Mapping[str, Any]) -> Why:
    try:
        return OpenEvidence.model_validate(raw).reason
    except ValidationError as error:
        names = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
    raise not_valid({name: FieldProblem("wrong_type") for name in names})


def _shown(file: EvidenceFile) -> dict[str, Any]:
    names = ("number", "kind", "content_type", "status", "why", "size", "sha256", "offered_at", "settled_at")
    return {name: getattr(file, name) for name in names}


def _gone(error: ClientError) -> Exception:
    return ApiError("evidence_gone") if error.response.get("Error", {}).get("Code") in _GONE else error
