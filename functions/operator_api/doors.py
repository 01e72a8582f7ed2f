"""What operators may see and do so far: no personal data, and every change under their name."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from operator_api.breach import BreachDoors
from operator_api.clocks import ClockDoors
from operator_api.closures import ClosureDoors
from operator_api.decisions import DecisionDoors
from operator_api.holds import HoldDoors
from operator_api.people import Operator, pseudonym
from operator_api.replays import ReplayDoors
from operator_api.reveal import RevealDoors
from rights.clock import Clock, parse
from rights.domain.clock import is_overdue
from rights.domain.review import approvals_needed
from rights.domain.status import OPEN, Status
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Ledger, Request, Task
from rights.status_token import reference

PAGE = 50


class OperatorDoors(ClockDoors, DecisionDoors, RevealDoors, ReplayDoors, ClosureDoors, BreachDoors, HoldDoors):
    """The operators' doors, over the ledger. `categories`: of each store's collections, by the data map.

    `to_review`: per store the collections that are looked at before they are handed over.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        time_to_answer: timedelta,
        categories: Mapping[str, Mapping[str, list[str]]],
        to_review: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(ledger, clock)
        self._time_to_answer = time_to_answer
        self._categories = categories
        self._to_review = to_review or {}

    def find(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Requests of one `status` (or all open ones), oldest first; at most 50, and whether there are more.

        `attention=1`: those that somebody was asked to look at, ended ones too.
        """
        status, attention = query.get("status"), query.get("attention")
        if attention not in {None, "1"} or (attention and status):
            raise not_valid({"attention": FieldProblem("wrong_type")})
        if status is not None and status not in tuple(Status):
            raise not_valid({"status": FieldProblem("wrong_type")})
        wanted = [Status(status)] if status else sorted(OPEN)
        lists = [self._ledger.needing_attention()] if attention else map(self._ledger.by_status, wanted)
        found = [request for one in lists for request in islice(one, PAGE + 1)]
        found.sort(key=lambda request: request.received_at)
        return {"requests": [self.summary(request) for request in found[:PAGE]], "more": len(found) > PAGE}

    def look_at(self, request_id: str, who: Operator) -> dict[str, Any]:  # noqa: ARG002 - what they may do comes with it
        """One request: its tasks, its history and whether that is whole, its clock, its execution."""
        request = self._ledger.get(request_id)
        return self.summary(request) | {
            "channel": request.channel,
            "requester": request.requester,
            "locale": request.locale,
            "policy_version": request.policy_version,
            "clock_rule": request.clock_rule,
            "due_explained": list(self._ledger.explained(request)),
            "data_map": request.data_map,
            "decision": request.decision,
            "ground": request.ground,
            "linked_to": request.linked_to,
            "tasks": [
                {
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
                    "verified_at": task.verified_at,
                    **({"recipient": task.recipient} if task.recipient else {}),
                }
                for task in self._ledger.tasks(request_id)
            ],
            "notices": [
                {"id": n.id, "kind": n.kind, "channel": n.channel, "status": n.status, "sent_at": n.sent_at}
                for n in self._ledger.notices(request_id)
            ],
            "events": [
                {
                    "version": event.version,
                    "at": event.at,
                    "code": event.code,
                    "by": event.by,
                    "status": event.status,
                    "detail": event.detail,
                    "hash": event.hash,
                }
                for event in self._ledger.events(request_id)
            ],
            "audit_chain_holds": self._ledger.verify_chain(request_id),
        }

    def audit_of(self, request_id: str) -> dict[str, Any]:
        """The whole history as it was hashed, for whoever wants to recompute it (docs/verify.md)."""
        request = self._ledger.get(request_id)
        return {
            "request_id": request_id,
            "head": request.head,
            "version": request.version,
            "events": list(self._ledger.hashed_events(request_id)),
        }

    def plan_of(self, request_id: str) -> dict[str, Any]:
        """The plan that a review is about: its hash, why somebody looks, who approved, and the dry run per store."""
        request = self._ledger.get(request_id)
        return self.summary(request) | {
            "plan": request.plan,
            "review": request.review,
            "accounts": request.accounts,
            "confirm": request.confirm,
            "confirmed_at": request.confirmed_at,
            "approvals_needed": approvals_needed(request.right, request.requester, request.review),
            "approvals": [{"by": one["by"], "at": one["at"], "without": one["without"]} for one in request.approvals],
            "evidence_missing": list(self.missing_evidence(request)),
            "question_until": request.question_until,
            "cooling_until": request.cooling_until,
            "held": self._ledger.hold_on(request.known_as) is not None,
            "stores": [self._planned(task) for task in self._ledger.tasks(request_id)],
        }

    def _planned(self, task: Task) -> dict[str, Any]:
        categories = self._categories.get(task.store.partition(".")[0], {})
        return {
            "store": task.store,
            "operation": task.operation,
            "stage": task.stage,
            "collections": list(task.collections),
            "purposes": list(task.purposes),
            "records": sum(task.preview.values()),
            "by_collection": task.preview,
            "categories": {name: list(categories.get(name, ())) for name in task.preview},
            "to_review": [name for name in self._to_review.get(task.store, ()) if task.preview.get(name)],
            "conflicts": list(task.conflicts),
            "refused": task.refused,
            "withheld": task.withheld,
        }

    def retry(self, request_id: str, by: str) -> dict[str, Any]:
        """Try again what failed."""
        return self.summary(self._ledger.retry(request_id, by=by))

    def take_back(self, request_id: str, store: str, by: str) -> dict[str, Any]:
        """Take a request to a partner back, if it has not begun; the work tells the partner."""
        return self.summary(self._ledger.take_back(request_id, store, by=by))

    def attention_seen(self, request_id: str, by: str) -> dict[str, Any]:
        """Record that somebody has looked after what asked for attention."""
        return self.summary(self._ledger.attention_seen(request_id, by=by))

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

    def refuse_changed(self, request_id: str, seen: object) -> None:
        """ApiError `changed_meanwhile` where a request is no longer at the version somebody decides on, and by whom."""
        if seen is None:
            return
        if not isinstance(seen, int | str) or not str(seen).isdecimal():
            raise not_valid({"version": FieldProblem("wrong_type")})
        request = self._ledger.get(request_id)
        if request.version == int(seen):
            return
        names = self._ledger.operator_names()
        since = [event for event in self._ledger.events(request_id) if event.version > int(seen)]
        changes = [
            {
                "version": event.version,
                "at": event.at,
                "code": event.code,
                "by": event.by,
                "by_name": names.get(event.by, ""),
                "status": event.status,
            }
            for event in since
        ]
        problem = FieldProblem("changed_meanwhile", {"now": request.version, "changes": changes})
        raise ApiError("changed_meanwhile", fields={"version": problem})

    def summary(self, request: Request) -> dict[str, Any]:
        """A request as a line of a list."""
        overdue = is_overdue(parse(request.due_at), self._clock(), final=request.is_final)
        return {
            "request_id": request.id,
            "reference": reference(request.id),
            "status": request.status,
            "right": request.right,
            "outcome": request.outcome,
            "received_at": request.received_at,
            "due_at": request.due_at,
            "closed_at": request.closed_at,
            "overdue": overdue,
            "attention": request.attention,
            "review": request.review,
            "version": request.version,
            "run": request.run,
            "execution": request.execution,
        }
