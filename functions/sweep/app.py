"""Sweep: every few minutes, whatever was left undone."""

from typing import Any

from rights.clients import client
from rights.handler import guarded
from rights.relaying import Relay, Sweep, WorkflowSettings
from rights.settings import load
from rights.telemetry import logger
from rights.wiring import ledger

RESERVE_MILLIS = 20_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Sweep once, and say how much there was to do."""
    settings = load(WorkflowSettings)
    states = client("stepfunctions")
    counts = Sweep(ledger(), Relay(ledger(), states, client("sqs"), settings), states, settings).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    logger.info("swept", extra={"count": sum(counts.values())})
    return counts
