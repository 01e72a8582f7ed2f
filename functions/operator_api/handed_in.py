"""What operators see of the affiliate that handed a request in: who it is, and how what it is told of it fares."""

from collections.abc import Mapping, Sequence
from typing import Any

from rights.ledger import Request
from rights.ledger.model import Callback, CallbackStatus


def handed_in(request: Request, callbacks: Sequence[Callback], names: Mapping[str, str]) -> dict[str, Any] | None:
    """By which affiliate, under which id of its own, at its word alone or not, and its callbacks; None for any other.

    `name` is None once the affiliate is in the register no more. Its addresses are not told: they may hold secrets.
    """
    if request.affiliate is None:
        return None
    return {
        "affiliate": request.affiliate,
        "name": names.get(request.affiliate),
        "subject_request_id": request.affiliate_request,
        "is_asserted": request.is_asserted,
        "addresses": request.callbacks,
        "callbacks": [_callback(one) for one in callbacks],
    }


def _callback(one: Callback) -> dict[str, Any]:
    return {
        "stand": one.stand,
        "address": one.number,
        "status": one.status,
        "attempts": one.attempts,
        "queued_at": one.queued_at,
        "next_try_at": one.relay_at if one.status is CallbackStatus.QUEUED else None,
        "sent_at": one.sent_at,
        "error_class": one.error_class,
    }
