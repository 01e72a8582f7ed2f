"""A small lake on moto, its queue in a ledger on moto, and the purge as its machine runs it."""

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rights.datamap import StoreMap, load_data_map
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Channel, Locale, Operation, Right
from rights.ledger import Ledger, NewRequest, Task
from rights.ledger.model import LakeBatch
from rights.purging import Finishing, Planning
from rights.purging_objects import Working
from rights.stores.lake_objects import LakeObjects
from tests.support.plans import lay

BUCKET = "mall-lake-123456789012"
VIEWS = "logs/page_views/dt=2026-11-20/part-0.json.gz"
CLICKS = "logs/clicks/dt=2026-11-20/part-0.parquet"
PLACES = "logs/places/dt=2026-11-20/part-0.json.gz"


def gz(rows: list[dict[str, Any]]) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())


def parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, row_group_size=4)
    return out.getvalue()


def row(account: str | None, number: int) -> dict[str, Any]:
    return {"event_id": f"e{number}", "account_id": account, "at": "2026-11-20T03:00:00Z"}


class Killed(Exception):  # noqa: N818 - no error, but an end
    """The function dies here."""


@dataclass
class Client:
    """An S3 client that a test can listen to, and have do something before or after a call."""

    inner: Any
    before: Callable[[str, dict[str, Any]], None] = lambda *_: None
    after: Callable[[str, dict[str, Any]], None] = lambda *_: None
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(**given: Any) -> Any:
            self.calls.append(name)
            self.before(name, given)
            answer = method(**given)
            self.after(name, given)
            return answer

        return call


@dataclass
class Lake:
    """The lake, and how its batches are run."""

    ledger: Ledger
    s3: Any
    client: Client
    store: StoreMap

    def put(self, key: str, content: bytes, **more: Any) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content, **more)

    def rows(self, key: str, version: str | None = None) -> list[dict[str, Any]]:
        named = {"VersionId": version} if version else {}
        content = self.s3.get_object(Bucket=BUCKET, Key=key, **named)["Body"].read()
        if content.startswith(b"PAR1"):
            found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
            return found
        return [json.loads(line) for line in gzip.decompress(content).splitlines()]

    def versions(self, key: str) -> list[str]:
        listed = self.s3.list_object_versions(Bucket=BUCKET, Prefix=key).get("Versions", [])
        return [version["VersionId"] for version in listed]

    def open(self, store: StoreMap, collection: str) -> LakeObjects:
        access = store.collection(collection).rights.lake
        assert access
        return LakeObjects(self.client, BUCKET, access.prefix)

    def ask(self, account: str) -> str:
        """A deletion by somebody, planned for the lake."""
        new = NewRequest(right=Right.DELETION, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"},
                         proven=True)  # fmt: skip
        request_id = self.ledger.open_request(new).request.id
        self.ledger.put_private(request_id, "subject", {"keys": keys(account).to_mapping()})
        task = Task(request_id=request_id, store="service_logs", kind="lake", stage=2, operation=Operation.ERASE)
        lay(self.ledger, request_id, [task], subjects=[request_id], known_as=[request_id])
        self.ledger.begin_work(request_id)
        return request_id

    def queue(self, account: str) -> str:
        request_id = self.ask(account)
        self.ledger.queue_erasure(request_id, "service_logs", keys(account), ())
        return request_id

    def begin(self) -> LakeBatch:
        batch = self.ledger.batch("service_logs") or self.ledger.begin_batch("service_logs")
        assert batch
        return batch

    def run(self, *, tries: int = 1) -> LakeBatch:
        """The whole machine; a chunk that fails is left open, as its Catch leaves it."""
        batch = self.begin()
        for _ in range(tries + 5):
            planned = Planning(self.ledger, self.open, 10_000).run(self.store, batch.id)
            for chunk in planned["chunks"]:
                try:
                    Working(self.ledger, self.open).run(self.store, batch.id, chunk["chunk"])
                except Killed:
                    raise
                except Exception:  # noqa: BLE001, S112 - as the machine does
                    continue
            if planned["outcome"] == "done":
                break
        Finishing(self.ledger, 35).run(self.store, batch.id)
        return batch

    def told(self, request_id: str) -> dict[str, tuple[int, int]]:
        """Erased and anonymised per collection, as the request was told."""
        result = self.ledger.lake_result(request_id, "service_logs")
        assert result
        return {name: (c["erased"], c["anonymised"]) for name, c in result.counts.items()}


def keys(account: str) -> KeySet:
    return KeySet.of([Identifier(Kind.ACCOUNT, account)])


@pytest.fixture
def lake(ledger: Ledger) -> Lake:
    s3: Any = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    made = Lake(ledger, s3, Client(s3), load_data_map().store("service_logs"))
    made.put(VIEWS, gz([row("a", 0), row("b", 1), row("a", 2), row(None, 3), row("c", 4)]))
    made.put(CLICKS, parquet([row("a", 5), row("c", 6), row("b", 7), row("c", 8), row("c", 9)]))
    made.put(PLACES, gz([row("b", 10) | {"latitude": 11.5, "longitude": 104.9}, row("c", 11)]))
    return made
