"""The console's addresses, and which page or form is behind each."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.console import duties, forms, looks, taking_in
from operator_api.console.desk import Call, Desk, problem_on_page
from operator_api.desk import Visit
from rights.clock import Clock
from rights.http import ApiError

Page = Callable[..., Response[Any]]

_ONE = "/ops/requests/<request_id>"
_PAGES: tuple[tuple[str, str, Page], ...] = (
    ("GET", "/ops", looks.queue_page),
    ("GET", "/ops/requests", looks.queue_page),
    ("GET", "/ops/find", looks.find),
    ("GET", "/ops/overview", looks.overview),
    ("GET", "/ops/stores", looks.stores),
    ("GET", "/ops/runs", looks.runs),
    ("GET", "/ops/notices", looks.notices),
    ("GET", "/ops/audit", looks.audit_start),
    ("GET", "/ops/settings", looks.settings),
    ("GET", _ONE, looks.request_page),
    ("GET", f"{_ONE}/decide", looks.decide_page),
    ("GET", f"{_ONE}/audit", looks.audit_page),
    ("POST", f"{_ONE}/decide", forms.check_decision),
    ("POST", f"{_ONE}/decision", forms.decide),
    ("POST", f"{_ONE}/reveal", forms.reveal),
    ("POST", f"{_ONE}/evidence/<number>", forms.open_evidence),
    ("POST", f"{_ONE}/stores/<store>/<act>", forms.act_on_store),
    ("POST", f"{_ONE}/<act>", forms.act),
    ("GET", "/ops/intake", taking_in.intake),
    ("POST", "/ops/requests", taking_in.take_in),
    ("GET", "/ops/search", taking_in.search_page),
    ("POST", "/ops/search", taking_in.search),
    ("GET", "/ops/holds", duties.holds),
    ("POST", "/ops/holds", duties.place_hold),
    ("POST", "/ops/holds/<hold_id>/lift", duties.lift_hold),
    ("GET", "/ops/bulk-closures", duties.bulks),
    ("POST", "/ops/bulk-closures", duties.open_bulk),
    ("GET", "/ops/bulk-closures/<bulk_id>", duties.bulk),
    ("POST", "/ops/bulk-closures/<bulk_id>/people", duties.put_people),
    ("POST", "/ops/bulk-closures/<bulk_id>/<act>", duties.move_bulk),
    ("GET", "/ops/replays", duties.replays),
    ("POST", "/ops/replays", duties.start_replay),
    ("GET", "/ops/replays/<replay_id>", duties.replay),
    ("POST", "/ops/replays/<replay_id>/decision", duties.decide_replay),
    ("GET", "/ops/breach-export", duties.breach),
    ("POST", "/ops/breach-export", duties.export_breach),
)
_TABLE = tuple((method, re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule)), page) for method, rule, page in _PAGES)


class Console:
    """Pages for whoever comes with a browser."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        self._desk = Desk(base_url, clock)
        self._host = urlsplit(base_url).netloc

    def answer(self, visit: Visit) -> Response[Any]:
        """A page, or what follows a form; ApiError for what is neither."""
        for method, pattern, page in _TABLE:
            if method == visit.method and (found := pattern.fullmatch(visit.path)):
                return page(self._desk, Call(visit, self._desk.clock()), **found.groupdict())
        raise ApiError("not_found")

    def problem(self, _: APIGatewayProxyEvent, error: ApiError, visit: Visit | None) -> Response[Any]:
        """An error as a page, in the console's frame for whoever is signed in."""
        values = {"code": error.code, "status": error.status}
        if visit is None or not visit.who.may_look:
            return self._desk.bare("stranger", values | problem_on_page(error), error.status)
        return self._desk.page(Call(visit, self._desk.clock()), "problem", values, problem=error)

    def arriving(self, _: APIGatewayProxyEvent, to: str) -> Response[Any]:
        """A page that goes on by itself: what starts from a page of ours brings the session along."""
        return self._desk.bare("arriving", {"to": to})

    def signed_out(self, _: APIGatewayProxyEvent) -> Response[Any]:
        """What one sees after signing out."""
        return self._desk.bare("signed_out", {})

    def static(self, name: str) -> Response[Any]:
        """A file by the name that carries its fingerprint; ApiError `not_found` for any other."""
        return self._desk.pages.serve(name)
