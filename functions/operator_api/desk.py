"""How a call at the operators' door is answered: who it is from, whether it is forged, as a page or as JSON."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.entry import CSRF_FIELD, Admitted, Entry, is_live, session_json
from operator_api.people import Operator, refuse_without_role
from operator_api.routes import Ask, Routes
from rights import http
from rights.domain.rights import Locale
from rights.http import SECURITY_HEADERS, ApiError

MOST_FIELDS = 300
"""Of a form: a decision may name each store, its ground and its last day."""
CONSOLE_CSP = (
    SECURITY_HEADERS["Content-Security-Policy"]
    + "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
)

SIGN_OUT = "/ops/sign-out"
OWN_RULES = (
    ("GET", "/ops"),
    ("GET", "/ops/me"),
    ("GET", "/ops/health"),
    ("GET", "/ops/sign-in"),
    ("GET", "/ops/signed-in"),
    ("GET", "/ops/signed-out"),
    ("POST", SIGN_OUT),
    ("GET", "/ops/static/<name>"),
)
"""What is answered here, beside the table of the doors."""
LOOKED_UP_BY_POST = frozenset({"/ops/search"})
"""Looks whose question is nothing for an address."""

Event = APIGatewayProxyEvent
Answer = Response[Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of somebody who is signed in, by a browser."""

    event: Event
    method: str
    path: str
    """From `/ops` on, without the query."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    """The fields of a form that was sent, each once, without the one against forgeries."""
    who: Operator
    csrf: str
    """Goes into every form, as the field `csrf`, and into the header `X-CSRF-Token` of what a script sends."""
    ask: Ask


class Pages(Protocol):
    """The pages around the doors."""

    def answer(self, visit: Visit) -> Answer:
        """A page, or what follows a form."""
        ...

    def problem(self, event: Event, error: ApiError, visit: Visit | None) -> Answer:
        """An error as a page."""
        ...

    def arriving(self, event: Event, to: str) -> Answer:
        """A page that goes on to `to` by itself: from a page of ours the browser brings the session along."""
        ...

    def signed_out(self, event: Event) -> Answer:
        """What one sees after signing out."""
        ...

    def static(self, name: str) -> Answer:
        """A style sheet, a script or a picture; ApiError `not_found` for any other name."""
        ...


class Desk:
    """Answers calls."""

    def __init__(self, routes: Routes, entry: Entry, pages: Pages, prefix: str = "") -> None:
        """`prefix`: the path of the base URL, which a custom domain leaves in addresses."""
        self._routes = routes
        self._entry = entry
        self._pages = pages
        self._prefix = prefix

    def answer(self, event: Event) -> Answer:
        """The answer to any call under `/ops`, errors included."""
        try:
            return self._open(event) or self._closed(event)
        except Exception as error:  # noqa: BLE001 - the one place where errors become answers
            return self._problem(event, error, None)

    def _open(self, event: Event) -> Answer | None:
        """What nobody has to be signed in for."""
        path = self._path(event)
        match event.http_method, path:
            case "GET", "/ops/health":
                return http.respond_json(HTTPStatus.OK, {"status": "ok"})
            case "GET", "/ops/sign-in":
                return self._entry.sign_in(event)
            case "GET", "/ops/signed-in":
                to, cookies = self._entry.signed_in(event)
                answer = self._pages.arriving(event, to)
                answer.headers["Set-Cookie"] = cookies
                return answer
            case "GET", "/ops/signed-out":
                return self._pages.signed_out(event)
            case "GET", _ if path.startswith("/ops/static/"):
                return self._pages.static(path.removeprefix("/ops/static/"))
        return None

    def _closed(self, event: Event) -> Answer:
        """What somebody has to be signed in for. Who may not do it learns nothing of what they asked about."""
        admitted = self._entry.admitted(event)
        if admitted is None:
            return self._stranger(event)
        path, is_post = self._path(event), event.http_method == "POST"
        visit = self._visit(event, admitted)
        try:
            if path != SIGN_OUT:
                refuse_without_role(admitted.who, to_change=is_post and path not in LOOKED_UP_BY_POST)
            body, is_form = http.read_body(event, most_fields=MOST_FIELDS) if is_post else ({}, False)
            if is_post:
                self._entry.refuse_forged(event, admitted, body.pop(CSRF_FIELD, None) if is_form else None)
            if is_post and path == SIGN_OUT:
                return self._by_page(event, self._entry.sign_out(event))
            is_page = not is_post and http.wants_html(event) and visit.query.get("format") != "csv"
            if is_form or is_page:
                return _tagged(event, self._pages.answer(replace(visit, form=_texts(body))))
            return self._json(event, admitted, visit, body)
        except Exception as error:  # noqa: BLE001 - the one place where errors become answers
            return self._problem(event, error, visit)

    def _json(self, event: Event, admitted: Admitted, visit: Visit, body: Mapping[str, Any]) -> Answer:
        if (event.http_method, visit.path) == ("GET", "/ops/me"):
            return http.respond_json(HTTPStatus.OK, _me(admitted))
        if (event.http_method, visit.path, visit.query.get("format")) == ("GET", "/ops/requests", "csv"):
            return _as_file(self._routes.table(visit.who, visit.query), "requests.csv")
        status, told = self._routes.ask(visit.who, visit.method, visit.path, visit.query, body)
        return _tagged(event, http.respond_json(status, told))

    def _visit(self, event: Event, admitted: Admitted) -> Visit:
        def ask(
            method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
        ) -> dict[str, Any]:
            if (method, path) == ("GET", "/ops/me"):
                return _me(admitted)
            return self._routes.ask(admitted.who, method, path, query or {}, body or {})[1]

        query = dict(event.query_string_parameters or {})
        method = str(event.http_method)
        return Visit(event, method, self._path(event), query, {}, admitted.who, admitted.csrf, ask)

    def _stranger(self, event: Event) -> Answer:
        """Somebody who is not signed in: a browser goes to the sign-in, a program and a page's script are told."""
        if is_live(event) or not http.wants_html(event):
            raise ApiError("sign_in_needed", headers={"WWW-Authenticate": "Bearer"})
        here = self._path(event)
        if event.http_method == "GET" and event.headers.get("sec-fetch-site") == "cross-site":
            # On a link from a mail the browser keeps the session back; from a page of ours it brings it along.
            return self._pages.arriving(event, self._entry.address(here, event.query_string_parameters))
        if event.http_method != "GET":
            return self._by_page(event, self._entry.to_sign_in("/ops", None))
        return self._entry.to_sign_in(here, event.query_string_parameters)

    def _by_page(self, event: Event, answer: Answer) -> Answer:
        """A redirect that follows a form, as a page that goes on by itself.

        It leads to the pool's host in the end, and `form-action 'self'` holds for all that a form is redirected to.
        """
        if not http.wants_html(event):
            return answer
        page = self._pages.arriving(event, str(answer.headers["Location"]))
        if cookies := answer.headers.get("Set-Cookie"):
            page.headers["Set-Cookie"] = cookies
        return page

    def _problem(self, event: Event, error: Exception, visit: Visit | None) -> Answer:
        known = http.as_api_error(error)
        if http.wants_html(event):
            return self._pages.problem(event, known, visit)
        return http.respond_error(known, http.locale_of(event) or Locale.EN)

    def _path(self, event: Event) -> str:
        path = str(event.path or "/")
        inside = path.removeprefix(self._prefix) if self._prefix else path
        return inside.rstrip("/") or "/"


def _me(admitted: Admitted) -> dict[str, Any]:
    who = admitted.who
    return {
        "operator": who.id,
        "name": who.name,
        "groups": sorted(who.groups),
        "may_change": who.may_change,
        "is_approver": who.is_approver,
        "session": session_json(admitted.session),
    }


def _as_file(text: str, name: str) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return http.respond(HTTPStatus.OK, text, "text/csv; charset=utf-8", headers=headers)


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in form.items()}


def _tagged(event: Event, answer: Answer) -> Answer:
    """An answer to a look with a tag of its content, and without content where the caller has that already."""
    if event.http_method != "GET" or answer.status_code != HTTPStatus.OK:
        return answer
    content = answer.body or ""
    digest = hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
    tag = f'"{digest[:32]}"'
    answer.headers["ETag"] = tag
    known = {one.strip().removeprefix("W/") for one in event.headers.get("if-none-match", "").split(",")}
    if tag in known:
        answer.status_code, answer.body = HTTPStatus.NOT_MODIFIED.value, ""
    return answer
