"""DynamoDB: one partition of 50,000 items, exported and erased whole, against plain calls that do less.

Everything speaks to MiniStack, which sorts the whole partition for every page; the figures tell what our side costs
beside a floor, not what DynamoDB would do. The floors: Query page after page, each item written as a line of JSON; for
the erasure Query of the keys and DeleteItem by eight threads, and the same with BatchWriteItem. They lack what ours
does: the condition of each write (still this person's, no dispute), a record of each page before it is erased, counts
that are exact after a kill, and reading back. Ours is the worker of StoreDynamodb with a ledger, seals and parts in S3.
"""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.bench.measure import Measured, Row, measured
from local.emulator import REGION, Emulator, session, start
from rights.clock import utc_now
from rights.datamap import StoreMap
from rights.domain.rights import Operation
from rights.domain.work import TaskStatus
from rights.ledger import Ledger, Task
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from rights.stores.dynamodb import DynamoConnector
from rights.stores.package import PackageParts
from rights.stores.work import Worker

ITEMS = 50_000
LEDGER, BUCKET, ACCOUNT = "bench-ledger", "bench-package", "acc-0123456789abcdef"
_THREADS = 8
_STORE = "things"


def rows() -> Iterator[Row]:
    """An export, and an erasure beside both floors."""
    with tempfile.TemporaryDirectory(prefix="bench-dynamodb-") as folder:
        emulator = start(Path(folder))
        try:
            emulator.wait_ready()
            _lay_out(emulator)
            yield from _rows(emulator.endpoint)
        finally:
            emulator.child.stop()


def _rows(endpoint: str) -> Iterator[Row]:
    def run(work: Any, table: str) -> Measured:
        found = measured(work, endpoint, table)
        if found.answer != ITEMS:
            message = f"{work.__name__} dealt with {found.answer} of {ITEMS} items"
            raise RuntimeError(message)
        return found

    promised = "whole, under 200 MB"
    export = "DynamoDB partition, export (floor: Query, json.dumps)"
    yield Row(export, ITEMS, "items", run(_export, "ours"), run(_export_floor, "ours"), promised)
    ours = run(_erase, "ours")
    single = "DynamoDB partition, erasure and read-back (floor: Query, DeleteItem)"
    yield Row(single, ITEMS, "items", ours, run(_delete_floor, "single"), promised)
    batch = "the same erasure (floor: Query, BatchWriteItem, which knows no conditions)"
    yield Row(batch, ITEMS, "items", ours, run(_batch_floor, "batch"), promised)


def _lay_out(emulator: Emulator) -> None:
    dynamodb, s3 = emulator.quick_client("dynamodb"), emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    _create(dynamodb, LEDGER, "PK", "SK")
    for table in ("ours", "single", "batch"):
        _create(dynamodb, table, "account_id", "item")
        puts = ({"PutRequest": {"Item": _item(number)}} for number in range(ITEMS))
        _in_batches(dynamodb, table, puts)


def _create(dynamodb: Any, table: str, *keys: str) -> None:
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": n, "KeyType": t} for n, t in zip(keys, ("HASH", "RANGE"), strict=True)],
        BillingMode="PAY_PER_REQUEST",
    )


def _item(number: int) -> dict[str, Any]:
    """What a search in a shop may leave behind: some 300 bytes."""
    return {
        "account_id": {"S": ACCOUNT},
        "item": {"S": f"SEARCH#2025-11-{number % 28 + 1:02d}T{number:08d}"},
        "query": {"S": f"ទូរស័ព្ទ phone case {number}"},
        "results": {"N": str(number % 100)},
        "filters": {"M": {"price": {"N": "19.99"}, "brand": {"S": "Angkor"}, "sizes": {"L": [{"S": "M"}, {"S": "L"}]}}},
        "at": {"S": f"2025-11-{number % 28 + 1:02d}T08:00:00Z"},
    }


def _in_batches(dynamodb: Any, table: str, writes: Iterable[dict[str, Any]]) -> None:
    def write(part: list[dict[str, Any]]) -> None:
        left = part
        while left:
            left = dynamodb.batch_write_item(RequestItems={table: left}).get("UnprocessedItems", {}).get(table, [])

    every = list(writes)
    with ThreadPoolExecutor(_THREADS) as writers:
        list(writers.map(write, (every[start : start + 25] for start in range(0, len(every), 25))))


def _client(endpoint: str, service: str) -> Any:
    make: Any = session().client
    return make(service, endpoint_url=endpoint)


def _query(endpoint: str, table: str, **more: Any) -> Iterator[list[dict[str, Any]]]:
    pages = _client(endpoint, "dynamodb").get_paginator("query")
    values = {":a": {"S": ACCOUNT}}
    found = pages.paginate(
        TableName=table, KeyConditionExpression="account_id = :a", ExpressionAttributeValues=values, **more
    )
    return (page["Items"] for page in found)


def _export_floor(endpoint: str, table: str) -> int:
    s3, read, number = _client(endpoint, "s3"), TypeDeserializer().deserialize, 0
    for page, items in enumerate(_query(endpoint, table)):
        lines = io.StringIO()
        for item in items:
            lines.write(json.dumps({name: read(value) for name, value in item.items()}, default=str) + "\n")
        s3.put_object(Bucket=BUCKET, Key=f"floor/{page}.jsonl", Body=lines.getvalue().encode())
        number += len(items)
    return number


def _delete_floor(endpoint: str, table: str) -> int:
    dynamodb, number = _client(endpoint, "dynamodb"), 0
    with ThreadPoolExecutor(_THREADS) as writers:
        for keys in _query(endpoint, table, ProjectionExpression="account_id, #i", ExpressionAttributeNames=_SORT):
            number += len(list(writers.map(lambda key: dynamodb.delete_item(TableName=table, Key=key), keys)))
    return number


def _batch_floor(endpoint: str, table: str) -> int:
    dynamodb, number = _client(endpoint, "dynamodb"), 0
    for keys in _query(endpoint, table, ProjectionExpression="account_id, #i", ExpressionAttributeNames=_SORT):
        _in_batches(dynamodb, table, ({"DeleteRequest": {"Key": key}} for key in keys))
        number += len(keys)
    return number


_SORT = {"#i": "item"}


class _Patient:
    """A context with time for everything."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 900_000


def _export(endpoint: str, table: str) -> int:
    return _worked(endpoint, table, Operation.EXPORT).counts.exported


def _erase(endpoint: str, table: str) -> int:
    return _worked(endpoint, table, Operation.ERASE).counts.erased


def _worked(endpoint: str, table: str, operation: Operation) -> Task:
    """The task as it ended, after it was worked on and, after an erasure, read back."""
    kms = _client(endpoint, "kms")
    sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    ledger = Ledger(Table(_client(endpoint, "dynamodb"), LEDGER), sealer, Hmac(b"bench"), utc_now)
    request = f"{operation}-{table}"
    task = Task(request_id=request, store=_STORE, kind="dynamodb", stage=1, operation=operation)
    ledger.table.transact(ledger.task_parts([task]))
    ledger.put_private(request, "subject", {"keys": {"account_id": [ACCOUNT]}})
    connector = DynamoConnector(_map(table), _client(endpoint, "dynamodb"))
    worker = Worker(ledger, connector, PackageParts(_client(endpoint, "s3"), BUCKET), utc_now)
    worker.run("work", request, _STORE, _Patient())
    worker.run("read_back", request, _STORE, _Patient())
    task = ledger.task(request, _STORE)
    if task.status is not TaskStatus.DONE:
        message = f"the task is {task.status}"
        raise RuntimeError(message)
    return task


def _map(table: str) -> StoreMap:
    key = {"fides_meta": {"primary_key": True, "data_type": "string"}, "data_categories": ["user"]}
    fields = [
        key | {"name": "account_id", "rights": {"key": "account_id", "identifies": "one"}},
        key | {"name": "item"},
    ]
    fields += [{"name": name, "data_categories": ["user"]} for name in ("query", "results", "filters", "at")]
    rights = {"purpose": "p", "legal_basis": "contract", "dynamodb": [{"table": table, "query_by": "account_id"}]}
    of_store = {
        "kind": "dynamodb",
        "stage": 1,
        "controller": "c",
        "residency": "KH",
        "role_arn": "arn:aws:iam::1:role/r",
    }
    collection = {"name": "searches", "fields": fields, "rights": rights}
    return StoreMap.model_validate(
        {"fides_key": _STORE, "name": "Things", "rights": of_store, "collections": [collection]}
    )
