"""Anonymising with hashes and within fields, in DynamoDB and PostgreSQL: twice, and beside a live writer."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import psycopg
import pytest

from rights.datamap import StoreMap
from rights.datamap.check_fields import HASHED_LENGTH
from rights.stores.contract import Connector
from rights.stores.database import Database
from rights.stores.dynamodb import DynamoConnector
from rights.stores.postgres import PostgresConnector
from tests.unit.stores.maps import ACCOUNT, collection, field, person, store

TODAY = "2025-11-22"
ME = person("me")
KEYED, PLAIN = re.compile("anon-k-[0-9a-f]{32}"), re.compile("anon-h-[0-9a-f]{32}")


def nested(name: str, kind: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "data_categories": ["user"], "fides_meta": {"data_type": kind}, "fields": list(fields)}


FIELDS = (
    field("visit", primary_key=True),
    field("phone", {"on_deletion": "keyed_hash"}),
    field("cookie", {"on_deletion": "hash"}),
    field("name", {"on_deletion": "constant", "constant": "-"}),
    field("note", {"on_deletion": "null"}),
    field("page"),
)
ITEMS = store(
    collection(
        "visits",
        field("account_id", ACCOUNT, primary_key=True),
        *FIELDS,
        nested("address", "object", field("street", {"on_deletion": "null"}), field("city")),
        nested(
            "contacts",
            "object[]",
            field("phone", {"on_deletion": "keyed_hash"}),
            field("kind"),
            nested("at", "object[]", field("street", {"on_deletion": "constant", "constant": "?"})),
        ),
        field("tags", {"on_deletion": "hash"}),
        dynamodb=[{"table": "visits", "query_by": "account_id"}],
        on_deletion="anonymise",
    ),
    kind="dynamodb",
)
ROWS = store(collection("visits", *FIELDS, field("account_id", ACCOUNT), on_deletion="anonymise"))


def erase(connector: Connector) -> int:
    """A whole erasure, each page applied twice as after a kill; how many rows it counts."""
    done, after = 0, None
    while True:
        page = connector.plan_page("visits", ME, after, TODAY)
        connector.apply_page("visits", ME, page)
        connector.apply_page("visits", ME, page)
        done += page.counts().anonymised
        if (after := page.next) is None:
            return done


class Items:
    """A table of visits."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("dynamodb")
        self.client.create_table(
            TableName="visits",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("account_id", "visit")],
            KeySchema=[
                {"AttributeName": "account_id", "KeyType": "HASH"},
                {"AttributeName": "visit", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table = boto3.resource("dynamodb").Table("visits")

    def put(self, visit: str, **attributes: Any) -> None:
        self.table.put_item(Item={"account_id": "me", "visit": visit} | attributes)

    def get(self, visit: str) -> dict[str, Any]:
        return self.table.get_item(Key={"account_id": "me", "visit": visit})["Item"]

    def connector(self, shop: StoreMap = ITEMS, client: Any = None) -> DynamoConnector:
        return DynamoConnector(shop, client or self.client, page_size=2)


@pytest.fixture
def items(aws: None) -> Items:
    return Items()


FULL: dict[str, Any] = {
    "phone": "+85510",
    "cookie": "c-1",
    "name": "Sok Dara",
    "note": "hello",
    "page": "/cart",
    "address": {"street": "1", "city": "PP"},
    "contacts": [
        {"phone": "+1", "kind": "home", "at": [{"street": "x"}, {"floor": 2}]},
        "not an object",
        {"kind": "none"},
        {"phone": "+1", "other": "kept"},
    ],
    "tags": {"a", "b"},
}


def test_an_item_is_anonymised_to_its_innermost_field_and_what_has_no_rule_stays(items: Items) -> None:
    items.put("1", **FULL)
    assert erase(items.connector()) == 1
    item = items.get("1")
    assert KEYED.fullmatch(item["phone"])
    assert item["cookie"] == f"anon-h-{hashlib.sha256(b'c-1').hexdigest()[:32]}"
    assert (item["name"], item["page"], "note" in item) == ("-", "/cart", False)
    assert item["address"] == {"city": "PP"}
    home, text, none, other = item["contacts"]
    assert (text, none) == ("not an object", {"kind": "none"})
    assert home == {"phone": other["phone"], "kind": "home", "at": [{"street": "?"}, {"floor": 2}]}
    assert KEYED.fullmatch(other.pop("phone"))
    assert other == {"other": "kept"}
    assert {PLAIN.fullmatch(tag) is not None for tag in item["tags"]} == {True}


def test_an_anonymised_item_is_settled_and_stays_as_it_is(items: Items) -> None:
    items.put("1", **FULL)
    erase(items.connector())
    before = items.get("1")
    assert items.connector().plan_page("visits", ME, None, TODAY).changes == []
    assert erase(items.connector()) == 0
    assert items.get("1") == before


def test_a_keyed_hash_is_made_anew_for_each_item_so_that_nobody_can_compute_it(items: Items) -> None:
    for visit in ("1", "2"):
        items.put(visit, phone="+85510")
    erase(items.connector())
    assert items.get("1")["phone"] != items.get("2")["phone"]
    guess = hashlib.sha256(b"+85510").hexdigest()[:32]
    assert guess not in {items.get("1")["phone"][7:], items.get("2")["phone"][7:]}


class Meanwhile:
    """A client beside which somebody writes once, just before an item is updated."""

    def __init__(self, client: Any, write: Callable[[], None]) -> None:
        self._client = client
        self._write: list[Callable[[], None]] = [write]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        if self._write:
            self._write.pop()()
        return self._client.update_item(**request)


def test_what_a_live_writer_changed_meanwhile_is_not_overwritten_and_found_by_reading_back(items: Items) -> None:
    items.put("1", **FULL)
    changed = FULL | {"contacts": [{"phone": "+2", "kind": "new"}]}
    connector = items.connector(client=Meanwhile(items.client, lambda: items.put("1", **changed)))
    page = connector.plan_page("visits", ME, None, TODAY)
    connector.apply_page("visits", ME, page)
    assert items.get("1")["contacts"] == [{"phone": "+2", "kind": "new"}]
    assert connector.plan_page("visits", ME, None, TODAY).to_do == 1
    erase(connector)
    assert KEYED.fullmatch(items.get("1")["contacts"][0]["phone"])


def test_a_long_list_is_anonymised_in_several_updates(items: Items) -> None:
    items.put("1", contacts=[{"phone": f"+{n}", "kind": "k" * 50} for n in range(250)])
    assert erase(items.connector()) == 1
    item = items.get("1")
    assert all(KEYED.fullmatch(contact["phone"]) for contact in item["contacts"])
    assert item["name"] == "-"
    assert items.connector().plan_page("visits", ME, None, TODAY).changes == []


def test_what_is_masked_in_an_export_is_masked_in_every_object_of_a_list(items: Items) -> None:
    shop = store(
        collection(
            "visits",
            field("account_id", ACCOUNT, primary_key=True),
            field("visit", primary_key=True),
            nested("contacts", "object[]", field("phone", {"third_party": True}), field("pin", {"secret": True})),
            dynamodb=[{"table": "visits", "query_by": "account_id"}],
        ),
        kind="dynamodb",
    )
    items.put("1", contacts=[{"phone": "+1", "pin": "0"}, {"phone": "+2", "kind": "x"}, "text"])
    [record] = items.connector(shop).read_page("visits", ME, None).records
    assert record["contacts"] == [{"phone": "***"}, {"phone": "***", "kind": "x"}, "text"]


class Rows:
    """A table of visits in PostgreSQL."""

    def __init__(self, dsn: str) -> None:
        self.admin = psycopg.connect(dsn, autocommit=True)
        self.admin.execute(
            "CREATE TABLE visits (visit int PRIMARY KEY, account_id text NOT NULL, phone varchar(40) UNIQUE, "
            "cookie text, name text NOT NULL, note text, page text)"
        )
        secret = psycopg.conninfo.conninfo_to_dict(dsn)
        self.database = Database(lambda: secret)

    def put(self, visit: int, phone: str | None, cookie: str | None = "c-1") -> None:
        self.admin.execute(
            "INSERT INTO visits VALUES (%s, 'me', %s, %s, 'Sok Dara', 'hello', '/cart')", [visit, phone, cookie]
        )

    def all(self) -> list[tuple[Any, ...]]:
        return self.admin.execute("SELECT phone, cookie, name, note, page FROM visits ORDER BY visit").fetchall()

    def connector(self) -> PostgresConnector:
        return PostgresConnector(ROWS, self.database, page_size=2)


@pytest.fixture
def rows(database: str) -> Iterator[Rows]:
    made = Rows(database)
    yield made
    made.database.close()
    made.admin.close()


def test_rows_are_hashed_by_the_server_once_and_stay_unique(rows: Rows) -> None:
    for visit, phone in enumerate(("+85510", "+85511", "+85512", None)):
        rows.put(visit, phone)
    assert erase(rows.connector()) == 4
    done = rows.all()
    phones = [phone for phone, *_ in done]
    assert len({*phones}) == 4
    assert all(phone is None or KEYED.fullmatch(phone) for phone in phones)
    assert {cookie for _, cookie, *_ in done} == {f"anon-h-{hashlib.sha256(b'c-1').hexdigest()[:32]}"}
    assert {tuple(row[2:]) for row in done} == {("-", None, "/cart")}
    assert rows.connector().plan_page("visits", ME, None, TODAY).changes == []
    assert erase(rows.connector()) == 0
    assert rows.all() == done


def test_a_row_that_is_half_anonymised_keeps_what_it_has_and_gets_the_rest(rows: Rows) -> None:
    hashed = f"anon-k-{'0' * 32}"
    rows.put(1, hashed)
    assert erase(rows.connector()) == 1
    assert rows.all()[0][0] == hashed
    assert len(hashed) == HASHED_LENGTH


def test_the_server_makes_the_same_hmac_as_we_would(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    key = b"k" * 32
    monkeypatch.setattr("rights.stores.sql.new_key", lambda: key)
    rows.put(1, "+855១២")
    erase(rows.connector())
    made = hashlib.new("sha256")  # HMAC as RFC 2104 writes it
    inner, outer = (bytes(b ^ pad for b in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    made.update(outer + hashlib.sha256(inner + "+855១២".encode()).digest())
    assert rows.all()[0][0] == f"anon-k-{made.hexdigest()[:32]}"


def test_columns_that_the_server_fills_up_with_blanks_are_settled_too(rows: Rows) -> None:
    rows.admin.execute("ALTER TABLE visits ALTER phone TYPE char(45), ALTER name TYPE char(10)")
    rows.put(1, "+85510")
    assert erase(rows.connector()) == 1
    done = rows.all()
    assert (KEYED.fullmatch(done[0][0].rstrip()) is not None, done[0][2].rstrip()) == (True, "-")
    assert rows.connector().plan_page("visits", ME, None, TODAY).to_do == 0
    assert erase(rows.connector()) == 0
    rows.admin.execute("UPDATE visits SET note = 'again'")
    assert erase(rows.connector()) == 1
    assert rows.all() == done
