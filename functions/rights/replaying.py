"""The replay of erasures: asks a restored store for just the rows that were erased, and erases those that came back.

Only a row under a key that is never given out again, which was erased after the moment the store went back to, is
erased without asking: everything else is laid before an operator. The person's key set goes with the question, so a
row that is somebody else's by now is no answer to it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from rights.asking import Stores
from rights.clock import parse
from rights.datamap import DataMap
from rights.domain.mall_time import today_in_the_mall
from rights.domain.tombstone import Tombstone, columns_of
from rights.domain.work import Disposition
from rights.ledger import Ledger
from rights.ledger.replays import Doubt, Entry, Replay, ReplayStatus
from rights.settings import Settings
from rights.stores.contract import ErasurePage
from rights.stores.expire import key_text
from rights.telemetry import logger

Key = dict[str, Any]


class ReplaySettings(Settings):
    """How long tombstones live, and how many pages of an erasure are replayed in one run."""

    backup_days: int
    replay_pages: int


class Replayer:
    """One run over all replays: as many pages as a run may take, then the next run goes on."""

    def __init__(self, ledger: Ledger, stores: Stores, settings: ReplaySettings) -> None:
        self._ledger = ledger
        self._stores = stores
        self._settings = settings

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """Take every open replay on; return how many pages were replayed, and how many replays are not done."""
        counts = {"pages": 0, "open": 0, "failed": 0}
        for replay in self._ledger.replays():
            if replay.status is ReplayStatus.DONE:
                continue
            counts["open"] += 1
            try:
                counts["pages"] += self._take_on(self._ledger.claim_replay(replay), time_is_up)
            except Exception as error:  # noqa: BLE001 - one store must not hold up the others; the next run tries again
                counts["failed"] += 1
                logger.exception("replay did not go on", extra={"store": replay.store, "code": "replay_failed"})
                self._ledger.replay_failed(replay, type(error).__name__)
        return counts

    def _take_on(self, replay: Replay, time_is_up: Callable[[], bool]) -> int:
        if replay.status is ReplayStatus.REVIEW:
            return self._carry_out(replay, time_is_up)
        pages = 0
        for place in self._ledger.tombstones(replay.store, replay.place):
            if time_is_up() or pages >= self._settings.replay_pages:
                return pages
            replay = self._page(replay, place)
            pages += 1
        entries = any(self._ledger.entries(replay.id))
        self._ledger.end_replay(replay, ReplayStatus.REVIEW if entries else ReplayStatus.DONE)
        return pages

    # ---- one page of an erasure

    def _page(self, replay: Replay, place: str) -> Replay:
        stone = self._ledger.tombstone(replay.store, place)
        done = replace(replay, place=place, error_class="")
        if stone is None or stone.erased_at >= replay.started_at:
            return self._ledger.replayed(done)  # it has ended, or is this replay's own
        done = done.counting(looked=len(stone.rows))
        if not _is_mapped(self._stores.data_map, stone):
            return self._listed(done, stone, place, {Doubt.UNMAPPED: stone.rows})
        page = self._ask(stone, [])
        there = _came_back(stone, page)
        intended = self._ledger.intended(replay, stone, place)
        doubt = None if intended else self._doubt(replay, stone)
        if doubt:
            return self._listed(done.counting(came_back=len(there)), stone, place, {doubt: there} if there else {})
        due = _due(page)
        kept = [key for key in there if key_text(key) not in {key_text(one) for one in due}]
        if not due and not intended:
            return self._listed(done.counting(came_back=len(there)), stone, place, {Doubt.KEPT: kept} if kept else {})
        return self._again(done, stone, place, _joined(intended, due), kept)

    def _again(self, done: Replay, stone: Tombstone, place: str, due: list[Key], kept: list[Key]) -> Replay:
        """Erase once more what came back, remember it anew, and count it with an event on its request."""
        self._ledger.intend_replay(done, stone, place, due)
        still = {key_text(key) for key in _due(self._ask(stone, due))}
        gone, left = ([key for key in due if (key_text(key) in still) is there] for there in (False, True))
        again = replace(stone, label=f"{done.id}.{stone.label}", columns=columns_of(gone))
        self._ledger.bury(stone.request_id, [again] if gone else [], self._settings.backup_days)
        counted = {"anonymised" if stone.operation is Disposition.ANONYMISE else "erased": len(gone)}
        done = done.counting(came_back=len(due) + len(kept), **counted)
        told = stone if gone else None
        return self._listed(done, stone, place, {Doubt.KEPT: kept, Doubt.LEFT: left}, told, **counted)

    def _listed(
        self,
        done: Replay,
        stone: Tombstone,
        place: str,
        doubts: dict[Doubt, list[Key]],
        told: Tombstone | None = None,
        **counted: int,
    ) -> Replay:
        """Lay before somebody what is in doubt, then record how far the replay is."""
        for doubt, rows in doubts.items():
            if rows:
                self._ledger.list_rows(done, stone, place, doubt, rows)
                done = done.counting(listed=len(rows))
        return self._ledger.replayed(done, told, **counted)

    def _doubt(self, replay: Replay, stone: Tombstone) -> Doubt | None:
        if not is_never_reused(self._stores.data_map, stone.store, stone.collection):
            return Doubt.REUSABLE_KEY
        if parse(stone.erased_at) <= parse(replay.restored_to):
            return Doubt.NEWER
        return Doubt.HELD if self._ledger.hold_on(stone.known_as) else None

    def _ask(self, stone: Tombstone, erase: list[Key]) -> ErasurePage:
        """What is there of the rows, after those under `erase` were erased."""
        today = today_in_the_mall(self._ledger.clock())
        question = {"collection": stone.collection, "keys": stone.keys, "rows": stone.rows, "today": today}
        return ErasurePage.from_dict(self._stores.expire(stone.request_id, stone.store, question | {"erase": erase}))

    # ---- what an operator decided

    def _carry_out(self, replay: Replay, time_is_up: Callable[[], bool]) -> int:
        """Erase what was decided on; what a hold or a rule keeps all the same stays, and stays open."""
        done, failed = 0, None
        for entry in list(self._ledger.entries(replay.id)):
            if entry.decision == "erase" and entry.done_at is None and not time_is_up():
                try:
                    done += self._erase(entry)
                except Exception as error:  # noqa: BLE001 - one entry must not hold up the others; told at the end
                    failed = error
        if failed is not None:
            raise failed
        if all(entry.done_at for entry in self._ledger.entries(replay.id)):
            self._ledger.settle_replay(replay)
        return done

    def _erase(self, entry: Entry) -> bool:
        stone = self._ledger.rows_of(entry)
        if self._ledger.hold_on(stone.known_as) or not _is_mapped(self._stores.data_map, stone):
            return False
        due = _due(self._ask(stone, []))
        # Before they go: whoever takes this up after a kill finds nothing there that could be remembered.
        stones = [replace(stone, columns=columns_of(due))] if due else []
        self._ledger.bury(stone.request_id, stones, self._settings.backup_days)
        left = _due(self._ask(stone, due)) if due else []
        if left:
            return False
        self._ledger.entry_done(entry)
        return True


def is_never_reused(data_map: DataMap, store: str, collection: str) -> bool:
    """True where the data map says of a part of the primary key that its values are never given out again."""
    found = data_map.store(store).collection(collection)
    return any(field.rights.never_reused for field in found.fields if field.fides_meta.primary_key)


def _is_mapped(data_map: DataMap, stone: Tombstone) -> bool:
    stores = [store for store in data_map.stores if store.fides_key == stone.store]
    return any(stone.collection == collection.name for store in stores for collection in store.collections)


def _came_back(stone: Tombstone, page: ErasurePage) -> list[Key]:
    """The rows that are there although they were erased, or as they were before they were anonymised."""
    changes = [*page.changes, *page.resting] if stone.operation is Disposition.ERASE else page.doing()
    return [change.key for change in changes]


def _due(page: ErasurePage) -> list[Key]:
    """Those of them that the rules of today would have go."""
    return [change.key for change in page.doing()]


def _joined(first: Iterable[Key], second: Iterable[Key]) -> list[Key]:
    return list({key_text(key): key for key in (*first, *second)}.values())
