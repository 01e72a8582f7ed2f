"""RunEnded: an execution failed, timed out or was aborted."""

from datetime import timedelta
from typing import Any

from rights.handler import guarded
from rights.settings import Settings, load
from rights.telemetry import MetricUnit, metrics
from rights.wiring import ledger


class RepairSettings(Settings):
    """How long to pause before the next run."""

    repair_delay_seconds: int


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Record that the run ended although its request may not have; the sweep starts the next one."""
    _record(event["detail"]["name"])


def _record(execution: str) -> None:
    request_id, _, run = execution.rpartition("-")
    if not run.isdecimal():
        return  # an execution somebody started by hand, of no request of ours
    metrics.add_metric(name="RunsFailed", unit=MetricUnit.Count, value=1)
    pause = timedelta(seconds=load(RepairSettings).repair_delay_seconds)
    ledger().run_ended(request_id, int(run), pause=pause)
