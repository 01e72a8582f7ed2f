"""The end of retention: what was kept until a date is erased when the date has come, without anyone asking again.

For each bundle of rows: plan, record what will be erased, erase and read back, leave tombstones, and in one transaction
tell of it and let the bundle go. Whatever dies in between is taken up by the next run at the step it stood at; a bundle
of which anything is left is due again tomorrow. A legal hold moves the date.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from rights.asking import Stores
from rights.domain.mall_time import MALL_TIME
from rights.domain.tombstone import Tombstone, columns_of
from rights.domain.work import Disposition
from rights.errors import RetryableError
from rights.ledger import Hold, Ledger, RetainedRows
from rights.settings import Settings
from rights.stores.contract import Change, ErasurePage
from rights.stores.expire import key_text
from rights.stores.selection import erasure_order
from rights.telemetry import logger

TIRED_AFTER = 3
"""So many bundles in a row that a store did not answer for: it is left alone until the next run."""

Key = dict[str, Any]


class ExpirySettings(Settings):
    """What the end of retention needs besides the stores."""

    backup_days: int
    """How long the stores' backups live, and so how long a tombstone has to."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is there of a bundle's rows, and what of its intent is done."""

    present: list[Change]
    due: list[Change]
    done: dict[str, list[Key]]
    gone: int


class Expiry:
    """One run over everything whose date has come."""

    def __init__(self, ledger: Ledger, stores: Stores, backup_days: int) -> None:
        self._ledger = ledger
        self._stores = stores
        self._backup_days = backup_days
        self._silent: dict[str, int] = {}

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """End what is due, the oldest dates first, until time is up; return how many bundles ended and are overdue."""
        counts = {"ended": 0, "overdue": 0}
        for listed in self._ledger.due_on(self._today()):
            for key in sorted(listed, key=self._place):
                skipped = time_is_up() or self._silent.get(_names(key)[1], 0) >= TIRED_AFTER
                counts["ended" if not skipped and self._try(key) else "overdue"] += 1
        return counts

    def _today(self) -> date:
        return self._ledger.clock().astimezone(MALL_TIME).date()

    def _place(self, key: Key) -> tuple[str, str, int, str]:
        """Person by person and store by store, and in a store children before what they refer to."""
        request_id, store, collection = _names(key)
        return request_id, store, self._order(store, collection), key["SK"]

    def _order(self, store: str, collection: str) -> int:
        known = [s for s in self._stores.data_map.stores if s.fides_key == store]
        order = erasure_order(known[0]) if known else []
        return order.index(collection) if collection in order else len(order)

    def _try(self, key: Key) -> bool:
        request_id, store, collection = _names(key)
        where = {"request_id": request_id, "store": store, "collection": collection, "code": "retained_overdue"}
        try:
            ended = self._end(key)
        except Exception as error:  # noqa: BLE001 - one store or person must not hold up the others; the next run tries
            self._silent[store] = self._silent.get(store, 0) + 1 if isinstance(error, RetryableError) else 0
            logger.exception("retention did not end", extra=where)
            return False
        self._silent[store] = 0
        if not ended:
            logger.warning("rows are left", extra=where)
        return ended

    def _end(self, key: Key) -> bool:
        rows = self._ledger.retained_rows(key)
        if rows is None:
            return True  # another run was here
        hold = self._ledger.hold_on(rows.known_as)
        if hold and not rows.intent:
            self._ledger.settle(rows, "retained_moved", _told(rows, kept=len(rows.rows)), [_under_hold(rows, hold)])
            return True
        found = self._look(rows, erase=bool(rows.intent) and not hold)
        if found.due and not rows.intent:
            intent = [[change.key, change.disposition.value] for change in found.due]
            rows = self._ledger.intend(rows, intent)
            found = self._look(rows, erase=True)
        return self._settle(rows, found, hold)

    def _look(self, rows: RetainedRows, *, erase: bool) -> Found:
        """What is there of the rows today; with `erase` after what was intended has been erased."""
        question = {
            "collection": rows.collection,
            "keys": rows.keys,
            "rows": rows.rows,
            "erase": [key for key, _ in rows.intent or ()] if erase else [],
            "today": self._today().isoformat(),
        }
        page = ErasurePage.from_dict(self._stores.expire(rows.request_id, rows.store, question))
        present = [*page.changes, *page.resting]
        there = {key_text(change.key) for change in present}
        intended = {key_text(key) for key, _ in rows.intent or ()}
        done: dict[str, list[Key]] = {}
        resting = {key_text(change.key) for change in page.resting}
        for key, what in rows.intent or ():
            anonymised = what == Disposition.ANONYMISE and key_text(key) in resting
            if anonymised or key_text(key) not in there:
                done.setdefault(what, []).append(key)
        gone = sum(key_text(key) not in there | intended for key in rows.rows)
        return Found(present, page.doing(), done, gone)

    def _stone(self, rows: RetainedRows, what: Disposition, keys: list[Key]) -> Tombstone:
        return Tombstone(
            request_id=rows.request_id,
            store=rows.store,
            collection=rows.collection,
            order=self._order(rows.store, rows.collection),
            label=f"{rows.until}.{rows.label}.{what}",
            operation=what,
            keys=rows.keys,
            columns=columns_of(keys),
        )

    def _settle(self, rows: RetainedRows, found: Found, hold: Hold | None) -> bool:
        """Write down what became of the rows: erased ones are buried, kept ones move, the rest is due again."""
        for what, keys in found.done.items():
            self._ledger.bury(rows.request_id, [self._stone(rows, Disposition(what), keys)], self._backup_days)
        if hold:
            still = [_under_hold(_of(rows, found.present), hold)] if found.present else []
            due = []
        else:
            due = found.due
            still = _moved(rows, [change for change in found.present if change not in due])
        kept = sum(len(one.rows) for one in still)
        if due:
            if not found.done and not still:
                return False  # nothing happened that could be told
            still.append(_of(rows, due))
        code = "retained_erased" if found.done or found.gone else "retained_moved"
        erased, anonymised = (
            len(found.done.get(what.value, ())) for what in (Disposition.ERASE, Disposition.ANONYMISE)
        )
        told = _told(rows, erased=erased, anonymised=anonymised, gone=found.gone, kept=kept, left=len(due))
        self._ledger.settle(rows, code, told, still)
        return not due


def _names(key: Key) -> tuple[str, str, str]:
    request_id, store, collection, _ = key["SK"].split("#", 3)
    return request_id, store, collection


def _told(rows: RetainedRows, **counts: int) -> dict[str, str | int]:
    return {"store": rows.store, "collection": rows.collection, "until": rows.until} | counts


def _of(rows: RetainedRows, changes: Iterable[Change]) -> RetainedRows:
    return replace(rows, rows=[change.key for change in changes], intent=None)


def _under_hold(rows: RetainedRows, hold: Hold) -> RetainedRows:
    """The rows until the end of a hold, when they are looked at again."""
    return replace(rows, until=hold.until, ground=hold.ground, reason="legal_hold", intent=None)


def _moved(rows: RetainedRows, kept: list[Change]) -> list[RetainedRows]:
    """The rows that something still keeps, under the earliest of their new dates: those kept longer move on then."""
    first = min((change.kept for change in kept if change.kept), key=lambda k: k.until, default=None)
    if first is None:
        return []
    return [replace(_of(rows, kept), until=first.until, ground=first.ground, reason=first.reason)]
