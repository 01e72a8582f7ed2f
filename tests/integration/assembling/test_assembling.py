"""What a request ends in, made of exported pages in a bucket and signed by a key, both on moto."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import boto3
import pytest

from rights.assembling import Assembler, AssembleSettings
from rights.domain.rights import Operation, Right
from rights.errors import PackageIncompleteError
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

    def assemble(self, ledger: FakeLedger) -> Request:
        settings = AssembleSettings(
            package_bucket="packages",
            evidence_bucket="evidence",
            audit_bucket="audit",
            sign_key_id=self.key,
            base_url="https://mall.example",
        )
        stores = data_map(maps.collection("orders", maps.field("order_id"), maps.field("note")))
        return Assembler(cast("Ledger", ledger), self.s3, self.kms, stores, settings).assemble("R1")

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
    assert ledger.made == ["package", "certificate"]


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
    assert (ledger.restarted, ledger.made) == (["shop"], [])
    assert not [name for name in room.left("packages") if name.startswith("packages/")]
