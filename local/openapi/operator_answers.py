"""The shapes of the operators' door's answers."""

from typing import Annotated, Any, Literal, NotRequired, get_args

from typing_extensions import TypedDict

from local.openapi.describe import Address, Day, Moment, RequestId, words
from local.openapi.public_answers import Outcome, Segment
from operator_api.intake import CameBy, How
from operator_api.journey import Look, graph
from rights.domain.affiliates import Stand
from rights.domain.clock import Reason as Because
from rights.domain.confirmation import Confirm
from rights.domain.evidence import EvidenceKind, EvidenceStatus, Refusal
from rights.domain.review import Reason
from rights.domain.rights import Channel, Locale, Operation, Purpose, Requester, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger.model import CallbackStatus, NoticeStatus

WaitsFor = Annotated[str, words("person", "operator", "pause", "stores", "partner")]
PlaceName = Annotated[str, words(*graph().order)]


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


class Stage(TypedDict):
    """How many stores are done with a request."""

    done: int
    total: int


class Line(TypedDict):
    """A request as a line of a list: where it stands, how much time it has, and who has to act."""

    request_id: RequestId
    reference: str
    status: Status
    right: Right
    outcome: Outcome | None
    channel: Channel
    affiliate: str | None
    requester: Requester
    locale: Locale
    received_at: Moment
    due_at: Moment
    work_by: Moment | None
    closed_at: Moment | None
    overdue: bool
    days_left: int | None
    days_used: int
    days_total: int
    stands_still: Because | None
    extended: bool
    attention: str | None
    review: Reason | None
    waits_for: WaitsFor | None
    stage: Stage | None
    failing: list[str]
    version: int
    run: int
    execution: str


class Lines(TypedDict):
    """A page of a list; `next` is the `cursor` of the one after it."""

    requests: list[Line]
    more: bool
    next: str | None
    total: int
    total_is_exact: bool


class FoundLine(Line):
    """A request of somebody, and how it was found: `typed` proves nothing."""

    how: Literal["id", "reference", "typed", "subject"]
    proven: bool


class FoundLines(TypedDict):
    """The newest 50 requests of somebody."""

    requests: list[FoundLine]
    total: int


class TakenIn(Line):
    """A request that was taken in, and the others of its case."""

    case: NotRequired[list[Line]]


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
    claimed_at: Moment | None
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


class WaitShown(TypedDict):
    """A place where a run waits, or waited, for somebody."""

    state: str
    generation: int
    until: Moment | None
    answered: bool
    answered_at: Moment | None


class RunLine(TypedDict):
    """One run of a request."""

    run: int
    started_at: Moment
    ended_at: Moment | None
    status: Literal["running", "ended", "done"]


class CallbackShown(TypedDict):
    """One word to an affiliate on how its request stands, to one of its addresses; nothing comes after `given_up`."""

    stand: Annotated[str, words(*Stand)]
    address: int
    status: CallbackStatus
    attempts: int
    queued_at: Moment
    next_try_at: Moment | None
    sent_at: Moment | None
    error_class: str


class HandedIn(TypedDict):
    """By which affiliate, under which id of its own, and how its callbacks fared; `is_asserted`: at its word alone."""

    affiliate: str
    name: str | None
    subject_request_id: str
    is_asserted: bool
    addresses: int
    callbacks: list[CallbackShown]


class Approval(TypedDict):
    """One approval of the plan; `approver`: whether whoever gave it was one then."""

    by: str
    at: Moment
    without: list[dict[str, Any]]
    approver: bool


class Approved(Line):
    """Who approved, how many more have to, and whether one of them has to be an approver."""

    approvals_needed: int
    approvals: list[Approval]
    approvals_missing: int
    approver_missing: bool


class Whole(Approved):
    """One request. `may`: per action, whether the one who looks may do it now, or the error code of why not."""

    policy_version: str
    clock_rule: str
    due_explained: list[Segment]
    data_map: str | None
    decision: str | None
    ground: int | None
    linked_to: RequestId | None
    case: list[RequestId]
    came_by: CameBy | None
    identity: How | None
    filed_by: str | None
    handed_in: HandedIn | None
    tasks: list[TaskShown]
    notices: list[NoticeLine]
    events: list[EventShown]
    audit_chain_holds: bool
    waits: list[WaitShown]
    runs: list[RunLine]
    operators: dict[str, str]
    may: dict[str, bool | str]


class PlaceShown(TypedDict):
    """One place of the machine: what became of it; the counts are those of a Map's stores."""

    name: PlaceName
    look: Annotated[str, words(*get_args(Look))]
    times: int
    entered_at: Moment | None
    left_at: Moment | None
    waits_for: Annotated[str, words("person", "operator", "pause", "access")] | None
    until: Moment | None
    total: int
    done: int
    failed: int


class RunShown(TypedDict):
    """The way of a request through the state machine; `here` is null once it has ended."""

    request_id: RequestId
    run: int
    here: PlaceName | None
    places: list[PlaceShown]
    edges: list[tuple[PlaceName, PlaceName]]
    taken: list[tuple[PlaceName, PlaceName]]


class NoticeSent(TypedDict):
    """A notice, and the contact it went to, masked; null once that is forgotten."""

    id: str
    kind: str
    channel: Literal["phone", "email"]
    status: NoticeStatus
    queued_at: Moment
    sent_at: Moment | None
    delivered_at: Moment | None
    attempts: int
    error_class: str
    contact: str | None


class NoticesSent(TypedDict):
    """The notices of a request."""

    notices: list[NoticeSent]


class Audit(TypedDict):
    """The history as it was hashed (docs/verify.md)."""

    request_id: RequestId
    head: str
    version: int
    events: list[dict[str, Any]]


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


class PlanShown(Approved):
    """The plan that a review is about."""

    plan: str | None
    accounts: int
    confirm: Confirm | None
    confirmed_at: Moment | None
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
