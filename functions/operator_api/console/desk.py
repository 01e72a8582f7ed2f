"""What all pages share: one visit with its clock, the shell around a page, the part of a page that changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from operator_api.console.pages import pages
from operator_api.console.words import DONE
from operator_api.desk import CONSOLE_CSP, Visit
from rights.clock import Clock
from rights.domain.rights import Locale
from rights.http import ApiError, respond
from rights.http_fields import whole

Answer = Response[Any]
HTML = "text/html; charset=utf-8"
LIVE = frozenset({"queue", "request", "stores", "runs", "overview"})
"""Pages of which a part is fetched again and again: it says no time of day, to stay the same while nothing changes."""
HEADERS = {"Content-Security-Policy": CONSOLE_CSP}


@dataclass(frozen=True, slots=True)
class Call:
    """A visit, and the moment of it."""

    visit: Visit
    now: datetime

    @property
    def query(self) -> Mapping[str, str]:
        """The query of the address."""
        return self.visit.query

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of the form."""
        return self.visit.form

    @property
    def may_change(self) -> bool:
        """Whether whoever visits may change anything."""
        return self.visit.who.may_change

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Look at something."""
        return self.visit.ask("GET", path, query or {})

    def get_or_none(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Look at something that may not be there, or not for everybody."""
        try:
            return self.get(path, query)
        except ApiError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return None

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change something."""
        return self.visit.ask("POST", path, body=body)


class Desk:
    """Answers visits with pages."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        self.pages = pages(base_url)
        self.clock = clock
        self._base_url = base_url.rstrip("/")

    def page(
        self,
        call: Call,
        template: str,
        values: Mapping[str, Any],
        *,
        problem: ApiError | None = None,
        path: str = "",
    ) -> Answer:
        """A page; only its part that changes (`<template>_live`) where the script asks for that.

        `path` is the page it shows, where that is not the address that was called (a form that has to be mended).
        """
        shell = self._shell(call, path or call.visit.path) | problem_on_page(problem) | dict(values)
        live = call.query.get("part") == "live" and template in LIVE and problem is None
        body = self.pages.render(f"{template}_live" if live else template, shell)
        return respond(problem.status if problem else HTTPStatus.OK, body, HTML, headers=HEADERS)

    def bare(self, template: str, values: Mapping[str, Any], status: int = HTTPStatus.OK) -> Answer:
        """A page for somebody who is not signed in."""
        shell = {"problem": None, "visit": None, "done": "", "errors": {}} | dict(values)
        return respond(status, self.pages.render(template, shell), HTML, headers=HEADERS)

    def see(self, path: str, done: str = "") -> Answer:
        """Send the browser to a page, which says what was done."""
        address, _, place = path.partition("#")
        mark = f"{'&' if '?' in address else '?'}done={done}" if done else ""
        headers = {**HEADERS, "Location": f"{self._base_url}{address}{mark}{f'#{place}' if place else ''}"}
        return respond(HTTPStatus.SEE_OTHER, "", "text/plain; charset=utf-8", headers=headers)

    def file(self, name: str, content_type: str, body: str) -> Answer:
        """A file to save."""
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return respond(HTTPStatus.OK, body, content_type, headers=headers)

    def _shell(self, call: Call, path: str) -> dict[str, Any]:
        return {
            "visit": call.visit,
            "may_change": call.may_change,
            "path": path,
            "now": call.now,
            "done": DONE.get(call.query.get("done", ""), ""),
            "problem": None,
            "errors": {},
        }


def typed_number(text: str) -> int | str:
    """A number that came in a form; what is none is left for the door to refuse."""
    number = whole(text)
    return text if number is None else number


def problem_on_page(error: ApiError | None) -> dict[str, Any]:
    """An error as a page shows it: its words, and those of its fields."""
    if error is None:
        return {}
    named = {name: problem.words(Locale.EN) for name, problem in error.fields.items()}
    return {"problem": error.words(Locale.EN), "errors": named}
