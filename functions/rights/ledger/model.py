"""What the ledger hands out: a request, and the tasks, waits, notices and events that belong to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from rights.domain.identity import KeySet
from rights.domain.recipients import UNMET
from rights.domain.rights import Channel, Locale, Operation, Purpose, Requester, Right
from rights.domain.status import FINAL, Status
from rights.domain.work import Counts, TaskStatus


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


@dataclass(frozen=True, slots=True)
class Opened:
    """The outcome of an intake: the request, and whether this call made it."""

    request: Request
    created: bool
    others: tuple[Request, ...] = ()
    """The other requests of the case."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A place where an execution waits for somebody: one generation of it."""

    request_id: str
    name: str
    generation: int
    is_waiting: bool
    """True once an execution waits; an answer may come before."""
    until: str | None = None
    token: str | None = None
    """The task token, where it was asked for; it is a secret."""
    answer: dict[str, Any] | None = None
    consumed_at: str | None = None
    relay_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one store has to do for a request, how far it is, and what it did."""

    request_id: str
    store: str
    kind: str
    stage: int
    operation: Operation
    status: TaskStatus = TaskStatus.PENDING
    fence: int = 0
    """Who works: every claim raises it, and a checkpoint with an older one is refused."""
    collection: str | None = None
    cursor: dict[str, Any] | None = None
    intent: dict[str, Any] | None = None
    """The page that is being erased, written before it is, so that its counts survive a crash."""
    page: int = 0
    counts: Counts = field(default_factory=Counts)
    collections: tuple[str, ...] = ()
    """The collections the request is about; empty: all of the store."""
    purposes: tuple[str, ...] = ()
    """Of a restriction: which uses of the data are stopped; `all` restricts every one."""
    preview: dict[str, int] = field(default_factory=dict)
    """Records per collection before anything was done, counted for whoever reviews the request."""
    conflicts: tuple[str, ...] = ()
    """What the store's own rules would refuse of the erasure: names of tables and rules, as the plan found them."""
    refused: int | None = None
    """The ground on which an operator left this store out."""
    keep_until: str | None = None
    """Until when what the operator left out is kept (ISO 8601, inclusive)."""
    withheld: dict[str, int] = field(default_factory=dict)
    """Collections an operator withheld from an export, since they are about others too, each with its ground."""
    found_at_start: int = 0
    """What the first count said; `counts.found` is what was dealt with in the end. Live writers may part the two."""
    by_collection: dict[str, Any] = field(default_factory=dict)
    late_rounds: int = 0
    error_class: str = ""
    claimed_at: str | None = None
    """When somebody last took it over, to work on it or to say that it failed."""
    verified_at: str | None = None
    recipient: dict[str, Any] = field(default_factory=dict)
    """Of a partner: the `id` it was asked under, `asked_at`, `expected_at`, `answer`, `confirmed_at`, ..."""

    @property
    def is_unmet(self) -> bool:
        """True for what was left out by an operator, or not done by a recipient: the request is done in part."""
        return self.leaves_out or self.recipient.get("answer") in UNMET

    @property
    def leaves_out(self) -> bool:
        """True where an operator left the store, or a part of it, out."""
        return self.refused is not None or bool(self.withheld)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedRows:
    """Rows of one collection that stay until a date (inclusive) on a ground, and what is needed to erase them then."""

    request_id: str
    store: str
    collection: str
    label: str
    """Tells the bundles of one collection and date apart."""
    until: str
    ground: int
    reason: str
    keys: dict[str, list[str]]
    """The person's key set: it outlives the request's sealed data only here."""
    rows: list[dict[str, Any]]
    """Row keys."""
    intent: list[list[Any]] | None = None
    """Row keys that are being erased, each with what happens to it, written before it does."""
    known_as: tuple[str, ...] = ()
    """The pseudonyms of the person, by which a hold finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold on a person, known by pseudonyms only: nothing of theirs is erased until a date (inclusive)."""

    id: str
    ground: int
    until: str
    by: str
    placed_at: str
    subjects: tuple[str, ...]
    lifted_at: str | None = None
    lifted_by: str | None = None


class NoticeStatus(StrEnum):
    """Where one notice to a person stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    """It bounced, or was tried often enough in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to the person, by one channel (`phone` or `email`); its text is never stored."""

    request_id: str
    id: str
    kind: str
    channel: str
    status: NoticeStatus
    queued_at: str
    purpose: str = ""
    """For codes: what the code proves, `identity` or `download`."""
    attempts: int = 0
    claimed_at: str | None = None
    sent_at: str | None = None
    delivered_at: str | None = None
    operator_asked_at: str | None = None
    text_version: str = ""
    error_class: str = ""


class CallbackStatus(StrEnum):
    """Where one callback to an affiliate stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    OVERTAKEN = "overtaken"
    """The request had moved on before it was sent: a newer one says more."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One word to an affiliate on how its request stands, to one of the addresses it named."""

    request_id: str
    stand: str
    """`in_progress`, `completed` or `cancelled`."""
    number: int
    """Which of its addresses."""
    status: CallbackStatus
    queued_at: str
    attempts: int = 0
    claimed_at: str | None = None
    sent_at: str | None = None
    error_class: str = ""


class CodeResult(StrEnum):
    """What came of a code that somebody typed."""

    PROVEN = "proven"
    MORE_NEEDED = "more_needed"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used_up"
    NOT_WAITING = "not_waiting"


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What came of a typed code, and how many tries are left."""

    result: CodeResult
    tries_left: int = 0
    proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """A request that waits for the next batch of a lake, or is in one."""

    request_id: str
    queued_at: str
    due_at: str
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class LakeBatch:
    """One purge of a lake for several requests."""

    store: str
    id: str
    state: str
    """`gathering`: who belongs to it is still being written down; then `purging`."""
    began_at: str
    tried_at: str
    """When the run that works on it was to start."""
    attempt: int = 1
    chunks: int = 0
    requests: int = 0
    place: list[str] | None = None
    """How far the lake is listed: collection and key; an empty collection once it is listed whole."""

    @property
    def execution(self) -> str:
        """The name of the execution that works on it."""
        return f"{self.id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class LakeMember:
    """A request of a batch, known by its place in it."""

    number: int
    request_id: str
    keys: KeySet
    collections: tuple[str, ...]
    """The collections that are meant; empty: all."""


@dataclass(frozen=True, slots=True)
class LakeChunk:
    """Some objects of one collection, gone through by one call."""

    number: int
    collection: str
    keys: tuple[str, ...]
    state: str = "open"
    tries: int = 0
    problems: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LakeResult:
    """What a batch took out for one request."""

    batch: str
    since: str
    """When the batch began: what was written later was not looked at by it."""
    counts: dict[str, dict[str, Any]]
    """Collection to counts."""
    blocked: int
    """How many objects could not be worked on."""
