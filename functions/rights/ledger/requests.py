"""The heart of the ledger: the one way in which a request ever changes.

Every change is one transaction: the conditional update of `STATE` (version, and the legal transition) together with the
next `EVENT` of the hash chain, and whatever must happen with it (an answer, a notice, a lock). So state and history
cannot disagree, a finished request cannot be reopened, and of two writers one wins and the other decides anew.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from rights.clock import Clock, stamp
from rights.domain.audit import chain_holds, event_hash
from rights.domain.rights import Channel, Locale, Requester, Right
from rights.domain.status import FINAL, Status, may_move
from rights.errors import IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger.calling_back import callback_items
from rights.ledger.clocks import turned
from rights.ledger.endings import ending_part
from rights.ledger.model import Event, Request
from rights.ledger.table import Item, Table, Update, audit_shard, request_key, shard_of
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHANGES_TRIED = 20
_ACTS_KEPT = timedelta(days=5 * 366)
_SEEN: ContextVar[tuple[str, int] | None] = ContextVar("seen", default=None)
"""The request that somebody acts on in this thread, and the version at which they saw it."""


class ChangedSinceError(StaleWriteError):
    """A request is no longer at the version that somebody saw when they made up their mind."""


def new_request_id() -> str:
    """A random id of 26 characters (130 bits) that can be read out: no I, L, O or U."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(26))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a request: where it moves, what the event says, and what is written with it or not at all."""

    code: str
    by: str = "system"
    to: Status | None = None
    sets: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, str | int] = field(default_factory=dict)
    also: Sequence[Item] = ()


class Onlooker(Protocol):
    """Whoever is told, after the fact, that a request came in or ended; each once, unless its teller dies before."""

    def received(self, request: Request) -> None:
        """Hear of a request that came in."""

    def closed(self, request: Request) -> None:
        """Hear of a request that ended, however it did."""


class Requests:
    """Requests and their events."""

    def __init__(
        self, table: Table, sealer: Sealer, hmac: Hmac, clock: Clock, onlooker: Onlooker | None = None
    ) -> None:
        self.table = table
        self.sealer = sealer
        self.hmac = hmac
        self.clock = clock
        self.onlooker = onlooker

    def now(self) -> str:
        """The ledger's time, as text."""
        return stamp(self.clock())

    def relay_mark(self, request_id: str) -> Item:
        """The attributes that make an item one the relay has to follow up."""
        return {"relay_at": self.now(), "relay_shard": f"RELAY#{shard_of(request_id)}"}

    def get(self, request_id: str) -> Request:
        """The request, read consistently; UnknownRequestError without one."""
        item = self.table.get(request_key(request_id))
        if item is None:
            msg = "no request has this id"
            raise UnknownRequestError(msg)
        return request_of(item)

    @contextmanager
    def seen_at(self, request_id: str, version: int) -> Iterator[None]:
        """Within, a request is changed only as it was at this version: ChangedSinceError where another was faster.

        That is for the first change; what the same act changes after it goes on as ever.
        """
        before = _SEEN.set((request_id, version))
        try:
            yield
        finally:
            _SEEN.reset(before)

    def change(self, request_id: str, decide: Callable[[Request], Change | None]) -> Request:
        """Read the request, decide, and write; on a lost race read and decide anew, but for `seen_at`.

        `decide` returns `None` when nothing is left to do, which makes a repeated step harmless.
        """
        for attempt in range(_CHANGES_TRIED):
            request = self.get(request_id)
            _refuse_changed_since(request)
            wanted = decide(request)
            if wanted is None:
                return request
            if self._commit(request, wanted):
                _seen_no_more(request_id)
                changed = self.get(request_id)
                if self.onlooker and wanted.to in FINAL:
                    self.onlooker.closed(changed)
                return changed
            time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311 - jitter, not a secret
        msg = "lost every race for this request"
        raise StaleWriteError(msg)

    def note(self, request_id: str, code: str, *, by: str = "system", detail: Mapping[str, str | int] = {}) -> None:
        """Add an event that changes no status."""
        self.change(request_id, lambda _: Change(code=code, by=by, detail=detail))

    def _commit(self, request: Request, wanted: Change) -> bool:
        status = wanted.to or request.status
        if wanted.to is not None and not may_move(request.status, wanted.to):
            msg = f"a request that is {request.status} cannot become {wanted.to}"
            raise IllegalTransitionError(msg)
        version = request.version + 1
        event = self.event_item(request.id, version, request.head, wanted, status)
        state = (
            Update(request_key(request.id))
            .set(**wanted.sets, status=status, version=version, head=event["hash"], audit_shard=audit_shard(request.id))
            .when("{version} = {=was}", was=request.version)
            .when("{status} = {=current}", current=request.status)
        )
        also = [*wanted.also]
        if wanted.to in FINAL:
            now = self.clock()
            state.set(due_shard=None, closed_at=stamp(now), **turned(request, now, closed=True))
            also.append(self.table.put_op(ending_part(request.id, now)))
        owed = callback_items(request, status, self.now())
        also += [self.table.put_op(item | self.relay_mark(request.id)) for item in owed]
        return self.table.transact([self.table.update_op(state), self.table.put_op(event), *also]) is None

    def event_item(self, request_id: str, version: int, previous: str, wanted: Change, status: Status) -> Item:
        """The next link of a request's history, as an item."""
        facts = {
            "request": request_id,
            "version": version,
            "at": self.now(),
            "code": wanted.code,
            "by": wanted.by,
            "status": str(status),
            "detail": dict(wanted.detail),
            "previous": previous,
        }
        return request_key(request_id, f"EVENT#{version:08d}") | facts | {"hash": event_hash(facts)}

    def events(self, request_id: str) -> list[Event]:
        """The history of a request, oldest first."""
        return [event_of(item) for item in self._event_items(request_id)]

    def hashed_events(self, request_id: str) -> Iterator[Item]:
        """The history as it was hashed: each event's facts, and its hash."""
        for item in self._event_items(request_id):
            yield {name: value for name, value in item.items() if name not in {"PK", "SK"}}

    def verify_chain(self, request_id: str) -> bool:
        """Tell whether the history is whole and unchanged up to the head that the state names."""
        # The state is read first: what is written after it does not make a sound history look broken.
        request = self.get(request_id)
        events = [event for event in self.hashed_events(request_id) if event["version"] <= request.version]
        return chain_holds(events, request.head)

    def _event_items(self, request_id: str) -> Iterator[Item]:
        return self.table.query_items(f"REQUEST#{request_id}", "EVENT#")

    def by_status(self, status: Status) -> Iterator[Request]:
        """The requests that have this status, oldest first (from an index: read again before you act on one)."""
        for keys in self.table.query_index("by_status", "status", status, "received_at", None):
            item = self.table.get({"PK": keys["PK"], "SK": keys["SK"]})
            if item is not None and item["status"] == status:
                yield request_of(item)

    def received_between(self, status: Status, first: str, last: str) -> Iterator[Request]:
        """The requests of this status that came in within a time, oldest first, those of one moment by id.

        From an index: a request that has moved on meanwhile is left out.
        """
        if first > last:
            # The table refuses to look from later to earlier.
            return
        keys = self.table.query_index("by_status", "status", status, "received_at", last, since=first)
        for _, of_one_moment in groupby(keys, key=itemgetter("received_at")):
            for partition in sorted(key["PK"] for key in of_one_moment):
                item = self.table.get({"PK": partition, "SK": "STATE"})
                if item is not None and item["status"] == status:
                    yield request_of(item)

    def record_act(self, by: str, what: str, detail: Mapping[str, str | int]) -> None:
        """Record what somebody did that is about no single request: who, what and why, for as long as proof is kept."""
        now = self.clock()
        item = {"PK": f"ACTS#{now.year}", "SK": f"{self.now()}#{new_request_id()}", "by": by, "what": what}
        ends = int((now + _ACTS_KEPT).timestamp())
        self.table.put(item | {"detail": dict(detail), "at": self.now(), "expires": ends}, only_new=True)

    def private_item(self, request_id: str, part: str, data: Any) -> Item:
        """A part of the request as an item, sealed."""
        return request_key(request_id, f"PRIVATE#{part}") | {"sealed": self.sealer.seal(request_id, data)}

    def private_part(self, request_id: str, part: str, data: Any) -> Item:
        """The part of a transaction that seals and keeps a part of the request, or puts it in another's place."""
        sealed = self.sealer.seal(request_id, data)
        return self.table.update_op(Update(request_key(request_id, f"PRIVATE#{part}")).set(sealed=sealed))

    def private(self, request_id: str, part: str) -> Any:
        """A sealed part of the request (`typed`, `contacts`, `subject`), opened; `None` without one."""
        item = self.table.get(request_key(request_id, f"PRIVATE#{part}"))
        return None if item is None else self.sealer.open(request_id, item["sealed"])

    def put_private(self, request_id: str, part: str, data: Any) -> None:
        """Seal and keep a part of the request; the same part may be written again by a repeated step."""
        self.table.put(self.private_item(request_id, part, data), only_new=False)


def _seen_no_more(request_id: str) -> None:
    seen = _SEEN.get()
    if seen is not None and seen[0] == request_id:
        _SEEN.set(None)


def _refuse_changed_since(request: Request) -> None:
    """The write is on the condition that nothing comes between: so looking here is looking with it."""
    seen = _SEEN.get()
    if seen is not None and seen[0] == request.id and seen[1] != request.version:
        msg = "the request has changed since it was seen"
        raise ChangedSinceError(msg)


_TUPLES = (
    *("locks", "known_as", "typed_as", "case_requests", "scope", "purposes", "approvals", "milestones", "alerts"),
    "volumes",
)


def event_of(item: Item) -> Event:
    """The event that an item tells of."""
    return Event(**{f.name: item[f.name] for f in fields(Event)})


def request_of(item: Item) -> Request:
    """The request that an item tells of."""
    known = {f.name for f in fields(Request)}
    raw = {name: value for name, value in item.items() if name in known}
    raw |= {
        "status": Status(item["status"]),
        "right": Right(item["right"]),
        "channel": Channel(item["channel"]),
        "requester": Requester(item["requester"]),
        "locale": Locale(item["locale"]),
    }
    raw |= {name: tuple(item[name]) for name in _TUPLES if name in item}
    return Request(**raw)
