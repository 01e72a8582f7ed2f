"""SettleIdentity: the time to prove, or to confirm, is up."""

from typing import Any

from rights.domain.status import PROVEN
from rights.handler import guarded
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Go on with what was proven, or let the request expire."""
    step = StepInput.model_validate(event)
    request = ledger().settle_case(step.request_id)
    return {"outcome": "verified" if request.status in PROVEN else "ended"}
