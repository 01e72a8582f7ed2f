"""The S3 connector and the package against moto, at their edges."""

import hashlib
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rights.datamap import StoreMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.work import Counts, Kept
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.contract import ErasurePage, Record
from rights.stores.objects import ObjectConnector
from rights.stores.package import PackageParts
from tests.integration.stores.conftest import ACCOUNT, ExactS3
from tests.unit.stores.maps import collection, field, person, store

TODAY = "2025-11-22"
BUCKET = f"mall-support-{ACCOUNT}"
DISPUTE = {"tag": "dispute", "equals": "open", "ground": 7, "period": "P1Y", "reason": "dispute", "source": "policy"}
FIELDS = tuple(
    field(name, primary_key=name == "key") for name in ("key", "content_type", "size", "last_modified", "tags")
)
PLACE = {"bucket": "mall-support-${AccountId}", "prefix": "accounts/{account_id}/"}
SHOP = store(collection("files", *FIELDS, objects=PLACE, retain_when=[DISPUTE]), kind="objects")
ME = person("acc-1")


class Bucket:
    """The bucket, and connectors to it."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("s3")

    def connector(self, page_size: int = 2, shop: StoreMap = SHOP, client: Any = None) -> ObjectConnector:
        fill = lambda text: text.replace("${AccountId}", ACCOUNT)  # noqa: E731
        return ObjectConnector(shop, client or ExactS3(self.client), fill, page_size=page_size)

    def put(self, key: str, content: bytes = b"x", tagging: str = "", kind: str = "text/plain") -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content, Tagging=tagging, ContentType=kind)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def left(self) -> list[str]:
        listed = self.client.list_object_versions(Bucket=BUCKET)
        return sorted(e["Key"] for e in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])))


@pytest.fixture
def bucket(aws: None) -> Bucket:
    return Bucket()


def read_all(connector: ObjectConnector, keys: KeySet = ME) -> list[list[Record]]:
    pages, after = [], None
    while True:
        page = connector.read_page("files", keys, after)
        pages.append(list(page.records))
        if (after := page.next) is None:
            return pages


def erase_all(connector: ObjectConnector, keys: KeySet = ME) -> Counts:
    done, after = Counts(), None
    while True:
        page = connector.plan_page("files", keys, after, TODAY)
        connector.apply_page("files", keys, page)
        connector.apply_page("files", keys, page)
        done += page.counts()
        if (after := page.next) is None:
            return done


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 5])
def test_a_key_with_all_its_versions_and_markers_is_one_record(bucket: Bucket, page_size: int) -> None:
    for name in ("a", "b", "ក", "饭"):
        bucket.put(f"accounts/acc-1/{name}")
    bucket.put("accounts/acc-1/b")
    bucket.remove("accounts/acc-1/b")
    bucket.remove("accounts/acc-1/b")
    bucket.put("accounts/acc-10/other")
    bucket.put("accounts/acc-1.txt")
    connector = bucket.connector(page_size)
    assert connector.count(ME) == {"files": 4}
    assert [record["key"].rpartition("/")[2] for page in read_all(connector) for record in page] == [
        "a",
        "b",
        "ក",
        "饭",
    ]
    assert erase_all(connector) == Counts(found=4, erased=4)
    assert bucket.left() == ["accounts/acc-1.txt", "accounts/acc-10/other"]


def test_two_accounts_are_read_one_after_the_other(bucket: Bucket) -> None:
    for account in ("acc-1", "acc-2"):
        for name in "abc":
            bucket.put(f"accounts/{account}/{name}")
    keys = person("acc-1", "acc-2")
    assert [len(page) for page in read_all(bucket.connector(), keys)] == [2, 1, 2, 1]
    assert erase_all(bucket.connector(), keys).erased == 6
    assert bucket.left() == []


def test_one_disputed_version_keeps_the_key_whole(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/kept", b"1", "dispute=open")
    bucket.put("accounts/acc-1/kept", b"2")
    bucket.remove("accounts/acc-1/kept")
    bucket.put("accounts/acc-1/gone", tagging="dispute=closed")
    kept = (Kept(7, "2026-11-22", 1, "dispute"),)
    assert erase_all(bucket.connector()) == Counts(found=2, erased=1, retained=1, kept=kept)
    assert bucket.left() == ["accounts/acc-1/kept"] * 3


def test_a_dispute_opened_after_the_plan_keeps_the_file(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    connector = bucket.connector()
    page = connector.plan_page("files", ME, None, TODAY)
    bucket.put("accounts/acc-1/a", tagging="dispute=open")
    connector.apply_page("files", ME, page)
    assert len(bucket.left()) == 2


def test_files_that_vanished_meanwhile_are_no_obstacle(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    bucket.put("accounts/acc-1/ab")
    connector = bucket.connector()
    page = connector.plan_page("files", ME, None, TODAY)
    [version] = bucket.client.list_object_versions(Bucket=BUCKET, Prefix="accounts/acc-1/a")["Versions"][:1]
    bucket.client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    connector.apply_page("files", ME, ErasurePage(page.changes[:1]))
    assert bucket.left() == ["accounts/acc-1/ab"]


def test_a_plan_for_somebody_else_changes_nothing(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    page = bucket.connector().plan_page("files", ME, None, TODAY)
    for keys in (person("acc-2"), person("acc"), person(phone="+85510")):
        bucket.connector().apply_page("files", keys, page)
    assert bucket.left() == ["accounts/acc-1/a"]


@pytest.mark.parametrize("account", ["", "a/b", "../x"])
def test_an_account_id_that_could_widen_the_prefix_is_refused(bucket: Bucket, account: str) -> None:
    with pytest.raises(StoreRefusedError):
        bucket.connector().count(person(account))


def test_a_prefix_that_does_not_end_with_the_account_is_a_mistake_in_the_data_map(bucket: Bucket) -> None:
    open_ended = store(
        collection("files", *FIELDS, objects=PLACE | {"prefix": "accounts/{account_id}"}), kind="objects"
    )
    with pytest.raises(DataMapError):
        bucket.connector(shop=open_ended).count(ME)


def test_objects_cannot_be_anonymised(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    wrong = store(collection("files", *FIELDS, objects=PLACE, on_deletion="anonymise"), kind="objects")
    with pytest.raises(DataMapError):
        bucket.connector(shop=wrong).plan_page("files", ME, None, TODAY)


def test_files_recognise_nobody_and_lead_nowhere(bucket: Bucket) -> None:
    assert not bucket.connector().recognise(Identifier(Kind.ACCOUNT, "acc-1"))
    assert bucket.connector().locate(ME) == KeySet()


def export(bucket: Bucket, page_size: int = 10) -> tuple[list[Record], dict[str, bytes]]:
    connector, parts = bucket.connector(page_size), PackageParts(bucket.client, "package")
    after, number, before = None, 0, 0
    while True:
        page = connector.read_page("files", ME, after)
        parts.write("R1/support/files", number, page, before)
        parts.write("R1/support/files", number, page, before)
        number, before, after = number + 1, before + len(page.records), page.next
        if after is None:
            break
    listed = bucket.client.list_objects_v2(Bucket="package").get("Contents", [])
    bodies = {e["Key"]: bucket.client.get_object(Bucket="package", Key=e["Key"])["Body"].read() for e in listed}
    lines = [json.loads(line) for key in sorted(bodies) if key.endswith(".jsonl") for line in bodies[key].splitlines()]
    return lines, {
        key: body for key, body in bodies.items() if "/files/" in key.removeprefix("exports/R1/support/files")
    }


def test_the_content_of_each_version_is_in_the_package_with_its_hash(bucket: Bucket) -> None:
    big = bytes(range(256)) * 70_000
    bucket.put("accounts/acc-1/calls/ការហៅ.ogg", b"older", kind="audio/ogg")
    bucket.put("accounts/acc-1/calls/ការហៅ.ogg", big, "topic=refund", "audio/ogg")
    bucket.put("accounts/acc-1/chats/same.txt", b"one")
    bucket.put("accounts/acc-1/other/same.txt", b"two")
    records, files = export(bucket, page_size=2)
    first = records[0]
    assert first["key"] == "accounts/acc-1/calls/ការហៅ.ogg"
    assert (first["size"], first["content_type"], first["versions"]) == (len(big), "audio/ogg", 2)
    assert first["tags"] == {"topic": "refund"}
    assert [note["path"] for note in first["files"]] == ["files/000000-00.ogg", "files/000000-01.ogg"]
    assert len(files) == 4
    for record in records:
        for note in record["files"]:
            content = files[f"exports/R1/support/files/{note['path']}"]
            assert note["sha256"] == hashlib.sha256(content).hexdigest()
            assert note["size"] == len(content)


def test_a_deleted_file_whose_versions_are_still_held_is_exported(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a.txt", b"held")
    bucket.remove("accounts/acc-1/a.txt")
    [record], files = export(bucket)
    assert list(files.values()) == [b"held"]
    assert record["versions"] == 1


def test_a_key_of_which_only_a_marker_is_left_has_no_file(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a.txt")
    bucket.remove("accounts/acc-1/a.txt")
    [version] = bucket.client.list_object_versions(Bucket=BUCKET)["Versions"]
    bucket.client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    assert export(bucket) == ([{"key": "accounts/acc-1/a.txt", "versions": 0}], {})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("passport Sok Dara 012345678.PDF", "00.pdf"),
        ("..", "00.bin"),
        ("letter.Sok Dara", "00.bin"),
        ("folder/", "00.bin"),
        ("page.html", "00.txt"),
        ("drawing.SVG", "00.txt"),
    ],
)
def test_a_files_own_name_never_becomes_a_key_of_ours_and_no_file_opens_as_a_page(
    bucket: Bucket, key: str, name: str
) -> None:
    bucket.put(f"accounts/acc-1/{key}")
    [record], _ = export(bucket)
    assert [note["path"] for note in record["files"]] == [f"files/000000-{name}"]


def test_a_file_that_goes_while_it_is_exported_is_noted_as_gone(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a.txt")
    page = bucket.connector().read_page("files", ME, None)
    erase_all(bucket.connector())
    PackageParts(bucket.client, "package").write("R1/support/files", 0, page, 0)
    written = bucket.client.get_object(Bucket="package", Key="exports/R1/support/files/000000.jsonl")["Body"].read()
    assert json.loads(written)["files"] == [{"gone": True}]


class Failing(ExactS3):
    """A client that fails in the way of the test."""

    errors: tuple[str, ...] = ()
    code = ""

    def delete_objects(self, **_: Any) -> Any:
        return {"Errors": [{"Key": "accounts/acc-1/a", "Code": code} for code in self.errors]}

    def list_object_versions(self, **request: Any) -> Any:
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "acc-1"}}, "ListObjectVersions")
        return super().list_object_versions(**request)


@pytest.mark.parametrize(
    ("errors", "ours"),
    [
        (("SlowDown", "InternalError"), StoreUnavailableError),
        (("AccessDenied",), StoreRefusedError),
        (("AccessDenied", "SlowDown"), StoreRefusedError),
    ],
)
def test_a_deletion_that_fails_in_part_is_an_error_without_keys(
    bucket: Bucket, errors: tuple[str, ...], ours: type[Exception]
) -> None:
    bucket.put("accounts/acc-1/a")
    client = Failing(bucket.client)
    client.errors = errors
    with pytest.raises(ours) as failed:
        erase_all(bucket.connector(client=client))
    assert "acc-1" not in str(failed.value)


def test_versions_that_are_gone_already_are_no_error(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    client = Failing(bucket.client)
    client.errors = ("NoSuchVersion",)
    assert erase_all(bucket.connector(client=client)).erased == 1


@pytest.mark.parametrize(("code", "ours"), [("SlowDown", StoreUnavailableError), ("NoSuchBucket", StoreRefusedError)])
def test_errors_of_the_bucket_are_told_apart(bucket: Bucket, code: str, ours: type[Exception]) -> None:
    client = Failing(bucket.client)
    client.code = code
    with pytest.raises(ours, match=f"^ListObjectVersions: {code}$"):
        bucket.connector(client=client).count(ME)


def test_files_are_judged_by_their_keys_and_only_if_they_are_the_persons(bucket: Bucket) -> None:
    bucket.put("accounts/acc-1/a")
    bucket.put("accounts/acc-1/b", tagging="dispute=open")
    bucket.put("accounts/acc-10/c")
    names = ("accounts/acc-1/a", "accounts/acc-1/b", "accounts/acc-10/c", "accounts/acc-1/gone", "accounts/acc-1/")
    connector = bucket.connector(9)
    page = connector.plan_rows("files", ME, [{"key": name} for name in names], TODAY)
    assert page == connector.plan_page("files", ME, None, TODAY)
    assert [change.key["key"] for change in page.changes] == ["accounts/acc-1/a", "accounts/acc-1/b"]
