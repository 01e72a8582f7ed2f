"""RecordStoreFailure: one store failed; the others go on."""

from typing import Any

from rights.handler import guarded
from rights.step import StoreFailureInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Write the failure down by its class, unless the store is done after all."""
    step = StoreFailureInput.model_validate(event)
    ledger().fail_task(step.request_id, step.store, step.error)
    return {"status": str(ledger().task(step.request_id, step.store).status)}
