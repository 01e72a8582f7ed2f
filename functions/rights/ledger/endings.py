"""The item by which the end of a request's own records is found: written with the close, gone with the proof."""

from dataclasses import dataclass
from datetime import datetime

from rights.clock import parse, stamp
from rights.domain.own_records import End
from rights.ledger.table import Item, request_key, shard_of

ENDS = "ENDS"
END = "END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How far the records of a closed request have ended."""

    request_id: str
    closed_at: datetime
    due_at: str
    done: frozenset[End] = frozenset()
    held_until: datetime | None = None
    counted: bool = False
    """True once it is among what was closed in its week."""


def ending_part(request_id: str, closed_at: datetime) -> Item:
    """The item that a request gets when it becomes final, in the same transaction.

    It is due at once: the daily run, which alone knows the terms, moves it to the first end.
    """
    return request_key(request_id, END) | {
        "closed_at": stamp(closed_at),
        "done": [],
        "due_shard": f"{ENDS}#{shard_of(request_id)}",
        "due_at": stamp(closed_at),
    }


def ending_of(item: Item) -> Ending:
    """The ending that an item tells of."""
    held = item.get("held_until")
    return Ending(
        request_id=item["PK"].removeprefix("REQUEST#"),
        closed_at=parse(item["closed_at"]),
        due_at=item["due_at"],
        done=frozenset(End(name) for name in item["done"]),
        held_until=parse(held) if held else None,
        counted=bool(item.get("counted")),
    )
