"""Repair: some store failed; wait for an operator's retry or for the pause to pass."""

from typing import Any

from rights.handler import guarded
from rights.ledger.steps import REPAIR_WAIT
from rights.step import WaitInput
from rights.telemetry import MetricUnit, metrics
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Mark the request as one that needs repair, count it for the alarm, and begin to wait."""
    step = WaitInput.model_validate(event)
    ledger().ask_for_repair(step.request_id)
    metrics.add_metric(name="RepairsAsked", unit=MetricUnit.Count, value=1)
    ledger().open_wait(step.request_id, REPAIR_WAIT, step.task_token, int(step.seconds))
