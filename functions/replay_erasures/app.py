"""ReplayErasures: every few minutes, the replays that operators started after a store was restored."""

from typing import Any

from rights.asking import StoreFunctions, Stores
from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.replaying import Replayer, ReplaySettings
from rights.settings import load
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger, sealer

RESERVE_MILLIS = 60_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Take every open replay on, a run's worth, and say how many pages that were and how many replays are open."""
    stores = Stores(client("lambda"), load(StoreFunctions), load_data_map(), sealer())
    counts = Replayer(ledger(), stores, load(ReplaySettings)).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="ReplaysFailing", unit=MetricUnit.Count, value=counts["failed"])
    logger.info("replayed", extra={"count": counts["pages"], "left": counts["open"]})
    return counts
