"""What the mall holds of one person, read from its stores by no code of the product, and what changed in it."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
from boto3.dynamodb.types import TypeDeserializer
from psycopg import sql
from psycopg.rows import dict_row

from local.mall import Person, Stores
from local.mall.loader import TABLES

Key = tuple[str, str]
"""A collection, and the key of a record in it."""

_ITEMS = {
    "PROFILE": "profile", "SEARCH": "search_history", "FAVOURITE": "favourites", "CART": "cart", "CONSENT": "consents",
}  # fmt: skip
_KEYS = {
    "orders": "order_id", "order_items": "order_item_id", "consignees": "consignee_id", "payments": "payment_id",
    "after_sales": "after_sale_id", "tickets": "ticket_id",
}  # fmt: skip
_OF_ORDERS = frozenset({"order_items", "consignees", "payments"})
_TOUCHED = frozenset({"UserLastModifiedDate"})
"""What a store writes by itself with every change."""


class Changed(NamedTuple):
    """One field that differs; of a record that came or went, all of its fields do."""

    collection: str
    key: str
    field: str
    before: Any
    after: Any


def holdings(stores: Stores, person: Person) -> dict[Key, dict[str, Any]]:
    """Every record of a person who has an account: items, rows, the user, and versions of files."""
    return dict([*_items(stores, person), *_rows(stores, person), *_users(stores, person), *_files(stores, person)])


def changes(before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]]) -> list[Changed]:
    """What differs between two looks, in order."""
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, {}), after.get(key, {})
        differ = (name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
        found += [Changed(*key, name, old.get(name), new.get(name)) for name in differ]
    return found


def gone(before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]]) -> dict[str, int]:
    """Collection to the number of records that are no longer there."""
    lost = [collection for collection, _ in before.keys() - after.keys()]
    return {collection: lost.count(collection) for collection in sorted(set(lost))}


def sign_in(stores: Stores, person: Person) -> dict[str, Any] | None:
    """The person's user; None without one."""
    return dict(_users(stores, person)).get(("users", person.account_id))


def _items(stores: Stores, person: Person) -> Iterator[tuple[Key, dict[str, Any]]]:
    plain = TypeDeserializer().deserialize
    for table in dict.fromkeys(TABLES.values()):
        pages = stores.dynamodb.get_paginator("query").paginate(
            TableName=table,
            ConsistentRead=True,
            KeyConditionExpression="account_id = :me",
            ExpressionAttributeValues={":me": {"S": person.account_id}},
        )
        for item in (item for page in pages for item in page["Items"]):
            row = {name: plain(value) for name, value in item.items()}
            sort = str(row.get("item", ""))
            collection = {"mall-accounts": "accounts", "mall-risk": "signals"}.get(table)
            yield (collection or _ITEMS[sort.partition("#")[0]], sort or person.account_id), row


def _rows(stores: Stores, person: Person) -> Iterator[tuple[Key, dict[str, Any]]]:
    orders = [row["order_id"] for row in person.rows.get("orders", ())]
    with psycopg.connect(stores.dsn, row_factory=dict_row) as connection:
        for table, key in _KEYS.items():
            column, values = ("order_id", orders) if table in _OF_ORDERS else ("account_id", [person.account_id])
            query = sql.SQL("SELECT * FROM {} WHERE {} = ANY(%s)").format(sql.Identifier(table), sql.Identifier(column))
            for row in connection.execute(query, [values]):
                yield (table, str(row[key])), row


def _users(stores: Stores, person: Person) -> Iterator[tuple[Key, dict[str, Any]]]:
    try:
        user = stores.cognito.admin_get_user(UserPoolId=stores.user_pool, Username=person.account_id)
    except stores.cognito.exceptions.UserNotFoundException:
        return
    attributes = {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}
    facts = {name: value for name, value in user.items() if name not in _TOUCHED | {"UserAttributes"}}
    yield ("users", person.account_id), attributes | {name: facts[name] for name in ("Enabled", "UserStatus")}


def _files(stores: Stores, person: Person) -> Iterator[tuple[Key, dict[str, Any]]]:
    prefix = f"accounts/{person.account_id}/"
    for page in stores.s3.get_paginator("list_object_versions").paginate(Bucket=stores.bucket, Prefix=prefix):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            key = ("files", f"{version['Key']} {version['VersionId']}")
            yield key, {"line": json.dumps(version, sort_keys=True, default=str)}
