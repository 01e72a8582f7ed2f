"""Small data maps for tests."""

from typing import Any

from rights.datamap import Collection, StoreMap
from rights.domain.identity import Identifier, KeySet, Kind

ACCOUNT = {"key": "account_id", "identifies": "one"}
PHONE = {"key": "phone", "identifies": "one", "contact": True}
CONSIGNEE = {"key": "phone", "identifies": "shared", "consignee": True, "third_party": True, "on_deletion": "null"}


def field(name: str, rights: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """A field; `refers` is a reference like `orders.id`."""
    if refers := meta.pop("refers", None):
        meta["references"] = [{"dataset": "shop", "field": refers, "direction": meta.pop("direction", "from")}]
    return {"name": name, "data_categories": ["user"], "fides_meta": meta, "rights": rights or {}}


def collection(name: str, *fields: dict[str, Any], after: tuple[str, ...] = (), **rights: Any) -> dict[str, Any]:
    """A collection with what it must say."""
    return {
        "name": name,
        "fields": list(fields),
        "after": after,
        "rights": {"purpose": "p", "legal_basis": "contract"} | rights,
    }


def store(*collections: dict[str, Any], kind: str = "postgres") -> StoreMap:
    """A store called `shop`."""
    rights = {
        "kind": kind,
        "stage": 2,
        "controller": "c",
        "residency": "KH",
        "role_arn": "arn:aws:iam::${AccountId}:role/shop",
        "secret": "mall/${AccountId}",
    }
    return StoreMap.model_validate(
        {"fides_key": "shop", "name": "Shop", "rights": rights, "collections": list(collections)}
    )


def one(raw: dict[str, Any]) -> Collection:
    """One collection alone."""
    return Collection.model_validate(raw)


def person(*accounts: str, phone: str = "", email: str = "") -> KeySet:
    """The key set of somebody."""
    found = [Identifier(Kind.ACCOUNT, account) for account in accounts]
    found += [Identifier(Kind.PHONE, phone)] if phone else []
    found += [Identifier(Kind.EMAIL, email)] if email else []
    return KeySet.of(found)
