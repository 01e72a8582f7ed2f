"""The heart of the ledger: intake, and the one way in which a request ever changes.

Every change is one transaction: the conditional update of `STATE` (version, and the legal transition) together with the
next `EVENT` of the hash chain, and whatever must happen with it (an answer, a notice, a lock). So state and history
cannot disagree, a finished request cannot be reopened, and of two writers one wins and the other decides anew.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

from rights.clock import Clock, stamp
from rights.domain.audit import START, chain_holds, event_hash
from rights.domain.deadline import respond_by
from rights.domain.rights import Channel, Locale, Requester, Right
from rights.domain.status import FINAL, Status, may_move
from rights.errors import IdempotencyConflictError, IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger.model import Event, NewRequest, Opened, Request
from rights.ledger.table import Item, Table, Update, request_key, shard_of
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac

POLICY_VERSION = "ttm-policy-2024"
IDEMPOTENCY_KEPT = timedelta(days=2)
TRIES = 5
"""How often a code may be typed before a new request is needed; shared by all codes of one proof."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHANGES_TRIED = 20


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


class Requests:
    """Requests and their events."""

    def __init__(self, table: Table, sealer: Sealer, hmac: Hmac, clock: Clock) -> None:
        self.table = table
        self.sealer = sealer
        self.hmac = hmac
        self.clock = clock

    def now(self) -> str:
        """The ledger's time, as text."""
        return stamp(self.clock())

    def open_request(self, new: NewRequest) -> Opened:
        """Take a request in, once per idempotency key; raises IdempotencyConflictError for another body.

        Writes the state, the first event, what was typed (sealed) and the tries for its code in one transaction, and
        rings for the relay. Looks at no store: known and unknown people leave the same traces and take the same time.
        """
        received = self.clock()
        request_id = new_request_id()
        deadline = respond_by(new.right, received)
        state = request_key(request_id) | {
            "id": request_id,
            "status": Status.RECEIVED,
            "version": 1,
            "run": 1,
            "right": new.right,
            "case_id": request_id,
            "channel": new.channel,
            "requester": new.requester,
            "locale": new.locale,
            "jurisdiction": new.jurisdiction,
            "received_at": stamp(received),
            "due_at": stamp(deadline.at),
            "policy_version": POLICY_VERSION,
            "clock_rule": deadline.rule,
            "epoch": 1,
            "retries": 0,
            "due_shard": f"DUE#{shard_of(request_id)}",
        }
        event = self._event(request_id, 1, START, Change(code="received", by="person"), Status.RECEIVED)
        state |= {"head": event["hash"]} | self.relay_mark(request_id)
        typed = {"identifiers": dict(new.typed), "message": new.message}
        parts = [
            self.table.put_op(state),
            self.table.put_op(event),
            self.table.put_op(self._private_item(request_id, "typed", typed)),
            self.table.put_op(
                request_key(request_id, "CODES#identity")
                | {"typed": sorted(new.typed), "tries_left": TRIES, "proven": [], "codes": [], "sends": 0}
            ),
        ]
        if new.idempotency:
            now = int(received.timestamp())
            parts.append(self.table.put_op(self._idempotency_item(new, request_id), or_expired_at=now))
        in_the_way = self.table.transact(parts)
        if in_the_way is None:
            return Opened(self.get(request_id), created=True)
        earlier = in_the_way[-1] or {}
        if earlier.get("body_hmac") != new.body_hmac:
            msg = "this idempotency key was used for another request"
            raise IdempotencyConflictError(msg)
        return Opened(self.get(earlier["request_id"]), created=False)

    def _idempotency_item(self, new: NewRequest, request_id: str) -> Item:
        return {
            "PK": f"IDEMPOTENCY#{new.idempotency}",
            "SK": "REQUEST",
            "request_id": request_id,
            "body_hmac": new.body_hmac,
            "expires": int((self.clock() + IDEMPOTENCY_KEPT).timestamp()),
        }

    def relay_mark(self, request_id: str) -> Item:
        """The attributes that make an item one the relay has to follow up."""
        return {"relay_at": self.now(), "relay_shard": f"RELAY#{shard_of(request_id)}"}

    def get(self, request_id: str) -> Request:
        """The request, read consistently; UnknownRequestError without one."""
        item = self.table.get(request_key(request_id))
        if item is None:
            msg = "no request has this id"
            raise UnknownRequestError(msg)
        return _request(item)

    def change(self, request_id: str, decide: Callable[[Request], Change | None]) -> Request:
        """Read the request, decide, and write; on a lost race read and decide anew.

        `decide` returns `None` when nothing is left to do, which makes a repeated step harmless.
        """
        for attempt in range(_CHANGES_TRIED):
            request = self.get(request_id)
            wanted = decide(request)
            if wanted is None:
                return request
            if self._commit(request, wanted):
                return self.get(request_id)
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
        event = self._event(request.id, version, request.head, wanted, status)
        state = (
            Update(request_key(request.id))
            .set(**wanted.sets, status=status, version=version, head=event["hash"])
            .when("{version} = {=was}", was=request.version)
            .when("{status} = {=current}", current=request.status)
        )
        if wanted.to in FINAL:
            state.set(due_shard=None, closed_at=self.now())
        return self.table.transact([self.table.update_op(state), self.table.put_op(event), *wanted.also]) is None

    def _event(self, request_id: str, version: int, previous: str, wanted: Change, status: Status) -> Item:
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
        names = [f.name for f in fields(Event)]
        return [Event(**{n: item[n] for n in names}) for item in self._event_items(request_id)]

    def verify_chain(self, request_id: str) -> bool:
        """Tell whether the history is whole and unchanged up to the head that the state names."""
        # The state is read first: what is written after it does not make a sound history look broken.
        request = self.get(request_id)
        events = [i for i in self._event_items(request_id) if i["version"] <= request.version]
        facts = [{name: value for name, value in item.items() if name not in {"PK", "SK"}} for item in events]
        return chain_holds(facts, request.head)

    def _event_items(self, request_id: str) -> Iterator[Item]:
        return self.table.query_items(f"REQUEST#{request_id}", "EVENT#")

    def by_status(self, status: Status) -> Iterator[Request]:
        """The requests that have this status, oldest first (from an index: read again before you act on one)."""
        for keys in self.table.query_index("by_status", "status", status, "received_at", None):
            item = self.table.get({"PK": keys["PK"], "SK": keys["SK"]})
            if item is not None and item["status"] == status:
                yield _request(item)

    def _private_item(self, request_id: str, part: str, data: Any) -> Item:
        return request_key(request_id, f"PRIVATE#{part}") | {"sealed": self.sealer.seal(request_id, data)}

    def private(self, request_id: str, part: str) -> Any:
        """A sealed part of the request (`typed`, `contacts`, `subject`), opened; `None` without one."""
        item = self.table.get(request_key(request_id, f"PRIVATE#{part}"))
        return None if item is None else self.sealer.open(request_id, item["sealed"])

    def put_private(self, request_id: str, part: str, data: Any) -> None:
        """Seal and keep a part of the request; the same part may be written again by a repeated step."""
        self.table.put(self._private_item(request_id, part, data), only_new=False)


def _request(item: Item) -> Request:
    known = {f.name for f in fields(Request)}
    raw = {name: value for name, value in item.items() if name in known}
    raw |= {
        "status": Status(item["status"]),
        "right": Right(item["right"]),
        "channel": Channel(item["channel"]),
        "requester": Requester(item["requester"]),
        "locale": Locale(item["locale"]),
        "locks": tuple(item.get("locks", ())),
        "known_as": tuple(item.get("known_as", ())),
    }
    return Request(**raw)
