"""Intake: what comes in at a door becomes a request, or a case of several, once.

A case is one request per right: each has its own state, clock, run and outcome. They share one proof of identity, that
of the first, whose id is the case's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rights.clock import stamp
from rights.domain.audit import START
from rights.domain.rights import OPT_OUT_OF, SCOPED, Requester, Right
from rights.domain.status import Status
from rights.errors import IdempotencyConflictError
from rights.ledger.affiliates import affiliate_key
from rights.ledger.clocks import opening_clock
from rights.ledger.lookup import Lookup, typed_keys
from rights.ledger.model import NewRequest, Opened
from rights.ledger.requests import Change, new_request_id
from rights.ledger.table import Item, audit_shard, reference_key, request_key, shard_of

POLICY_VERSION = "ttm-policy-2024"
IDEMPOTENCY_KEPT = timedelta(days=2)
AFFILIATE_KEPT = timedelta(days=2 * 365)
"""How long an affiliate can ask for a request by the id that it gave it."""
TRIES = 5
"""How often a code may be typed before a new request is needed; shared by all codes of one proof."""

ALL_USES = "all"
"""The purpose that stands for every use of the data: what a restriction of processing stops."""


class Intake(Lookup):
    """Requests that come in."""

    def open_request(self, new: NewRequest) -> Opened:
        """Take a request or a case in, once per idempotency key; raises IdempotencyConflictError for another body.

        An affiliate's own id of a request is such a key.

        Writes all states, their first events, what was typed (sealed) and the tries for its code in one transaction,
        and rings for the relay. Looks at no store: known and unknown people leave the same traces in the same time.
        """
        ids = [new_request_id() for _ in (new.right, *new.also)]
        parts = [
            part
            for request_id, right in zip(ids, (new.right, *new.also), strict=True)
            for part in self._request_parts(new, request_id, right, ids)
        ]
        if once := self._once_item(new, ids):
            now = int(self.clock().timestamp())
            parts.append(self.table.put_op(once, or_expired_at=now))
        in_the_way = self.table.transact(parts)
        if in_the_way is None:
            return self._told(self._opened(ids, created=True))
        earlier = in_the_way[-1] or {}
        if earlier.get("body_hmac") != new.body_hmac:
            msg = "this idempotency key was used for another request"
            raise IdempotencyConflictError(msg)
        return self._opened(earlier["case"], created=False)

    def _opened(self, ids: Sequence[str], *, created: bool) -> Opened:
        first, *others = (self.get(request_id) for request_id in ids)
        return Opened(first, created, tuple(others))

    def _told(self, opened: Opened) -> Opened:
        if self.onlooker:
            for request in (opened.request, *opened.others):
                self.onlooker.received(request)
        return opened

    def _request_parts(self, new: NewRequest, request_id: str, right: Right, case: Sequence[str]) -> list[Item]:
        received = new.received_at or self.clock()
        status = Status.VERIFIED if new.is_verified else Status.RECEIVED
        detail = {"proven": "+".join(sorted(_own_contacts(new)))} if new.proves_contacts else {}
        if new.from_affiliate:
            detail |= {"affiliate": new.from_affiliate.affiliate}
        change = Change(code="received", by=new.by, detail=detail)
        event = self.event_item(request_id, 1, START, change, status)
        state = request_key(request_id) | self._state(new, request_id, right, case, received) | {"status": status}
        state |= {"head": event["hash"]} | self.relay_mark(request_id)
        typed = {"identifiers": dict(new.typed), "message": new.message} | (
            {"hashed": new.hashed} if new.hashed else {}
        )
        sealed: dict[str, Any] = {"typed": typed}
        if new.from_affiliate and new.from_affiliate.callbacks:
            sealed["callbacks"] = list(new.from_affiliate.callbacks)
        if new.proves_contacts:
            sealed["contacts"] = _own_contacts(new)
        if new.acting:
            sealed["requester"] = dict(new.acting)
        if right is Right.CORRECTION:
            sealed["changes"] = dict(new.changes)
        items = [state, event, *(self.private_item(request_id, part, data) for part, data in sealed.items())]
        if request_id == case[0] or new.is_verified:
            items.append(_proof(new, request_id))
        items.append(reference_key(request_id))
        items += typed_keys(request_id, state["received_at"], state["typed_as"])
        return [self.table.put_op(item) for item in items]

    def _state(self, new: NewRequest, request_id: str, right: Right, case: Sequence[str], received: datetime) -> Item:
        return {
            "id": request_id,
            "version": 1,
            "run": 1,
            "right": right,
            "case_id": case[0],
            "case_requests": list(case),
            "channel": new.channel,
            "requester": new.requester,
            "locale": new.locale,
            "jurisdiction": new.jurisdiction,
            "scope": list(new.scope) if right in SCOPED else [],
            "purposes": list(purposes_of(right, new.purposes)),
            "received_at": stamp(received),
            # The first of a case is found by what was typed, and leads to the others.
            "typed_as": self.tags_typed(new.typed, new.acting) if request_id == case[0] else [],
            "policy_version": POLICY_VERSION,
            "epoch": 1,
            "retries": 0,
            "due_shard": f"DUE#{shard_of(request_id)}",
            "audit_shard": audit_shard(request_id),
            **({"came_by": new.came_by} if new.came_by else {}),
            **({"attested": new.attested} if new.attested else {}),
            **_of_affiliate(new),
        } | opening_clock(right, new.jurisdiction, received, self.clock(), verified=new.is_verified)

    def _once_item(self, new: NewRequest, case: Sequence[str]) -> Item | None:
        """What makes the same request that comes again the first one, if anything does."""
        if new.from_affiliate:
            key, kept = affiliate_key(new.from_affiliate.affiliate, new.from_affiliate.request_id), AFFILIATE_KEPT
        elif new.idempotency:
            key, kept = {"PK": f"IDEMPOTENCY#{new.idempotency}", "SK": "REQUEST"}, IDEMPOTENCY_KEPT
        else:
            return None
        facts = {"case": list(case), "body_hmac": new.body_hmac, "taken_at": self.now()}
        return key | facts | {"expires": int((self.clock() + kept).timestamp())}


def purposes_of(right: Right, wished: Sequence[str]) -> tuple[str, ...]:
    """Which uses of the data a right stops: an opt-out marketing, a restriction all, a withdrawal those named."""
    match right:
        case Right.MARKETING_OPT_OUT:
            return tuple(OPT_OUT_OF)
        case Right.RESTRICTION:
            return (ALL_USES,)
        case Right.CONSENT_WITHDRAWAL:
            return tuple(wished)
        case _:
            return ()


def _own_contacts(new: NewRequest) -> dict[str, str]:
    """The contacts that are proven: the person's own, or those of whoever acts for them."""
    own = new.typed if new.requester is Requester.SELF else new.acting
    return {channel: own[channel] for channel in ("phone", "email") if own.get(channel)}


def _of_affiliate(new: NewRequest) -> Item:
    """What the state says of the affiliate that sent a request."""
    sent = new.from_affiliate
    if sent is None:
        return {}
    return {
        "affiliate": sent.affiliate,
        "affiliate_request": sent.request_id,
        "callbacks": len(sent.callbacks),
        "is_asserted": sent.is_asserted,
        "is_braked": sent.is_braked,
    }


def _proof(new: NewRequest, request_id: str) -> Item:
    channels = sorted({*_own_contacts(new), *new.hashed})
    return request_key(request_id, "CODES#identity") | {
        "typed": channels,
        "tries_left": TRIES,
        "proven": channels if new.proves_contacts else [],
        "codes": [],
        "sends": 0,
    }
