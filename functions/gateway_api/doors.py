"""What the SMS gateway may do: pass on that somebody answered STOP. No store is read: every number is treated alike."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gateway_api.signature import is_signed
from rights.clock import Clock
from rights.domain.rights import OPT_OUT_OF, Channel, Locale, Right
from rights.door import Call, bytes_of
from rights.http import ApiError, FieldProblem, not_valid, read_body
from rights.http_fields import ClockReading
from rights.http_problems import FIELD_PROBLEMS
from rights.ledger.model import NewRequest, Opened
from rights.phones import phone_number, plain
from rights.secrets_hmac import Hmac

MAX_BODY = 4 * 1024
LATEST = timedelta(days=7)
"""How long a message may have waited at the gateway."""
KEYWORDS = frozenset({"stop", "unsubscribe", "td", "退订", "ឈប់"})
"""What people answer when they want no more messages, in lower case; `TD` is how Chinese phones abbreviate 退订."""

Answer = Literal["accepted", "ignored"]


def _phone(typed: str) -> str:
    if (number := phone_number(typed)) is None:
        raise PydanticCustomError("phone_not_valid", "phone_not_valid")
    return number


class OptOutIn(BaseModel):
    """The body of an opt-out: who answered what, when, and the gateway's own id of the message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone: Annotated[str, Field(max_length=40), AfterValidator(_phone)]
    keyword: str = Field(max_length=200)
    received_at: ClockReading
    message_id: str = Field(min_length=1, max_length=255)

    @property
    def is_opt_out(self) -> bool:
        """True for a keyword, however it is written: case, width, spaces and a full stop do not matter."""
        return plain(self.keyword).strip(" .!。។").casefold() in KEYWORDS


class Intake(Protocol):
    """What this door needs of the ledger."""

    def open_request(self, new: NewRequest) -> Opened:
        """Take a request in, once per idempotency key."""
        ...


class GatewayDoors:
    """The gateway's doors, over the ledger."""

    def __init__(self, ledger: Intake, hmac: Hmac, keys: Callable[[], Sequence[bytes]], clock: Clock) -> None:
        self._ledger = ledger
        self._hmac = hmac
        self._keys = keys
        self._clock = clock

    def admit(self, body: bytes, timestamp: str, signature: str) -> None:
        """Let a message pass that the gateway signed just now; ApiError `not_signed` for any other, all alike."""
        if not is_signed(body, timestamp, signature, self._keys(), self._clock()):
            raise ApiError("not_signed")

    def opt_out(self, raw: Mapping[str, Any]) -> Answer:
        """Take an opt-out in, once per message: it needs no code, since the answer came from the number itself.

        A message id that comes again with another number or word is a mistake of the gateway's, and refused: an opt-out
        must not be lost in silence. Source: policy 1(2).
        """
        message = _read(raw)
        if not message.is_opt_out:
            return "ignored"
        self._ledger.open_request(
            NewRequest(
                right=Right.MARKETING_OPT_OUT,
                channel=Channel.SMS,
                locale=Locale.KM,
                typed={"phone": message.phone},
                purposes=OPT_OUT_OF,
                received_at=_received(message.received_at, self._clock()),
                proven=True,
                by="sms_gateway",
                idempotency=self._hmac.tag_of("idempotency", "sms_gateway", message.message_id),
                body_hmac=self._hmac.tag_of("body", message.phone, message.keyword),
            )
        )
        return "accepted"


def read_signed(event: Call, admit: Callable[[bytes, str, str], None]) -> dict[str, Any]:
    """The body of a webhook, read only after `admit` let its bytes pass; ApiError for one too large or no JSON."""
    body = bytes_of(event, refusal=ApiError("not_signed"))
    if len(body) > MAX_BODY:
        raise ApiError("too_large")
    admit(body, event.headers.get("x-gateway-timestamp", ""), event.headers.get("x-gateway-signature", ""))
    fields, is_form = read_body(event)
    if is_form:
        raise ApiError("unsupported_media_type")
    return fields


def _received(said: datetime, now: datetime) -> datetime:
    """When it came in by the gateway's clock, or by ours if that clock is plainly wrong: an opt-out is never lost."""
    return said if now - LATEST <= said <= now else now


def _read(raw: Mapping[str, Any]) -> OptOutIn:
    try:
        return OptOutIn.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    raise not_valid({str(detail["loc"][0]): _problem(detail["type"]) for detail in details})


def _problem(kind: str) -> FieldProblem:
    """What is wrong with a field, without the value: it may be somebody's number."""
    if kind == "extra_forbidden":
        return FieldProblem("unknown_field")
    return FieldProblem(kind if kind in FIELD_PROBLEMS else "wrong_type")
