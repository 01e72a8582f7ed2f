"""Pages of an erasure: which rows, and what is to happen to each, in a shape that can be written down beforehand."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from rights.domain.work import Counts, Disposition, Kept, merge_kept
from rights.errors import TooLargeError
from rights.stores.contract.pages import Cursor


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
