"""What happened to a request, as far as its clock is concerned: facts only, which a rule then judges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class PauseReason(StrEnum):
    """Why the controller waits for the person."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


@dataclass(frozen=True, slots=True)
class Pause:
    """A question to the person, from the moment it was sent to the moment of the answer (`None`: not yet answered)."""

    reason: PauseReason
    since: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        _aware(self.since, self.until)
        if self.until is not None and self.until < self.since:
            raise ValueError("an answer cannot come before its question")


@dataclass(frozen=True, slots=True)
class Extension:
    """A longer term: when the person was told of it, and the code of the reason that was given."""

    at: datetime
    reason: str

    def __post_init__(self) -> None:
        _aware(self.at)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The moments of one request that a clock rule may look at; all of them know their time zone."""

    received_at: datetime
    verified_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extension: Extension | None = None
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        _aware(self.received_at, self.verified_at, self.closed_at)

    def to_dict(self) -> dict[str, Any]:
        """A shape that JSON and DynamoDB can carry; what has not happened is left out."""
        raw: dict[str, Any] = {"received_at": self.received_at.isoformat()}
        if self.verified_at:
            raw["verified_at"] = self.verified_at.isoformat()
        if self.pauses:
            raw["pauses"] = [
                {"reason": p.reason.value, "since": p.since.isoformat()}
                | ({"until": p.until.isoformat()} if p.until else {})
                for p in self.pauses
            ]
        if self.extension:
            raw["extension"] = {"at": self.extension.at.isoformat(), "reason": self.extension.reason}
        if self.closed_at:
            raw["closed_at"] = self.closed_at.isoformat()
        return raw

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Timeline":
        """The timeline that `to_dict` wrote."""
        extension = raw.get("extension")
        return cls(
            received_at=datetime.fromisoformat(raw["received_at"]),
            verified_at=_moment(raw.get("verified_at")),
            pauses=tuple(
                Pause(PauseReason(p["reason"]), datetime.fromisoformat(p["since"]), _moment(p.get("until")))
                for p in raw.get("pauses", ())
            ),
            extension=Extension(datetime.fromisoformat(extension["at"]), extension["reason"]) if extension else None,
            closed_at=_moment(raw.get("closed_at")),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _aware(*moments: datetime | None) -> None:
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("a moment on a clock must know its time zone")
