"""BulkClosure: every minute, so many people of the lists of services that close."""

from typing import Any

from rights.asking import StoreFunctions, Stores
from rights.clients import client
from rights.closing import Closing, ClosingSettings
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.settings import load
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger, sealer

RESERVE_MILLIS = 10_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Take people in, and say how many and how many lists are running."""
    stores = Stores(client("lambda"), load(StoreFunctions), load_data_map(), sealer())
    counts = Closing(ledger(), stores, load(ClosingSettings).bulk_per_minute).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="BulkClosuresFailing", unit=MetricUnit.Count, value=counts["failed"])
    logger.info("people taken in", extra={"count": counts["taken"], "left": counts["running"]})
    return counts
