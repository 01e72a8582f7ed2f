"""What every connector promises, whatever kind of store it speaks to.

Everything is paged, every write may be repeated, and nothing holds more than one page in memory. An erasure has two
phases, so that its counts are exact even when the function dies between a write and its record: `plan_page` only reads
and names the rows and what will happen to each; the worker records that plan; `apply_page` carries it out and may run
twice. A plan of which the record would be too large is done in parts, so a page may be as large as the store likes.
Reading back after an erasure is planning again: what `plan_page` still wants to change is left over.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, overload

import orjson

from rights.datamap.model import Flag
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.work import Counts, Disposition, Kept, merge_kept
from rights.errors import TooLargeError

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


class Lines(Sequence[Record]):
    """Records that a store wrote as JSON itself, one a line: read as records only by who looks into them."""

    def __init__(self, text: bytes, count: int) -> None:
        self.text = text
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        return list(self)[place]

    def __iter__(self) -> Iterator[Record]:
        return (orjson.loads(line) for line in self.text.splitlines())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one collection, the files that go with them, and where the next page starts (`None` after the last).

    The worker streams each file into the package and notes path, size and hash under `files` of its record. A store
    that builds the JSON itself gives `Lines`.
    """

    records: Sequence[Record]
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
class Rows:
    """Many rows to which the same happens: their keys as columns, one list of JSON values for each name."""

    names: tuple[str, ...]
    columns: Sequence[Sequence[Any]]
    disposition: Disposition
    kept: Kept | None = None
    """Why and until when each of them is kept."""

    def __len__(self) -> int:
        return len(self.columns[0])

    def changes(self) -> Iterator[Change]:
        """Row by row."""
        for values in zip(*self.columns, strict=True):
            yield Change(dict(zip(self.names, values, strict=False)), self.disposition, self.kept)


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """The rows of one page and what is to happen to each: row by row (`changes`), or many at once (`bulk`), or both.

    A row that is already as the rules want it (anonymised, say) is `settled`: counted by nobody, changed by nobody.
    """

    changes: list[Change] = field(default_factory=list)
    next: Cursor | None = None
    resting: list[Change] = field(default_factory=list)
    """Settled rows that nevertheless end one day: anonymised, and what is left of them kept until a date."""
    bulk: list[Rows] = field(default_factory=list)
    standing: Counts = field(default_factory=Counts)
    """Rows that stay as they are and are only counted here."""
    again: bool = False
    """True: more of this page is to be done, so it is planned once more from where it began."""

    def counts(self) -> Counts:
        """The counts this page adds once it is applied; `found` is all of its rows."""
        listed = Counter((change.disposition, change.kept) for change in self.changes)
        for rows in self.bulk:
            listed[rows.disposition, rows.kept] += len(rows)
        of = {what: sum(n for (w, _), n in listed.items() if w is what) for what in Disposition}
        kept = [replace(k, records=n) for (what, k), n in listed.items() if k and what is Disposition.RETAIN]
        return self.standing + Counts(
            found=listed.total(),
            erased=of[Disposition.ERASE],
            anonymised=of[Disposition.ANONYMISE],
            retained=of[Disposition.RETAIN],
            kept=merge_kept(kept),
        )

    @property
    def to_do(self) -> int:
        """How many rows still have to be erased or anonymised."""
        listed = sum(change.disposition in _TO_DO for change in self.changes)
        return listed + sum(len(rows) for rows in self.bulk if rows.disposition in _TO_DO)

    def doing(self, *dispositions: Disposition) -> list[Change]:
        """The changes of these dispositions; without any, all that change something in the store."""
        wanted = dispositions or _TO_DO
        listed = [change for change in self.changes if change.disposition in wanted]
        return listed + [one for rows in self.bulk if rows.disposition in wanted for one in rows.changes()]

    def rows(self, *dispositions: Disposition) -> list[Rows]:
        """The same as `doing`, in columns."""
        wanted = dispositions or _TO_DO
        listed = _in_columns(change for change in self.changes if change.disposition in wanted)
        return [*(rows for rows in self.bulk if rows.disposition in wanted), *listed]

    def kept_whole(self, ground: int, until: str) -> "ErasurePage":
        """The page of a store that an operator left out: all of its rows stay, at least until that day."""
        return replace(
            self,
            changes=[_kept(change, ground, until) for change in self.changes],
            bulk=[_kept(rows, ground, until) for rows in self.bulk],
        )

    def intent(self) -> "ErasurePage":
        """What has to be on record before the page is applied: the rows that change, and how many others there are."""
        standing = replace(self, bulk=self.rows(Disposition.RETAIN), changes=[]).counts()
        return replace(self, changes=[], bulk=self.rows(), resting=[], standing=standing)

    def half(self) -> "ErasurePage":
        """The first half of what this page changes; the rest is planned `again`. TooLargeError if it is one row."""
        if self.counts().found == 1:
            msg = "the key of one row is too large"
            raise TooLargeError(msg)
        left = (self.to_do + 1) // 2
        bulk = []
        for rows in self.rows():
            taken = min(left, len(rows))
            left -= taken
            if taken:
                bulk.append(replace(rows, columns=[column[:taken] for column in rows.columns]))
        return ErasurePage(bulk=bulk, again=True)

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON can carry: what the worker records before it applies the page."""
        more = {"resting": [_listed(rows) for rows in _in_columns(self.resting)], "again": self.again}
        more |= {"standing": {name: value for name, value in self.standing.to_dict().items() if value}}
        rows = self.rows(*Disposition)
        return {"next": self.next, "rows": [_listed(one) for one in rows], **{n: v for n, v in more.items() if v}}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "ErasurePage":
        """The page that `to_dict` wrote, row by row."""
        changes, resting = (
            [change for listed in raw.get(part, ()) for change in _read(listed).changes()]
            for part in ("rows", "resting")
        )
        standing = Counts.from_dict(raw.get("standing", {}))
        return cls(changes, raw["next"], resting, standing=standing, again=bool(raw.get("again")))


_KEPT = TypeVar("_KEPT", Change, Rows)
_TO_DO = (Disposition.ERASE, Disposition.ANONYMISE)


def _kept(one: _KEPT, ground: int, until: str) -> _KEPT:
    if one.kept is not None and one.kept.until >= until:
        return one
    return replace(one, disposition=Disposition.RETAIN, kept=Kept(ground, until, 1))


class _Alike(NamedTuple):
    """What rows have in common that are listed together."""

    disposition: Disposition
    kept: Kept | None
    names: tuple[str, ...]


def _in_columns(changes: Iterable[Change]) -> list[Rows]:
    alike: dict[_Alike, list[Sequence[Any]]] = {}
    for change in changes:
        same = _Alike(change.disposition, change.kept, tuple(change.key))
        alike.setdefault(same, []).append(tuple(change.key.values()))
    return [
        Rows(same.names, list(zip(*values, strict=True)) or [(None,) * len(values)], same.disposition, same.kept)
        for same, values in alike.items()
    ]


def _listed(rows: Rows) -> list[Any]:
    kept = [[rows.kept.ground, rows.kept.until, rows.kept.reason]] if rows.kept else []
    return [list(rows.names), [list(column) for column in rows.columns], rows.disposition.value, *kept]


def _read(listed: Sequence[Any]) -> Rows:
    names, columns, what, *kept = listed
    why = [Kept(ground, until, 1, reason) for ground, until, reason in kept]
    return Rows(tuple(names), columns, Disposition(what), *why)


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
