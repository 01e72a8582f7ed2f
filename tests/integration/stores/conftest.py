"""The sample mall's stores: DynamoDB and S3 in moto, and a real PostgreSQL server."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import yaml

from local.mall.loader import Stores, load
from local.mall.model import Mall
from local.mall.population import generate
from local.mall.sign_ins import PARAMETER
from local.postgres import Postgres
from rights.datamap import load_data_map
from rights.stores.cognito import CognitoConnector
from rights.stores.contract import Connector
from rights.stores.database import Database
from rights.stores.dynamodb import DynamoConnector
from rights.stores.objects import ObjectConnector
from rights.stores.postgres import PostgresConnector
from tests.support.moto import empty_moto

ACCOUNT = "123456789012"
TODAY = date(2025, 11, 22)
_MALL_TEMPLATE = Path(__file__).parents[3] / "local" / "mall.yaml"


class _Template(yaml.SafeLoader):
    """CloudFormation's short functions are of no interest here."""


def _nothing(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> None:
    """Stands for whatever a short function would give."""


_Template.add_multi_constructor("!", _nothing)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server; its address is that of an empty database."""
    work = Path(tempfile.mkdtemp(prefix="rights-postgres-"))
    work.chmod(0o755)
    server = Postgres.prepare(work, None)
    try:
        server.start()
        yield server.wait_ready().dsn
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


@pytest.fixture
def database(postgres: str) -> str:
    """A database of the test's own."""
    name = "of_one_test"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("/mall?", f"/{name}?")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cloud in memory, with the mall's tables and bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with empty_moto():
        dynamodb: Any = boto3.client("dynamodb")
        template = yaml.load(_MALL_TEMPLATE.read_text(), Loader=_Template)  # noqa: S506 - a safe loader
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::DynamoDB::Table":
                wanted = ("TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
                properties = resource["Properties"]
                dynamodb.create_table(**{name: properties[name] for name in wanted if name in properties})
        s3: Any = boto3.client("s3")
        for bucket in (f"mall-support-{ACCOUNT}", "package"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        cognito: Any = boto3.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="mall-customers", AliasAttributes=["phone_number", "email"])
        parameters: Any = boto3.client("ssm")
        parameters.put_parameter(Name=PARAMETER, Type="String", Value=pool["UserPool"]["Id"])
        s3.put_bucket_versioning(Bucket=f"mall-support-{ACCOUNT}", VersioningConfiguration={"Status": "Enabled"})
        yield


class ExactS3:
    """moto's client, but `KeyMarker` alone means what it means on AWS: after this key (moto skips one entry more)."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_object_versions(self, **request: Any) -> Any:
        if "KeyMarker" not in request or "VersionIdMarker" in request:
            return self._client.list_object_versions(**request)
        after = request.pop("KeyMarker")
        answer = self._client.list_object_versions(**request)
        for kind in ("Versions", "DeleteMarkers"):
            answer[kind] = [entry for entry in answer.get(kind, []) if entry["Key"] > after]
        return answer


@dataclass
class Shop:
    """A filled mall, and the ways to reach its stores."""

    mall: Mall
    stores: Stores
    connectors: dict[str, Connector]


def mall_stores(database: str) -> Stores:
    """Where the mall's stores are in this cloud."""
    parameter = boto3.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]
    return Stores(
        dynamodb=boto3.client("dynamodb"),
        s3=boto3.client("s3"),
        bucket=f"mall-support-{ACCOUNT}",
        cognito=boto3.client("cognito-idp"),
        user_pool=parameter["Value"],
        dsn=database,
    )


@pytest.fixture
def shop(aws: None, database: str) -> Iterator[Shop]:
    """The sample mall with its special people, and connectors with pages small enough that everybody needs several."""
    stores = mall_stores(database)
    mall = generate(24, TODAY, heavy_orders=40, heavy_searches=30)
    load(stores, mall)
    connection = psycopg.conninfo.conninfo_to_dict(database)
    reached = Database(lambda: connection)
    connectors: dict[str, Connector] = {}
    for store in load_data_map().stores:
        match store.rights.kind:
            case "dynamodb":
                connectors[store.fides_key] = DynamoConnector(store, stores.dynamodb, _fill, page_size=7)
            case "postgres":
                connectors[store.fides_key] = PostgresConnector(store, reached, page_size=7)
            case "objects":
                connectors[store.fides_key] = ObjectConnector(store, ExactS3(stores.s3), _fill, page_size=2)
            case "cognito":
                connectors[store.fides_key] = CognitoConnector(store, stores.cognito, boto3.client("ssm"))
    yield Shop(mall, stores, connectors)
    reached.close()


def _fill(text: str) -> str:
    return text.replace("${AccountId}", ACCOUNT)
