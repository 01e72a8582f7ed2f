"""Sweep: every few minutes, whatever was left undone."""

from typing import Any

from rights.clients import client
from rights.handler import guarded
from rights.relaying import Relay, Sweep, WorkflowSettings
from rights.settings import load
from rights.telemetry import logger
from rights.wiring import ledger


@guarded
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Sweep once, and say how much there was to do."""
    settings = load(WorkflowSettings)
    states = client("stepfunctions")
    counts = Sweep(ledger(), Relay(ledger(), states, client("sqs"), settings), states, settings).run()
    logger.info("swept", extra={"count": sum(counts.values())})
    return counts
