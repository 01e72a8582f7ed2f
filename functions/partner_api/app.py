"""The partners' door: signed callbacks, and nothing for people."""

from functools import cache
from http import HTTPStatus
from typing import Any

from partner_api.doors import PartnerDoors
from rights import wiring
from rights.door import Answer, Call, Door, bytes_of, prefix_of
from rights.handler import guarded
from rights.http import ApiError, respond_json
from rights.partners import CALLBACKS, is_partner, processor_of
from rights.settings import Settings, load


class PartnerApiSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str


def build(doors: PartnerDoors, prefix: str = "") -> Door:
    """The door over what it does."""

    def callback(call: Call, recipient_id: str) -> Answer:
        doors.hear(recipient_id, bytes_of(call, refusal=ApiError("callback_refused")), call.headers)
        return respond_json(HTTPStatus.ACCEPTED, {})

    return Door([("POST", f"{CALLBACKS}/<recipient_id>", callback)], prefix)


@cache
def _app() -> Door:
    base = load(PartnerApiSettings).base_url
    doors = PartnerDoors(wiring.ledger(), is_partner, processor_of, base + CALLBACKS)
    return build(doors, prefix_of(base))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
