"""AwaitStore: a recipient, or a batch over a store, answers later."""

from typing import Any

from rights.handler import guarded
from rights.step import StoreWaitInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait; an answer that came in the meantime is delivered at once."""
    step = StoreWaitInput.model_validate(event)
    ledger().open_wait(step.request_id, step.store, step.task_token, int(step.seconds))
