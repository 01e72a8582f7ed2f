"""The operators' door: JSON behind a Cognito authoriser."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.doors import OperatorDoors
from operator_api.evidence import BucketLinks, EvidenceLooks
from operator_api.people import Operator, operator_of, refuse_odd_ids
from rights import wiring
from rights.clients import link_client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.scope import to_review
from rights.door import Answer, Door, prefix_of
from rights.handler import guarded
from rights.http import read_body, respond_json
from rights.ledger.bulk import BulkStatus
from rights.settings import Settings, load


class OperatorSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    question_seconds: int
    evidence_bucket: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of somebody who is signed in and may make it."""

    who: Operator
    event: APIGatewayProxyEvent

    @property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        return self.event.query_string_parameters or {}

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the body."""
        return read_body(self.event)[0]


Route = Callable[..., dict[str, Any]]
Routes = tuple[tuple[str, str, Route], ...]


def build(doors: OperatorDoors, evidence: EvidenceLooks, prefix: str = "") -> Door:
    """The door over what it does."""
    table = (*_looks(doors, evidence), *_acts(doors, evidence))
    return Door([(method, rule, _with_call(method, rule, route, doors)) for method, rule, route in table], prefix)


def _looks(doors: OperatorDoors, evidence: EvidenceLooks) -> Routes:
    return (
        ("GET", "/ops/requests", lambda call: doors.find(call.query)),
        ("GET", "/ops/requests/<request_id>", lambda _, request_id: doors.look_at(request_id)),
        ("GET", "/ops/requests/<request_id>/audit", lambda _, request_id: doors.audit_of(request_id)),
        ("GET", "/ops/requests/<request_id>/plan", lambda _, request_id: doors.plan_of(request_id)),
        ("GET", "/ops/requests/<request_id>/clock", lambda _, request_id: doors.clock_of(request_id)),
        ("GET", "/ops/requests/<request_id>/evidence", lambda _, request_id: evidence.evidence_of(request_id)),
        ("GET", "/ops/bulk-closures", lambda _: doors.bulks()),
        ("GET", "/ops/bulk-closures/<bulk_id>", lambda call, bulk_id: doors.bulk(bulk_id, call.query)),
        ("GET", "/ops/replays", lambda _: doors.replays()),
        ("GET", "/ops/replays/<replay_id>", lambda _, replay_id: doors.replay(replay_id)),
        ("GET", "/ops/holds", lambda call: doors.holds_of(call.query.get("request_id"))),
    )


def _acts(doors: OperatorDoors, evidence: EvidenceLooks) -> Routes:
    one, bulk = "/ops/requests/<request_id>", "/ops/bulk-closures/<bulk_id>"
    return (
        ("POST", f"{one}/retry", lambda c, request_id: doors.retry(request_id, c.who.id)),
        (
            "POST",
            f"{one}/stores/<store>/cancel",
            lambda c, request_id, store: doors.take_back(request_id, store, c.who.id),
        ),
        ("POST", f"{one}/decision", lambda c, request_id: doors.summary(doors.decide(request_id, c.body, c.who))),
        ("POST", f"{one}/extend", lambda c, request_id: doors.extend(request_id, c.body, c.who.id)),
        ("POST", f"{one}/pause", lambda c, request_id: doors.pause(request_id, c.body, c.who.id)),
        ("POST", f"{one}/resume", lambda c, request_id: doors.resume(request_id, c.who.id)),
        ("POST", f"{one}/seen", lambda c, request_id: doors.attention_seen(request_id, c.who.id)),
        ("POST", f"{one}/reveal", lambda c, request_id: doors.reveal(request_id, c.body, c.who.id)),
        (
            "POST",
            f"{one}/evidence/<number>",
            lambda c, request_id, number: evidence.open_evidence(request_id, number, c.who.id, c.body),
        ),
        ("POST", "/ops/breach-export", lambda c: doors.breach_export(c.body, c.who)),
        ("POST", "/ops/bulk-closures", lambda c: doors.open_bulk(c.body, c.who)),
        ("POST", f"{bulk}/people", lambda c, bulk_id: doors.put_people(bulk_id, c.body, c.who)),
        ("POST", f"{bulk}/approve", lambda c, bulk_id: doors.approve_bulk(bulk_id, c.body, c.who)),
        ("POST", f"{bulk}/pause", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.PAUSED, c.who)),
        ("POST", f"{bulk}/resume", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.RUNNING, c.who)),
        ("POST", f"{bulk}/stop", lambda c, bulk_id: doors.hold_bulk(bulk_id, BulkStatus.STOPPED, c.who)),
        ("POST", "/ops/replays", lambda c: doors.start_replay(c.body, c.who)),
        (
            "POST",
            "/ops/replays/<replay_id>/decision",
            lambda c, replay_id: doors.decide_replay(replay_id, c.body, c.who),
        ),
        ("POST", "/ops/holds", lambda c: doors.place_hold(c.body, c.who)),
        ("POST", "/ops/holds/<hold_id>/lift", lambda c, hold_id: doors.lift_hold(hold_id, c.who)),
    )


_STATUS = {
    "/ops/holds": HTTPStatus.CREATED,
    "/ops/replays": HTTPStatus.CREATED,
    "/ops/requests/<request_id>/retry": HTTPStatus.ACCEPTED,
    "/ops/requests/<request_id>/stores/<store>/cancel": HTTPStatus.ACCEPTED,
}
"""The answers of changes that are not a plain 200."""


def _with_call(method: str, rule: str, route: Route, doors: OperatorDoors) -> Callable[..., Answer]:
    to_change = method == "POST"
    status = _STATUS.get(rule, HTTPStatus.OK) if to_change else HTTPStatus.OK

    def answer(event: APIGatewayProxyEvent, **path: str) -> Answer:
        claims = (event["requestContext"].get("authorizer") or {}).get("claims") or {}
        who = operator_of(claims, to_change=to_change)
        refuse_odd_ids(path)
        if to_change and "request_id" in path:
            doors.refuse_own_request(path["request_id"], who)
        return respond_json(status, route(Call(who, event), **path))

    return answer


@cache
def _app() -> Door:
    settings = load(OperatorSettings)
    categories = {
        store.fides_key: {
            c.name: sorted({name for f in c.fields for name in f.data_categories}) for c in store.collections
        }
        for store in load_data_map().stores
    }
    looked_at = {store.fides_key: to_review(load_data_map(), store.fides_key) for store in load_data_map().stores}
    answer_time = timedelta(seconds=settings.question_seconds)
    doors = OperatorDoors(wiring.ledger(), utc_now, answer_time, categories, looked_at)
    evidence = EvidenceLooks(wiring.ledger(), BucketLinks(link_client(), settings.evidence_bucket), utc_now)
    return build(doors, evidence, prefix_of(settings.base_url))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
