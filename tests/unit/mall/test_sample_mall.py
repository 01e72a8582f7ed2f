import pickle
import re
from datetime import date, timedelta
from pathlib import Path

import phonenumbers
import pytest
import yaml

from local import mall
from local.mall import Mall
from local.mall.expect import _later
from rights.datamap.load import load_data_map
from rights.domain.identity import Identifies, Kind

TODAY = date(2026, 11, 22)
SCHEMA = Path(mall.__file__).with_name("schema.sql").read_text()
TEMPLATE = Path(mall.__file__).parent.with_name("mall.yaml").read_text()


@pytest.fixture(scope="module")
def full() -> Mall:
    return mall.generate(2000, TODAY)


def people_of_a_kind(full: Mall, first: str, last: str) -> int:
    return sum(any(first <= letter <= last for letter in person.name) for person in full.people)


def test_the_same_arguments_give_the_same_bytes(full: Mall) -> None:
    mall.generate.cache_clear()
    again = mall.generate(2000, TODAY)
    assert again is not full
    assert pickle.dumps([vars_of(again)]) == pickle.dumps([vars_of(full)])


def vars_of(sample: Mall) -> list[tuple[object, ...]]:
    return [(p.name, p.phone, p.email, p.account_id, repr(p.rows)) for p in sample.people]


def test_a_person_does_not_depend_on_how_many_others_there_are(full: Mall) -> None:
    small = mall.generate(40, TODAY)
    assert vars_of(small) == vars_of(full)[:40]


def test_there_are_two_thousand_people_with_khmer_chinese_and_latin_names(full: Mall) -> None:
    assert len(full.people) == 2000
    assert people_of_a_kind(full, "\u1780", "\u17ff") > 800
    assert people_of_a_kind(full, "\u4e00", "\u9fff") > 250
    assert people_of_a_kind(full, "a", "z") > 250


def test_phones_are_real_shapes_and_nobody_shares_a_phone_email_or_account(full: Mall) -> None:
    for values in (
        [p.phone for p in full.people],
        [p.email for p in full.people if p.email],
        [p.account_id for p in full.people if p.account_id],
    ):
        assert len(set(values)) == len(values)
    numbers = [phonenumbers.parse(p.phone) for p in full.people]
    assert all(phonenumbers.is_valid_number(number) for number in numbers)
    assert {number.country_code for number in numbers} == {855, 86}


@pytest.mark.parametrize("collection", [c for collections in mall.STORES.values() for c in collections])
def test_no_two_rows_of_a_collection_have_the_same_key(full: Mall, collection: str) -> None:
    found = next(c for s in load_data_map().stores for c in s.collections if c.name == collection)
    keys = [tuple(row[name] for name in found.primary_key) for row in full.rows(collection)]
    assert len(keys) > 100
    assert len(set(keys)) == len(keys)


def test_every_column_the_mall_writes_is_in_the_data_map_and_the_other_way_round(full: Mall) -> None:
    set_by_a_restriction = {"restricted", "restricted_at"}
    told_by_aws = {
        "objects": {"versions", "size", "last_modified"},
        "cognito": {"sub", "status", "enabled", "created_at", "modified_at"},
    }
    for name, collections in mall.STORES.items():
        store = load_data_map().store(name)
        assert {c.name for c in store.collections} == set(collections)
        for collection in store.collections:
            written = {name for row in full.rows(collection.name) for name in row}
            told_later = told_by_aws.get(store.rights.kind, set()) | set_by_a_restriction
            assert written == {field.name for field in collection.fields} - told_later


def test_every_column_of_the_tables_is_in_the_data_map() -> None:
    data_map = load_data_map()
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", SCHEMA, re.DOTALL):
        columns = re.findall(r"^    (\w+) ", body, re.MULTILINE)
        store = "support_tickets" if table == "tickets" else "orders"
        assert columns == [field.name for field in data_map.store(store).collection(table).fields]


def test_fields_that_an_erasure_empties_may_be_empty() -> None:
    for store in load_data_map().stores:
        for collection in store.collections:
            for field in collection.fields:
                if store.rights.kind == "postgres" and field.rights.on_deletion == "null":
                    assert re.search(rf"^    {field.name} +\w+,$", SCHEMA, re.MULTILINE), field.name


def test_the_template_has_each_role_table_index_bucket_pool_and_secret_the_data_map_names() -> None:
    for store in load_data_map().stores:
        named = [store.rights.role_arn.rpartition("/")[2], store.rights.secret]
        for collection in store.collections:
            named += [name for access in collection.rights.dynamodb for name in (access.table, access.index)]
            if collection.rights.objects:
                named.append(collection.rights.objects.bucket.replace("${AccountId}", "${AWS::AccountId}"))
            if collection.rights.cognito:
                named.append(collection.rights.cognito.user_pool)
        for name in filter(None, named):
            assert re.search(rf"Name: (!Sub )?{re.escape(name)}$", TEMPLATE, re.MULTILINE), name


def test_expectations_add_up_for_everybody(full: Mall) -> None:
    for person in full.people:
        for store, one in mall.expected_deletion(full, person).items():
            assert one.found == sum(one.collections.values()) == one.erased + one.anonymised + one.retained
            assert one.retained == sum(kept.records for kept in one.kept)
            assert all(kept.until >= TODAY.isoformat() for kept in one.kept)
            assert mall.expected_access(full, person)[store].exported == one.found


def test_the_person_of_make_run_has_something_of_everything(full: Mall) -> None:
    expected = mall.expected_deletion(full, full.special("run"))
    assert all(one.found for one in expected.values())
    assert all(one.erased for one in expected.values())
    assert expected["orders"].anonymised
    assert {kept.ground for one in expected.values() for kept in one.kept} == {8, 11}
    friends = [row for row in full.special("run").rows["consignees"] if row["phone"] != full.special("run").phone]
    assert len(friends) == 1


def test_a_family_shares_phone_device_and_address_but_no_key(full: Mall) -> None:
    mother, child = full.special("family_a"), full.special("family_b")
    assert mother.phone != child.phone
    for collection, field in [("accounts", "contact_phone"), ("signals", "device"), ("consignees", "address")]:
        assert {row[field] for row in mother.rows[collection]} == {row[field] for row in child.rows[collection]}
    assert {row["contact_phone"] for row in child.rows["accounts"]} == {mother.phone}
    assert {row["phone"] for row in child.rows["consignees"]} == {mother.phone}


def test_every_account_has_a_sign_in_of_its_name_and_contacts(full: Mall) -> None:
    users = {row["username"]: row for row in full.rows("users")}
    accounts = {row["account_id"]: row for row in full.rows("accounts")}
    assert set(users) == set(accounts)
    for name, user in users.items():
        account = accounts[name]
        assert (user["phone_number"], user.get("email"), user["name"]) == (
            account["phone"], account.get("email"), account["name"],
        )  # fmt: skip


def test_the_consignee_without_account_is_in_other_peoples_orders_only(full: Mall) -> None:
    stranger = full.special("consignee")
    assert (stranger.account_id, stranger.rows) == ("", {})
    one = mall.expected_deletion(full, stranger)["orders"]
    assert (one.found, one.anonymised, one.erased) == (3, 2, 1)
    assert sum(e.found for e in mall.expected_access(full, stranger).values()) == 3


def test_gifts_to_an_account_holder_stay_the_givers_rows(full: Mall) -> None:
    giver, receiver = full.special("gift_giver"), full.special("gift_receiver")
    assert sum(row["phone"] == receiver.phone for row in giver.rows["consignees"]) == 2
    assert mall.expected_access(full, receiver)["orders"].collections["consignees"] == 1


def test_an_open_dispute_keeps_a_ticket_a_case_and_two_files(full: Mall) -> None:
    expected = mall.expected_deletion(full, full.special("dispute"))
    disputed = {s: k.records for s, one in expected.items() for k in one.kept if k.reason == "open_dispute"}
    assert disputed == {"orders": 1, "support_tickets": 1, "support": 2}


def test_orders_beyond_ten_years_go_and_younger_ones_stay(full: Mall) -> None:
    person = full.special("old_orders")
    ages = sorted((TODAY - row["placed_at"].date()).days for row in person.rows["orders"])
    assert [age > 3653 for age in ages] == [False, False, True, True, True]
    assert mall.expected_deletion(full, person)["orders"].anonymised == 2


def test_the_heavy_shopper_is_as_heavy_as_asked(full: Mall) -> None:
    assert len(full.special("heavy").rows["orders"]) == 1500
    light = mall.generate(20, TODAY, heavy_orders=7, heavy_searches=3).special("heavy")
    assert len(light.rows["orders"]) == 7


def test_the_marker_is_in_every_store_of_the_marker_person_and_nowhere_else(full: Mall) -> None:
    for person in full.people:
        for store, collections in mall.STORES.items():
            text = repr([person.rows.get(collection) for collection in collections])
            marked = person.special == "marker" and store != "risk"
            assert (mall.MARKER in text) == marked


def test_some_people_are_children_and_the_special_one_is_reached_at_the_number_of_a_parent(full: Mall) -> None:
    children = [person for person in full.people if mall.is_child(full, person)]
    assert 20 < len(children) < 150
    child, parent = full.special("child"), full.special("parent")
    assert child in children
    assert parent not in children
    assert child.rows["accounts"][0]["contact_phone"] == parent.phone != child.phone


def test_what_ends_with_an_account_is_told_only_where_there_is_something_of_it(full: Mall) -> None:
    lapses = [mall.expected_lapses(person) for person in full.people if person.account_id]
    assert all("points" in one for one in lapses)
    assert {name for one in lapses for name in one} == {"points", "coupons", "balance"}
    assert any(set(one) == {"points"} for one in lapses)
    assert mall.expected_lapses(full.special("consignee")) == {}


def test_a_name_is_copied_to_four_stores_and_never_to_an_order(full: Mall) -> None:
    copies = mall.expected_correction(full.special("run"), "name")
    assert {store: len(fields) for store, fields in copies.items()} == {
        "accounts": 1, "profiles": 1, "support_tickets": 2, "login": 1,
    }  # fmt: skip
    assert {value for fields in copies.values() for _, _, value in fields} == {full.special("run").name}


def test_a_deletion_of_one_category_expects_nothing_of_the_others(full: Mall) -> None:
    expected = mall.expected_deletion(full, full.special("run"), only=("search_history",))
    assert {store: (one.found, one.erased) for store, one in expected.items()} == {"profiles": (14, 14)}


def test_every_special_person_is_found_by_name_and_described(full: Mall) -> None:
    for name in ("run", "family_a", "family_b", "gift_giver", "gift_receiver", "consignee", "dispute", "old_orders",
                 "heavy", "bare", "versions", "marker", "child", "parent", "moved"):  # fmt: skip
        assert mall.special(name, full).who
    with pytest.raises(KeyError):
        mall.special("nobody", full)


def test_the_list_of_people_counts_their_records_per_store(full: Mall) -> None:
    listed = mall.people(full)
    assert len(listed) == 2000
    run = mall.expected_access(full, full.special("run"))
    assert listed[0]["records"] == {store: one.found for store, one in run.items()}
    assert {"name", "phone", "email", "who"} <= set(listed[0])


def test_no_row_is_so_near_the_end_of_its_term_that_a_time_zone_decides(full: Mall) -> None:
    for collection, months in [("orders", 120), ("consignees", 120), ("signals", 24)]:
        for row in full.rows(collection):
            start = date.fromisoformat(str(row.get("placed_at", row.get("at")))[:10])
            assert abs(_later(start, months) - TODAY) > timedelta(days=5)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2024-02-29", 120, "2034-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-08-31", 1, "2025-09-30"),
        ("2025-06-15", 24, "2027-06-15"),
    ],
)
def test_a_term_ends_on_the_same_day_or_the_last_of_the_month(start: str, months: int, end: str) -> None:
    assert _later(date.fromisoformat(start), months).isoformat() == end


def test_files_are_small_and_of_every_kind(full: Mall) -> None:
    rows = list(full.rows("files"))
    assert {row["content_type"] for row in rows} > {"audio/ogg", "application/pdf", "image/jpeg"}
    assert all(len(content) < 2000 for row in rows for content in row["content"] if content)
    assert any(row["content"][-1] is None for row in rows)


def test_the_generator_shares_no_code_with_the_product() -> None:
    for file in Path(mall.__file__).parent.glob("*.py"):
        assert not re.search(r"^(from|import) rights", file.read_text(), re.MULTILINE), file.name


def test_only_phones_and_emails_of_accounts_and_account_ids_lead_anywhere() -> None:
    leading = {
        (collection.name, field.name, field.rights.key)
        for store in load_data_map().stores
        for collection in store.collections
        for field in collection.fields
        if field.rights.identifies is Identifies.ONE
    }
    accounts = {
        (name, "account_id", Kind.ACCOUNT)
        for name in ("accounts", *mall.STORES["profiles"], "signals", "orders", "after_sales", "tickets")
    }
    # Searches carry the account inside of a field, and no log leads to anything: its connector locates nobody.
    accounts |= {(name, "account_id", Kind.ACCOUNT) for name in mall.STORES["service_logs"] if name != "searches"}
    contacts = {("accounts", "phone", Kind.PHONE), ("accounts", "email", Kind.EMAIL)}
    assert leading == accounts | contacts | {("users", "username", Kind.ACCOUNT)}


def test_the_template_is_yaml_whose_roles_name_no_star_resource() -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda _, suffix, node: f"{suffix}:{node.value}")
    resources = yaml.load(TEMPLATE, Loader)["Resources"]  # noqa: S506 - a safe loader
    roles = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::IAM::Role"]
    assert len(roles) == 8
    for role in roles:
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Resource"] != "*"
                assert "*" not in str(statement["Action"])


def test_a_consent_that_is_taken_back_is_on_record_where_none_was_given_and_a_restriction_stands_on_the_account(
    full: Mall,
) -> None:
    person = full.special("bare")
    assert "consents" not in person.rows
    record = {"purpose": "location", "granted": False}
    assert mall.expected_flags(person, "consent_withdrawal", ("location",)) == {
        "profiles": {("consents", "CONSENT#location"): record}
    }
    assert len(mall.expected_flags(person, "marketing_opt_out")["profiles"]) == len(("marketing", "personalised_ads"))
    on_account = {("accounts", person.account_id): {"restricted": True}}
    assert mall.expected_flags(person, "restriction") == {"accounts": on_account}
