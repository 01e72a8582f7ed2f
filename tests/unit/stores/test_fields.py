import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.datamap.model import Field, Flag
from rights.stores.fields import facts_of, fits, flag_is_set
from tests.unit.stores.maps import collection, field, one


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [
        ("string", "Sok Dara", True),
        ("string", "  ", False),
        (None, "anything", True),
        ("date", "1990-02-28", True),
        ("date", "1990-02-30", False),
        ("date", "in spring", False),
        ("datetime", "1990-02-28T10:00:00Z", True),
        ("integer", "12", True),
        ("number", "twelve", False),
        ("number", "NaN", False),
    ],
)
def test_a_field_takes_only_what_its_type_can_hold(kind: str | None, value: str, answer: bool) -> None:
    described = Field.model_validate(field("f", None, data_type=kind))
    assert fits(described, value) is answer


@given(st.text(string.printable))
def test_whatever_is_typed_is_judged_and_never_crashes(value: str) -> None:
    for kind in ("string", "date", "datetime", "integer"):
        assert fits(Field.model_validate(field("f", data_type=kind)), value) in {True, False}


def test_an_entitlement_is_told_only_while_there_is_something_of_it() -> None:
    names = ("points", "coupons", "balance", "vouchers", "level")
    things = one(
        collection(
            "things",
            field("id", primary_key=True),
            field("born", {"fact": "birth_date"}),
            *(field(name, {"lapses": name}) for name in names),
        )
    )
    full = {"born": "2015-01-31", "points": Decimal(1250), "coupons": ["a", "b"], "balance": Decimal("12.35")}
    assert list(facts_of(things, {"id": "1", "level": "gold", **full})) == [
        ("birth_date", "2015-01-31", False),
        ("points", "1250", True),
        ("coupons", "2", True),
        ("balance", "12.35", True),
        ("level", "gold", True),
    ]
    assert list(facts_of(things, {"points": 0, "coupons": [], "balance": Decimal("0.00"), "vouchers": None})) == []


def test_a_flag_is_set_when_all_of_it_is() -> None:
    flag = Flag(purposes=("all",), set={"restricted": True, "why": "asked"}, stamp="at")
    assert flag_is_set(flag, {"restricted": True, "why": "asked", "at": "x"})
    assert not flag_is_set(flag, {"restricted": True})
