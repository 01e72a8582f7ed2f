"""Looking a hash up: by an index of the mall's own, and only what the row on the base table really holds."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from rights.datamap.check import problems
from rights.domain.identity import Kind, hash_of
from rights.stores.dynamodb import DynamoConnector
from tests.unit.stores.maps import ACCOUNT, collection, field, store

EMAIL = "dara@example.com"
HASHED = {"hash_of": {"field": "email", "format": "sha256"}, "secret": True}
ACCESS = [
    {"table": "accounts", "query_by": "account_id"},
    {"table": "accounts", "query_by": "email_sha256", "index": "by-hash"},
]


def a_map(rights: dict[str, Any] = HASHED, access: list[dict[str, str]] = ACCESS) -> Any:
    contact = {"key": "email", "identifies": "one", "contact": True}
    fields = (field("account_id", ACCOUNT, primary_key=True), field("email", contact), field("email_sha256", rights))
    return store(collection("accounts", *fields, dynamodb=access), kind="dynamodb")


@pytest.fixture
def put(aws: None) -> Callable[..., None]:
    client = boto3.client("dynamodb")
    names = ("account_id", "email_sha256")
    client.create_table(
        TableName="accounts",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "account_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-hash",
                "KeySchema": [{"AttributeName": "email_sha256", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )

    def put(account: str, email: str, hashed: str) -> None:
        item = {"account_id": {"S": account}, "email": {"S": email}, "email_sha256": {"S": hashed}}
        client.put_item(TableName="accounts", Item=item)

    return put


def unhash(digest: str, kind: Kind = Kind.EMAIL, form: str = "sha256") -> set[str]:
    return DynamoConnector(a_map(), boto3.client("dynamodb")).unhash(kind, form, digest)


def test_a_hash_leads_to_the_contact_it_is_of(put: Callable[..., None]) -> None:
    put("acc-1", EMAIL, hash_of(EMAIL, "sha256"))
    assert unhash(hash_of(EMAIL, "sha256")) == {EMAIL}
    assert unhash(hash_of("other@example.com", "sha256")) == set()


def test_a_form_or_kind_without_an_index_is_not_looked_up(put: Callable[..., None]) -> None:
    put("acc-1", EMAIL, hash_of(EMAIL, "sha256"))
    assert unhash(hash_of(EMAIL, "sha256"), form="md5") == set()
    assert unhash(hash_of(EMAIL, "sha256"), kind=Kind.PHONE) == set()
    assert a_map().has_index_of(Kind.EMAIL, "sha256")
    assert not a_map().has_index_of(Kind.EMAIL, "md5")


def test_a_hash_that_was_left_behind_by_another_address_leads_to_nobody(put: Callable[..., None]) -> None:
    put("acc-1", "new@example.com", hash_of(EMAIL, "sha256"))
    assert unhash(hash_of(EMAIL, "sha256")) == set()


@pytest.mark.parametrize(
    ("rights", "access", "reason"),
    [
        (HASHED, ACCESS[:1], "a hash is an index"),
        (HASHED | {"hash_of": {"field": "account_id", "format": "sha256"}}, ACCESS, "a hash is of a `contact`"),
        (HASHED | {"secret": False}, ACCESS, "`secret` keeps it out"),
    ],
)
def test_a_map_that_says_it_wrong_is_refused(rights: dict[str, Any], access: list[dict[str, str]], reason: str) -> None:
    assert not list(problems(a_map()))
    assert any(reason in told for _, told in problems(a_map(rights, access)))
