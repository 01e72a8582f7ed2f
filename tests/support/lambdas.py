"""The connector functions, played in this process: what goes in and out is what Lambda would carry."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from rights.asking import StoreFunctions
from rights.sealing import Sealer
from rights.stores import door
from rights.stores.contract import Connector

FUNCTIONS = StoreFunctions(
    store_dynamodb_function="d",
    store_postgres_function="p",
    store_objects_function="o",
    store_lake_function="k",
    store_cognito_function="c",
    store_partner_function="r",
    store_ledger_function="l",
)


class Lambdas:
    """A Lambda client over connectors; `fails` says by store which error type a call ends with, if any."""

    def __init__(self, connectors: Mapping[str, Connector], sealer: Sealer) -> None:
        self._connectors = connectors
        self._sealer = sealer
        self.fails: dict[str, str] = {}
        self.after: Callable[[], None] = lambda: None
        self.asked: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: ARG002, N803 - as boto3 has it
        question = door.parse(json.loads(Payload))
        assert isinstance(question, door.Question)
        self.asked.append(question.store)
        if error := self.fails.get(question.store):
            body = json.dumps({"errorType": error}).encode()
            return {"Payload": BytesIO(body), "FunctionError": "Unhandled"}
        reply = door.answer(question, self._connectors[question.store], self._sealer)
        self.after()
        return {"Payload": BytesIO(json.dumps(reply).encode())}
