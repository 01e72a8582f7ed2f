"""Questions to the stores outside a run: is this contact on file, and who else is this person?

The question and its answer travel sealed to the request, so identifiers are never readable in an invocation.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from rights.datamap import DataMap, StoreMap
from rights.datamap.resolution import resolve
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

_AT_ONCE = 8
"""As many stores are asked side by side."""


class StoreFunctions(Settings):
    """The connector functions, by kind of store."""

    store_dynamodb_function: str
    store_postgres_function: str
    store_objects_function: str
    store_lake_function: str
    store_cognito_function: str
    store_partner_function: str
    store_ledger_function: str

    def of(self, kind: str) -> str:
        """The function that reaches stores of this kind."""
        return str(getattr(self, f"store_{kind}_function"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the stores tell of the person that the rules of a request depend on."""

    birth_dates: tuple[str, ...] = ()
    """ISO dates, one per account that has one."""
    lapses: tuple[tuple[str, str], ...] = ()
    """The entitlements that end with the account, each with what it stands at: `("points", "1250")`."""
    contact_changed_at: str | None = None
    """When a contact on file was changed last, if that is on record."""


class _Reply(NamedTuple):
    store: str
    body: dict[str, Any]
    failed: bool


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
        return any(answer["known"] for answer in self._ask_all(request_id, asked, "recognise", question))

    def unhash(self, request_id: str, kind: Kind, hashed: str) -> str | None:
        """The contact on file whose hash this is (`sha256:<hex>`), if there is just one; only indexes are asked."""
        form, _, digest = hashed.partition(":")
        question = {"kind": kind.value, "format": form, "digest": digest}
        asked = [store for store in self.data_map.stores if store.has_index_of(kind, form)]
        found = {value for answer in self._ask_all(request_id, asked, "unhash", question) for value in answer["values"]}
        return found.pop() if len(found) == 1 else None

    def resolve(self, request_id: str, proven: Mapping[str, str]) -> KeySet:
        """The key set that grows from the proven identifiers over `one` edges (`rights.datamap.resolution`)."""

        def ask(store: StoreMap, keys: KeySet, fields: tuple[str, ...]) -> KeySet:
            question = {"keys": keys.to_mapping(), "fields": list(fields)}
            return KeySet.from_mapping(self._ask(request_id, store, "locate", question)["keys"])

        return resolve(KeySet.of(Identifier(Kind(k), value) for k, value in proven.items()), self.data_map.stores, ask)

    def count(self, request_id: str, store_name: str, keys: KeySet, collections: Iterable[str] = ()) -> dict[str, int]:
        """Records of the person per collection, read now; of these collections only, or of all."""
        question = {"keys": keys.to_mapping(), "collections": list(collections)}
        counts: dict[str, int] = self._ask(request_id, self._store(store_name), "count", question)["counts"]
        return counts

    def conflicts(self, request_id: str, store_name: str, keys: KeySet, today: str) -> list[str]:
        """What a store would refuse of the erasure, by table and rule; only databases have rules of their own."""
        store = self._store(store_name)
        if store.rights.kind != "postgres":
            return []
        question = {"keys": keys.to_mapping(), "today": today}
        conflicts: list[str] = self._ask(request_id, store, "conflicts", question)["conflicts"]
        return conflicts

    def seen(self, request_id: str, store_name: str, keys: KeySet, subjects: Iterable[str]) -> list[dict[str, Any]]:
        """Every field that holds one of these subjects now: `{collection, key, field, subject, value}`."""
        question = {"keys": keys.to_mapping(), "subjects": list(subjects)}
        seen: list[dict[str, Any]] = self._ask(request_id, self._store(store_name), "seen", question)["seen"]
        return seen

    def facts(self, request_id: str, keys: KeySet) -> Facts:
        """What the stores tell of the person; only those are asked whose data map marks such a field."""
        telling = [store for store in self.data_map.stores if _tells_facts(store)]
        answers = self._ask_all(request_id, telling, "facts", {"keys": keys.to_mapping()})
        told = [fact for answer in answers for fact in answer["facts"]]
        changes = [value for name, value, lapses in told if name == "contact_changed_at" and not lapses]
        return Facts(
            birth_dates=tuple(value for name, value, lapses in told if name == "birth_date" and not lapses),
            lapses=tuple((name, value) for name, value, lapses in told if lapses),
            contact_changed_at=max(changes, default=None),
        )

    def expire(self, request_id: str, store: str, question: dict[str, Any]) -> dict[str, Any]:
        """Have rows that were kept until a date erased, and read back what is left of them (`rights.stores.expire`)."""
        page: dict[str, Any] = self._ask(request_id, self._store(store), "expire", question)["page"]
        return page

    def _store(self, name: str) -> StoreMap:
        try:
            return self.data_map.store(name)
        except KeyError:
            raise DataMapError("the data map has lost this store") from None

    def _ask(self, request_id: str, store: StoreMap, ask: str, question: dict[str, Any]) -> dict[str, Any]:
        [answer] = self._ask_all(request_id, [store], ask, question)
        return answer

    def _ask_all(
        self, request_id: str, stores: Iterable[StoreMap], ask: str, question: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The answers of these stores, in their order; they are asked side by side, under one seal.

        Every store answers before the first failure is raised, so that how long this takes tells nothing of one.
        """
        sealed = base64.b64encode(self._sealer.seal(request_id, question)).decode()

        def call(store: StoreMap) -> _Reply:
            payload = {"request_id": request_id, "store": store.fides_key, "ask": ask, "sealed": sealed}
            function = self._functions.of(store.rights.kind)
            answer = self._lambdas.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
            return _Reply(store.fides_key, json.loads(answer["Payload"].read()), bool(answer.get("FunctionError")))

        with ThreadPoolExecutor(_AT_ONCE) as asking:
            replies = list(asking.map(call, stores))
        for reply in replies:
            if reply.failed:
                raise _error_of(str(reply.body.get("errorType", "")))(f"{ask} in {reply.store} failed")
        return [self._sealer.open(request_id, base64.b64decode(reply.body["sealed"])) for reply in replies]


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


def _tells_facts(store: StoreMap) -> bool:
    return any(f.rights.fact or f.rights.lapses for collection in store.collections for f in collection.fields)
