"""A purge and single objects: old versions, what changes meanwhile, what cannot be worked on; counted exactly."""

from functools import partial
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rights.purging_objects import Pages
from rights.stores.lake_engine import LakeCollection
from rights.stores.lake_objects import LakeObjects
from rights.stores.lake_purge import Purge
from tests.integration.lake.conftest import BUCKET, CLICKS, VIEWS, Lake, gz, keys, parquet, row


def refused(code: str, operation: str = "GetObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "acc-secret"}}, operation)


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
