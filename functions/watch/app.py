"""Watch: every quarter of an hour, the clocks of all open requests."""

from typing import Any

from rights.clients import client
from rights.handler import guarded
from rights.settings import load
from rights.telemetry import MetricUnit, logger, metrics
from rights.watching import Watch, WatchSettings
from rights.wiring import ledger

RESERVE_MILLIS = 20_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Look at what is due to be looked at, and say how much is overdue, or about to be."""
    counts = Watch(ledger(), client("sns"), load(WatchSettings).alert_topic_arn).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="RequestsOverdue", unit=MetricUnit.Count, value=counts["overdue"])
    metrics.add_metric(name="RequestsDueSoon", unit=MetricUnit.Count, value=counts["due_soon"])
    metrics.add_metric(name="RequestsAtRisk", unit=MetricUnit.Count, value=counts["at_risk"])
    metrics.add_metric(name="LooksLeft", unit=MetricUnit.Count, value=counts["left"])
    logger.info("watched", extra={"count": counts["looked"], "left": counts["left"]})
    return counts
