"""What a store really holds: one describer per kind. They read names and types; a value is never kept nor told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.datamap.cognito import describe_cognito
from local.datamap.dynamodb import describe_dynamodb
from local.datamap.lake import describe_lake
from local.datamap.objects import describe_objects
from local.datamap.postgres import describe_postgres, secret_of
from rights.datamap import DataMap, StoreMap
from rights.datamap.compare import Found

Describer = Callable[["Places", StoreMap], Found]


@dataclass
class Places:
    """How the stores of a map are reached: with whatever credentials `client` has, never under the stores' roles.

    A role of a store may change its rows and see no schema; who compares needs the reverse.
    """

    client: Callable[[str], Any]
    account_id: str
    data_map: DataMap
    secrets: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """A text of the data map with `${AccountId}` filled in."""
        return text.replace("${AccountId}", self.account_id)

    def secret(self, name: str) -> Mapping[str, Any]:
        """The connection that a secret holds, read once."""
        if name not in self.secrets:
            self.secrets[name] = secret_of(self.client("secretsmanager"), self.fill(name))
        return self.secrets[name]


DESCRIBERS: dict[str, Describer] = {
    "cognito": lambda places, store: describe_cognito(store, places.client("cognito-idp"), places.client("ssm")),
    "dynamodb": lambda places, store: describe_dynamodb(store, places.client("dynamodb"), places.fill),
    "lake": lambda places, store: describe_lake(store, places.client("s3"), places.fill),
    "objects": lambda places, store: describe_objects(store, places.client("s3"), places.fill),
    "postgres": lambda places, store: describe_postgres(
        store, places.secret(store.rights.secret or ""), places.data_map.stores
    ),
}
"""By kind of store. Our own ledger and partners are none of the mall's stores: there is nothing to compare."""
