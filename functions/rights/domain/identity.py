"""Who a request is about: identifiers, the key set they seed, and the two sorts of edges between stores.

Only a proven identifier seeds the key set. An edge that `identifies: one` person extends it; a `shared` edge (a
device, an address, a consignee's phone) never does: it only selects rows that also carry a key of the set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Identifies(StrEnum):
    """How much a value says about who somebody is."""

    ONE = "one"
    SHARED = "shared"


class Kind(StrEnum):
    """A kind of identifier."""

    ACCOUNT = "account_id"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One value that may identify a person: a phone in E.164, an email in lower case, an account id."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class KeySet:
    """All identifiers known to be the person's, each either proven or reached over a `one` edge."""

    values: frozenset[Identifier] = field(default_factory=frozenset)

    @classmethod
    def of(cls, identifiers: Iterable[Identifier]) -> "KeySet":
        """A key set of these identifiers."""
        return cls(frozenset(identifiers))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Iterable[str]]) -> "KeySet":
        """The key set that `to_mapping` wrote."""
        return cls.of(Identifier(Kind(kind), value) for kind, values in mapping.items() for value in values)

    def to_mapping(self) -> dict[str, list[str]]:
        """Kind to sorted values: a shape that JSON can carry."""
        mapping: dict[str, list[str]] = {}
        for identifier in sorted(self.values):
            mapping.setdefault(identifier.kind.value, []).append(identifier.value)
        return mapping

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """The values of one kind, sorted."""
        return tuple(sorted(i.value for i in self.values if i.kind == kind))

    def __or__(self, other: "KeySet") -> "KeySet":
        return KeySet(self.values | other.values)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The account ids; more than one stops the plan and calls for a review."""
        return self.of_kind(Kind.ACCOUNT)

    @property
    def is_consignee_only(self) -> bool:
        """True when no account was reached: the person is known, if at all, only as somebody's consignee."""
        return not self.accounts
