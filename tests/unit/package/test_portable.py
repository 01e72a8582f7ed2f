"""A portability's package: every collection as JSON and as CSV, the same values in both, and a schema true of both."""

import csv
import hashlib
import io
import json
from typing import Any

import jsonschema
import pytest

from rights.domain.rights import Right
from rights.errors import PackageIncompleteError
from rights.portable import Shape, to_csv
from tests.unit.package.exports import Memory, a_request, a_task, data_map, exported, made
from tests.unit.stores import maps

ORDERS = maps.collection(
    "orders",
    maps.field("order_id", primary_key=True, data_type="string"),
    maps.field("buyer", maps.ACCOUNT) | {"description": "Who ordered."},
    maps.field("total"),
    maps.field("address") | {"fields": [maps.field("city"), maps.field("code", {"secret": True})]},
    maps.field("password", {"secret": True}),
)
FIRST: dict[str, Any] = {"order_id": "o1", "buyer": "a1", "total": "12.50", "address": {"city": "ភ្នំពេញ"}}
SECOND: dict[str, Any] = {"order_id": "o2", "buyer": None, "total": 3}
STORES = data_map(ORDERS)
PAGES = {"shop/orders/000000.jsonl": [FIRST], "shop/orders/000001.jsonl": [SECOND]}


def package(right: Right = Right.PORTABILITY) -> dict[str, bytes]:
    return made(Memory(PAGES), [exported(orders=2)], STORES, a_request(right))


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_portability_holds_json_csv_a_schema_and_the_hash_of_each() -> None:
    files = package()
    data = {"data/shop/orders.json", "data/shop/orders.csv"}
    names = {"index.html", "pages/shop.html", *data, "schema.json", "manifest.json"}
    assert set(files) == names
    hashes = {n: hashlib.sha256(content).hexdigest() for n, content in files.items() if n != "manifest.json"}
    assert json.loads(files["manifest.json"])["sha256"] == hashes
    for name in ("schema.json", "manifest.json"):
        assert name.encode() in files["index.html"]
    assert b"../data/shop/orders.csv" in files["pages/shop.html"]


def test_an_access_keeps_what_it_had() -> None:
    files = package(Right.ACCESS)
    assert set(files) == {"index.html", "pages/shop.html", "data/shop/orders.json", "manifest.json"}
    assert b"csv" not in files["index.html"].lower()
    assert b">csv<" not in files["pages/shop.html"].lower()


def test_json_and_csv_say_the_same() -> None:
    files = package()
    records = json.loads(files["data/shop/orders.json"])
    assert records == [FIRST, SECOND]
    header, *rows = table(files["data/shop/orders.csv"])
    assert header == ["order_id", "buyer", "total", "address"]
    assert rows == [["o1", "a1", "12.50", '{"city":"ភ្នំពេញ"}'], ["o2", "", "3", ""]]


def test_the_table_is_what_rfc_4180_says() -> None:
    shape = Shape(maps.one(ORDERS))
    content = b"".join(to_csv([FIRST, SECOND], shape.columns))
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.decode() == (
        '"order_id","buyer","total","address"\r\n"o1","a1","12.50","{""city"":""ភ្នំពេញ""}"\r\n"o2",,3,\r\n'
    )


@pytest.mark.parametrize(
    "value",
    ['=HYPERLINK("http://x")', "+855 12", "-1", "@cmd", "a,b", 'say "hi"', "two\nlines", "two\r\nlines", " edges ", "",
     "នាង 安娜 😀", "\u200b", "\x00", "true", "'", ";"],
)  # fmt: skip
def test_a_text_comes_out_of_the_table_exactly_as_it_went_in(value: str) -> None:
    assert table(b"".join(to_csv([{"x": value}], ["x"]))) == [["x"], [value]]


@pytest.mark.parametrize("value", [True, False, 0, -7, 2**70, 1.5, 1e300, [], [1, "ក", None], {"a": {"b": [True]}}])
def test_every_other_value_is_its_json_text(value: object) -> None:
    [_, [cell]] = table(b"".join(to_csv([{"x": value}], ["x"])))
    assert json.loads(cell) == value
    assert type(json.loads(cell)) is type(value)


def test_an_empty_text_and_no_value_can_be_told_apart() -> None:
    lines = list(to_csv([{"x": "", "y": None}, {"x": None, "y": ""}], ["x", "y"]))
    assert lines[1:] == [b'"",\r\n', b',""\r\n']


def test_the_schema_is_true_of_every_record_and_names_its_standard() -> None:
    files = package()
    schema = json.loads(files["schema.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema | {"$ref": "#/$defs/shop.orders"})
    for record in json.loads(files["data/shop/orders.json"]):
        validator.validate(record)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(FIRST | {"total": [1]})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(FIRST | {"more": 1})


def test_the_schema_tells_types_meaning_and_categories_of_each_field_and_the_columns() -> None:
    described = json.loads(package()["schema.json"])["$defs"]["shop.orders"]
    assert described["title"] == "Shop: orders"
    assert described["x-csv"] == {"path": "data/shop/orders.csv", "columns": ["order_id", "buyer", "total", "address"]}
    assert (described["x-json"], described["x-records"]) == ("data/shop/orders.json", 2)
    assert described["x-primary-key"] == ["order_id"]
    fields = described["properties"]
    assert fields["order_id"]["type"] == ["null", "string"]
    assert fields["total"]["type"] == ["integer", "null", "string"]
    assert fields["buyer"]["description"] == "Who ordered."
    assert all(field["x-data-categories"] == ["user"] for field in fields.values())
    assert list(fields["address"]["properties"]) == ["city"]


def test_no_secret_field_is_a_column_or_is_described() -> None:
    files = package()
    assert b"password" not in files["schema.json"] + files["data/shop/orders.csv"]


def test_a_field_that_points_elsewhere_says_where() -> None:
    items = maps.collection("items", maps.field("order", refers="orders.order_id"))
    parts = Memory({"shop/items/000000.jsonl": [{"order": "o1"}]})
    files = made(parts, [exported(items=1)], data_map(ORDERS, items))
    fields = json.loads(files["schema.json"])["$defs"]["shop.items"]["properties"]
    assert fields["order"]["x-references"] == ["shop.orders.order_id"]


def test_a_masked_number_is_text_and_the_schema_says_so() -> None:
    ages = maps.collection("ages", maps.field("age", {"third_party": True}, data_type="integer"))
    parts = Memory({"shop/ages/000000.jsonl": [{"age": "***"}]})
    files = made(parts, [exported(ages=1)], data_map(ages))
    assert json.loads(files["schema.json"])["$defs"]["shop.ages"]["properties"]["age"]["type"] == [
        "integer", "null", "string",
    ]  # fmt: skip


def test_what_only_records_have_is_a_column_too_and_files_lie_beside_them() -> None:
    note = {"path": "files/000000-a.txt", "size": 2, "sha256": "x"}
    parts = Memory(
        {"shop/orders/000000.jsonl": [FIRST | {"files": [note], "extra": 1.5}]},
        {"shop/orders/files/000000-a.txt": b"hi"},
    )
    files = made(parts, [exported(orders=1)], STORES)
    assert files["data/shop/orders/files/000000-a.txt"] == b"hi"
    header, row = table(files["data/shop/orders.csv"])
    assert header[-2:] == ["extra", "files"]
    assert (row[-2], json.loads(row[-1])) == ("1.5", [note])
    schema = json.loads(files["schema.json"])
    fields = schema["$defs"]["shop.orders"]["properties"]
    assert fields["extra"]["type"] == ["null", "number"]
    assert fields["files"]["items"]["properties"].keys() >= note.keys()
    record = json.loads(files["data/shop/orders.json"])[0]
    jsonschema.Draft202012Validator(schema | {"$ref": "#/$defs/shop.orders"}).validate(record)


def test_a_collection_without_records_is_an_empty_list_and_a_lonely_header() -> None:
    files = made(Memory({}), [exported(orders=0)], STORES)
    assert json.loads(files["data/shop/orders.json"]) == []
    assert table(files["data/shop/orders.csv"]) == [["order_id", "buyer", "total", "address"]]


def test_a_package_whose_pages_are_not_all_there_is_not_made() -> None:
    with pytest.raises(PackageIncompleteError):
        made(Memory(PAGES), [exported(orders=3)], STORES)


def test_the_index_tells_which_store_was_left_out_and_on_what_ground() -> None:
    task = a_task(refused=8)
    assert b"Shop: not handed over." in (index := made(Memory({}), [task], STORES)["index.html"])
    assert b"(ground 8 of clause" in index


class Watched(Memory):
    """A hundred thousand records that exist one at a time; notes how far reading is whenever something is written."""

    def __init__(self, pages: int, per_page: int) -> None:
        super().__init__({f"shop/orders/{page:06d}.jsonl": [] for page in range(pages)})
        self.per_page = per_page
        self.handed_out = 0

    def size_of(self, name: str) -> int:
        return len(name) * self.per_page

    def lines(self, name: str) -> Any:
        self.read.append(name)
        for number in range(self.per_page):
            self.handed_out += 1
            yield b'{"order_id":"%s-%d"}' % (name.encode(), number)


def test_a_hundred_thousand_records_are_written_as_they_are_read_as_json_as_csv_and_to_be_looked_at() -> None:
    parts = Watched(pages=50, per_page=2000)
    ahead: list[int] = []
    shape = Shape(maps.one(ORDERS))

    def reading() -> Any:
        for part in parts.listing():
            for line in parts.lines(part.name):
                yield json.loads(line)

    for number, _ in enumerate(to_csv(reading(), shape.columns)):
        ahead.append(parts.handed_out - number)
    assert set(ahead) == {0}, "no record is read before the one before it is written"

    parts = Watched(pages=50, per_page=2000)
    files = made(parts, [exported(orders=100_000)], STORES)
    assert len(table(files["data/shop/orders.csv"])) == 100_001
    once = sorted(set(parts.read))
    assert parts.read == once * 3, "each page is read once for each form, and page by page"
