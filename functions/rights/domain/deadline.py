"""When a request must be answered, and why then (policy 5(1); DOMAIN section 4).

The due date is computed from the receipt and a versioned rule, and carries its own explanation; it is never typed in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rights.domain.rights import Right

MALL_TIME = ZoneInfo("Asia/Phnom_Penh")


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How long the controller has to answer one right."""

    id: str
    days: int
    source: str


POLICY_CLOCKS: dict[Right, ClockRule] = {
    Right.ACCESS: ClockRule("ttm-policy-2024/access", 30, "policy 5(1)"),
    Right.DELETION: ClockRule("ttm-policy-2024/deletion", 30, "policy 5(3), term by house rule"),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last moment for an answer, the rule that set it, and the days that counted."""

    at: datetime
    rule: str
    explained: tuple[dict[str, str], ...]


def respond_by(right: Right, received_at: datetime) -> Deadline:
    """The end of the last calendar day of the term, in Phnom Penh; the day of receipt is not counted."""
    rule = POLICY_CLOCKS[right]
    received_on = received_at.astimezone(MALL_TIME).date()
    last_day = received_on + timedelta(days=rule.days)
    end = datetime.combine(last_day, time(23, 59, 59), MALL_TIME).astimezone(UTC)
    counted = {
        "from": (received_on + timedelta(days=1)).isoformat(),
        "to": last_day.isoformat(),
        "counted": "yes",
        "reason": f"{rule.days} calendar days, {rule.source}",
    }
    return Deadline(end, rule.id, (counted,))


def is_overdue(due_at: datetime, now: datetime, *, final: bool) -> bool:
    """Overdue means: the date has passed and the request is in any state that is not final, a failed one included."""
    return not final and now > due_at


def today_in_the_mall(now: datetime) -> str:
    """The date in Phnom Penh, against which retention is judged."""
    return now.astimezone(MALL_TIME).date().isoformat()
