"""The pages that are looked at: each asks the doors, has models read the answers, and changes nothing."""

import re
from http import HTTPStatus
from typing import Any

from operator_api.console.decide import decide
from operator_api.console.desk import Answer, Call, Desk
from operator_api.console.health import health
from operator_api.console.plots import plots
from operator_api.console.queue import VIEWS, queue, row
from operator_api.console.request_page import request_values
from operator_api.console.running import running
from operator_api.console.words import OPERATION, RIGHT, STATUS
from rights.affiliates.registry import load_registry
from rights.datamap import load_data_map
from rights.http import ApiError

_ID = re.compile(r"[0-9A-Z]{26}")


def queue_page(desk: Desk, call: Call) -> Answer:
    """`GET /ops`: what needs somebody; with filters, what they find."""
    return desk.page(call, "queue", queue_values(call))


def queue_values(call: Call) -> dict[str, Any]:
    """What the queue's page shows."""
    return {
        "queue": queue(call),
        "stores": store_names(),
        "affiliates": affiliate_names(call.query.get("affiliate", "")),
        "rights": RIGHT,
        "statuses": STATUS,
        "views": VIEWS,
    }


def store_names() -> list[str]:
    """The stores of the data map."""
    return [store.fides_key for store in load_data_map().stores]


def affiliate_names(chosen: str) -> dict[str, str]:
    """The affiliates of the register by their id, and the chosen one, which may be in it no more."""
    known = {one.id: one.name for one in load_registry().values()}
    return {chosen: chosen, **known} if chosen else known


def find(desk: Desk, call: Call) -> Answer:
    """`GET /ops/find?q=`: a reference or a request id; just one that fits is opened."""
    wanted = call.query.get("q", "").strip().upper()
    if call.get_or_none(f"/ops/requests/{wanted}") if _ID.fullmatch(wanted) else None:
        return desk.see(f"/ops/requests/{wanted}")
    try:
        found = call.post("/ops/search", {"reference": wanted})["requests"] if wanted else []
    except ApiError as error:
        if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise
        found = []
    if len(found) == 1:
        return desk.see(f"/ops/requests/{found[0]['request_id']}")
    return desk.page(call, "found", {"rows": [row(one, call.now) for one in found], "wanted": wanted})


def request_page(desk: Desk, call: Call, request_id: str) -> Answer:
    """`GET /ops/requests/{id}`."""
    return desk.page(call, "request", request_values(call, request_id))


def decide_page(desk: Desk, call: Call, request_id: str) -> Answer:
    """`GET /ops/requests/{id}/decide`."""
    return desk.page(call, "decide", decide_values(call, request_id))


def decide_values(call: Call, request_id: str) -> dict[str, Any]:
    """What the page of a decision shows."""
    address = f"/ops/requests/{request_id}"
    request, plan = call.get(address), call.get(f"{address}/plan")
    evidence = {} if request["requester"] == "self" else call.get_or_none(f"{address}/evidence") or {}
    return {
        "address": address,
        "request": request,
        "plan": plan,
        "page": decide(plan | {"filed_by": request.get("filed_by")}, call.visit.who),
        "names": request.get("operators", {}),
        "files": evidence.get("evidence", []),
        "typed": {},
    }


def audit_start(desk: Desk, call: Call) -> Answer:
    """`GET /ops/audit`: whose history is to be verified."""
    return desk.page(call, "audit_start", {})


def audit_page(desk: Desk, call: Call, request_id: str) -> Answer:
    """`GET /ops/requests/{id}/audit`: the chain, verified at this moment; prints as a certificate."""
    address = f"/ops/requests/{request_id}"
    values = {"address": address, "request": call.get(address), "audit": call.get(f"{address}/audit")}
    return desk.page(call, "audit", values)


def overview(desk: Desk, call: Call) -> Answer:
    """`GET /ops/overview`: what is open, throughput, time to close."""
    found = call.get("/ops/overview")
    weeks = call.get_or_none("/ops/weeks", {"weeks": "12"}) or {"weeks": []}
    return desk.page(call, "overview", {"overview": found, "plots": plots(weeks["weeks"]), "weeks": weeks["weeks"]})


def stores(desk: Desk, call: Call) -> Answer:
    """`GET /ops/stores`: the health of each store."""
    found = call.get("/ops/stores")
    return desk.page(call, "stores", {"health": health(found, call.now), "operations": OPERATION})


def runs(desk: Desk, call: Call) -> Answer:
    """`GET /ops/runs`: what runs, on one scale."""
    found = call.get("/ops/requests", {"cursor": call.query["cursor"]} if call.query.get("cursor") else {})
    return desk.page(call, "runs", {"runs": running(found["requests"], call.now), "next": found.get("next")})


def notices(desk: Desk, call: Call) -> Answer:
    """`GET /ops/notices`: notices that did not arrive, and whom to reach in another way."""
    found = call.get("/ops/requests", {"attention": "1"})["requests"]
    told = {
        one["request_id"]: (call.get_or_none(f"/ops/requests/{one['request_id']}/notices") or {}) for one in found[:20]
    }
    bad = {
        request_id: [n for n in answer.get("notices", []) if n["status"] in {"failed", "undelivered"}]
        for request_id, answer in told.items()
    }
    return desk.page(call, "notices", {"rows": [row(one, call.now) for one in found], "bad": bad})


def settings(desk: Desk, call: Call) -> Answer:
    """`GET /ops/settings`: clock rules, grounds, terms; read only."""
    return desk.page(call, "settings", {"rules": call.get("/ops/rules")})
