"""BeginWork: the one transition that ends withdrawal."""

from typing import Any

from rights.handler import guarded
from rights.ledger.steps import outcome_of_beginning
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Let the stores be worked on, unless the request has ended or has to wait for an access."""
    step = StepInput.model_validate(event)
    return {"outcome": outcome_of_beginning(ledger().begin_work(step.request_id))}
