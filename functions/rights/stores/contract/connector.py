"""What a connector has to answer, and what one answers that has nothing to say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from rights.datamap.model import Flag
from rights.domain.identity import Identifier, KeySet, Kind
from rights.stores.contract.erasure import ErasurePage
from rights.stores.contract.pages import Cursor, Page


@dataclass(frozen=True, slots=True)
class Seen:
    """One field of one row that repeats something about the person, with the value it held when it was looked at."""

    collection: str
    key: dict[str, Any]
    field: str
    subject: str
    value: Any
    """As JSON has it; `None` for nothing."""

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON can carry."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Seen":
        """What `to_dict` wrote."""
        return cls(**raw)

    @property
    def place(self) -> str:
        """Which field of which row, as text that is the same for the same field."""
        return json.dumps([self.collection, self.key, self.field], sort_keys=True)


Corrected = Literal["corrected", "conflict", "gone"]
"""What came of a correction: a field with another value than the one seen is in conflict, and stays as it is."""

FactTold = tuple[str, str, bool]
"""What a store tells of the person: name, value, and whether it is an entitlement that lapses with the account."""


class Connector(Protocol):
    """One store, reached. `today` is the Phnom Penh date (ISO) against which retention is judged."""

    def collections(self) -> list[str]:
        """The collections of the store, in the order in which an erasure must take them (children first)."""
        ...

    def recognise(self, identifier: Identifier) -> bool:
        """Tell whether this store holds the identifier as somebody's own contact, or as a consignee's contact."""
        ...

    def unhash(self, kind: Kind, form: str, digest: str) -> set[str]:
        """The contacts of this kind that have this hash, where the store keeps an index of such hashes."""
        ...

    def locate(self, keys: KeySet) -> KeySet:
        """The identifiers that this store's `one` edges add to `keys` (one step; the planner repeats it)."""
        ...

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """The different values of one field (`a.b` for one within another) in the person's rows, `most` at most.

        Rows elsewhere name the person's rows by them. Of somebody known only as a consignee there are none.
        """
        ...

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Records of the person per collection, read from the store itself, never from an index or replica."""
        ...

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """One page of the person's records."""
        ...

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """One page of what an erasure has to do. Only reads."""
        ...

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen today to just these rows, as `plan_page` would say. Only reads.

        A row that is gone, or no longer the person's, is not in the answer.
        """
        ...

    def conflicts(self, keys: KeySet, today: str) -> list[str]:
        """What the store would refuse of an erasure, found by looking: names of tables and rules only, never values."""
        ...

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Erase and anonymise the rows of the page, each only if it is still the person's. May run twice."""
        ...

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Every field of the person's rows that repeats one of these subjects, read from the store itself."""
        ...

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """Put a new value where the one seen still stands, in a row that is still the person's.

        A field that holds the new value already counts as corrected, so this may run twice. A value that the field
        cannot hold (words for a date) is a conflict too.
        """
        ...

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        """The flags of this collection that stop one of these uses of the data."""
        ...

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        """Set the flags where they are not set yet, and say on how many records they stand now. May run twice."""
        ...

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        """How many records still lack one of the flags."""
        ...

    def freeze(self, keys: KeySet) -> int:
        """Shut the person's sign-ins, and say how many there are. May run twice."""
        ...

    def facts(self, keys: KeySet) -> list[FactTold]:
        """What the marked fields of the person's rows tell (`FieldRights.fact` and `.lapses`)."""
        ...

    def rest(self) -> None:
        """Let go of what the store holds for this call only: the process may be stopped now, for hours."""
        ...


class Plain:
    """What a store answers that has no field to correct, no flag to set, no fact to tell and no sign-in to shut.

    Nor are its rows named by rows elsewhere.
    """

    def unhash(self, kind: Kind, form: str, digest: str) -> set[str]:
        """None: there is no index."""
        del kind, form, digest
        return set()

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """None."""
        del collection, field, keys, most
        return set()

    def conflicts(self, keys: KeySet, today: str) -> list[str]:
        """None."""
        del keys, today
        return []

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Nothing."""
        del keys, subjects
        return []

    def correct(  # noqa: PLR0917 - a row, a field of it, and two values
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """There is no such row."""
        del collection, keys, key, field, seen_value, new_value
        return "gone"

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        """None."""
        del collection, purposes
        return ()

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        """No record can carry a flag."""
        del collection, keys, flags, now
        return 0

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        """No record lacks one."""
        del collection, keys, flags
        return 0

    def freeze(self, keys: KeySet) -> int:
        """Nobody signs in here."""
        del keys
        return 0

    def facts(self, keys: KeySet) -> list[FactTold]:
        """Nothing."""
        del keys
        return []

    def rest(self) -> None:
        """Nothing is held."""
