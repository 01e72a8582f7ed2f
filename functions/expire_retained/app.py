"""ExpireRetained: every day, what was kept until a date that has come."""

from typing import Any

from rights.asking import StoreFunctions, Stores
from rights.clients import client
from rights.datamap import load_data_map
from rights.expiring import Expiry, ExpirySettings
from rights.handler import guarded
from rights.settings import load
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger, sealer

RESERVE_MILLIS = 120_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Erase what is due and read it back, and say how much was ended and how much is overdue."""
    stores = Stores(client("lambda"), load(StoreFunctions), load_data_map(), sealer())
    counts = Expiry(ledger(), stores, load(ExpirySettings).backup_days).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="RetainedOverdue", unit=MetricUnit.Count, value=counts["overdue"])
    logger.info("retention ended", extra={"count": counts["ended"], "left": counts["overdue"]})
    return counts
