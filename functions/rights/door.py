"""A door: routes behind API Gateway that all read a call, answer it, and end in the one error shape."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from rights.domain.rights import Locale
from rights.errors import UnknownRequestError
from rights.http import as_api_error, locale_of, respond_error
from rights.telemetry import logger

Call = APIGatewayProxyEvent
Answer = Response[Any]
Route = Callable[..., Answer]
"""Takes the call and, by name, the parts of its path."""


def problem_as_json(call: Call, error: Exception) -> Answer:
    """Any error as JSON, in the caller's language."""
    return respond_error(as_api_error(error), locale_of(call) or Locale.EN)


class Door:
    """Routes as `(method, rule, route)`, a part of the path as `<name>` in the rule.

    `prefix`, the path of the base URL, is what a custom domain leaves in paths.
    """

    def __init__(
        self,
        routes: Iterable[tuple[str, str, Route]],
        prefix: str = "",
        *,
        problem: Callable[[Call, Exception], Answer] = problem_as_json,
    ) -> None:
        self._app = APIGatewayRestResolver(strip_prefixes=[prefix] if prefix else None)
        table = tuple(routes)
        for method, rule, route in table:
            self._app.route(rule, method=method)(self._with_call(route))
        self._app.exception_handler(Exception)(lambda error: problem(self._app.current_event, error))
        self._app.not_found(lambda _: problem(self._app.current_event, UnknownRequestError("no such address")))
        self.rules: tuple[tuple[str, str], ...] = tuple((method, rule) for method, rule, _ in table)
        """Method and rule of every route: what docs/api.md and the OpenAPI file tell of."""

    def _with_call(self, route: Route) -> Callable[..., Answer]:
        def answer(**path: str) -> Answer:
            return route(self._app.current_event, **path)

        return answer

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one call of API Gateway, and log which way it took."""
        answer = self._app.resolve(event, context)
        route = {"method": event.get("httpMethod"), "route": event.get("resource"), "http_status": answer["statusCode"]}
        logger.info("answered", extra=route)
        return answer


def prefix_of(base_url: str) -> str:
    """The path of the base URL."""
    return urlsplit(base_url).path.rstrip("/")


def bytes_of(call: Call, *, refusal: Exception) -> bytes:
    """The bytes of a call's body, as they were signed; raises `refusal` where they cannot be had."""
    text = (call.body or "").encode(errors="surrogatepass")
    if not call.is_base64_encoded:
        return text
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise refusal from None
