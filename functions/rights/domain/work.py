"""What one store did for one request: dispositions, counts, and when a store's work is complete."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TaskStatus(StrEnum):
    """Where one store's work stands."""

    PENDING = "pending"
    WORKING = "working"
    WAITING = "waiting"
    """Asked; the answer comes later, from a recipient or a batch."""
    READING_BACK = "reading_back"
    DONE = "done"
    FAILED = "failed"


class Disposition(StrEnum):
    """What a deletion does to one record."""

    ERASE = "erase"
    ANONYMISE = "anonymise"
    RETAIN = "retain"


@dataclass(frozen=True, slots=True)
class Kept:
    """Records kept on a ground (policy 1(6).3), until a date (ISO 8601, inclusive)."""

    ground: int
    until: str
    records: int
    reason: str = ""
    """A code of the catalogue that words the reason for the person, such as `statutory_records`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by what was done to them; for a deletion `found == erased + anonymised + retained`.

    A correction counts fields: `corrected`, and `conflicts` where a field no longer held what was seen. `flagged`
    counts records on which a flag now stops a use of the data.
    """

    found: int = 0
    exported: int = 0
    erased: int = 0
    anonymised: int = 0
    retained: int = 0
    kept: tuple[Kept, ...] = field(default_factory=tuple)
    corrected: int = 0
    conflicts: int = 0
    flagged: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            found=self.found + other.found,
            exported=self.exported + other.exported,
            erased=self.erased + other.erased,
            anonymised=self.anonymised + other.anonymised,
            retained=self.retained + other.retained,
            corrected=self.corrected + other.corrected,
            conflicts=self.conflicts + other.conflicts,
            flagged=self.flagged + other.flagged,
            kept=merge_kept((*self.kept, *other.kept)),
        )

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON and DynamoDB can carry."""
        return {
            "found": self.found,
            "exported": self.exported,
            "erased": self.erased,
            "anonymised": self.anonymised,
            "retained": self.retained,
            "corrected": self.corrected,
            "conflicts": self.conflicts,
            "flagged": self.flagged,
            "kept": [
                {"ground": k.ground, "until": k.until, "records": k.records, "reason": k.reason} for k in self.kept
            ],
        }

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Counts":
        """The counts that `to_dict` wrote (numbers may come back as Decimal)."""
        kept = tuple(
            Kept(int(k["ground"]), str(k["until"]), int(k["records"]), str(k.get("reason", "")))
            for k in raw.get("kept", ())
        )
        names = ("found", "exported", "erased", "anonymised", "retained", "corrected", "conflicts", "flagged")
        return cls(**{name: int(raw.get(name, 0)) for name in names}, kept=kept)

    @property
    def adds_up(self) -> bool:
        """True when every record found is accounted for."""
        return self.found in {
            self.erased + self.anonymised + self.retained,
            self.exported,
            self.corrected + self.conflicts,
            self.flagged,
        }


def merge_kept(kept: Iterable[Kept]) -> tuple[Kept, ...]:
    """One row per ground and reason: its records together, until the latest of its dates."""
    merged: dict[tuple[int, str], Kept] = {}
    for k in kept:
        before = merged.get((k.ground, k.reason))
        merged[k.ground, k.reason] = (
            k if before is None else Kept(k.ground, max(before.until, k.until), before.records + k.records, k.reason)
        )
    return tuple(merged[key] for key in sorted(merged))
