"""A request as the ledger has it, and the links of its history."""

from dataclasses import dataclass, field
from typing import Any

from rights.domain.rights import Channel, Locale, Requester, Right
from rights.domain.status import FINAL, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the ledger has it. Times are ISO 8601 in UTC; nothing here is personal data."""

    id: str
    status: Status
    version: int
    run: int
    right: Right
    case_id: str
    """The id of the case's first request, whose proof of identity serves them all."""
    channel: Channel
    requester: Requester
    locale: Locale
    jurisdiction: str
    received_at: str
    due_at: str
    policy_version: str
    clock_rule: str
    head: str
    epoch: int = 1
    affiliate: str | None = None
    """The affiliate that sent it."""
    affiliate_request: str | None = None
    """Under which id the affiliate knows it."""
    callbacks: int = 0
    """To how many addresses the affiliate wants to be told how it stands."""
    is_asserted: bool = False
    """True where the affiliate's word stands for the proof of identity."""
    is_braked: bool = False
    """True beyond the affiliate's daily ceiling."""
    case_requests: tuple[str, ...] = ()
    data_map: str | None = None
    subject: str | None = None
    scope: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    timeline: dict[str, Any] = field(default_factory=dict)
    """What happened, as far as the clock is concerned (`rights.domain.clock.Timeline`)."""
    work_by: str | None = None
    """The internal date: what the work aims at."""
    look_at: str | None = None
    """When the watch must look at the clock next; while it looks, until when it has time to tell of what it claimed."""
    milestones: tuple[str, ...] = ()
    """The milestones of the clock that were claimed, each once."""
    alerts: tuple[str, ...] = ()
    """Those of them that nobody has been told of yet."""
    cooling_until: str | None = None
    confirm: str | None = None
    """What the person still has to confirm before anything is done: `closure` or `new_contact`."""
    confirmed_at: str | None = None
    review: str | None = None
    """Why somebody has to look, or had to."""
    approvals: tuple[dict[str, Any], ...] = ()
    question_until: str | None = None
    locks: tuple[str, ...] = ()
    """The pseudonyms this request holds the lock of; `subject` is the first."""
    known_as: tuple[str, ...] = ()
    """The pseudonyms of all identifiers of the person: a legal hold names one of them."""
    typed_as: tuple[str, ...] = ()
    """The pseudonyms of the phones and emails that were typed, proven or not: operators find the request by them."""
    came_by: str | None = None
    """Of a request that an operator took in: by `mail`, `phone` or `counter`."""
    attested: str | None = None
    """How an operator made sure who asks, where no code did: `document` or `call_back`."""
    lock: str = ""
    """What of one person is worked on only once at a time: the right, what narrows it, and who proved it."""
    work: str | None = None
    """What of one person is begun once, whoever proved it: the right, and what narrows it; None: it stands alone."""
    accounts: int = 1
    """How many accounts the plan reached: more than one may be two people."""
    sent_back: bool = False
    """True once a legal hold that was placed after the plan sent the request back to whoever decides."""
    plan: str | None = None
    decision: str | None = None
    ground: int | None = None
    outcome: str | None = None
    linked_to: str | None = None
    package: str | None = None
    """Where the first volume of the package lies, once all of them are there."""
    volumes: tuple[dict[str, Any], ...] = ()
    """The volumes that are written: `{key, size, sha256, records}`, in order."""
    links_given: int = 0
    """How many links to volumes of the package were given."""
    package_ended_at: str | None = None
    certificate: str | None = None
    closed_at: str | None = None
    relay_at: str | None = None
    run_started_at: str | None = None
    ended_run: int | None = None
    retry_at: str | None = None
    retries: int = 0
    retry_only: str | None = None
    """The one store that an operator has tried again; none: every store that failed."""
    attention: str | None = None
    """Why an operator was asked to look, whatever the status: `undelivered_notice`."""

    @property
    def package_keys(self) -> tuple[str, ...]:
        """Where the volumes of a whole package lie; none before it is whole."""
        if self.package is None:
            return ()
        return tuple(str(volume["key"]) for volume in self.volumes) or (self.package,)

    @property
    def is_first_of_case(self) -> bool:
        """True for the request whose proof serves its case."""
        return self.id == self.case_id

    @property
    def is_at_anothers_word(self) -> bool:
        """True where somebody else's word stands for the person's own proof."""
        return self.requester is not Requester.SELF or self.is_asserted or self.attested is not None

    @property
    def is_decided(self) -> bool:
        """True unless somebody still has to decide."""
        return self.review is None or self.decision is not None

    @property
    def is_confirmed(self) -> bool:
        """True unless the person still has to confirm."""
        return self.confirm is None or self.confirmed_at is not None

    @property
    def may_be_confirmed(self) -> bool:
        """True unless somebody has to look first: whoever acts for another is shown nothing before that."""
        return self.requester is Requester.SELF or self.is_decided

    @property
    def may_be_reviewed(self) -> bool:
        """True unless the person has to confirm first: nobody looks at what may not be wanted after all."""
        return self.requester is not Requester.SELF or self.is_confirmed

    @property
    def is_final(self) -> bool:
        """True once nothing can change any more."""
        return self.status in FINAL

    @property
    def execution(self) -> str:
        """The name of the execution that works on this run."""
        return f"{self.id}-{self.run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One link of a request's history."""

    version: int
    at: str
    code: str
    by: str
    status: Status
    previous: str
    hash: str
    detail: dict[str, Any] = field(default_factory=dict)
