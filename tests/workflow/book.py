"""The ledger and the workflow as an auditor reads them: raw items and histories, by no code of the product."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from local.cloud import Cloud
from tests.workflow.waiting import eventually

Item = dict[str, Any]

_TIMES = ("relay_at", "run_started_at", "retry_at")


class Book:
    """The ledger table and the executions of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._dynamodb = cloud.client("dynamodb")
        self._states = cloud.client("stepfunctions")
        self._machine = cloud.outputs["StateMachineArn"]
        self.table = cloud.outputs["LedgerTableName"]

    def everything(self) -> list[Item]:
        """Every item of the table, by a scan."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return [_plain(item) for page in pages for item in page["Items"]]

    def all_keys(self) -> set[tuple[str, str]]:
        """The keys of all items."""
        return {(item["PK"], item["SK"]) for item in self.everything()}

    def items(self, request_id: str, prefix: str = "") -> list[Item]:
        """The items of one request whose sort key starts so, in order."""
        condition = "PK = :pk" + (" AND begins_with(SK, :sk)" if prefix else "")
        values = {":pk": {"S": f"REQUEST#{request_id}"}} | ({":sk": {"S": prefix}} if prefix else {})
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
        return [_plain(item) for page in pages for item in page["Items"]]

    def state(self, request_id: str) -> Item:
        """The state of a request."""
        (state,) = self.items(request_id, "STATE")
        return state

    def status(self, request_id: str) -> str:
        """Where a request stands, by the word of the ledger, not by the one people are told."""
        return str(self.state(request_id)["status"])

    def tasks(self, request_id: str) -> dict[str, Item]:
        """The store tasks of a request by store."""
        return {item["SK"].partition("#")[2]: item for item in self.items(request_id, "TASK#")}

    def codes(self, request_id: str) -> list[str]:
        """The codes of a request's events, in order."""
        return [event["code"] for event in self.items(request_id, "EVENT#")]

    def chain_holds(self, request_id: str) -> bool:
        """Whether each event names the hash of the one before, and the state that of the last (DESIGN section 7).

        The product may write between the two readings: the state is read on both sides, until it is the same.
        """
        head = self.state(request_id)["head"]
        events = self.items(request_id, "EVENT#")
        while head != (head := self.state(request_id)["head"]):
            events = self.items(request_id, "EVENT#")
        return bool(_last_hash(events) == head)

    def until_quiet(self, request_id: str) -> list[Item]:
        """The items of a request, as soon as everything that follows from what happened so far has happened."""

        def quiet() -> list[Item] | None:
            items = self.items(request_id)
            unsent = (item for item in items if item["SK"].startswith("NOTICE#") and item["status"] != "sent")
            return None if any(unsent) or any("relay_at" in item for item in items) else items

        return eventually(quiet, "quiet")

    def runs(self, request_id: str) -> list[Item]:
        """The executions of a request, in the order of their runs."""
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
        found = [run for page in pages for run in page["executions"] if run["name"].startswith(f"{request_id}-")]
        return sorted(found, key=lambda run: int(run["name"].rpartition("-")[2]))

    def history(self, request_id: str) -> list[Item]:
        """Every event of every execution of a request."""
        pages = self._states.get_paginator("get_execution_history")
        return [
            event
            for run in self.runs(request_id)
            for page in pages.paginate(executionArn=run["executionArn"])
            for event in page["events"]
        ]

    def is_at(self, request_id: str, state: str) -> bool:
        """Whether a state of the workflow was entered."""
        return any(event.get("stateEnteredEventDetails", {}).get("name") == state for event in self.history(request_id))

    def errors(self, request_id: str) -> list[str]:
        """The names of the errors that reached the state machine."""
        details = (event.get("taskFailedEventDetails") for event in self.history(request_id))
        return [detail["error"] for detail in details if detail]

    def a_while_passes(self, minutes: int = 2) -> None:
        """Make every mark of the open requests that waits for time to pass that much older: the same as waiting."""
        for item in self.everything():
            older = {name: _earlier(item[name], minutes) for name in _TIMES if name in item and "closed_at" not in item}
            if older:
                self.overwrite(item, older)

    def codes_grow_old(self, request_id: str, minutes: int = 16) -> None:
        """Make the codes of a request that much older."""
        for item in self.items(request_id, "CODES#"):
            codes = [code | {"expires_at": _earlier(code["expires_at"], minutes)} for code in item["codes"]]
            self.overwrite(item, {"codes": codes})

    def callbacks_fall_due(self, request_id: str, minutes: int = 90) -> None:
        """Make the pauses and the claims of a request's callbacks that much older: the same as waiting."""
        for item in self.items(request_id, "CALLBACK#"):
            older: Item = {name: _earlier(item[name], minutes) for name in ("relay_at", "claimed_at") if name in item}
            if older:
                self.overwrite(item, older)

    def overwrite(self, item: Item, values: Item) -> None:
        """Put other values into an item, as an auditor must never do."""
        serialise: Callable[[Any], Any] = TypeSerializer().serialize
        names = list(values)
        # Only what is still as it was read: the product may write at the same time.
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.update_item(
                TableName=self.table,
                Key={name: {"S": item[name]} for name in ("PK", "SK")},
                UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in names),
                ConditionExpression=" AND ".join(f"#{n} = :was_{n}" for n in names),
                ExpressionAttributeNames={f"#{n}": n for n in names},
                ExpressionAttributeValues={f":{n}": serialise(values[n]) for n in names}
                | {f":was_{n}": serialise(item[n]) for n in names},
            )


def _last_hash(events: list[Item]) -> str | None:
    """The hash of the last event, or nothing where the chain is broken."""
    previous = "0" * 64
    for version, event in enumerate(events, start=1):
        facts = {name: value for name, value in event.items() if name not in {"PK", "SK", "hash"}}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        whole = event["hash"] == hashlib.sha256(text.encode()).hexdigest()
        if not whole or event["previous"] != previous or event["version"] != version:
            return None
        previous = event["hash"]
    return previous


def _earlier(moment: str, minutes: int) -> str:
    return (datetime.fromisoformat(moment) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(item: Item) -> Item:
    deserialise: Callable[[Any], Any] = TypeDeserializer().deserialize
    return {name: _python(deserialise(value)) for name, value in item.items()}


def _python(value: Any) -> Any:
    if isinstance(value, Binary):
        return bytes(value.value)  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {name: _python(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_python(part) for part in value]
    return int(value) if hasattr(value, "to_integral_value") else value


def texts_of(value: Any) -> Iterator[str]:
    """Every text and every sealed byte of a value, however deep."""
    match value:
        case dict():
            for name, part in value.items():
                yield str(name)
                yield from texts_of(part)
        case list():
            for part in value:
                yield from texts_of(part)
        case bytes():
            yield value.decode("latin-1")
        case _:
            yield str(value)
