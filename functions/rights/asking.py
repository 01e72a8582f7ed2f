"""Questions to the stores outside a run: is this contact on file, and who else is this person?

The question and its answer travel sealed to the request, so identifiers are never readable in an invocation.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from rights.datamap import DataMap, StoreMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.errors import (
    AwsUnavailableError,
    DataMapError,
    FatalError,
    RetryableError,
    StoreRefusedError,
    StoreUnavailableError,
)
from rights.sealing import Sealer
from rights.settings import Settings

_ROUNDS = 8
"""How many times identifiers may lead to further ones; real chains have two or three links."""


class StoreFunctions(Settings):
    """The connector functions, by kind of store."""

    store_dynamodb_function: str
    store_postgres_function: str
    store_objects_function: str

    def of(self, kind: str) -> str:
        """The function that reaches stores of this kind."""
        return str(getattr(self, f"store_{kind}_function"))


class Stores:
    """The stores of the data map, asked through their connectors."""

    def __init__(self, lambdas: Any, functions: StoreFunctions, data_map: DataMap, sealer: Sealer) -> None:
        self._lambdas = lambdas
        self._functions = functions
        self._sealer = sealer
        self.data_map = data_map

    def recognise(self, request_id: str, identifier: Identifier) -> bool:
        """Tell whether any store has this contact on file, as an account's or as a consignee's.

        Every store is asked whatever the first one says: how long this takes must not tell who has an account.
        """
        question = {"kind": identifier.kind.value, "value": identifier.value}
        asked = [store for store in self.data_map.stores if _has_contacts(store, identifier.kind)]
        answers = [self._ask(request_id, store, "recognise", question)["known"] for store in asked]
        return any(answers)

    def resolve(self, request_id: str, proven: Mapping[str, str]) -> KeySet:
        """The key set that grows from the proven identifiers over `one` edges, to a fixed point."""
        keys = KeySet.of(Identifier(Kind(kind), value) for kind, value in proven.items())
        for _ in range(_ROUNDS):
            before = keys
            for store in self.data_map.stores:
                if _has_one_edges(store):
                    found = self._ask(request_id, store, "locate", {"keys": before.to_mapping()})
                    keys |= KeySet.from_mapping(found["keys"])
            if keys == before:
                break
        return keys

    def expire(self, request_id: str, store: str, question: dict[str, Any]) -> dict[str, Any]:
        """Have rows that were kept until a date erased, and read back what is left of them (`rights.stores.expire`)."""
        try:
            described = self.data_map.store(store)
        except KeyError:
            raise DataMapError("the data map has lost this store") from None
        page: dict[str, Any] = self._ask(request_id, described, "expire", question)["page"]
        return page

    def _ask(self, request_id: str, store: StoreMap, ask: str, question: dict[str, Any]) -> dict[str, Any]:
        payload = {
            "request_id": request_id,
            "store": store.fides_key,
            "ask": ask,
            "sealed": base64.b64encode(self._sealer.seal(request_id, question)).decode(),
        }
        answer = self._lambdas.invoke(
            FunctionName=self._functions.of(store.rights.kind), Payload=json.dumps(payload).encode()
        )
        body = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise _error_of(str(body.get("errorType", "")))(f"{ask} in {store.fides_key} failed")
        opened: dict[str, Any] = self._sealer.open(request_id, base64.b64decode(body["sealed"]))
        return opened


def _error_of(error_type: str) -> type[RetryableError | FatalError]:
    worth_retrying = {"StoreUnavailableError": StoreUnavailableError, "AwsUnavailableError": AwsUnavailableError}
    if error_type.startswith(("Runtime.", "Sandbox.")):
        return StoreUnavailableError
    return worth_retrying.get(error_type, StoreRefusedError)


def _has_contacts(store: StoreMap, kind: Kind) -> bool:
    return any(
        field.rights.key == kind and (field.rights.contact or field.rights.consignee)
        for collection in store.collections
        for field in collection.fields
    )


def _has_one_edges(store: StoreMap) -> bool:
    return any(f.rights.identifies == "one" for collection in store.collections for f in collection.fields)
