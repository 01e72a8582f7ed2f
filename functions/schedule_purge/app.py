"""SchedulePurge: whenever a lake's queue may have become worth a pass, and every now and then."""

from typing import Any

from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.purging import PurgeSettings, Schedule
from rights.settings import load
from rights.telemetry import logger
from rights.wiring import ledger


@guarded
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Begin the batches that are due, take up those whose run has died, and say how many wait and are late."""
    counts = Schedule(ledger(), client("stepfunctions"), load_data_map(), load(PurgeSettings)).run()
    logger.info("queues looked at", extra={"count": counts["waiting"], "left": counts["late"]})
    return counts
