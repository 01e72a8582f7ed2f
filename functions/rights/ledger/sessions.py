"""Sessions of operators: who is signed in, under a random id of which only a hash is kept, for some hours at most.

TTL removes them late, so that an end that has passed is looked at on reading. Beside them lies the names list: what
operators are called in their own pool, so that one can read who decided.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from rights.clock import parse, stamp
from rights.ledger.requests import Requests
from rights.ledger.table import Item, Update

LONGEST = timedelta(hours=8)
"""A working day; then one signs in again, and what the pool took away in the meantime is gone."""
IDLE = timedelta(minutes=30)
_TOUCHED_AGAIN = timedelta(minutes=1)
"""A session in use is written to no more often than this."""
_NAMES_KEPT = timedelta(days=5 * 366)
_NAMES = "OPERATORS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in: their id in the pool, their roles, and the pseudonyms of their own contacts."""

    by: str
    name: str
    groups: frozenset[str]
    known_as: frozenset[str]
    ends_at: str
    idle_until: str


class Sessions(Requests):
    """The sessions of operators, and what operators are called."""

    def open_session(
        self, session_id: str, *, by: str, name: str, groups: Collection[str], known_as: Collection[str]
    ) -> Session:
        """Begin a session under a new random id, and remember the name for as long as proof is kept."""
        now = self.clock()
        facts = {"ends_at": stamp(now + LONGEST), "idle_until": stamp(now + IDLE)}
        item = _key(session_id) | facts | {"by": by, "name": name, "groups": sorted(groups)}
        item |= {"known_as": sorted(known_as), "expires": int((now + LONGEST).timestamp())}
        self.table.put(item, only_new=True)
        called = {"PK": _NAMES, "SK": by, "name": name, "expires": int((now + _NAMES_KEPT).timestamp())}
        self.table.put(called, only_new=False)
        return _session(item)

    def session_of(self, session_id: str, *, in_use: bool = True) -> Session | None:
        """The session of this id; None for one that has ended, was idle too long, or never was.

        It is kept awake by this, if it is `in_use`: what a page fetches by itself says nothing of somebody being there.
        """
        item = self.table.get(_key(session_id))
        if item is None:
            return None
        now = self.clock()
        session = _session(item)
        if not stamp(now) < min(session.ends_at, session.idle_until):
            return None
        idle_until = stamp(now + IDLE)
        if not in_use or parse(session.idle_until) > now + IDLE - _TOUCHED_AGAIN:
            return session
        self.table.update(Update(_key(session_id)).set(idle_until=idle_until).when("attribute_exists(PK)"))
        return replace(session, idle_until=idle_until)

    def end_session(self, session_id: str) -> None:
        """End a session, for good; ending it twice is ending it."""
        self.table.update(Update(_key(session_id)).set(ends_at=self.now()).when("attribute_exists(PK)"))

    def operator_names(self) -> dict[str, str]:
        """What operators are called, by their id in the pool."""
        return {item["SK"]: str(item["name"]) for item in self.table.query_all(_NAMES)}


def _key(session_id: str) -> Item:
    return {"PK": f"SESSION#{hashlib.sha256(session_id.encode()).hexdigest()}", "SK": "OPERATOR"}


def _session(item: Item) -> Session:
    return Session(
        by=str(item["by"]),
        name=str(item["name"]),
        groups=frozenset(item["groups"]),
        known_as=frozenset(item["known_as"]),
        ends_at=str(item["ends_at"]),
        idle_until=str(item["idle_until"]),
    )
