"""Find my request: for whoever kept the reference and lost the link. Nothing typed is ever in an address."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from public_api.desk import SAME_PAGE, Answer, Call, Desk, errors_on_page
from public_api.reading import read_find
from rights import http
from rights.domain.rights import Locale
from rights.http import ApiError
from rights.notices.i18n import N_, say

SENT_AGAIN = N_("If the two belong together, another code is on its way.")


class FindRoutes:
    """The routes under `/find`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors = desk.doors

    def start(self, call: Call) -> Answer:
        """`GET /find`."""
        return self._start(call, http.locale_of(call) or Locale.KM, {})

    def ask(self, call: Call) -> Answer:
        """`POST /find`: a reference and a contact; with `resend` another code."""
        raw, locale = self._read(call)
        if "language" in raw:
            return self._start(call, locale, raw)
        try:
            self._doors.ask_to_find(read_find(raw))
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                return self._start(call, locale, raw, error)
            raise
        if http.wants_html(call):
            return self._code(call, locale, raw, done=say(locale, SENT_AGAIN) if "resend" in raw else "")
        return http.respond_json(HTTPStatus.ACCEPTED, {"next": ["code"]})

    def code(self, call: Call) -> Answer:
        """`POST /find/code`: the code, with the same reference and contact."""
        raw, locale = self._read(call)
        if "language" in raw:
            return self._code(call, locale, raw)
        try:
            request = self._doors.find(read_find(raw))
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                page = self._code if error.fields.keys() <= {"code"} else self._start
                return page(call, locale, raw, error)
            raise
        if not http.wants_html(call):
            return http.respond_json(HTTPStatus.OK, self._desk.keys(request))
        cookies = [self._desk.link_cookie(request), *self._desk.passes([request.id])]
        return self._desk.see(f"/requests/{request.id}?done=found", cookies)

    def to_start(self, _: Call) -> Answer:
        """`GET /find/code`: where a reload may end up."""
        return self._desk.see("/find")

    def _read(self, call: Call) -> tuple[dict[str, Any], Locale]:
        http.refuse_foreign_forms(call, self._desk.base_url)
        raw, _ = http.read_body(call)
        return raw, http.locale_of(call, said=raw.get("language", raw.get("lang"))) or Locale.KM

    def _start(self, call: Call, locale: Locale, raw: Mapping[str, Any], error: ApiError | None = None) -> Answer:
        values = self._values(raw, "/find") | errors_on_page(error, locale, "reference")
        return self._desk.page(call, "find", locale, values, error.status if error else 200)

    def _code(
        self, call: Call, locale: Locale, raw: Mapping[str, Any], error: ApiError | None = None, done: str = ""
    ) -> Answer:
        values = self._values(raw, "/find/code") | errors_on_page(error, locale)
        if done:
            values["done"] = done
        return self._desk.page(call, "find_code", locale, values, error.status if error else 200)

    def _values(self, raw: Mapping[str, Any], step: str) -> dict[str, Any]:
        given = {name: str(raw.get(name, "")).strip() for name in ("reference", "phone", "email")}
        return {"given": given, "step": self._desk.pages.url(step), "switched": "language" in raw}
