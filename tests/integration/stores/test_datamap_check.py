"""`make datamap-check` over the sample mall: nothing to say of it as it is, and every change of a store is told."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.datamap.__main__ import check
from local.datamap.describe import DESCRIBERS, Places
from local.datamap.dynamodb import describe_dynamodb
from local.datamap.lake import describe_lake
from local.datamap.postgres import describe_postgres
from rights.datamap import load_data_map
from rights.datamap.compare import Column, compare
from rights.datamap.load import line_of
from tests.integration.stores.conftest import ACCOUNT, Shop
from tests.unit.stores.maps import collection, field, store

MARK = "Sok-Dara-0123456789"


@pytest.fixture
def places(shop: Shop) -> Places:
    def client(service: str) -> Any:
        return boto3.client(service)  # type: ignore[call-overload]

    found = Places(client, ACCOUNT, load_data_map())
    found.secrets["mall/orders"] = psycopg.conninfo.conninfo_to_dict(shop.stores.dsn)
    return found


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if ".yaml" in line and " note: " not in line]


def sql(shop: Shop, text: str) -> None:
    with psycopg.connect(shop.stores.dsn, autocommit=True) as connection:
        connection.execute(text)


def test_the_map_of_the_sample_mall_fits_it(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    only = ["accounts", "profiles", "risk", "orders", "support_tickets", "support", "login"]
    assert (check(places, None, only), told(capsys)) == (0, [])


def test_a_column_more_and_a_column_less_are_told_with_file_and_line(
    shop: Shop, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    sql(shop, "ALTER TABLE payments ADD COLUMN iban text; ALTER TABLE payments DROP COLUMN card_handle")
    assert check(places, None, ["orders"]) == 1
    table = line_of(None, store="orders", collection="payments")
    column = line_of(None, store="orders", collection="payments", field="card_handle")
    assert told(capsys) == [
        f"{column}: orders.payments.card_handle: in the map, and not in the store",
        f"{table}: orders.payments.iban: in the store, and not in the map",
    ]


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        ("ALTER TABLE consignees ALTER phone SET NOT NULL", "consignees.phone", "never empty in the store (NOT NULL)"),
        ("ALTER TABLE consignees ALTER name DROP NOT NULL, ALTER name TYPE bytea USING NULL", "consignees.name",
         "the constant of the map is of another type"),
        ("CREATE TABLE coupons (id int PRIMARY KEY)", "coupons", "in no collection of the map"),
        ("CREATE TABLE gifts (id int, order_id text REFERENCES orders)", "orders", "gifts.order_id, which is not in"),
        ("ALTER TABLE tickets ADD order_id text REFERENCES orders ON DELETE CASCADE", "orders", "goes unseen with its"),
        ("ALTER TABLE payments DROP CONSTRAINT payments_pkey, ADD PRIMARY KEY (order_id, payment_id)", "payments",
         "the primary key is (order_id, payment_id)"),
        ("ALTER TABLE after_sales RENAME TO returns", "after_sales", "in the map, and not in the store"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_of_an_erasure_is_told(  # noqa: PLR0917 - fixtures and a case
    shop: Shop, places: Places, capsys: pytest.CaptureFixture[str], change: str, place: str, problem: str
) -> None:
    sql(shop, change)
    assert check(places, None, ["orders"]) == 1
    lines = told(capsys)
    assert [line for line in lines if f"orders.{place}: " in line and problem in line], lines


def test_attributes_of_items_are_told_and_their_values_never(
    shop: Shop, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    table: Any = boto3.resource("dynamodb").Table("mall-accounts")
    table.put_item(Item={"account_id": MARK, "nickname": MARK, "points": "many", "security": {"pin": MARK}})
    boto3.resource("dynamodb").Table("mall-profiles").put_item(Item={"account_id": MARK, "item": f"WISH#{MARK}"})
    assert check(places, None, ["accounts", "profiles"]) == 1
    out = capsys.readouterr().out
    assert MARK not in out
    for piece in (
        "accounts.accounts.nickname: in the store, and not in the map",
        "accounts.accounts.security.pin: in the store, and not in the map",
        "accounts.accounts.points: integer in the map, and text in the store",
        "profiles: 1 of the items looked at in mall-profiles belong to no collection",
    ):
        assert piece in out


def test_files_and_users_beside_the_map_are_told_and_never_named(
    shop: Shop, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.stores.s3.put_object(Bucket=shop.stores.bucket, Key=f"old/{MARK}.txt", Body=b"x")
    shop.stores.cognito.admin_update_user_attributes(
        UserPoolId=shop.stores.user_pool,
        Username=shop.mall.special("run").account_id,
        UserAttributes=[{"Name": "nickname", "Value": MARK}],
    )
    assert check(places, None, ["support", "login"]) == 1
    out = capsys.readouterr().out
    assert MARK not in out
    assert "keys looked at in mall-support-123456789012 lie under no prefix of the map" in out
    assert "login.users.nickname: in the store, and not in the map" in out


def test_a_store_that_is_not_reached_is_no_store_that_fits(
    shop: Shop, places: Places, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": MARK}}, "DescribeTable")

    monkeypatch.setitem(DESCRIBERS, "dynamodb", refused)
    places.secrets["mall/orders"] = {**places.secrets["mall/orders"], "password": "wrong"}
    assert check(places, None, ["risk", "orders"]) == 2
    out = capsys.readouterr().out
    assert "risk: not reached: DescribeTable: AccessDeniedException" in out
    assert "orders: not reached: OperationalError" in out
    assert MARK not in out


def test_a_table_that_is_gone_and_an_index_that_is_another_are_told(aws: None) -> None:
    fields = (field("account_id", {"key": "account_id", "identifies": "one"}, primary_key=True), field("at"))
    shop = store(
        collection("signals", *fields, dynamodb=[{"table": "mall-risk", "query_by": "account_id"},
                                                {"table": "mall-risk", "query_by": "at", "index": "by-at"}]),
        collection("gone", *fields, dynamodb=[{"table": "mall-gone", "query_by": "account_id"}]),
        kind="dynamodb",
    )  # fmt: skip
    found = describe_dynamodb(shop, boto3.client("dynamodb"), str)
    assert found.shapes["signals"].troubles == ("the table has no index by-at",)
    problems = {(f.collection, f.problem) for f in compare(shop, found, datetime.now(UTC).date())}
    assert ("gone", "in the map, and not in the store") in problems
    assert ("signals", "the primary key is (account_id, item)") in problems


def test_types_lengths_and_orders_of_keys_are_read_from_the_catalogue(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE DOMAIN code AS varchar(9) NOT NULL; CREATE TYPE mood AS ENUM ('ok');"
            "CREATE TABLE things (b int, a text, c code, v varchar(12), f char(3), n numeric(9, 2), o boolean, d date,"
            " t timestamptz, u uuid, j jsonb, l text[], y bytea, m mood, i inet, PRIMARY KEY (a, b))"
            " PARTITION BY LIST (a);"
            "CREATE TABLE things_x PARTITION OF things FOR VALUES IN ('x'); CREATE VIEW seen AS SELECT a FROM things"
        )
    shop = store(collection("things", field("a", {"key": "account_id", "identifies": "one"}, primary_key=True)))
    found = describe_postgres(shop, psycopg.conninfo.conninfo_to_dict(database), [shop])
    things = found.shapes["things"]
    assert things.key == ("a", "b")
    assert found.unmapped == ()
    kinds = {c.name: next(iter(c.families), "") for c in things.columns}
    assert kinds == {
        "b": "number", "a": "text", "c": "text", "v": "text", "f": "text", "n": "number", "o": "boolean", "d": "date",
        "t": "datetime", "u": "text", "j": "", "l": "list", "y": "bytes", "m": "text", "i": "text",
    }  # fmt: skip
    limits = {c.name: (c.length, c.nullable) for c in things.columns}
    assert (limits["v"], limits["f"], limits["a"], limits["c"][1]) == ((12, True), (3, True), (None, False), False)


def test_a_lake_tells_of_parquet_by_its_schema_and_of_lines_by_their_keys(aws: None, tmp_path: Path) -> None:
    s3: Any = boto3.client("s3")
    row = {"account_id": [MARK], "n": [1], "at": [datetime(2026, 1, 1, tzinfo=UTC)], "geo": [{"lat": 1.5}]}
    pq.write_table(pa.table(row), tmp_path / "x.parquet")
    s3.put_object(Bucket="package", Key="p/dt=1/x.parquet", Body=(tmp_path / "x.parquet").read_bytes())
    s3.put_object(Bucket="package", Key="p/_SUCCESS", Body=b"not data")
    lines = b'{"account_id": "%s", "n": 1}\n\n{"geo": {"lat": 2}, "n": "one"}\n' % MARK.encode()
    s3.put_object(Bucket="package", Key="j/x.jsonl.gz", Body=gzip.compress(lines))
    s3.put_bucket_versioning(Bucket="package", VersioningConfiguration={"Status": "Enabled"})

    class Lake:
        """A collection that says under `lake` where it lies."""

        def __init__(self, name: str, **access: Any) -> None:
            self.name, self.rights, self._access = name, self, access

        def model_dump(self) -> dict[str, Any]:
            return {"lake": {"bucket": "package", **self._access}}

    shop: Any = type("Store", (), {})()
    shop.collections = [
        Lake("parquet", prefix="p/", format="parquet", partition=("dt",)),
        Lake("lines", prefix="j/", format="jsonl", partition=()),
        Lake("nothing", prefix="none/", format="jsonl", partition=()),
    ]
    found = describe_lake(shop, s3, str).shapes
    assert {c.name: c.families for c in found["parquet"].columns} == {
        "account_id": {"text"}, "n": {"number"}, "at": {"datetime"}, "geo": {"object"}, "geo.lat": {"number"},
        "dt": set(),
    }  # fmt: skip
    assert Column("n", frozenset({"number", "text"})) in found["lines"].columns
    assert (found["lines"].sampled, found["nothing"].sampled, found["parquet"].sampled) == (2, 0, None)
