"""BeginWork: the one transition that ends withdrawal."""

from typing import Any

from rights.domain.status import Status
from rights.handler import guarded
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Let the stores be worked on, unless the request has ended or has to wait for an access."""
    step = StepInput.model_validate(event)
    request = ledger().begin_work(step.request_id)
    if request.is_final:
        return {"outcome": "ended"}
    return {"outcome": "ready" if request.status is Status.IN_PROGRESS else "wait"}
