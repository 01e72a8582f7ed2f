"""The SMS gateway's door: signed webhooks, and nothing for people."""

from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from gateway_api.doors import GatewayDoors, read_signed
from gateway_api.keys import GatewayKeys
from rights import wiring
from rights.clients import client
from rights.clock import utc_now
from rights.domain.rights import Locale
from rights.handler import guarded
from rights.http import ApiError, as_api_error, respond_error, respond_json
from rights.settings import Settings, load
from rights.telemetry import logger


class GatewaySettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    gateway_secret_id: str


def build(doors: GatewayDoors, prefix: str = "") -> APIGatewayRestResolver:
    """The resolver over these doors; `prefix`, the path of the base URL, is what a custom domain leaves in paths."""
    app = APIGatewayRestResolver(strip_prefixes=[prefix] if prefix else None)

    @app.post("/webhooks/sms-opt-out")
    def opt_out() -> Response[Any]:
        body = read_signed(app.current_event, doors.admit)
        return respond_json(HTTPStatus.ACCEPTED, {"status": doors.opt_out(body)})

    def problem(error: Exception) -> Response[Any]:
        return respond_error(as_api_error(error), Locale.EN)

    app.exception_handler(Exception)(problem)
    app.not_found(lambda _: problem(ApiError("not_found")))
    return app


@cache
def _app() -> APIGatewayRestResolver:
    settings = load(GatewaySettings)
    keys = GatewayKeys(client("secretsmanager"), settings.gateway_secret_id, utc_now)
    doors = GatewayDoors(wiring.ledger(), wiring.hmac(), keys, utc_now)
    return build(doors, urlsplit(settings.base_url).path.rstrip("/"))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    answer = _app().resolve(event, context)
    route = {"method": event.get("httpMethod"), "route": event.get("resource"), "http_status": answer["statusCode"]}
    logger.info("answered", extra=route)
    return answer
