"""The clock of a request at the operators' door: why its date is what it is, a longer term, a stop and a start."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rights.clock import Clock, parse, stamp
from rights.domain.clock import ExtensionAnswer, PauseReason, is_overdue
from rights.errors import TermError
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Ledger, Request
from rights.ledger.clocks import rule_of


class Extension(BaseModel):
    """The body of `POST /ops/requests/{id}/extend`: the code of a reason that the rule names."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: str = Field(pattern="^[a-z_]{1,40}$")


class Stop(BaseModel):
    """The body of `POST /ops/requests/{id}/pause`: what we wait for."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: PauseReason = PauseReason.CLARIFICATION


class ClockDoors:
    """The doors to the clocks."""

    _ledger: Ledger
    _clock: Clock

    def clock_of(self, request_id: str) -> dict[str, Any]:
        """What the clock of a request says now, which rule it runs under, and why each day counts or does not."""
        return self._shown_clock(self._ledger.get(request_id))

    def extend(self, request_id: str, raw: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Take the longer term, and have the person told; ApiError with the reason why not."""
        try:
            reason = Extension.model_validate(raw).reason
        except ValidationError:
            raise not_valid({"reason": FieldProblem("reason_not_in_rule")}) from None
        try:
            return self._shown_clock(self._ledger.extend_term(request_id, reason, by=by))
        except TermError as error:
            raise _refused(error) from None

    def pause(self, request_id: str, raw: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Record that we wait for the person, outside of a review; the rule says whether the clock stands still."""
        try:
            reason = Stop.model_validate(raw).reason
        except ValidationError:
            raise not_valid({"reason": FieldProblem("wrong_type")}) from None
        return self._shown_clock(self._ledger.stop_clock(request_id, reason, by=by))

    def resume(self, request_id: str, by: str) -> dict[str, Any]:
        """Record that what we waited for has come; a second time changes nothing."""
        return self._shown_clock(self._ledger.start_clock(request_id, by=by))

    def _shown_clock(self, request: Request) -> dict[str, Any]:
        clock, rule = self._ledger.reading(request), rule_of(request)
        return {
            "request_id": request.id,
            "status": request.status,
            "due_at": stamp(clock.legal_due),
            "work_by": stamp(clock.due),
            "acknowledge_by": stamp(clock.acknowledge_by) if clock.acknowledge_by else None,
            "overdue": is_overdue(parse(request.due_at), self._clock(), final=request.is_final),
            "clock_rule": rule.ref,
            "rule_source": rule.source,
            "stands_still": clock.stands_still,
            "extended": clock.extended,
            "extension_reasons": sorted(rule.extension.reasons) if rule.extension else [],
            "days_used": clock.days_used,
            "days_total": clock.days_total,
            "milestones": list(request.milestones),
            "due_explained": list(self._ledger.explained(request)),
        }


def _refused(error: TermError) -> ApiError:
    if error.code == ExtensionAnswer.REASON_NOT_IN_RULE:
        return not_valid({"reason": FieldProblem(error.code)})
    return ApiError("too_late" if error.code == ExtensionAnswer.CLOSED else error.code)
