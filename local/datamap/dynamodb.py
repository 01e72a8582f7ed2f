"""What DynamoDB tables hold: their keys and indexes, and the attributes of the first items of each."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from local.datamap.sampling import Sample
from rights.datamap import Collection, StoreMap
from rights.datamap.compare import Column, Family, Found, Shape
from rights.stores.wire import plain

ITEMS_LOOKED_AT = 1000
_FAMILIES: dict[str, Family] = {"S": "text", "N": "number", "B": "bytes"}


def describe_dynamodb(store: StoreMap, client: Any, fill: Callable[[str], str]) -> Found:
    """The store's tables, each read once, with its items sorted by the prefixes of the collections that share it."""
    tables: dict[str, list[Collection]] = {}
    for collection in store.collections:
        base = next((access for access in collection.rights.dynamodb if access.index is None), None)
        tables.setdefault(fill(base.table) if base else "", []).append(collection)
    shapes: dict[str, Shape] = {}
    troubles: list[str] = []
    for table, collections in tables.items():
        if (described := _described(client, table)) is not None:
            found, strangers = _shapes(client, described, collections)
            shapes |= found
            if strangers:
                troubles.append(f"{strangers} of the items looked at in {table} belong to no collection")
    return Found(shapes, troubles=tuple(troubles))


def _described(client: Any, table: str) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = client.describe_table(TableName=table)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return described


def _shapes(client: Any, table: dict[str, Any], collections: list[Collection]) -> tuple[dict[str, Shape], int]:
    samples = {collection.name: Sample() for collection in collections}
    strangers = 0
    for item in islice(_items(client, table["TableName"]), ITEMS_LOOKED_AT):
        row = plain(item)
        owner = next((c for c in collections if _is_of(c, row, _keys(table))), None)
        if owner is None:
            strangers += 1
        else:
            samples[owner.name].add(row)
    return {c.name: _shape(c, table, samples[c.name]) for c in collections}, strangers


def _items(client: Any, table: str) -> Any:
    for page in client.get_paginator("scan").paginate(TableName=table, PaginationConfig={"PageSize": 250}):
        yield from page["Items"]


def _keys(described: dict[str, Any]) -> list[str]:
    ordered = sorted(described["KeySchema"], key=lambda key: key["KeyType"] != "HASH")
    return [key["AttributeName"] for key in ordered]


def _is_of(collection: Collection, row: dict[str, Any], keys: list[str]) -> bool:
    prefix = next((a.item_prefix for a in collection.rights.dynamodb if a.index is None), None)
    return prefix is None or str(row.get(keys[-1], "")).startswith(prefix)


def _shape(collection: Collection, table: dict[str, Any], sample: Sample) -> Shape:
    keys = _keys(table)
    kinds = {a["AttributeName"]: _FAMILIES[a["AttributeType"]] for a in table["AttributeDefinitions"]}
    indexes = {index["IndexName"]: _keys(index) for index in table.get("GlobalSecondaryIndexes", ())}
    return Shape(
        columns=sample.columns(Column(name, frozenset({kinds[name]}), nullable=False) for name in keys),
        key=tuple(keys),
        sampled=sample.seen,
        indexed=frozenset({keys[0], *(names[0] for names in indexes.values())}),
        troubles=tuple(_unreachable(collection, keys, indexes)),
    )


def _unreachable(collection: Collection, keys: list[str], indexes: dict[str, list[str]]) -> list[str]:
    told = []
    for access in collection.rights.dynamodb:
        named = indexes.get(access.index) if access.index else keys
        if named is None:
            told.append(f"the table has no index {access.index}")
        elif named[0] != access.query_by:
            told.append(f"queried by {access.query_by}, and the key there is {named[0]}")
    return told
