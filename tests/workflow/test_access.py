"""An access request, from the public form to the file in the person's hands."""

import pytest

from local.cloud import Cloud
from local.mall import Person, expected_access
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator
from tests.workflow.package import MASK, Package, download
from tests.workflow.waiting import eventually


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Person:
    """Somebody with something in every store, and an order for a friend."""
    return cloud.mall.special("run")


@pytest.fixture(scope="module")
def done(public: Public, person: Person, operator: Operator) -> Asking:
    asking = public.ask("access", phone=person.phone).prove()
    operator.releases(asking.id)
    asking.until_told("completed")
    return asking


@pytest.fixture(scope="module")
def package(done: Asking) -> Package:
    return download(done)


def test_every_store_hands_over_exactly_what_the_mall_has_of_the_person(
    done: Asking, cloud: Cloud, person: Person, book: Book
) -> None:
    shown = done.look()
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, person))
    assert {store["status"] for store in shown["stores"]} == {"done"}
    assert {notice["kind"] for notice in shown["notices"]} >= {"received", "package_ready"}
    assert book.chain_holds(done.id)


def test_every_record_is_in_the_package(package: Package, cloud: Cloud, person: Person) -> None:
    wanted = {
        f"{store}/{collection}": count
        for store, one in expected_access(cloud.mall, person).items()
        for collection, count in one.collections.items()
    }
    assert {name: len(found) for name, found in package.records.items()} == wanted


def test_the_records_are_those_of_the_mall(package: Package, person: Person) -> None:
    keys = {"accounts/accounts": "account_id", "orders/orders": "order_id", "support_tickets/tickets": "ticket_id",
            "profiles/favourites": "item", "profiles/cart": "item", "risk/signals": "item", "support/files": "key",
            "login/users": "username"}  # fmt: skip
    for name, key in keys.items():
        rows = person.rows[name.partition("/")[2]]
        assert sorted(str(row[key]) for row in package.records[name]) == sorted(str(row[key]) for row in rows)
    searches = {row["query"] for row in person.rows["search_history"]}
    assert {row["query"] for row in package.records["profiles/search_history"]} == searches


def test_the_manifest_tells_the_hash_of_every_file(package: Package) -> None:
    assert package.manifest["sha256"] == package.hashes_without_manifest()


def test_every_version_of_every_file_is_in_the_package(package: Package, person: Person) -> None:
    contents = [content for row in person.rows["files"] for content in row["content"] if content is not None]
    assert sorted(package.files) == sorted(contents)


def test_a_friend_to_whom_an_order_went_is_masked_and_nobody_else_is_in_the_package(
    package: Package, cloud: Cloud, person: Person
) -> None:
    by_order = {row["order_id"]: row for row in package.records["orders/consignees"]}
    for row in person.rows["consignees"]:
        shown = by_order[row["order_id"]]
        if row["phone"] == person.phone:
            assert (shown["name"], shown["phone"], shown["address"]) == (row["name"], row["phone"], row["address"])
        else:
            assert (shown["name"], shown["phone"], shown["address"]) == (MASK, MASK, MASK)
    assert package.strangers(cloud.mall, person) == []


def test_no_password_hash_leaves_the_mall(package: Package, person: Person) -> None:
    assert person.rows["accounts"][0]["password_hash"] not in package.text


def test_the_exported_pages_are_gone_once_the_package_holds_them(done: Asking, cloud: Cloud, package: Package) -> None:
    found = cloud.client("s3").list_objects_v2(Bucket=cloud.outputs["PackageBucketName"], Prefix=f"exports/{done.id}/")
    assert found["KeyCount"] == 0


def test_a_code_opens_one_download(done: Asking, package: Package) -> None:
    for code in done.sent_codes():
        refused = done.call("POST", "/package", json={"code": code})
        assert refused.status_code == 422
        assert "url" not in refused.text


def test_somebody_with_thousands_of_records_gets_every_one(cloud: Cloud, public: Public) -> None:
    person = cloud.mall.special("heavy")
    asking = public.ask("access", phone=person.phone).prove()
    wanted = expected_access(cloud.mall, person)
    assert counts_of(asking.until_told("completed")["stores"]) == expected(wanted)
    records = download(asking).records
    found = {f"{store}/{name}": count for store, one in wanted.items() for name, count in one.collections.items()}
    assert {name: len(rows) for name, rows in records.items()} == found
    for name, key in (
        ("orders/orders", "order_id"),
        ("orders/order_items", "order_item_id"),
        ("profiles/search_history", "item"),
    ):
        rows = person.rows[name.partition("/")[2]]
        assert {row[key] for row in records[name]} == {row[key] for row in rows}


def test_what_may_be_about_others_is_listed_for_an_operator_who_withholds_it_on_a_ground(
    public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person = crowd.someone("files")
    asking = public.ask("access", phone=person.phone, locale="km").prove()
    asking.until("in_review")
    eventually(lambda: operator.finds(asking.id, "in_review"), "line in the operators' list")
    plan = operator.get(f"/{asking.id}/plan").json()
    assert plan["review"] == "third_party"
    [support] = [store for store in plan["stores"] if store["to_review"]]
    assert (support["store"], support["to_review"]) == ("support", ["files"])
    assert support["by_collection"] == {"files": len(person.rows["files"])}
    withheld = [{"store": "support", "collection": "files", "ground": 4}]
    assert operator.decide(asking.id, "approve", withhold=withheld).status_code == 200
    asking.until_told("completed_in_part")
    package = download(asking)
    assert package.files == []
    assert "support/files" not in package.records
    index = package.entries["index.html"].decode()
    assert '<html lang="km">' in index
    assert "1(6).3" in index
    assert book.chain_holds(asking.id)
