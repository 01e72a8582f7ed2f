"""The doors of other systems, described: the SMS gateway's and the partners'."""

from typing import Any, Literal

from typing_extensions import TypedDict

from gateway_api.doors import OptOutIn
from local.openapi.describe import JSON, READING, DoorDescription, Operation, Parameter, json
from rights.partners import CALLBACKS
from rights.stores.opendsr.messages import Callback


class OptOutTaken(TypedDict):
    """`ignored`: the word was none of those that stop messages."""

    status: Literal["accepted", "ignored"]


class Nothing(TypedDict):
    """An empty object."""


def _header(name: str, says: str, **schema: Any) -> Parameter:
    return Parameter(name=name, place="header", says=says, schema={"type": "string", **schema}, required=True)


GATEWAY = DoorDescription(
    name="gateway",
    says="For the SMS gateway: signed webhooks.",
    operations={
        ("POST", "/webhooks/sms-opt-out"): Operation(
            id="optOut",
            says="Pass on that somebody answered STOP. Twice is once, by `message_id`.",
            more="The signature is over timestamp, full stop and exact body; the timestamp may be five minutes off.",
            answers={202: json(OptOutTaken, "It is taken in.")},
            bodies={JSON: OptOutIn},
            errors=(
                *("not_signed", "malformed_body", "unsupported_media_type", "too_large", "idempotency_key_reused"),
                *("invalid_request", "wrong_type", "too_long", "phone_not_valid", "unknown_field", *READING),
            ),
            parameters=(_header("X-Gateway-Timestamp", "Seconds since 1970."),),
            security=("gatewaySignature",),
        )
    },
)

PARTNERS = DoorDescription(
    name="partners",
    says="For partners that were asked by OpenDSR 2.0: signed status callbacks (its section 8.6).",
    operations={
        ("POST", f"{CALLBACKS}/<recipient_id>"): Operation(
            id="tellStatus",
            says="Tell how a request stands that we asked of a partner. Twice is once.",
            more="Every refusal is the same: of a request nobody was asked, of another partner's, of a signature that "
            "does not fit, of a message about something else.",
            answers={202: json(Nothing, "It is taken in.")},
            bodies={JSON: Callback},
            errors=("callback_refused", "not_found", *READING),
            parameters=(_header("X-OpenDSR-Processor-Domain", "The partner's domain."),),
            security=("partnerSignature",),
        )
    },
)
