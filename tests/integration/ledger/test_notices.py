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
    clock.advance(minutes=11)
    assert ledger.claim_notice(request_id, notice_id) is not None


def test_a_code_is_never_sent_twice(ledger: Ledger, clock: StoppedClock) -> None:
    request_id, notice_id = queued(ledger, "code")
    ledger.claim_notice(request_id, notice_id)
    clock.advance(days=1)
    assert ledger.claim_notice(request_id, notice_id) is None


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


def handed_over(ledger: Ledger, request_id: str, notice_id: str) -> dict[str, str]:
    key = {"PK": f"REQUEST#{request_id}", "SK": f"NOTICE#{notice_id}"}
    since, notice = ledger.owed_since(key), ledger.notice(request_id, notice_id)
    assert since is not None
    assert notice is not None
    ledger.handed_over(notice, since)
    return key


def test_a_notice_that_was_handed_over_is_owed_again_later_until_it_is_sent(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id, notice_id = queued(ledger, "completed")
    key = handed_over(ledger, request_id, notice_id)
    assert ledger.owed_since(key) is None
    clock.advance(minutes=16)
    assert ledger.owed_since(key) is not None
    claimed = ledger.claim_notice(request_id, notice_id)
    assert claimed is not None
    ledger.notice_sent(claimed, "1")
    assert ledger.owed_since(key) is None


def test_a_code_is_handed_over_once(ledger: Ledger, clock: StoppedClock) -> None:
    key = handed_over(ledger, *queued(ledger, "code"))
    clock.advance(days=1)
    assert ledger.owed_since(key) is None
