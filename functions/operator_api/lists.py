"""Lists of requests: of those that are open the soonest due first, of those that have ended the newest first."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from operator_api.rows import WORKED_ON, row_of
from operator_api.tables import to_csv
from rights.affiliates.registry import AFFILIATE_ID
from rights.clock import Clock, parse, stamp
from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Right
from rights.domain.status import FINAL, OPEN, Status
from rights.domain.work import TaskStatus
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Ledger, Request

PAGE = 50
AT_ONCE = 100
LOOKED_AT = 1000
"""So many requests are looked at for one list: beyond, a count says that it is no whole one."""
DUE_SOON = timedelta(days=5)
MOST_ROWS = 1000
COLUMNS = (
    *(
        "request_id",
        "reference",
        "status",
        "right",
        "outcome",
        "channel",
        "affiliate",
        "requester",
        "locale",
        "received_at",
    ),
    *("due_at", "work_by", "closed_at", "days_left", "overdue", "attention", "review", "waits_for"),
)
VIEWS = {
    "overdue": None,
    "due_soon": None,
    "needs_decision": Status.IN_REVIEW,
    "failing": Status.NEEDS_REPAIR,
    "stuck": None,
}
"""The lists behind the five counts, with the status of those that are nothing else."""

E = TypeVar("E", bound=str)


class Place(NamedTuple):
    """Where a request stands in a list: by when it is due, or when it came in; and its id."""

    at: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list is asked for."""

    statuses: frozenset[Status] = frozenset()
    right: Right | None = None
    store: str | None = None
    due_before: datetime | None = None
    view: str | None = None
    affiliate: str | None = None
    after: Place | None = None

    @property
    def needs_reading(self) -> bool:
        """True where an index alone cannot tell which requests are meant."""
        return bool(self.statuses or self.right or self.store or self.affiliate)


@dataclass(slots=True)
class _Page:
    """A page in the making."""

    rows: list[tuple[Place, Request]] = field(default_factory=list)
    matches: int = 0
    more: bool = False

    def take(self, place: Place, request: Request, after: Place | None, *, newest_first: bool) -> None:
        """Count one that is meant, and keep it if it is of this page."""
        self.matches += 1
        if after is not None and not (place < after if newest_first else place > after):
            return
        if len(self.rows) < PAGE:
            self.rows.append((place, request))
        else:
            self.more = True


class ListDoors:
    """The doors to lists."""

    _ledger: Ledger
    _clock: Clock
    _categories: Mapping[str, Mapping[str, list[str]]]

    def stuck(self) -> Collection[str]:
        """The requests of which nothing has come for a day although it is the system's turn."""
        return ()

    def find(self, query: Mapping[str, str]) -> dict[str, Any]:
        """50 requests after `cursor`, how many there are, and whether that is counted to the end.

        `attention=1`: those that somebody was asked to look at, ended ones too.
        """
        if (attention := query.get("attention")) is not None:
            if attention != "1" or set(query) & {"status", "view"}:
                raise not_valid({"attention": FieldProblem("wrong_type")})
            self._wish({name: value for name, value in query.items() if name != "attention"})
            return self._asking_for_attention()
        wish = self._wish(query)
        page, is_exact, total = self._ended(wish) if wish.statuses and wish.statuses <= FINAL else self._open(wish)
        following = "|".join(page.rows[-1][0]) if page.more else None
        return {
            "requests": [self.summary(request) for _, request in page.rows],
            "more": page.more,
            "next": following,
            "total": total,
            "total_is_exact": is_exact,
        }

    def find_csv(self, query: Mapping[str, str]) -> str:
        """The first thousand of a list, as a table."""
        rows: list[dict[str, Any]] = []
        asked = {name: value for name, value in query.items() if name not in {"format", "cursor"}}
        while len(rows) < MOST_ROWS:
            found = self.find(asked)
            rows += found["requests"]
            if not found.get("next"):
                break
            asked["cursor"] = found["next"]
        return to_csv(rows[:MOST_ROWS], COLUMNS)

    def summary(self, request: Request) -> dict[str, Any]:
        """A request as a line of a list."""
        tasks = self._ledger.tasks(request.id) if request.status in WORKED_ON else ()
        return row_of(request, self._ledger.reading(request), self._clock(), tasks)

    def _asking_for_attention(self) -> dict[str, Any]:
        found = sorted(islice(self._ledger.needing_attention(), LOOKED_AT + 1), key=lambda one: one.received_at)
        rows = [self.summary(request) for request in found[:PAGE]]
        counted = {"total": min(len(found), LOOKED_AT), "total_is_exact": len(found) <= LOOKED_AT}
        return {"requests": rows, "more": len(found) > PAGE, "next": None, **counted}

    def _open(self, wish: Wish) -> tuple[_Page, bool, int]:
        """Open requests, the soonest due first."""
        meant = list(self._dated(wish))
        page = _Page()
        if not wish.needs_reading:
            wanted = [one for one in meant if wish.after is None or one > wish.after][: PAGE + 1]
            for place, request in self._read(wanted):
                if not request.is_final:
                    page.take(place, request, None, newest_first=False)
            return page, True, len(meant)
        looked = meant[:LOOKED_AT]
        for place, request in self._meant(wish, looked):
            page.take(place, request, wish.after, newest_first=False)
        return page, len(looked) == len(meant), page.matches

    def _ended(self, wish: Wish) -> tuple[_Page, bool, int]:
        """Ended requests, the newest first. Of very many not all are counted."""
        until = wish.after.at if wish.after else None
        lists = [self._newest(status, until) for status in sorted(wish.statuses)]
        page, looked = _Page(), 0
        for chunk in _chunks(islice(merge(*lists, reverse=True), LOOKED_AT)):
            looked += len(chunk)
            for place, request in self._meant(wish, chunk):
                page.take(place, request, wish.after, newest_first=True)
            if page.more:
                break
        counts = [self._ledger.count_by_status(status) for status in wish.statuses]
        narrowed = wish.right or wish.store or wish.due_before or wish.affiliate
        if not narrowed:
            return page, all(count < 10_000 for count in counts), sum(counts)
        return page, not page.more and looked < LOOKED_AT and wish.after is None, page.matches

    def _newest(self, status: Status, until: str | None) -> Iterator[Place]:
        for received_at, request_id in self._ledger.newest_of(status, until):
            yield Place(received_at, request_id)

    def _dated(self, wish: Wish) -> Iterator[Place]:
        """The open requests that a wish means as far as their dates tell, the soonest due first."""
        now = stamp(self._clock())
        soon = stamp(self._clock() + DUE_SOON)
        stuck = self.stuck() if wish.view == "stuck" else ()
        before = stamp(wish.due_before) if wish.due_before else None
        for due_at, request_id in self._ledger.open_by_date():
            in_view = {
                None: True,
                "overdue": due_at < now,
                "due_soon": now <= due_at <= soon,
                "stuck": request_id in stuck,
            }.get(wish.view, True)
            if in_view and (before is None or due_at < before):
                yield Place(due_at, request_id)

    def _meant(self, wish: Wish, places: Sequence[Place]) -> Iterator[tuple[Place, Request]]:
        """The requests of these places that a wish means."""
        for chunk in _chunks(places):
            found = [(place, request) for place, request in self._read(chunk) if self._fits(wish, request)]
            ids = [request.id for _, request in found]
            tasks = self._ledger.tasks_at(wish.store, ids) if wish.store else {}
            for place, request in found:
                task = tasks.get(request.id)
                if wish.store is None or (task is not None and task.status is not TaskStatus.DONE):
                    yield place, request

    def _fits(self, wish: Wish, request: Request) -> bool:
        statuses = wish.statuses or OPEN
        in_time = wish.due_before is None or parse(request.due_at) < wish.due_before
        right = wish.right is None or request.right is wish.right
        affiliate = wish.affiliate is None or request.affiliate == wish.affiliate
        return request.status in statuses and right and affiliate and in_time

    def _read(self, places: Sequence[Place]) -> Iterator[tuple[Place, Request]]:
        by_id = {request.id: request for request in self._ledger.requests_at([place.request_id for place in places])}
        for place in places:
            if (request := by_id.get(place.request_id)) is not None:
                yield place, request

    def _wish(self, query: Mapping[str, str]) -> Wish:
        unknown = set(query) - {"status", "right", "store", "due_before", "view", "affiliate", "cursor", "lang"}
        if unknown:
            raise not_valid({name: FieldProblem("unknown_field") for name in sorted(unknown)})
        view = query.get("view") or None
        if view is not None and (view not in VIEWS or query.get("status")):
            raise not_valid({"view": FieldProblem("wrong_type")})
        statuses = frozenset(_one_of(Status, "status", name) for name in _words(query.get("status")))
        if statuses & FINAL and statuses & OPEN:
            raise not_valid({"status": FieldProblem("wrong_type")})
        if (alone := VIEWS.get(view or "")) is not None:
            statuses = frozenset({alone})
        store = query.get("store") or None
        if store is not None and store.partition(".")[0] not in self._categories:
            raise not_valid({"store": FieldProblem("unknown_store")})
        right = _one_of(Right, "right", query["right"]) if query.get("right") else None
        affiliate = query.get("affiliate") or None
        if affiliate is not None and not re.fullmatch(AFFILIATE_ID, affiliate):
            raise not_valid({"affiliate": FieldProblem("wrong_type")})
        due_before, after = _day(query.get("due_before")), _place(query.get("cursor"))
        return Wish(statuses, right, store, due_before, view, affiliate, after)


def _words(text: str | None) -> list[str]:
    return [word for word in (text or "").split(",") if word]


def _one_of(kind: type[E], name: str, value: str) -> E:
    if value not in tuple(kind):  # type: ignore[arg-type]
        raise not_valid({name: FieldProblem("wrong_type")})
    return kind(value)


def _day(text: str | None) -> datetime | None:
    """The end of a day in the mall's time: what is due on it is due before."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=1), time.min, MALL_TIME)
    except (ValueError, OverflowError):
        raise not_valid({"due_before": FieldProblem("wrong_type")}) from None


def _place(text: str | None) -> Place | None:
    if not text:
        return None
    at, _, request_id = text.partition("|")
    if not at or not request_id or len(text) > 100:
        raise ApiError("wrong_type", fields={"cursor": FieldProblem("wrong_type")})
    return Place(at, request_id)


def _chunks(places: Iterator[Place] | Sequence[Place]) -> Iterator[list[Place]]:
    rest = iter(places)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk
