"""One hash per store over everything in it that is not a given person's: equal hashes, untouched strangers."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import sql

from local.mall import lake, sign_ins
from local.mall.loader import TABLES, Stores
from local.mall.model import POSTGRES, STORES, Mall, Person

_OF_ORDER = frozenset({"order_items", "consignees", "payments"})


def fingerprint(stores: Stores, mall: Mall, without: tuple[Person, ...] = ()) -> dict[str, str]:
    """Store to hash over every item, row, user and object version (with delete markers and tags) of everybody else.

    Left out are the rows the generator gave to `without`, and any later ones under their account ids.
    """
    accounts = {person.account_id for person in without if person.account_id}
    hashes = {
        store: _hash(_items(stores, TABLES[collections[0]], accounts))
        for store, collections in STORES.items()
        if collections[0] in TABLES
    }
    hashes["support"] = _hash(_versions(stores, accounts))
    hashes["service_logs"] = _hash(lake.lines(stores.s3, stores.lake, without))
    hashes["login"] = _hash(sign_ins.lines(stores.cognito, stores.user_pool, accounts))
    with psycopg.connect(stores.dsn) as connection:
        for store, collections in STORES.items():
            tables = [name for name in collections if name in POSTGRES]
            if tables:
                hashes[store] = _hash(line for table in tables for line in _rows(connection, mall, table, without))
    return hashes


def _hash(lines: Iterator[str]) -> str:
    """Independent of the order, which the stores do not promise."""
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _items(stores: Stores, table: str, accounts: set[str]) -> Iterator[str]:
    for page in stores.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            if item["account_id"]["S"] not in accounts:
                yield json.dumps(item, sort_keys=True)


def _versions(stores: Stores, accounts: set[str]) -> Iterator[str]:
    prefixes = tuple(f"accounts/{account}/" for account in accounts)
    found: list[dict[str, Any]] = []
    for page in stores.s3.get_paginator("list_object_versions").paginate(Bucket=stores.bucket):
        found.extend(page.get("Versions", []))
        found.extend({**marker, "Marker": True} for marker in page.get("DeleteMarkers", []))
    others = [version for version in found if not version["Key"].startswith(prefixes)] if prefixes else found

    def line(version: dict[str, Any]) -> str:
        tags = [] if version.get("Marker") else _tags(stores, version)
        return json.dumps([version, tags], sort_keys=True, default=str)

    with ThreadPoolExecutor(4) as pool:
        yield from pool.map(line, others)


def _tags(stores: Stores, version: dict[str, Any]) -> list[dict[str, str]]:
    try:
        reply = stores.s3.get_object_tagging(Bucket=stores.bucket, Key=version["Key"], VersionId=version["VersionId"])
    except stores.s3.exceptions.NoSuchKey:  # MiniStack does not tell the tags of versions behind a delete marker
        return []
    tags: list[dict[str, str]] = reply["TagSet"]
    return sorted(tags, key=lambda tag: tag["Key"])


def _rows(connection: psycopg.Connection, mall: Mall, table: str, without: tuple[Person, ...]) -> Iterator[str]:
    accounts = [person.account_id for person in without if person.account_id]
    key = next(iter(next(mall.rows(table))))
    keys = [row[key] for person in without for row in mall.rows_about(person, table)]
    theirs = sql.SQL("t.account_id = ANY(%(accounts)s)")
    if table in _OF_ORDER:
        theirs = sql.SQL("t.order_id IN (SELECT order_id FROM orders WHERE account_id = ANY(%(accounts)s))")
    query = sql.SQL("SELECT t::text FROM {table} t WHERE NOT ({theirs}) AND NOT t.{key} = ANY(%(keys)s)").format(
        table=sql.Identifier(table), theirs=theirs, key=sql.Identifier(key)
    )
    for (text,) in connection.execute(query, {"accounts": accounts, "keys": keys}):
        yield f"{table} {text}"
