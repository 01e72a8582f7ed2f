"""Sending one notice: claim it, find the contact on file, write it in the person's language, hand it to the network.

By night most text messages wait for the morning (`rights.domain.quiet_hours`).
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from rights.clock import parse
from rights.domain.quiet_hours import waits_until
from rights.errors import AwsUnavailableError, RightsError
from rights.ledger import Ledger, Notice, Request
from rights.ledger.notices import SETTLED
from rights.notices.render import Mail, mail, text_message
from rights.notices.tags import tag_of
from rights.notices.texts import TEXT_VERSION
from rights.secrets_hmac import Hmac
from rights.telemetry import MetricUnit, logger, metrics
from send_notice.facts import Stage, facts_of


class Post(Protocol):
    """The networks that carry messages."""

    def text(self, phone: str, text: str) -> None:
        """Send a text message."""
        ...

    def mail(self, address: str, mail: Mail, notice: Notice) -> None:
        """Send a mail, marked so that what the network reports of it can be told to belong to the notice."""
        ...


class AwsPost:
    """Text messages by SNS, mails by SES."""

    def __init__(self, sns: Any, ses: Any, *, mail_from: str, sms_sender: str, configuration_set: str) -> None:
        self._sns = sns
        self._ses = ses
        self._mail_from = mail_from
        self._sms_sender = sms_sender
        self._configuration_set = configuration_set

    def text(self, phone: str, text: str) -> None:
        """Publish a transactional text message; many networks show the sender's name."""
        attributes = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        if self._sms_sender:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self._sms_sender}
        self._sns.publish(PhoneNumber=phone, Message=text, MessageAttributes=attributes)

    def mail(self, address: str, mail: Mail, notice: Notice) -> None:
        """Send a mail with a text and an HTML part; SES reports under our tags what becomes of it."""
        self._ses.send_email(
            FromEmailAddress=self._mail_from,
            Destination={"ToAddresses": [address]},
            ConfigurationSetName=self._configuration_set,
            EmailTags=[
                {"Name": "request_id", "Value": notice.request_id},
                {"Name": "notice_id", "Value": tag_of(notice.id)},
            ],
            Content={
                "Simple": {
                    "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                    "Headers": [
                        {"Name": "Content-Language", "Value": mail.language},
                        {"Name": "Auto-Submitted", "Value": "auto-generated"},
                    ],
                }
            },
        )


def six_digits() -> str:
    """A code from the system's source of randomness."""
    return f"{secrets.randbelow(1_000_000):06d}"


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends notices. Codes at most once: a second try would be another code, so it is another notice."""

    ledger: Ledger
    post: Post
    hmac: Hmac
    stage: Stage
    keeps_quiet: bool = True
    """Whether text messages wait at night; off where nobody sleeps, as in the local cloud."""
    new_code: Callable[[], str] = six_digits

    def send(self, request_id: str, notice_id: str) -> None:
        """Send one notice, unless it went out before or waits; AwsUnavailableError when it should be tried again."""
        waiting = self.ledger.notice(request_id, notice_id)
        if waiting is None or self._waits_for_morning(waiting):
            return
        notice = self.ledger.claim_notice(request_id, notice_id)
        if notice is None:
            return
        contact = self.ledger.contact_of(notice)
        if contact is None:
            # Nobody has this contact: what the person sees must not differ, so only the ledger knows.
            self.ledger.notice_failed(notice, "NoContactOnFile")
            return
        self._deliver(self.ledger.get(request_id), notice, contact)

    def _waits_for_morning(self, notice: Notice) -> bool:
        due_at = parse(self.ledger.get(notice.request_id).due_at)
        until = waits_until(notice.kind, notice.channel, now=self.ledger.clock(), due_at=due_at)
        if until is None or not self.keeps_quiet or notice.status in SETTLED:
            return False
        self.ledger.let_wait(notice, until)
        return True

    def _deliver(self, request: Request, notice: Notice, contact: str) -> None:
        try:
            self._hand_over(request, notice, contact)
        except (ClientError, BotoCoreError) as error:
            self.ledger.notice_failed(notice, type(error).__name__)
            logger.warning("notice not sent", extra={"kind": notice.kind, "error": type(error).__name__})
            if notice.kind != "code":
                msg = f"could not send a notice: {type(error).__name__}"
                raise AwsUnavailableError(msg) from None
        else:
            self.ledger.notice_sent(notice, TEXT_VERSION)

    def _hand_over(self, request: Request, notice: Notice, contact: str) -> None:
        code = ""
        if notice.kind == "code":
            # Kept before it is sent: a code that arrives must work.
            code = self.new_code()
            self.ledger.store_code(request.id, notice.channel, notice.purpose, code)
        facts = facts_of(request, notice, self.hmac, self.stage, code)
        if notice.channel == "phone":
            self.post.text(contact, text_message(notice.kind, request.locale, facts))
            metrics.add_metric(name="TextsSent", unit=MetricUnit.Count, value=1)
        else:
            self.post.mail(contact, mail(notice.kind, request.locale, facts), notice)
            metrics.add_metric(name="MailsSent", unit=MetricUnit.Count, value=1)


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
