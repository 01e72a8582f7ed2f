"""What affiliates may do: hand a person's request in, ask how it stands, take it back. Source: OpenDSR 2.0.

No store is read here: whether a person is known changes neither an answer nor how long it takes.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from affiliate_api.models import (
    API_VERSION,
    KIND_OF_TYPE,
    RIGHT_OF_TYPE,
    UUID4,
    Accepted,
    Asked,
    Cancelled,
    Discovery,
    Reported,
    SupportedIdentity,
)
from affiliate_api.problems import OpenDsrError, not_valid
from affiliate_api.reading import Named, named, read, require_registered
from rights.affiliates.registry import Affiliate, Registry
from rights.clock import Clock, parse
from rights.domain.affiliates import OFFERED, Admission, Proof, Stand, stand_of
from rights.domain.identity import Kind
from rights.domain.rights import Channel, Locale, Purpose
from rights.errors import IdempotencyConflictError
from rights.ledger.affiliates import Sent
from rights.ledger.model import FromAffiliate, NewRequest, Opened, Request
from rights.secrets_hmac import Hmac
from rights.telemetry import MetricUnit, metrics

EARLIEST = timedelta(days=30)
"""How long a request may have been with the affiliate; the clock runs from when the person submitted it."""
AHEAD = timedelta(minutes=5)
"""How far the affiliate's clock may be ahead."""


class Book(Protocol):
    """What this door needs of the ledger."""

    def sent_by(self, affiliate: str, their_id: str) -> Sent | None:
        """The request that an affiliate sent under an id."""
        ...

    def admit_one_more(self, affiliate: str, *, ceiling: int, most: int) -> Admission:
        """Count one more request of today."""
        ...

    def open_request(self, new: NewRequest) -> Opened:
        """Take a request in, once."""
        ...

    def withdraw(self, request_id: str, *, by: str) -> Request:
        """Withdraw a request."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be asked for here, besides the rights of a contract."""

    domain: str
    """Under which our own extension stands."""
    certificate_url: str
    scope: tuple[str, ...]
    indexed: frozenset[tuple[Kind, str]]
    """The kinds and forms of hashes that some store can look up."""

    def discovery(self) -> Discovery:
        """What we say of ourselves, to anybody (section 6.3)."""
        identities = [
            SupportedIdentity(identity_type=name, identity_format=form)
            for name, kind in KIND_OF_TYPE.items()
            for form in ("raw", *sorted(form for one, form in self.indexed if one is kind))
        ]
        standard = [one for one in identities if one.identity_type == "email"]
        ours = {
            "rights": sorted(OFFERED),
            "identities": [one.model_dump() for one in identities if one not in standard],
            "purposes": list(Purpose),
            "scope": list(self.scope),
            "languages": list(Locale),
        }
        return Discovery(
            api_version=API_VERSION,
            supported_identities=standard,
            supported_subject_request_types=list(RIGHT_OF_TYPE),
            processor_certificate=self.certificate_url,
            extensions={self.domain: ours},
        )


class AffiliateDoors:
    """The affiliates' doors, over the ledger."""

    def __init__(self, ledger: Book, registry: Registry, hmac: Hmac, offer: Offer, clock: Clock) -> None:
        self._ledger = ledger
        self._registry = registry
        self._hmac = hmac
        self._clock = clock
        self.offer = offer

    def create(self, caller: str, body: bytes, fields: Mapping[str, str]) -> Accepted:
        """Take a request in, once per `subject_request_id`; the same again is answered as the first time.

        OpenDsrError `request_id_reused` for the same id with anything else in it; `right_not_agreed`, `ceiling_reached`
        by the contract; and for whatever the body is not.
        """
        affiliate, asked = self._affiliate(caller), read(body, fields, self.offer.domain)
        proof = affiliate.rights.get(asked.right)
        if proof is None:
            raise OpenDsrError("right_not_agreed")
        who = named(asked.identities, self.offer.indexed)
        self._require_offered(asked)
        require_registered(asked.body.status_callback_urls, affiliate.callback_hosts)
        their_id, tag = asked.body.subject_request_id.lower(), self._tag(affiliate, asked)
        sent = self._ledger.sent_by(affiliate.id, their_id)
        if sent is None:
            new = self._new(affiliate, asked, who, is_asserted=proof is Proof.ASSERTED, body_hmac=tag)
            self._ledger.open_request(new)
            sent = self._ledger.sent_by(affiliate.id, their_id)
        if sent is None or sent.body_hmac != tag:
            raise IdempotencyConflictError("an affiliate used this id for another request")
        return Accepted(
            controller_id=affiliate.id,
            expected_completion_time=parse(sent.request.due_at),
            received_time=parse(sent.taken_at),
            encoded_request=base64.b64encode(body).decode(),
            subject_request_id=their_id,
        )

    def status(self, caller: str, their_id: str) -> Reported:
        """How a request stands; `not_found` alike for one of nobody and one of another affiliate."""
        affiliate = self._affiliate(caller)
        request = self._sent(affiliate, their_id).request
        return Reported(
            controller_id=affiliate.id,
            expected_completion_time=parse(request.due_at),
            subject_request_id=str(request.affiliate_request),
            request_status=stand_of(request.status),
        )

    def cancel(self, caller: str, their_id: str) -> Cancelled:
        """Take a request back while it is pending, twice is once; the person is told. `too_late` after that."""
        affiliate = self._affiliate(caller)
        request = self._sent(affiliate, their_id).request
        if stand_of(request.status) is not Stand.CANCELLED:
            request = self._ledger.withdraw(request.id, by=f"affiliate:{affiliate.id}")
        return Cancelled(
            controller_id=affiliate.id,
            received_time=parse(request.closed_at or request.received_at),
            subject_request_id=str(request.affiliate_request),
        )

    def _affiliate(self, caller: str) -> Affiliate:
        """Whoever the authoriser let in; a contract that ended since lets nobody do anything."""
        affiliate = self._registry.get(caller)
        if affiliate is None:
            raise OpenDsrError("not_found")
        return affiliate

    def _sent(self, affiliate: Affiliate, their_id: str) -> Sent:
        sent = self._ledger.sent_by(affiliate.id, their_id.lower()) if re.fullmatch(UUID4, their_id) else None
        if sent is None:
            raise OpenDsrError("not_found")
        return sent

    def _require_offered(self, asked: Asked) -> None:
        now, submitted = self._clock(), asked.body.submitted_time
        if not now - EARLIEST <= submitted <= now + AHEAD:
            raise not_valid("submitted_time", "submitted_time_not_valid")
        if not set(asked.extension.scope) <= set(self.offer.scope):
            raise not_valid("extensions.scope", "scope_not_valid")

    def _new(self, affiliate: Affiliate, asked: Asked, who: Named, *, is_asserted: bool, body_hmac: str) -> NewRequest:
        return NewRequest(
            right=asked.right,
            channel=Channel.AFFILIATE,
            locale=asked.extension.language,
            typed=who.typed,
            hashed=who.hashed,
            jurisdiction=asked.jurisdiction,
            scope=tuple(sorted(set(asked.extension.scope))),
            purposes=tuple(sorted(set(asked.extension.purposes))),
            received_at=min(asked.body.submitted_time, self._clock()),
            by=f"affiliate:{affiliate.id}",
            body_hmac=body_hmac,
            from_affiliate=FromAffiliate(
                affiliate=affiliate.id,
                request_id=asked.body.subject_request_id.lower(),
                callbacks=tuple(dict.fromkeys(asked.body.status_callback_urls)),
                is_asserted=is_asserted,
                is_braked=self._admit(affiliate) is Admission.BRAKED,
            ),
        )

    def _admit(self, affiliate: Affiliate) -> Admission:
        found = self._ledger.admit_one_more(affiliate.id, ceiling=affiliate.ceiling, most=affiliate.most)
        if found is Admission.FREE:
            return found
        metrics.add_metric(name="AffiliateCeilings", unit=MetricUnit.Count, value=1)
        if found is Admission.REFUSED:
            raise OpenDsrError("ceiling_reached", headers={"Retry-After": str(_seconds_of_today_left(self._clock()))})
        return found

    def _tag(self, affiliate: Affiliate, asked: Asked) -> str:
        """What tells whether two bodies ask for the same, however they are written."""
        body = asked.body.model_dump(mode="json")
        text = json.dumps(body | {"subject_request_id": asked.body.subject_request_id.lower()}, sort_keys=True)
        return self._hmac.tag_of("body", "affiliate", affiliate.id, text)


def _seconds_of_today_left(now: datetime) -> int:
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((tomorrow - now).total_seconds()))
