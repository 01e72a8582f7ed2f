"""What the engines work with: where bytes come from and go, whose rows are wanted, and what is to happen to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rights.domain.identity import Kind
from rights.domain.work import Counts, Disposition, Kept, merge_kept
from rights.errors import DataMapError, StoreRefusedError

Path = tuple[str, ...]
"""A field, and the fields it lies in: `("user", "account_id")`."""

Row = Mapping[str, Any]

Replace = Callable[[Any], Any]
"""Makes of a value what stands in its place once its row is anonymised."""


class Source(Protocol):
    """The bytes of one file."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def read_range(self, start: int, length: int) -> bytes:
        """Some of them; less only at the end of the file."""
        ...


class Sink(Protocol):
    """Where a rewritten file goes. It is nothing until whoever made it says so."""

    def write(self, data: Any, /) -> int:
        """Take bytes, and say how many."""
        ...


class BrokenFileError(StoreRefusedError):
    """A file of the lake that cannot be worked on as it is; the message is a code, and never a value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that identifies a person."""

    path: Path
    kind: Kind

    @property
    def name(self) -> str:
        """With dots where it is nested."""
        return ".".join(self.path)

    def normal(self, value: Any) -> str:
        """A value as keys are written: mail addresses in lower case, numbers as their digits."""
        text = str(value)
        return text.lower() if self.kind is Kind.EMAIL else text


class Wanted:
    """Whose rows are looked for: per column, each value and whose it is, by a number.

    A row that carries an account belongs to that account; another column only tells of rows without one (DESIGN
    section 6: a row that somebody else's account owns is theirs, also when it carries this person's phone).
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        # Accounts first: they decide.
        self.columns = tuple(sorted(columns, key=lambda column: column.kind is not Kind.ACCOUNT))
        self.owners: dict[Path, dict[str, int]] = {column.path: {} for column in self.columns}

    def add(self, column: Column, value: str, owner: int) -> None:
        """Look for a value; whoever came first owns its rows."""
        self.owners[column.path].setdefault(column.normal(value), owner)

    def __bool__(self) -> bool:
        return any(self.owners.values())

    def owner_of(self, value_at: Callable[[Path], Any]) -> int | None:
        """Whose row this is; `None`: nobody's who is looked for."""
        for column in self.columns:
            value = value_at(column.path)
            if value is None:
                continue
            owner = self.owners[column.path].get(column.normal(value))
            if owner is not None or column.kind is Kind.ACCOUNT:
                return owner
        return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen to one row."""

    disposition: Disposition
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is to happen to the rows of one collection."""

    disposition: Disposition
    emptied: Mapping[Path, Replace] = field(default_factory=dict)
    """What an anonymised row loses, and what makes of a value what stands there instead."""
    judge: Callable[[Row], Verdict] | None = None
    """Looks at each row where a rule keeps some; without one all fare alike."""
    judged_by: tuple[str, ...] = ()
    """The top-level fields that `judge` reads."""

    def verdict(self, row: Row) -> Verdict:
        """What is to happen to this row."""
        return self.judge(row) if self.judge else Verdict(self.disposition)

    def must_hide(self, columns: Iterable[Column]) -> None:
        """DataMapError if an anonymised row would still be the person's."""
        paths = [column.path for column in columns]
        is_hidden = all(any(path[: len(lost)] == lost for lost in self.emptied) for path in paths)
        if self.disposition is Disposition.ANONYMISE and not is_hidden:
            raise DataMapError("rows that are anonymised must lose every field that identifies the person")


@dataclass(slots=True)
class Tally:
    """What was found in one file, or done to it: per owner and in all."""

    rows: int = 0
    """All rows of the file, whoever's."""
    owners: dict[int, list[int]] = field(default_factory=dict)
    """Per owner how many go, how many are anonymised and how many are kept."""
    kept: dict[int, dict[tuple[int, str, str], int]] = field(default_factory=dict)
    """Per owner those that are kept, by ground, day and reason."""
    unreadable: int = 0
    """Lines that carry a wanted key and cannot be read; they stay as they are."""

    def add(self, owner: int, verdict: Verdict, number: int = 1) -> None:
        """Count rows of somebody."""
        self.owners.setdefault(owner, [0, 0, 0])[_PLACES[verdict.disposition]] += number
        if verdict.kept is not None:
            kept = self.kept.setdefault(owner, {})
            key = (verdict.kept.ground, verdict.kept.until, verdict.kept.reason)
            kept[key] = kept.get(key, 0) + number

    def counts(self, owner: int) -> Counts:
        """What was found of somebody."""
        erased, anonymised, retained = self.owners.get(owner, (0, 0, 0))
        kept = tuple(Kept(g, until, n, reason) for (g, until, reason), n in self.kept.get(owner, {}).items())
        total = erased + anonymised + retained
        return Counts(total, erased=erased, anonymised=anonymised, retained=retained, kept=merge_kept(kept))

    @property
    def found(self) -> int:
        """How many rows are somebody's."""
        return sum(map(sum, self.owners.values()))

    @property
    def erased(self) -> int:
        """How many rows go."""
        return sum(numbers[0] for numbers in self.owners.values())

    @property
    def to_do(self) -> int:
        """How many rows go or are anonymised."""
        return sum(numbers[0] + numbers[1] for numbers in self.owners.values())


_PLACES = {Disposition.ERASE: 0, Disposition.ANONYMISE: 1, Disposition.RETAIN: 2}
