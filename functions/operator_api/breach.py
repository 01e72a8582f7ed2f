"""What a breach touched (policy 4(5)): the requests of a store, as pseudonyms and counts."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operator_api.people import Operator
from operator_api.tables import to_csv
from rights.clock import Clock, stamp
from rights.domain.status import Status
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import Moment
from rights.ledger import Ledger, Request, Task

PAGE = 200
COLUMNS = (
    *("request_id", "subjects", "right", "status", "received_at", "closed_at", "store", "operation", "task_status"),
    *("found", "exported", "erased", "anonymised", "retained"),
)


class BreachExport(BaseModel):
    """The body of `POST /ops/breach-export`: which store, when, what for (a code), and where to go on."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    store: str = Field(max_length=100)
    since: Moment
    until: Moment
    reason: str = Field(pattern="^[a-z0-9_-]{4,60}$")
    after: str = Field(default="", max_length=100, pattern=f"^(({'|'.join(Status)})\\|[0-9A-Z:.+|TZ-]*)?$")


class BreachDoors:
    """The door to the export of a breach."""

    _ledger: Ledger
    _clock: Clock
    _categories: Mapping[str, Mapping[str, list[str]]]

    def breach_export(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """The next requests that touched a store, as CSV, for an approver; who asked for it and why is on record first.

        Looks at 200 requests at a time, whatever they touched; `next` goes on behind them.
        """
        if not who.is_approver:
            raise ApiError("forbidden")
        try:
            body = BreachExport.model_validate(raw)
        except ValidationError as error:
            names = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
            raise not_valid({name: FieldProblem("wrong_type") for name in names}) from None
        if body.since > body.until:
            raise not_valid({"until": FieldProblem("wrong_type")})
        if body.store not in self._categories:
            raise not_valid({"store": FieldProblem("unknown_store")})
        self._ledger.record_act(who.id, "breach_export", {"store": body.store, "reason": body.reason})
        found, following = self._page(body)
        rows = [row for request in found for row in self._rows(request, body.store)]
        return {"csv": to_csv(rows, COLUMNS), "rows": len(rows), "looked_at": len(found), "next": following}

    def _page(self, body: BreachExport) -> tuple[list[Request], str | None]:
        found: list[Request] = []
        for place, request in self._requests(body):
            found.append(request)
            if len(found) == PAGE:
                return found, place
        return found, None

    def _requests(self, body: BreachExport) -> Iterator[tuple[str, Request]]:
        """The requests that came in within the time, each with the place to go on behind it."""
        status_at, _, place = body.after.partition("|")
        # In the order in which requests pass through them: one that moves on meanwhile is met where it comes to.
        order = list(Status)
        for status in order[order.index(Status(status_at)) if status_at else 0 :]:
            first = place if status == status_at and place else stamp(body.since)
            for request in self._ledger.received_between(status, first.partition("|")[0], stamp(body.until)):
                here = f"{request.received_at}|{request.id}"
                if not (status == status_at and here <= place):
                    yield f"{status}|{here}", request

    def _rows(self, request: Request, store: str) -> Iterator[dict[str, Any]]:
        for task in self._ledger.tasks(request.id):
            if task.store.partition(".")[0] == store:
                yield _row(request, task)


def _row(request: Request, task: Task) -> dict[str, Any]:
    counts = task.counts
    return {
        "request_id": request.id,
        "subjects": " ".join(request.locks or ((request.subject,) if request.subject else ())),
        "right": request.right,
        "status": request.status,
        "received_at": request.received_at,
        "closed_at": request.closed_at or "",
        "store": task.store,
        "operation": task.operation,
        "task_status": task.status,
        **{name: getattr(counts, name) for name in ("found", "exported", "erased", "anonymised", "retained")},
    }
