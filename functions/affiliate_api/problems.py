"""Every error that the affiliates' door answers with: status, words for developers, and the shape of OpenDSR 2.0.

`{"error": {"code", "message", "errors": [{"domain", "reason", "message"}]}}`. Codes are stable: clients branch on them.
Nothing that was sent is ever repeated, and nothing tells whether a person is known.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from affiliate_api.models import ExtensionBody, Identity, SubjectRequest
from rights.errors import IdempotencyConflictError, IllegalTransitionError, RetryableError, UnknownRequestError
from rights.telemetry import logger


class Problem(NamedTuple):
    """The HTTP status of a code, and its words."""

    status: int
    message: str


PROBLEMS: dict[str, Problem] = {
    "invalid_request": Problem(400, "Some fields are missing or not valid; `errors` names them."),
    "malformed_body": Problem(400, "Send one complete JSON object in UTF-8, each name once."),
    "unsupported_media_type": Problem(415, "Send the body as application/json."),
    "too_large": Problem(413, "A body has at most 16384 bytes."),
    "digest_mismatch": Problem(400, "Content-Digest is not that of this body: the signature is for another one."),
    "right_not_agreed": Problem(403, "Your contract does not cover this right."),
    "request_id_reused": Problem(409, "This subject_request_id was used for another request; use a new UUIDv4."),
    "ceiling_reached": Problem(429, "No more requests are taken from you today; try again tomorrow."),
    "not_found": Problem(404, "You sent no request under this id."),
    "too_late": Problem(409, "Only a pending request can be cancelled; look at its status."),
    "try_again": Problem(503, "This could not be done just now; send the same request again in a minute."),
    "internal": Problem(500, "Something is wrong on our side; send the same request again in a few minutes."),
}

REASONS: dict[str, str] = {
    "missing": "This field is required.",
    "unknown_field": "This field is not part of the request.",
    "not_valid": "This value is not of the kind that is expected here.",
    "too_long": "This value is too long.",
    "request_id_not_valid": "A subject_request_id is a UUIDv4.",
    "identity_missing": "Name the person by at least one identity.",
    "identity_twice": "Name one identity of a kind.",
    "identity_not_supported": "This type or format of identity cannot be matched; discovery lists those that can.",
    "identity_not_valid": "This is no value of its type and format.",
    "callback_host_not_registered": "Callbacks go by https to the hosts of your contract only, on the usual port.",
    "submitted_time_not_valid": "A request was submitted within the last 30 days.",
    "right_not_of_type": "This right is asked for under another subject_request_type.",
    "purposes_needed": "A withdrawal of consent says for which purposes, and nothing else does.",
    "scope_not_valid": "Only an access, a portability or an erasure has a scope, of the names that discovery lists.",
}
"""What is wrong with one field."""

_NAMES = {*SubjectRequest.model_fields, *Identity.model_fields, *ExtensionBody.model_fields}

_KINDS = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
}


class Detail(NamedTuple):
    """What is wrong with one field."""

    field: str
    reason: str


class OpenDsrError(Exception):
    """An answer that is an error."""

    def __init__(self, code: str, details: Sequence[Detail] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.details = tuple(details)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.code].status

    def body(self) -> dict[str, Any]:
        """The error, as OpenDSR shapes it."""
        message = PROBLEMS[self.code].message
        errors = [{"domain": one.field, "reason": one.reason, "message": REASONS[one.reason]} for one in self.details]
        whole = [{"domain": "request", "reason": self.code, "message": message}]
        return {"error": {"code": self.code, "message": message, "errors": errors or whole}}


def not_valid(field: str, reason: str) -> OpenDsrError:
    """The error of one field."""
    return OpenDsrError("invalid_request", [Detail(field, reason)])


def of_fields(problems: Sequence[ErrorDetails]) -> OpenDsrError:
    """The error of a body that its model refused: places by our own names, since a name may be anything."""
    details = [Detail(_place(one["loc"]), _reason(one["type"])) for one in problems[:20]]
    return OpenDsrError("invalid_request", details)


def _reason(kind: str) -> str:
    return kind if kind in REASONS else _KINDS.get(kind, "not_valid")


def _place(location: Sequence[int | str]) -> str:
    """The way to a field, as far as it goes by names of the protocol: any other may be somebody's."""
    kept = takewhile(lambda step: isinstance(step, int) or step in _NAMES, location)
    return ".".join(str(step) for step in kept) or "request"


_ANSWERS: tuple[tuple[type[Exception], str], ...] = (
    (UnknownRequestError, "not_found"),
    (IllegalTransitionError, "too_late"),
    (IdempotencyConflictError, "request_id_reused"),
    (RetryableError, "try_again"),
)


def as_opendsr_error(error: Exception) -> OpenDsrError:
    """What an error of ours means to an affiliate; anything unforeseen is an `internal` one, and logged."""
    if isinstance(error, OpenDsrError):
        return error
    for sort, code in _ANSWERS:
        if isinstance(error, sort):
            return OpenDsrError(code)
    logger.exception("unforeseen error", extra={"error": type(error).__name__})
    return OpenDsrError("internal")
