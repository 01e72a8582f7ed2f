"""One request as a page: what failed and what comes next on top, then its way, its stores, its history."""

from collections.abc import Mapping
from typing import Any

from operator_api.console.actions import Offer, next_action, offers
from operator_api.console.affiliate import affiliate
from operator_api.console.approvals import missing_in_words
from operator_api.console.desk import Call
from operator_api.console.gantt import gantt
from operator_api.console.history import Filters, history
from operator_api.console.picture import picture
from operator_api.console.sla import sla
from operator_api.console.tasks import work
from operator_api.console.words import REVIEW, STATE, say
from operator_api.journey import journey
from rights.notices.grounds import GROUND


def request_values(call: Call, request_id: str) -> dict[str, Any]:
    """What the page of a request shows; each part is the answer of a door, read by a model of its own."""
    address = f"/ops/requests/{request_id}"
    request = call.get(address)
    clock = call.get(f"{address}/clock")
    way = journey(request)
    drawn = picture(way)
    sender = affiliate(request["handed_in"])
    names = request.get("operators", {}) | ({f"affiliate:{sender.id}": sender.name} if sender else {})
    filters = Filters.of(call.query)
    return {
        "address": address,
        "request": request,
        "names": names,
        "affiliate": sender,
        "sla": sla(clock, request, call.now),
        "clock": clock,
        "picture": drawn,
        "gantt": gantt(way, request, call.now),
        "next": next_action(request, address, say(STATE, way.here) if way.here else ""),
        "work": work(request["tasks"], GROUND),
        "rows": history(request["events"], filters, call.now),
        "filters": filters,
        "offers": offers(request, may_change=call.may_change),
        "notices": _notices(call, address, request),
        "missing": missing_in_words(request),
        "review": say(REVIEW, request["review"]) if request.get("review") else "",
        "ground": GROUND.get(int(request["ground"])) if request.get("ground") else None,
        "files": _evidence(call, address, request),
        "holds": (call.get_or_none("/ops/holds", {"request_id": request_id}) or {}).get("holds", []),
    }


def _notices(call: Call, address: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The notices with their masked contacts, where the door tells them."""
    told = call.get_or_none(f"{address}/notices")
    return list((told or request)["notices"])


def _evidence(call: Call, address: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    if request["requester"] == "self":
        return []
    return list((call.get_or_none(f"{address}/evidence") or {}).get("evidence", []))


__all__ = ["Offer", "request_values"]
