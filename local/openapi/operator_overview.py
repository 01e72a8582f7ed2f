"""The shapes of the operators' door's answers about how things stand."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from local.openapi.describe import Day, Moment, RequestId
from local.openapi.operator_answers import Line
from rights.domain.clock import Jurisdiction, PauseReason, Standing
from rights.domain.clock.rule import CalendarName
from rights.domain.grounds import User
from rights.domain.work import TaskStatus


class Counts(TypedDict):
    """How many requests need somebody."""

    overdue: int
    due_soon: int
    needs_decision: int
    failing: int
    stuck: int
    attention: int


class Overview(TypedDict):
    """What is open, and the oldest and the most urgent of it."""

    open: dict[str, int]
    open_total: int
    counts: Counts
    due_soon_days: int
    oldest: Line | None
    oldest_decision: Line | None
    soonest: list[Line]


class Week(TypedDict):
    """What was closed in a week, which begins on a Monday; days are those from receipt to close."""

    week: Annotated[str, Field(pattern="^[0-9]{4}-W[0-9]{2}$")]
    begins: Day
    closed: int
    late: int
    by_right: dict[str, int]
    by_outcome: dict[str, int]
    median_days: int | None
    p90_days: int | None


class Weeks(TypedDict):
    """Weeks, oldest first."""

    weeks: list[Week]


class FailingRequest(TypedDict):
    """A request that a store fails."""

    request_id: RequestId
    reference: str
    error_class: str
    since: Moment | None


class StoreHealth(TypedDict):
    """How a store does, by its work for open requests and for the last that were closed."""

    store: str
    kind: str
    last_success: Moment | None
    failing_since: Moment | None
    failed: int
    working: int
    waiting: int
    pending: int
    error_class: str | None
    failing_requests: list[FailingRequest]
    p95_seconds: float | None
    recent: list[TaskStatus]


class Stores(TypedDict):
    """How the stores do, as of a moment."""

    as_of: Moment
    stores: list[StoreHealth]
    looked_at: int
    is_whole: bool


class ClockRuleShown(TypedDict):
    """A rule of the clock, as it is written down."""

    ref: str
    jurisdiction: Jurisdiction
    rights: list[str]
    standing: Standing
    source: str
    applies_from: Day
    acknowledge: str | None
    respond: str | None
    extension: str | None
    extension_reasons: list[str]
    pauses: list[PauseReason]
    calendar: CalendarName
    buffer: int
    note: str


class GroundShown(TypedDict):
    """A ground of the policy: for which rights, for how long, who may use it."""

    number: int
    code: str
    source: str
    rights: list[str]
    users: list[User]
    longest: str | None
    review: str
    categories: list[str]
    jurisdictions: list[str]


class Rules(TypedDict):
    """The rules that decide."""

    clock_rules: list[ClockRuleShown]
    grounds: list[GroundShown]
