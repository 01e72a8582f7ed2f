"""The affiliate that handed a request in: what it is told of it, each word with how it fared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operator_api.console.times import at
from operator_api.console.words import CALLBACK, CALLBACK_TONE, STAND, say, some


@dataclass(frozen=True, slots=True)
class Word:
    """One callback: what the affiliate is told, where if it named several addresses, and what became of it."""

    told: str
    address: int | None
    tag: str
    tone: str
    line: str


@dataclass(frozen=True, slots=True)
class Affiliate:
    """The box. `name` is the id where the register has no name for it any more."""

    id: str
    name: str
    subject_request_id: str
    proof: str
    words: tuple[Word, ...]
    nothing: str
    """Why there is no word yet, if there is none."""


def affiliate(told: Mapping[str, Any] | None) -> Affiliate | None:
    """The box, from what the door tells of a request; None for one that no affiliate handed in."""
    if told is None:
        return None
    several = int(told["addresses"]) > 1
    return Affiliate(
        id=str(told["affiliate"]),
        name=str(told["name"] or told["affiliate"]),
        subject_request_id=str(told["subject_request_id"]),
        proof="its word alone" if told["is_asserted"] else "the person confirms",
        words=tuple(_word(one, several=several) for one in told["callbacks"]),
        nothing="It is told nothing yet." if told["addresses"] else "It wants no callbacks.",
    )


def _word(one: Mapping[str, Any], *, several: bool) -> Word:
    return Word(
        told=say(STAND, one["stand"]),
        address=int(one["address"]) if several else None,
        tag=say(CALLBACK, one["status"]),
        tone=CALLBACK_TONE.get(str(one["status"]), "run"),
        line=", ".join(_line(one)),
    )


def _line(one: Mapping[str, Any]) -> list[str]:
    """When it was told, how often it was tried, why in vain, when it is tried again."""
    tries = int(one["attempts"])
    return [
        *([at(one["sent_at"])] if one["sent_at"] else []),
        *([some(tries, "try", "tries")] if tries else []),
        *([f"last in vain: {one['error_class']}"] if one["error_class"] else []),
        *([f"next try by {at(one['next_try_at'])}"] if one["next_try_at"] else []),
    ]
