"""Evidence at both doors: the form for a browser, "I have sent it", and the operator's look."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from operator_api.evidence import BucketLinks, EvidenceLooks
from public_api.evidence import BucketUploads, EvidenceDoors, file_as_json
from rights.clients import link_client
from rights.domain.evidence import EvidenceStatus
from rights.evidence import BucketEvidence, check_upload, upload_key
from rights.http import ApiError
from rights.ledger import Ledger
from tests.integration.evidence.conftest import BUCKET, PDF, asked_by_a_guardian, offered
from tests.support.clock import StoppedClock

BODY = {"kind": "relation_document", "content_type": "application/pdf"}
BACK = "https://mall.example/prod/requests/X?done=evidence"


@dataclass
class CheckEvidence:
    """Lambda, which runs the look at once."""

    ledger: Ledger
    files: BucketEvidence
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        key = json.loads(Payload)["detail"]["object"]["key"]
        self.asked.append(FunctionName)
        if self.fails:
            return {"FunctionError": "Unhandled"}
        check_upload(key, self.ledger, self.files)
        return {}


@pytest.fixture
def checker(ledger: Ledger, files: BucketEvidence) -> CheckEvidence:
    return CheckEvidence(ledger, files)


@pytest.fixture
def doors(ledger: Ledger, checker: CheckEvidence, clock: StoppedClock) -> EvidenceDoors:
    return EvidenceDoors(ledger, BucketUploads(link_client(), checker, BUCKET, "check"), clock)


@pytest.fixture
def looks(ledger: Ledger, clock: StoppedClock) -> EvidenceLooks:
    return EvidenceLooks(ledger, BucketLinks(link_client(), BUCKET), clock)


def test_a_form_takes_one_file_of_its_type_and_size_to_its_place_and_comes_back_to_our_page(
    doors: EvidenceDoors, ledger: Ledger, request_id: str
) -> None:
    upload = doors.offer(ledger.get(request_id), BODY, BACK)
    policy = json.loads(base64.b64decode(upload.fields["policy"]))["conditions"]
    for condition in (
        ["content-length-range", 1, 10_000_000],
        {"Content-Type": "application/pdf"},
        {"success_action_redirect": BACK},
        {"bucket": BUCKET},
        {"key": f"uploads/{request_id}/1"},
    ):
        assert condition in policy
    assert {"Content-Type", "key", "success_action_redirect", "x-amz-signature"} <= set(upload.fields)
    assert upload.url == "https://evidence.s3.ap-southeast-1.amazonaws.com/"


def test_who_makes_their_own_form_is_told_where_to_and_until_when(
    doors: EvidenceDoors, ledger: Ledger, request_id: str
) -> None:
    told = doors.offer(ledger.get(request_id), BODY).as_json()
    assert set(told) == {"url", "fields", "number", "expires_at"}
    assert told["number"] == 1
    assert told["expires_at"].startswith("2026-11-22T03:15:00")
    assert "success_action_redirect" not in told["fields"]


def test_the_page_of_the_form_may_send_to_the_bucket_and_to_us_only(
    doors: EvidenceDoors, ledger: Ledger, request_id: str
) -> None:
    headers = doors.offer(ledger.get(request_id), BODY).page_headers()
    assert list(headers) == ["Content-Security-Policy"]
    rules = [rule.strip() for rule in headers["Content-Security-Policy"].split(";")]
    assert "form-action 'self' https://evidence.s3.ap-southeast-1.amazonaws.com" in rules
    assert "default-src 'none'" in rules
    assert "frame-ancestors 'none'" in rules


def test_a_form_that_is_loaded_again_is_the_same_file_signed_anew(
    doors: EvidenceDoors, ledger: Ledger, request_id: str
) -> None:
    request = ledger.get(request_id)
    doors.offer(request, BODY)
    assert doors.form(request, "1", BACK).fields["key"] == f"uploads/{request_id}/1"
    assert len(doors.files(request)) == 1


BAD_BODIES: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {"kind": "evidence_kind_unknown", "content_type": "file_type_not_taken"}),
    (BODY | {"kind": "passport"}, {"kind": "evidence_kind_unknown"}),
    (BODY | {"content_type": "text/html"}, {"content_type": "file_type_not_taken"}),
    (BODY | {"name": "scan of my passport.pdf"}, {"name": "unknown_field"}),
]


def test_what_cannot_be_taken_is_named_field_by_field(doors: EvidenceDoors, ledger: Ledger, request_id: str) -> None:
    for body, fields in BAD_BODIES:
        with pytest.raises(ApiError) as error:
            doors.offer(ledger.get(request_id), body)
        assert error.value.status == 422
        assert {name: problem.code for name, problem in error.value.fields.items()} == fields


def test_an_eleventh_file_is_not_taken(doors: EvidenceDoors, ledger: Ledger, request_id: str) -> None:
    for _ in range(10):
        doors.offer(ledger.get(request_id), BODY)
    with pytest.raises(ApiError, match="too_many_files"):
        doors.offer(ledger.get(request_id), BODY)


def test_who_says_it_is_sent_has_it_looked_at_once(
    doors: EvidenceDoors, ledger: Ledger, s3: Any, checker: CheckEvidence, request_id: str
) -> None:
    request = ledger.get(request_id)
    doors.offer(request, BODY)
    with pytest.raises(ApiError, match="not_sent"):
        doors.sent(request, "1")
    s3.put_object(Bucket=BUCKET, Key=upload_key(request_id, 1), Body=PDF)
    assert doors.sent(request, "1").status is EvidenceStatus.RECEIVED
    assert doors.sent(request, "1").status is EvidenceStatus.RECEIVED
    assert checker.asked == ["check", "check"], "the third time it is known"
    with pytest.raises(ApiError, match="too_late"):
        doors.form(request, "1")


def test_a_look_that_breaks_off_may_be_asked_for_again(
    doors: EvidenceDoors, ledger: Ledger, checker: CheckEvidence, request_id: str
) -> None:
    doors.offer(ledger.get(request_id), BODY)
    checker.fails = True
    with pytest.raises(ApiError, match="try_again"):
        doors.sent(ledger.get(request_id), "1")


def test_a_number_that_was_not_given_is_no_page(
    doors: EvidenceDoors, looks: EvidenceLooks, ledger: Ledger, request_id: str
) -> None:
    offered(ledger, request_id)
    for number in ("2", "0", "-1", "1x", "٣", "", "100"):
        with pytest.raises(ApiError, match="not_found"):
            doors.sent(ledger.get(request_id), number)
        with pytest.raises(ApiError, match="not_found"):
            looks.open_evidence(request_id, number, "op-1", {"reason": "review"})


def test_nobody_reaches_the_files_of_another_request(doors: EvidenceDoors, ledger: Ledger, request_id: str) -> None:
    doors.offer(ledger.get(request_id), BODY)
    with pytest.raises(ApiError, match="not_found"):
        doors.sent(ledger.get(asked_by_a_guardian(ledger)), "1")


def test_who_sent_a_file_sees_what_came_of_it_and_no_more(
    doors: EvidenceDoors, ledger: Ledger, s3: Any, request_id: str
) -> None:
    doors.offer(ledger.get(request_id), BODY)
    s3.put_object(Bucket=BUCKET, Key=upload_key(request_id, 1), Body=b"<html>")
    told = file_as_json(doors.sent(ledger.get(request_id), "1"))
    assert set(told) == {"number", "kind", "status", "offered_at", "why", "size"}
    assert (told["status"], told["why"]) == ("refused", "wrong_type")


@pytest.fixture
def received(doors: EvidenceDoors, ledger: Ledger, s3: Any, request_id: str) -> str:
    """A request with one file that was received."""
    doors.offer(ledger.get(request_id), BODY)
    s3.put_object(Bucket=BUCKET, Key=upload_key(request_id, 1), Body=PDF)
    doors.sent(ledger.get(request_id), "1")
    return request_id


def test_an_operator_sees_the_files_and_what_came_of_each(looks: EvidenceLooks, ledger: Ledger, received: str) -> None:
    offered(ledger, received)
    found = looks.evidence_of(received)["evidence"]
    assert [(file["number"], file["status"]) for file in found] == [(1, "received"), (2, "offered")]


def test_an_operator_opens_a_file_for_a_minute_as_a_download_and_under_their_name(
    looks: EvidenceLooks, ledger: Ledger, received: str
) -> None:
    link = looks.open_evidence(received, "1", "op-1", {"reason": "review"})
    query = parse_qs(urlsplit(link["url"]).query)
    assert urlsplit(link["url"]).path == f"/evidence/{received}/1-{link['sha256']}"
    assert query["X-Amz-Expires"] == ["60"]
    assert query["response-content-disposition"] == ['attachment; filename="evidence-1.pdf"']
    assert query["response-content-type"] == ["application/octet-stream"]
    last = ledger.events(received)[-1]
    assert (last.code, last.by, last.detail["reason"]) == ("evidence_opened", "op-1", "review")


def test_nobody_opens_a_file_without_a_reason_of_the_list(looks: EvidenceLooks, received: str) -> None:
    for body in ({}, {"reason": "curious"}, {"reason": "review", "note": "x"}):
        with pytest.raises(ApiError) as error:
            looks.open_evidence(received, "1", "op-1", body)
        assert error.value.status == 422


def test_nobody_opens_a_file_that_was_not_received(looks: EvidenceLooks, ledger: Ledger, request_id: str) -> None:
    offered(ledger, request_id)
    with pytest.raises(ApiError, match="not_found"):
        looks.open_evidence(request_id, "1", "op-1", {"reason": "review"})


def test_a_file_whose_time_is_over_is_gone(looks: EvidenceLooks, received: str) -> None:
    s3 = boto3.client("s3")
    [kept] = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    s3.delete_object(Bucket=BUCKET, Key=kept["Key"])
    with pytest.raises(ApiError, match="evidence_gone"):
        looks.open_evidence(received, "1", "op-1", {"reason": "review"})
