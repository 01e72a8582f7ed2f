"""How the stores do, as operators are told: what fails, since when, and how long the work takes."""

from dataclasses import replace

import pytest

from rights.domain.work import TaskStatus
from rights.ledger import Ledger
from rights.status_token import reference
from tests.integration.doors.conftest import Door
from tests.integration.doors.test_lists import at_work
from tests.support.clock import StoppedClock


def test_a_store_that_fails_is_seen_with_what_it_fails_at_once_a_minute(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    failing = at_work(ledger)
    told = operator("GET", "/ops/stores").json
    stores = {store["store"]: store for store in told["stores"]}
    assert set(stores) == {"accounts", "orders"}
    orders = stores["orders"]
    assert (orders["failed"], orders["error_class"], orders["recent"]) == (1, "StoreRefusedError", ["failed"])
    assert orders["failing_since"] is not None
    [one] = orders["failing_requests"]
    assert (one["request_id"], one["reference"]) == (failing.id, reference(failing.id))
    assert stores["accounts"]["failing_since"] is None
    at_work(ledger)
    assert operator("GET", "/ops/stores").json == told
    clock.advance(seconds=61)
    again = operator("GET", "/ops/stores").json
    assert next(s for s in again["stores"] if s["store"] == "orders")["failed"] == 2
    assert again["is_whole"] is True


@pytest.mark.parametrize(("durations", "p95"), [([], None), ([7.5], 7.5), ([*range(1, 21)], 19), ([*range(1, 41)], 38)])
def test_of_a_hundred_tasks_ninety_five_took_no_longer(
    operator: Door, ledger: Ledger, clock: StoppedClock, durations: list[float], p95: float | None
) -> None:
    for seconds in reversed(durations):
        task = ledger.claim_task(ledger.task(at_work(ledger, fails=False).id, "orders"))
        begun = ledger.now()
        clock.advance(seconds=seconds)
        ledger.checkpoint_task(replace(task, status=TaskStatus.DONE, begun_at=begun, done_at=ledger.now()))
    [orders] = [one for one in operator("GET", "/ops/stores").json["stores"] if one["store"] == "orders"]
    assert orders["p95_seconds"] == p95
    assert len(orders["recent"]) == len(durations)
