"""What partners may do: tell how a request of ours stands. Whatever is not surely theirs gets one and the same answer.

The order is that of OpenDSR 2.0, section 8.8: whose is it, is it signed, and only then what it says.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.http import ApiError
from rights.ledger.recipients import Told
from rights.stores.opendsr.messages import Callback, read
from rights.stores.opendsr.processor import DOMAIN_HEADER, SIGNATURE_HEADER

MAX_BODY = 16 * 1024
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Book(Protocol):
    """What this door needs of the ledger."""

    def asked_under(self, recipient_id: str) -> tuple[str, str] | None:
        """The request and the store that were asked under an id."""
        ...

    def recipient_told(self, request_id: str, store: str, recipient_id: str, told: Told) -> bool:
        """Record what a recipient told; tell whether it was news."""
        ...


class Signer(Protocol):
    """What this door needs of a partner."""

    def is_from_it(self, domain: str, signature: str, body: bytes) -> bool:
        """Tell whether it signed these bytes."""
        ...


class PartnerDoors:
    """The partners' doors, over the ledger. `callbacks`: the address of this door, without the id at its end."""

    def __init__(
        self, ledger: Book, is_partner: Callable[[str], bool], signer_of: Callable[[str], Signer], callbacks: str
    ) -> None:
        self._ledger = ledger
        self._is_partner = is_partner
        self._signer_of = signer_of
        self._callbacks = callbacks

    def hear(self, recipient_id: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Take in what a partner tells of a request of ours; twice is once.

        ApiError `callback_refused` for a request nobody was asked, another partner's, a signature that does not fit, a
        body too large, a message about something else: all alike. `try_again` when the partner's certificate cannot be
        had just now.
        """
        asked = self._ledger.asked_under(recipient_id) if _UUID4.fullmatch(recipient_id) else None
        if asked is None or len(body) > MAX_BODY or not self._is_partner(asked[1]):
            raise ApiError("callback_refused")
        request_id, store = asked
        try:
            domain, signature = headers.get(DOMAIN_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
            is_theirs = self._signer_of(store).is_from_it(domain, signature, body)
            callback = read(Callback, body) if is_theirs else None
        except StoreRefusedError:
            callback = None
        except StoreUnavailableError as error:
            raise ApiError("try_again") from error
        if callback is None or callback.subject_request_id != recipient_id or not self._is_here(callback):
            raise ApiError("callback_refused")
        told = Told(
            status=callback.request_status, expected_at=callback.expected_at, results_count=callback.results_count
        )
        self._ledger.recipient_told(request_id, store, recipient_id, told)

    def _is_here(self, callback: Callback) -> bool:
        return callback.status_callback_url == f"{self._callbacks}/{callback.subject_request_id}"
