"""Confirm: wait until the person has confirmed what the plan asks for."""

from typing import Any

from rights.handler import guarded
from rights.step import WaitInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait, and ask for the confirmation; the answer goes to the execution by its task token."""
    step = WaitInput.model_validate(event)
    ledger().ask_to_confirm(step.request_id, step.task_token, int(step.seconds))
