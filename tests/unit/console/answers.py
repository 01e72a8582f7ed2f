"""What the operators' doors answer in the tests of the console: plain dicts in the shapes of the doors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.console import Console
from operator_api.desk import Visit
from operator_api.people import Operator
from rights.clock import stamp
from rights.http import ApiError
from rights.status_token import reference

NOW = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
ID = "01JDZK3V9W8XQ2M5R7T4Y6B1CA"
OTHER = "01JDZK3V9W8XQ2M5R7T4Y6B1CB"
ANNA = Operator("anna-0000", frozenset({"approver"}), name="Anna")
BOPHA = Operator("bopha-000", frozenset({"operator"}), name="Bopha")
VIVI = Operator("vivi-0000", frozenset({"viewer"}), name="Vivi")
CONSOLE = Console("http://127.0.0.1:8000/mall", lambda: NOW)
NAMES = {ANNA.id: "Anna", BOPHA.id: "Bopha"}


def ago(**span: float) -> str:
    return stamp(NOW - timedelta(**span))


def ahead(**span: float) -> str:
    return stamp(NOW + timedelta(**span))


def row(**facts: Any) -> dict[str, Any]:
    """A request as a line of a list."""
    request_id = facts.get("request_id", ID)
    return {
        "request_id": request_id,
        "reference": reference(request_id),
        "status": "in_progress",
        "right": "deletion",
        "outcome": None,
        "received_at": ago(days=11, hours=3),
        "due_at": "2026-12-15T16:59:59.000000Z",
        "closed_at": None,
        "overdue": False,
        "attention": None,
        "review": None,
        "version": 9,
        "run": 1,
        "execution": f"{request_id}-1",
        "channel": "web",
        "affiliate": None,
        "requester": "self",
        "locale": "en",
        "work_by": "2026-12-11T16:59:59.000000Z",
        "days_left": 19,
        "stands_still": None,
        "extended": False,
        "waits_for": "stores",
        "days_used": 11,
        "days_total": 30,
        "stage": {"done": 7, "total": 11},
        "failing": [],
    } | facts


def task(store: str, status: str = "done", **facts: Any) -> dict[str, Any]:
    counts = dict.fromkeys(
        ("found", "exported", "erased", "anonymised", "retained", "corrected", "conflicts", "flagged"), 0
    )
    return {
        "store": store,
        "kind": "dynamodb",
        "stage": 2,
        "operation": "erase",
        "status": status,
        **counts,
        "kept": [],
        "found_at_start": 0,
        "adds_up": True,
        "late_rounds": 0,
        "error_class": "",
        "verified_at": ago(hours=1) if status == "done" else None,
    } | facts


def event(version: int, code: str, status: str, by: str = "system", **facts: Any) -> dict[str, Any]:
    return {
        "version": version,
        "at": ago(days=11 - version, hours=version),
        "code": code,
        "by": by,
        "status": status,
        "detail": {},
        "hash": f"{version:064x}",
    } | facts


EVENTS = (
    event(1, "received", "received", "person"),
    event(2, "identity_asked", "identity_needed"),
    event(3, "identity_proven", "verified", "person"),
    event(4, "planned", "verified", detail={"stores": 11}),
    event(5, "cooling_off_begun", "cooling_off"),
    event(6, "work_begun", "in_progress", detail={"run": 1}),
    event(7, "repair_asked", "needs_repair", detail={"stores": 2}),
    event(8, "retry_asked", "needs_repair", BOPHA.id),
    event(9, "work_begun", "in_progress", detail={"run": 1}),
)


def request(**facts: Any) -> dict[str, Any]:
    """The answer of `GET /ops/requests/{id}`."""
    kept = [{"ground": 11, "until": "2034-12-31", "records": 8, "reason": "statutory_records"}]
    return (
        row()
        | {
            "policy_version": "2024-1",
            "clock_rule": "ttm-policy-2024/deletion@1",
            "due_explained": SEGMENTS,
            "data_map": "2026-11-01",
            "decision": None,
            "ground": None,
            "linked_to": None,
            "tasks": [
                task("login.freeze", operation="freeze", stage=1),
                task("accounts", "pending", stage=9),
                task("profiles", found=18, erased=18),
                task("orders", kind="postgres", kept=kept, found=42, erased=30, anonymised=4, retained=8),
                task("service_logs", "waiting", kind="lake", found=90210),
                task(
                    "cpes", "waiting", kind="partner", recipient={"asked_at": ago(days=2), "expected_at": ahead(days=3)}
                ),
            ],
            "notices": [
                {"id": "n1", "kind": "code", "channel": "phone", "status": "sent", "sent_at": ago(days=10)},
                {"id": "n2", "kind": "received", "channel": "phone", "status": "sent", "sent_at": ago(days=10)},
            ],
            "events": list(EVENTS),
            "audit_chain_holds": True,
            "may": {
                name: True if name in {"extend", "pause", "resume", "reveal", "new-link"} else "too_late"
                for name in ("decision", "retry", "extend", "pause", "resume", "cancel", "reveal", "seen", "new-link")
            },
            "operators": NAMES,
            "filed_by": None,
            "handed_in": None,
            "approvals_needed": 1,
            "approvals": [],
            "approvals_missing": 0,
            "approver_missing": False,
            "waits": [],
            "runs": [{"run": 1, "started_at": ago(days=11), "ended_at": None, "status": "running", "retry_at": None}],
        }
        | facts
    )


def handed_in(*callbacks: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """What the door tells of the affiliate that handed a request in."""
    return {
        "affiliate": "cpes",
        "name": "Cambodia Post E-Solutions",
        "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
        "is_asserted": False,
        "addresses": 1,
        "callbacks": list(callbacks),
    } | facts


def callback(stand: str = "in_progress", status: str = "sent", **facts: Any) -> dict[str, Any]:
    sent_at = ago(hours=2) if status == "sent" else None
    return {
        "stand": stand,
        "address": 1,
        "status": status,
        "attempts": 1,
        "queued_at": ago(hours=3),
        "next_try_at": None,
        "sent_at": sent_at,
        "error_class": "",
    } | facts


SEGMENTS = [
    {
        "from": "2026-11-15",
        "to": "2026-11-15",
        "counted": "no",
        "reason": "receipt_day",
        "days": "1",
        "rule": "ttm-policy-2024/deletion@1",
        "source": "Policy 5(3)",
    },
    {
        "from": "2026-11-16",
        "to": "2026-12-15",
        "counted": "yes",
        "reason": "base_term",
        "days": "30",
        "rule": "ttm-policy-2024/deletion@1",
        "source": "Policy 5(3)",
    },
]


def clock(**facts: Any) -> dict[str, Any]:
    """The answer of `GET /ops/requests/{id}/clock`."""
    return {
        "request_id": ID,
        "status": "in_progress",
        "due_at": "2026-12-15T16:59:59.000000Z",
        "work_by": "2026-12-11T16:59:59.000000Z",
        "acknowledge_by": None,
        "overdue": False,
        "clock_rule": "ttm-policy-2024/deletion@1",
        "rule_source": "Policy 5(3)",
        "stands_still": None,
        "extended": False,
        "extension_reasons": ["complexity", "number_of_requests"],
        "days_used": 10,
        "days_total": 30,
        "milestones": [],
        "due_explained": SEGMENTS,
    } | facts


def approvals(*given: tuple[Operator, str], needed: int = 2) -> dict[str, Any]:
    """What the doors tell of approvals: by whom, when."""
    missing = max(0, needed - len(given))
    return {
        "approvals_needed": needed,
        "approvals": [{"by": who.id, "at": at, "without": [], "approver": who.is_approver} for who, at in given],
        "approvals_missing": missing,
        "approver_missing": missing > 0 and needed > 1 and not any(who.is_approver for who, _ in given),
    }


def plan(**facts: Any) -> dict[str, Any]:
    """The answer of `GET /ops/requests/{id}/plan`."""
    return (
        row(status="in_review", review="guardian", requester="guardian")
        | {
            "plan": "f" * 64,
            "accounts": 1,
            "confirm": None,
            "confirmed_at": None,
            **approvals(),
            "evidence_missing": [],
            "question_until": None,
            "cooling_until": None,
            "held": False,
            "stores": [
                planned("login.freeze", "freeze", 1, {}),
                planned("orders"),
                planned("profiles", by={"tags": 18}),
            ],
        }
        | facts
    )


def planned(
    store: str, operation: str = "erase", stage: int = 2, by: Mapping[str, int] | None = None, **facts: Any
) -> dict[str, Any]:
    by_collection = {"orders": 12, "payments": 30} if by is None else dict(by)
    return {
        "store": store,
        "operation": operation,
        "stage": stage,
        "collections": [],
        "purposes": [],
        "records": sum(by_collection.values()),
        "by_collection": by_collection,
        "categories": {name: ["user.financial"] for name in by_collection},
        "to_review": [],
        "conflicts": [],
        "refused": None,
        "withheld": {},
    } | facts


def overview(**counts: int) -> dict[str, Any]:
    known = dict.fromkeys(("overdue", "due_soon", "needs_decision", "failing", "stuck", "attention"), 0)
    return {
        "open": {"in_progress": 9, "in_review": 2, "needs_repair": 1},
        "open_total": 12,
        "counts": known | counts,
        "due_soon_days": 5,
        "oldest": row(),
        "oldest_decision": None,
        "soonest": [row()],
    }


@dataclass
class Doors:
    """The doors: an answer, or an error, per method and address; what was posted is kept."""

    answers: dict[tuple[str, str], Any]
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        if method == "POST":
            self.posted.append((path, dict(body or {})))
        else:
            self.asked.append((path, dict(query or {})))
        found = self.answers.get((method, path), ApiError("not_found"))
        if callable(found):
            found = found(query or {})
        if isinstance(found, ApiError):
            raise found
        return dict(found)


def doors(**posts: Any) -> Doors:
    """Doors with one request in progress."""
    one = f"/ops/requests/{ID}"
    return Doors(
        {
            ("GET", "/ops/overview"): overview(),
            ("GET", "/ops/requests"): {"requests": [row()], "more": False, "next": None, "total": 1},
            ("GET", one): request(),
            ("GET", f"{one}/clock"): clock(),
            ("GET", f"{one}/plan"): plan(),
            ("GET", f"{one}/audit"): {"request_id": ID, "head": "a" * 64, "version": 9, "events": []},
            ("GET", "/ops/holds"): {"holds": []},
            ("GET", "/ops/stores"): {"as_of": ago(seconds=20), "stores": [], "looked_at": 0, "is_whole": True},
            ("GET", "/ops/replays"): {"replays": []},
            ("GET", "/ops/bulk-closures"): {"bulk_closures": []},
            ("GET", "/ops/rules"): {"clock_rules": [], "grounds": [], "terms": {}},
        }
    )


@dataclass
class Shown:
    """What a browser got."""

    status: int
    body: str
    headers: Mapping[str, Any]

    @property
    def location(self) -> str:
        return str(self.headers["Location"])


def visit(
    path: str,
    at: Doors,
    *,
    who: Operator = ANNA,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Shown:
    """Go somewhere in the console, or send a form."""
    method = "GET" if form is None else "POST"
    event = APIGatewayProxyEvent({"httpMethod": method, "path": path, "headers": {}, "requestContext": {}})
    came = Visit(event, method, path, query or {}, form or {}, who, "csrf-token", at)
    try:
        answer = CONSOLE.answer(came)
    except ApiError as error:
        answer = CONSOLE.problem(event, error, came)
    return Shown(answer.status_code, str(answer.body), answer.headers)
