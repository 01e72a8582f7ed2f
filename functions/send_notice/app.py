"""Sends the notices whose ids come in on the queue."""

from functools import cache
from typing import Any

from rights import wiring
from rights.clients import client
from rights.handler import guarded
from rights.settings import Settings, load
from send_notice.facts import Stage
from send_notice.send import AwsPost, Sender, send_all


class NoticeSettings(Settings):
    """What sending needs besides the ledger."""

    base_url: str
    mail_from: str
    configuration_set: str
    sms_sender: str = ""
    quiet_hours: bool
    package_days: int


@cache
def _sender() -> Sender:
    settings = load(NoticeSettings)
    post = AwsPost(
        client("sns"),
        client("sesv2"),
        mail_from=settings.mail_from,
        sms_sender=settings.sms_sender,
        configuration_set=settings.configuration_set,
    )
    stage = Stage(settings.base_url, settings.package_days)
    return Sender(wiring.ledger(), post, wiring.hmac(), stage, settings.quiet_hours)


@guarded
def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, list[dict[str, str]]]:
    """Send the notices of one batch."""
    return send_all(_sender(), event)
