"""Sending one notice: claim it, find the contact on file, write it in the person's language, hand it to the network."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from rights import status_token
from rights.clock import parse
from rights.errors import AwsUnavailableError, RightsError
from rights.ledger import Ledger, Notice, Request
from rights.notices.render import Facts, Mail, mail, text_message
from rights.notices.texts import TEXT_VERSION
from rights.secrets_hmac import Hmac
from rights.telemetry import logger


class Post(Protocol):
    """The networks that carry messages."""

    def text(self, phone: str, text: str) -> None:
        """Send a text message."""
        ...

    def mail(self, address: str, mail: Mail) -> None:
        """Send a mail."""
        ...


class AwsPost:
    """Text messages by SNS, mails by SES."""

    def __init__(self, sns: Any, ses: Any, *, mail_from: str, sms_sender: str) -> None:
        self._sns = sns
        self._ses = ses
        self._mail_from = mail_from
        self._sms_sender = sms_sender

    def text(self, phone: str, text: str) -> None:
        """Publish a transactional text message; many networks show the sender's name."""
        attributes = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        if self._sms_sender:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self._sms_sender}
        self._sns.publish(PhoneNumber=phone, Message=text, MessageAttributes=attributes)

    def mail(self, address: str, mail: Mail) -> None:
        """Send a mail with a text and an HTML part."""
        self._ses.send_email(
            FromEmailAddress=self._mail_from,
            Destination={"ToAddresses": [address]},
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
    base_url: str
    new_code: Callable[[], str] = six_digits

    def send(self, request_id: str, notice_id: str) -> None:
        """Send one notice, unless it went out before; AwsUnavailableError when it should be tried again."""
        notice = self.ledger.claim_notice(request_id, notice_id)
        if notice is None:
            return
        contact = self.ledger.contact_of(notice)
        if contact is None:
            # Nobody has this contact: what the person sees must not differ, so only the ledger knows.
            self.ledger.notice_failed(notice, "NoContactOnFile")
            return
        self._deliver(self.ledger.get(request_id), notice, contact)

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
        token = status_token.issue(self.hmac, request.id, request.epoch)
        facts = Facts(
            reference=status_token.reference(request.id),
            due_at=parse(request.due_at),
            link=f"{self.base_url.rstrip('/')}/s/{token}",
            code=code,
            ground=request.ground,
            begins_at=parse(request.cooling_until) if request.cooling_until else None,
            stop_link=f"{self.base_url.rstrip('/')}/stop/{status_token.issue_stop(self.hmac, request.id)}",
        )
        if notice.channel == "phone":
            self.post.text(contact, text_message(notice.kind, request.locale, facts))
        else:
            self.post.mail(contact, mail(notice.kind, request.locale, facts))


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
