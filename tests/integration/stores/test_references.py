"""Rows that say of nobody whose they are, found by the orders they name, through three stores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

from rights.asking import Stores
from rights.datamap import DataMap, load_data_map
from rights.datamap.resolution import MOST_VALUES
from rights.domain.identity import KeySet
from rights.errors import DataMapError
from rights.sealing import Sealer
from rights.stores.contract import Connector
from rights.stores.database import Database
from rights.stores.dynamodb import DynamoConnector
from rights.stores.postgres import PostgresConnector
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.unit.stores.maps import person

TODAY = "2025-11-22"
RIGHTS = "controller: Shop, residency: KH, role_arn: 'arn:aws:iam::${AccountId}:role/shop'"
USE = "purpose: essential.service, legal_basis: contract"
MAP = f"""\
dataset:
  - fides_key: shop
    rights: {{kind: postgres, stage: 2, secret: shop, {RIGHTS}}}
    collections:
      - name: orders
        rights: {{{USE}}}
        data_categories: [user.unique_id]
        fields:
          - {{name: order_id, fides_meta: {{primary_key: true, references: [
              {{dataset: parcels, field: parcels.order_ref, direction: to}}]}}}}
          - {{name: account_id, rights: {{key: account_id, identifies: one}}}}
  - fides_key: parcels
    rights: {{kind: dynamodb, stage: 2, {RIGHTS}}}
    data_categories: [user.unique_id]
    collections:
      - name: parcels
        rights: {{{USE}, dynamodb: [{{table: parcels, query_by: order_ref}}]}}
        fields:
          - {{name: order_ref, fides_meta: {{primary_key: true}}, rights: {{identifies: one}}}}
          - {{name: number, fides_meta: {{primary_key: true}}}}
          - {{name: account_id, rights: {{key: account_id, identifies: one}}}}
          - name: stops
            fides_meta: {{data_type: 'object[]'}}
            fields: [{{name: scan}}]
      - name: scans
        rights: {{{USE}, dynamodb: [{{table: scans, query_by: scan}}]}}
        fields:
          - name: scan
            rights: {{identifies: one}}
            fides_meta:
              primary_key: true
              references: [{{dataset: parcels, field: parcels.stops.scan, direction: from}}]
  - fides_key: claims
    rights: {{kind: postgres, stage: 2, secret: shop, {RIGHTS}}}
    collections:
      - name: claims
        data_categories: [user.content.private]
        rights: {{{USE}}}
        fields:
          - {{name: claim_id, fides_meta: {{primary_key: true}}}}
          - name: scan
            rights: {{identifies: one}}
            fides_meta: {{references: [{{dataset: parcels, field: scans.scan}}]}}
          - {{name: phone, rights: {{key: phone, identifies: shared}}}}
"""
SCHEMA = """
CREATE TABLE orders (order_id bigint PRIMARY KEY, account_id text NOT NULL);
CREATE TABLE claims (claim_id int PRIMARY KEY, scan text, phone text);
INSERT INTO orders VALUES (1, 'me'), (2, 'me'), (3, 'other');
INSERT INTO claims VALUES (1, 'scan-1', '+1'), (2, 'scan-3', '+2'), (3, NULL, '+1');
"""


class World:
    """The stores, and the questions of a planner to them."""

    def __init__(self, folder: Path, dsn: str) -> None:
        (folder / "shop.yaml").write_text(MAP)
        self.map: DataMap = load_data_map(folder)
        self.dynamodb: Any = boto3.client("dynamodb")
        self.admin = psycopg.connect(dsn, autocommit=True)
        self.admin.execute(SCHEMA)
        secret = psycopg.conninfo.conninfo_to_dict(dsn)
        self.database = Database(lambda: secret)
        self.connectors: dict[str, Connector] = {
            store.fides_key: DynamoConnector(store, self.dynamodb, page_size=2)
            if store.rights.kind == "dynamodb"
            else PostgresConnector(store, self.database, page_size=2)
            for store in self.map.stores
        }
        kms: Any = boto3.client("kms")
        sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
        self.lambdas = Lambdas(self.connectors, sealer)
        self.planner = Stores(self.lambdas, FUNCTIONS, self.map, sealer)
        self._fill()

    def _fill(self) -> None:
        for table, keys in (("parcels", ("order_ref", "number")), ("scans", ("scan",))):
            kinds = zip(keys, ("HASH", "RANGE"), strict=False)
            self.dynamodb.create_table(
                TableName=table,
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
                KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
                BillingMode="PAY_PER_REQUEST",
            )
        self.parcel("1", "a", ["scan-1"])
        self.parcel("1", "b", ["scan-2", "scan-1"])
        self.parcel("3", "c", ["scan-3"])
        for number in (1, 2, 3):
            self.dynamodb.put_item(TableName="scans", Item={"scan": {"S": f"scan-{number}"}})

    def parcel(self, order: str, number: str, scans: list[str], **more: str) -> None:
        stops = {"L": [{"M": {"scan": {"S": scan}}} for scan in scans]}
        extra = {name: {"S": value} for name, value in more.items()}
        item = {"order_ref": {"S": order}, "number": {"S": number}, "stops": stops} | extra
        self.dynamodb.put_item(TableName="parcels", Item=item)

    def resolve(self, account: str) -> KeySet:
        return self.planner.resolve("request", {"account_id": account})

    def erase(self, keys: KeySet) -> None:
        for connector in self.connectors.values():
            for name in connector.collections():
                after = None
                while True:
                    page = connector.plan_page(name, keys, after, TODAY)
                    connector.apply_page(name, keys, page)
                    if (after := page.next) is None:
                        break

    def counts(self, keys: KeySet) -> dict[str, int]:
        return {name: n for c in self.connectors.values() for name, n in c.count(keys).items()}

    def all(self) -> dict[str, int]:
        tables = {name: self.dynamodb.scan(TableName=name)["Count"] for name in ("parcels", "scans")}
        rows = {name: self.admin.execute(f"SELECT * FROM {name}").rowcount for name in ("orders", "claims")}  # noqa: S608
        return tables | rows


@pytest.fixture
def world(aws: None, database: str, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, database)
    yield made
    made.database.close()
    made.admin.close()


def test_an_account_leads_to_its_orders_their_parcels_their_scans_and_the_claims_about_these(world: World) -> None:
    keys = world.resolve("me")
    assert keys.to_mapping() == {
        "account_id": ["me"],
        "shop.orders.order_id": ["1", "2"],
        "parcels.parcels.stops.scan": ["scan-1", "scan-2"],
        "parcels.scans.scan": ["scan-1", "scan-2"],
    }
    assert world.counts(keys) == {"orders": 2, "parcels": 2, "scans": 2, "claims": 1}


def test_who_has_no_order_has_nothing_anywhere(world: World) -> None:
    keys = world.resolve("nobody")
    assert keys == person("nobody")
    assert set(world.counts(keys).values()) == {0}


def test_an_erasure_reaches_what_refers_to_the_person_and_nothing_else(world: World) -> None:
    keys, others = world.resolve("me"), world.counts(world.resolve("other"))
    world.erase(keys)
    assert set(world.counts(keys).values()) == {0}
    assert world.counts(world.resolve("other")) == others == {"orders": 1, "parcels": 1, "scans": 1, "claims": 1}
    assert world.all() == {"parcels": 1, "scans": 1, "orders": 1, "claims": 2}


def test_a_row_of_another_account_that_names_my_order_is_not_mine_and_leads_nowhere(world: World) -> None:
    before = world.resolve("me")
    world.parcel("1", "planted", ["scan-3"], account_id="other")
    keys = world.resolve("me")
    assert keys == before
    assert world.counts(keys)["parcels"] == 2
    world.erase(keys)
    assert "planted" in {item["number"]["S"] for item in world.dynamodb.scan(TableName="parcels")["Items"]}


def test_too_many_orders_are_told_by_the_name_of_the_field_and_nothing_is_cut(world: World) -> None:
    world.admin.execute("INSERT INTO orders SELECT n, 'me' FROM generate_series(100, %s) n", [100 + MOST_VALUES - 3])
    assert len(world.resolve("me").of_field("shop.orders.order_id")) == MOST_VALUES
    world.admin.execute("INSERT INTO orders VALUES (99, 'me')")
    with pytest.raises(DataMapError, match=rf"shop\.orders\.order_id: more than {MOST_VALUES} values"):
        world.resolve("me")


def test_stores_are_asked_only_while_they_may_have_something_new_to_say(world: World) -> None:
    world.resolve("me")
    # The orders' numbers, their parcels' scans, then the scans' own rows; `claims` leads nowhere.
    assert world.lambdas.asked == ["shop", "parcels", "parcels"]
