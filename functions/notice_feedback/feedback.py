"""What SES reports of a mail, by class only: a report also holds addresses and texts, which are left where they are."""

import json
from typing import Any

from rights.ledger import Ledger
from rights.notices.tags import notice_of
from rights.telemetry import MetricUnit, count_of, logger

SUPPRESSED = "OnAccountSuppressionList"


def take_all(ledger: Ledger, event: dict[str, Any]) -> None:
    """Take the reports of one call; NotReadyError for one of a notice that is still being sent."""
    for record in event["Records"]:
        take(ledger, json.loads(record["Sns"]["Message"]))


def take(ledger: Ledger, report: dict[str, Any]) -> None:
    """Record what one report says of its notice; a mail that is no notice of ours is left alone."""
    tags = report["mail"].get("tags", {})
    if not ("request_id" in tags and "notice_id" in tags):
        return
    request_id, notice_id = tags["request_id"][0], notice_of(tags["notice_id"][0])
    logger.append_keys(request_id=request_id, notice_id=notice_id)
    cause = cause_of(report)
    if cause is not None:
        logger.warning("notice undelivered", extra={"error": cause})
        asked = ledger.notice_undelivered(request_id, notice_id, cause)
        count_of("notices", "NoticesUndelivered", int(asked), MetricUnit.Count)
    elif report["eventType"] == "Delivery":
        ledger.notice_delivered(request_id, notice_id)


def cause_of(report: dict[str, Any]) -> str | None:
    """Why a mail did not arrive, as a class; `None` when it did.

    Somebody who marks a mail as spam has got it, so that is no cause; only SES says "complaint" too of a mail it did
    not even try to send, because of an earlier one.
    """
    match report:
        case {"eventType": "Bounce", "bounce": {"bounceType": str(kind)}}:
            return f"bounce_{kind.lower()}"
        case {"eventType": "Complaint", "complaint": {"complaintSubType": sub_type}} if sub_type == SUPPRESSED:
            return "suppressed"
        case {"eventType": "Reject"}:
            return "rejected"
        case {"eventType": "Rendering Failure"}:
            return "rendering_failure"
    return None
