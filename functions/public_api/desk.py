"""What all routes share: whose request it is, the pages in the reader's language, and the way from one to the next."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from public_api.doors import PublicDoors
from public_api.pages import Pages
from public_api.views import as_json
from public_api.words import FLASH, HEADING, NEVER_MIND
from rights import http
from rights.domain.rights import Locale
from rights.http import ApiError
from rights.ledger import Request
from rights.notices.i18n import HTML_LANG, say

Call = APIGatewayProxyEvent
Answer = Response[Any]

ID = re.compile(r"[0-9A-Z]{26}")
SAME_PAGE = frozenset({410, 422, 429})
"""Errors about what was typed are shown where it is typed."""


class Desk:
    """Reads calls and answers them."""

    def __init__(self, doors: PublicDoors, pages: Pages, base_url: str) -> None:
        self.doors = doors
        self.pages = pages
        self.base_url = base_url.rstrip("/")

    def admit(self, call: Call, request_id: str) -> Request:
        """The request of an address, for a program that shows its status token or a browser that came by its link."""
        if not ID.fullmatch(request_id):
            raise ApiError("not_found")
        if token := http.bearer_of(call):
            return self.doors.admit(request_id, token)
        return self.doors.admit_by_link(request_id, http.cookies_of(call).get("status", ""))

    def change(self, call: Call, request_id: str) -> tuple[Request, dict[str, Any], bool]:
        """The request of a call that changes it, the fields of its body, and whether that is a form."""
        http.refuse_foreign_forms(call, self.base_url)
        raw, is_form = http.read_body(call)
        return self.admit(call, request_id), raw, is_form

    def summary(self, call: Call, request_id: str) -> dict[str, Any]:
        """Where a request stands after a change."""
        shown = as_json(self.doors.show(self.admit(call, request_id)), knows=False)
        return {name: shown[name] for name in ("request_id", "status", "due_at", "next")}

    def knows(self, call: Call, request: Request) -> bool:
        """True for whoever entered a code in this browser lately, and for programs: a link's token is no bearer.

        A link can be passed on or found: alone it shows where a request stands, and nothing about anybody.
        """
        return bool(http.bearer_of(call)) or self.doors.may_look(request, http.cookies_of(call).get("look"))

    def passes(self, request_ids: Iterable[str]) -> list[str]:
        """The cookies of a browser in which a right code was entered, one for each request that it opens."""
        return [self.cookie("look", self.doors.look_pass(one), f"/requests/{one}") for one in request_ids]

    def link(self, request: Request) -> str:
        """The link that people keep."""
        return f"{self.base_url}/s/{self.doors.link_token(request)}"

    def link_cookie(self, request: Request) -> str:
        """What the link leaves in a browser."""
        return self.cookie("status", self.doors.link_token(request), f"/requests/{request.id}")

    def keys(self, request: Request) -> dict[str, str]:
        """What opens a request: to a program the token, to its person the link."""
        return {"request_id": request.id, "status_token": self.doors.token(request), "link": self.link(request)}

    def keys_of_case(self, case: Sequence[Request]) -> dict[str, Any]:
        """What opens the requests of a case, and first of all its first."""
        return self.keys(case[0]) | {"requests": [self.keys(one) | {"right": one.right} for one in case]}

    def taken(self, case: Sequence[Request]) -> Answer:
        """The answer to a program whose request, or case, was taken in."""
        headers = {"Location": f"{self.base_url}/requests/{case[0].id}"}
        return http.respond_json(HTTPStatus.ACCEPTED, self.keys_of_case(case), headers=headers)

    def see(self, path: str, cookies: list[str] | None = None) -> Answer:
        """Send a browser to another page of ours."""
        headers = {"Location": self.base_url + path}
        return http.respond(
            HTTPStatus.SEE_OTHER, "", "text/plain; charset=utf-8", headers=headers, cookies=cookies or ()
        )

    def cookie(self, name: str, value: str, path: str) -> str:
        """A cookie that only we read, under one path."""
        return f"{name}={value}; Path={self.pages.prefix}{path}; HttpOnly; Secure; SameSite=Lax"

    def page(
        self,
        call: Call,
        template: str,
        locale: Locale,
        values: Mapping[str, Any],
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A page. `step` among the values is where the form called `ask` is sent when the language is changed."""
        query = call.query_string_parameters or {}
        shell: dict[str, Any] = {
            "problem": None,
            "errors": {},
            "step": None,
            "here": self.pages.here(call.path),
            "done": say(locale, FLASH.get(query.get("done", ""), "")),
        }
        shell |= values
        shell["errors"] = defaultdict(str, shell["errors"])
        body = self.pages.in_language(locale, template, shell)
        wished = query.get("lang") == locale or bool(values.get("switched"))
        cookies = [f"{self.cookie('lang', locale.value, '/')}; Max-Age=31536000"] if wished else []
        heads = {"Content-Language": HTML_LANG[locale], **(headers or {})}
        return http.respond(status, body, "text/html; charset=utf-8", headers=heads, cookies=cookies)

    def problem(self, call: Call, error: Exception) -> Answer:
        """Every error that leaves a route."""
        known = http.as_api_error(error)
        if not http.wants_html(call):
            return http.respond_error(known, http.locale_of(call) or Locale.EN)
        locale = page_locale(call)
        more = say(locale, NEVER_MIND) if known.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
        values = {"heading": say(locale, HEADING[known.status]), "words": known.words(locale), "more": more}
        return self.page(call, "problem", locale, values, known.status, headers=known.headers)


def page_locale(call: Call, request: Request | None = None, said: object = None) -> Locale:
    """The language of a page: what the reader wishes (or says just now), else the request's, else Khmer."""
    return http.locale_of(call, said=said, stored=request.locale if request else None) or Locale.KM


def errors_on_page(error: ApiError | None, locale: Locale, field: str = "code") -> dict[str, Any]:
    """The values that show an error beside its field; one that names none is about `field`."""
    if error is None:
        return {}
    named = {name: problem.words(locale) for name, problem in error.fields.items()} or {field: error.words(locale)}
    return {"errors": named, "problem": [{"href": f"#{name}", "words": words} for name, words in named.items()]}
