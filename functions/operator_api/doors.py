"""What operators may see and do: no personal data without a reason, and every change under their name."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from operator_api.approvals import approvals_of
from operator_api.breach import BreachDoors
from operator_api.clocks import ClockDoors
from operator_api.closures import ClosureDoors
from operator_api.decisions import DecisionDoors
from operator_api.holds import HoldDoors
from operator_api.intake import IntakeDoors
from operator_api.links import LinkDoors
from operator_api.looks import LookDoors
from operator_api.replays import ReplayDoors
from operator_api.reveal import RevealDoors
from rights.clock import Clock
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import whole
from rights.ledger import Ledger, Task
from rights.ledger.requests import ChangedSinceError


class WhyCancel(StrEnum):
    """For what an operator withdraws a request; a code, since the history holds no free text."""

    ASKED_BY_PERSON = "asked_by_person"
    DUPLICATE = "duplicate"
    MISTAKE = "mistake"
    ABUSE = "abuse"


class Cancel(BaseModel):
    """The body of `POST /ops/requests/{id}/cancel`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: WhyCancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the data map and the register of affiliates say, as far as operators need it."""

    categories: Mapping[str, Mapping[str, list[str]]]
    """Of each store's collections."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Of each store."""
    to_review: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Per store the collections that are looked at before they are handed over."""
    scope: tuple[str, ...] = ()
    """What a request may be narrowed to."""
    corrections: tuple[str, ...] = ()
    """What can be corrected."""
    affiliates: Mapping[str, str] = field(default_factory=dict)
    """Their names, by the register."""


class OperatorDoors(
    LookDoors,
    ClockDoors,
    DecisionDoors,
    RevealDoors,
    LinkDoors,
    IntakeDoors,
    ReplayDoors,
    ClosureDoors,
    BreachDoors,
    HoldDoors,
):
    """The operators' doors, over the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock, time_to_answer: timedelta, known: Known) -> None:
        super().__init__(ledger, clock)
        self._time_to_answer = time_to_answer
        self._categories = known.categories
        self._kinds = known.kinds
        self._to_review = known.to_review
        self._scope = known.scope
        self._corrections = known.corrections
        self._affiliates = known.affiliates

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
        return (
            self.summary(request)
            | approvals_of(request)
            | {
                "plan": request.plan,
                "review": request.review,
                "accounts": request.accounts,
                "confirm": request.confirm,
                "confirmed_at": request.confirmed_at,
                "evidence_missing": list(self.missing_evidence(request)),
                "question_until": request.question_until,
                "cooling_until": request.cooling_until,
                "held": self._ledger.hold_on(request.known_as) is not None,
                "stores": [self._planned(task) for task in self._ledger.tasks(request_id)],
            }
        )

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

    def retry(self, request_id: str, by: str, store: str | None = None) -> dict[str, Any]:
        """Try again what failed, or just one store of it."""
        return self.summary(self._ledger.retry(request_id, by=by, store=store))

    def cancel(self, request_id: str, raw: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Withdraw a request in the person's name, for a reason that is on record; whoever proved is told."""
        try:
            reason = Cancel.model_validate(raw).reason
        except ValidationError:
            raise not_valid({"reason": FieldProblem("wrong_type")}) from None
        return self.summary(self._ledger.withdraw(request_id, by=by, reason=reason))

    def take_back(self, request_id: str, store: str, by: str) -> dict[str, Any]:
        """Take a request to a partner back, if it has not begun; the work tells the partner."""
        return self.summary(self._ledger.take_back(request_id, store, by=by))

    def attention_seen(self, request_id: str, by: str) -> dict[str, Any]:
        """Record that somebody has looked after what asked for attention."""
        return self.summary(self._ledger.attention_seen(request_id, by=by))

    @contextmanager
    def as_seen(self, request_id: str, seen: object) -> Iterator[None]:
        """Within, a request is changed only as it was at the version somebody decides on, if they name one.

        ApiError `changed_meanwhile` where it is no longer: before anything else is looked at, and with the write.
        """
        if seen is None:
            yield
            return
        version = whole(seen)
        if version is None:
            raise not_valid({"version": FieldProblem("wrong_type")})
        if self._ledger.get(request_id).version != version:
            raise self._changed_since(request_id, version)
        try:
            with self._ledger.seen_at(request_id, version):
                yield
        except ChangedSinceError:
            raise self._changed_since(request_id, version) from None

    def _changed_since(self, request_id: str, version: int) -> ApiError:
        """What a version is behind, and by whom."""
        names = self._ledger.operator_names()
        since = [event for event in self._ledger.events(request_id) if event.version > version]
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
        now = self._ledger.get(request_id).version
        problem = FieldProblem("changed_meanwhile", {"now": now, "changes": changes})
        return ApiError("changed_meanwhile", fields={"version": problem})
