"""What a request ends in, made of exported pages in a bucket and signed by a key, both on moto."""

import hashlib
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, cast

import boto3
import pytest

from rights.assembling import Assembled, Assembler, AssembleSettings
from rights.domain.rights import Operation, Right
from rights.errors import AwsUnavailableError, PackageIncompleteError
from rights.ledger import Ledger, Request, Task
from tests.support.clock import StoppedClock
from tests.unit.package.exports import a_request, a_task, data_map, exported, opened
from tests.unit.stores import maps

RECORDS = [{"order_id": f"o{number}", "note": "ភ្នំពេញ, =1+1"} for number in range(5)]


@dataclass
class FakeLedger:
    """One request and its tasks, and what was made of them."""

    request: Request
    given: list[Task]
    made: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)

    def get(self, _: str) -> Request:
        return self.request

    def tasks(self, _: str) -> list[Task]:
        return self.given

    def clock(self) -> datetime:
        return StoppedClock()()

    def volume_written(self, _: str, volume: dict[str, Any], *, number: int, of: int) -> Request:
        if len(self.request.volumes) == number - 1:
            volumes = (*self.request.volumes, volume)
            self.request = replace(self.request, volumes=volumes, package=volumes[0]["key"] if number == of else None)
            self.made.append(f"volume {number} of {of}")
        return self.request

    def volumes_void(self, _: str) -> Request:
        self.request = replace(self.request, volumes=())
        self.made.append("void")
        return self.request

    def assembled(self, _: str, kind: str, key: str) -> Request:
        self.made.append(kind)
        changed: dict[str, Any] = {kind: key}
        self.request = replace(self.request, **changed)
        return self.request

    def restart_task(self, _: str, store: str) -> None:
        self.restarted.append(store)


@dataclass
class Room:
    """The buckets and the key."""

    s3: Any
    kms: Any
    key: str

    def step(self, ledger: FakeLedger, volume_bytes: int = 2_000_000_000) -> Assembled:
        settings = AssembleSettings(
            package_bucket="packages",
            evidence_bucket="evidence",
            audit_bucket="audit",
            sign_key_id=self.key,
            base_url="https://mall.example",
            volume_bytes=volume_bytes,
        )
        stores = data_map(maps.collection("orders", maps.field("order_id"), maps.field("note")))
        return Assembler(cast("Ledger", ledger), self.s3, self.kms, stores, settings).assemble("R1")

    def assemble(self, ledger: FakeLedger, volume_bytes: int = 2_000_000_000) -> Request:
        """What the state machine does: call after call, until there is no more."""
        while (assembled := self.step(ledger, volume_bytes)).status == "more":
            pass
        return assembled.request

    def pages(self, *pages: list[dict[str, Any]]) -> None:
        """Exported pages in place of those that were there."""
        for name in self.left("packages"):
            self.s3.delete_object(Bucket="packages", Key=name)
        for number, page in enumerate(pages):
            body = "".join(json.dumps(record) + "\n" for record in page).encode()
            self.s3.put_object(Bucket="packages", Key=f"exports/R1/shop/orders/{number:06d}.jsonl", Body=body)

    def read(self, bucket: str, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def left(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.fixture
def room(aws: None) -> Room:
    s3: Any = boto3.client("s3")
    kms: Any = boto3.client("kms")
    for bucket in ("packages", "evidence", "audit"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    for number, page in enumerate((RECORDS[:3], RECORDS[3:])):
        body = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in page).encode()
        s3.put_object(Bucket="packages", Key=f"exports/R1/shop/orders/{number:06d}.jsonl", Body=body)
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    return Room(s3, kms, key)


@pytest.mark.parametrize(("right", "in_csv"), [(Right.ACCESS, False), (Right.PORTABILITY, True)])
def test_both_rights_to_the_data_end_in_a_package_and_a_certificate(room: Room, right: Right, in_csv: bool) -> None:
    ledger = FakeLedger(a_request(right), [exported(orders=5)])
    request = room.assemble(ledger)
    files = opened(room.read("packages", request.package or ""))
    assert json.loads(files["data/shop/orders.json"]) == RECORDS
    assert ("data/shop/orders.csv" in files, "schema.json" in files) == (in_csv, in_csv)
    assert room.left("packages") == [request.package]
    # That the signature holds is tested in the local cloud: moto hashes a digest once more.
    claims = json.loads(urlsafe_b64decode(room.read("evidence", request.certificate or "").split(b".")[1] + b"=="))
    assert (claims["right"], claims["version"], claims["outcome"]) == (right, 2, "completed")


def test_a_step_that_runs_twice_makes_nothing_twice(room: Room) -> None:
    ledger = FakeLedger(a_request(), [exported(orders=5)])
    assert room.assemble(ledger) == room.assemble(ledger)
    assert ledger.made == ["volume 1 of 1", "certificate"]


def test_exports_of_more_pages_than_one_call_deletes_go_with_their_package(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rights.packages.parts._DELETED_AT_ONCE", 10)
    room.pages(*([{"order_id": f"o{number}"}] for number in range(31)))
    request = room.assemble(FakeLedger(a_request(), [exported(orders=31)]))
    assert room.left("packages") == [request.package]


def test_an_export_that_cannot_be_deleted_is_tried_again_and_the_package_stays(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = FakeLedger(a_request(), [exported(orders=5)])
    with monkeypatch.context() as patch:
        patch.setattr(room.s3, "delete_objects", lambda **_: {"Errors": [{"Key": "k", "Code": "SlowDown"}]})
        with pytest.raises(AwsUnavailableError):
            room.assemble(ledger)
    request = room.assemble(ledger)
    assert ledger.made == ["volume 1 of 1", "certificate"]
    assert room.left("packages") == [request.package]


def test_a_complaint_asks_nothing_of_the_stores_and_ends_in_its_answer_only(room: Room) -> None:
    request = room.assemble(FakeLedger(a_request(Right.COMPLAINT), []))
    assert (request.package, request.certificate, room.left("evidence")) == (None, None, [])


def test_an_access_of_which_everything_was_left_out_ends_in_a_certificate_that_says_so(room: Room) -> None:
    request = room.assemble(FakeLedger(a_request(Right.ACCESS), [a_task(refused=8)]))
    assert request.package is None
    assert request.certificate


@pytest.mark.parametrize("right", [Right.CORRECTION, Right.RESTRICTION, Right.DELETION])
def test_the_other_rights_end_in_a_certificate(room: Room, right: Right) -> None:
    request = room.assemble(FakeLedger(a_request(right), [a_task(Operation.RESTRICT)]))
    assert request.package is None
    assert request.certificate


def test_a_page_that_is_missing_has_its_store_exported_anew_and_leaves_no_package(room: Room) -> None:
    ledger = FakeLedger(a_request(), [exported(orders=6)])
    with pytest.raises(PackageIncompleteError):
        room.assemble(ledger)
    assert (ledger.restarted, ledger.made) == (["shop"], ["void"])
    # Its pages are gone too: the next export may have fewer, and what is left over would be in the way for ever.
    assert room.left("packages") == []


def big_pages(number: int, size: int = 60_000) -> list[list[dict[str, Any]]]:
    """Pages that nothing can make smaller."""
    random = Random(7)  # noqa: S311 - sample data
    return [[{"order_id": f"o{page}", "note": random.randbytes(size // 2).hex()}] for page in range(number)]


def test_a_package_that_is_too_large_becomes_volumes_one_a_call_each_whole_and_none_too_large(room: Room) -> None:
    room.pages(*big_pages(6))
    ledger = FakeLedger(a_request(), [exported(orders=6)])
    first = room.step(ledger, 600_000)
    assert (first.status, first.request.package, ledger.made) == ("more", None, ["volume 1 of 3"])
    request = room.assemble(ledger, 600_000)
    assert ledger.made == ["volume 1 of 3", "volume 2 of 3", "volume 3 of 3", "certificate"]
    assert room.left("packages") == sorted(volume["key"] for volume in request.volumes)
    found = []
    for number, volume in enumerate(request.volumes, start=1):
        content = room.read("packages", volume["key"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (volume["size"], volume["sha256"])
        assert len(content) <= 600_000
        files = opened(content)
        manifest = json.loads(files["manifest.json"])
        assert (manifest["volume"], manifest["volumes"], len(manifest["others"])) == (number, 3, 2)
        assert {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"} == manifest[
            "sha256"
        ]
        assert {n: len(c) for n, c in files.items() if n != "manifest.json"} == manifest["size"]
        found += [record["order_id"] for record in json.loads(files[f"data/shop/orders_{number}.json"])]
    assert found == [f"o{page}" for page in range(6)]


def test_a_volume_that_two_write_at_once_is_recorded_once_with_its_own_hash_and_the_other_is_removed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = FakeLedger(a_request(), [exported(orders=5)])
    other = replace(
        ledger.request,
        volumes=({"key": "packages/R1/other", "size": 1, "sha256": "0" * 64},),
        package="packages/R1/other",
    )

    def lost(*_: Any, **__: Any) -> Request:
        ledger.request = other
        return other

    monkeypatch.setattr(ledger, "volume_written", lost, raising=True)
    room.assemble(ledger)
    assert room.left("packages") == []


def test_a_hole_that_shows_in_a_later_volume_takes_the_earlier_ones_back(room: Room) -> None:
    room.pages(*big_pages(6))
    ledger = FakeLedger(a_request(), [exported(orders=7)])
    with pytest.raises(PackageIncompleteError):
        room.assemble(ledger, 600_000)
    assert ledger.made == ["volume 1 of 3", "volume 2 of 3", "void"]
    assert (room.left("packages"), ledger.restarted) == ([], ["shop"])


def test_volumes_that_were_split_in_another_way_are_begun_anew(room: Room) -> None:
    room.pages(*big_pages(6))
    ledger = FakeLedger(a_request(), [exported(orders=6)])
    room.step(ledger, 600_000)
    request = room.assemble(ledger, 2_000_000_000)
    assert ledger.made == ["volume 1 of 3", "void", "volume 1 of 1", "certificate"]
    assert room.left("packages") == [request.package]
