"""Requests that came by mail, phone or counter, and the search for a person's requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from operator_api.console.desk import Answer, Call, Desk
from operator_api.console.queue import row
from operator_api.console.words import RIGHT
from rights.domain.acting import ForWhom, Relation
from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import OPERATION_OF, SCOPED, Locale, Purpose, Requester, Right
from rights.http import ApiError, FieldProblem

CAME_BY = (("mail", "By mail"), ("phone", "By phone"), ("counter", "At the counter"))
IDENTITY = (
    ("code", "By a code, as everybody does"),
    ("document", "ID document and face compared (counter)"),
    ("call_back", "Called back at the number on file (phone)"),
)
_FIELD_OF = {
    "identifiers": "phone",
    "identifiers.phone": "phone",
    "identifiers.email": "email",
    "rights": "right",
    "rights.0": "right",
    "requester.name": "requester_name",
    "requester.for": "for",
    "requester.relation": "relation",
    "requester.phone": "requester_phone",
    "requester.email": "requester_email",
    "changes": "change_field",
}
"""What the door calls a field, and its name in the form."""
_OF_REQUESTER = {"name": "requester_name", "for": "for", "relation": "relation", "contact": "requester_phone"}
_PLAIN = ("right", "message", "locale", "came_by", "identity", "key")


def intake(desk: Desk, call: Call) -> Answer:
    """`GET /ops/intake`."""
    return _form(desk, call, {}, None)


def take_in(desk: Desk, call: Call) -> Answer:
    """`POST /ops/requests`: the form as the body of the door."""
    try:
        found = call.post("/ops/requests", body_of(call.form))
    except ApiError as error:
        return _form(desk, call, call.form, error)
    return desk.see(f"/ops/requests/{found['request_id']}", "filed")


def _form(desk: Desk, call: Call, typed: Mapping[str, str], error: ApiError | None) -> Answer:
    values = {
        "typed": typed,
        "rights": [(right.value, RIGHT[right]) for right in Right],
        "came_by": CAME_BY,
        "identity": IDENTITY,
        "purposes": [(purpose.value, purpose.replace("_", " ")) for purpose in Purpose],
        "scoped": sorted(SCOPED & OPERATION_OF.keys()),
        "relations": [(relation.value, relation.replace("_", " ")) for relation in Relation],
        "for_whom": [(whom.value, whom.value) for whom in ForWhom],
        "requesters": [("self", "The person"), ("guardian", "A guardian"), ("agent", "An agent")],
        "key": typed.get("key") or f"ops-{call.now.timestamp():.6f}-{call.visit.who.id[:8]}",
        "received": typed.get("received_at") or f"{call.now.astimezone(MALL_TIME):%Y-%m-%dT%H:%M}",
    }
    return desk.page(call, "intake", values, problem=error and _by_field(error), path="/ops/intake")


def _by_field(error: ApiError) -> ApiError:
    """The error with the names that the form's fields have."""
    return ApiError(error.code, fields={_name_of(name, told): told for name, told in error.fields.items()})


def _name_of(name: str, told: FieldProblem) -> str:
    by_code = {f"requester_{part}_missing": field for part, field in _OF_REQUESTER.items()}
    return by_code.get(told.code) or _FIELD_OF.get(name, name)


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of an intake: what was left empty is left out."""
    body: dict[str, Any] = {name: form[name].strip() for name in _PLAIN if form.get(name, "").strip()}
    identifiers = {name: form[name].strip() for name in ("phone", "email") if form.get(name, "").strip()}
    body["identifiers"] = identifiers
    if form.get("received_at"):
        body["received_at"] = _in_the_mall(form["received_at"])
    if form.get("requester", Requester.SELF) != Requester.SELF:
        names = {"requester_name": "name", "for": "for", "relation": "relation", "requester_phone": "phone"}
        names |= {"requester_email": "email"}
        own = {to: form[name].strip() for name, to in names.items() if form.get(name, "").strip()}
        body["requester"] = {"kind": form["requester"]} | own
    purposes = [purpose.value for purpose in Purpose if form.get(f"purpose.{purpose}")]
    if purposes:
        body["purposes"] = purposes
    scope = [part for part in form.get("scope", "").replace(",", " ").split() if part]
    if scope:
        body["scope"] = scope
    if form.get("change_field", "").strip():
        change = {"to": form.get("change_to", "").strip()}
        if form.get("change_from", "").strip():
            change["from"] = form["change_from"].strip()
        body["changes"] = {form["change_field"].strip(): change}
    if body.get("locale") not in tuple(Locale):
        body.pop("locale", None)
    return body


def _in_the_mall(text: str) -> str:
    """What a browser's field for a date and time holds, as of Phnom Penh; the door refuses anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=MALL_TIME).isoformat()
    except ValueError:
        return text


def search_page(desk: Desk, call: Call) -> Answer:
    """`GET /ops/search`: by phone or email, which never are in an address."""
    return desk.page(call, "search", {"typed": {}, "found": None})


def search(desk: Desk, call: Call) -> Answer:
    """`POST /ops/search`: the page with what was found."""
    typed = {name: call.form[name].strip() for name in ("phone", "email") if call.form.get(name, "").strip()}
    try:
        answer = call.post("/ops/search", typed)
    except ApiError as error:
        return desk.page(call, "search", {"typed": typed, "found": None}, problem=error)
    found = [(row(one, call.now), one.get("how", ""), one.get("proven")) for one in answer["requests"]]
    return desk.page(call, "search", {"typed": typed, "found": found})
