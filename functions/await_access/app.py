"""AwaitAccess: a deletion waits until the open access of the same person is answered."""

from typing import Any

from rights.handler import guarded
from rights.step import WaitInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait; an access that ended in the meantime answers at once."""
    step = WaitInput.model_validate(event)
    ledger().await_access(step.request_id, step.task_token, int(step.seconds))
