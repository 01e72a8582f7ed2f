"""Replays: after a store was restored from a backup, what had been erased since is erased once more.

A replay goes over the tombstones of its store, knows how far it is, and is the only one of its store. What it cannot be
sure of is laid before an operator as an entry: which request it was of, how many rows, and why; their keys lie sealed.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from rights.domain.tombstone import Tombstone, columns_of
from rights.errors import IllegalTransitionError, StaleWriteError, UnknownRequestError
from rights.ledger.requests import Change, Requests, new_request_id
from rights.ledger.table import Item, Update

COUNTED = ("looked", "came_back", "erased", "anonymised", "listed")
"""What a replay counts, in rows: looked for, found again, erased and anonymised once more, laid before somebody."""


class ReplayStatus(StrEnum):
    """Where a replay stands."""

    RUNNING = "running"
    REVIEW = "review"
    """It has been through; entries wait for a decision, or for what was decided to be done."""
    DONE = "done"


class Doubt(StrEnum):
    """Why rows are laid before somebody instead of being erased."""

    REUSABLE_KEY = "reusable_key"
    """The data map does not say that the key is never given out again: it may be somebody else's row."""
    NEWER = "newer"
    """It was erased before the moment the store went back to, so no backup brought it back: somebody wrote it since."""
    HELD = "held"
    """A legal hold stands on the person."""
    KEPT = "kept"
    """By the rules of today the row is kept."""
    LEFT = "left"
    """It was erased, and is still there."""
    UNMAPPED = "unmapped"
    """The data map has lost the collection: nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One replay. Times are ISO 8601 in UTC."""

    id: str
    store: str
    restored_to: str
    by: str
    started_at: str
    status: ReplayStatus = ReplayStatus.RUNNING
    fence: int = 0
    """Who works: every claim raises it, and a record with an older one is refused."""
    place: str = ""
    """The last tombstone it is done with."""
    counts: Mapping[str, int]
    error_class: str = ""
    ended_at: str | None = None

    def counting(self, **more: int) -> "Replay":
        """The replay with these rows counted."""
        return replace(self, counts={name: self.counts[name] + more.get(name, 0) for name in COUNTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Rows that wait for a decision, or waited."""

    replay_id: str
    id: str
    request_id: str
    store: str
    collection: str
    doubt: Doubt
    count: int
    listed_at: str
    decision: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    done_at: str | None = None
    known_as: tuple[str, ...] = ()
    """The pseudonyms of the person."""


class Replays(Requests):
    """The replays, and what they laid before somebody."""

    def start_replay(self, store: str, restored_to: str, *, by: str) -> Replay:
        """Start a replay; IllegalTransitionError while another of the same store runs."""
        replay = Replay(
            id=new_request_id(),
            store=store,
            restored_to=restored_to,
            by=by,
            started_at=self.now(),
            counts=dict.fromkeys(COUNTED, 0),
        )
        item = _key(replay.id) | {f.name: getattr(replay, f.name) for f in fields(Replay)}
        lock = _lock(store) | {"replay": replay.id}
        if self.table.transact([self.table.put_op(item), self.table.put_op(lock)]) is not None:
            msg = "a replay of this store is running"
            raise IllegalTransitionError(msg)
        return replay

    def replays(self) -> list[Replay]:
        """All replays, oldest first."""
        found = [_replay(item) for item in self.table.query_all("REPLAYS")]
        return sorted(found, key=lambda replay: replay.started_at)

    def replay(self, replay_id: str) -> Replay:
        """A replay by its id; UnknownRequestError without one."""
        item = self.table.get(_key(replay_id))
        if item is None:
            msg = "no replay has this id"
            raise UnknownRequestError(msg)
        return _replay(item)

    def claim_replay(self, replay: Replay) -> Replay:
        """Take a replay over: whoever worked on it before is refused from now on."""
        item = self.table.update(Update(_key(replay.id)).add("fence", 1).when("attribute_exists(PK)"))
        return _replay(item) if item else self.replay(replay.id)

    def intend_replay(self, replay: Replay, stone: Tombstone, place: str, rows: list[dict[str, Any]]) -> None:
        """Record which rows are about to be erased again, so that their count survives a crash."""
        sealed = self.sealer.seal(stone.request_id, rows)
        self._or_stale(Update(_key(replay.id)).set(intent=sealed, intent_of=place), replay)

    def intended(self, replay: Replay, stone: Tombstone, place: str) -> list[dict[str, Any]]:
        """What was about to be erased at a place when somebody died there; empty where nobody did."""
        item = self.table.get(_key(replay.id)) or {}
        if item.get("intent_of") != place:
            return []
        rows: list[dict[str, Any]] = self.sealer.open(stone.request_id, item["intent"])
        return rows

    def replayed(self, replay: Replay, told: Tombstone | None = None, **detail: int) -> Replay:
        """Record how far a replay is, with an event on the request whose rows were erased again, both or none."""
        values = {"place": replay.place, "counts": dict(replay.counts), "error_class": replay.error_class}
        update = Update(_key(replay.id)).set(**values, intent=None, intent_of=None)
        if told is None:
            self._or_stale(update, replay)
            return replay
        part = self.table.update_op(update.when("{fence} = {=mine}", mine=replay.fence))
        facts: dict[str, str | int] = {"store": told.store, "collection": told.collection, "replay": replay.id}

        def decide(_: object) -> Change | None:
            if self.replay(replay.id).place == replay.place:
                return None
            return Change(code="erased_again", detail=facts | detail, also=[part])

        try:
            self.change(told.request_id, decide)
        except UnknownRequestError:
            # The proof of that request has ended: the replay alone tells of it.
            self.table.transact([part])
        return replay

    def replay_failed(self, replay: Replay, error_class: str) -> None:
        """Record why a replay does not go on; the class of the error only."""
        self.table.update(Update(_key(replay.id)).set(error_class=error_class).when("attribute_exists(PK)"))

    def end_replay(self, replay: Replay, status: ReplayStatus) -> None:
        """Record that a replay has been through its tombstones; the next one of its store may begin."""
        update = Update(_key(replay.id)).set(status=status, ended_at=self.now())
        part = self.table.update_op(update.when("{fence} = {=mine}", mine=replay.fence))
        mine = self.table.delete_op(_lock(replay.store), "{replay} = {=id}", id=replay.id)
        if self.table.transact([part, mine]) is not None and self.replay(replay.id).status is ReplayStatus.RUNNING:
            msg = "another worker has taken this replay over"
            raise StaleWriteError(msg)

    def settle_replay(self, replay: Replay) -> None:
        """Record that everything that was laid before somebody is decided and done."""
        self.table.update(Update(_key(replay.id)).set(status=ReplayStatus.DONE).when("attribute_exists(PK)"))

    def _or_stale(self, update: Update, replay: Replay) -> None:
        if self.table.update(update.when("{fence} = {=mine}", mine=replay.fence)) is None:
            msg = "another worker has taken this replay over"
            raise StaleWriteError(msg)

    # ---- what waits for a decision

    def list_rows(self, replay: Replay, stone: Tombstone, place: str, doubt: Doubt, rows: list[dict[str, Any]]) -> None:
        """Lay rows before somebody; the same again is the same entry, and a decision on it stays."""
        entry = {
            "request_id": stone.request_id,
            "store": stone.store,
            "collection": stone.collection,
            "doubt": doubt,
            "count": len(rows),
            "listed_at": self.now(),
            "sealed": self.sealer.seal(stone.request_id, {"keys": stone.keys, "rows": rows, "order": stone.order}),
            "operation": stone.operation,
            "known_as": list(stone.known_as),
        }
        self.table.put(_entry_key(replay.id, _name_of(place, doubt)) | entry, only_new=True)

    def entries(self, replay_id: str, after: str = "") -> Iterator[Entry]:
        """What a replay laid before somebody, by the id of the entry; behind one, if it is named."""
        first = f"ENTRY#{after}~" if after else "ENTRY#"
        for item in self.table.query_span(f"REPLAY#{replay_id}", first, "ENTRY#~"):
            yield _entry(item)

    def entry(self, replay_id: str, entry_id: str) -> Entry:
        """One entry; UnknownRequestError without one."""
        item = self.table.get(_entry_key(replay_id, entry_id))
        if item is None:
            msg = "this replay has no such entry"
            raise UnknownRequestError(msg)
        return _entry(item)

    def rows_of(self, entry: Entry) -> Tombstone:
        """The rows of an entry, opened."""
        item = self.table.get(_entry_key(entry.replay_id, entry.id)) or {}
        sealed = self.sealer.open(entry.request_id, item["sealed"])
        return Tombstone(
            request_id=entry.request_id,
            store=entry.store,
            collection=entry.collection,
            order=sealed["order"],
            label=f"{entry.replay_id}.{entry.id}",
            operation=item["operation"],
            keys=sealed["keys"],
            columns=columns_of(sealed["rows"]),
            known_as=tuple(item["known_as"]),
        )

    def decide_entry(self, replay_id: str, entry_id: str, decision: str, *, by: str) -> Entry:
        """Record a decision on an entry, once; IllegalTransitionError for another one, UnknownRequestError for none."""
        key = _entry_key(replay_id, entry_id)
        done = {"done_at": self.now()} if decision == "keep" else {}
        update = Update(key).set(decision=decision, decided_by=by, decided_at=self.now(), **done)
        self.table.update(update.when("attribute_exists(PK) AND attribute_not_exists({decision})"))
        entry = self.entry(replay_id, entry_id)
        if entry.decision != decision:
            msg = "this was decided otherwise"
            raise IllegalTransitionError(msg)
        return entry

    def entry_done(self, entry: Entry) -> None:
        """Record that what was decided on an entry is done."""
        self.table.update(Update(_entry_key(entry.replay_id, entry.id)).set(done_at=self.now()))


def _key(replay_id: str) -> Item:
    return {"PK": "REPLAYS", "SK": replay_id}


def _lock(store: str) -> Item:
    return {"PK": f"REPLAYED#{store}", "SK": "OPEN"}


def _entry_key(replay_id: str, entry_id: str) -> Item:
    return {"PK": f"REPLAY#{replay_id}", "SK": f"ENTRY#{entry_id}"}


def _name_of(place: str, doubt: Doubt) -> str:
    return hashlib.sha256(f"{place}#{doubt}".encode()).hexdigest()[:26].upper()


def _replay(item: Item) -> Replay:
    known = {f.name for f in fields(Replay)}
    raw = {name: value for name, value in item.items() if name in known}
    return Replay(**(raw | {"status": ReplayStatus(item["status"])}))


def _entry(item: Item) -> Entry:
    known = {f.name for f in fields(Entry)}
    raw = {name: value for name, value in item.items() if name in known}
    ids = {"replay_id": item["PK"].removeprefix("REPLAY#"), "id": item["SK"].removeprefix("ENTRY#")}
    return Entry(**(raw | ids | {"doubt": Doubt(item["doubt"]), "known_as": tuple(item["known_as"])}))
