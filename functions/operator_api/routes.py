"""The table of the operators' doors, and the one way through it: for JSON from outside and for the console alike."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from operator_api.doors import OperatorDoors
from operator_api.evidence import EvidenceLooks
from operator_api.people import Operator, refuse_odd_ids, refuse_without_role
from rights.http import ApiError
from rights.ledger.bulk import BulkStatus

ONE = "/ops/requests/<request_id>"
BULK = "/ops/bulk-closures/<bulk_id>"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of somebody who may make it."""

    who: Operator
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


Door = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One door: its method, its address with `<names>`, and the status of its answer."""

    method: str
    rule: str
    door: Door
    status: HTTPStatus = HTTPStatus.OK
    looks: bool = False
    """True for a look whose question is nothing for an address."""

    def match(self, path: str) -> dict[str, str] | None:
        """The named parts of an address of this door; None for any other address."""
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", self.rule)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


class Ask(Protocol):
    """The doors as somebody in particular reaches them."""

    def __call__(
        self, method: str, path: str, query: Mapping[str, str] = ..., body: Mapping[str, Any] = ...
    ) -> dict[str, Any]:
        """What the door of an address answers; ApiError with the reason why it does not."""
        ...


class Routes:
    """All doors. Who comes through one has the role that it takes, and acts on nothing about themselves."""

    def __init__(self, doors: OperatorDoors, evidence: EvidenceLooks) -> None:
        self._doors = doors
        self._all = (*_looks(doors, evidence), *_acts(doors, evidence))

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        """Method and rule of every door."""
        return tuple((route.method, route.rule) for route in self._all)

    def ask(
        self, who: Operator, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]
    ) -> tuple[HTTPStatus, dict[str, Any]]:
        """Status and content of an answer; ApiError with the reason why there is none."""
        route, named = self._find(method, path)
        to_change = method == "POST" and not route.looks
        refuse_without_role(who, to_change=to_change)
        refuse_odd_ids(named)
        told = dict(body)
        if not to_change or "request_id" not in named:
            return route.status, route.door(Call(who, query, told), **named)
        self._doors.refuse_own_request(named["request_id"], who)
        with self._doors.as_seen(named["request_id"], told.pop("version", None)):
            return route.status, route.door(Call(who, query, told), **named)

    def table(self, who: Operator, query: Mapping[str, str]) -> str:
        """A list of requests as CSV."""
        refuse_without_role(who, to_change=False)
        return self._doors.find_csv(query)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in self._all:
            if route.method == method and (named := route.match(path)) is not None:
                return route, named
        raise ApiError("not_found")


def _looks(doors: OperatorDoors, evidence: EvidenceLooks) -> tuple[Route, ...]:
    table: tuple[tuple[str, Door], ...] = (
        ("/ops/overview", lambda _: doors.overview()),
        ("/ops/weeks", lambda call: doors.weeks(call.query)),
        ("/ops/stores", lambda _: doors.stores()),
        ("/ops/rules", lambda _: doors.rules()),
        ("/ops/requests", lambda call: doors.find(call.query)),
        (ONE, lambda call, request_id: doors.look_at(request_id, call.who)),
        (f"{ONE}/run", lambda call, request_id: doors.run_of(request_id, call.who)),
        (f"{ONE}/notices", lambda _, request_id: doors.notices_of(request_id)),
        (f"{ONE}/audit", lambda _, request_id: doors.audit_of(request_id)),
        (f"{ONE}/plan", lambda _, request_id: doors.plan_of(request_id)),
        (f"{ONE}/clock", lambda _, request_id: doors.clock_of(request_id)),
        (f"{ONE}/evidence", lambda _, request_id: evidence.evidence_of(request_id)),
        ("/ops/bulk-closures", lambda _: doors.bulks()),
        (BULK, lambda call, bulk_id: doors.bulk(bulk_id, call.query)),
        ("/ops/replays", lambda _: doors.replays()),
        ("/ops/replays/<replay_id>", lambda call, replay_id: doors.replay(replay_id, call.query)),
        ("/ops/holds", lambda call: doors.holds_of(call.query.get("request_id"))),
    )
    return tuple(Route("GET", rule, door) for rule, door in table)


def _acts(doors: OperatorDoors, evidence: EvidenceLooks) -> tuple[Route, ...]:
    return (*_on_requests(doors, evidence), *_beside_requests(doors))


def _on_requests(doors: OperatorDoors, evidence: EvidenceLooks) -> tuple[Route, ...]:
    table: tuple[tuple[str, Door], ...] = (
        ("decision", lambda c, request_id: doors.summary(doors.decide(request_id, c.body, c.who))),
        ("extend", lambda c, request_id: doors.extend(request_id, c.body, c.who.id)),
        ("pause", lambda c, request_id: doors.pause(request_id, c.body, c.who.id)),
        ("resume", lambda c, request_id: doors.resume(request_id, c.who.id)),
        ("cancel", lambda c, request_id: doors.cancel(request_id, c.body, c.who.id)),
        ("seen", lambda c, request_id: doors.attention_seen(request_id, c.who.id)),
        ("reveal", lambda c, request_id: doors.reveal(request_id, c.body, c.who.id)),
        ("new-link", lambda c, request_id: doors.summary(doors.new_link(request_id, c.body, c.who.id))),
        (
            "evidence/<number>",
            lambda c, request_id, number: evidence.open_evidence(request_id, number, c.who.id, c.body),
        ),
    )
    later: tuple[tuple[str, Door], ...] = (
        ("retry", lambda c, request_id: doors.retry(request_id, c.who.id)),
        ("stores/<store>/retry", lambda c, request_id, store: doors.retry(request_id, c.who.id, store)),
        ("stores/<store>/cancel", lambda c, request_id, store: doors.take_back(request_id, store, c.who.id)),
    )
    return (
        *(Route("POST", f"{ONE}/{rest}", door) for rest, door in table),
        *(Route("POST", f"{ONE}/{rest}", door, HTTPStatus.ACCEPTED) for rest, door in later),
    )


def _beside_requests(doors: OperatorDoors) -> tuple[Route, ...]:
    table: tuple[tuple[str, Door], ...] = (
        ("/ops/breach-export", lambda c: doors.breach_export(c.body, c.who)),
        ("/ops/bulk-closures", lambda c: doors.open_bulk(c.body, c.who)),
        (f"{BULK}/people", lambda c, bulk_id: doors.put_people(bulk_id, c.body, c.who)),
        (f"{BULK}/approve", lambda c, bulk_id: doors.approve_bulk(bulk_id, c.body, c.who)),
        (f"{BULK}/pause", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.PAUSED, c.who)),
        (f"{BULK}/resume", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.RUNNING, c.who)),
        (f"{BULK}/stop", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.STOPPED, c.who)),
        ("/ops/replays/<replay_id>/decision", lambda c, replay_id: doors.decide_replay(replay_id, c.body, c.who)),
        ("/ops/holds/<hold_id>/lift", lambda c, hold_id: doors.lift_hold(hold_id, c.who)),
    )
    made: tuple[tuple[str, Door], ...] = (
        ("/ops/requests", lambda c: doors.take_in(c.body, c.who)),
        ("/ops/replays", lambda c: doors.start_replay(c.body, c.who)),
        ("/ops/holds", lambda c: doors.place_hold(c.body, c.who)),
    )
    return (
        Route("POST", "/ops/search", lambda c: doors.search(c.body, c.who), looks=True),
        *(Route("POST", rule, door) for rule, door in table),
        *(Route("POST", rule, door, HTTPStatus.CREATED) for rule, door in made),
    )
