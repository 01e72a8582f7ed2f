"""What SES reports of a mail, taken from its event to the ledger; nothing of the report itself is kept."""

import json
from typing import Any

import pytest

from notice_feedback.feedback import cause_of, take_all
from rights.errors import NotReadyError
from rights.ledger import Ledger
from rights.ledger.model import NoticeStatus
from rights.notices.tags import tag_of
from tests.integration.doors.conftest import EMAIL
from tests.integration.ledger.test_undelivered import asked, sent

BOUNCE = {
    "eventType": "Bounce",
    "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": EMAIL, "diagnosticCode": "550 dara"}]},
}
NOTICE = "received-email-001"


def sns(request_id: str, report: dict[str, Any], notice_id: str = NOTICE) -> dict[str, Any]:
    tags = {"request_id": [request_id], "notice_id": [tag_of(notice_id)], "ses:configuration-set": ["data-rights"]}
    mail = {"mail": {"destination": [EMAIL], "tags": tags}}
    return {"Records": [{"Sns": {"Message": json.dumps(report | mail)}}]}


@pytest.mark.parametrize(
    ("report", "cause"),
    [
        (BOUNCE, "bounce_permanent"),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient"}}, "bounce_transient"),
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}}, "rejected"),
        ({"eventType": "Rendering Failure", "failure": {"errorMessage": EMAIL}}, "rendering_failure"),
        ({"eventType": "Complaint", "complaint": {"complaintSubType": "OnAccountSuppressionList"}}, "suppressed"),
        ({"eventType": "Complaint", "complaint": {"complaintSubType": None}}, None),
        ({"eventType": "Delivery", "delivery": {}}, None),
    ],
)
def test_a_report_becomes_the_class_of_its_cause(report: dict[str, Any], cause: str | None) -> None:
    assert cause_of(report) == cause


@pytest.fixture
def request_id(ledger: Ledger) -> str:
    """A request whose receipt went out by mail, the one proven contact."""
    request_id = asked(ledger, "email")
    sent(ledger, request_id, "received", "email")
    return request_id


def test_a_mail_that_bounced_is_told_by_text_message_where_that_is_proven(ledger: Ledger) -> None:
    request_id = asked(ledger, "email", "phone")
    sent(ledger, request_id, "received", "email")
    take_all(ledger, sns(request_id, BOUNCE))
    found = ledger.notice(request_id, "received-phone-001")
    assert found
    assert found.status is NoticeStatus.QUEUED


def test_a_mail_that_bounced_is_an_operators_when_nothing_else_is_proven(ledger: Ledger, request_id: str) -> None:
    for _ in range(2):
        take_all(ledger, sns(request_id, BOUNCE))
    assert ledger.get(request_id).attention == "undelivered_notice"


def test_of_a_report_only_the_class_is_kept(ledger: Ledger, request_id: str) -> None:
    take_all(ledger, sns(request_id, BOUNCE))
    written = str([ledger.get(request_id), ledger.notices(request_id), ledger.events(request_id)])
    assert "bounce_permanent" in written
    assert EMAIL not in written
    assert "550 dara" not in written


def test_a_mail_that_arrived_is_recorded_as_delivered(ledger: Ledger, request_id: str) -> None:
    take_all(ledger, sns(request_id, {"eventType": "Delivery", "delivery": {}}))
    found = ledger.notice(request_id, NOTICE)
    assert found
    assert found.delivered_at


def test_who_marks_a_mail_as_spam_has_got_it(ledger: Ledger, request_id: str) -> None:
    before = ledger.get(request_id)
    take_all(ledger, sns(request_id, {"eventType": "Complaint", "complaint": {"complaintSubType": None}}))
    assert ledger.get(request_id) == before


def test_a_report_that_overtakes_the_sender_comes_again(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    ledger.table.transact([ledger.notice_part(request_id, "received", "email")])
    ledger.claim_notice(request_id, NOTICE)
    with pytest.raises(NotReadyError):
        take_all(ledger, sns(request_id, BOUNCE))


def test_a_mail_without_our_tags_is_left_alone(ledger: Ledger) -> None:
    take_all(ledger, {"Records": [{"Sns": {"Message": json.dumps(BOUNCE | {"mail": {}})}}]})
    assert list(ledger.needing_attention()) == []
