"""The form for a new request: `GET /`, the steps `POST /ask/...`, and the intake `POST /requests`."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from public_api import ask_form
from public_api.desk import Answer, Call, Desk, page_locale
from public_api.reading import read_request
from rights import http
from rights.domain.rights import Channel, Locale, Right
from rights.http import ApiError
from rights.ledger import Request


class AskRoutes:
    """Choose a right, give what it needs, check, send. Nothing is kept before it is sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors = desk.doors

    def start(self, call: Call) -> Answer:
        """`GET /`; with `?right=` the second step at once."""
        locale = page_locale(call)
        right = (call.query_string_parameters or {}).get("right", "")
        if right in tuple(Right):
            return self._details(call, locale, {"right": right})
        return self._desk.page(call, "right", locale, ask_form.right_page({}, locale))

    def right(self, call: Call) -> Answer:
        """`POST /ask/right`: the first step again, with the answers so far."""
        raw, locale = self._read(call)
        return self._right(call, locale, raw)

    def details(self, call: Call) -> Answer:
        """`POST /ask/details`: the second step."""
        raw, locale = self._read(call)
        if not ask_form.rights_of(raw):
            return self._right(call, locale, raw, ask_form.no_right())
        return self._details(call, locale, raw)

    def check(self, call: Call) -> Answer:
        """`POST /ask/check`: the answers in one list before they are sent, or what has to be changed first."""
        raw, locale = self._read(call)
        given = ask_form.answers(raw, self._doors.offer)
        try:
            read_request(given, is_form=True)
        except ApiError as error:
            return self._refused(call, locale, raw, error)
        values = {
            "rows": ask_form.check_page(given, self._doors.offer, locale),
            "hidden_fields": given | {"nonce": self._doors.nonce()},
            "step": self._desk.pages.url("/ask/check"),
        }
        return self._desk.page(call, "check", locale, values | _switched(raw))

    def to_start(self, _: Call, step: str = "") -> Answer:  # noqa: ARG002 - part of the address
        """`GET /requests`, `GET /ask/{step}`: where a reload of a form's page ends up."""
        return self._desk.see("/")

    def create(self, call: Call) -> Answer:
        """`POST /requests`."""
        http.refuse_foreign_forms(call, self._desk.base_url)
        raw, is_form = http.read_body(call)
        locale = http.locale_of(call, said=raw.get("locale", raw.get("lang"))) or Locale.KM
        try:
            body = read_request(raw, is_form=is_form)
        except ApiError as error:
            if is_form and http.wants_html(call):
                return self._refused(call, locale, raw, error)
            raise
        key = call.headers.get("idempotency-key") or (raw.get("nonce") if is_form else None)
        taken = self._doors.take_in(body, locale, Channel.WEB if is_form else Channel.API, key)
        return self._taken_page(taken[0], raw) if http.wants_html(call) else self._desk.taken(taken)

    def _taken_page(self, request: Request, raw: Mapping[str, Any]) -> Answer:
        """To the status page. The browser alone keeps where the code goes, as it was typed."""
        whose = "" if raw.get("requester", "self") == "self" else "requester_"
        names = [f"{whose}phone", f"{whose}email"]
        typed = [str(raw[name]).strip() for name in names if str(raw.get(name, "")).strip()]
        echo = base64.urlsafe_b64encode(json.dumps(typed).encode()).decode().rstrip("=")
        path = f"/requests/{request.id}"
        return self._desk.see(path, [self._desk.link_cookie(request), self._desk.cookie("typed", echo, path)])

    def _read(self, call: Call) -> tuple[dict[str, Any], Locale]:
        http.refuse_foreign_forms(call, self._desk.base_url)
        raw, _ = http.read_body(call)
        return raw, http.locale_of(call, said=raw.get("language", raw.get("lang"))) or Locale.KM

    def _refused(self, call: Call, locale: Locale, raw: Mapping[str, Any], error: ApiError) -> Answer:
        """The step whose answers have to be changed."""
        has_right = ask_form.rights_of({name: str(value) for name, value in raw.items()})
        step = self._details if has_right and "right" not in error.fields else self._right
        return step(call, locale, raw, error)

    def _right(self, call: Call, locale: Locale, raw: Mapping[str, Any], error: ApiError | None = None) -> Answer:
        values = ask_form.right_page(ask_form.answers(raw, self._doors.offer), locale)
        values["step"] = self._desk.pages.url("/ask/right")
        return self._step(call, "right", locale, values | _switched(raw), error)

    def _details(self, call: Call, locale: Locale, raw: Mapping[str, Any], error: ApiError | None = None) -> Answer:
        given = ask_form.answers(raw, self._doors.offer)
        values = ask_form.details_page(given, self._doors.offer, locale)
        values["step"] = self._desk.pages.url("/ask/details")
        return self._step(call, "details", locale, values | _switched(raw), error)

    def _step(
        self, call: Call, template: str, locale: Locale, values: Mapping[str, Any], error: ApiError | None
    ) -> Answer:
        if error is None:
            return self._desk.page(call, template, locale, values)
        errors, problem = ask_form.problems(error, values.get("given", {}), locale)
        return self._desk.page(call, template, locale, {**values, "errors": errors, "problem": problem}, error.status)


def _switched(raw: Mapping[str, Any]) -> dict[str, bool]:
    return {"switched": "language" in raw}
