"""What a data lake holds: the schema of the newest Parquet files, the keys of the first lines of JSON Lines."""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.datamap.objects import is_versioned
from local.datamap.sampling import Sample
from rights.datamap import StoreMap
from rights.datamap.compare import Column, Family, Found, Shape

KEYS_LOOKED_AT = 5000
OBJECTS_LOOKED_AT = 3
LINES_LOOKED_AT = 500
_TYPES: tuple[tuple[Callable[[Any], bool], Family], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "number"),
    (pa.types.is_floating, "number"),
    (pa.types.is_decimal, "number"),
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (pa.types.is_string_view, "text"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_struct, "object"),
    (pa.types.is_map, "object"),
    (pa.types.is_list, "list"),
    (pa.types.is_large_list, "list"),
    (pa.types.is_binary, "bytes"),
)


def describe_lake(store: StoreMap, client: Any, fill: Callable[[str], str]) -> Found:
    """The collections of the lake whose objects are there."""
    shapes = {}
    for collection in store.collections:
        access: Mapping[str, Any] | None = collection.rights.model_dump().get("lake")
        if access is None or is_versioned(client, bucket := fill(access["bucket"])) is None:
            continue
        newest = _newest(client, bucket, fill(access["prefix"]))
        partition = [Column(name) for name in access.get("partition", ())]
        if not newest:
            shapes[collection.name] = Shape(tuple(partition), sampled=0)
        elif access["format"] == "parquet":
            shapes[collection.name] = Shape((*_of_parquet(client, bucket, newest), *partition))
        else:
            shapes[collection.name] = _of_lines(client, bucket, newest, partition)
    return Found(shapes)


def _newest(client: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    things = islice((thing for page in pages for thing in page.get("Contents", ())), KEYS_LOOKED_AT)
    data = (t for t in things if not t["Key"].rpartition("/")[2].startswith(("_", ".")) and t["Size"])
    return sorted(data, key=lambda thing: thing["LastModified"], reverse=True)[:OBJECTS_LOOKED_AT]


def _of_parquet(client: Any, bucket: str, things: Iterable[dict[str, Any]]) -> list[Column]:
    found: dict[str, Column] = {}
    for thing in things:
        for column in _columns(pq.read_schema(_Ranges(client, bucket, thing["Key"], thing["Size"]))):
            before = found.get(column.name, column)
            nullable = column.nullable or before.nullable
            found[column.name] = Column(column.name, before.families | column.families, nullable)
    return list(found.values())


def _columns(fields: Iterable[Any], outer: str = "") -> Iterator[Column]:
    for field in fields:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        yield Column(f"{outer}{field.name}", frozenset({_family(kind)}), field.nullable)
        inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
        if pa.types.is_struct(inner):
            yield from _columns([inner.field(n) for n in range(inner.num_fields)], f"{outer}{field.name}.")


def _family(kind: Any) -> Family:
    return next((family for is_one, family in _TYPES if is_one(kind)), "other")


def _of_lines(client: Any, bucket: str, things: Iterable[dict[str, Any]], partition: list[Column]) -> Shape:
    sample = Sample()
    for thing in things:
        body = client.get_object(Bucket=bucket, Key=thing["Key"])["Body"]
        try:
            for line in islice(_lines(io.BufferedReader(body)), LINES_LOOKED_AT):
                row = json.loads(line) if line.strip() else None
                if isinstance(row, dict):
                    sample.add(row)
        finally:
            body.close()
    return Shape(sample.columns(partition), sampled=sample.seen)


def _lines(stream: io.BufferedReader) -> Iterator[bytes]:
    """The lines of a stream, unzipped where it is gzip."""
    is_gzip = stream.peek(2)[:2] == b"\x1f\x8b"
    yield from gzip.GzipFile(fileobj=stream) if is_gzip else stream


class _Ranges(io.RawIOBase):
    """An object as a file that is read in ranges: of a Parquet file only its end is fetched."""

    def __init__(self, client: Any, bucket: str, key: str, size: int) -> None:
        super().__init__()
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        last = self._size if size < 0 else min(self._size, self._place + size)
        if last <= self._place:
            return b""
        piece: bytes = self._client.get_object(**self._where, Range=f"bytes={self._place}-{last - 1}")["Body"].read()
        self._place += len(piece)
        return piece
