"""Sending: to the contact on file, in the person's language, codes once and the rest until it worked."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from rights.errors import AwsUnavailableError
from rights.ledger import Ledger, Notice
from rights.ledger.model import NoticeStatus
from rights.notices.render import Mail
from send_notice.send import AwsPost, Sender, send_all, six_digits
from tests.integration.doors.conftest import EMAIL, PHONE, Person, PostBox

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
    fails_for_texts = Sender(ledger, FailsForTexts(post), sender.hmac, sender.base_url)
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
    link = f"https://mall.example/prod/s/{person.token}"
    for part in (mail.text, mail.html):
        assert link in part
        assert "We know now that it is you" in part
    assert '<html lang="en">' in mail.html
    assert person.call("GET").json["reference"] in mail.subject


def test_a_code_has_six_digits() -> None:
    codes = {six_digits() for _ in range(200)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 190


def test_text_messages_go_out_by_sns_and_mails_by_ses(aws: None) -> None:
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="data@mall.example")
    post = AwsPost(boto3.client("sns"), ses, mail_from="data@mall.example", sms_sender="TinhTinh")
    post.text(PHONE, "hello")
    post.mail(EMAIL, Mail("subject", "text", "<p>html</p>", "km"))
    region = "ap-southeast-1"
    assert list(sns_backends[DEFAULT_ACCOUNT_ID][region].sms_messages.values()) == [(PHONE, "hello")]
    [sent] = ses_backends[DEFAULT_ACCOUNT_ID][region].sent_messages
    assert sent.destinations["ToAddresses"] == [EMAIL]
