"""What comes of a request: the package behind a code of its own, and the certificate."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from public_api.certificate_page import as_certificate
from public_api.desk import SAME_PAGE, Answer, Call, Desk, errors_on_page, page_locale
from public_api.models import CodeIn
from public_api.reading import read_code
from rights import http, status_token
from rights.http import ApiError
from rights.ledger import Request


class PackageRoutes:
    """The routes under `/requests/{id}/package`, and the certificate."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors = desk.doors

    def package(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/package`: says whether it is ready, and sends the code a download needs."""
        request = self._desk.admit(call, request_id)
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
            if error.status in SAME_PAGE:
                return self._package(call, request, error=error)
            raise
        return self._package(call, request)

    def open_package(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/package`: with the code the link, with `resend` another code."""
        request, raw, is_form = self._desk.change(call, request_id)
        if raw.get("resend") in (True, "true") and "code" not in raw:
            return self._package_code_again(call, request)
        try:
            link = self._doors.open_package(request, _code_only(raw, is_form=is_form))
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                return self._package(call, request, error=error)
            raise
        if http.wants_html(call):
            path = f"/requests/{request_id}/package"
            return self._desk.see(path, [self._desk.cookie("package", self._doors.package_pass(request), path)])
        return http.respond_json(HTTPStatus.OK, {"url": link.url, "expires_at": link.expires_at.isoformat()})

    def _package_code_again(self, call: Call, request: Request) -> Answer:
        self._doors.ask_package_code(request, again=True)
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request.id}/package?done=sent")
        return http.respond_json(HTTPStatus.ACCEPTED, {"request_id": request.id, "code_sent": True})

    def certificate(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/certificate`: a compact JWS, or for a browser what it says, as a page to print."""
        request = self._desk.admit(call, request_id)
        if http.wants_html(call) and (call.query_string_parameters or {}).get("as") != "jws":
            locale = page_locale(call, request)
            path = f"/requests/{request_id}"
            view = as_certificate(self._doors.certificate(request), locale)
            return self._desk.page(call, "certificate", locale, {"path": path, "view": view, "now": self._doors.now()})
        name = f'attachment; filename="certificate-{status_token.reference(request_id)}.jws"'
        return http.respond(
            HTTPStatus.OK,
            self._doors.certificate(request),
            "application/jose",
            headers={"Content-Disposition": name},
        )

    def _package(
        self, call: Call, request: Request, values: Mapping[str, Any] | None = None, error: ApiError | None = None
    ) -> Answer:
        locale = page_locale(call, request)
        path = f"/requests/{request.id}"
        shell: dict[str, Any] = {"path": path, "link": None, "here": self._desk.pages.url(f"{path}/package")}
        shell |= errors_on_page(error, locale) | dict(values or {})
        return self._desk.page(call, "package", locale, shell, error.status if error else 200)


def _code_only(raw: Mapping[str, Any], *, is_form: bool) -> CodeIn:
    return read_code({name: value for name, value in raw.items() if name != "proceed"}, is_form=is_form)


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} KB"
