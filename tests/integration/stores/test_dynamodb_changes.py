"""Collections by prefix, corrections, flags and facts in DynamoDB, at their edges."""

from typing import Any

import boto3
import pytest

from rights.domain.work import Counts
from rights.stores.contract import Seen
from rights.stores.dynamodb import DynamoConnector
from tests.unit.stores.maps import ACCOUNT, PHONE, collection, field, person, store

TODAY = "2025-11-22"
NOW = "2025-11-22T05:00:00.000000Z"
CONSENT = {"purposes": ["marketing"], "row": "CONSENT#marketing", "set": {"granted": False, "n": 1}, "stamp": "at"}
EVERY = {"purposes": ["all"], "set": {"restricted": True}, "stamp": "at"}
FIELDS = (
    field("account_id", ACCOUNT, primary_key=True),
    field("item", primary_key=True),
    field("owner", ACCOUNT),
    field("phone", PHONE | {"correction": "phone"}),
    field("name", {"correction": "name"}),
    field("born", {"correction": "birth_date", "fact": "birth_date"}, data_type="date"),
    field("size", {"correction": "language"}, data_type="integer"),
    field("granted"),
    field("n"),
    field("restricted"),
    field("at"),
)


def of_prefix(name: str, prefix: str, **rights: Any) -> dict[str, Any]:
    access = {"table": "shop", "query_by": "account_id", "item_prefix": prefix}
    return collection(name, *FIELDS, dynamodb=[access], **rights)


SHOP = store(
    of_prefix("notes", "NOTE#", flags=[EVERY]),
    of_prefix("searches", "SEARCH#"),
    of_prefix("consents", "CONSENT#", flags=[CONSENT]),
    kind="dynamodb",
)
ME = person("acc-1")


class Table:
    """The table, and a connector to it with small pages."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("dynamodb")
        self.client.create_table(
            TableName="shop",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("account_id", "item")],
            KeySchema=[
                {"AttributeName": "account_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.connector = DynamoConnector(SHOP, self.client, page_size=2)

    def put(self, account: str, item: str, **attributes: Any) -> None:
        extra = {name: value if isinstance(value, dict) else {"S": value} for name, value in attributes.items()}
        self.client.put_item(TableName="shop", Item={"account_id": {"S": account}, "item": {"S": item}} | extra)

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(i["account_id"]["S"], i["item"]["S"]): i for i in self.client.scan(TableName="shop")["Items"]}

    def correct(self, seen: Seen, value: str) -> str:
        return self.connector.correct(seen.collection, ME, seen.key, seen.field, seen.value, value)


@pytest.fixture
def table(aws: None) -> Table:
    made = Table()
    for number in range(5):
        made.put("acc-1", f"NOTE#{number}", name="Sok Dara")
        made.put("acc-1", f"SEARCH#{number}", name="Sok Dara")
    made.put("acc-2", "NOTE#1", name="Sok Dara")
    return made


def test_collections_of_one_table_share_no_item(table: Table) -> None:
    connector = table.connector
    assert connector.count(ME) == {"notes": 5, "searches": 5, "consents": 0}
    assert len({record["item"] for record in connector.read_page("notes", ME, None).records}) == 2
    while (page := connector.plan_page("searches", ME, None, TODAY)).changes:
        connector.apply_page("searches", ME, page)
    assert connector.count(ME) == {"notes": 5, "searches": 0, "consents": 0}
    assert len(table.items()) == 6


def test_a_row_of_another_collection_of_the_table_is_none_of_this_one(table: Table) -> None:
    keys = [change.key for change in table.connector.plan_page("searches", ME, None, TODAY).changes]
    assert table.connector.plan_rows("notes", ME, keys, TODAY).counts() == Counts()
    assert table.connector.plan_rows("searches", ME, keys, TODAY).counts() == Counts(found=2, erased=2)


def test_every_copy_is_seen_once_whatever_the_size_of_a_page(table: Table) -> None:
    seen = table.connector.seen(ME, ["name"])
    assert len(seen) == len({one.place for one in seen}) == 10
    assert {one.value for one in seen} == {"Sok Dara"}
    assert table.connector.seen(ME, ["phone"]) == table.connector.seen(person(phone="+85510"), ["name"]) == []


def test_a_correction_is_conditional_on_the_value_seen_and_may_run_twice(table: Table) -> None:
    first, second, *_ = table.connector.seen(ME, ["name"])
    table.put("acc-1", second.key["item"]["S"], name="Married Name")
    before = table.items()
    assert [table.correct(first, "Sok Darith") for _ in range(2)] == ["corrected", "corrected"]
    assert table.correct(second, "Sok Darith") == "conflict"
    after = table.items()
    assert {key for key in after if after[key] != before[key]} == {("acc-1", first.key["item"]["S"])}


def test_a_row_that_is_gone_is_not_made_again_by_a_correction(table: Table) -> None:
    seen = table.connector.seen(ME, ["name"])[0]
    table.client.delete_item(TableName="shop", Key=seen.key)
    before = table.items()
    assert table.correct(seen, "X") == "gone"
    assert table.items() == before


def test_a_row_that_has_become_somebody_elses_is_not_corrected(table: Table) -> None:
    seen = table.connector.seen(ME, ["name"])[0]
    table.put("acc-1", seen.key["item"]["S"], name="Sok Dara", owner="acc-2")
    assert table.correct(seen, "X") == "gone"
    others = Seen("notes", {"account_id": {"S": "acc-2"}, "item": {"S": "NOTE#1"}}, "name", "name", "Sok Dara")
    assert table.correct(others, "X") == "gone"
    assert table.connector.correct("notes", person(phone="+8551"), seen.key, "name", "Sok Dara", "X") == "gone"


@pytest.mark.parametrize(("name", "value"), [("born", "in spring"), ("born", ""), ("size", "large"), ("name", " ")])
def test_what_a_field_cannot_hold_is_a_conflict(table: Table, name: str, value: str) -> None:
    table.put("acc-1", "NOTE#9", born="1990-01-01", size={"N": "3"}, name="x")
    row = Seen("notes", {"account_id": {"S": "acc-1"}, "item": {"S": "NOTE#9"}}, name, "s", "whatever")
    before = table.items()
    assert table.correct(row, value) == "conflict"
    assert table.items() == before


def test_a_number_stays_a_number(table: Table) -> None:
    table.put("acc-1", "NOTE#9", size={"N": "3"})
    [seen] = table.connector.seen(ME, ["language"])
    assert (seen.value, table.correct(seen, "4")) == (3, "corrected")
    assert table.items()["acc-1", "NOTE#9"]["size"] == {"N": "4"}


def test_a_consent_is_put_on_record_as_refused_and_a_second_time_keeps_its_date(table: Table) -> None:
    flags = table.connector.flags("consents", ["marketing", "location"])
    assert table.connector.unflagged("consents", ME, flags) == 1
    assert [table.connector.restrict("consents", ME, flags, at) for at in (NOW, "2026-01-01")] == [1, 1]
    assert table.connector.unflagged("consents", ME, flags) == 0
    assert table.items()["acc-1", "CONSENT#marketing"] == {
        "account_id": {"S": "acc-1"}, "item": {"S": "CONSENT#marketing"}, "granted": {"BOOL": False}, "n": {"N": "1"},
        "at": {"S": NOW},
    }  # fmt: skip
    table.put("acc-1", "CONSENT#marketing", granted={"BOOL": True}, n={"N": "1"}, at="2024-01-01", name="kept")
    assert table.connector.restrict("consents", ME, flags, NOW) == 1
    item = table.items()["acc-1", "CONSENT#marketing"]
    assert (item["granted"], item["at"], item["name"]) == ({"BOOL": False}, {"S": NOW}, {"S": "kept"})


def test_a_flag_of_every_record_stands_on_the_persons_and_on_no_others(table: Table) -> None:
    flags = table.connector.flags("notes", ["all"])
    assert table.connector.restrict("notes", ME, flags, NOW) == 5
    assert table.connector.unflagged("notes", ME, flags) == 0
    flagged = {key for key, item in table.items().items() if "restricted" in item}
    assert flagged == {("acc-1", f"NOTE#{number}") for number in range(5)}


def test_without_an_account_no_flag_is_set_anywhere(table: Table) -> None:
    before, keys = table.items(), person(phone="+85510")
    for name, purpose in (("consents", "marketing"), ("notes", "all")):
        flags = table.connector.flags(name, [purpose])
        assert table.connector.restrict(name, keys, flags, NOW) == 0
        assert table.connector.unflagged(name, keys, flags) == 0
    assert table.items() == before


def test_facts_are_told_of_every_collection(table: Table) -> None:
    table.put("acc-1", "NOTE#9", born="2015-01-31")
    assert table.connector.facts(ME) == [("birth_date", "2015-01-31", False)]
