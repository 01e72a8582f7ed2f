"""The handlers as Lambda calls them, with the sample events and settings from the environment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest

import gateway_api.app
import operator_api.app
import public_api.app
import send_notice.app
from rights import clients, wiring
from rights.clock import utc_now
from rights.ledger import Ledger
from rights.telemetry import logger
from tests.integration.doors.conftest import POOL
from tests.support.pool import CLIENT_ID, ISSUER, Domain, serving

HANDLERS = {
    "public_api": public_api.app.lambda_handler,
    "operator_api": operator_api.app.lambda_handler,
    "gateway_api": gateway_api.app.lambda_handler,
    "send_notice": send_notice.app.lambda_handler,
}
EXPECTED = {
    "public_api_form": 200,
    "public_api_create_json": 202,
    "public_api_create_form": 303,
    "public_api_create_bad": 422,
    "public_api_create_case": 202,
    "public_api_status": 401,
    "public_api_code": 401,
    "public_api_confirm": 401,
    "public_api_answers": 401,
    "public_api_evidence": 401,
    "public_api_withdraw": 401,
    "public_api_package": 401,
    "public_api_keys": 200,
    "gateway_api_opt_out": 401,
    "operator_api_find": 200,
    "operator_api_retry": 404,
    "operator_api_decision": 404,
    "operator_api_decision_ask": 404,
    "operator_api_decision_approve": 404,
    "operator_api_decision_answer": 404,
    "operator_api_attention": 200,
    "operator_api_plan": 404,
    "operator_api_clock": 404,
    "operator_api_extend": 404,
    "operator_api_pause": 404,
    "operator_api_resume": 404,
    "operator_api_seen": 404,
    "operator_api_reveal": 404,
    "operator_api_evidence": 404,
    "operator_api_hold": 201,
    "operator_api_overview": 200,
    "operator_api_sign_in": 303,
    "operator_api_search": 200,
    "operator_api_intake": 201,
    "operator_api_cancel": 404,
}


@dataclass
class Context:
    function_name: str = "sample"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:123456789012:function:sample"
    aws_request_id: str = "sample"


def sample(root: Path, name: str) -> Any:
    event = json.loads((root / "events" / f"{name}.json").read_text())
    if "Authorization" in event.get("headers", {}) and name.startswith("operator_api"):
        shown = f"Bearer {POOL.token('op-1', 'operator', at=utc_now())}"
        # Taken in now, however long ago the sample was written.
        yesterday = (utc_now() - timedelta(days=1)).isoformat()
        event["body"] = event["body"] and event["body"].replace("2026-11-20T09:00:00+07:00", yesterday)
        event["headers"]["Authorization"], event["multiValueHeaders"]["Authorization"] = shown, [shown]
    return event


@pytest.fixture(scope="module")
def domain() -> Iterator[Domain]:
    with serving(POOL, utc_now) as one:
        yield one


@pytest.fixture
def deployed(ledger: Ledger, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the functions, over the fixtures' table and fresh keys."""
    kms = boto3.client("kms")
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    boto3.client("s3").create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    environment = {
        "LEDGER_TABLE": "ledger",
        "SEAL_KEY_ID": kms.create_key()["KeyMetadata"]["KeyId"],
        "SIGN_KEY_ID": signing,
        "SECRET_ID": boto3.client("secretsmanager").create_secret(Name="hmac", SecretString="secret")["ARN"],
        "GATEWAY_SECRET_ID": boto3.client("secretsmanager").create_secret(Name="gw", SecretString="k" * 64)["ARN"],
        "BASE_URL": "https://mall.example",
        "PACKAGE_BUCKET": "packages",
        "EVIDENCE_BUCKET": "evidence",
        "AUDIT_BUCKET": "audit",
        "MAIL_FROM": "data@mall.example",
        "SMS_SENDER": "TinhTinh",
        "CONFIGURATION_SET": "data-rights-test",
        "QUIET_HOURS": "on",
        "PACKAGE_DAYS": "14",
        "CHECK_EVIDENCE_FUNCTION": "check-evidence",
        "QUESTION_SECONDS": "1209600",
        "OPERATOR_ISSUER": ISSUER,
        "OPERATOR_CLIENT_ID": CLIENT_ID,
        "OPERATOR_KEYS_URL": f"{domain.url}/.well-known/jwks.json",
        "HOSTED_UI_URL": domain.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for made_once in (
        clients.client,
        wiring.sealer,
        wiring.hmac,
        wiring.ledger,
        public_api.app._app,
        operator_api.app._app,
        gateway_api.app._app,
        send_notice.app._sender,
    ):
        made_once.cache_clear()


# Powertools warns of invocations without a metric; these have none of their own.
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_every_sample_event_of_the_doors_is_answered_as_expected(
    deployed: None, root: Path, subtests: pytest.Subtests
) -> None:
    names = {
        path.stem
        for pattern in ("public_api_*", "operator_api_*", "gateway_api_*")
        for path in (root / "events").glob(f"{pattern}.json")
    }
    assert names == set(EXPECTED)
    for name, status in EXPECTED.items():
        with subtests.test(name):
            handler = HANDLERS[name.rpartition("api_")[0] + "api"]
            assert handler(sample(root, name), Context())["statusCode"] == status


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_notice_that_does_not_exist_is_done_with(deployed: None, root: Path) -> None:
    assert HANDLERS["send_notice"](sample(root, "send_notice"), Context()) == {"batchItemFailures": []}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_logs_of_a_door_hold_no_personal_data(deployed: None, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    for name in ("public_api_create_json", "public_api_create_form", "public_api_create_bad", "public_api_create_case"):
        HANDLERS["public_api"](sample(root, name), Context())
    logged = lines.getvalue()
    assert '"http_status":202' in logged
    for secret in ("85512345678", "012 345", "dara", "call me", "token"):
        assert secret not in logged.lower()
