"""The affiliates' door, described: OpenDSR 2.0, with errors of its own shape."""

from typing import Any

from affiliate_api.app import CERTIFICATE, ROOT
from affiliate_api.models import UUID4, Accepted, Cancelled, Discovery, Reported, SubjectRequest
from affiliate_api.problems import PROBLEMS, REASONS
from local.openapi.describe import JSON, READING, Answer, DoorDescription, Operation, Parameter, json

_OUTSIDE = ("refused:401", "refused:403", "refused:429")
_SIGNED = ("X-OpenDSR-Processor-Domain", "X-OpenDSR-Signature")
_ID = {"their_id": {"description": "The `subject_request_id`.", "schema": {"type": "string", "pattern": UUID4}}}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An error as OpenDSR shapes it; `errors` is missing where API Gateway refuses.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["domain", "reason", "message"],
                        "properties": {
                            "domain": {"type": "string", "description": "The field, or `request`."},
                            "reason": {"type": "string", "enum": sorted({*PROBLEMS, *REASONS})},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
        }
    },
}


def _header(name: str, says: str) -> Parameter:
    return Parameter(name=name, place="header", says=says, required=True)


_INPUT = _header("Signature-Input", "What the signature covers, when it was made, its nonce and key (RFC 9421).")


def _signed(name: str, says: str, status: int, body: Any, *errors: str, **more: Any) -> Operation:
    return Operation(
        id=name,
        says=says,
        answers={status: json(body, "Signed by us.", *_SIGNED)},
        errors=(*errors, "not_found", *READING, *_OUTSIDE),
        parameters=(_INPUT, *more.pop("parameters", ())),
        security=("affiliateSignature",),
        path=_ID,
        **more,
    )


AFFILIATES = DoorDescription(
    name="affiliates",
    says="For affiliates' systems, by OpenDSR 2.0: each call signed by RFC 9421, each answer signed by us.",
    statuses={code: problem.status for code, problem in PROBLEMS.items()},
    problem="OpenDsrProblem",
    operations={
        ("GET", f"{ROOT}/discovery"): Operation(
            id="discover",
            says="What can be asked for here, by which identities (its section 6.3).",
            answers={200: json(Discovery, "Signed by us.", *_SIGNED)},
            errors=READING,
        ),
        ("GET", CERTIFICATE): Operation(
            id="showCertificateOfOurs",
            says="The certificate that our signatures are checked with, and what leads to its authority.",
            answers={200: Answer(says="PEM.", bodies={"application/x-pem-file": {"type": "string"}})},
            errors=("not_found", *READING),
        ),
        ("POST", f"{ROOT}/requests"): _signed(
            "createForPerson",
            "Hand a person's request in, once per `subject_request_id` (section 7).",
            201,
            Accepted,
            *("invalid_request", "malformed_body", "unsupported_media_type", "too_large", "digest_mismatch"),
            *("right_not_agreed", "request_id_reused", "ceiling_reached"),
            bodies={JSON: SubjectRequest},
            parameters=(_header("Content-Digest", "Of the exact body, by SHA-256 or SHA-512 (RFC 9530)."),),
        ),
        ("GET", f"{ROOT}/requests/<their_id>"): _signed(
            "showForAffiliate", "How a request stands (section 8).", 200, Reported
        ),
        ("DELETE", f"{ROOT}/requests/<their_id>"): _signed(
            "cancelForPerson", "Take a request back while it is pending (section 9).", 202, Cancelled, "too_late"
        ),
    },
)
