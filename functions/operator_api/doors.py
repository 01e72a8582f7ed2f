"""What operators may see and do so far: no personal data, and every change under their name."""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from operator_api.holds import HoldDoors
from rights.clock import parse
from rights.domain.deadline import is_overdue, respond_by
from rights.domain.grounds import User, may_refuse
from rights.domain.rights import OPERATION_OF, Operation, Right
from rights.domain.status import OPEN, Status
from rights.errors import NotReadyError
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Request
from rights.status_token import reference

PAGE = 50


class Decision(BaseModel):
    """The body of a decision: `refuse` needs a ground of the policy, `approve` has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: str = Field(pattern="^(approve|refuse)$")
    ground: int | None = Field(default=None, ge=1, le=11)

    @model_validator(mode="after")
    def _ground_for_refusal(self) -> "Decision":
        if (self.decision == "refuse") != (self.ground is not None):
            msg = "a refusal, and only a refusal, names a ground"
            raise ValueError(msg)
        return self


class OperatorDoors(HoldDoors):
    """The operators' doors, over the ledger."""

    def find(self, status: str | None) -> dict[str, Any]:
        """Requests of one status (or all open ones), oldest first; at most 50, and whether there are more."""
        if status is not None and status not in tuple(Status):
            raise not_valid({"status": FieldProblem("wrong_type")})
        wanted = [Status(status)] if status else sorted(OPEN)
        found = [request for one in wanted for request in islice(self._ledger.by_status(one), PAGE + 1)]
        found.sort(key=lambda request: request.received_at)
        return {"requests": [self._summary(request) for request in found[:PAGE]], "more": len(found) > PAGE}

    def look_at(self, request_id: str) -> dict[str, Any]:
        """One request: its tasks, its history and whether that is whole, its clock, its execution."""
        request = self._ledger.get(request_id)
        explained = respond_by(Right(request.right), parse(request.received_at)).explained
        return self._summary(request) | {
            "channel": request.channel,
            "requester": request.requester,
            "locale": request.locale,
            "policy_version": request.policy_version,
            "clock_rule": request.clock_rule,
            "due_explained": list(explained),
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

    def retry(self, request_id: str, by: str) -> dict[str, Any]:
        """Try again what failed."""
        return self._summary(self._ledger.retry(request_id, by=by))

    def decide(
        self, request_id: str, raw: Mapping[str, Any], by: str, roles: Collection[User] = (User.OPERATOR,)
    ) -> dict[str, Any]:
        """Approve a request in review, or refuse it on a ground that may serve; no deletion under a legal hold."""
        body = _decision(raw)
        request = self._ledger.get(request_id)
        if body.ground is not None and not may_refuse(body.ground, request.right, request.jurisdiction, by=roles):
            raise not_valid({"ground": FieldProblem("wrong_type")})
        erases = body.decision == "approve" and OPERATION_OF[request.right] is Operation.ERASE
        if erases and self._ledger.hold_on(request.known_as):
            raise NotReadyError("a legal hold stands on this person")
        return self._summary(self._ledger.decide(request_id, body.decision, by=by, ground=body.ground))

    def _summary(self, request: Request) -> dict[str, Any]:
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
            "version": request.version,
            "run": request.run,
            "execution": request.execution,
        }


def _decision(raw: Mapping[str, Any]) -> Decision:
    try:
        return Decision.model_validate(raw)
    except ValidationError as error:
        names = {str(detail["loc"][0]) if detail["loc"] else "ground" for detail in error.errors(include_input=False)}
    raise not_valid({name: FieldProblem("wrong_type") for name in names})


def _groups(claims: Mapping[str, Any]) -> list[str]:
    # API Gateway hands groups over as text: "operator", "[operator lead]" or "operator,lead".
    return str(claims.get("cognito:groups", "")).strip("[]").replace(",", " ").split()


def roles_of(claims: Mapping[str, Any]) -> frozenset[User]:
    """As what somebody may use a ground: operator, approver, or both."""
    return frozenset(User(group) for group in _groups(claims) if group in {User.OPERATOR, User.APPROVER})


def operator_of(claims: Mapping[str, Any], *, to_change: bool) -> str:
    """Who acts, by the `sub` that the authoriser checked; ApiError `forbidden` unless an operator where it matters."""
    name = str(claims.get("sub", ""))
    if not name or (to_change and "operator" not in _groups(claims)):
        raise ApiError("forbidden")
    return name
