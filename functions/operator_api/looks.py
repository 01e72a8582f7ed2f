"""One request as operators see it: everything but personal data, and what the one who looks may do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from operator_api.approvals import approvals_of
from operator_api.handed_in import handed_in
from operator_api.holds import HoldDoors
from operator_api.intake import IntakeDoors
from operator_api.journey import graph, journey
from operator_api.masks import masked
from operator_api.people import Operator, pseudonym
from operator_api.runs import runs_of
from rights.domain.clock import RULES, ClockRule
from rights.domain.clock.rule import Term
from rights.domain.grounds import GROUNDS
from rights.domain.rights import Channel
from rights.domain.status import Status, may_move
from rights.http import ApiError
from rights.ledger import Event, Request, Task, Wait
from rights.ledger.clocks import rule_of, timeline_of
from rights.ledger.model import Callback

_AT_WORK = frozenset({Status.IN_PROGRESS, Status.NEEDS_REPAIR})


class LookDoors(IntakeDoors, HoldDoors):
    """The doors to one request. `affiliates`: their names."""

    _affiliates: Mapping[str, str]

    def refuse_own_request(self, request_id: str, who: Operator) -> None:
        """ApiError `own_request` for somebody who acts on a request about themselves.

        That is one about their account, one that they made for another, and one that would give them an account.
        """
        request = self._ledger.get(request_id)
        self.refuse_own({*request.known_as, *request.locks}, who)
        typed: dict[str, str] = (self._ledger.private(request_id, "typed") or {}).get("identifiers", {})
        requester: dict[str, str] = self._ledger.private(request_id, "requester") or {}
        changes: dict[str, dict[str, str]] = self._ledger.private(request_id, "changes") or {}
        for kind in ("phone", "email"):
            named = {typed.get(kind), requester.get(kind), changes.get(kind, {}).get("to")}
            self.refuse_own({pseudonym(self._ledger.hmac.tag_of, kind, value) for value in named if value}, who)

    def look_at(self, request_id: str, who: Operator) -> dict[str, Any]:
        """One request: its tasks, its history and whether that is whole, its clock, its runs, and what `who` may do."""
        request = self._ledger.get(request_id)
        tasks, events = self._ledger.tasks(request_id), self._ledger.events(request_id)
        return (
            self.summary(request)
            | approvals_of(request)
            | {
                "policy_version": request.policy_version,
                "clock_rule": request.clock_rule,
                "due_explained": list(self._ledger.explained(request)),
                "data_map": request.data_map,
                "decision": request.decision,
                "ground": request.ground,
                "linked_to": request.linked_to,
                "case": [one for one in request.case_requests if one != request.id],
                "came_by": request.came_by,
                "identity": request.attested,
                "filed_by": filed_by(request, events),
                "handed_in": handed_in(request, self._callbacks_of(request), self._affiliates),
                "tasks": [_task(task) for task in tasks],
                "notices": [
                    {"id": n.id, "kind": n.kind, "channel": n.channel, "status": n.status, "sent_at": n.sent_at}
                    for n in self._ledger.notices(request_id)
                ],
                "events": [_event(event) for event in events],
                "audit_chain_holds": self._ledger.verify_chain(request_id),
                "waits": [_wait(wait) for wait in self._ledger.waits_of(request_id)],
                "runs": runs_of(request, events),
                "operators": self._names_in(request, events),
                "may": self._may(request, events, who),
            }
        )

    def run_of(self, request_id: str, who: Operator) -> dict[str, Any]:
        """The way of a request through the state machine: every place with what became of it, and the ways taken."""
        shown = self.look_at(request_id, who)
        way = journey(shown)
        return {
            "request_id": request_id,
            "run": shown["run"],
            "here": way.here,
            "places": [asdict(place) for place in way.places.values()],
            "edges": [list(edge) for edge in graph().edges],
            "taken": sorted(list(pair) for pair in way.taken),
        }

    def notices_of(self, request_id: str) -> dict[str, Any]:
        """The notices of a request, with the contact each went to, masked; None once that is forgotten."""
        self._ledger.get(request_id)
        names = ("id", "kind", "channel", "status", "queued_at", "sent_at", "delivered_at", "attempts", "error_class")
        return {
            "notices": [
                {name: getattr(notice, name) for name in names}
                | {"contact": masked(notice.channel, self._ledger.contact_of(notice))}
                for notice in self._ledger.notices(request_id)
            ]
        }

    def rules(self) -> dict[str, Any]:
        """The rules that decide: clocks, and grounds, as they are written down."""
        return {"clock_rules": [_rule(rule) for rule in RULES], "grounds": [_ground(asdict(one)) for one in GROUNDS]}

    def _callbacks_of(self, request: Request) -> Sequence[Callback]:
        return self._ledger.callbacks_of(request.id) if request.affiliate else ()

    def _names_in(self, request: Request, events: Sequence[Event]) -> dict[str, str]:
        names = self._ledger.operator_names()
        acted = {event.by for event in events} | {approval["by"] for approval in request.approvals}
        return {one: names[one] for one in sorted(acted) if one in names}

    def _may(self, request: Request, events: Sequence[Event], who: Operator) -> dict[str, bool | str]:
        """Per action whether this operator may do it now, or the code of why not."""
        refusals = self._refusals(request, events, who)
        barred = self._barred(request, who)
        return {action: barred or code or True for action, code in refusals.items()}

    def _barred(self, request: Request, who: Operator) -> str:
        if not who.may_change:
            return "forbidden"
        try:
            self.refuse_own_request(request.id, who)
        except ApiError as error:
            return error.code
        return ""

    def _refusals(self, request: Request, events: Sequence[Event], who: Operator) -> dict[str, str]:
        over = request.is_final
        failed = request.status is Status.NEEDS_REPAIR or request.ended_run == request.run
        stopped = any(pause.until is None for pause in timeline_of(request).pauses)
        rule = rule_of(request)
        return {
            "decision": self._undecidable(request, events, who),
            "retry": "" if failed and not over else "too_late",
            "extend": "too_late"
            if over
            else "rule_has_no_extension"
            if rule.extension is None
            else "already_extended"
            if timeline_of(request).extension
            else "",
            "pause": "too_late" if over or request.status in _AT_WORK else "",
            "resume": "" if stopped and not over and request.status is not Status.QUESTION else "too_late",
            "cancel": "" if may_move(request.status, Status.WITHDRAWN) else "too_late",
            "reveal": "",
            "seen": "" if request.attention else "too_late",
            "new-link": "",
        }

    def _undecidable(self, request: Request, events: Sequence[Event], who: Operator) -> str:
        if request.status is not Status.IN_REVIEW or request.decision is not None:
            return "too_late"
        if filed_by(request, events) == who.id:
            return "filed_by_you"
        return "second_operator_needed" if any(one["by"] == who.id for one in request.approvals) else ""


def filed_by(request: Request, events: Sequence[Event]) -> str | None:
    """The operator who took a request in, if one did."""
    return events[0].by if request.channel is Channel.OPERATOR and events else None


def _task(task: Task) -> dict[str, Any]:
    return {
        "store": task.store,
        "kind": task.kind,
        "stage": task.stage,
        "operation": task.operation,
        "status": task.status,
        **task.counts.to_dict(),
        "found_at_start": task.found_at_start,
        "adds_up": task.counts.adds_up,
        "late_rounds": task.late_rounds,
        "error_class": task.error_class,
        "claimed_at": task.claimed_at,
        "verified_at": task.verified_at,
        **({"recipient": task.recipient} if task.recipient else {}),
    }


def _event(event: Event) -> dict[str, Any]:
    names = ("version", "at", "code", "by", "status", "detail", "hash")
    return {name: getattr(event, name) for name in names}


def _wait(wait: Wait) -> dict[str, Any]:
    answered = wait.answer is not None
    facts = {"state": wait.name, "generation": wait.generation, "until": wait.until, "answered": answered}
    return facts | {"answered_at": wait.consumed_at}


def _rule(rule: ClockRule) -> dict[str, Any]:
    return {
        "ref": rule.ref,
        "jurisdiction": rule.jurisdiction,
        "rights": list(rule.rights),
        "standing": rule.standing,
        "source": rule.source,
        "applies_from": rule.applies_from.isoformat(),
        "acknowledge": _term(rule.acknowledge),
        "respond": _term(rule.respond),
        "extension": _term(rule.extension.by) if rule.extension else None,
        "extension_reasons": sorted(rule.extension.reasons) if rule.extension else [],
        "pauses": sorted(rule.pauses),
        "calendar": rule.calendar,
        "buffer": rule.buffer,
        "note": rule.note,
    }


def _term(term: Term | None) -> str | None:
    return f"{term.amount} {term.unit}" if term else None


def _ground(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in facts.items()}
