"""The console: pages over the operators' doors, for whoever comes with a browser."""

import json
from html import escape
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.desk import CONSOLE_CSP, Visit
from rights.clock import Clock
from rights.domain.rights import Locale
from rights.http import ApiError, respond


class Console:
    """What a door answers, as plain pages."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    def answer(self, visit: Visit) -> Response[Any]:
        """The JSON of a door as text, or what follows a form."""
        body = dict(visit.form) if visit.method == "POST" else {}
        path = "/ops/me" if visit.path == "/ops" else visit.path
        return _page(json.dumps(visit.ask(visit.method, path, visit.query, body), indent=1, ensure_ascii=False))

    def problem(self, _: APIGatewayProxyEvent, error: ApiError, __: Visit | None) -> Response[Any]:
        """An error in words."""
        return _page(error.words(Locale.EN), error.status)

    def arriving(self, _: APIGatewayProxyEvent, to: str) -> Response[Any]:
        """A page that goes on by itself."""
        head = f'<meta http-equiv="refresh" content="0;url={escape(to)}">'
        return _page("Signing you in.", head=head, rest=f'<p><a href="{escape(to)}">Go on</a></p>')

    def signed_out(self, _: APIGatewayProxyEvent) -> Response[Any]:
        """What one sees after signing out."""
        return _page("You are signed out.", rest=f'<p><a href="{self._base_url}/ops/sign-in">Sign in</a></p>')

    def static(self, _: str) -> Response[Any]:
        """There are no files yet."""
        raise ApiError("not_found")


def _page(text: str, status: int = HTTPStatus.OK, *, head: str = "", rest: str = "") -> Response[Any]:
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Console</title>{head}<pre>{escape(text)}</pre>'
    return respond(status, html + rest, "text/html; charset=utf-8", headers={"Content-Security-Policy": CONSOLE_CSP})
