"""Callbacks to affiliates: what is still to be told, to which address, and what became of each try.

The ledger is the queue: an item keeps its `relay_at` until it was sent, overtaken or given up. The relay puts its name
on the queue and moves the mark ahead; `send_callback` claims it. A try in vain moves the mark by a pause that grows.
"""

from dataclasses import fields
from datetime import timedelta

from rights.clock import parse, stamp
from rights.domain.affiliates import pause_after, stand_of
from rights.ledger.model import Callback, CallbackStatus, Request
from rights.ledger.requests import Change, Requests
from rights.ledger.table import Item, Update, request_key

CLAIM_LASTS = timedelta(minutes=10)
RING_AGAIN_AFTER = timedelta(minutes=15)
"""When a callback that was handed over is handed over again, unless somebody settled or put it off."""
SETTLED = frozenset({CallbackStatus.SENT, CallbackStatus.OVERTAKEN, CallbackStatus.GIVEN_UP})


class Callbacks(Requests):
    """The callbacks of a request."""

    def callbacks_of(self, request_id: str) -> list[Callback]:
        """All of them, in the order in which they were queued."""
        found = [_callback(item) for item in self.table.query_items(f"REQUEST#{request_id}", "CALLBACK#")]
        return sorted(found, key=lambda one: (one.queued_at, one.number))

    def callback(self, request_id: str, name: str) -> Callback | None:
        """One of them by its name (`<stand>#<number>`), or `None`."""
        item = self.table.get(_key(request_id, name))
        return None if item is None else _callback(item)

    def callback_handed_over(self, request_id: str, name: str, relay_at: str) -> None:
        """Record that one is on its queue; unless it is settled or put off, the bell rings again after a while."""
        later = stamp(self.clock() + RING_AGAIN_AFTER)
        update = Update(_key(request_id, name)).set(relay_at=later)
        self.table.update(update.when("{relay_at} = {=seen}", seen=relay_at))

    def claim_callback(self, request_id: str, name: str) -> Callback | None:
        """Take one to send it; `None` when it is settled, or somebody else is at it.

        One that was overtaken is settled here: the affiliate is told the newer stand, and never an older after it.
        """
        found = self.callback(request_id, name)
        if found is None or found.status in SETTLED or self._is_being_sent(found):
            return None
        if stand_of(self.get(request_id).status) != found.stand:
            self._settle_callback(found, CallbackStatus.OVERTAKEN)
            return None
        update = Update(_key(request_id, name)).set(status=CallbackStatus.CLAIMED, claimed_at=self.now())
        update.add("attempts", 1).when("{attempts} = {=seen}", seen=found.attempts)
        item = self.table.update(update.when("{status} = {=was}", was=found.status))
        return None if item is None else _callback(item)

    def callback_urls(self, request_id: str) -> list[str]:
        """The addresses that the affiliate named; none once the request's sealed data has ended."""
        return list(self.private(request_id, "callbacks") or ())

    def callback_sent(self, callback: Callback) -> None:
        """Record that the affiliate has taken it, with an event."""
        self._settle_callback(callback, CallbackStatus.SENT)

    def callback_failed(self, callback: Callback, error_class: str, first_pause: timedelta) -> bool:
        """Record a try in vain: the next comes after a pause. After the last one it is given up, with an event.

        `error_class` is a code, never a text of the other side. Tells whether it was given up.
        """
        pause = pause_after(callback.attempts, first_pause)
        if pause is None:
            self._settle_callback(callback, CallbackStatus.GIVEN_UP, error_class)
            return True
        again = self.relay_mark(callback.request_id) | {"relay_at": stamp(self.clock() + pause)}
        update = Update(_key_of(callback)).set(status=CallbackStatus.QUEUED, error_class=error_class, **again)
        self.table.update(_as_claimed(update, callback))
        return False

    def _settle_callback(self, callback: Callback, status: CallbackStatus, error_class: str = "") -> None:
        sent_at = self.now() if status is CallbackStatus.SENT else None
        update = Update(_key_of(callback)).set(status=status, sent_at=sent_at, relay_at=None, relay_shard=None)
        settle = self.table.update_op(_as_claimed(update.set(error_class=error_class or None), callback))

        def decide(request: Request) -> Change | None:
            now = self.callback(request.id, _name(callback))
            if now is None or (now.status, now.attempts) != (callback.status, callback.attempts):
                return None
            detail: dict[str, str | int] = {"stand": callback.stand, "address": callback.number}
            return Change(code=f"callback_{status}", detail=detail, also=[settle])

        self.change(callback.request_id, decide)

    def _is_being_sent(self, callback: Callback) -> bool:
        claimed = callback.status is CallbackStatus.CLAIMED and callback.claimed_at is not None
        return claimed and parse(str(callback.claimed_at)) + CLAIM_LASTS > self.clock()


def _as_claimed(update: Update, callback: Callback) -> Update:
    """Only as long as nobody else has taken it since."""
    update.when("{status} = {=was}", was=callback.status)
    return update.when("{attempts} = {=seen}", seen=callback.attempts)


def _name(callback: Callback) -> str:
    return f"{callback.stand}#{callback.number}"


def _key_of(callback: Callback) -> Item:
    return _key(callback.request_id, _name(callback))


def _key(request_id: str, name: str) -> Item:
    return request_key(request_id, f"CALLBACK#{name}")


def _callback(item: Item) -> Callback:
    known = {f.name for f in fields(Callback)}
    raw = {name: value for name, value in item.items() if name in known}
    request_id = item["PK"].removeprefix("REQUEST#")
    return Callback(**(raw | {"request_id": request_id, "status": CallbackStatus(item["status"])}))
