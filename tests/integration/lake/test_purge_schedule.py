"""When a batch begins, when it is taken up again, and what waits with it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from rights.datamap import load_data_map
from rights.errors import NotReadyError
from rights.purging import Finishing, Planning, PurgeSettings, Schedule
from rights.purging_objects import Working
from tests.integration.lake.conftest import VIEWS, Lake
from tests.support.clock import StoppedClock


class States:
    """Starts executions, and knows which still run."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running: set[str] = set()

    def start_execution(self, *, name: str, input: str, **_: Any) -> None:  # noqa: A002 - as boto3 has it
        assert set(json.loads(input)) == {"store", "batch"}
        self.started.append(name)
        self.running.add(name)

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 - as boto3 has it
        return {"status": "RUNNING" if executionArn.rpartition(":")[2] in self.running else "FAILED"}


def schedule(lake: Lake, states: States, **terms: int) -> dict[str, int]:
    chosen = {"purge_enough": 100, "purge_longest_seconds": 5 * 86_400, "purge_margin_seconds": 7 * 86_400} | terms
    settings = PurgeSettings(purge_machine_arn="arn:aws:states:::stateMachine:p", **chosen)
    return Schedule(lake.ledger, states, load_data_map(), settings).run()


def test_a_batch_begins_when_it_is_due_and_is_taken_up_when_its_run_has_died(lake: Lake, clock: StoppedClock) -> None:
    states = States()
    lake.queue("a")
    assert schedule(lake, states) == {"waiting": 1, "late": 0, "started": 0}
    clock.advance(days=6)
    assert schedule(lake, states)["started"] == 1
    assert schedule(lake, states)["started"] == 0, "it runs"
    states.running.clear()
    assert schedule(lake, states)["started"] == 1
    assert [name[-2:] for name in states.started] == ["-1", "-2"]
    lake.run()
    assert schedule(lake, states) == {"waiting": 0, "late": 0, "started": 0}


def test_enough_requests_or_a_near_date_begin_a_batch_at_once(lake: Lake, clock: StoppedClock) -> None:
    lake.queue("a")
    assert schedule(lake, States(), purge_enough=2)["started"] == 0
    assert schedule(lake, States(), purge_margin_seconds=40 * 86_400)["started"] == 1


def test_what_is_late_is_told(lake: Lake, clock: StoppedClock) -> None:
    lake.queue("a")
    clock.advance(days=40)
    assert schedule(lake, States())["late"] == 1


def test_a_step_of_a_batch_that_has_ended_does_nothing(lake: Lake) -> None:
    lake.queue("a")
    batch = lake.run()
    with pytest.raises(NotReadyError):
        Planning(lake.ledger, lake.open, 10).run(lake.store, batch.id)
    with pytest.raises(NotReadyError):
        Working(lake.ledger, lake.open).run(lake.store, batch.id, 0)
    assert Finishing(lake.ledger, 35).run(lake.store, batch.id) == {"requests": 0, "blocked": 0}


def test_a_legal_hold_placed_while_a_request_waits_keeps_its_rows_until_it_ends(
    lake: Lake, clock: StoppedClock
) -> None:
    a, b = lake.queue("a"), lake.queue("b")
    known_as = lake.ledger.get(a).known_as
    assert known_as
    until = clock.at.date() + timedelta(days=30)
    hold = lake.ledger.place_hold(known_as, ground=3, until=until, by="olivia")
    lake.run()
    assert lake.told(b)["page_views"] == (1, 0)
    assert [r["account_id"] for r in lake.rows(VIEWS)] == ["a", "a", None, "c"]
    assert lake.ledger.lake_result(a, "service_logs") is None
    clock.advance(days=6)
    states = States()
    assert schedule(lake, states) == {"waiting": 1, "late": 0, "started": 0}, "or it would begin again and again"
    lake.ledger.lift_hold(hold.id, by="olivia")
    assert schedule(lake, states)["started"] == 1
    lake.run()
    assert lake.told(a) == {"page_views": (2, 0), "clicks": (1, 0)}
