"""What follows a form on a request: it becomes the JSON of a door, and the page says what came of it."""

from collections.abc import Mapping
from typing import Any

from operator_api.console.decide import body_of, effect, preview, told
from operator_api.console.decide import decide as page_of
from operator_api.console.desk import Answer, Call, Desk, typed_number
from operator_api.console.looks import decide_values
from operator_api.console.request_page import request_values
from operator_api.console.words import REVEAL, say
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import whole

_DONE = {
    "retry": "retry",
    "extend": "extended",
    "pause": "paused",
    "resume": "resumed",
    "seen": "seen",
    "cancel": "cancelled",
    "new-link": "new_link",
}
_WITH_REASON = frozenset({"extend", "pause", "cancel", "new-link"})
_STORE_ACTS = {"retry": "store_retry", "cancel": "taken_back"}
_CHANGED = frozenset({"changed_meanwhile", "plan_changed"})
_DECIDED = {"refuse": "refused", "ask": "asked", "answer": "answered"}


def act(desk: Desk, call: Call, request_id: str, act: str) -> Answer:
    """`POST /ops/requests/{id}/{retry|extend|pause|resume|seen|cancel|new-link}`."""
    if act not in _DONE:
        raise ApiError("not_found")
    body = _version(call.form)
    if act in _WITH_REASON and call.form.get("reason"):
        body["reason"] = call.form["reason"]
    return _do(desk, call, f"{request_id}/{act}", body, _DONE[act])


def act_on_store(desk: Desk, call: Call, request_id: str, store: str, act: str) -> Answer:
    """`POST /ops/requests/{id}/stores/{store}/{retry|cancel}`: try one store again; take a partner's task back."""
    if act not in _STORE_ACTS:
        raise ApiError("not_found")
    return _do(desk, call, f"{request_id}/stores/{store}/{act}", _version(call.form), _STORE_ACTS[act])


def reveal(desk: Desk, call: Call, request_id: str) -> Answer:
    """`POST /ops/requests/{id}/reveal`: shown once, in this answer only; masked again on the next load (UX 70)."""
    what = call.form.get("what", "")
    body = {"what": what, "reason": call.form.get("reason", "")}
    try:
        found = call.post(f"/ops/requests/{request_id}/reveal", body)
    except ApiError as error:
        return _mend(desk, call, request_id, error)
    values = {
        "address": f"/ops/requests/{request_id}",
        "request": call.get(f"/ops/requests/{request_id}"),
        "what": say(REVEAL, what),
        "lines": _lines(next(iter(found.values()), None)),
    }
    return desk.page(call, "revealed", values, path=f"/ops/requests/{request_id}")


def open_evidence(desk: Desk, call: Call, request_id: str, number: str) -> Answer:
    """`POST /ops/requests/{id}/evidence/{n}`: a page with the link to the file: a form may not be sent on to it."""
    try:
        found = call.post(f"/ops/requests/{request_id}/evidence/{number}", {"reason": call.form.get("reason", "")})
    except ApiError as error:
        return _mend(desk, call, request_id, error)
    values = {
        "address": f"/ops/requests/{request_id}",
        "request": call.get(f"/ops/requests/{request_id}"),
        "number": number,
        "file": found,
    }
    return desk.page(call, "evidence_link", values, path=f"/ops/requests/{request_id}")


def check_decision(desk: Desk, call: Call, request_id: str) -> Answer:
    """`POST /ops/requests/{id}/decide`: what a decision would do and what the person would read; changes nothing."""
    body, values = body_of(call.form), decide_values(call, request_id)
    problem = _refuse_empty(body)
    path = f"/ops/requests/{request_id}/decide"
    if problem:
        return desk.page(call, "decide", values | {"typed": call.form}, problem=problem, path=path)
    plan, request = values["plan"], values["request"]
    page = page_of(plan | {"filed_by": request.get("filed_by")}, call.visit.who)
    part = bool(body.get("without") or body.get("withhold"))
    ground = body.get("ground")
    shown = preview(
        told(body["decision"], part=part),
        request,
        ground=ground if isinstance(ground, int) else None,
        own=body.get("text", ""),
    )
    check = {"effect": effect(body, page), "preview": shown, "body": body, "fields": dict(call.form)}
    return desk.page(call, "check", values | check, path=path)


def decide(desk: Desk, call: Call, request_id: str) -> Answer:
    """`POST /ops/requests/{id}/decision`."""
    body = body_of(call.form)
    try:
        found = call.post(f"/ops/requests/{request_id}/decision", body)
    except ApiError as error:
        if error.code in _CHANGED:
            return _changed(desk, call, request_id, error)
        values = decide_values(call, request_id) | {"typed": call.form}
        return desk.page(call, "decide", values, problem=error, path=f"/ops/requests/{request_id}/decide")
    waits = body["decision"] == "approve" and found["status"] == "in_review"
    done = _DECIDED.get(body["decision"], "approved_by_one" if waits and _is_first(call, request_id) else "approved")
    return desk.see(f"/ops/requests/{request_id}", done)


def _is_first(call: Call, request_id: str) -> bool:
    """Whether another approval is still needed: the run goes on a moment after the last one."""
    plan = call.get(f"/ops/requests/{request_id}/plan")
    return len(plan["approvals"]) < int(plan["approvals_needed"])


def _refuse_empty(body: Mapping[str, Any]) -> ApiError | None:
    """The problem of a decision that leaves out what it takes; found here, since nothing was asked of the door yet."""
    if body["decision"] in {"ask", "answer"} and not str(body["text"]).strip():
        return not_valid({"text": FieldProblem("message_missing")})
    if body["decision"] == "refuse" and body.get("ground") == "":
        return not_valid({"ground": FieldProblem("ground_not_allowed")})
    if body["decision"] not in {"approve", "refuse", "ask", "answer"}:
        return not_valid({"decision": FieldProblem("wrong_type")})
    return None


def _do(desk: Desk, call: Call, rest: str, body: dict[str, Any], done: str) -> Answer:
    request_id = rest.partition("/")[0]
    try:
        call.post(f"/ops/requests/{rest}", body)
    except ApiError as error:
        return _mend(desk, call, request_id, error)
    return desk.see(f"/ops/requests/{request_id}", done)


def _mend(desk: Desk, call: Call, request_id: str, error: ApiError) -> Answer:
    """The request's page with what is wrong on top; the page of a conflict where somebody was faster."""
    if error.code in _CHANGED:
        return _changed(desk, call, request_id, error)
    if error.code == "not_found" or error.status >= 500:
        raise error
    values = request_values(call, request_id)
    return desk.page(call, "request", values, problem=error, path=f"/ops/requests/{request_id}")


def _changed(desk: Desk, call: Call, request_id: str, error: ApiError) -> Answer:
    """Who did what meanwhile (UX 71); what was typed is kept, to be taken along."""
    request = call.get(f"/ops/requests/{request_id}")
    since = whole(call.form.get("version")) or 0
    values = {
        "address": f"/ops/requests/{request_id}",
        "request": request,
        "names": request.get("operators", {}),
        "changes": [event for event in request["events"] if int(event["version"]) > since],
        "text": call.form.get("text", ""),
    }
    return desk.page(call, "changed", values, problem=error, path=f"/ops/requests/{request_id}")


def _version(form: Mapping[str, str]) -> dict[str, Any]:
    return {"version": typed_number(form["version"])} if form.get("version") else {}


def _lines(value: Any) -> list[tuple[str, str]]:
    """What was revealed, as names and values."""
    if not value:
        return [("", "nothing")]
    if isinstance(value, Mapping):
        return [(str(name).replace("_", " "), _flat(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [(str(place + 1), _flat(inner)) for place, inner in enumerate(value)]
    return [("", str(value))]


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_flat(inner) for inner in value)
    return str(value)
