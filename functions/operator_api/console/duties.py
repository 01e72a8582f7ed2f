"""Holds, bulk closures, replays and the export of a breach: their pages and forms."""

from collections.abc import Mapping
from typing import Any

from operator_api.console.desk import Answer, Call, Desk, typed_number
from operator_api.console.looks import store_names
from operator_api.replays import ENTRY_ID
from rights.domain.grounds import GROUNDS, POLICY_JURISDICTION, may_keep
from rights.http import ApiError
from rights.notices.grounds import GROUND

_BULK_DONE = {"approve": "running", "pause": "pausing", "resume": "running", "stop": "stopped"}


def holds(desk: Desk, call: Call) -> Answer:
    """`GET /ops/holds`: a form, and the holds on the person of one request."""
    return _holds(desk, call, {}, None)


def place_hold(desk: Desk, call: Call) -> Answer:
    """`POST /ops/holds`."""
    names = ("phone", "email", "request_id", "until")
    body: dict[str, Any] = {name: call.form[name].strip() for name in names if call.form.get(name, "").strip()}
    body["ground"] = typed_number(call.form.get("ground", ""))
    try:
        call.post("/ops/holds", body)
    except ApiError as error:
        return _holds(desk, call, call.form, error)
    request_id = body.get("request_id")
    return desk.see(f"/ops/holds?request_id={request_id}" if request_id else "/ops/holds", "held")


def lift_hold(desk: Desk, call: Call, hold_id: str) -> Answer:
    """`POST /ops/holds/{id}/lift`."""
    try:
        call.post(f"/ops/holds/{hold_id}/lift", {})
    except ApiError as error:
        return _holds(desk, call, {}, error)
    request_id = call.form.get("request_id", "")
    is_id = len(request_id) == 26 and request_id.isascii() and request_id.isalnum()
    return desk.see(f"/ops/holds?request_id={request_id}" if is_id else "/ops/holds", "lifted")


def _holds(desk: Desk, call: Call, typed: Mapping[str, str], error: ApiError | None) -> Answer:
    request_id = call.query.get("request_id", "")
    found = call.get_or_none("/ops/holds", {"request_id": request_id}) if request_id else None
    by = call.visit.who.uses_grounds_as
    grounds = [
        (str(one.number), f"{one.number} · {GROUND[one.number]}")
        for one in GROUNDS
        if may_keep(one.number, POLICY_JURISDICTION, by=by, categories=("user",))
    ]
    values = {
        "typed": dict(typed),
        "request_id": request_id,
        "holds": None if found is None else found["holds"],
        "grounds": grounds,
    }
    return desk.page(call, "holds", values, problem=error, path="/ops/holds")


def bulks(desk: Desk, call: Call) -> Answer:
    """`GET /ops/bulk-closures`."""
    return _bulks(desk, call, {}, None)


def open_bulk(desk: Desk, call: Call) -> Answer:
    """`POST /ops/bulk-closures`."""
    body = {"key": call.form.get("key", "").strip(), "locale": call.form.get("locale", "")}
    try:
        found = call.post("/ops/bulk-closures", body)
    except ApiError as error:
        return _bulks(desk, call, call.form, error)
    return desk.see(f"/ops/bulk-closures/{found['bulk_id']}", "opened")


def _bulks(desk: Desk, call: Call, typed: Mapping[str, str], error: ApiError | None) -> Answer:
    found = call.get("/ops/bulk-closures")["bulk_closures"]
    return desk.page(call, "bulks", {"bulks": found, "typed": typed}, problem=error, path="/ops/bulk-closures")


def bulk(desk: Desk, call: Call, bulk_id: str) -> Answer:
    """`GET /ops/bulk-closures/{id}`."""
    return _bulk(desk, call, bulk_id, {}, None)


def put_people(desk: Desk, call: Call, bulk_id: str) -> Answer:
    """`POST /ops/bulk-closures/{id}/people`: one person a line, by phone, email or account id."""
    people = [_person(line.strip()) for line in call.form.get("people", "").splitlines() if line.strip()]
    try:
        call.post(
            f"/ops/bulk-closures/{bulk_id}/people", {"part": typed_number(call.form.get("part", "")), "people": people}
        )
    except ApiError as error:
        return _bulk(desk, call, bulk_id, call.form, error)
    return desk.see(f"/ops/bulk-closures/{bulk_id}", "people")


def _person(line: str) -> dict[str, str]:
    """By its shape: a plus is a phone's, an @ an email's, everything else an account id."""
    if line.startswith("+"):
        return {"phone": line.replace(" ", "")}
    return {"email": line} if "@" in line else {"account_id": line}


def move_bulk(desk: Desk, call: Call, bulk_id: str, act: str) -> Answer:
    """`POST /ops/bulk-closures/{id}/{approve|pause|resume|stop}`."""
    if act not in _BULK_DONE:
        raise ApiError("not_found")
    body = {"people": typed_number(call.form.get("people", ""))} if act == "approve" else {}
    try:
        call.post(f"/ops/bulk-closures/{bulk_id}/{act}", body)
    except ApiError as error:
        return _bulk(desk, call, bulk_id, {}, error)
    return desk.see(f"/ops/bulk-closures/{bulk_id}", _BULK_DONE[act])


def _bulk(desk: Desk, call: Call, bulk_id: str, typed: Mapping[str, str], error: ApiError | None) -> Answer:
    after = call.query.get("after", "")
    found = call.get(f"/ops/bulk-closures/{bulk_id}", {"after": after} if after else {})
    path = f"/ops/bulk-closures/{bulk_id}"
    return desk.page(call, "bulk", {"bulk": found, "typed": typed, "address": path}, problem=error, path=path)


def replays(desk: Desk, call: Call) -> Answer:
    """`GET /ops/replays`."""
    return _replays(desk, call, {}, None)


def start_replay(desk: Desk, call: Call) -> Answer:
    """`POST /ops/replays`."""
    body = {"store": call.form.get("store", ""), "restored_to": _moment(call.form.get("restored_to", ""))}
    try:
        found = call.post("/ops/replays", body)
    except ApiError as error:
        return _replays(desk, call, call.form, error)
    return desk.see(f"/ops/replays/{found['replay_id']}", "replaying")


def _replays(desk: Desk, call: Call, typed: Mapping[str, str], error: ApiError | None) -> Answer:
    values = {"replays": call.get("/ops/replays")["replays"], "typed": typed, "stores": store_names()}
    return desk.page(call, "replays", values, problem=error, path="/ops/replays")


def replay(desk: Desk, call: Call, replay_id: str) -> Answer:
    """`GET /ops/replays/{id}`."""
    return _replay(desk, call, replay_id, call.query.get("after", ""), None)


def decide_replay(desk: Desk, call: Call, replay_id: str) -> Answer:
    """`POST /ops/replays/{id}/decision`."""
    path, after = f"/ops/replays/{replay_id}", call.form.get("after", "")
    try:
        call.post(f"{path}/decision", {name: call.form.get(name, "") for name in ("entry", "decision")})
    except ApiError as error:
        return _replay(desk, call, replay_id, after, error)
    return desk.see(f"{path}?after={after}" if ENTRY_ID.fullmatch(after) else path, "decided")


def _replay(desk: Desk, call: Call, replay_id: str, after: str, error: ApiError | None) -> Answer:
    path = f"/ops/replays/{replay_id}"
    found = call.get(path, {"after": after} if after else {})
    return desk.page(call, "replay", {"replay": found, "address": path, "after": after}, problem=error, path=path)


def breach(desk: Desk, call: Call) -> Answer:
    """`GET /ops/breach-export`."""
    return _breach(desk, call, None)


def export_breach(desk: Desk, call: Call) -> Answer:
    """`POST /ops/breach-export`: a page with the next part as a file to save, and a button for the part after it."""
    body = {name: call.form.get(name, "") for name in ("store", "reason", "after")}
    body |= {name: _moment(call.form.get(name, "")) for name in ("since", "until")}
    try:
        found = call.post("/ops/breach-export", body)
    except ApiError as error:
        return _breach(desk, call, error)
    return _breach(desk, call, None, found)


def _breach(desk: Desk, call: Call, error: ApiError | None, found: Mapping[str, Any] | None = None) -> Answer:
    values = {"typed": call.form, "stores": store_names(), "found": found}
    return desk.page(call, "breach", values, problem=error, path="/ops/breach-export")


def _moment(text: str) -> str:
    """A browser's local time, as of Phnom Penh."""
    if len(text) in {16, 19} and text[10:11] == "T":
        return f"{text}{':00' if len(text) == 16 else ''}+07:00"
    return text
