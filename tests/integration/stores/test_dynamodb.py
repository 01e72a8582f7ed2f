"""The DynamoDB connector against moto, at its edges."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rights.datamap import StoreMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.work import Counts, Disposition, Kept
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.contract import Record
from rights.stores.dynamodb import DynamoConnector
from tests.unit.stores.maps import ACCOUNT, CONSIGNEE, PHONE, collection, field, person, store

TODAY = "2025-11-22"
DISPUTE = {"field": "status", "equals": "open", "ground": 7, "period": "P1Y", "reason": "dispute", "source": "policy"}
BASE = {"table": "shop", "query_by": "account_id"}
BY_PHONE = {"table": "shop", "query_by": "phone", "index": "by-phone"}
FIELDS = (
    field("account_id", ACCOUNT, primary_key=True),
    field("item", primary_key=True),
    field("phone", PHONE),
    field("device", {"identifies": "shared"}),
    field("name", {"on_deletion": "constant", "constant": "-"}),
    field("address", {"on_deletion": "null"}),
    field("status"),
    field("tags"),
    field("secret", {"secret": True}),
)
SHOP = store(collection("things", *FIELDS, dynamodb=[BASE, BY_PHONE], retain_when=[DISPUTE]), kind="dynamodb")
ANONYMISED = store(collection("things", *FIELDS, dynamodb=[BASE], on_deletion="anonymise"), kind="dynamodb")
ME = person("acc-1")


class Table:
    """The table, and connectors to it."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("dynamodb")
        self.client.create_table(
            TableName="shop",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("account_id", "item", "phone")],
            KeySchema=[
                {"AttributeName": "account_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-phone",
                    "KeySchema": [{"AttributeName": "phone", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def connector(self, page_size: int = 3, shop: StoreMap = SHOP, client: Any = None) -> DynamoConnector:
        return DynamoConnector(shop, client or self.client, page_size=page_size)

    def put(self, account: str, item: str, **attributes: Any) -> None:
        extra = {name: value if isinstance(value, dict) else {"S": value} for name, value in attributes.items()}
        self.client.put_item(TableName="shop", Item={"account_id": {"S": account}, "item": {"S": item}} | extra)

    def items(self) -> list[dict[str, Any]]:
        return sorted(self.client.scan(TableName="shop")["Items"], key=lambda i: (i["account_id"]["S"], i["item"]["S"]))


@pytest.fixture
def table(aws: None) -> Table:
    return Table()


def read_all(connector: DynamoConnector, keys: KeySet = ME) -> list[list[Record]]:
    pages, after = [], None
    while True:
        page = connector.read_page("things", keys, after)
        pages.append(list(page.records))
        if (after := page.next) is None:
            return pages


def erase_all(connector: DynamoConnector, keys: KeySet = ME) -> Counts:
    done, after = Counts(), None
    while True:
        page = connector.plan_page("things", keys, after, TODAY)
        connector.apply_page("things", keys, page)
        connector.apply_page("things", keys, page)
        done += page.counts()
        if (after := page.next) is None:
            return done


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mine=st.sets(st.text("aក饭", min_size=1, max_size=3), max_size=9),
    more=st.sets(st.text("ab", min_size=1, max_size=2), max_size=4),
    size=st.integers(1, 4),
)
def test_pages_hold_every_item_of_every_account_once(table: Table, mine: set[str], more: set[str], size: int) -> None:
    for account, names in (("acc-1", mine), ("acc-2", more), ("acc-3", {"other"})):
        for name in names:
            table.put(account, name)
    keys, connector = person("acc-1", "acc-2"), table.connector(size)
    records = [(record["account_id"], record["item"]) for page in read_all(connector, keys) for record in page]
    assert sorted(records) == sorted([("acc-1", n) for n in mine] + [("acc-2", n) for n in more])
    assert connector.count(keys) == {"things": len(records)}
    assert erase_all(connector, keys).erased == len(records)
    assert connector.count(keys) == {"things": 0}
    assert [item["item"]["S"] for item in table.items()] == ["other"]


def test_records_are_plain_values_without_secrets(table: Table) -> None:
    attributes = {
        "tags": {"SS": ["b", "a"]},
        "name": "សុខា",
        "status": {"N": "3"},
        "secret": "x",
        "device": {"B": b"\x01"},
    }
    table.put("acc-1", "i", **attributes)
    assert read_all(table.connector()) == [
        [{"account_id": "acc-1", "item": "i", "tags": ["a", "b"], "name": "សុខា", "status": 3, "device": "AQ=="}]
    ]


def test_an_open_dispute_keeps_an_item_also_when_it_is_opened_after_the_plan(table: Table) -> None:
    table.put("acc-1", "kept", status="open")
    table.put("acc-1", "late", status="closed")
    connector = table.connector()
    page = connector.plan_page("things", ME, None, TODAY)
    assert page.counts() == Counts(found=2, erased=1, retained=1, kept=(Kept(7, "2026-11-22", 1, "dispute"),))
    table.put("acc-1", "late", status="open")
    connector.apply_page("things", ME, page)
    assert len(table.items()) == 2


@pytest.mark.parametrize("value", [{"S": "5"}, {"N": "5"}, {"BOOL": True}], ids=["text", "number", "boolean"])
def test_what_a_rule_names_keeps_an_item_whatever_type_it_has(table: Table, value: dict[str, Any]) -> None:
    [text] = value.values()
    rule = DISPUTE | {"equals": str(text)}
    shop = store(collection("things", *FIELDS, dynamodb=[BASE], retain_when=[rule]), kind="dynamodb")
    table.put("acc-1", "late", status="other")
    connector = table.connector(shop=shop)
    page = connector.plan_page("things", ME, None, TODAY)
    assert page.counts() == Counts(found=1, erased=1)
    table.put("acc-1", "late", status=value)
    connector.apply_page("things", ME, page)
    assert len(table.items()) == 1


def test_items_that_vanished_meanwhile_are_no_obstacle_and_do_not_come_back(table: Table) -> None:
    table.put("acc-1", "i", name="A")
    for shop in (SHOP, ANONYMISED):
        connector = table.connector(shop=shop)
        page = connector.plan_page("things", ME, None, TODAY)
        table.client.delete_item(TableName="shop", Key={"account_id": {"S": "acc-1"}, "item": {"S": "i"}})
        connector.apply_page("things", ME, page)
        assert table.items() == []
        table.put("acc-1", "i", name="A")


def test_anonymising_empties_the_named_fields_only_and_settles_the_item(table: Table) -> None:
    table.put("acc-1", "i", name="A", address="B", status="open", device="d")
    connector = table.connector(shop=ANONYMISED)
    assert erase_all(connector).anonymised == 1
    assert table.items() == [
        {
            n: {"S": v}
            for n, v in (("account_id", "acc-1"), ("item", "i"), ("name", "-"), ("status", "open"), ("device", "d"))
        }
    ]
    assert connector.plan_page("things", ME, None, TODAY).changes == []


def test_a_plan_for_somebody_else_changes_nothing(table: Table) -> None:
    table.put("acc-1", "i")
    connector = table.connector()
    page = connector.plan_page("things", ME, None, TODAY)
    connector.apply_page("things", person("acc-2"), page)
    assert len(table.items()) == 1


def test_a_phone_leads_over_the_index_to_the_account(table: Table) -> None:
    table.put("acc-1", "i", phone="+85510", device="d")
    table.put("acc-2", "i", phone="+85511", device="d")
    found = table.connector().locate(person(phone="+85510"))
    assert found == person("acc-1", phone="+85510")
    assert table.connector().recognise(Identifier(Kind.PHONE, "+85510"))
    assert not table.connector().recognise(Identifier(Kind.PHONE, "+85512"))
    assert not table.connector().recognise(Identifier(Kind.ACCOUNT, "acc-1"))


def test_a_phone_of_two_accounts_reaches_both_so_that_a_person_decides(table: Table) -> None:
    table.put("acc-1", "i", phone="+85510")
    table.put("acc-2", "i", phone="+85510")
    assert table.connector().locate(person(phone="+85510")).accounts == ("acc-1", "acc-2")


class Stale:
    """A client whose index has not heard yet that a phone has a new owner."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, name: str) -> Any:
        inner = self._client.get_paginator(name)

        class Pages:
            def paginate(self, **request: Any) -> Any:
                if "IndexName" in request:
                    return [{"Items": [{"account_id": {"S": "acc-1"}, "item": {"S": "i"}, "phone": {"S": "+85510"}}]}]
                return inner.paginate(**request)

        return Pages()


def test_a_stale_index_leads_nobody_to_the_former_owner_of_a_phone(table: Table) -> None:
    table.put("acc-1", "i", phone="+85599")
    connector = table.connector(client=Stale(table.client))
    assert connector.locate(person(phone="+85510")) == KeySet()
    assert not connector.recognise(Identifier(Kind.PHONE, "+85510"))


def test_without_an_account_nothing_is_reached(table: Table) -> None:
    table.put("acc-1", "i", phone="+85510")
    keys = person(phone="+85510")
    assert table.connector().count(keys) == {"things": 0}
    assert erase_all(table.connector(), keys) == Counts()


def test_a_collection_that_only_an_index_reaches_is_a_mistake_in_the_data_map(table: Table) -> None:
    only = store(collection("things", *FIELDS, field("c", CONSIGNEE), dynamodb=[BY_PHONE]), kind="dynamodb")
    with pytest.raises(DataMapError, match="index"):
        table.connector(shop=only).count(ME)


class Failing(Stale):
    """A client whose every call fails with a code, and a message that quotes a key."""

    def __init__(self, client: Any, code: str) -> None:
        super().__init__(client)
        self._code = code

    def _fail(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": self._code, "Message": "acc-1"}}, "Query")

    query = delete_item = update_item = _fail

    @property
    def exceptions(self) -> Any:
        return self._client.exceptions


@pytest.mark.parametrize(
    ("code", "ours"),
    [("ThrottlingException", StoreUnavailableError), ("AccessDeniedException", StoreRefusedError)],
)
def test_errors_are_told_apart_and_quote_nothing(table: Table, code: str, ours: type[Exception]) -> None:
    table.put("acc-1", "i")
    failing, working = table.connector(client=Failing(table.client, code)), table.connector()
    with pytest.raises(ours) as reading:
        failing.read_page("things", ME, None)
    with pytest.raises(ours) as writing:
        failing.apply_page("things", ME, working.plan_page("things", ME, None, TODAY))
    assert str(reading.value) == str(writing.value) == f"Query: {code}"


def test_a_missing_table_is_a_refusal(table: Table) -> None:
    table.client.delete_table(TableName="shop")
    with pytest.raises(StoreRefusedError, match="ResourceNotFoundException"):
        table.connector().count(ME)


def test_rows_are_judged_by_their_keys_and_only_if_they_are_still_the_persons(table: Table) -> None:
    for item, status in (("a", "closed"), ("b", "open"), ("vanished", "closed")):
        table.put("acc-1", item, status=status)
    table.put("acc-2", "c")
    connector = table.connector()
    keys = [change.key for change in connector.plan_page("things", person("acc-1", "acc-2"), None, TODAY).changes]
    keys += [change.key for change in connector.plan_page("things", person("acc-2"), None, TODAY).changes]
    table.client.delete_item(TableName="shop", Key={"account_id": {"S": "acc-1"}, "item": {"S": "vanished"}})
    page = connector.plan_rows("things", ME, keys, TODAY)
    assert page == connector.plan_page("things", ME, None, TODAY)
    assert [change.disposition for change in page.changes] == [Disposition.ERASE, Disposition.RETAIN]
    assert connector.plan_rows("things", ME, [], TODAY).changes == []


def test_an_anonymised_item_that_is_kept_until_a_date_rests_and_then_goes(table: Table) -> None:
    law = {"period": "P10Y", "counted_from": "tags", "ground": 11, "reason": "law", "source": "law"}
    shop = store(collection("things", *FIELDS, dynamodb=[BASE], retention=law, anonymise_kept=True), kind="dynamodb")
    table.put("acc-1", "a", tags="2025-01-01", name="x", address="y")
    connector = table.connector(shop=shop)
    connector.apply_page("things", ME, connector.plan_page("things", ME, None, TODAY))
    page = connector.plan_page("things", ME, None, TODAY)
    assert (page.changes, page.to_do) == ([], 0)
    [resting] = page.resting
    assert resting.kept == Kept(11, "2035-01-01", 1, "law")
    assert connector.plan_rows("things", ME, [resting.key], "2035-01-01").resting == [resting]
    due = connector.plan_rows("things", ME, [resting.key], "2035-01-02")
    assert [change.disposition for change in due.changes] == [Disposition.ERASE]
    connector.apply_page("things", ME, due)
    assert table.items() == []
