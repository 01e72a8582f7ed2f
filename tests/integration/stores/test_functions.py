"""The connector functions whole: settings, assumed role, secret, seal, ledger and package, with only AWS made up."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg
import pytest

import store_cognito.app
import store_dynamodb.app
import store_objects.app
import store_postgres.app
from local.mall.loader import load
from local.mall.population import generate
from local.mall.sign_ins import PARAMETER
from rights import clients, wiring
from rights.domain.rights import Operation
from rights.errors import DataMapError, SealError, StoreRefusedError
from rights.ledger import Ledger, Task
from rights.stores import door, postgres
from tests.integration.stores.conftest import ACCOUNT, TODAY, mall_stores
from tests.unit.stores.fakes import FakeStore, Patient

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

HANDLERS: dict[str, Any] = {
    "accounts": store_dynamodb.app.lambda_handler,
    "orders": store_postgres.app.lambda_handler,
    "support": store_objects.app.lambda_handler,
    "login": store_cognito.app.lambda_handler,
}
REQUEST = "R1"
MALL = generate(24, TODAY, heavy_orders=2, heavy_searches=2)
PERSON = MALL.special("run")


class Context(Patient):
    """What Powertools asks of a context."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"


@pytest.fixture
def ledger(aws: None, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    kms: Any = boto3.client("kms")
    secrets: Any = boto3.client("secretsmanager")
    secrets.create_secret(Name="hmac", SecretString="s")
    secrets.create_secret(Name="mall/orders", SecretString=json.dumps(psycopg.conninfo.conninfo_to_dict(database)))
    settings = {
        "LEDGER_TABLE": "ledger",
        "SEAL_KEY_ID": kms.create_key()["KeyMetadata"]["KeyId"],
        "SECRET_ID": "hmac",
        "PACKAGE_BUCKET": "package",
        "ACCOUNT_ID": ACCOUNT,
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "BACKUP_DAYS": "35",
        "POWERTOOLS_METRICS_NAMESPACE": "test",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="ledger",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    load(mall_stores(database), MALL)
    forget()
    yield wiring.ledger()
    forget()


def forget() -> None:
    """What a process keeps between invocations."""
    for cached in (clients.client, wiring.sealer, wiring.hmac, wiring.ledger, door.roles):
        cached.cache_clear()
    postgres.disconnect()


def plan(ledger: Ledger, operation: Operation) -> None:
    tasks = [Task(request_id=REQUEST, store=s, kind="k", stage=2, operation=operation) for s in HANDLERS]
    ledger.table.transact(ledger.task_parts(tasks))
    ledger.put_private(REQUEST, "subject", {"keys": {"account_id": [PERSON.account_id], "phone": [PERSON.phone]}})


def ask(store: str, what: str, given: dict[str, Any]) -> Any:
    sealed = base64.b64encode(wiring.sealer().seal(REQUEST, given)).decode()
    event = {"request_id": REQUEST, "store": store, "ask": what, "sealed": sealed}
    reply = HANDLERS[store](event, Context())
    assert PERSON.account_id not in json.dumps(reply)
    return wiring.sealer().open(REQUEST, base64.b64decode(reply["sealed"]))


def test_questions_are_answered_under_seal(ledger: Ledger) -> None:
    assert ask("accounts", "recognise", {"kind": "phone", "value": PERSON.phone}) == {"known": True}
    assert ask("accounts", "locate", {"keys": {"phone": [PERSON.phone]}})["keys"]["account_id"] == [PERSON.account_id]
    keys = {"account_id": [PERSON.account_id]}
    assert ask("orders", "count", {"keys": keys})["counts"]["orders"] == len(PERSON.rows["orders"])
    assert ask("support", "count", {"keys": keys})["counts"] == {"files": len(PERSON.rows["files"])}


def test_a_call_leaves_nothing_held_in_the_store_even_if_it_fails(ledger: Ledger) -> None:
    rested: list[bool] = []

    class Resting(FakeStore):
        def rest(self) -> None:
            rested.append(True)

    event = {"request_id": REQUEST, "store": "orders", "ask": "count", "sealed": base64.b64encode(b"nothing").decode()}
    with pytest.raises(SealError):
        door.serve(event, Context(), "postgres", lambda *_: Resting({}))
    assert rested == [True]


def test_each_function_exports_into_the_package(ledger: Ledger) -> None:
    plan(ledger, Operation.EXPORT)
    for store, handler in HANDLERS.items():
        step = {"request_id": REQUEST, "run": 1, "store": store, "step": "work"}
        assert handler(step, Context()) == {"store": store, "status": "done", "left": 0}
        assert ledger.task(REQUEST, store).counts.exported > 0
    listed = boto3.client("s3").list_objects_v2(Bucket="package")["Contents"]
    assert {thing["Key"].split("/")[2] for thing in listed} == set(HANDLERS)


def test_each_function_erases_and_reads_back(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    plan(ledger, Operation.ERASE)
    for store, handler in HANDLERS.items():
        event = {"request_id": REQUEST, "run": 1, "store": store}
        assert handler(event | {"step": "work"}, Context())["status"] == "read_back"
        assert handler(event | {"step": "read_back"}, Context())["status"] == "done"
        assert ledger.task(REQUEST, store).counts.erased > 0
    logged = "".join(capsys.readouterr())
    assert PERSON.account_id not in logged
    assert PERSON.phone not in logged


def test_the_sign_in_is_shut_by_a_task_of_its_own_and_then_erased(ledger: Ledger) -> None:
    plan(ledger, Operation.ERASE)
    shut = Task(request_id=REQUEST, store="login.freeze", kind="cognito", stage=1, operation=Operation.FREEZE)
    ledger.table.transact(ledger.task_parts([shut]))
    step = {"request_id": REQUEST, "run": 1, "step": "work"}
    for _ in range(2):
        reply = HANDLERS["login"](step | {"store": "login.freeze"}, Context())
        assert reply == {"store": "login.freeze", "status": "done", "left": 0}
    cognito = boto3.client("cognito-idp")
    [user] = [u for u in cognito.list_users(UserPoolId=pool_id())["Users"] if u["Username"] == PERSON.account_id]
    assert not user["Enabled"]
    assert ledger.task(REQUEST, "login.freeze").counts.flagged == 1
    assert HANDLERS["login"](step | {"store": "login"}, Context())["status"] == "read_back"
    assert ledger.task(REQUEST, "login").counts.erased == 1


def pool_id() -> str:
    """The id of the mall's user pool."""
    return str(boto3.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])


def test_a_store_of_another_kind_is_refused(ledger: Ledger) -> None:
    with pytest.raises(DataMapError):
        HANDLERS["accounts"]({"request_id": REQUEST, "run": 1, "store": "orders", "step": "work"}, Context())


@pytest.mark.parametrize("text", ["nothing of the kind", "{}", "[]", '"x"'])
def test_a_secret_that_is_no_connection_is_a_refusal_that_does_not_quote_it(ledger: Ledger, text: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="mall/orders", SecretString=text)
    with pytest.raises(StoreRefusedError, match=r"^the secret is not a connection$"):
        ask("orders", "count", {"keys": {"account_id": ["a"]}})


def test_a_missing_secret_is_a_refusal(ledger: Ledger) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId="mall/orders", ForceDeleteWithoutRecovery=True)
    with pytest.raises(StoreRefusedError, match=r"^GetSecretValue: ResourceNotFoundException$"):
        ask("orders", "count", {"keys": {"account_id": ["a"]}})
