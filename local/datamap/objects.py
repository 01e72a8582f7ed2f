"""What a bucket of files holds: whether every version can be reached, and whether anything lies beside the map."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from rights.datamap import StoreMap
from rights.datamap.compare import Column, Family, Found, Shape

KEYS_LOOKED_AT = 5000
FIELDS: dict[str, Family] = {
    "key": "text",
    "content": "bytes",
    "content_type": "text",
    "versions": "number",
    "size": "number",
    "last_modified": "datetime",
    "tags": "object",
}
"""What a record of a file consists of (`rights.stores.objects`): no bucket has more, none has less."""


def describe_objects(store: StoreMap, client: Any, fill: Callable[[str], str]) -> Found:
    """The store's buckets; a collection whose bucket is gone is missing."""
    shapes: dict[str, Shape] = {}
    buckets: dict[str, list[str]] = {}
    for collection in store.collections:
        if collection.rights.objects is not None:
            bucket = fill(collection.rights.objects.bucket)
            buckets.setdefault(bucket, []).append(collection.rights.objects.prefix.partition("{")[0])
            if (versioned := is_versioned(client, bucket)) is not None:
                columns = tuple(Column(name, frozenset({family})) for name, family in FIELDS.items())
                wanted = {field.name for field in collection.fields}
                trouble = () if versioned else ("the bucket keeps no versions, which the connector erases by",)
                shapes[collection.name] = Shape(
                    tuple(c for c in columns if c.name in wanted), ("key",), None, None, trouble
                )
    existing = {bucket: prefixes for bucket, prefixes in buckets.items() if is_versioned(client, bucket) is not None}
    return Found(
        shapes, troubles=tuple(told for bucket in existing for told in beside(client, bucket, buckets[bucket]))
    )


def is_versioned(client: Any, bucket: str) -> bool | None:
    """Whether a bucket keeps versions; `None` where there is no such bucket."""
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled")
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchBucket", "404"}:
            return None
        raise


def beside(client: Any, bucket: str, prefixes: list[str]) -> Iterator[str]:
    """Tell of keys that begin with none of these prefixes; how many, never which."""
    looked = list(islice(_keys(client, bucket), KEYS_LOOKED_AT))
    strangers = sum(not key.startswith(tuple(prefixes)) for key in looked)
    if strangers:
        yield f"{strangers} of {len(looked)} keys looked at in {bucket} lie under no prefix of the map"


def _keys(client: Any, bucket: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (thing["Key"] for thing in page.get("Contents", ()))
