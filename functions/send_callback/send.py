"""Telling an affiliate how its request stands: claim the word, sign it, post it to the host of the contract, record it.

The host has to be in the contract now, not only when the request came. It is called over the guarded transport: over
TLS to a public address of its name, without redirects, with an end to time and size. A failure is recorded and comes
again by the ledger's own mark; only what was not foreseen goes back to the queue.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from rights.affiliates.addresses import Address, address_of
from rights.affiliates.registry import Registry
from rights.clock import parse
from rights.domain.affiliates import stand_of
from rights.errors import RightsError, StoreRefusedError, StoreUnavailableError
from rights.ledger.model import Callback, Request
from rights.stores.opendsr.transport import Reply
from rights.telemetry import MetricUnit, logger, metrics

API_VERSION = "2.0"


class Book(Protocol):
    """What sending needs of the ledger."""

    def get(self, request_id: str) -> Request:
        """The request as it is now."""
        ...

    def claim_callback(self, request_id: str, name: str) -> Callback | None:
        """Take a callback to send it."""
        ...

    def callback_urls(self, request_id: str) -> list[str]:
        """The addresses that the affiliate named."""
        ...

    def callback_sent(self, callback: Callback) -> None:
        """Record that it was taken."""
        ...

    def callback_failed(self, callback: Callback, error_class: str, first_pause: timedelta) -> bool:
        """Record a try in vain; tell whether it was the last."""
        ...


Post = Callable[[Address, bytes], Reply]
"""Posts bytes to an address, signed; StoreUnavailableError or StoreRefusedError says by a code what went wrong."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Sends callbacks."""

    ledger: Book
    registry: Registry
    post: Post
    first_pause: timedelta

    def call_back(self, request_id: str, name: str) -> None:
        """Send one callback, unless it was sent, was overtaken, or somebody else is at it."""
        callback = self.ledger.claim_callback(request_id, name)
        if callback is None:
            return
        error = self._sent(self.ledger.get(request_id), callback)
        if error is None:
            self.ledger.callback_sent(callback)
            return
        metrics.add_metric(name="CallbackFailures", unit=MetricUnit.Count, value=1)
        given_up = self.ledger.callback_failed(callback, error, self.first_pause)
        metrics.add_metric(name="CallbacksGivenUp", unit=MetricUnit.Count, value=int(given_up))
        logger.warning("callback not taken", extra={"kind": callback.stand, "error": error, "count": callback.attempts})

    def _sent(self, request: Request, callback: Callback) -> str | None:
        """Post it; `None` once it was taken, else the code of what went wrong."""
        urls = self.ledger.callback_urls(request.id)
        url = urls[callback.number - 1] if callback.number <= len(urls) else ""
        address, affiliate = address_of(url), self.registry.get(request.affiliate or "")
        if address is None or affiliate is None or address.host not in affiliate.callback_hosts:
            return "host_not_registered"
        try:
            reply = self.post(address, body_of(request, url))
        except (StoreUnavailableError, StoreRefusedError) as error:
            return str(error)
        return None if 200 <= reply.status < 300 else f"http_{reply.status}"


def body_of(request: Request, url: str) -> bytes:
    """A callback as OpenDSR 2.0 section 8.6 has it."""
    told = {
        "controller_id": request.affiliate,
        "expected_completion_time": parse(request.due_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "subject_request_id": request.affiliate_request,
        "request_status": stand_of(request.status).value,
        "status_callback_url": url,
        "api_version": API_VERSION,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def tell_all(teller: Teller, event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Send each message's callback, and name those that must come back; one that fails holds up no other."""
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        logger.append_keys(request_id=body["request_id"])
        try:
            teller.call_back(body["request_id"], body["callback"])
        except RightsError:
            logger.exception("callback failed")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
