"""A purge as its machine runs it: one pass for many, exact for each, whatever comes in between."""

from random import Random
from typing import Any

import pytest

from rights.datamap.resolution import MOST_VALUES
from rights.domain.identity import KeySet
from rights.purging import Planning
from rights.purging_objects import Working
from tests.integration.lake.conftest import BUCKET, CLICKS, PLACES, VIEWS, Killed, Lake, gz, keys, row
from tests.support.clock import StoppedClock

OTHERS = {VIEWS: [row(None, 3), row("c", 4)], CLICKS: [row("c", 6), row("c", 8), row("c", 9)]}


def test_several_requests_share_one_pass_and_each_is_told_its_own(lake: Lake) -> None:
    a, b, nobody = lake.queue("a"), lake.queue("b"), lake.queue("nobody")
    lake.run()
    assert lake.told(a) == {"page_views": (2, 0), "clicks": (1, 0)}
    assert lake.told(b) == {"page_views": (1, 0), "clicks": (1, 0), "places": (0, 1)}
    assert lake.told(nobody) == {}
    assert {key: lake.rows(key) for key in OTHERS} == OTHERS
    assert lake.rows(PLACES)[0] == row(None, 10) | {"latitude": None, "longitude": None}
    assert lake.client.calls.count("put_object") == 3, "one new version an object, however many people"


def test_nothing_of_a_batch_is_left_and_every_wait_is_answered(lake: Lake) -> None:
    a = lake.queue("a")
    lake.ledger.open_wait(a, "service_logs", "token", 60)
    batch = lake.run()
    answered = lake.ledger.last_wait(a, "service_logs")
    assert answered
    assert answered.answer == {"outcome": "purged"}
    assert answered.relay_at
    assert list(lake.ledger.table.query_all(f"PURGE#{batch.id}")) == []
    assert list(lake.ledger.table.query_all("LAKE#service_logs")) == []


def test_the_queue_holds_no_key_that_can_be_read(lake: Lake) -> None:
    lake.queue("account-of-somebody")
    batch = lake.begin()
    Planning(lake.ledger, lake.open, 10).run(lake.store, batch.id)
    for partition in ("LAKE#service_logs", f"PURGE#{batch.id}"):
        assert "account-of-somebody" not in str(list(lake.ledger.table.query_all(partition)))


def test_who_is_queued_twice_is_in_the_queue_once(lake: Lake) -> None:
    a = lake.queue("a")
    lake.ledger.queue_erasure(a, "service_logs", keys("a"), ())
    assert [queued.request_id for queued in lake.ledger.queued("service_logs")] == [a]


def test_who_comes_while_a_purge_runs_goes_into_the_next(lake: Lake) -> None:
    a = lake.queue("a")
    batch = lake.begin()
    Planning(lake.ledger, lake.open, 10).run(lake.store, batch.id)
    b = lake.queue("b")
    lake.run()
    assert lake.told(a)
    assert lake.ledger.lake_result(b, "service_logs") is None
    lake.run()
    assert lake.told(b) == {"page_views": (1, 0), "clicks": (1, 0), "places": (0, 1)}


def test_a_batch_takes_the_earliest_due_first_and_no_more_than_it_may(lake: Lake, clock: StoppedClock) -> None:
    first = lake.queue("a")
    clock.advance(days=1)
    second = lake.queue("b")
    batch = lake.begin()
    Planning(lake.ledger, lake.open, 1).run(lake.store, batch.id)
    assert [member.request_id for member in lake.ledger.members(batch.id)] == [first]
    lake.run()
    assert [queued.request_id for queued in lake.ledger.queued("service_logs")] == [second]


def test_of_two_requests_for_one_person_the_first_is_told_the_rows(lake: Lake, clock: StoppedClock) -> None:
    first = lake.queue("a")
    clock.advance(days=1)
    second = lake.queue("a")
    lake.run()
    assert lake.told(first) == {"page_views": (2, 0), "clicks": (1, 0)}
    assert lake.told(second) == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_call_the_purge_ends_with_the_same_rows_and_the_same_counts(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr("rights.purging._MOST_TRIES", 1000)
    a, b = lake.queue("a"), lake.queue("b")
    number, finished = 0, False
    while not finished:
        number += 1
        left = [number]

        def kill(*_: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        setattr(lake.client, moment, kill)
        try:
            lake.run()
            finished = True
        except Killed:
            continue
    assert number > 5
    assert lake.told(a) == {"page_views": (2, 0), "clicks": (1, 0)}
    assert lake.told(b) == {"page_views": (1, 0), "clicks": (1, 0), "places": (0, 1)}
    assert {key: lake.rows(key) for key in OTHERS} == OTHERS
    assert [len(lake.versions(key)) for key in (VIEWS, CLICKS, PLACES)] == [1, 1, 1]


@pytest.mark.parametrize("state", [False, True])
def test_killed_at_any_record_the_purge_ends_with_the_same_counts(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, state: bool
) -> None:
    a = lake.queue("a")
    write = lake.ledger.put_object_record
    dead = set[str]()

    def dying(batch: str, collection: str, key: str, record: Any) -> None:
        if not state:
            write(batch, collection, key, record)
        if record["clean"] is state and key not in dead:
            dead.add(key)
            raise Killed
        write(batch, collection, key, record)

    monkeypatch.setattr(lake.ledger, "put_object_record", dying)
    for _ in range(3):
        try:
            lake.run()
        except Killed:
            continue
    assert dead == {VIEWS, CLICKS}
    assert lake.told(a) == {"page_views": (2, 0), "clicks": (1, 0)}
    assert {key: [r for r in lake.rows(key) if r["account_id"] == "a"] for key in OTHERS} == {VIEWS: [], CLICKS: []}


def test_a_plan_that_died_before_it_was_on_record_leaves_no_object_out(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rights.purging._OBJECTS_AT_ONCE", 2)
    monkeypatch.setattr("rights.purging._CHUNKS_AT_ONCE", 1)
    day = "logs/page_views/dt=2026-11-{}/part-0.json.gz"
    for number in (10, 11, 12, 13):
        lake.put(day.format(number), gz([row("a", number), row("c", number)]))
    lake.queue("a")
    batch = lake.begin()
    checkpoint = lake.ledger.checkpoint_batch

    def dying(changed: Any) -> None:
        if changed.chunks:
            raise Killed
        checkpoint(changed)

    monkeypatch.setattr(lake.ledger, "checkpoint_batch", dying)
    with pytest.raises(Killed):
        Planning(lake.ledger, lake.open, 10).run(lake.store, batch.id)
    monkeypatch.setattr(lake.ledger, "checkpoint_batch", checkpoint)
    planned = Planning(lake.ledger, lake.open, 10).run(lake.store, batch.id)
    for chunk in planned["chunks"]:
        Working(lake.ledger, lake.open).run(lake.store, batch.id, chunk["chunk"])
    for version in lake.versions(day.format(10)):
        lake.s3.delete_object(Bucket=BUCKET, Key=day.format(10), VersionId=version)
    lake.run(tries=20)
    assert [lake.rows(day.format(number)) for number in (11, 12, 13)] == [[row("c", n)] for n in (11, 12, 13)]


def test_people_with_very_many_orders_fit_into_one_batch(lake: Lake) -> None:
    random = Random(2)  # noqa: S311 - no secret
    requests = []
    for number in range(40):
        orders = frozenset(("orders.orders.order_id", random.randbytes(12).hex()) for _ in range(MOST_VALUES))
        requests.append(lake.ask("abc"[number] if number < 3 else f"acc-{number}"))
        known = keys("abc"[number] if number < 3 else f"acc-{number}") | KeySet(referred=orders)
        lake.ledger.queue_erasure(requests[-1], "service_logs", known, ())
    lake.run()
    assert [lake.told(one).get("page_views") for one in requests] == [(2, 0), (1, 0), (1, 0), *[None] * 37]
