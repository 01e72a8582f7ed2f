"""ExpireRecords: every day, our own records of closed requests whose end has come."""

from typing import Any

from rights.clients import client
from rights.handler import guarded
from rights.record_endings import EndingSettings, RecordEndings
from rights.settings import load
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger

RESERVE_MILLIS = 60_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """End what is due, and say how much ended and how much is overdue."""
    counts = RecordEndings(ledger(), client("s3"), load(EndingSettings)).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="RecordsOverdue", unit=MetricUnit.Count, value=counts["overdue"])
    logger.info("records ended", extra={"count": counts["ended"], "left": counts["overdue"]})
    return counts
