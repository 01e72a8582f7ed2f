"""What the ledger hands out: a request, and the tasks, waits, notices and events that belong to it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rights.domain.rights import Channel, Locale, Operation, Requester, Right
from rights.domain.status import FINAL, Status
from rights.domain.work import Counts, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What a door knows of a request that comes in. `typed` holds identifiers: phone in E.164, email in lower case."""

    right: Right
    channel: Channel
    locale: Locale
    typed: dict[str, str]
    requester: Requester = Requester.SELF
    jurisdiction: str = "KH"
    message: str = ""
    idempotency: str | None = None
    """HMAC of the caller's idempotency key; never the key itself."""
    body_hmac: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the ledger has it. Times are ISO 8601 in UTC; nothing here is personal data."""

    id: str
    status: Status
    version: int
    run: int
    right: Right
    case_id: str
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
    data_map: str | None = None
    subject: str | None = None
    cooling_until: str | None = None
    locks: tuple[str, ...] = ()
    """The pseudonyms this request holds the lock of; `subject` is the first."""
    known_as: tuple[str, ...] = ()
    """The pseudonyms of all identifiers of the person: a legal hold names one of them."""
    plan: str | None = None
    decision: str | None = None
    ground: int | None = None
    outcome: str | None = None
    linked_to: str | None = None
    package: str | None = None
    certificate: str | None = None
    closed_at: str | None = None
    relay_at: str | None = None
    run_started_at: str | None = None
    ended_run: int | None = None
    retry_at: str | None = None
    retries: int = 0

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
    found_at_start: int = 0
    """What the first count said; `counts.found` is what was dealt with in the end. Live writers may part the two."""
    by_collection: dict[str, Any] = field(default_factory=dict)
    late_rounds: int = 0
    error_class: str = ""
    verified_at: str | None = None


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
    text_version: str = ""
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
