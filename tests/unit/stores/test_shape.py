import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from boto3.dynamodb.types import Binary
from hypothesis import given
from hypothesis import strategies as st

from rights.stores.shape import MASK, exported_fields, to_json, to_record
from tests.unit.stores.maps import ACCOUNT, CONSIGNEE, collection, field, one, person

GIFTS = one(
    collection(
        "gifts",
        field("id", primary_key=True),
        field("account_id", ACCOUNT),
        field("phone", CONSIGNEE),
        field("name", {"third_party": True}),
        field("pin", {"secret": True}),
        field("security") | {"fields": [field("two_step"), field("hash", {"secret": True})]},
        third_party_unless="phone",
    )
)
ROW = {
    "id": 1,
    "account_id": "acc-1",
    "phone": "+85512",
    "name": "សុខា",
    "pin": "1234",
    "security": {"two_step": True, "hash": "x", "other": 1},
    "unmapped": "y",
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal(3), 3),
        (Decimal("12.50"), "12.50"),
        (Decimal("NaN"), "NaN"),
        (float("nan"), "nan"),
        (0.5, 0.5),
        (datetime(2025, 1, 2, 3, 4, tzinfo=UTC), "2025-01-02T03:04:00+00:00"),
        (date(2025, 1, 2), "2025-01-02"),
        (time(3, 4), "03:04:00"),
        (b"\x00\xff", "AP8="),
        (Binary(b"\x00\xff"), "AP8="),
        ({"b", "a"}, ["a", "b"]),
        ({Decimal(2), Decimal(1)}, [1, 2]),
        (("x", [None, True]), ["x", [None, True]]),
        ({"k": {"n": Decimal(1)}}, {"k": {"n": 1}}),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_of_any_store_become_json(value: Any, shown: Any) -> None:
    assert to_json(value) == shown


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.decimals() | st.floats(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_whatever_a_store_holds_can_be_written_as_strict_json(value: Any) -> None:
    json.dumps(to_json(value), allow_nan=False)


def test_secrets_are_neither_read_nor_shown_and_unmapped_fields_stay_away() -> None:
    record = to_record(GIFTS, ROW, person("acc-1"))
    assert "pin" not in exported_fields(GIFTS)
    assert set(record) == {"id", "account_id", "phone", "name", "security"}
    assert record["security"] == {"two_step": True, "other": 1}


def test_what_belongs_to_somebody_else_is_masked() -> None:
    record = to_record(GIFTS, ROW, person("acc-1", phone="+85599"))
    assert (record["phone"], record["name"]) == (MASK, MASK)


def test_a_record_about_the_person_is_shown_whole() -> None:
    record = to_record(GIFTS, ROW, person("acc-1", phone="+85512"))
    assert (record["phone"], record["name"]) == ("+85512", "សុខា")


def test_a_consignee_without_account_is_not_told_who_ordered() -> None:
    record = to_record(GIFTS, ROW, person(phone="+85512"))
    assert (record["account_id"], record["phone"], record["name"]) == (MASK, "+85512", "សុខា")


def test_what_is_empty_needs_no_mask() -> None:
    assert to_record(GIFTS, ROW | {"name": None}, person("acc-1"))["name"] is None
