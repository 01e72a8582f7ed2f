"""Evidence at the public door: gives a file its number and a form straight into the bucket, and has it looked at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from rights.clock import Clock
from rights.domain.acting import ForWhom, Relation, evidence_needed, still_missing
from rights.domain.evidence import FIRST_BYTES, MOST_BYTES, EvidenceKind, EvidenceStatus
from rights.domain.rights import Requester
from rights.evidence import upload_key
from rights.http import SECURITY_HEADERS, ApiError, FieldProblem, not_valid
from rights.ledger import Ledger, Request
from rights.ledger.evidence import EvidenceFile

UPLOAD_LIVES = timedelta(minutes=15)


class EvidenceIn(BaseModel):
    """The body of `POST /requests/{id}/evidence`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: EvidenceKind
    content_type: str

    @field_validator("content_type")
    @classmethod
    def _may_be_kept(cls, said: str) -> str:
        if said not in FIRST_BYTES:
            raise ValueError("not a type that is kept")
        return said


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that sends one file: where to, which fields go before the file, and until when."""

    url: str
    fields: dict[str, str]
    number: int
    content_type: str
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The form, for whoever makes their own."""
        return {
            "url": self.url,
            "fields": self.fields,
            "number": self.number,
            "expires_at": self.expires_at.isoformat(),
        }

    def page_headers(self) -> dict[str, str]:
        """The headers of the page that shows the form: it alone may send forms to the bucket.

        `'self'` stays: browsers hold the bucket's way back to our page to the same rule.
        """
        parts = urlsplit(self.url)
        name = "Content-Security-Policy"
        mine = f"form-action 'self' {parts.scheme}://{parts.netloc}"
        return {name: SECURITY_HEADERS[name].replace("form-action 'self'", mine)}


class Uploads(Protocol):
    """The way into the bucket, and the look at what came in."""

    def form(self, file: EvidenceFile, back: str | None) -> tuple[str, dict[str, str]]:
        """The address and the fields of a form that takes one file; `back` is where the browser goes afterwards."""
        ...

    def check(self, file: EvidenceFile) -> None:
        """Have the file looked at now; ApiError `try_again` if that cannot be done."""
        ...


class BucketUploads:
    """Presigned forms, and the function that looks."""

    def __init__(self, s3: Any, lambdas: Any, bucket: str, check_function: str) -> None:
        self._s3 = s3
        self._lambdas = lambdas
        self._bucket = bucket
        self._check_function = check_function

    def form(self, file: EvidenceFile, back: str | None) -> tuple[str, dict[str, str]]:
        """The address and the fields of a form that takes one file of this type, not empty and of at most 10 MB."""
        fields = {"Content-Type": file.content_type} | ({"success_action_redirect": back} if back else {})
        made = self._s3.generate_presigned_post(
            self._bucket,
            upload_key(file.request_id, file.number),
            Fields=dict(fields),
            Conditions=[["content-length-range", 1, MOST_BYTES], *({name: value} for name, value in fields.items())],
            ExpiresIn=int(UPLOAD_LIVES.total_seconds()),
        )
        return str(made["url"]), dict(made["fields"])

    def check(self, file: EvidenceFile) -> None:
        """Have the file looked at now, as the bucket would: the door itself may read no evidence."""
        told = {"detail": {"object": {"key": upload_key(file.request_id, file.number)}}}
        answer = self._lambdas.invoke(FunctionName=self._check_function, Payload=json.dumps(told).encode())
        if answer.get("FunctionError"):
            raise ApiError("try_again")


class EvidenceDoors:
    """What the routes of evidence do, from a read body to facts. Whoever calls has admitted the request's holder."""

    def __init__(self, ledger: Ledger, uploads: Uploads, clock: Clock) -> None:
        self._ledger = ledger
        self._uploads = uploads
        self._clock = clock

    def offer(self, request: Request, raw: Mapping[str, Any], back: str | None = None) -> Upload:
        """`POST /requests/{id}/evidence`: number a file and make the form that sends it; ApiError otherwise.

        Codes: `not_ready` before proof, `too_late` once decided, `too_many_files` beyond ten.
        """
        body = _body(raw)
        file = self._ledger.offer_evidence(request.id, body.kind, body.content_type)
        if file is None:
            raise ApiError("too_many_files")
        return self._upload(file, back)

    def form(self, request: Request, number: str, back: str | None = None) -> Upload:
        """The form of a file that was offered and has not come, signed anew: its page may be loaded again."""
        file = self._file(request, number)
        if file.status is not EvidenceStatus.OFFERED:
            raise ApiError("too_late")
        return self._upload(file, back)

    def sent(self, request: Request, number: str) -> EvidenceFile:
        """`POST /requests/{id}/evidence/{number}`: "I have sent it". What came of the file; twice is once.

        ApiError `not_sent` while nothing has come.
        """
        file = self._file(request, number)
        if file.status is EvidenceStatus.OFFERED:
            self._uploads.check(file)
            file = self._file(request, number)
        if file.status is EvidenceStatus.OFFERED:
            raise ApiError("not_sent")
        return file

    def files(self, request: Request) -> list[EvidenceFile]:
        """The files of a request."""
        return self._ledger.evidence_files(request.id)

    def needed(self, request: Request) -> tuple[EvidenceKind, ...]:
        """The documents that whoever acts for another is asked for; none of a person who asks for themselves."""
        told = None if request.requester is Requester.SELF else self._ledger.private(request.id, "requester")
        if not told:
            return ()
        return evidence_needed(request.requester, ForWhom(told["for"]), Relation(told["relation"]))

    def missing(self, request: Request) -> tuple[EvidenceKind, ...]:
        """Those of them that have not come."""
        received = {file.kind for file in self.files(request) if file.status is EvidenceStatus.RECEIVED}
        return still_missing(self.needed(request), received)

    def _file(self, request: Request, number: str) -> EvidenceFile:
        known = number.isascii() and number.isdecimal() and len(number) <= 2
        file = self._ledger.evidence_file(request.id, int(number)) if known else None
        if file is None:
            raise ApiError("not_found")
        return file

    def _upload(self, file: EvidenceFile, back: str | None) -> Upload:
        url, fields = self._uploads.form(file, back)
        return Upload(url, fields, file.number, file.content_type, self._clock() + UPLOAD_LIVES)


def file_as_json(file: EvidenceFile) -> dict[str, Any]:
    """A file as whoever sent it may see it."""
    known = {"number": file.number, "kind": file.kind, "status": file.status, "offered_at": file.offered_at}
    return known | ({"why": file.why} if file.why else {}) | ({"size": file.size} if file.size is not None else {})


def _body(raw: Mapping[str, Any]) -> EvidenceIn:
    try:
        return EvidenceIn.model_validate(raw)
    except ValidationError as error:
        names = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
    codes = {"kind": "evidence_kind_unknown", "content_type": "file_type_not_taken"}
    raise not_valid({name: FieldProblem(codes.get(name, "unknown_field")) for name in sorted(names)})
