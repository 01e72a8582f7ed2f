"""The operators' door: JSON behind a Cognito authoriser."""

from collections.abc import Callable, Collection
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from operator_api.doors import OperatorDoors, operator_of, roles_of
from rights import wiring
from rights.clock import utc_now
from rights.domain.grounds import User
from rights.domain.rights import Locale
from rights.handler import guarded
from rights.http import ApiError, as_api_error, locale_of, read_body, respond_error, respond_json
from rights.settings import Settings, load
from rights.telemetry import logger


class OperatorSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str


def build(doors: OperatorDoors, prefix: str = "") -> APIGatewayRestResolver:
    """The resolver over these doors; `prefix`, the path of the base URL, is what a custom domain leaves in paths."""
    app = APIGatewayRestResolver(strip_prefixes=[prefix] if prefix else None)

    def claims() -> dict[str, Any]:
        return (app.current_event["requestContext"].get("authorizer") or {}).get("claims") or {}

    def who(*, to_change: bool) -> str:
        return operator_of(claims(), to_change=to_change)

    @app.get("/ops/requests")
    def find() -> Response[Any]:
        who(to_change=False)
        return respond_json(HTTPStatus.OK, doors.find((app.current_event.query_string_parameters or {}).get("status")))

    @app.get("/ops/requests/<request_id>")
    def look_at(request_id: str) -> Response[Any]:
        who(to_change=False)
        return respond_json(HTTPStatus.OK, doors.look_at(request_id))

    @app.post("/ops/requests/<request_id>/retry")
    def retry(request_id: str) -> Response[Any]:
        return respond_json(HTTPStatus.ACCEPTED, doors.retry(request_id, who(to_change=True)))

    @app.post("/ops/requests/<request_id>/decision")
    def decide(request_id: str) -> Response[Any]:
        by = who(to_change=True)
        body, _ = read_body(app.current_event)
        return respond_json(HTTPStatus.OK, doors.decide(request_id, body, by, roles_of(claims())))

    _add_holds(app, doors, who, lambda: roles_of(claims()))

    def problem(error: Exception) -> Response[Any]:
        return respond_error(as_api_error(error), locale_of(app.current_event) or Locale.EN)

    app.exception_handler(Exception)(problem)
    app.not_found(lambda _: problem(ApiError("not_found")))
    return app


def _add_holds(
    app: APIGatewayRestResolver, doors: OperatorDoors, who: Callable[..., str], roles: Callable[[], Collection[User]]
) -> None:
    @app.get("/ops/holds")
    def holds_of() -> Response[Any]:
        who(to_change=False)
        asked = app.current_event.query_string_parameters or {}
        return respond_json(HTTPStatus.OK, doors.holds_of(asked.get("request_id")))

    @app.post("/ops/holds")
    def place_hold() -> Response[Any]:
        by = who(to_change=True)
        body, _ = read_body(app.current_event)
        return respond_json(HTTPStatus.CREATED, doors.place_hold(body, by, roles()))

    @app.post("/ops/holds/<hold_id>/lift")
    def lift_hold(hold_id: str) -> Response[Any]:
        return respond_json(HTTPStatus.OK, doors.lift_hold(hold_id, who(to_change=True)))


@cache
def _app() -> APIGatewayRestResolver:
    prefix = urlsplit(load(OperatorSettings).base_url).path.rstrip("/")
    return build(OperatorDoors(wiring.ledger(), utc_now), prefix)


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    answer = _app().resolve(event, context)
    route = {"method": event.get("httpMethod"), "route": event.get("resource"), "http_status": answer["statusCode"]}
    logger.info("answered", extra=route)
    return answer
