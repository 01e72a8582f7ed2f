"""How a PostgreSQL store is entered: by a password, or by a token that the store's role signs."""

import json
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from rights.datamap import StoreMap
from rights.datamap.model import StoreRights
from rights.errors import DataMapError
from rights.stores.postgres import _read_secret
from tests.unit.stores.maps import collection, field, store

PLACE = {"host": "db.example.com", "dbname": "mall", "username": "rights", "password": "of old"}


class Asked:
    """Roles whose clients are local: a secret, and RDS's own signing under made-up keys."""

    def __init__(self) -> None:
        self.of: list[tuple[str, str]] = []

    def fill(self, text: str) -> str:
        return text

    def client(self, service: str, role_arn: str) -> Any:
        self.of.append((service, role_arn))
        if service == "rds":
            session = boto3.Session(aws_access_key_id="AKID", aws_secret_access_key="x", region_name="ap-southeast-1")
            return session.client("rds")
        return self

    def get_secret_value(self, **_: str) -> dict[str, str]:
        return {"SecretString": json.dumps(PLACE)}


def shop(**more: Any) -> StoreMap:
    described = store(collection("notes", field("id", primary_key=True)))
    return described.model_copy(update={"rights": described.rights.model_copy(update=more)})


def test_a_secret_is_the_whole_connection() -> None:
    roles: Any = Asked()
    assert _read_secret(shop(), roles) == PLACE
    assert [service for service, _ in roles.of] == ["secretsmanager"]


def test_with_iam_the_role_signs_a_token_in_place_of_the_password() -> None:
    roles: Any = Asked()
    made = _read_secret(shop(auth="iam"), roles)
    assert {name: value for name, value in made.items() if name != "password"} == {
        name: value for name, value in PLACE.items() if name != "password"
    }
    assert made["password"].startswith("db.example.com:5432/?Action=connect&DBUser=rights&")
    assert "X-Amz-Signature=" in made["password"]
    assert {role for _, role in roles.of} == {shop().rights.role_arn}


def test_a_store_without_a_secret_has_no_place() -> None:
    roles: Any = Asked()
    with pytest.raises(DataMapError, match="no secret is named"):
        _read_secret(shop(secret=None), roles)


@pytest.mark.parametrize("wrong", [{"auth": "password"}, {"rows_per_second": 0}])
def test_another_way_in_or_no_rate_at_all_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StoreRights.model_validate(shop().rights.model_dump() | wrong)
