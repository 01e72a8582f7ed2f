"""What every connector promises, whatever kind of store it speaks to.

Everything is paged, every write may be repeated, and nothing holds more than one page in memory. An erasure has two
phases, so that its counts are exact even when the function dies between a write and its record: `plan_page` only reads
and names the rows and what will happen to each; the worker records that plan; `apply_page` carries it out and may run
twice. Reading back after an erasure is planning again: what `plan_page` still wants to change is left over.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol

from rights.datamap.model import Flag
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Counts, Disposition, Kept

Cursor = dict[str, Any]
"""Where to go on, as the connector wants to remember it: JSON values only. It may hold row keys, so it is sealed."""

Record = dict[str, Any]
"""One record as the person gets it: JSON values only, masked where the data map says so."""


class Readable(Protocol):
    """A stream of bytes, read piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them; empty at the end."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """A file that belongs to a record of its page: the record's place, a safe name, and how to open its content."""

    record: int
    name: str
    open: Callable[[], AbstractContextManager[Readable]]


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one collection, the files that go with them, and where the next page starts (`None` after the last).

    The worker streams each file into the package and notes path, size and hash under `files` of its record.
    """

    records: list[Record]
    next: Cursor | None
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one row. `key` is the row's primary key as JSON values, `kept` says on what ground.

    An empty key: the row ends by itself when its term is over, and nobody has to remember it until then.
    """

    key: dict[str, Any]
    disposition: Disposition
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """The rows of one page and what is to happen to each.

    A row that is already as the rules want it (anonymised, say) is `settled`: counted by nobody, changed by nobody.
    """

    changes: list[Change] = field(default_factory=list)
    next: Cursor | None = None
    resting: list[Change] = field(default_factory=list)
    """Settled rows that nevertheless end one day: anonymised, and what is left of them kept until a date."""

    def counts(self) -> Counts:
        """The counts this page adds once it is applied; `found` is all of its rows."""
        total = Counts(found=len(self.changes))
        for change in self.changes:
            match change.disposition:
                case Disposition.ERASE:
                    total += Counts(erased=1)
                case Disposition.ANONYMISE:
                    total += Counts(anonymised=1)
                case Disposition.RETAIN:
                    total += Counts(retained=1, kept=(change.kept,) if change.kept else ())
        return total

    @property
    def to_do(self) -> int:
        """How many rows still have to be erased or anonymised."""
        return len(self.doing())

    def doing(self, *dispositions: Disposition) -> list[Change]:
        """The changes of these dispositions; without any, all that change something in the store."""
        wanted = dispositions or (Disposition.ERASE, Disposition.ANONYMISE)
        return [change for change in self.changes if change.disposition in wanted]

    def kept_whole(self, ground: int, until: str) -> "ErasurePage":
        """The page of a store that an operator left out: all of its rows stay, at least until that day."""
        return replace(self, changes=[_kept(change, ground, until) for change in self.changes])

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON can carry: what the worker records before it applies the page."""
        resting = {"resting": [_listed(change) for change in self.resting]} if self.resting else {}
        return {"next": self.next, "changes": [_listed(change) for change in self.changes], **resting}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "ErasurePage":
        """The page that `to_dict` wrote."""
        changes, resting = ([_read(listed) for listed in raw.get(part, ())] for part in ("changes", "resting"))
        return cls(changes, raw["next"], resting)


def _kept(change: Change, ground: int, until: str) -> Change:
    if change.kept is not None and change.kept.until >= until:
        return change
    return Change(change.key, Disposition.RETAIN, Kept(ground, until, 1))


def _listed(change: Change) -> list[Any]:
    kept = [[change.kept.ground, change.kept.until, change.kept.reason]] if change.kept else []
    return [change.key, change.disposition.value, *kept]


def _read(listed: list[Any]) -> Change:
    key, what, *kept = listed
    return Change(key, Disposition(what), *(Kept(ground, until, 1, reason) for ground, until, reason in kept))


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


class Plain:
    """What a store answers that has no field to correct, no flag to set, no fact to tell and no sign-in to shut.

    Nor are its rows named by rows elsewhere.
    """

    def values(self, collection: str, field: str, keys: KeySet, most: int) -> set[str]:
        """None."""
        del collection, field, keys, most
        return set()

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
