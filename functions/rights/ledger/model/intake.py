"""What a door hands in, and what the ledger makes of it."""

from dataclasses import dataclass, field
from datetime import datetime

from rights.domain.rights import Channel, Locale, Purpose, Requester, Right
from rights.ledger.model.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class FromAffiliate:
    """What a request that an affiliate sent has besides."""

    affiliate: str
    request_id: str
    """Under which id the affiliate knows it."""
    callbacks: tuple[str, ...] = ()
    """Where it is told how the request stands."""
    is_asserted: bool = False
    """True where its word alone suffices for this right."""
    is_braked: bool = False
    """True beyond the affiliate's daily ceiling: somebody looks at it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What a door knows of a request that comes in. `typed` holds identifiers: phone in E.164, email in lower case."""

    right: Right
    channel: Channel
    locale: Locale
    typed: dict[str, str]
    hashed: dict[str, str] = field(default_factory=dict)
    """Identifiers that came as hashes (`sha256:<hex>`), by kind: looked up among the contacts on file, no proof."""
    from_affiliate: FromAffiliate | None = None
    also: tuple[Right, ...] = ()
    """Further rights of the same case: each becomes a request of its own, proven together with the first."""
    requester: Requester = Requester.SELF
    acting: dict[str, str] = field(default_factory=dict)
    """Of a guardian or agent: `name`, `relation`, `for` (child or adult), and the own contact, `phone` or `email`."""
    jurisdiction: str = "KH"
    message: str = ""
    scope: tuple[str, ...] = ()
    """Stores or categories of the data map; empty: all."""
    purposes: tuple[Purpose, ...] = ()
    changes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of a correction: subject to `to` (the new value) and, if the person said so, `from` (the value they saw)."""
    received_at: datetime | None = None
    """When it came in, if not now: by mail, phone or counter."""
    came_by: str | None = None
    """Of what an operator takes in: by `mail`, `phone` or `counter`."""
    attested: str | None = None
    """How an operator made sure who asks: `document` or `call_back`."""
    proven: bool = False
    """True where the door's own proof is enough: `typed` counts as proven, and no code is sent."""
    by: str = "person"
    idempotency: str | None = None
    """HMAC of the caller's idempotency key; never the key itself."""
    body_hmac: str = ""

    @property
    def is_asserted(self) -> bool:
        """True where an affiliate's word stands for the proof."""
        return self.from_affiliate is not None and self.from_affiliate.is_asserted

    @property
    def proves_contacts(self) -> bool:
        """True where what was typed is proven as it comes in; an operator's word waits for a look at the files."""
        return self.proven and self.attested is None

    @property
    def is_verified(self) -> bool:
        """True where nobody is asked for a proof."""
        return self.proven or self.is_asserted or self.attested is not None


@dataclass(frozen=True, slots=True)
class Opened:
    """The outcome of an intake: the request, and whether this call made it."""

    request: Request
    created: bool
    others: tuple[Request, ...] = ()
    """The other requests of the case."""
