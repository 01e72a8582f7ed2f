"""A fresh code on the way to the details of a request, and to a new link.

A link alone shows where a request stands, and nothing of anybody.
"""

from http import HTTPStatus
from typing import Any

from public_api.desk import SAME_PAGE, Answer, Call, Desk, errors_on_page, page_locale
from public_api.reading import read_code_only
from public_api.views import is_proven
from rights import http
from rights.http import ApiError
from rights.ledger import Request
from rights.ledger.identity import LOOK


class LookRoutes:
    """The routes of `/requests/{id}/look` and `/requests/{id}/new-link`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors = desk.doors

    def show(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/look`: where the code is asked for and entered; sends none."""
        request = self._desk.admit(call, request_id)
        if not is_proven(request) or self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}")
        return self._page(call, request)

    def enter(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/look`: without a code sends one, with `resend` another; with the right one, opens."""
        request, raw, is_form = self._desk.change(call, request_id)
        if not is_proven(request):
            raise ApiError("not_waiting_for_code")
        asks = "code" not in raw
        try:
            if asks:
                self._doors.ask_code(request, LOOK, again="resend" in raw)
            else:
                self._doors.take_code(request, read_code_only(raw, is_form=is_form), LOOK)
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                return self._page(call, request, error)
            raise
        if not http.wants_html(call):
            status, passes = (HTTPStatus.ACCEPTED, []) if asks else (HTTPStatus.OK, self._desk.passes([request_id]))
            return http.respond_json(status, self._desk.summary(call, request_id), cookies=passes)
        if asks:
            return self._desk.see(f"/requests/{request_id}/look{'?done=sent' if 'resend' in raw else ''}")
        return self._desk.see(f"/requests/{request_id}", self._desk.passes([request_id]))

    def new_link(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/new-link`: the old link and token stop working, those of the whole case."""
        request, _, _ = self._desk.change(call, request_id)
        if not self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}/look")
        case = self._doors.renew_links(request)
        cookies = [self._desk.link_cookie(one) for one in case]
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request_id}?done=new_link", cookies)
        return http.respond_json(HTTPStatus.OK, self._desk.keys_of_case(case), cookies=cookies)

    def _page(self, call: Call, request: Request, error: ApiError | None = None) -> Answer:
        locale, path = page_locale(call, request), f"/requests/{request.id}"
        values: dict[str, Any] = {
            "path": path,
            "here": self._desk.pages.url(f"{path}/look"),
            "sent": self._doors.code_is_out(request, LOOK),
        }
        values |= errors_on_page(error, locale)
        return self._desk.page(call, "look", locale, values, error.status if error else 200)
