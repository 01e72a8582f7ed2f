"""A partner in the data map: registered whole, or refused with the reason."""

from typing import Any

import pytest
from pydantic import ValidationError

from rights.datamap import load_data_map
from rights.datamap.check import problems
from rights.datamap.model import StoreMap
from rights.datamap.partners import STANDARD_TYPES, Partner
from tests.unit.opendsr.partner import registered
from tests.unit.opendsr.test_asking import a_map


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "localhost"}, {"host": "127.0.0.1"}, {"host": "partner.example/x"}, {"host": "partner.example:443"},
        {"host": "https://partner.example"}, {"host": "Partner.example"}, {"host": "user@partner.example"},
        {"path": "v2"}, {"path": "/v2/"}, {"path": "/v2?x"}, {"path": "/../v2 "}, {"port": 0}, {"identities": []},
        {"identities": [{"key": "name", "type": "email"}]}, {"identities": [{"key": "email", "type": "E mail"}]},
        {"identities": [{"key": "email", "type": "email"}, {"key": "phone", "type": "email"}]},
        {"identities": [{"key": "email", "type": "email", "format": "sha512"}]}, {"regulation": "pipl"},
        {"understands": ["restrict"]}, {"understands": ["erase"]}, {"certificate_sha256": ["AB"]}, {"hosts": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_a_partner_that_is_not_wholly_registered_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registered(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "partner", "partner": None},
        {"kind": "partner", "role_arn": "arn:aws:iam::1:role/x"},
        {"kind": "postgres", "role_arn": "arn:aws:iam::1:role/x", "secret": "s"},
    ],
    ids=["a partner that cannot be reached", "a partner with a role", "another kind with a partner"],
)
def test_only_a_partner_says_how_a_partner_is_reached(wrong: dict[str, Any]) -> None:
    raw = a_map().model_dump(mode="json")
    with pytest.raises(ValidationError):
        StoreMap.model_validate(raw | {"rights": raw["rights"] | wrong})


def test_a_partner_has_one_collection_and_no_primary_key() -> None:
    assert list(problems(a_map())) == []
    raw = a_map().model_dump(mode="json")
    two = StoreMap.model_validate(raw | {"collections": [*raw["collections"], raw["collections"][0] | {"name": "b"}]})
    assert "a partner has one collection: what was shared with it" in [reason for _, reason in problems(two)]


def partners() -> dict[str, Partner]:
    return {s.fides_key: s.rights.partner for s in load_data_map().stores if s.rights.partner is not None}


def test_the_mall_registers_its_affiliate_and_its_three_partners() -> None:
    assert set(partners()) == {"cpes", "ads", "analytics", "payments"}
    assert len({partner.host for partner in partners().values()}) == 4


def test_the_advertising_and_the_analytics_partner_get_hashes_only() -> None:
    for name in ("ads", "analytics"):
        assert {identity.format for identity in partners()[name].identities} == {"sha256"}


def test_a_phone_travels_in_the_extension_since_opendsr_has_no_type_for_it() -> None:
    types = {i.type for partner in partners().values() for i in partner.identities if i.key == "phone"}
    assert types == {"mobile_number"}
    assert not types & STANDARD_TYPES
