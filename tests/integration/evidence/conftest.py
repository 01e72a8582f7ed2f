"""A guardian's request, and the bucket its evidence goes to."""

from typing import Any

import boto3
import pytest

from rights.domain.evidence import EvidenceKind
from rights.domain.rights import Channel, Locale, Requester, Right
from rights.evidence import BucketEvidence
from rights.ledger import Ledger, NewRequest
from rights.ledger.evidence import EvidenceFile

BUCKET = "evidence"
PDF, JPEG, PNG = b"%PDF-1.7\nfamily book", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def asked_by_a_guardian(ledger: Ledger, *, proven: bool = True) -> str:
    new = NewRequest(
        right=Right.ACCESS,
        channel=Channel.WEB,
        locale=Locale.EN,
        typed={"phone": "+85512345678"},
        requester=Requester.GUARDIAN,
        acting={"name": "Sok Dara", "relation": "parent", "for": "child", "phone": "+85512000001"},
        proven=proven,
    )
    return ledger.open_request(new).request.id


def offered(ledger: Ledger, request_id: str, content_type: str = "application/pdf") -> EvidenceFile:
    file = ledger.offer_evidence(request_id, EvidenceKind.RELATION_DOCUMENT, content_type)
    assert file
    return file


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    return client


@pytest.fixture
def files(s3: Any) -> BucketEvidence:
    return BucketEvidence(s3, BUCKET)


@pytest.fixture
def request_id(ledger: Ledger) -> str:
    return asked_by_a_guardian(ledger)
