"""Who a request is about: identifiers, the key set they seed, and the two sorts of edges between stores.

Only a proven identifier seeds the key set. An edge that `identifies: one` person extends it; a `shared` edge (a
device, an address, a consignee's phone) never does: it only selects rows that also carry a key of the set.
"""

import hashlib
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


HASH_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}
"""The hashes that OpenDSR 2.0 lets an identifier be sent as (section 5), and how many hexadecimal digits each has."""


def hash_of(value: str, form: str) -> str:
    """The hash of an identifier as it stands on file (E.164, lower case), in lower-case hexadecimal digits."""
    return hashlib.new(form, value.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One value that may identify a person: a phone in E.164, an email in lower case, an account id."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class KeySet:
    """All identifiers known to be the person's, each either proven or reached over a `one` edge.

    `referred` are values of their rows by which rows elsewhere name these: the number of an order in a ticket about it.
    They select rows and nothing more: nobody is known, locked or held by them.
    """

    values: frozenset[Identifier] = field(default_factory=frozenset)
    referred: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Field (`dataset.collection.field`) and value."""

    @classmethod
    def of(cls, identifiers: Iterable[Identifier]) -> "KeySet":
        """A key set of these identifiers."""
        return cls(frozenset(identifiers))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Iterable[str]]) -> "KeySet":
        """The key set that `to_mapping` wrote."""
        kinds = {kind.value for kind in Kind}
        pairs = [(name, value) for name, values in mapping.items() for value in values]
        return cls(
            frozenset(Identifier(Kind(name), value) for name, value in pairs if name in kinds),
            frozenset((name, value) for name, value in pairs if name not in kinds),
        )

    def to_mapping(self) -> dict[str, list[str]]:
        """Kind, or field that is referred to, to sorted values: a shape that JSON can carry."""
        mapping: dict[str, list[str]] = {}
        for identifier in sorted(self.values):
            mapping.setdefault(identifier.kind.value, []).append(identifier.value)
        for name, value in sorted(self.referred):
            mapping.setdefault(name, []).append(value)
        return mapping

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """The values of one kind, sorted."""
        return tuple(sorted(i.value for i in self.values if i.kind == kind))

    def of_field(self, place: str) -> tuple[str, ...]:
        """The values by which a field (`dataset.collection.field`) is referred to, sorted."""
        return tuple(sorted(value for name, value in self.referred if name == place))

    def __or__(self, other: "KeySet") -> "KeySet":
        return KeySet(self.values | other.values, self.referred | other.referred)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The account ids; more than one stops the plan and calls for a review."""
        return self.of_kind(Kind.ACCOUNT)

    @property
    def is_consignee_only(self) -> bool:
        """True when no account was reached: the person is known, if at all, only as somebody's consignee."""
        return not self.accounts
