"""The public door's HTTP: each route reads a call, asks `PublicDoors`, and answers as JSON or as a page."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from public_api.ask_routes import AskRoutes
from public_api.desk import ID, SAME_PAGE, Answer, Call, Desk, errors_on_page, page_locale
from public_api.doors import PublicDoors
from public_api.evidence import EvidenceDoors
from public_api.evidence_routes import EvidenceRoutes
from public_api.find_routes import FindRoutes
from public_api.look_routes import LookRoutes
from public_api.package_routes import PackageRoutes
from public_api.pages import Pages
from public_api.reading import read_answer, read_code, read_confirm
from public_api.status_page import as_page, done_so_far, lapses
from public_api.views import WAITING_FOR_PROOF, as_json
from rights import http, status_token
from rights.domain.confirmation import Confirm
from rights.domain.status import Status
from rights.http import ApiError
from rights.ledger import Request
from rights.ledger.model import CodeResult

A_CODE_TAKES = timedelta(minutes=2)
"""How long a message may be on its way before it makes sense to ask for another."""


class PublicRoutes:
    """The routes. A method takes the call and the parts of its path, and returns the answer."""

    def __init__(
        self,
        doors: PublicDoors,
        evidence: EvidenceDoors,
        pages: Pages,
        base_url: str,
        keys: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._doors = doors
        self._desk = Desk(doors, pages, base_url)
        self._evidence_doors = evidence
        self._keys = keys
        self.ask = AskRoutes(self._desk)
        self.evidence = EvidenceRoutes(self._desk, evidence)
        self.packages = PackageRoutes(self._desk)
        self.find = FindRoutes(self._desk)
        self.look = LookRoutes(self._desk)
        self.problem = self._desk.problem

    def link(self, _: Call, token: str) -> Answer:
        """`GET /s/{token}`: keep the token in a cookie and show the clean address. Changes nothing."""
        request_id = status_token.request_of(token)
        if not ID.fullmatch(request_id):
            raise ApiError("not_found")
        request = self._doors.admit_by_link(request_id, token)
        return self._desk.see(f"/requests/{request.id}", [self._desk.link_cookie(request)])

    # --- one request

    def status(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}`."""
        request = self._desk.admit(call, request_id)
        if not http.wants_html(call):
            return http.respond_json(
                HTTPStatus.OK, as_json(self._doors.show(request), knows=self._desk.knows(call, request))
            )
        return self._status(call, request)

    def code(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/code`."""
        request, raw, is_form = self._desk.change(call, request_id)
        try:
            code = self._doors.enter_code(request, read_code(raw, is_form=is_form))
        except ApiError as error:
            return self._status_or_raise(call, request, error)
        # Whoever entered a right code has proven something of their own; to go on with that proves nothing more.
        passes = self._desk.passes(request.case_requests or [request_id]) if code.was_right else []
        proven = code.result is CodeResult.PROVEN
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request_id}?done={'proven' if proven else 'more'}", passes)
        answer = self._desk.summary(call, request_id) | {"proven": proven}
        return http.respond_json(
            HTTPStatus.OK, answer | ({} if proven else {"next": ["code", "proceed"]}), cookies=passes
        )

    def no_code(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/code`: what one can do when no code comes."""
        request = self._desk.admit(call, request_id)
        if request.status not in WAITING_FOR_PROOF:
            return self._desk.see(f"/requests/{request_id}")
        return self._no_code(call, request)

    def _no_code(self, call: Call, request: Request, error: ApiError | None = None) -> Answer:
        asked_at = self._doors.code_asked_at(request)
        typed = _echo(http.cookies_of(call).get("typed"))
        values = {
            "path": f"/requests/{request.id}",
            "here": self._desk.pages.url(f"/requests/{request.id}/code"),
            "typed": typed,
            "again": {"right": request.right.value} | {"email" if "@" in one else "phone": one for one in typed},
            "asked_at": asked_at,
            "wait_until": asked_at + A_CODE_TAKES if asked_at else None,
        }
        locale = page_locale(call, request)
        values |= errors_on_page(error, locale, "again")
        return self._desk.page(call, "no_code", locale, values, error.status if error else 200)

    def resend(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/code/resend`."""
        request, _, _ = self._desk.change(call, request_id)
        try:
            self._doors.resend(request)
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                return self._no_code(call, request, error)
            raise
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request_id}?done=resent")
        return http.respond_json(HTTPStatus.ACCEPTED, self._desk.summary(call, request_id))

    def ask_confirm(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/confirm`: what is lost with the account, before one agrees."""
        request = self._desk.admit(call, request_id)
        if request.status is not Status.CONFIRM_NEEDED or request.confirm != Confirm.CLOSURE:
            return self._desk.see(f"/requests/{request_id}")
        if not self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}/look")
        locale = page_locale(call, request)
        told = self._doors.show(request).told.get("lapses", ())
        values = {"path": f"/requests/{request_id}", "lapses": lapses(told, locale)}
        return self._desk.page(call, "confirm", locale, values)

    def confirm(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/confirm`."""
        request, raw, is_form = self._desk.change(call, request_id)
        if request.confirm == Confirm.CLOSURE and not self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}/look")
        try:
            body = read_confirm(raw, is_form=is_form)
            confirmed = self._doors.confirm(request, body)
        except ApiError as error:
            return self._status_or_raise(call, request, error)
        if http.wants_html(call):
            done = "confirmed" if confirmed.is_confirmed else "sent" if body.resend else "more"
            return self._desk.see(f"/requests/{request_id}?done={done}")
        return http.respond_json(HTTPStatus.OK, self._desk.summary(call, request_id))

    def answers(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/answers`."""
        request, raw, _ = self._desk.change(call, request_id)
        if not self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}/look")
        if "language" in raw and http.wants_html(call):
            return self._status(call, request, raw=raw)
        try:
            self._doors.answer(request, read_answer(raw))
        except ApiError as error:
            return self._status_or_raise(call, request, error, raw)
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request_id}?done=answered")
        return http.respond_json(HTTPStatus.OK, self._desk.summary(call, request_id))

    def ask_withdraw(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/withdraw`: asks once more, or says what is already done."""
        request = self._desk.admit(call, request_id)
        shown = self._doors.show(request)
        if not shown.can_withdraw:
            return self._too_late(call, request)
        path, reference = f"/requests/{request_id}", status_token.reference(request_id)
        values = {"path": path, "reference": reference, "told": shown.proven}
        return self._desk.page(call, "withdraw", page_locale(call, request), values)

    def withdraw(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/withdraw` and `DELETE /requests/{id}`."""
        request, _, _ = self._desk.change(call, request_id)
        if not http.wants_html(call):
            self._doors.withdraw(request)
            return http.respond_json(HTTPStatus.OK, self._desk.summary(call, request_id))
        if not self._doors.show(request).can_withdraw:
            return self._too_late(call, request)
        self._doors.withdraw(request)
        return self._desk.see(f"/requests/{request_id}?done=withdrawn")

    def ask_stop(self, call: Call, token: str) -> Answer:
        """`GET /stop/{token}`: what a contact on file was sent; asks once more, shows nothing of the request."""
        stoppable = self._doors.may_be_stopped(token)
        values = {"path": f"/stop/{token}", "stoppable": stoppable, "stopped": False}
        return self._desk.page(call, "stop", page_locale(call), values)

    def stop(self, call: Call, token: str) -> Answer:
        """`POST /stop/{token}`: withdraws the request, in the name of whoever holds the contact."""
        http.refuse_foreign_forms(call, self._desk.base_url)
        self._doors.stop(token)
        if not http.wants_html(call):
            return http.respond_json(HTTPStatus.OK, {"status": "withdrawn"})
        values = {"path": f"/stop/{token}", "stoppable": False, "stopped": True}
        return self._desk.page(call, "stop", page_locale(call), values)

    # --- what needs no request

    def jwks(self, _: Call) -> Answer:
        """`GET /.well-known/jwks.json`."""
        return http.respond_json(HTTPStatus.OK, self._keys(), headers={"Cache-Control": "public, max-age=3600"})

    def description(self, _: Call) -> Answer:
        """`GET /openapi.json`: all doors, as `make openapi` described them."""
        headers = {"Cache-Control": "public, max-age=3600"}
        return http.respond(HTTPStatus.OK, _description(self._desk.base_url), "application/json", headers=headers)

    def static(self, _: Call, name: str) -> Answer:
        """`GET /static/{name}`; the name carries a fingerprint."""
        return self._desk.pages.serve(name)

    # --- the status page

    def _status_or_raise(
        self, call: Call, request: Request, error: ApiError, raw: Mapping[str, Any] | None = None
    ) -> Answer:
        """An error about what was typed is shown on the page where it was; any other goes its way."""
        if not http.wants_html(call) or error.status not in SAME_PAGE:
            raise error
        return self._status(call, request, error, raw or {})

    def _too_late(self, call: Call, request: Request) -> Answer:
        """The status page, opening with what can no longer be undone; a browser's withdrawal came too late."""
        error = ApiError("too_late")
        if not http.wants_html(call):
            raise error
        return self._status(call, request, error)

    def _status(
        self, call: Call, request: Request, error: ApiError | None = None, raw: Mapping[str, Any] | None = None
    ) -> Answer:
        raw = raw or {}
        locale = page_locale(call, request, said=raw.get("language"))
        shown, knows = self._doors.show(request), self._desk.knows(call, request)
        typed = _echo(http.cookies_of(call).get("typed"))
        contacts = self._doors.contacts_shown(request) if knows and shown.sent else {}
        case = self._doors.case_of(request)
        here = self._desk.pages.url(f"/requests/{request.id}")
        values: dict[str, Any] = {
            "view": as_page(shown, locale, case, knows=knows, typed=typed, contacts=contacts),
            "typed": typed,
            "answer": str(raw.get("message", "")),
            "switched": "language" in raw,
            # The answer to a question is kept while the language is changed.
            "step": f"{here}/answers" if request.status is Status.QUESTION and knows else None,
            "offer_proceed": self._doors.may_proceed(request),
            "asks_evidence": shown.takes_evidence,
            "missing": self._evidence_doors.missing(request) if shown.takes_evidence else (),
            "link": self._desk.link(request),
            "address": f"{self._desk.base_url}/requests/{request.id}",
            "find": f"{self._desk.base_url}/find",
            "now": self._doors.now(),
            "here": here,
        }
        values |= errors_on_page(error, locale, _field_of(request))
        if error and error.code == "too_late":
            values |= {"errors": {}, "problem": [{"href": "#so-far", "words": done_so_far(shown, locale)[0]}]}
        return self._desk.page(call, "status", locale, values, error.status if error else 200)


@cache
def _description(base_url: str) -> str:
    """The description, which names this stage as its server."""
    told = json.loads((Path(__file__).parent / "openapi.json").read_bytes())
    return json.dumps(told | {"servers": [{"url": base_url}]}, ensure_ascii=False, separators=(",", ":"))


def _field_of(request: Request) -> str:
    return "message" if request.status is Status.QUESTION else "code"


def _echo(cookie: str | None) -> list[str]:
    """What the person typed, from the cookie that only their own browser has; nothing if it is not whole."""
    try:
        typed = json.loads(base64.urlsafe_b64decode(f"{cookie or ''}==="))
    except (binascii.Error, ValueError, RecursionError):
        return []
    said = [str(value) for value in typed] if isinstance(typed, list) else []
    return said if all(map(http.is_whole, said)) else []
