"""What comes back of notices: who is told instead, and when an operator is asked."""

from datetime import timedelta

import pytest

from rights.errors import NotReadyError
from rights.ledger import Ledger, Notice
from rights.ledger.model import NoticeStatus
from rights.ledger.notices import ATTEMPTS
from rights.ledger.table import Update, request_key
from rights.relaying import Relay, WorkflowSettings
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock


def asked(ledger: Ledger, *proven: str) -> str:
    request_id = ledger.open_request(new()).request.id
    ledger.table.update(Update(request_key(request_id, "CODES#identity")).set(proven=list(proven)))
    return request_id


def sent(ledger: Ledger, request_id: str, kind: str, channel: str, *, number: int = 1, purpose: str = "") -> str:
    ledger.table.transact([ledger.notice_part(request_id, kind, channel, number=number, purpose=purpose)])
    notice_id = ledger.notices(request_id)[-1].id
    claimed = ledger.claim_notice(request_id, notice_id)
    assert claimed
    ledger.notice_sent(claimed, "1")
    return notice_id


def notice(ledger: Ledger, request_id: str, notice_id: str) -> Notice:
    found = ledger.notice(request_id, notice_id)
    assert found
    return found


def codes(ledger: Ledger, request_id: str) -> list[str]:
    return [event.code for event in ledger.events(request_id)]


def test_a_delivered_notice_is_an_event_once(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    notice_id = sent(ledger, request_id, "completed", "email")
    for _ in range(2):
        ledger.notice_delivered(request_id, notice_id)
    assert codes(ledger, request_id).count("notice_delivered") == 1
    assert notice(ledger, request_id, notice_id).delivered_at
    assert notice(ledger, request_id, notice_id).status is NoticeStatus.SENT


def test_a_notice_that_bounced_goes_to_the_other_proven_contact_once(ledger: Ledger) -> None:
    request_id = asked(ledger, "email", "phone")
    bounced = sent(ledger, request_id, "refused", "email")
    for _ in range(2):
        assert not ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    assert notice(ledger, request_id, bounced).status is NoticeStatus.UNDELIVERED
    assert notice(ledger, request_id, "refused-phone-001").status is NoticeStatus.QUEUED
    [event] = [event for event in ledger.events(request_id) if event.code == "notice_undelivered"]
    assert event.detail == {"notice": bounced, "cause": "bounce_permanent"}
    assert ledger.get(request_id).attention is None


def test_a_bounced_notice_is_never_sent_again(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = asked(ledger, "email")
    bounced = sent(ledger, request_id, "refused", "email")
    ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    clock.advance(days=1)
    assert ledger.claim_notice(request_id, bounced) is None
    assert ledger.owed_since(request_key(request_id, f"NOTICE#{bounced}")) is None


def test_when_the_other_contact_was_told_too_nothing_more_is_done(ledger: Ledger) -> None:
    request_id = asked(ledger, "email", "phone")
    bounced = sent(ledger, request_id, "completed", "email")
    sent(ledger, request_id, "completed", "phone")
    assert not ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    assert len(ledger.notices(request_id)) == 2


def test_when_no_contact_is_left_an_operator_is_asked_once(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    bounced = sent(ledger, request_id, "refused", "email")
    assert ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    assert not ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    assert ledger.get(request_id).attention == "undelivered_notice"
    assert [request.id for request in ledger.needing_attention() if request.id == request_id] == [request_id]
    [event] = [event for event in ledger.events(request_id) if event.code == "operator_asked"]
    assert event.detail == {"reason": "undelivered_notice", "notice": bounced}
    assert ledger.verify_chain(request_id)


def test_when_the_other_contact_bounces_too_an_operator_is_asked(ledger: Ledger) -> None:
    request_id = asked(ledger, "email", "phone")
    ledger.notice_undelivered(request_id, sent(ledger, request_id, "refused", "email"), "bounce_permanent")
    claimed = ledger.claim_notice(request_id, "refused-phone-001")
    assert claimed
    ledger.notice_sent(claimed, "1")
    assert ledger.notice_undelivered(request_id, claimed.id, "rejected")
    assert len(ledger.notices(request_id)) == 2


def test_what_an_operator_has_seen_to_is_off_the_list_and_stays_off(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    bounced = sent(ledger, request_id, "refused", "email")
    ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    for _ in range(2):
        ledger.attention_seen(request_id, by="op-1")
    assert not ledger.notice_undelivered(request_id, bounced, "bounce_permanent")
    assert ledger.get(request_id).attention is None
    assert request_id not in [request.id for request in ledger.needing_attention()]
    assert codes(ledger, request_id).count("attention_seen") == 1


def test_a_second_notice_without_a_way_asks_again_after_the_first_was_seen_to(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    for kind in ("question", "refused"):
        assert ledger.notice_undelivered(request_id, sent(ledger, request_id, kind, "email"), "bounce_permanent")
        ledger.attention_seen(request_id, by="op-1")


@pytest.mark.parametrize("kind", ["code", "reminder"])
def test_what_is_not_owed_is_told_to_nobody_else(ledger: Ledger, kind: str) -> None:
    request_id = asked(ledger, "email", "phone")
    assert not ledger.notice_undelivered(request_id, sent(ledger, request_id, kind, "email"), "bounce_permanent")
    assert len(ledger.notices(request_id)) == 1
    assert ledger.get(request_id).attention is None


def test_who_proved_nothing_cannot_fill_the_operators_list(ledger: Ledger) -> None:
    request_id = asked(ledger)
    assert not ledger.notice_undelivered(request_id, sent(ledger, request_id, "expired", "email"), "bounce_permanent")
    assert ledger.get(request_id).attention is None


def test_a_warning_to_all_contacts_is_in_vain_only_when_none_got_it(ledger: Ledger) -> None:
    request_id = asked(ledger, "phone")
    first, second = (
        sent(ledger, request_id, "cooling_off", "email", number=number, purpose="on_file") for number in (1, 2)
    )
    assert not ledger.notice_undelivered(request_id, first, "bounce_permanent")
    assert ledger.notice_undelivered(request_id, second, "bounce_permanent")
    assert len(ledger.notices(request_id)) == 2


def test_a_report_that_comes_before_the_sender_is_done_has_to_come_again(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    ledger.table.transact([ledger.notice_part(request_id, "refused", "email")])
    ledger.claim_notice(request_id, "refused-email-001")
    with pytest.raises(NotReadyError):
        ledger.notice_undelivered(request_id, "refused-email-001", "bounce_permanent")
    with pytest.raises(NotReadyError):
        ledger.notice_delivered(request_id, "refused-email-001")


def test_a_report_on_what_nobody_sent_changes_nothing(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    before = ledger.get(request_id)
    ledger.notice_delivered(request_id, "refused-email-001")
    assert not ledger.notice_undelivered(request_id, "refused-email-001", "bounce_permanent")
    assert not ledger.notice_undelivered("nobody", "refused-email-001", "bounce_permanent")
    assert ledger.get(request_id) == before


def test_a_notice_that_was_delivered_may_still_bounce_later(ledger: Ledger) -> None:
    request_id = asked(ledger, "email")
    notice_id = sent(ledger, request_id, "refused", "email")
    ledger.notice_delivered(request_id, notice_id)
    assert ledger.notice_undelivered(request_id, notice_id, "bounce_undetermined")


def test_what_failed_often_enough_goes_to_the_other_contact(ledger: Ledger) -> None:
    request_id = asked(ledger, "email", "phone")
    ledger.table.transact([ledger.notice_part(request_id, "refused", "phone")])
    for _ in range(ATTEMPTS):
        claimed = ledger.claim_notice(request_id, "refused-phone-001")
        assert claimed
        ledger.notice_failed(claimed, "ClientError")
    ledger.notice_undelivered(request_id, "refused-phone-001", "ClientError")
    assert notice(ledger, request_id, "refused-email-001").status is NoticeStatus.QUEUED


class Queue:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: ARG002, N803 - as boto3 has it
        self.messages.append(MessageBody)


def relay_of(ledger: Ledger, queue: Queue) -> Relay:
    names = dict.fromkeys(WorkflowSettings.model_fields, "60")
    return Relay(ledger, None, queue, WorkflowSettings.model_validate(names))


def test_the_relay_hands_a_notice_over_until_it_was_tried_often_enough_and_then_tells_the_other_contact(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id, queue = asked(ledger, "email", "phone"), Queue()
    ledger.table.transact([ledger.notice_part(request_id, "refused", "phone")])
    key = request_key(request_id, "NOTICE#refused-phone-001")
    for _ in range(ATTEMPTS):
        relay_of(ledger, queue).pay(key)
        claimed = ledger.claim_notice(request_id, "refused-phone-001")
        assert claimed
        ledger.notice_failed(claimed, "ClientError")
        clock.advance(minutes=16)
    relay_of(ledger, queue).pay(key)
    assert len(queue.messages) == ATTEMPTS
    assert ledger.owed_since(key) is None
    assert notice(ledger, request_id, "refused-phone-001").status is NoticeStatus.UNDELIVERED
    assert notice(ledger, request_id, "refused-email-001").status is NoticeStatus.QUEUED


def test_the_relay_does_not_give_up_on_a_notice_whose_last_try_is_under_way(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id = asked(ledger, "phone")
    ledger.table.transact([ledger.notice_part(request_id, "refused", "phone")])
    key = request_key(request_id, "NOTICE#refused-phone-001")
    for _ in range(ATTEMPTS):
        claimed = ledger.claim_notice(request_id, "refused-phone-001")
        assert claimed
        if claimed.attempts < ATTEMPTS:
            ledger.notice_failed(claimed, "ClientError")
    relay_of(ledger, Queue()).pay(key)
    assert notice(ledger, request_id, "refused-phone-001").status is NoticeStatus.CLAIMED
    clock.advance(minutes=16)
    relay_of(ledger, Queue()).pay(key)
    assert notice(ledger, request_id, "refused-phone-001").status is NoticeStatus.UNDELIVERED
    assert ledger.get(request_id).attention == "undelivered_notice"


def test_a_notice_that_waits_is_not_owed_before_its_time(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = asked(ledger, "phone")
    ledger.table.transact([ledger.notice_part(request_id, "refused", "phone")])
    waiting = notice(ledger, request_id, "refused-phone-001")
    ledger.let_wait(waiting, clock() + timedelta(hours=5))
    key = request_key(request_id, "NOTICE#refused-phone-001")
    assert ledger.owed_since(key) is None
    clock.advance(hours=5)
    assert ledger.owed_since(key) is not None
