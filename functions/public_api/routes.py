"""The public door's HTTP: each route reads a call, asks `PublicDoors`, and answers as JSON or as a page."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from public_api.doors import PublicDoors
from public_api.models import CodeIn, read_code, read_request
from public_api.pages import Pages, static_files
from public_api.views import as_json, as_page
from public_api.words import FLASH, HEADING
from rights import http, status_token
from rights.domain.rights import Channel, Locale
from rights.http import ApiError
from rights.ledger import Request
from rights.notices.i18n import HTML_LANG, say

Call = APIGatewayProxyEvent
Answer = Response[Any]

_ID = re.compile(r"[0-9A-Z]{26}")
_SAME_PAGE = frozenset({410, 422, 429})
"""Errors about a code are shown where it is typed."""
_FOR_EVER = "public, max-age=31536000, immutable"


class PublicRoutes:
    """The routes. A method takes the call and the parts of its path, and returns the answer."""

    def __init__(self, doors: PublicDoors, pages: Pages, base_url: str, keys: Callable[[], Mapping[str, Any]]) -> None:
        self._doors = doors
        self._pages = pages
        self._base_url = base_url.rstrip("/")
        self._keys = keys

    # --- the form and the intake

    def form(self, call: Call) -> Answer:
        """`GET /`."""
        values = {"right": (call.query_string_parameters or {}).get("right", "")}
        return self._form(call, _page_locale(call), values, HTTPStatus.OK)

    def create(self, call: Call) -> Answer:
        """`POST /requests`."""
        http.refuse_foreign_forms(call, self._base_url)
        raw, is_form = http.read_body(call)
        locale = http.locale_of(call, said=raw.get("locale", raw.get("lang"))) or Locale.KM
        try:
            body = read_request(raw, is_form=is_form)
        except ApiError as error:
            if is_form and http.wants_html(call):
                return self._form(call, locale, raw, error.status, error)
            raise
        key = call.headers.get("idempotency-key") or (raw.get("nonce") if is_form else None)
        taken = self._doors.take_in(body, locale, Channel.WEB if is_form else Channel.API, key)
        path = f"/requests/{taken.request_id}"
        if not http.wants_html(call):
            answer = {"request_id": taken.request_id, "status_token": taken.token}
            return http.respond_json(HTTPStatus.ACCEPTED, answer, headers={"Location": self._base_url + path})
        typed = [str(raw[name]).strip() for name in ("phone", "email") if str(raw.get(name, "")).strip()]
        echo = base64.urlsafe_b64encode(json.dumps(typed).encode()).decode().rstrip("=")
        cookies = [self._cookie("status", taken.token, path), self._cookie("typed", echo, path)]
        return self._see(path, cookies)

    def link(self, _: Call, token: str) -> Answer:
        """`GET /s/{token}`: keep the token in a cookie and show the clean address. Changes nothing."""
        request_id = status_token.request_of(token)
        if not _ID.fullmatch(request_id):
            raise ApiError("not_found")
        request = self._doors.admit(request_id, token)
        path = f"/requests/{request.id}"
        return self._see(path, [self._cookie("status", token, path)])

    # --- one request

    def status(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}`."""
        request = self._admit(call, request_id)
        if not http.wants_html(call):
            return http.respond_json(HTTPStatus.OK, as_json(self._doors.show(request)))
        return self._status(call, request)

    def code(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/code`."""
        request, raw, is_form = self._change(call, request_id)
        try:
            proven = self._doors.enter_code(request, read_code(raw, is_form=is_form))
        except ApiError as error:
            if http.wants_html(call) and error.status in _SAME_PAGE:
                return self._status(call, request, error)
            raise
        if http.wants_html(call):
            return self._see(f"/requests/{request_id}?done={'proven' if proven else 'more'}")
        answer = self._summary(call, request_id)
        return http.respond_json(
            HTTPStatus.OK, answer | {"proven": proven} | ({} if proven else {"next": ["code", "proceed"]})
        )

    def resend(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/code/resend`."""
        request, _, _ = self._change(call, request_id)
        try:
            self._doors.resend(request)
        except ApiError as error:
            if http.wants_html(call) and error.status in _SAME_PAGE:
                return self._status(call, request, error)
            raise
        if http.wants_html(call):
            return self._see(f"/requests/{request_id}?done=resent")
        return http.respond_json(HTTPStatus.ACCEPTED, self._summary(call, request_id))

    def ask_withdraw(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/withdraw`: asks once more."""
        request = self._admit(call, request_id)
        if not self._doors.show(request).can_withdraw:
            raise ApiError("too_late")
        values = {"path": f"/requests/{request_id}", "reference": status_token.reference(request_id)}
        return self._page(call, "withdraw", _page_locale(call, request), values)

    def withdraw(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/withdraw` and `DELETE /requests/{id}`."""
        request, _, _ = self._change(call, request_id)
        self._doors.withdraw(request)
        if http.wants_html(call):
            return self._see(f"/requests/{request_id}?done=withdrawn")
        return http.respond_json(HTTPStatus.OK, self._summary(call, request_id))

    def ask_stop(self, call: Call, token: str) -> Answer:
        """`GET /stop/{token}`: what a contact on file was sent; asks once more, shows nothing of the request."""
        stoppable = self._doors.may_be_stopped(token)
        values = {"path": f"/stop/{token}", "stoppable": stoppable, "stopped": False}
        return self._page(call, "stop", _page_locale(call), values)

    def stop(self, call: Call, token: str) -> Answer:
        """`POST /stop/{token}`: withdraws the request, in the name of whoever holds the contact."""
        http.refuse_foreign_forms(call, self._base_url)
        self._doors.stop(token)
        if not http.wants_html(call):
            return http.respond_json(HTTPStatus.OK, {"status": "withdrawn"})
        values = {"path": f"/stop/{token}", "stoppable": False, "stopped": True}
        return self._page(call, "stop", _page_locale(call), values)

    # --- what comes of it

    def package(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/package`: says whether it is ready, and sends the code a download needs."""
        request = self._admit(call, request_id)
        if http.wants_html(call):
            if link := self._doors.package_by_pass(request, http.cookies_of(call).get("package")):
                values = {"link": link.url, "expires_at": link.expires_at, "size": _size(link.size)}
                return self._package(call, request, values)
            return self._package_code_page(call, request)
        if not self._doors.show(request).package_ready:
            return http.respond_json(HTTPStatus.OK, {"request_id": request_id, "ready": False, "next": []})
        sent = self._doors.ask_package_code(request, again=False)
        answer = {"request_id": request_id, "ready": True, "code_sent": sent, "next": ["code"]}
        return http.respond_json(HTTPStatus.OK, answer)

    def _package_code_page(self, call: Call, request: Request) -> Answer:
        try:
            self._doors.ask_package_code(request, again=False)
        except ApiError as error:
            if error.status in _SAME_PAGE:
                return self._package(call, request, error=error)
            raise
        return self._package(call, request)

    def open_package(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/package`: with the code the link, with `resend` another code."""
        request, raw, is_form = self._change(call, request_id)
        if raw.get("resend") in (True, "true") and "code" not in raw:
            return self._package_code_again(call, request)
        try:
            link = self._doors.open_package(request, _code_only(raw, is_form=is_form))
        except ApiError as error:
            if http.wants_html(call) and error.status in _SAME_PAGE:
                return self._package(call, request, error=error)
            raise
        if http.wants_html(call):
            path = f"/requests/{request_id}/package"
            return self._see(path, [self._cookie("package", self._doors.package_pass(request), path)])
        return http.respond_json(HTTPStatus.OK, {"url": link.url, "expires_at": link.expires_at.isoformat()})

    def _package_code_again(self, call: Call, request: Request) -> Answer:
        self._doors.ask_package_code(request, again=True)
        if http.wants_html(call):
            return self._see(f"/requests/{request.id}/package?done=sent")
        return http.respond_json(HTTPStatus.ACCEPTED, {"request_id": request.id, "code_sent": True})

    def certificate(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/certificate`: a compact JWS."""
        request = self._admit(call, request_id)
        name = f'attachment; filename="certificate-{status_token.reference(request_id)}.jws"'
        return http.respond(
            HTTPStatus.OK,
            self._doors.certificate(request),
            "application/jose",
            headers={"Content-Disposition": name},
        )

    def jwks(self, _: Call) -> Answer:
        """`GET /.well-known/jwks.json`."""
        return http.respond_json(HTTPStatus.OK, self._keys(), headers={"Cache-Control": "public, max-age=3600"})

    def static(self, _: Call, name: str) -> Answer:
        """`GET /static/{name}`; the name carries a fingerprint."""
        file = static_files().get(name)
        if file is None:
            raise ApiError("not_found")
        return http.respond(HTTPStatus.OK, file.body, file.content_type, headers={"Cache-Control": _FOR_EVER})

    def to_start(self, _: Call) -> Answer:
        """`GET /requests`: where a reload of a refused form ends up."""
        return self._see("/")

    def problem(self, call: Call, error: Exception) -> Answer:
        """Every error that leaves a route."""
        known = http.as_api_error(error)
        if not http.wants_html(call):
            return http.respond_error(known, http.locale_of(call) or Locale.EN)
        locale = _page_locale(call)
        words = known.words(locale)
        heading = say(locale, HEADING[known.status])
        values = {"heading": heading, "words": words}
        return self._page(call, "problem", locale, values, known.status, headers=known.headers)

    # --- helpers

    def _admit(self, call: Call, request_id: str) -> Request:
        if not _ID.fullmatch(request_id):
            raise ApiError("not_found")
        return self._doors.admit(request_id, http.bearer_of(call) or http.cookies_of(call).get("status"))

    def _change(self, call: Call, request_id: str) -> tuple[Request, dict[str, Any], bool]:
        http.refuse_foreign_forms(call, self._base_url)
        raw, is_form = http.read_body(call)
        return self._admit(call, request_id), raw, is_form

    def _summary(self, call: Call, request_id: str) -> dict[str, Any]:
        shown = as_json(self._doors.show(self._admit(call, request_id)))
        return {name: shown[name] for name in ("request_id", "status", "due_at", "next")}

    def _see(self, path: str, cookies: list[str] | None = None) -> Answer:
        headers = {"Location": self._base_url + path}
        return http.respond(
            HTTPStatus.SEE_OTHER, "", "text/plain; charset=utf-8", headers=headers, cookies=cookies or ()
        )

    def _cookie(self, name: str, value: str, path: str) -> str:
        return f"{name}={value}; Path={self._pages.prefix}{path}; HttpOnly; Secure; SameSite=Lax"

    def _form(
        self, call: Call, locale: Locale, raw: Mapping[str, Any], status: int, error: ApiError | None = None
    ) -> Answer:
        errors = {name.rpartition(".")[2]: p.words(locale) for name, p in (error.fields if error else {}).items()}
        targets = {"right": "#right-access", "phone": "#phone", "email": "#email", "identifiers": "#phone"}
        values = {
            "values": {name: str(raw.get(name, "")) for name in ("right", "phone", "email")},
            "errors": {name: errors.get(name) for name in ("right", "identifiers", "phone", "email")},
            "problem": [{"href": targets.get(name), "words": words} for name, words in errors.items()],
            "nonce": raw.get("nonce") or self._doors.nonce(),
            "here": self._pages.url("/"),
        }
        return self._page(call, "form", locale, values, status)

    def _status(self, call: Call, request: Request, error: ApiError | None = None) -> Answer:
        locale = _page_locale(call, request)
        done = FLASH.get((call.query_string_parameters or {}).get("done", ""), "")
        values = {
            "view": as_page(self._doors.show(request), locale),
            "typed": _echo(http.cookies_of(call).get("typed")),
            "offer_proceed": self._doors.may_proceed(request),
            "link": f"{self._base_url}/s/{self._doors.link_token(request)}",
            "now": self._doors.now(),
            "done": say(locale, done),
            "here": self._pages.url(f"/requests/{request.id}"),
        }
        return self._page(call, "status", locale, values | _code_errors(error, locale), error.status if error else 200)

    def _package(
        self, call: Call, request: Request, values: Mapping[str, Any] | None = None, error: ApiError | None = None
    ) -> Answer:
        locale = _page_locale(call, request)
        done = FLASH.get((call.query_string_parameters or {}).get("done", ""), "")
        path = f"/requests/{request.id}"
        shell: dict[str, Any] = {
            "path": path,
            "link": None,
            "done": say(locale, done),
            "here": self._pages.url(f"{path}/package"),
        }
        shell |= _code_errors(error, locale)
        return self._page(call, "package", locale, shell | dict(values or {}), error.status if error else 200)

    def _page(
        self,
        call: Call,
        template: str,
        locale: Locale,
        values: Mapping[str, Any],
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        shell: dict[str, Any] = {"problem": None, "here": self._pages.url(call.path), "errors": {}}
        body = self._pages.render(template, locale, shell | dict(values))
        asked = (call.query_string_parameters or {}).get("lang")
        cookies = [f"{self._cookie('lang', locale.value, '/')}; Max-Age=31536000"] if asked == locale else []
        heads = {"Content-Language": HTML_LANG[locale], **(headers or {})}
        return http.respond(status, body, "text/html; charset=utf-8", headers=heads, cookies=cookies)


def _page_locale(call: Call, request: Request | None = None) -> Locale:
    return http.locale_of(call, stored=request.locale if request else None) or Locale.KM


def _code_errors(error: ApiError | None, locale: Locale) -> dict[str, Any]:
    if error is None:
        return {"errors": {"code": None}}
    words = error.words(locale)
    return {"errors": {"code": words}, "problem": [{"href": "#code", "words": words}]}


def _code_only(raw: Mapping[str, Any], *, is_form: bool) -> CodeIn:
    return read_code({name: value for name, value in raw.items() if name != "proceed"}, is_form=is_form)


def _echo(cookie: str | None) -> list[str]:
    """What the person typed, from the cookie that only their own browser has; nothing if it is not whole."""
    try:
        typed = json.loads(base64.urlsafe_b64decode(f"{cookie or ''}==="))
    except (binascii.Error, ValueError):
        return []
    return [str(value) for value in typed] if isinstance(typed, list) else []


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} KB"
