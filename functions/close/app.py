"""Close: end the request."""

from typing import Any

from rights.domain.outcome import outcome_of
from rights.handler import guarded
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """End the request with the outcome its stores came to, and free the person's lock."""
    step = StepInput.model_validate(event)
    tasks = ledger().tasks(step.request_id)
    outcome = outcome_of([task.counts for task in tasks], left_out=any(task.is_unmet for task in tasks))
    return {"outcome": ledger().close_request(step.request_id, outcome).status.value}
