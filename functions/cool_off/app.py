"""CoolOff: a deletion waits a while, in which anybody it concerns can stop it."""

from typing import Any

from rights.handler import guarded
from rights.step import WaitInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait; nobody's answer means that the work may begin."""
    step = WaitInput.model_validate(event)
    ledger().cool_off(step.request_id, step.task_token, int(step.seconds))
