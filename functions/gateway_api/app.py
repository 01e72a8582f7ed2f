"""The SMS gateway's door: signed webhooks, and nothing for people."""

from functools import cache
from http import HTTPStatus
from typing import Any

from gateway_api.doors import GatewayDoors, read_signed
from gateway_api.keys import GatewayKeys
from rights import wiring
from rights.clients import client
from rights.clock import utc_now
from rights.door import Answer, Call, Door, prefix_of
from rights.handler import guarded
from rights.http import respond_json
from rights.settings import Settings, load


class GatewaySettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    gateway_secret_id: str


def build(doors: GatewayDoors, prefix: str = "") -> Door:
    """The door over what it does."""

    def opt_out(call: Call) -> Answer:
        return respond_json(HTTPStatus.ACCEPTED, {"status": doors.opt_out(read_signed(call, doors.admit))})

    return Door([("POST", "/webhooks/sms-opt-out", opt_out)], prefix)


@cache
def _app() -> Door:
    settings = load(GatewaySettings)
    keys = GatewayKeys(client("secretsmanager"), settings.gateway_secret_id, utc_now)
    doors = GatewayDoors(wiring.ledger(), wiring.hmac(), keys, utc_now)
    return build(doors, prefix_of(settings.base_url))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
