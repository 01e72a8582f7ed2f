"""What comes of a request: the package behind a code of its own, and the certificate."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from public_api.certificate_page import as_certificate
from public_api.desk import SAME_PAGE, Answer, Call, Desk, errors_on_page, page_locale
from public_api.package_doors import VolumeShown
from public_api.reading import read_code_only
from rights import http, status_token
from rights.domain.rights import Channel
from rights.http import ApiError
from rights.ledger import Request

_A_NUMBER = re.compile(r"[0-9]{1,9}")


class PackageRoutes:
    """The routes under `/requests/{id}/package`, and the certificate."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors = desk.doors

    def package(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/package`: says whether it is ready, and sends the code a download needs."""
        request = self._desk.admit(call, request_id)
        if http.wants_html(call):
            return self._package_page(call, request)
        if not self._doors.show(request).package_ready:
            again = ["again"] if self._doors.show(request).package_ended else []
            return http.respond_json(HTTPStatus.OK, {"request_id": request_id, "ready": False, "next": again})
        sent = self._doors.ask_package_code(request, again=False)
        answer = {"request_id": request_id, "ready": True, "code_sent": sent, "next": ["code"]} | self._told(request)
        return http.respond_json(HTTPStatus.OK, answer)

    def _package_page(self, call: Call, request: Request) -> Answer:
        """The page with the links for a browser with a pass, else the one that asks for a code, or for it anew."""
        if self._doors.show(request).package_ended:
            return self._page(call, request, {"ended": True})
        if until := self._doors.passes_until(request, http.cookies_of(call).get("package")):
            links = [self._line(request, volume) for volume in self._doors.volumes(request)]
            return self._page(call, request, {"links": links, "expires_at": until} | self._ends(request))
        try:
            self._doors.ask_package_code(request, again=False)
        except ApiError as error:
            if error.status in SAME_PAGE:
                return self._page(call, request, error=error)
            raise
        return self._page(call, request, self._ends(request))

    def open_package(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/package`: with the code the links, with `resend` another code."""
        request, raw, is_form = self._desk.change(call, request_id)
        if raw.get("resend") in (True, "true") and "code" not in raw:
            return self._package_code_again(call, request)
        try:
            self._doors.open_package(request, read_code_only(raw, is_form=is_form))
        except ApiError as error:
            if http.wants_html(call) and error.status in SAME_PAGE:
                return self._page(call, request, error=error)
            raise
        if http.wants_html(call):
            path = f"/requests/{request_id}/package"
            return self._desk.see(path, [self._desk.cookie("package", self._doors.package_pass(request), path)])
        given = [self._doors.fetch(request, volume.number) for volume in self._doors.volumes(request)]
        volumes = [
            {"volume": v.number, "url": link.url, "size": v.size, "file": v.name, "expires_at": _text(link.expires_at)}
            for v, link in given
        ]
        first = {name: volumes[0][name] for name in ("url", "expires_at")}
        return http.respond_json(HTTPStatus.OK, first | {"volumes": volumes} | self._told(request))

    def volume(self, call: Call, request_id: str, number: str) -> Answer:
        """`GET /requests/{id}/package/{number}`: a link signed at the click, for a browser with a pass."""
        request = self._desk.admit(call, request_id)
        if not _A_NUMBER.fullmatch(number):
            raise ApiError("not_found")
        if self._doors.passes_until(request, http.cookies_of(call).get("package")) is None:
            # The pass has ended, or the package: the page says which, and how to get it again.
            return self._desk.see(f"/requests/{request_id}/package")
        _, link = self._doors.fetch(request, int(number))
        return http.respond(HTTPStatus.SEE_OTHER, "", "text/plain; charset=utf-8", headers={"Location": link.url})

    def ask_again(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/package/again`: asks anew for a package whose time was up."""
        request, _, is_form = self._desk.change(call, request_id)
        if not http.wants_html(call) and not self._desk.knows(call, request):
            # The answer holds the new request's own token, which shows more than the link.
            return self._desk.see(f"/requests/{request_id}/look")
        anew = self._doors.ask_again(request, Channel.WEB if is_form else Channel.API)
        if anew is None:
            if http.wants_html(call):
                return self._desk.see(f"/?right={request.right}")
            raise ApiError("gone")
        if http.wants_html(call):
            return self._desk.see(f"/requests/{anew.id}", [self._desk.link_cookie(anew)])
        return self._desk.taken([anew])

    def _package_code_again(self, call: Call, request: Request) -> Answer:
        self._doors.ask_package_code(request, again=True)
        if http.wants_html(call):
            return self._desk.see(f"/requests/{request.id}/package?done=sent")
        return http.respond_json(HTTPStatus.ACCEPTED, {"request_id": request.id, "code_sent": True})

    def certificate(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/certificate`: a compact JWS, or for a browser what it says, as a page to print."""
        request = self._desk.admit(call, request_id)
        if not self._desk.knows(call, request):
            return self._desk.see(f"/requests/{request_id}/look")
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

    def _told(self, request: Request) -> dict[str, Any]:
        return {"until": self._doors.package_until(request).date().isoformat()}

    def _ends(self, request: Request) -> dict[str, Any]:
        return {"until": self._doors.package_until(request)}

    def _line(self, request: Request, volume: VolumeShown) -> dict[str, Any]:
        href = self._desk.pages.url(f"/requests/{request.id}/package/{volume.number}")
        return {"href": href, "number": volume.number, "of": volume.of, "name": volume.name, "size": _size(volume.size)}

    def _page(
        self, call: Call, request: Request, values: Mapping[str, Any] | None = None, error: ApiError | None = None
    ) -> Answer:
        locale = page_locale(call, request)
        path = f"/requests/{request.id}"
        here = self._desk.pages.url(f"{path}/package")
        shell: dict[str, Any] = {"path": path, "links": [], "ended": False, "until": None, "here": here}
        shell |= errors_on_page(error, locale) | dict(values or {})
        return self._desk.page(call, "package", locale, shell, error.status if error else 200)


def _text(moment: Any) -> str:
    return str(moment.isoformat())


def _size(size: int) -> str:
    """A size as people read it, of 1,000 bytes to the kilobyte, as their file manager has it."""
    if size >= 1_000_000_000:
        return f"{size / 1_000_000_000:.1f} GB"
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} KB"
