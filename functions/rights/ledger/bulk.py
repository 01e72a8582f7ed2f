"""Bulk closures: a service of the mall closes, and each person on a list gets a request of their own (policy 1.4).

The list comes in parts, sealed, before somebody else approves it. From then on a position in it says how far the intake
is. Where a request came of a position, or why none did, lies under that position: the mall has the list, and needs no
identifier back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import NamedTuple

from rights.domain.rights import Locale
from rights.errors import IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger.requests import Requests
from rights.ledger.table import Item, Update

PART = 2000
"""The most people in one part; positions count from 0, and part `n` begins at `n * PART`."""

_MARK = 8
"""Bytes of a pseudonym that are kept beside a part: an approver is looked for in all parts without opening any."""

COUNTED = ("taken", "unknown", "several")


class BulkStatus(StrEnum):
    """Where a bulk closure stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


_MOVES: dict[BulkStatus, frozenset[BulkStatus]] = {
    BulkStatus.DRAFT: frozenset({BulkStatus.RUNNING, BulkStatus.STOPPED}),
    BulkStatus.RUNNING: frozenset({BulkStatus.PAUSED, BulkStatus.STOPPED, BulkStatus.DONE}),
    BulkStatus.PAUSED: frozenset({BulkStatus.RUNNING, BulkStatus.STOPPED}),
    BulkStatus.STOPPED: frozenset(),
    BulkStatus.DONE: frozenset(),
}


class Odd(StrEnum):
    """Why no request came of a position."""

    UNKNOWN = "unknown"
    """No store has an account of this identifier."""
    SEVERAL = "several"
    """It leads to more than one account: nobody can tell whose the other is."""


class OnList(NamedTuple):
    """Somebody on the list: a position, and one identifier."""

    position: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One bulk closure. Times are ISO 8601 in UTC."""

    id: str
    by: str
    created_at: str
    locale: Locale
    status: BulkStatus = BulkStatus.DRAFT
    approved_by: str | None = None
    approved_at: str | None = None
    ended_at: str | None = None
    fence: int = 0
    """Who works: every claim raises it, and a record with an older one is refused."""
    place: int = 0
    """The position the intake goes on at."""
    listed: int = 0
    """How many people are on the list; known once it is approved."""
    put_by: frozenset[str] = frozenset()
    """Who put people in."""
    puts: int = 0
    """How often somebody did."""
    counts: Mapping[str, int]

    def counting(self, name: str) -> "Bulk":
        """The closure, one position on, with what came of it counted."""
        return replace(self, place=self.place + 1, counts={**self.counts, name: self.counts[name] + 1})


class Bulks(Requests):
    """The bulk closures."""

    def open_bulk(self, key: str, locale: Locale, *, by: str) -> Bulk:
        """Open a bulk closure under the caller's own key, once: the same key again is the same closure."""
        # An id like any other, and the same for the same key.
        bulk_id = self.hmac.tag_of("bulk", key)[:26].upper()
        bulk = Bulk(id=bulk_id, by=by, created_at=self.now(), locale=locale, counts=dict.fromkeys(COUNTED, 0))
        self.table.put(
            _key(bulk_id) | {f.name: getattr(bulk, f.name) for f in fields(Bulk) if f.name != "put_by"}, only_new=True
        )
        return self.bulk(bulk_id)

    def bulk(self, bulk_id: str) -> Bulk:
        """A bulk closure by its id; UnknownRequestError without one."""
        item = self.table.get(_key(bulk_id))
        if item is None:
            msg = "no bulk closure has this id"
            raise UnknownRequestError(msg)
        return _bulk(item)

    def bulks(self) -> list[Bulk]:
        """All bulk closures, oldest first."""
        return sorted((_bulk(item) for item in self.table.query_all("BULKS")), key=lambda bulk: bulk.created_at)

    def put_people(self, bulk_id: str, part: int, people: Sequence[tuple[str, str]], *, by: str) -> None:
        """Put one part of the list, in the place of what it held before; only while nobody has approved it."""
        item = _part_key(bulk_id, part) | {"count": len(people), "sealed": self.sealer.seal(bulk_id, list(people))}
        item |= {"put_at": self.now(), "known": b"".join(self._contact_marks(people))}
        values = {name: value for name, value in item.items() if name not in {"PK", "SK"}}
        draft = Update(_key(bulk_id)).set(put_at=self.now()).add("put_by", {by}).add("puts", 1)
        draft.when("{status} = {=draft}", draft=BulkStatus.DRAFT)
        parts = [self.table.update_op(draft), self.table.update_op(Update(_part_key(bulk_id, part)).set(**values))]
        if self.table.transact(parts) is not None:
            self.bulk(bulk_id)
            msg = "the list was approved: nothing can be added"
            raise IllegalTransitionError(msg)

    def is_on_list(self, bulk_id: str, known_as: Collection[str]) -> bool:
        """Tell whether somebody known by one of these pseudonyms is on the list, by phone or email; opens nothing.

        Whom the list names by an account it names to nobody but the stores.
        """
        wanted = {bytes.fromhex(one)[:_MARK] for one in known_as}
        for item in self.table.query_span(f"BULK#{bulk_id}", "PART#", "PART#~", ("known",)):
            known = item.get("known", b"")
            if wanted & {known[at : at + _MARK] for at in range(0, len(known), _MARK)}:
                return True
        return False

    def _contact_marks(self, people: Sequence[tuple[str, str]]) -> Iterator[bytes]:
        """The beginnings of the pseudonyms of those who are named by a contact."""
        for kind, value in people:
            if kind != "account_id":
                yield bytes.fromhex(self.hmac.tag_of("subject", kind, value))[:_MARK]

    def people(self, bulk_id: str, start: int) -> Iterator[OnList]:
        """Who is on the list, from a position on."""
        first = f"PART#{start // PART:05d}"
        for item in self.table.query_span(f"BULK#{bulk_id}", first, "PART#~", ("SK",)):
            yield from self._part(bulk_id, item["SK"], start)

    def _part(self, bulk_id: str, sort: str, start: int) -> Iterator[OnList]:
        number = int(sort.removeprefix("PART#"))
        item = self.table.get({"PK": f"BULK#{bulk_id}", "SK": sort}) or {}
        for offset, (kind, value) in enumerate(self.sealer.open(bulk_id, item["sealed"])):
            if (position := number * PART + offset) >= start:
                yield OnList(position, kind, value)

    def approve_bulk(self, bulk: Bulk, listed: int, *, by: str) -> Bulk:
        """Let the intake of just this list begin; StaleWriteError if somebody has put people in since it was read."""
        sets = {"approved_by": by, "approved_at": self.now(), "listed": listed}
        update = Update(_key(bulk.id)).set(status=BulkStatus.RUNNING, moved_by=by, **sets)
        update.when("{status} = {=draft} AND {puts} = {=seen}", draft=BulkStatus.DRAFT, seen=bulk.puts)
        if self.table.update(update) is None:
            msg = "somebody else has changed this bulk closure"
            raise StaleWriteError(msg)
        return self.bulk(bulk.id)

    def move_bulk(self, bulk_id: str, to: BulkStatus, *, by: str) -> Bulk:
        """Move a closure; the same again changes nothing, IllegalTransitionError where no way leads there."""
        bulk = self.bulk(bulk_id)
        if bulk.status is to:
            return bulk
        if to not in _MOVES[bulk.status]:
            msg = f"a bulk closure that is {bulk.status} cannot become {to}"
            raise IllegalTransitionError(msg)
        ended = {"ended_at": self.now()} if not _MOVES[to] else {}
        update = Update(_key(bulk_id)).set(status=to, moved_by=by, **ended)
        if self.table.update(update.when("{status} = {=was}", was=bulk.status)) is None:
            msg = "somebody else has moved this bulk closure"
            raise StaleWriteError(msg)
        return self.bulk(bulk_id)

    def claim_bulk(self, bulk: Bulk) -> Bulk:
        """Take the intake over: whoever was at it before is refused from now on."""
        item = self.table.update(Update(_key(bulk.id)).add("fence", 1).when("attribute_exists(PK)"))
        return _bulk(item) if item else self.bulk(bulk.id)

    def came_of(self, bulk: Bulk, person: OnList, name: str, request_id: str | None = None) -> Bulk:
        """Record what came of a position, and go on to the next one, both or none."""
        done = replace(bulk, place=person.position).counting(name)
        update = Update(_key(bulk.id)).set(place=done.place, counts=dict(done.counts))
        update.when("{fence} = {=mine}", mine=bulk.fence).when("{status} = {=runs}", runs=BulkStatus.RUNNING)
        result = _result_key(bulk.id, person.position) | {"result": name, "request_id": request_id}
        parts = [self.table.update_op(update), self.table.put_op(result)]
        if self.table.transact(parts) is not None:
            msg = "this intake was taken over, paused or stopped"
            raise StaleWriteError(msg)
        return done

    def results(self, bulk_id: str, after: int = -1) -> Iterator[Item]:
        """What came of each position after one: `position`, `result`, `request_id`."""
        for item in self.table.query_span(f"BULK#{bulk_id}", f"RESULT#{after + 1:09d}", "RESULT#~"):
            position = int(item["SK"].removeprefix("RESULT#"))
            yield {"position": position, "result": item["result"], "request_id": item.get("request_id")}

    def count_people(self, bulk_id: str) -> int:
        """How many people are on the list."""
        return sum(int(item["count"]) for item in self.table.query_items(f"BULK#{bulk_id}", "PART#"))


def _key(bulk_id: str) -> Item:
    return {"PK": "BULKS", "SK": bulk_id}


def _part_key(bulk_id: str, part: int) -> Item:
    return {"PK": f"BULK#{bulk_id}", "SK": f"PART#{part:05d}"}


def _result_key(bulk_id: str, position: int) -> Item:
    return {"PK": f"BULK#{bulk_id}", "SK": f"RESULT#{position:09d}"}


def _bulk(item: Item) -> Bulk:
    known = {f.name for f in fields(Bulk)}
    raw = {name: value for name, value in item.items() if name in known}
    raw |= {"put_by": frozenset(item.get("put_by", ()))}
    return Bulk(**(raw | {"status": BulkStatus(item["status"]), "locale": Locale(item["locale"])}))
