"""CheckEvidence: a file was sent as evidence."""

from typing import Any

from rights.clients import client
from rights.evidence import BucketEvidence, check_upload
from rights.handler import guarded
from rights.settings import Settings, load
from rights.telemetry import logger
from rights.wiring import ledger


class CheckSettings(Settings):
    """Where the files lie."""

    evidence_bucket: str


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Look at the file that the bucket, or the public door, names; keep it or delete it."""
    files = BucketEvidence(client("s3"), load(CheckSettings).evidence_bucket)
    status = check_upload(event["detail"]["object"]["key"], ledger(), files)
    logger.info("evidence looked at", extra={"status": status})
    return {"status": status}
