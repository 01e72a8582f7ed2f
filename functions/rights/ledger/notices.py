"""Notices: what is told to the person, when, by which channel, and whether it went out.

A notice is queued in the transaction that gives cause for it; the relay puts its id on the queue; `send_notice` claims
it. Codes go out at most once (a second code is another notice), everything else at least once. No text is stored.
"""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from rights.clock import parse, stamp
from rights.ledger.model import Notice, NoticeStatus, Request
from rights.ledger.requests import Change, Requests
from rights.ledger.table import Item, Update, request_key

CLAIM_LASTS = timedelta(minutes=10)
ATTEMPTS = 5
RING_AGAIN_AFTER = timedelta(minutes=15)
"""When a notice that was handed over is handed over again, unless it was sent."""
SETTLED = frozenset({NoticeStatus.SENT, NoticeStatus.UNDELIVERED})
"""Nothing more is done to send these."""


class Notices(Requests):
    """The notices of a request."""

    def notice_part(self, request_id: str, kind: str, channel: str, *, number: int = 1, purpose: str = "") -> Item:
        """The part of a transaction that queues a notice and rings for the relay; the same one is queued only once."""
        name = f"{kind}.{purpose}" if purpose else kind
        notice_id = f"{name}-{channel}-{number:03d}"
        item = {
            "id": notice_id,
            "kind": kind,
            "channel": channel,
            "status": NoticeStatus.QUEUED,
            "queued_at": self.now(),
            "purpose": purpose,
            "attempts": 0,
        }
        return self.table.put_op(self._key(request_id, notice_id) | item | self.relay_mark(request_id))

    def notices(self, request_id: str) -> list[Notice]:
        """The notices of a request, in the order in which they were queued."""
        found = [self._notice(item) for item in self.table.query_items(f"REQUEST#{request_id}", "NOTICE#")]
        return sorted(found, key=lambda notice: notice.queued_at)

    def notice(self, request_id: str, notice_id: str) -> Notice | None:
        """One notice, or `None`."""
        item = self.table.get(self._key(request_id, notice_id))
        return None if item is None else self._notice(item)

    def claim_notice(self, request_id: str, notice_id: str) -> Notice | None:
        """Take a notice to send it; `None` when it went out, or another sender has it, or a code was tried before."""
        notice = self.notice(request_id, notice_id)
        if notice is None or notice.status in SETTLED or notice.attempts >= ATTEMPTS:
            return None
        if notice.status is not NoticeStatus.QUEUED and (notice.kind == "code" or not self._claim_is_old(notice)):
            return None
        update = (
            Update(self._key(request_id, notice_id))
            .set(status=NoticeStatus.CLAIMED, claimed_at=self.now())
            .add("attempts", 1)
            .when("{attempts} = {=seen}", seen=notice.attempts)
            .when("{status} = {=was}", was=notice.status)
        )
        item = self.table.update(update)
        return None if item is None else self._notice(item)

    def _claim_is_old(self, notice: Notice) -> bool:
        if notice.status is NoticeStatus.FAILED or notice.claimed_at is None:
            return True
        return parse(notice.claimed_at) + CLAIM_LASTS < self.clock()

    def is_being_sent(self, notice: Notice) -> bool:
        """True while a sender has the notice, and may still be at it."""
        return notice.status is NoticeStatus.CLAIMED and not self._claim_is_old(notice)

    def let_wait(self, notice: Notice, until: datetime) -> None:
        """Let a notice wait: nobody hands it over before `until`. Changes nothing once somebody sends it."""
        update = Update(self._key(notice.request_id, notice.id))
        update.set(**self.relay_mark(notice.request_id) | {"relay_at": stamp(until)})
        update.when("{status} = {=was} AND {attempts} = {=seen}", was=notice.status, seen=notice.attempts)
        self.table.update(update)

    def notice_sent(self, notice: Notice, text_version: str) -> None:
        """Record that a notice went out, with an event."""
        sent: dict[str, Any] = {"status": NoticeStatus.SENT, "sent_at": self.now(), "text_version": text_version}
        self._settle(notice, "notice_sent", **sent, relay_at=None, relay_shard=None)

    def notice_failed(self, notice: Notice, error_class: str) -> None:
        """Record that a notice could not be sent, with an event; the class of the error only."""
        self._settle(notice, "notice_failed", status=NoticeStatus.FAILED, error_class=error_class)

    def _settle(self, notice: Notice, code: str, **values: Any) -> None:
        update = Update(self._key(notice.request_id, notice.id)).set(**values)
        settle = self.table.update_op(update.when("{status} = {=claimed}", claimed=NoticeStatus.CLAIMED))

        def decide(request: Request) -> Change | None:
            now = self.notice(request.id, notice.id)
            if now is None or now.status is not NoticeStatus.CLAIMED:
                return None
            return Change(code=code, detail={"notice": notice.id}, also=[settle])

        self.change(notice.request_id, decide)

    def handed_over(self, notice: Notice, relay_at: str) -> None:
        """Record that a notice is on its queue; until it is sent, the bell rings again after a while.

        A code is handed over once, and so is what went out.
        """
        later = stamp(self.clock() + RING_AGAIN_AFTER)
        over = notice.kind == "code" or notice.status in SETTLED
        update = Update(self._key(notice.request_id, notice.id))
        update.set(**({"relay_at": None, "relay_shard": None} if over else {"relay_at": later}))
        self.table.update(update.when("{relay_at} = {=seen}", seen=relay_at))

    @staticmethod
    def _key(request_id: str, notice_id: str) -> Item:
        return request_key(request_id, f"NOTICE#{notice_id}")

    def _notice(self, item: Item) -> Notice:
        known = {f.name for f in fields(Notice)}
        raw = {name: value for name, value in item.items() if name in known}
        request_id = item["PK"].removeprefix("REQUEST#")
        return Notice(**(raw | {"request_id": request_id, "status": NoticeStatus(item["status"])}))
