"""Sends the notices whose ids come in on the queue."""

import json
from functools import cache
from typing import Any

from rights import wiring
from rights.clients import client
from rights.errors import RightsError
from rights.handler import guarded
from rights.settings import Settings, load
from rights.telemetry import logger
from send_notice.send import AwsPost, Sender


class NoticeSettings(Settings):
    """What sending needs besides the ledger."""

    base_url: str
    mail_from: str
    sms_sender: str = ""


@cache
def _sender() -> Sender:
    settings = load(NoticeSettings)
    post = AwsPost(client("sns"), client("sesv2"), mail_from=settings.mail_from, sms_sender=settings.sms_sender)
    return Sender(wiring.ledger(), post, wiring.hmac(), settings.base_url)


def send_all(sender: Sender, event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Send each message's notice, and name those that must come back; one that fails holds up no other."""
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        logger.append_keys(request_id=body["request_id"], notice_id=body["notice_id"])
        try:
            sender.send(body["request_id"], body["notice_id"])
        except RightsError:
            logger.exception("notice failed")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


@guarded
def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, list[dict[str, str]]]:
    """Send the notices of one batch."""
    return send_all(_sender(), event)
