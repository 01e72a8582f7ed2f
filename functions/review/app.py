"""Review: wait for an operator's decision."""

from typing import Any

from rights.handler import guarded
from rights.ledger.reviews import REVIEW_WAIT
from rights.step import WaitInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait; a decision that was made in the meantime is delivered at once."""
    step = WaitInput.model_validate(event)
    ledger().open_wait(step.request_id, REVIEW_WAIT, step.task_token, int(step.seconds))
