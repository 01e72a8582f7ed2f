"""Evidence over HTTP: what is asked of whoever acts for another, the form for a file, and what came of each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from public_api.desk import SAME_PAGE, Answer, Call, Desk, errors_on_page, page_locale
from public_api.evidence import EvidenceDoors, file_as_json
from public_api.words import EVIDENCE, FILE_REFUSED, FILE_TYPE
from rights import http, status_token
from rights.clock import parse
from rights.domain.evidence import EvidenceKind, EvidenceStatus
from rights.domain.rights import Locale
from rights.http import ApiError
from rights.ledger import Request
from rights.ledger.evidence import EvidenceFile
from rights.notices.i18n import N_, say


class EvidenceRoutes:
    """The routes under `/requests/{id}/evidence`."""

    def __init__(self, desk: Desk, evidence: EvidenceDoors) -> None:
        self._desk = desk
        self._evidence = evidence

    def show(self, call: Call, request_id: str) -> Answer:
        """`GET /requests/{id}/evidence`: what is asked for, and what came of each file."""
        request = self._desk.admit(call, request_id)
        if http.wants_html(call):
            return self._page(call, request)
        files = [file_as_json(file) for file in self._evidence.files(request)]
        return http.respond_json(HTTPStatus.OK, {"needed": self._evidence.needed(request), "files": files})

    def offer(self, call: Call, request_id: str) -> Answer:
        """`POST /requests/{id}/evidence`: the form that sends one file."""
        request, raw, _ = self._desk.change(call, request_id)
        if not http.wants_html(call):
            return http.respond_json(HTTPStatus.CREATED, self._evidence.offer(request, raw).as_json())
        try:
            upload = self._evidence.offer(request, raw)
        except ApiError as error:
            if error.status in SAME_PAGE:
                return self._page(call, request, error)
            raise
        return self._desk.see(f"/requests/{request_id}/evidence/{upload.number}")

    def send(self, call: Call, request_id: str, number: str) -> Answer:
        """`GET /requests/{id}/evidence/{number}`: the page that sends the file, and that the bucket leads back to."""
        return self._upload(call, self._desk.admit(call, request_id), number)

    def sent(self, call: Call, request_id: str, number: str) -> Answer:
        """`POST /requests/{id}/evidence/{number}`: "I have sent it"."""
        request, _, _ = self._desk.change(call, request_id)
        try:
            file = self._evidence.sent(request, number)
        except ApiError as error:
            if http.wants_html(call) and error.code == "not_sent":
                return self._upload(call, request, number, error)
            raise
        if http.wants_html(call):
            done = "file" if file.status is EvidenceStatus.RECEIVED else "no_file"
            return self._desk.see(f"/requests/{request_id}/evidence?done={done}")
        return http.respond_json(HTTPStatus.OK, file_as_json(file))

    def _page(self, call: Call, request: Request, error: ApiError | None = None) -> Answer:
        locale = page_locale(call, request)
        files, needed = self._evidence.files(request), self._evidence.needed(request)
        received = {file.kind for file in files if file.status is EvidenceStatus.RECEIVED}
        kinds = [*needed, *(kind for kind in EvidenceKind if kind not in needed)]
        values = {
            "path": f"/requests/{request.id}",
            "here": self._desk.pages.url(f"/requests/{request.id}/evidence"),
            "reference": status_token.reference(request.id),
            "needed": [(say(locale, EVIDENCE[kind]), kind in received) for kind in needed],
            "missing": not received.issuperset(needed),
            "takes_more": self._desk.doors.show(request).takes_evidence,
            "files": [_line(file, locale) for file in files],
            "kinds": [(kind.value, say(locale, EVIDENCE[kind])) for kind in kinds],
            "types": [(sort, say(locale, words)) for sort, words in FILE_TYPE.items()],
        }
        values |= errors_on_page(error, locale, "kind")
        return self._desk.page(call, "evidence", locale, values, error.status if error else 200)

    def _upload(self, call: Call, request: Request, number: str, error: ApiError | None = None) -> Answer:
        """A file that was looked at meanwhile leads to the list: the bucket rings for a look by itself."""
        locale, path = page_locale(call, request), f"/requests/{request.id}"
        here = f"{path}/evidence/{number}"
        file = next((file for file in self._evidence.files(request) if str(file.number) == number), None)
        if file is None:
            raise ApiError("not_found")
        if file.status is not EvidenceStatus.OFFERED:
            done = "file" if file.status is EvidenceStatus.RECEIVED else "no_file"
            return self._desk.see(f"{path}/evidence?done={done}")
        upload = self._evidence.form(request, number, self._desk.base_url + here)
        values: dict[str, Any] = {
            "path": path,
            "here": self._desk.pages.url(here),
            "upload": upload,
            "kind": say(locale, EVIDENCE[file.kind]),
            "type": say(locale, FILE_TYPE.get(file.content_type, file.content_type)),
            "arrived": error is None and "etag" in (call.query_string_parameters or {}),
        }
        values |= errors_on_page(error, locale, "file")
        status = error.status if error else 200
        return self._desk.page(call, "upload", locale, values, status, headers=upload.page_headers())


def _line(file: EvidenceFile, locale: Locale) -> Mapping[str, Any]:
    """A file of the list, in words; `number` where its form can be opened again."""
    words = {
        EvidenceStatus.OFFERED: N_("Not sent yet"),
        EvidenceStatus.RECEIVED: N_("Received"),
        EvidenceStatus.REFUSED: FILE_REFUSED[file.why] if file.why else N_("Not taken"),
    }[file.status]
    return {
        "kind": say(locale, EVIDENCE[file.kind]),
        "words": say(locale, words),
        "tone": "done" if file.status is EvidenceStatus.RECEIVED else "open",
        "at": parse(file.settled_at or file.offered_at),
        "number": file.number if file.status is EvidenceStatus.OFFERED else None,
    }
