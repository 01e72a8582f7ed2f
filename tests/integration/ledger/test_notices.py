from rights.ledger import Ledger
from rights.ledger.model import NoticeStatus
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock


def queued(ledger: Ledger, kind: str) -> tuple[str, str]:
    request_id = ledger.open_request(new()).request.id
    ledger.table.transact([ledger.notice_part(request_id, kind, "phone")])
    return request_id, ledger.notices(request_id)[0].id


def test_a_notice_is_claimed_by_one_sender(ledger: Ledger) -> None:
    request_id, notice_id = queued(ledger, "completed")
    assert ledger.claim_notice(request_id, notice_id) is not None
    assert ledger.claim_notice(request_id, notice_id) is None


def test_a_notice_whose_sender_died_is_claimed_again_after_a_while(ledger: Ledger, clock: StoppedClock) -> None:
    request_id, notice_id = queued(ledger, "completed")
    ledger.claim_notice(request_id, notice_id)
    assert ledger.unsent_notices(request_id) == []
    clock.advance(minutes=11)
    assert [notice.id for notice in ledger.unsent_notices(request_id)] == [notice_id]
    assert ledger.claim_notice(request_id, notice_id) is not None


def test_a_code_is_never_sent_twice(ledger: Ledger, clock: StoppedClock) -> None:
    request_id, notice_id = queued(ledger, "code")
    ledger.claim_notice(request_id, notice_id)
    clock.advance(days=1)
    assert ledger.claim_notice(request_id, notice_id) is None
    assert ledger.unsent_notices(request_id) == []


def test_a_sent_notice_is_an_event_and_is_not_sent_again(ledger: Ledger) -> None:
    request_id, notice_id = queued(ledger, "completed")
    claimed = ledger.claim_notice(request_id, notice_id)
    assert claimed is not None
    ledger.notice_sent(claimed, "1")
    assert ledger.claim_notice(request_id, notice_id) is None
    assert ledger.notices(request_id)[0].status is NoticeStatus.SENT
    assert ledger.events(request_id)[-1].code == "notice_sent"


def test_a_failed_notice_is_tried_again_a_few_times_only(ledger: Ledger) -> None:
    request_id, notice_id = queued(ledger, "completed")
    tries = 0
    while (claimed := ledger.claim_notice(request_id, notice_id)) is not None:
        ledger.notice_failed(claimed, "ThrottlingException")
        tries += 1
    assert tries == 5
