"""The mall's data lake: its files as the mall's pipelines write them, and everything in them that is not somebody's."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.mall.model import STORES, Mall, Person, Row

PARQUET = {"clicks": "zstd", "devices": "snappy"}
"""Collection to codec; the others are gzip JSON Lines."""
_ROWS_A_GROUP = 200
_STRANGERS = 5
"""So many visitors a file who were not signed in."""
TAGS = "pipeline=web&owner=data"
METADATA = {"schema": "3"}


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One object of the lake: its versions, oldest first."""

    key: str
    content_type: str
    versions: list[bytes] = field(default_factory=list)


def files_of(mall: Mall) -> Iterator[LakeFile]:
    """Every file of the lake: one a day and collection; of the first day's pages there is an older, shorter version."""
    for collection in STORES["service_logs"]:
        days: dict[str, list[Row]] = {}
        for row in mall.rows(collection):
            days.setdefault(row["dt"], []).append(row)
        for number, (day, rows) in enumerate(sorted(days.items())):
            everybody = [*rows, *(_stranger(collection, day, place, rows[0]) for place in range(_STRANGERS))]
            ending, kind = ("parquet", "application/vnd.apache.parquet") if collection in PARQUET else (
                "json.gz", "application/gzip",
            )  # fmt: skip
            file = LakeFile(f"logs/{collection}/dt={day}/part-00000.{ending}", kind)
            if collection == "page_views" and number == 0:
                file.versions.append(_written(collection, everybody[: len(everybody) // 2]))
            file.versions.append(_written(collection, everybody))
            yield file


def put_file(s3: Any, bucket: str, file: LakeFile) -> None:
    """Write every version of a file."""
    for content in file.versions:
        s3.put_object(
            Bucket=bucket, Key=file.key, Body=content, ContentType=file.content_type, Tagging=TAGS, Metadata=METADATA
        )


def _stranger(collection: str, day: str, place: int, like: Row) -> Row:
    row = {**like, "event_id": f"ev-{collection}-{day}-{place}"}
    return row | ({"user": None} if "user" in row else {"account_id": None})


def _written(collection: str, rows: list[Row]) -> bytes:
    plain = [{name: value for name, value in row.items() if name != "dt"} for row in rows]
    if collection in PARQUET:
        out = io.BytesIO()
        table = pa.Table.from_pylist(sorted(plain, key=lambda row: row["account_id"] or ""))
        pq.write_table(
            table.replace_schema_metadata({"pipeline": collection}), out,
            compression=PARQUET[collection], row_group_size=_ROWS_A_GROUP,
        )  # fmt: skip
        return out.getvalue()
    # Two pipelines, two ways of writing JSON.
    compact = collection == "searches"
    separators = (",", ":") if compact else (", ", ": ")
    lines = [json.dumps(row, ensure_ascii=compact, separators=separators) for row in plain]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def rows_of(content: bytes) -> list[Row]:
    """The rows of a file, whichever format it has."""
    if content.startswith(b"PAR1"):
        found: list[Row] = pq.read_table(io.BytesIO(content)).to_pylist()
        return found
    return [json.loads(line) for line in gzip.decompress(content).splitlines()]


def versions(s3: Any, bucket: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Every version of every object, with its content."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            named = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
            yield version, s3.get_object(**named)["Body"].read()


def lines(s3: Any, bucket: str, without: tuple[Person, ...]) -> Iterator[str]:
    """Every row that is not somebody's of `without`, once for all versions that repeat it, and how its object is kept.

    A row that lost its person keeps its event id, by which it is still known as theirs here.
    """
    accounts = {person.account_id for person in without if person.account_id}
    events = {
        row["event_id"] for person in without for name in STORES["service_logs"] for row in person.rows.get(name, ())
    }
    found: set[str] = set()
    for version, content in versions(s3, bucket):
        key = version["Key"]
        head = s3.head_object(Bucket=bucket, Key=key)
        kept = [head.get(n) for n in ("ContentType", "Metadata", "ServerSideEncryption", "SSEKMSKeyId", "StorageClass")]
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        found.add(json.dumps([key, kept, sorted(tags, key=lambda tag: tag["Key"])], default=str))
        for row in rows_of(content):
            account = (row.get("user") or {}).get("account_id") if "user" in row else row.get("account_id")
            if row["event_id"] not in events and account not in accounts:
                found.add(json.dumps([key, row], sort_keys=True))
    yield from sorted(found)
