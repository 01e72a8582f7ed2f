"""The one look at a file that was sent: what is kept, what is deleted, and that looking again changes nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rights.domain.evidence import MOST_BYTES, EvidenceStatus, Refusal
from rights.evidence import BucketEvidence, Sent, check_upload, kept_key, upload_key
from rights.ledger import Ledger
from rights.ledger.evidence import EvidenceFile
from tests.integration.evidence.conftest import BUCKET, JPEG, PDF, PNG, offered


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def sends(s3: Any, file: EvidenceFile, content: bytes) -> str:
    key = upload_key(file.request_id, file.number)
    s3.put_object(Bucket=BUCKET, Key=key, Body=content, ContentType=file.content_type)
    return key


def settled(ledger: Ledger, file: EvidenceFile) -> EvidenceFile:
    found = ledger.evidence_file(file.request_id, file.number)
    assert found
    return found


@pytest.mark.parametrize(
    "sent", [("application/pdf", PDF), ("image/jpeg", JPEG), ("image/png", PNG)], ids=["pdf", "jpeg", "png"]
)
def test_a_file_that_is_what_it_says_is_moved_to_where_evidence_lies(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str, sent: tuple[str, bytes]
) -> None:
    said, content = sent
    file = offered(ledger, request_id, said)
    assert check_upload(sends(s3, file, content), ledger, files) == "received"
    digest = hashlib.sha256(content).hexdigest()
    assert (settled(ledger, file).sha256, settled(ledger, file).size) == (digest, len(content))
    assert keys(s3) == [f"evidence/{request_id}/1-{digest}"]
    kept = s3.get_object(Bucket=BUCKET, Key=keys(s3)[0])
    assert (kept["Body"].read(), kept["ContentType"]) == (content, said)


@pytest.mark.parametrize(
    "sent",
    [
        (b"<!doctype html><script>alert(1)</script>", Refusal.WRONG_TYPE),
        (PNG, Refusal.WRONG_TYPE),
        (b"", Refusal.EMPTY),
        (b"%PDF-" + bytes(MOST_BYTES), Refusal.TOO_LARGE),
    ],
    ids=["a page named pdf", "a picture named pdf", "nothing", "too much"],
)
def test_any_other_file_is_deleted_and_refused(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str, sent: tuple[bytes, Refusal]
) -> None:
    content, why = sent
    file = offered(ledger, request_id)
    assert check_upload(sends(s3, file, content), ledger, files) == "refused"
    assert (settled(ledger, file).why, settled(ledger, file).size) == (why, len(content))
    assert keys(s3) == []


def test_the_same_event_twice_is_one_file_and_one_event(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str
) -> None:
    file = offered(ledger, request_id)
    key = sends(s3, file, PDF)
    assert [check_upload(key, ledger, files) for _ in range(2)] == ["received", "received"]
    assert [event.code for event in ledger.events(request_id)][1:] == ["evidence_offered", "evidence_received"]
    assert len(keys(s3)) == 1


def test_what_is_sent_to_the_same_place_later_changes_nothing_that_was_received(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str
) -> None:
    file = offered(ledger, request_id)
    check_upload(sends(s3, file, PDF), ledger, files)
    before = settled(ledger, file)
    assert check_upload(sends(s3, file, b"%PDF-1.7 another"), ledger, files) == "received"
    assert settled(ledger, file) == before
    assert keys(s3) == [kept_key(request_id, 1, str(before.sha256))]


def test_a_file_that_comes_after_the_request_has_ended_is_not_kept(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str
) -> None:
    file = offered(ledger, request_id)
    ledger.withdraw(request_id)
    assert check_upload(sends(s3, file, PDF), ledger, files) == "refused"
    assert settled(ledger, file).why is Refusal.TOO_LATE
    assert keys(s3) == []


def test_a_file_that_has_not_come_is_waited_for(ledger: Ledger, files: BucketEvidence, request_id: str) -> None:
    file = offered(ledger, request_id)
    assert check_upload(upload_key(request_id, 1), ledger, files) == "missing"
    assert settled(ledger, file).status is EvidenceStatus.OFFERED


@pytest.mark.parametrize("key", ["uploads/x/1", "evidence/x/1-aa", f"uploads/{'A' * 26}/7", "uploads/../1", ""])
def test_a_key_that_nobody_was_given_is_nobodys_file(ledger: Ledger, files: BucketEvidence, key: str) -> None:
    assert check_upload(key, ledger, files) == "unknown"


@dataclass
class AnotherIsFaster:
    """A bucket in which somebody else's look comes between ours and its record."""

    files: BucketEvidence
    meanwhile: Callable[[], object]

    def read(self, key: str) -> Sent | None:
        sent = self.files.read(key)
        self.meanwhile()
        return sent

    def keep(self, key: str, content: bytes, content_type: str) -> None:
        self.files.keep(key, content, content_type)

    def drop(self, key: str) -> None:
        self.files.drop(key)


def test_of_two_looks_at_different_contents_the_first_on_record_is_what_is_kept(
    ledger: Ledger, s3: Any, files: BucketEvidence, request_id: str
) -> None:
    file = offered(ledger, request_id)
    key = sends(s3, file, PDF)

    def replaced() -> None:
        sends(s3, file, b"%PDF-1.7 another")
        check_upload(key, ledger, files)

    assert check_upload(key, ledger, AnotherIsFaster(files, replaced)) == "received"
    digest = hashlib.sha256(b"%PDF-1.7 another").hexdigest()
    assert settled(ledger, file).sha256 == digest
    assert keys(s3) == [kept_key(request_id, 1, digest)]
