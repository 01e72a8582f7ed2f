"""The partners' door: signed callbacks, and nothing for people."""

from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from partner_api.doors import PartnerDoors, bytes_of
from rights import wiring
from rights.domain.rights import Locale
from rights.handler import guarded
from rights.http import ApiError, as_api_error, respond_error, respond_json
from rights.partners import CALLBACKS, is_partner, processor_of
from rights.settings import Settings, load
from rights.telemetry import logger


class PartnerApiSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str


def build(doors: PartnerDoors, prefix: str = "") -> APIGatewayRestResolver:
    """The resolver over these doors; `prefix`, the path of the base URL, is what a custom domain leaves in paths."""
    app = APIGatewayRestResolver(strip_prefixes=[prefix] if prefix else None)

    @app.post(f"{CALLBACKS}/<recipient_id>")
    def callback(recipient_id: str) -> Response[Any]:
        doors.hear(recipient_id, bytes_of(app.current_event), app.current_event.headers)
        return respond_json(HTTPStatus.ACCEPTED, {})

    def problem(error: Exception) -> Response[Any]:
        return respond_error(as_api_error(error), Locale.EN)

    app.exception_handler(Exception)(problem)
    app.not_found(lambda _: problem(ApiError("not_found")))
    return app


@cache
def _app() -> APIGatewayRestResolver:
    base = load(PartnerApiSettings).base_url
    doors = PartnerDoors(wiring.ledger(), is_partner, processor_of, base + CALLBACKS)
    return build(doors, urlsplit(base).path.rstrip("/"))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    answer = _app().resolve(event, context)
    route = {"method": event.get("httpMethod"), "route": event.get("resource"), "http_status": answer["statusCode"]}
    logger.info("answered", extra=route)
    return answer
