"""The sample events: one at least for every function, each read by what reads the real ones."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authorize_affiliate.judging import Judge
from authorize_affiliate.keys import AffiliateKeys
from rights.affiliates.registry import load_registry
from rights.asking import StoreFunctions
from rights.domain.rights import Channel, Locale, Right
from rights.ledger import Ledger, NewRequest
from rights.ledger.nonces import Nonces
from rights.relaying import relay_records
from tests.contract.conftest import Context
from tests.support.functions import app_of, folders, properties_of, reader_of, samples_of
from tests.support.template import ROOT

SAMPLES = {name: (folder, event) for folder in folders() for name, event in samples_of(folder).items()}
STEPS = sorted(name for name, (folder, _) in SAMPLES.items() if reader_of(folder))
DOORS = sorted(name for name, (folder, _) in SAMPLES.items() if folder.endswith("_api"))

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def event(name: str) -> dict[str, Any]:
    return SAMPLES[name][1]


def trigger(folder: str, kind: str) -> dict[str, Any]:
    """What the template lets call a function."""
    [found] = [e["Properties"] for e in properties_of(folder)["Events"].values() if e["Type"] == kind]
    properties: dict[str, Any] = found
    return properties


@pytest.mark.parametrize("folder", folders())
def test_every_function_has_a_sample(folder: str) -> None:
    assert samples_of(folder)


def test_every_sample_is_of_a_function_and_used_here() -> None:
    there = {path.stem for path in (ROOT / "events").iterdir()}
    assert there == set(SAMPLES)
    woken_by_aws = {"relay", "sweep", "watch", "run_ended", "send_notice", "notice_feedback"}
    woken_by_aws |= {"check_evidence", "expire_retained", "expire_records", "schedule_purge", "schedule_purge_queue"}
    woken_by_aws |= {"anchor_audit", "replay_erasures", "bulk_closure", "authorize_affiliate", "send_callback"}
    assert set(SAMPLES) == {*STEPS, *DOORS, *woken_by_aws}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_understands_its_sample(name: str) -> None:
    folder, given = SAMPLES[name]
    reader = reader_of(folder)
    assert reader
    assert reader(given)


@pytest.mark.parametrize("name", DOORS)
def test_a_door_is_called_by_a_route_of_the_template(name: str) -> None:
    folder, given = SAMPLES[name]
    call = APIGatewayProxyEvent(given)
    routes = {(e["Properties"]["Path"], e["Properties"]["Method"]) for e in properties_of(folder)["Events"].values()}
    assert (call.resource, call.http_method) in routes
    assert call.path.startswith(re.sub(r"/\{[^}]+\}$", "", call.resource))
    assert given["requestContext"]["path"].endswith(call.path)


@dataclass
class Bell:
    """A relay that remembers whose turn it was."""

    rung: list[dict[str, str]] = field(default_factory=list)

    def pay(self, key: dict[str, str]) -> None:
        self.rung.append(key)


def test_the_relay_reads_the_keys_of_each_record() -> None:
    bell = Bell()
    assert relay_records(event("relay")["Records"], bell) == {"batchItemFailures": []}  # type: ignore[arg-type]
    assert [key["SK"].split("#")[0] for key in bell.rung] == ["STATE", "WAIT", "NOTICE", "CALLBACK"]
    assert {key["PK"] for key in bell.rung} == {"REQUEST#8ZK3T6Q0V5XWJ9RMB2YCD7HAEF"}


def test_the_filter_of_the_doorbell_lets_pass_what_the_relay_can_follow_up_and_no_more() -> None:
    [declared] = trigger("relay", "DynamoDB")["FilterCriteria"]["Filters"]
    pattern = json.loads(declared["Pattern"])
    wanted = pattern["dynamodb"]["Keys"]["SK"]["S"]

    def passes(sort: str) -> bool:
        return any(sort == p if isinstance(p, str) else sort.startswith(p["prefix"]) for p in wanted)

    for record in event("relay")["Records"]:
        assert record["eventName"] in pattern["eventName"]
        assert passes(record["dynamodb"]["Keys"]["SK"]["S"])
    for sort in ("EVENT#00000001", "TASK#accounts", "PRIVATE#typed", "CODES#identity"):
        assert not passes(sort)


def test_the_rule_sees_the_end_of_a_run_and_the_function_records_it(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = event("run_ended")
    pattern = trigger("run_ended", "EventBridgeRule")["Pattern"]
    assert ended["source"] in pattern["source"]
    assert ended["detail-type"] in pattern["detail-type"]
    assert ended["detail"]["status"] in pattern["detail"]["status"]
    new = NewRequest(right=Right.ACCESS, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"})
    request = deployed.open_request(new).request
    monkeypatch.setenv("REPAIR_DELAY_SECONDS", "60")
    detail = ended["detail"] | {"name": request.execution}
    app_of("run_ended").lambda_handler(ended | {"detail": detail}, Context())
    assert deployed.get(request.id).ended_run == 1


def test_an_execution_that_somebody_started_by_hand_is_nobodys_run(deployed: Ledger) -> None:
    ended = event("run_ended")
    app_of("run_ended").lambda_handler(ended | {"detail": ended["detail"] | {"name": "by-hand"}}, Context())
    assert deployed.table.get({"PK": "REQUEST#by", "SK": "STATE"}) is None


def test_the_rule_sees_a_file_that_was_sent_and_the_function_looks_for_it(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = event("check_evidence")
    pattern = trigger("check_evidence", "EventBridgeRule")["Pattern"]
    assert sent["source"] in pattern["source"]
    assert sent["detail-type"] in pattern["detail-type"]
    [place] = pattern["detail"]["object"]["key"]
    assert sent["detail"]["object"]["key"].startswith(place["prefix"])
    monkeypatch.setenv("EVIDENCE_BUCKET", sent["detail"]["bucket"]["name"])
    assert app_of("check_evidence").lambda_handler(sent, Context()) == {"status": "unknown"}


def test_the_sweep_needs_nothing_from_its_event(deployed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "IDENTITY_TIMEOUT_SECONDS",
        "CONFIRM_TIMEOUT_SECONDS",
        "REVIEW_TIMEOUT_SECONDS",
        "REPAIR_DELAY_SECONDS",
    ):
        monkeypatch.setenv(name, "60")
    monkeypatch.setenv("STATE_MACHINE_ARN", "arn:aws:states:ap-southeast-1:123456789012:stateMachine:m")
    monkeypatch.setenv("NOTICE_QUEUE_URL", "https://queue")
    monkeypatch.setenv("CALLBACK_QUEUE_URL", "https://callbacks")
    swept = app_of("sweep").lambda_handler(event("sweep"), Context())
    assert swept
    assert set(swept.values()) == {0}


def test_the_watch_needs_nothing_from_its_event(deployed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_TOPIC_ARN", "arn:aws:sns:ap-southeast-1:123456789012:alerts")
    watched = app_of("watch").lambda_handler(event("watch"), Context())
    assert watched == {"looked": 0, "left": 0, "overdue": 0, "due_soon": 0, "at_risk": 0}


@pytest.mark.parametrize("name", ["schedule_purge", "schedule_purge_queue"])
def test_the_schedule_of_the_lakes_needs_nothing_from_its_event(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PURGE_MACHINE_ARN", "arn:aws:states:ap-southeast-1:123456789012:stateMachine:p")
    for setting in ("PURGE_ENOUGH", "PURGE_LONGEST_SECONDS", "PURGE_MARGIN_SECONDS"):
        monkeypatch.setenv(setting, "60")
    looked = app_of("schedule_purge").lambda_handler(event(name), Context())
    assert looked == {"waiting": 0, "late": 0, "started": 0}


def test_the_queue_of_a_lake_rings_when_somebody_comes_and_when_a_batch_has_gone() -> None:
    patterns = [json.loads(f["Pattern"]) for f in trigger("schedule_purge", "DynamoDB")["FilterCriteria"]["Filters"]]

    def passes(record: dict[str, Any], pattern: dict[str, Any]) -> bool:
        keys = record["dynamodb"]["Keys"]
        return record["eventName"] in pattern["eventName"] and all(
            any(keys[name]["S"] == p if isinstance(p, str) else keys[name]["S"].startswith(p["prefix"]) for p in w["S"])
            for name, w in pattern["dynamodb"]["Keys"].items()
        )

    for record in event("schedule_purge_queue")["Records"]:
        assert sum(passes(record, pattern) for pattern in patterns) == 1
    for record in event("relay")["Records"]:
        assert not any(passes(record, pattern) for pattern in patterns)


def test_the_end_of_retention_needs_nothing_from_its_event(deployed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in StoreFunctions.model_fields:
        monkeypatch.setenv(name.upper(), "a-store")
    monkeypatch.setenv("BACKUP_DAYS", "35")
    ended = app_of("expire_retained").lambda_handler(event("expire_retained"), Context())
    assert ended == {"ended": 0, "overdue": 0}


def test_the_end_of_our_own_records_needs_nothing_from_its_event(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PACKAGE_BUCKET", "EVIDENCE_BUCKET"):
        monkeypatch.setenv(name, "a-bucket")
    for name in ("PACKAGE_DAYS", "SEALED_DAYS", "EVIDENCE_DAYS", "PROOF_DAYS"):
        monkeypatch.setenv(name, "1")
    assert app_of("expire_records").lambda_handler(event("expire_records"), Context()) == {"ended": 0, "overdue": 0}


def test_the_replay_of_erasures_needs_nothing_from_its_event(deployed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in StoreFunctions.model_fields:
        monkeypatch.setenv(name.upper(), "a-store")
    monkeypatch.setenv("BACKUP_DAYS", "35")
    monkeypatch.setenv("REPLAY_PAGES", "5")
    replayed = app_of("replay_erasures").lambda_handler(event("replay_erasures"), Context())
    assert replayed == {"pages": 0, "open": 0, "failed": 0}


def test_the_intake_of_bulk_closures_needs_nothing_from_its_event(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in StoreFunctions.model_fields:
        monkeypatch.setenv(name.upper(), "a-store")
    monkeypatch.setenv("BULK_PER_MINUTE", "5")
    taken = app_of("bulk_closure").lambda_handler(event("bulk_closure"), Context())
    assert taken == {"taken": 0, "running": 0, "failed": 0}


def test_the_anchor_of_the_audit_needs_nothing_from_its_event(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    key = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    for name, value in {"AUDIT_BUCKET": "audit", "SIGN_KEY_ID": key, "BASE_URL": "https://mall.example"}.items():
        monkeypatch.setenv(name, value)
    made = app_of("anchor_audit").lambda_handler(event("anchor_audit"), Context(milliseconds=900_000))
    assert made == {"digests": 1, "heads": 0, "left": 0}


def test_a_message_of_the_notice_queue_is_what_the_relay_puts_there() -> None:
    for record in event("send_notice")["Records"]:
        assert set(json.loads(record["body"])) == {"request_id", "notice_id"}
        assert record["messageId"]


def test_a_message_of_the_callback_queue_is_what_the_relay_puts_there() -> None:
    for record in event("send_callback")["Records"]:
        assert set(json.loads(record["body"])) == {"request_id", "callback"}
        assert record["messageId"]


def test_the_signature_of_the_sample_lets_its_affiliate_in_at_its_time(deployed: Ledger) -> None:
    public = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    ssm, keys = boto3.client("ssm"), {"sample": {"alg": "ed25519", "public_key": pem}}
    ssm.put_parameter(Name="/affiliates/cpes/keys", Value=json.dumps(keys), Type="String")
    then = datetime.fromtimestamp(1795316400, UTC)
    registered = AffiliateKeys(ssm, "/affiliates", lambda: then)
    judge = Judge(
        load_registry(), registered, Nonces(deployed.table, lambda: then), "https://rights.mall.example", lambda: then
    )
    verdict = judge.judge(event("authorize_affiliate"))
    assert (verdict.affiliate and verdict.affiliate.id, verdict.reason) == ("cpes", None)


def test_the_authoriser_denies_the_sample_long_after(deployed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "https://rights.mall.example")
    monkeypatch.setenv("AFFILIATE_PARAMETERS", "/affiliates")
    monkeypatch.setenv("USAGE_KEY_PREFIX", "key-")
    answer = app_of("authorize_affiliate").lambda_handler(event("authorize_affiliate"), Context())
    assert [one["Effect"] for one in answer["policyDocument"]["Statement"]] == ["Deny"]


def test_a_report_on_a_mail_is_understood_and_one_of_no_request_of_ours_changes_nothing(deployed: Ledger) -> None:
    app_of("notice_feedback").lambda_handler(event("notice_feedback"), Context())
    assert list(deployed.needing_attention()) == []


def test_no_sample_holds_a_real_account() -> None:
    for path in (ROOT / "events").glob("*.json"):
        text = path.read_text("utf-8")
        accounts = re.findall(r"arn:aws:[a-z0-9-]*:[a-z0-9-]*:([0-9]+):|(?<!-)\b([0-9]{12})\b", text)
        assert {one for found in accounts for one in found if one} <= {"123456789012"}
