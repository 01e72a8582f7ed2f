"""The ledger's table as plain Python: keys, values in and out, and transactions that say who lost."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from rights.domain.reference import reference
from rights.errors import StaleWriteError

Item = dict[str, Any]

_serialise = TypeSerializer().serialize
_deserialise = TypeDeserializer().deserialize

SHARDS = 4
"""How many partitions the sparse time indexes are spread over."""


def request_key(request_id: str, sort: str = "STATE") -> Item:
    """The key of an item of a request."""
    return {"PK": f"REQUEST#{request_id}", "SK": sort}


def reference_key(request_id: str) -> Item:
    """Where a request is found by what people call it; two that are called the same lie side by side."""
    return {"PK": f"REFERENCE#{reference(request_id)}", "SK": request_id}


def shard_of(request_id: str) -> int:
    """The shard of a request in the time indexes: stable, and evenly spread since ids are random."""
    return sum(request_id.encode()) % SHARDS


def audit_shard(request_id: str) -> str:
    """The mark of a request whose newest event no digest of the audit has named yet."""
    return f"AUDIT#{shard_of(request_id)}"


def to_wire(value: Mapping[str, Any]) -> dict[str, Any]:
    """Python values to DynamoDB's; `None` values are left out."""
    return {name: _serialise(part) for name, part in value.items() if part is not None}


def from_wire(value: Mapping[str, Any]) -> Item:
    """DynamoDB's values to Python: whole numbers as int, binaries as bytes."""
    return {name: _plain(_deserialise(part)) for name, part in value.items()}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Binary():
            return bytes(value.value)  # type: ignore[attr-defined]
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case _:
            return value


class Update:
    """One conditional update, built up by name: what to set, remove and add, and on which conditions."""

    def __init__(self, key: Item) -> None:
        self._key = key
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._adds: list[str] = []
        self._discards: list[str] = []
        self._conditions: list[str] = []
        self._names: dict[str, str] = {}
        self._values: Item = {}

    def set(self, **values: Any) -> "Update":
        """Set attributes; `None` removes one."""
        for name, value in values.items():
            if value is None:
                self._removes.append(self._name(name))
            else:
                self._sets.append(f"{self._name(name)} = {self._value(value)}")
        return self

    def add(self, name: str, value: int | AbstractSet[str]) -> "Update":
        """Add to a number, or to a set of words."""
        self._adds.append(f"{self._name(name)} {self._value(value)}")
        return self

    def discard(self, name: str, value: AbstractSet[str]) -> "Update":
        """Take words out of a set; the attribute goes with the last."""
        self._discards.append(f"{self._name(name)} {self._value(value)}")
        return self

    def when(self, template: str, **values: Any) -> "Update":
        """Require a condition: `{name}` stands for an attribute, `{=name}` for the value given under that name."""
        text = template
        for name, value in values.items():
            text = text.replace("{=" + name + "}", self._value(value))
        while "{" in text:
            start, end = text.index("{"), text.index("}")
            text = text[:start] + self._name(text[start + 1 : end]) + text[end + 1 :]
        self._conditions.append(f"({text})")
        return self

    def _name(self, name: str) -> str:
        self._names[f"#{name}"] = name
        return f"#{name}"

    def _value(self, value: Any) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def request(self, table: str, *, check_only: bool = False) -> dict[str, Any]:
        """The parameters of UpdateItem (or, `check_only`, of a conditional delete)."""
        made: dict[str, Any] = {"TableName": table, "Key": to_wire(self._key)}
        if not check_only:
            made["UpdateExpression"] = " ".join(
                f"{word} {', '.join(parts)}"
                for word, parts in (
                    ("SET", self._sets),
                    ("REMOVE", self._removes),
                    ("ADD", self._adds),
                    ("DELETE", self._discards),
                )
                if parts
            )
        if self._conditions:
            made["ConditionExpression"] = " AND ".join(self._conditions)
        if self._names:
            made["ExpressionAttributeNames"] = self._names
        if self._values:
            made["ExpressionAttributeValues"] = to_wire(self._values)
        return made


class Table:
    """One DynamoDB table and the few ways the ledger touches it."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, key: Item) -> Item | None:
        """The item of a key, read consistently."""
        found = self._client.get_item(TableName=self.name, Key=to_wire(key), ConsistentRead=True).get("Item")
        return from_wire(found) if found else None

    def get_many(self, keys: Sequence[Item]) -> dict[tuple[str, str], Item]:
        """The items of these keys that there are, by PK and SK; a hundred a call, a moment old at most."""
        found: dict[tuple[str, str], Item] = {}
        for start in range(0, len(keys), 100):
            left = [to_wire(key) for key in keys[start : start + 100]]
            for attempt in range(10):
                answer = self._client.batch_get_item(RequestItems={self.name: {"Keys": left}})
                items = map(from_wire, answer["Responses"].get(self.name, ()))
                found |= {(item["PK"], item["SK"]): item for item in items}
                left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                if not left:
                    break
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
            else:
                raise StaleWriteError("the ledger was too busy for these reads")
        return found

    def query_items(
        self, partition: str, prefix: str, *, newest_first: bool = False, page: int | None = None
    ) -> Iterator[Item]:
        """The items of one partition whose sort key starts with `prefix`, read consistently, page by page."""
        parameters: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "KeyConditionExpression": "PK = :pk" + (" AND begins_with(SK, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": to_wire({":pk": partition} | ({":prefix": prefix} if prefix else {})),
        }
        yield from self._pages(parameters, page)

    def query_span(self, partition: str, first: str, last: str, names: Sequence[str] = ()) -> Iterator[Item]:
        """The items of one partition from one sort key to another, both included; only some attributes if named."""
        parameters: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "ExpressionAttributeValues": to_wire({":pk": partition, ":first": first, ":last": last}),
        }
        if names:
            parameters["ProjectionExpression"] = ", ".join(names)
        yield from self._pages(parameters)

    def query_all(self, partition: str) -> Iterator[Item]:
        """Every item of one partition, read consistently, page by page."""
        parameters: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": to_wire({":pk": partition}),
        }
        yield from self._pages(parameters)

    def query_index(  # noqa: PLR0917 - an index, its two keys, and from where to where
        self,
        index: str,
        hash_name: str,
        value: str,
        range_name: str,
        until: str | None,
        since: str = "",
        *,
        newest_first: bool = False,
        page: int | None = None,
    ) -> Iterator[Item]:
        """The keys an index has under a value, oldest first, from `since` to `until` if given (not consistent).

        `page`: how many are read at once, for whoever will stop early.
        """
        condition, values, names = "#h = :h", {":h": value}, {"#h": hash_name}
        if until is not None:
            values, names = values | {":r": until}, names | {"#r": range_name}
            condition += " AND #r BETWEEN :s AND :r" if since else " AND #r <= :r"
            values |= {":s": since} if since else {}
        parameters = {
            "TableName": self.name,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_wire(values),
            "ScanIndexForward": not newest_first,
        }
        yield from self._pages(parameters, page)

    def count_index(self, index: str, hash_name: str, value: str, most: int) -> int:
        """How many items an index has under a value; not counted much further than `most` (not consistent)."""
        parameters = {
            "TableName": self.name,
            "IndexName": index,
            "Select": "COUNT",
            "KeyConditionExpression": "#h = :h",
            "ExpressionAttributeNames": {"#h": hash_name},
            "ExpressionAttributeValues": to_wire({":h": value}),
        }
        counted = 0
        for page in self._client.get_paginator("query").paginate(**parameters):
            counted += page["Count"]
            if counted >= most:
                break
        return counted

    def _pages(self, parameters: dict[str, Any], size: int | None = None) -> Iterator[Item]:
        at_once = {"PageSize": size} if size else {}
        for page in self._client.get_paginator("query").paginate(**parameters, PaginationConfig=at_once):
            for item in page["Items"]:
                yield from_wire(item)

    def put(self, item: Item, *, only_new: bool) -> bool:
        """Put an item; with `only_new` tell whether there was none before."""
        condition = {"ConditionExpression": "attribute_not_exists(PK)"} if only_new else {}
        try:
            self._client.put_item(TableName=self.name, Item=to_wire(item), **condition)
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def put_many(self, items: Sequence[Item]) -> None:
        """Put items whether or not they were there, 25 at a time; what the table had no room for is put again."""
        self._write_many([{"PutRequest": {"Item": to_wire(item)}} for item in items])

    def delete_many(self, keys: Sequence[Item]) -> None:
        """Delete items whether or not they are there, 25 at a time."""
        self._write_many([{"DeleteRequest": {"Key": to_wire(key)}} for key in keys])

    def _write_many(self, writes: Sequence[Item]) -> None:
        for start in range(0, len(writes), 25):
            left = list(writes[start : start + 25])
            for attempt in range(10):
                answer = self._client.batch_write_item(RequestItems={self.name: left})
                left = answer.get("UnprocessedItems", {}).get(self.name, [])
                if not left:
                    break
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
            else:
                raise StaleWriteError("the ledger was too busy for these writes")

    def update(self, update: Update) -> Item | None:
        """The item after a conditional update; `None` if the condition did not hold."""
        try:
            answer = self._client.update_item(**update.request(self.name), ReturnValues="ALL_NEW")
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            return None
        return from_wire(answer["Attributes"])

    def put_op(self, item: Item, *, or_expired_at: int | None = None) -> Item:
        """A put of a new item, as one part of a transaction; one that expired before this second is not in the way."""
        made: Item = {
            "TableName": self.name,
            "Item": to_wire(item),
            "ConditionExpression": "attribute_not_exists(PK)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if or_expired_at is not None:
            made["ConditionExpression"] += " OR #expires <= :now"
            made["ExpressionAttributeNames"] = {"#expires": "expires"}
            made["ExpressionAttributeValues"] = to_wire({":now": or_expired_at})
        return {"Put": made}

    def update_op(self, update: Update) -> Item:
        """An update, as one part of a transaction."""
        return {"Update": update.request(self.name) | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}

    def check_op(self, key: Item, template: str, **values: Any) -> Item:
        """A condition on an item that is not written, as one part of a transaction."""
        return {"ConditionCheck": Update(key).when(template, **values).request(self.name, check_only=True)}

    def delete_op(self, key: Item, template: str, **values: Any) -> Item:
        """A conditional delete, as one part of a transaction."""
        return {"Delete": Update(key).when(template, **values).request(self.name, check_only=True)}

    def transact(self, parts: Sequence[Item]) -> list[Item | None] | None:
        """Write all parts or none: `None` when written, else per part the item that was in the way (or `None`).

        A transaction that merely met another one is tried again, a few times, with growing random pauses.
        """
        for attempt in range(8):
            try:
                self._client.transact_write_items(TransactItems=list(parts))
            except ClientError as error:
                if _code(error) != "TransactionCanceledException":
                    raise
                reasons = error.response.get("CancellationReasons") or [{} for _ in parts]
                codes = {reason.get("Code", "None") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return [from_wire(r["Item"]) if r.get("Item") else _lost(r) for r in reasons]
                if not codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
            else:
                return None
        msg = "the ledger was too busy for this write"
        raise StaleWriteError(msg)


def _lost(reason: Mapping[str, Any]) -> Item | None:
    return {} if reason.get("Code") == "ConditionalCheckFailed" else None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
