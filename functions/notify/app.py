"""Notify: tell the person what came of the request."""

from typing import Any

from rights.domain.outcome import notice_of, outcome_of
from rights.handler import guarded
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Queue the notice of the outcome to every proven contact, once."""
    step = StepInput.model_validate(event)
    request = ledger().get(step.request_id)
    tasks = ledger().tasks(step.request_id)
    outcome = outcome_of([task.counts for task in tasks], left_out=any(task.is_unmet for task in tasks))
    ledger().tell(step.request_id, notice_of(request.right, outcome))
    return {"outcome": outcome.value}
