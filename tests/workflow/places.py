"""Wherever somebody's data may have got to without anybody wanting it: every place of the local cloud, as bytes."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from local.cloud import Cloud
from tests.workflow.book import Book, texts_of

QUEUES = ("NoticeQueue", "NoticeDeadLetters", "RelayDeadLetters")
NOT_OURS = {"postgres", "postgres.log", "pginstall"}
"""The mall's own database server: a store, with a log that its owner keeps."""
NOTED = ("[sns] SNS SMS to", "[ses-v2] SESv2 SendEmail", "[cognito] Cognito: AdminCreateUser")
"""Lines in which the emulator notes the messages it captures, and whom the mall lets sign in."""


def places(cloud: Cloud, book: Book, answers: list[httpx.Response], tapped: list[str]) -> dict[str, list[bytes]]:
    """Wherever data may have got to, apart from the mall's stores, packages, evidence, and the person's own mailbox."""
    return {
        "logs": [line.encode() for line in [*cloud.logs(), *log_names(cloud)]],
        "ledger": [text.encode("latin-1", "replace") for item in book.everything() for text in texts_of(item)],
        "ledger, unsealed bytes as base64": [
            base64.b64encode(text.encode("latin-1", "replace")) for item in book.everything() for text in texts_of(item)
        ],
        "stream": [json.dumps(record, default=str).encode() for record in stream_records(cloud, book)],
        "executions": [line.encode() for line in executions(cloud)],
        "queues": [line.encode() for line in queued(cloud)],
        "events and messages on their way": [line.encode() for line in tapped],
        "object names": [name.encode() for name in object_names(cloud)],
        "certificates": certificates(cloud),
        "answers": [line.encode() for line in told(answers)],
        "functions": [json.dumps(cloud.client("lambda").list_functions(), default=str).encode()],
        "files of the local cloud": list(files_of(cloud.work)),
    }


def log_names(cloud: Cloud) -> Iterator[str]:
    logs = cloud.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        yield group["logGroupName"]
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group["logGroupName"]):
            yield from (stream["logStreamName"] for stream in page["logStreams"])


def stream_records(cloud: Cloud, book: Book) -> Iterator[dict[str, Any]]:
    streams = cloud.client("dynamodbstreams")
    for stream in streams.list_streams(TableName=book.table)["Streams"]:
        arn = stream["StreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = streams.get_shard_iterator(**where)["ShardIterator"]
            while iterator and (page := streams.get_records(ShardIterator=iterator))["Records"]:
                yield from page["Records"]
                iterator = page.get("NextShardIterator")


def executions(cloud: Cloud) -> Iterator[str]:
    states = cloud.client("stepfunctions")
    for machine in ("StateMachineArn", "LakePurgeArn"):
        for page in states.get_paginator("list_executions").paginate(stateMachineArn=cloud.outputs[machine]):
            for run in page["executions"]:
                yield json.dumps(states.describe_execution(executionArn=run["executionArn"]), default=str)
                history = states.get_paginator("get_execution_history").paginate(executionArn=run["executionArn"])
                yield from (json.dumps(event, default=str) for part in history for event in part["events"])


def queued(cloud: Cloud) -> Iterator[str]:
    queues = cloud.client("sqs")
    for name in QUEUES:
        url = cloud.resources[name]
        yield json.dumps(queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))
        yield json.dumps(queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0), default=str)


def object_names(cloud: Cloud) -> Iterator[str]:
    s3 = cloud.client("s3")
    for name in ("PackageBucket", "EvidenceBucket"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=cloud.resources[name]):
            for found in page.get("Contents", []):
                yield found["Key"]
                head = s3.head_object(Bucket=cloud.resources[name], Key=found["Key"])
                yield json.dumps([head["Metadata"], head.get("ContentDisposition", "")])


def certificates(cloud: Cloud) -> list[bytes]:
    s3, bucket = cloud.client("s3"), cloud.resources["EvidenceBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="certificates/")
    found = [o["Key"] for page in pages for o in page["Contents"]]
    signed: list[bytes] = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in found]
    return [part for whole in signed for part in (whole, base64.urlsafe_b64decode(whole.split(b".")[1] + b"=="))]


def told(answers: list[httpx.Response]) -> Iterator[str]:
    for answer in answers:
        yield from (f"{name}: {value}" for name, value in answer.headers.multi_items())
        yield answer.text


def files_of(work: Path) -> Iterator[bytes]:
    for path in work.rglob("*"):
        if path.is_file() and path.relative_to(work).parts[0] not in NOT_OURS:
            lines = path.read_bytes().split(b"\n")
            kept = [line for line in lines if not any(mark.encode() in line for mark in NOTED)]
            yield b"\n".join([path.name.encode(), *kept])
