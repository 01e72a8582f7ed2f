"""Sending: to the contact on file, in the person's language, codes once and the rest until it worked."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from rights.domain.rights import Channel, Locale, Requester, Right
from rights.domain.status import Status
from rights.errors import AwsUnavailableError
from rights.ledger import Ledger, Notice, Request
from rights.ledger.model import NoticeStatus
from rights.notices.render import Mail
from rights.notices.tags import notice_of
from rights.secrets_hmac import Hmac
from send_notice.facts import Stage, case_of, facts_of
from send_notice.send import AwsPost, Sender, send_all, six_digits
from tests.integration.doors.conftest import EMAIL, PHONE, Person, PostBox
from tests.support.clock import StoppedClock

THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": PHONE}}, "Publish")


def notice(ledger: Ledger, person: Person, kind: str, channel: str = "phone") -> Notice:
    return next(n for n in ledger.notices(person.request_id) if (n.kind, n.channel) == (kind, channel))


def event(*notices: Notice) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m{i}", "body": json.dumps({"request_id": n.request_id, "notice_id": n.id})}
            for i, n in enumerate(notices)
        ]
    }


def test_a_code_goes_to_the_contact_on_file_in_the_persons_language(person: Person, post: PostBox) -> None:
    person.asks(locale="zh")
    [(channel, to, text)] = post.sent
    assert (channel, to) == ("phone", PHONE)
    assert str(text).startswith("【Tinh Tinh Mall】123456 是您的数据请求验证码")


def test_a_contact_nobody_has_on_file_gets_nothing(person: Person, post: PostBox, ledger: Ledger) -> None:
    person.asks(on_file={})
    assert post.sent == []
    assert notice(ledger, person, "code").error_class == "NoContactOnFile"


def test_a_code_is_sent_once_however_often_its_message_comes(person: Person, post: PostBox, sender: Sender) -> None:
    person.asks().gets_mail().gets_mail()
    assert len(post.sent) == 1


def test_a_code_that_could_not_be_sent_is_not_tried_again(
    person: Person, post: PostBox, ledger: Ledger, sender: Sender
) -> None:
    post.fails_with = THROTTLED
    person.asks()
    code = notice(ledger, person, "code")
    assert code.status is NoticeStatus.FAILED
    post.fails_with = None
    assert send_all(sender, event(code)) == {"batchItemFailures": []}
    assert post.sent == []


def test_another_notice_that_could_not_be_sent_comes_back_and_holds_up_no_other(
    person: Person, post: PostBox, ledger: Ledger, sender: Sender
) -> None:
    both = {"phone": PHONE, "email": EMAIL}
    person.asks(identifiers=both, on_file=both)
    for _ in both:
        person.call("POST", "/code", json_body={"code": "123456"})
    post.sent.clear()
    received = [notice(ledger, person, "received", channel) for channel in both]
    fails_for_texts = Sender(ledger, FailsForTexts(post), sender.hmac, sender.stage)
    assert send_all(fails_for_texts, event(*received)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert [channel for channel, _, _ in post.sent] == ["email"]
    assert send_all(sender, event(*received)) == {"batchItemFailures": []}
    assert [channel for channel, _, _ in post.sent] == ["email", "phone"]


class FailsForTexts:
    def __init__(self, post: PostBox) -> None:
        self.mail = post.mail

    def text(self, *_: str) -> None:
        raise THROTTLED


def test_an_error_carries_no_personal_data(person: Person, post: PostBox, ledger: Ledger, sender: Sender) -> None:
    person.asks().proves()
    post.fails_with = THROTTLED
    with pytest.raises(AwsUnavailableError) as caught:
        sender.send(person.request_id, notice(ledger, person, "received").id)
    assert PHONE not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_mail_says_the_same_twice_and_links_to_the_status_page(person: Person, post: PostBox) -> None:
    person.asks(locale="en", identifiers={"email": EMAIL}, on_file={"email": EMAIL}).proves().gets_mail()
    channel, to, mail = post.sent[-1]
    assert isinstance(mail, Mail)
    assert (channel, to) == ("email", EMAIL)
    link = f"https://mall.example/prod/s/{person.link}"
    for part in (mail.text, mail.html):
        assert link in part
        assert "We know now that it is you" in part
    assert '<html lang="en">' in mail.html
    assert person.call("GET").json["reference"] in mail.subject


def test_a_code_has_six_digits() -> None:
    codes = {six_digits() for _ in range(200)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 190


def a_notice(kind: str, channel: str, purpose: str = "") -> Notice:
    name = f"{kind}.{purpose}" if purpose else kind
    times = {"status": NoticeStatus.CLAIMED, "queued_at": "2026-11-22T03:00:00.000000Z", "purpose": purpose}
    return Notice(request_id="R1", id=f"{name}-{channel}-001", kind=kind, channel=channel, **times)  # type: ignore[arg-type]


def test_a_mail_carries_its_notice_in_what_ses_allows_in_a_tag() -> None:
    sent: dict[str, Any] = {}

    class Ses:
        def send_email(self, **parameters: Any) -> None:
            sent.update(parameters)

    post = AwsPost(None, Ses(), mail_from="data@mall.example", sms_sender="", configuration_set="data-rights-test")
    notice = a_notice("cooling_off", "email", "on_file")
    post.mail(EMAIL, Mail("subject", "text", "<p>html</p>", "km"), notice)
    tags = {tag["Name"]: tag["Value"] for tag in sent["EmailTags"]}
    assert sent["ConfigurationSetName"] == "data-rights-test"
    assert tags["request_id"] == notice.request_id
    assert notice_of(tags["notice_id"]) == notice.id
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value) for value in tags.values())


NIGHT = {"hours": 13}  # from 10:00 to 23:00 in Phnom Penh


def test_at_night_a_text_message_waits_for_the_morning(
    person: Person, post: PostBox, ledger: Ledger, clock: StoppedClock
) -> None:
    person.asks().proves()
    clock.advance(**NIGHT)
    post.sent.clear()
    person.gets_mail()
    assert post.sent == []
    received = notice(ledger, person, "received")
    key = {"PK": f"REQUEST#{person.request_id}", "SK": f"NOTICE#{received.id}"}
    assert (received.status, received.attempts) == (NoticeStatus.QUEUED, 0)
    assert ledger.owed_since(key) is None
    clock.advance(hours=8)
    assert ledger.owed_since(key) == "2026-11-23T00:00:00.000000Z"
    person.gets_mail()
    assert [channel for channel, _, _ in post.sent] == ["phone"]


def test_a_code_comes_at_any_hour(person: Person, post: PostBox, clock: StoppedClock) -> None:
    clock.advance(**NIGHT)
    person.asks()
    assert len(post.sent) == 1


def test_a_mail_comes_at_any_hour(person: Person, post: PostBox, clock: StoppedClock) -> None:
    clock.advance(**NIGHT)
    person.asks(identifiers={"email": EMAIL}, on_file={"email": EMAIL}).proves().gets_mail()
    assert len(post.sent) == 2


def test_where_quiet_hours_are_off_nothing_waits(
    person: Person, post: PostBox, ledger: Ledger, clock: StoppedClock, sender: Sender
) -> None:
    clock.advance(**NIGHT)
    person.asks().proves()
    replace(sender, keeps_quiet=False).send(person.request_id, notice(ledger, person, "received").id)
    assert [channel for channel, _, _ in post.sent] == ["phone", "phone"]


def a_request(**known: Any) -> Request:
    times = {"received_at": "2026-11-22T03:00:00.000000Z", "due_at": "2026-12-22T16:59:59.000000Z"}
    whole: dict[str, Any] = {
        "id": "R1", "status": Status.IN_PROGRESS, "version": 1, "run": 1, "right": Right.ACCESS, "case_id": "R1",
        "channel": Channel.WEB, "requester": Requester.SELF, "locale": Locale.EN, "jurisdiction": "KH",
        "policy_version": "p", "clock_rule": "r", "head": "h", **times,
    }  # fmt: skip
    return Request(**whole | known)


@pytest.mark.parametrize(
    ("kind", "known", "case"),
    [
        ("completed", {"right": Right.CORRECTION}, "correction"),
        ("cooling_off", {"right": Right.DELETION}, "deletion"),
        ("cooling_off", {"right": Right.DELETION, "scope": ("search_history",)}, "deletion_of_some"),
        ("expired", {"status": Status.EXPIRED}, ""),
        ("expired", {"status": Status.EXPIRED, "confirm": "closure"}, "confirm"),
    ],
)
def test_a_notice_is_worded_for_the_right_or_for_what_is_waited_for(
    kind: str, known: dict[str, Any], case: str
) -> None:
    assert case_of(kind, a_request(**known)) == case


def test_a_package_is_promised_for_whole_days_only_and_a_question_until_its_date(hmac: Hmac) -> None:
    ready = a_notice("package_ready", "email")
    told = facts_of(a_request(), ready, hmac, Stage("https://x"), "")
    assert told.until == datetime(2026, 12, 5, 3, tzinfo=UTC)
    asked = a_request(status=Status.QUESTION, question_until="2026-12-01T03:00:00.000000Z")
    assert facts_of(asked, ready, hmac, Stage("https://x"), "").until == datetime(2026, 12, 1, 3, tzinfo=UTC)


def test_text_messages_go_out_by_sns_and_mails_by_ses(aws: None) -> None:
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="data@mall.example")
    told = {"mail_from": "data@mall.example", "sms_sender": "TinhTinh", "configuration_set": "data-rights-test"}
    post = AwsPost(boto3.client("sns"), ses, **told)
    post.text(PHONE, "hello")
    post.mail(EMAIL, Mail("subject", "text", "<p>html</p>", "km"), a_notice("completed", "email"))
    region = "ap-southeast-1"
    assert list(sns_backends[DEFAULT_ACCOUNT_ID][region].sms_messages.values()) == [(PHONE, "hello")]
    [sent] = ses_backends[DEFAULT_ACCOUNT_ID][region].sent_messages
    assert sent.destinations["ToAddresses"] == [EMAIL]
