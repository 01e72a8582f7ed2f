"""AnchorAudit: every day, the signed digest of all histories that have grown."""

from typing import Any

from rights.anchoring import Anchoring, AnchorSettings
from rights.clients import client
from rights.handler import guarded
from rights.settings import load
from rights.signing_keys import Signer
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger

RESERVE_MILLIS = 120_000


@guarded
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Make what is missing of today's digests; the metric stops when no day's are whole."""
    settings, s3 = load(AnchorSettings), client("s3")
    signer = Signer(client("kms"), settings.sign_key_id, s3, settings.audit_bucket)
    counts = Anchoring(ledger(), s3, signer, settings).run(
        lambda: context.get_remaining_time_in_millis() < RESERVE_MILLIS
    )
    metrics.add_metric(name="AuditAnchored", unit=MetricUnit.Count, value=0 if counts["left"] else 1)
    logger.info("audit anchored", extra={"count": counts["heads"], "left": counts["left"]})
    return counts
