"""A search through the mall's stores as an auditor makes it: everything is read, nothing of the product is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import sql

from local.mall import lake
from local.mall.loader import TABLES, Stores
from local.mall.model import POSTGRES


def traces(everything: Iterable[tuple[str, str]], *words: str | None) -> dict[str, list[str]]:
    """Collection to what one of these words occurs in."""
    wanted = [word for word in words if word]
    found: dict[str, list[str]] = {}
    for collection, line in everything:
        if any(word in line for word in wanted):
            found.setdefault(collection, []).append(line)
    return found


def everything_in(stores: Stores) -> list[tuple[str, str]]:
    """Each item, row, user and object version as text with its content, and the collection that it is of."""
    return [*_items(stores), *_rows(stores), *_versions(stores), *_users(stores), *_logs(stores)]


def _items(stores: Stores) -> Iterator[tuple[str, str]]:
    for collection, table in TABLES.items():
        for page in stores.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from ((collection, str(item)) for item in page["Items"])


def _rows(stores: Stores) -> Iterator[tuple[str, str]]:
    with psycopg.connect(stores.dsn) as connection:
        for table in POSTGRES:
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            yield from ((table, text) for (text,) in rows)


def _versions(stores: Stores) -> Iterator[tuple[str, str]]:
    pages = list(stores.s3.get_paginator("list_object_versions").paginate(Bucket=stores.bucket))
    with ThreadPoolExecutor(4) as pool:
        versions = [version for page in pages for version in page.get("Versions", [])]
        yield from pool.map(lambda version: ("files", _content(stores, version)), versions)
    for page in pages:
        yield from (("files", f"{marker['Key']} is deleted") for marker in page.get("DeleteMarkers", []))


def _users(stores: Stores) -> Iterator[tuple[str, str]]:
    for page in stores.cognito.get_paginator("list_users").paginate(UserPoolId=stores.user_pool):
        for user in page["Users"]:
            yield "users", str(user)


def _logs(stores: Stores) -> Iterator[tuple[str, str]]:
    """Every row of the lake, in every version of its objects."""
    for version, content in lake.versions(stores.s3, stores.lake):
        collection = version["Key"].split("/")[1]
        yield from ((collection, f"{version['Key']} {row}") for row in lake.rows_of(content))


def _content(stores: Stores, version: dict[str, Any]) -> str:
    answer = stores.s3.get_object(Bucket=stores.bucket, Key=version["Key"], VersionId=version["VersionId"])
    return f"{version['Key']} {answer['Body'].read().decode(errors='replace')}"
