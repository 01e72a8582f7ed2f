"""A file goes by the form into a bucket as S3 would take it: MiniStack holds forms to their conditions."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.config import Config

from local.emulator import Emulator, session
from public_api.evidence import BucketUploads
from rights.domain.evidence import EvidenceKind, EvidenceStatus
from rights.evidence import BucketEvidence
from rights.ledger.evidence import EvidenceFile
from tests.integration.evidence.conftest import BUCKET, PDF
from tests.support.emulator import running_emulator

FILE = EvidenceFile(
    request_id="8ZK3T6Q0V5XWJ9RMB2YCD7HAEF",
    number=1,
    kind=EvidenceKind.COURT_DOCUMENT,
    content_type="application/pdf",
    status=EvidenceStatus.OFFERED,
    offered_at="2026-11-22T03:00:00.000000Z",
)
KEY = "uploads/8ZK3T6Q0V5XWJ9RMB2YCD7HAEF/1"
BACK = "https://mall.example/requests/8ZK3T6Q0V5XWJ9RMB2YCD7HAEF?done=evidence"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        region = {"LocationConstraint": "ap-southeast-1"}
        emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)
        yield emulator


@pytest.fixture
def s3(emulator: Emulator) -> Any:
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client = session().client("s3", endpoint_url=emulator.endpoint, config=config)
    client.delete_object(Bucket=BUCKET, Key=KEY)
    return client


@pytest.fixture
def form(s3: Any) -> tuple[str, dict[str, str]]:
    return BucketUploads(s3, None, BUCKET, "check").form(FILE, BACK)


def sends(form: tuple[str, dict[str, str]], content: bytes, **changed: str) -> httpx.Response:
    url, fields = form
    return httpx.post(url, data=fields | changed, files={"file": ("my scan.pdf", content)})


def test_a_file_arrives_and_the_browser_comes_back_to_our_page(form: tuple[str, dict[str, str]], s3: Any) -> None:
    answer = sends(form, PDF)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(BACK)
    sent = BucketEvidence(s3, BUCKET).read(KEY)
    assert sent
    assert (sent.content, sent.size) == (PDF, len(PDF))


@pytest.mark.parametrize(
    ("content", "changed"),
    [
        (b"", {}),
        (bytes(10_000_001), {}),
        (PDF, {"Content-Type": "text/html"}),
        (PDF, {"key": "evidence/8ZK3T6Q0V5XWJ9RMB2YCD7HAEF/1"}),
        (PDF, {"success_action_redirect": "https://elsewhere.example/"}),
        (PDF, {"x-amz-meta-name": "my scan.pdf"}),
    ],
    ids=["empty", "too large", "of another type", "to another place", "and off to another site", "with more fields"],
)
def test_nothing_else_arrives(
    form: tuple[str, dict[str, str]], s3: Any, content: bytes, changed: dict[str, str]
) -> None:
    assert sends(form, content, **changed).status_code in {400, 403}
    assert BucketEvidence(s3, BUCKET).read(KEY) is None
