"""The shapes of the operators' door's answers."""

from typing import Annotated, Any, Literal, NotRequired

from typing_extensions import TypedDict

from local.openapi.describe import Address, Day, Moment, RequestId, words
from local.openapi.public_answers import Outcome, Segment
from rights.domain.clock import Reason as Because
from rights.domain.confirmation import Confirm
from rights.domain.evidence import EvidenceKind, EvidenceStatus, Refusal
from rights.domain.review import Reason
from rights.domain.rights import Channel, Locale, Operation, Purpose, Requester, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger.bulk import BulkStatus, Odd
from rights.ledger.model import NoticeStatus
from rights.ledger.replays import Doubt, ReplayStatus

Decision = Annotated[str, words("approve", "approve_in_part", "refuse", "answer")]


class SessionShown(TypedDict):
    """When a session ends: at the latest, and if nothing is done."""

    ends_at: Moment
    idle_until: Moment


class Me(TypedDict):
    """Who is signed in."""

    operator: str
    name: str
    groups: list[Literal["viewer", "operator", "approver"]]
    may_change: bool
    is_approver: bool
    session: SessionShown | None


class Health(TypedDict):
    """That the door is open."""

    status: Literal["ok"]


class Line(TypedDict):
    """A request as a line of a list; `review` says why somebody has to look."""

    request_id: RequestId
    reference: str
    status: Status
    right: Right
    outcome: Outcome | None
    received_at: Moment
    due_at: Moment
    closed_at: Moment | None
    overdue: bool
    attention: str | None
    review: Reason | None
    version: int
    run: int
    execution: str


class Lines(TypedDict):
    """Requests, oldest first, and whether there are more."""

    requests: list[Line]
    more: bool


class KeptRows(TypedDict):
    """What a store keeps."""

    ground: int
    until: Day
    records: int
    reason: str


class TaskShown(TypedDict):
    """What one store has to do, how far it is, and what it did."""

    store: str
    kind: str
    stage: int
    operation: Operation
    status: TaskStatus
    found: int
    exported: int
    erased: int
    anonymised: int
    retained: int
    corrected: int
    conflicts: int
    flagged: int
    kept: list[KeptRows]
    found_at_start: int
    adds_up: bool
    late_rounds: int
    error_class: str
    verified_at: Moment | None
    recipient: NotRequired[dict[str, Any]]


class NoticeLine(TypedDict):
    """A notice, without its text and its contact."""

    id: str
    kind: str
    channel: Literal["phone", "email"]
    status: NoticeStatus
    sent_at: Moment | None


class EventShown(TypedDict):
    """One link of the history."""

    version: int
    at: Moment
    code: str
    by: str
    status: Status
    detail: dict[str, Any]
    hash: str


class Whole(Line):
    """One request, with its tasks, notices and history."""

    channel: Channel
    requester: Requester
    locale: Locale
    policy_version: str
    clock_rule: str
    due_explained: list[Segment]
    data_map: str | None
    decision: str | None
    ground: int | None
    linked_to: RequestId | None
    tasks: list[TaskShown]
    notices: list[NoticeLine]
    events: list[EventShown]
    audit_chain_holds: bool


class Audit(TypedDict):
    """The history as it was hashed (docs/verify.md)."""

    request_id: RequestId
    head: str
    version: int
    events: list[dict[str, Any]]


class Approval(TypedDict):
    """One approval of the plan."""

    by: str
    at: Moment
    without: list[dict[str, Any]]


class Planned(TypedDict):
    """What the plan has one store do; `by_collection` are the counts of the dry run."""

    store: str
    operation: Operation
    stage: int
    collections: list[str]
    purposes: list[Purpose | Literal["all"]]
    records: int
    by_collection: dict[str, int]
    categories: dict[str, list[str]]
    to_review: list[str]
    conflicts: list[str]
    refused: int | None
    withheld: dict[str, int]


class PlanShown(Line):
    """The plan that a review is about."""

    plan: str | None
    accounts: int
    confirm: Confirm | None
    confirmed_at: Moment | None
    approvals_needed: int
    approvals: list[Approval]
    evidence_missing: list[EvidenceKind]
    question_until: Moment | None
    cooling_until: Moment | None
    held: bool
    stores: list[Planned]


class ClockShown(TypedDict):
    """What the clock of a request says now."""

    request_id: RequestId
    status: Status
    due_at: Moment
    work_by: Moment
    acknowledge_by: Moment | None
    overdue: bool
    clock_rule: str
    rule_source: str
    stands_still: Because | None
    extended: bool
    extension_reasons: list[str]
    days_used: int
    days_total: int
    milestones: list[str]
    due_explained: list[Segment]


class FileShown(TypedDict):
    """A file that came with a request."""

    number: int
    kind: EvidenceKind
    content_type: str
    status: EvidenceStatus
    why: Refusal | None
    size: int | None
    sha256: str | None
    offered_at: Moment
    settled_at: Moment | None


class Files(TypedDict):
    """The files of a request."""

    evidence: list[FileShown]


class FileLink(TypedDict):
    """A link of one minute."""

    url: Address
    expires_at: Moment
    sha256: str


class Revealed(TypedDict):
    """The part that was asked for, as it lies sealed; null where there is none."""

    person: NotRequired[dict[str, str]]
    message: NotRequired[str]
    contacts: NotRequired[dict[str, Any] | None]
    requester: NotRequired[dict[str, Any] | None]
    changes: NotRequired[dict[str, Any] | None]
    question: NotRequired[dict[str, Any] | None]
    answers: NotRequired[list[Any] | None]


class BreachPage(TypedDict):
    """Rows as CSV; `next` goes on behind them."""

    csv: str
    rows: int
    looked_at: int
    next: str | None


class BulkShown(TypedDict):
    """A bulk closure, and how far it is."""

    bulk_id: RequestId
    locale: Locale
    by: str
    created_at: Moment
    status: BulkStatus
    approved_by: str | None
    approved_at: Moment | None
    ended_at: Moment | None
    listed: int
    place: int
    taken: int
    unknown: int
    several: int


class Bulks(TypedDict):
    """All bulk closures, newest first."""

    bulk_closures: list[BulkShown]


class PartPut(BulkShown):
    """A part of the list was put in: how many people it has."""

    part: int
    people: int


class BulkResult(TypedDict):
    """What came of a position of the list."""

    position: int
    result: Literal["taken"] | Odd
    request_id: RequestId | None


class BulkResults(BulkShown):
    """A bulk closure, and what came of 100 positions of its list."""

    results: list[BulkResult]
    more: bool


class ReplayShown(TypedDict):
    """A replay of erasures; counts are rows."""

    replay_id: RequestId
    store: str
    restored_to: Moment
    by: str
    started_at: Moment
    status: ReplayStatus
    error_class: str
    ended_at: Moment | None
    looked: int
    came_back: int
    erased: int
    anonymised: int
    listed: int


class Replays(TypedDict):
    """All replays, newest first."""

    replays: list[ReplayShown]


class EntryShown(TypedDict):
    """Rows that a replay laid before somebody."""

    entry: str
    request_id: RequestId
    store: str
    collection: str
    doubt: Doubt
    count: int
    listed_at: Moment
    decision: Literal["erase", "keep"] | None
    decided_by: str | None
    decided_at: Moment | None
    done_at: Moment | None


class ReplayEntries(ReplayShown):
    """A replay, and what it laid before somebody."""

    entries: list[EntryShown]


class HoldShown(TypedDict):
    """A legal hold on a person."""

    id: str
    ground: int
    until: Day
    by: str
    placed_at: Moment
    lifted_at: Moment | None
    lifted_by: str | None


class Holds(TypedDict):
    """The holds on the person of a request."""

    holds: list[HoldShown]
