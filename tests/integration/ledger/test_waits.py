from rights.ledger import Ledger
from tests.integration.ledger.test_requests import new

HOUR = 3600


def opened(ledger: Ledger) -> str:
    return ledger.open_request(new()).request.id


def answer(ledger: Ledger, request_id: str, name: str, outcome: str) -> None:
    parts = ledger.answer_parts(request_id, name, {"outcome": outcome})
    if parts:
        assert ledger.table.transact(parts) is None


def test_a_wait_keeps_its_token_sealed(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "Review", "the token", HOUR)
    item = ledger.table.get({"PK": f"REQUEST#{request_id}", "SK": "WAIT#Review#0001"})
    assert item is not None
    assert b"the token" not in item["token_sealed"]
    wait = ledger.wait_with_token({"PK": f"REQUEST#{request_id}", "SK": "WAIT#Review#0001"})
    assert wait is not None
    assert wait.token == "the token"


def test_a_wait_is_answered_once(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "Review", "token", HOUR)
    answer(ledger, request_id, "Review", "approve")
    answer(ledger, request_id, "Review", "refuse")
    wait = ledger.last_wait(request_id, "Review")
    assert wait is not None
    assert wait.answer == {"outcome": "approve"}
    assert wait.relay_at is not None


def test_an_answer_that_comes_before_the_wait_is_found_by_it(ledger: Ledger) -> None:
    request_id = opened(ledger)
    answer(ledger, request_id, "Review", "approve")
    wait = ledger.open_wait(request_id, "Review", "token", HOUR)
    assert wait.answer == {"outcome": "approve"}
    assert wait.relay_at is not None


def test_an_answer_that_met_a_dead_token_is_taken_over_by_the_next_generation(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "Review", "first token", HOUR)
    answer(ledger, request_id, "Review", "approve")
    dead = ledger.last_wait(request_id, "Review")
    assert dead is not None
    ledger.wait_relayed(dead, delivered=False)
    successor = ledger.open_wait(request_id, "Review", "second token", HOUR)
    assert (successor.generation, successor.answer) == (2, {"outcome": "approve"})


def test_an_answer_that_was_delivered_is_not_used_again(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "Repair", "first token", HOUR)
    answer(ledger, request_id, "Repair", "retry")
    delivered = ledger.last_wait(request_id, "Repair")
    assert delivered is not None
    ledger.wait_relayed(delivered, delivered=True)
    assert ledger.open_wait(request_id, "Repair", "second token", HOUR).answer is None


def test_an_answer_to_a_superseded_generation_goes_to_the_newest(ledger: Ledger) -> None:
    request_id = opened(ledger)
    ledger.open_wait(request_id, "Review", "first token", HOUR)
    late = ledger.answer_parts(request_id, "Review", {"outcome": "approve"})
    ledger.open_wait(request_id, "Review", "second token", HOUR)
    assert ledger.table.transact(late) is not None
    answer(ledger, request_id, "Review", "approve")
    newest = ledger.last_wait(request_id, "Review")
    assert newest is not None
    assert (newest.generation, newest.answer) == (2, {"outcome": "approve"})
