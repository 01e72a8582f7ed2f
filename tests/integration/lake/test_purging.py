"""A purge as its machine runs it: one pass for many, exact for each, whatever comes in between."""

import json
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rights.datamap import load_data_map
from rights.datamap.resolution import MOST_VALUES
from rights.domain.identity import KeySet
from rights.errors import NotReadyError
from rights.purging import Finishing, Planning, PurgeSettings, Schedule
from rights.purging_objects import Pages, Working
from rights.stores.lake_engine import LakeCollection
from rights.stores.lake_objects import LakeObjects
from rights.stores.lake_purge import Purge
from tests.integration.lake.conftest import BUCKET, CLICKS, PLACES, VIEWS, Killed, Lake, gz, keys, parquet, row
from tests.support.clock import StoppedClock

OTHERS = {VIEWS: [row(None, 3), row("c", 4)], CLICKS: [row("c", 6), row("c", 8), row("c", 9)]}


def refused(code: str, operation: str = "GetObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "acc-secret"}}, operation)


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


def test_a_new_version_keeps_all_that_belongs_to_the_object(lake: Lake) -> None:
    lake.put(
        VIEWS, gz([row("a", 0), row("b", 1)]), ContentType="application/gzip", ContentEncoding="gzip", CacheControl="x",
        Metadata={"schema": "3"}, StorageClass="STANDARD_IA", Tagging="pipeline=web&owner=data%20team",
        ServerSideEncryption="aws:kms", SSEKMSKeyId="arn:aws:kms:ap-southeast-1:123456789012:key/of-the-mall",
    )  # fmt: skip
    names = (
        *("ContentType", "ContentEncoding", "CacheControl", "Metadata", "StorageClass"),
        *("ServerSideEncryption", "SSEKMSKeyId"),
    )
    before = lake.s3.head_object(Bucket=BUCKET, Key=VIEWS)
    tags = lake.s3.get_object_tagging(Bucket=BUCKET, Key=VIEWS)["TagSet"]
    lake.queue("a")
    lake.run()
    after = lake.s3.head_object(Bucket=BUCKET, Key=VIEWS)
    assert after["VersionId"] != before["VersionId"]
    assert {name: after.get(name) for name in names} == {name: before.get(name) for name in names}
    assert lake.s3.get_object_tagging(Bucket=BUCKET, Key=VIEWS)["TagSet"] == tags


def test_old_versions_that_hold_the_person_go_and_those_that_do_not_stay(lake: Lake) -> None:
    key = "logs/page_views/dt=2026-11-21/part-0.json.gz"
    for rows in ([row("c", 1)], [row("a", 2), row("c", 1)], [row("c", 1), row("c", 3)]):
        lake.put(key, gz(rows))
    newest, holding, oldest = lake.versions(key)
    a = lake.queue("a")
    lake.run()
    assert lake.versions(key) == [newest, oldest]
    assert holding not in lake.versions(key)
    assert lake.told(a)["page_views"] == (3, 0), "the row that only an old version held counts too"


def test_what_lies_under_a_delete_marker_goes_with_the_marker(lake: Lake) -> None:
    key = "logs/page_views/dt=2026-11-22/part-0.json.gz"
    lake.put(key, gz([row("a", 1)]))
    lake.s3.delete_object(Bucket=BUCKET, Key=key)
    a = lake.queue("a")
    lake.run()
    left = lake.s3.list_object_versions(Bucket=BUCKET, Prefix=key)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left
    assert lake.told(a)["page_views"] == (3, 0)


def test_an_object_that_is_replaced_meanwhile_is_never_overwritten(lake: Lake) -> None:
    def replace(name: str, given: dict[str, Any]) -> None:
        if name == "put_object" and given["Key"] == VIEWS:
            lake.client.before = lambda *_: None
            lake.put(VIEWS, gz([row("a", 0), row("a", 20), row("c", 21)]))

    lake.client.before = replace
    a = lake.queue("a")
    lake.run()
    assert lake.rows(VIEWS) == [row("c", 21)]
    assert lake.told(a)["page_views"] == (2, 0), "counted in the version that was there in the end"
    assert len(lake.versions(VIEWS)) == 1


def test_an_object_that_is_deleted_meanwhile_stays_deleted(lake: Lake) -> None:
    def delete(name: str, given: dict[str, Any]) -> None:
        if name == "put_object" and given["Key"] == CLICKS:
            lake.client.before = lambda *_: None
            lake.s3.delete_object(Bucket=BUCKET, Key=CLICKS)

    lake.client.before = delete
    a = lake.queue("a")
    lake.run()
    listed = lake.s3.list_object_versions(Bucket=BUCKET, Prefix=CLICKS)
    assert "Versions" not in listed
    assert lake.told(a)["clicks"] == (1, 0)


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


@pytest.mark.parametrize(
    ("key", "content", "code"),
    [
        ("logs/clicks/dt=2026-11-21/p.parquet", b"PAR1 no PAR1", "not_parquet"),
        ("logs/clicks/dt=2026-11-21/p.parquet", parquet([{"other": 1}]), "no_identity_column"),
        ("logs/page_views/dt=2026-11-21/p.json.gz", gz([row("a", 1)])[:-9], "corrupt_gzip"),
    ],
    ids=["not_parquet", "no_identity_column", "corrupt_gzip"],
)
def test_an_object_that_cannot_be_worked_on_stays_and_holds_up_none_of_the_others(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, key: str, content: bytes, code: str
) -> None:
    lake.put(key, content)
    a = lake.queue("a")
    problems: dict[str, int] = {}
    chunk_done = lake.ledger.chunk_done

    def done(batch: str, number: int, found: dict[str, int]) -> None:
        problems.update(found)
        chunk_done(batch, number, found)

    monkeypatch.setattr(lake.ledger, "chunk_done", done)
    lake.run()
    assert problems == {code: 1}
    result = lake.ledger.lake_result(a, "service_logs")
    assert result
    assert result.blocked == 1
    assert lake.told(a) == {"page_views": (2, 0), "clicks": (1, 0)}
    assert lake.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content


def test_an_archived_object_and_one_that_is_refused_are_told(lake: Lake) -> None:
    lake.put("logs/page_views/dt=2026-11-21/p.json.gz", gz([row("a", 1)]), StorageClass="GLACIER")

    def deny(name: str, given: dict[str, Any]) -> None:
        if name == "get_object" and given["Key"] == CLICKS:
            raise refused("AccessDenied")

    lake.client.before = deny
    a = lake.queue("a")
    lake.run()
    result = lake.ledger.lake_result(a, "service_logs")
    assert result
    assert result.blocked == 2
    assert lake.told(a) == {"page_views": (2, 0)}


def test_a_throttled_store_is_tried_again_and_given_up_in_the_end(lake: Lake) -> None:
    def throttle(name: str, given: dict[str, Any]) -> None:
        if name == "get_object" and given["Key"] == CLICKS:
            raise refused("SlowDown")

    lake.client.before = throttle
    a = lake.queue("a")
    lake.run(tries=3)
    result = lake.ledger.lake_result(a, "service_logs")
    assert result
    assert result.blocked == 1
    assert lake.told(a) == {"page_views": (2, 0)}
    lake.client.before = lambda *_: None
    lake.ledger.queue_erasure(a, "service_logs", keys("a"), ())
    lake.run()
    assert lake.told(a) == {"clicks": (1, 0)}


def test_a_large_object_is_written_in_parts_and_only_if_unchanged(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rights.stores.lake_objects._PART", 5 * 1024 * 1024)
    random = Random(1)  # noqa: S311 - no secret
    noise = [row("a" if n % 1000 == 0 else "c", n) | {"page": random.randbytes(60).hex()} for n in range(100_000)]
    lake.put(VIEWS, gz(noise))
    a = lake.queue("a")
    lake.run()
    assert "complete_multipart_upload" in lake.client.calls
    assert lake.told(a)["page_views"] == (100, 0)
    assert lake.rows(VIEWS) == [r for r in noise if r["account_id"] == "c"]


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


def test_what_lay_there_before_the_bucket_had_versions_goes_too(lake: Lake) -> None:
    lake.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    key = "logs/page_views/dt=2026-11-23/part-0.json.gz"
    lake.put(key, gz([row("a", 1), row("c", 2)]))
    lake.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    lake.put(key, gz([row("a", 1), row("c", 2), row("c", 3)]))
    a = lake.queue("a")
    lake.run()
    result = lake.ledger.lake_result(a, "service_logs")
    assert result
    assert result.blocked == 0
    assert lake.rows(key) == [row("c", 2), row("c", 3)]
    assert "null" not in lake.versions(key)
    assert lake.told(a)["page_views"] == (3, 0)


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


def test_without_versions_somebody_elses_write_meanwhile_is_not_counted_as_ours(lake: Lake) -> None:
    key = "logs/page_views/dt=2026-11-20/part-0.json.gz"
    bucket = "mall-lake-without-versions"
    lake.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    lake.s3.put_object(Bucket=bucket, Key=key, Body=gz([row("a", 0), row("a", 1), row("c", 2)]))

    def replace(name: str, given: dict[str, Any]) -> None:
        if name == "put_object" and given["Key"] == key:
            lake.client.before = lambda *_: None
            lake.s3.put_object(Bucket=bucket, Key=key, Body=gz([row("a", 0), row("a", 1), row("c", 2), row("c", 3)]))

    lake.client.before = replace
    described = LakeCollection(lake.store.collection("page_views"))
    batch = lake.begin()
    book = Pages(lake.ledger, batch.id)
    wanted = described.wanted([(0, keys("a"))])
    objects = LakeObjects(lake.client, bucket, "logs/page_views/")
    Purge(described, objects, wanted, partial(described.treatment, today="2026-11-25"), book).run(key)
    record = book.read("page_views", key)
    assert record
    assert record["counts"] == {"0": [2, 0, 0]}


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
