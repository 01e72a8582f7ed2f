"""AWS as moto plays it, each time empty, without what moto does over and over.

What a test may see stays as it is: every backend begins empty. Shared are only things without state: the service
descriptions that boto3 reads (70 ms a client), one RSA key that moto makes for every symmetric KMS key and never uses
(60 ms a key), the names of a class's methods, and the copy of a table that a transaction may have to go back to
(moto takes one for each of its parts).
"""

import base64
import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import responses, utils
from moto.dynamodb import models as dynamodb
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoResult
from moto.kms import models as kms
from moto.kms.utils import generate_private_key

_KEEP_SESSION: Any = {"core": {"reset_boto3_session": False}}

_ITEM_CALLS = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem"})


@cache
def client(service: str) -> Any:
    """A client of whatever cloud in memory there is when it is called."""
    return boto3.client(service)  # type: ignore[call-overload]


@contextmanager
def empty_moto() -> Iterator[None]:
    """An empty cloud in memory; nothing of it is left afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kms, "generate_private_key", _private_key)
        patch.setattr(responses, "method_names_from_class", _method_names)
        patch.setattr(DynamoResult, "execute_result", _answer_as_it_is)
        patch.setattr(dynamodb.DynamoDBBackend, "transact_write_items", _transact)
        patch.setattr(Table, "__deepcopy__", _copied_once, raising=False)
        with mock_aws(config=_KEEP_SESSION):
            yield


_method_names = cache(utils.method_names_from_class)
_shared_key = cache(generate_private_key)
_execute_result = DynamoResult.execute_result
_write_all = dynamodb.DynamoDBBackend.transact_write_items


def _private_key(spec: str) -> Any:
    """A key of its own for whatever signs; symmetric keys have a secret of their own beside this one."""
    return _shared_key(spec) if spec == "SYMMETRIC_DEFAULT" else generate_private_key(spec)


def _answer_as_it_is(result: DynamoResult, context: Any) -> Any:
    """Items are in DynamoDB's own form already; moto would look for ten spellings of each part of each value."""
    operation = context.operation_model.name
    if operation not in _ITEM_CALLS or not isinstance(result.result, dict):
        return _execute_result(result, context)
    body = json.dumps(result.result, default=lambda value: base64.b64encode(value).decode())
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, body


class _Copies(threading.local):
    of: dict[int, Table] | None = None


_copies = _Copies()


def _transact(backend: Any, items: Any) -> None:
    """The transaction as moto does it; all copies of a table are taken before its first write, so one is enough."""
    _copies.of = {}
    try:
        _write_all(backend, items)
    finally:
        _copies.of = None


def _copied_once(table: Table, memo: dict[int, Any]) -> Table:
    known = {} if _copies.of is None else _copies.of
    if id(table) not in known:
        made: Any = table.__class__.__new__(table.__class__)
        known[id(table)] = made
        made.__dict__.update({name: copy.deepcopy(part, memo) for name, part in table.__dict__.items()})
    return known[id(table)]
