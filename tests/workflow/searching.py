"""A search through the mall's stores as an auditor makes it: everything is read, nothing of the product is used."""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from local.mall.loader import TABLES, Stores
from local.mall.model import POSTGRES


def traces(stores: Stores, words: Iterable[str]) -> dict[str, list[str]]:
    """Collection to everything in which one of these words occurs: items, rows, object versions with their content."""
    wanted = [word for word in words if word]
    found: dict[str, list[str]] = {}
    for collection, line in everything(stores):
        if any(word in line for word in wanted):
            found.setdefault(collection, []).append(line)
    return found


def everything(stores: Stores) -> Iterator[tuple[str, str]]:
    """Each item, row and object version as text, with its collection."""
    for collection, table in TABLES.items():
        for page in stores.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from ((collection, str(item)) for item in page["Items"])
    with psycopg.connect(stores.dsn) as connection:
        for table in POSTGRES:
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            yield from ((table, text) for (text,) in rows)
    for page in stores.s3.get_paginator("list_object_versions").paginate(Bucket=stores.bucket):
        for version in page.get("Versions", []):
            yield "files", f"{version['Key']} {_content(stores, version)}"
        for marker in page.get("DeleteMarkers", []):
            yield "files", f"{marker['Key']} deleted"


def _content(stores: Stores, version: dict[str, Any]) -> str:
    answer = stores.s3.get_object(Bucket=stores.bucket, Key=version["Key"], VersionId=version["VersionId"])
    text: str = answer["Body"].read().decode(errors="replace")
    return text
