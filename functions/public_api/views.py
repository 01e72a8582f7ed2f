"""A request as its person sees it: once as JSON, once as the words of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from public_api.words import NEXT, NOTICE, OTHER_NOTICE, OTHER_STORE, REASON, RIGHT, STATUS, STORE, TASK
from rights.clock import parse
from rights.domain.deadline import MALL_TIME, respond_by
from rights.domain.rights import Locale, Operation, Right
from rights.domain.status import PROVEN, Status, may_move, public_status
from rights.domain.work import Kept, TaskStatus
from rights.ledger import Notice, Request, Task
from rights.ledger.model import NoticeStatus
from rights.notices.grounds import GROUND
from rights.notices.i18n import N_, long_date, say
from rights.status_token import reference

WAITING_FOR_PROOF = frozenset({Status.RECEIVED, Status.IDENTITY_NEEDED})
CHANNELS = {"phone": "sms", "email": "email"}
_DONE = frozenset({Status.COMPLETED, Status.COMPLETED_IN_PART})
_TASK_STATUS = {TaskStatus.FAILED: TaskStatus.WORKING}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that may be shown of a request; tasks and notices stay empty until identity is proven.

    Before that, whether a message went out would tell whether an account exists.
    """

    request: Request
    tasks: Sequence[Task] = ()
    notices: Sequence[Notice] = ()

    @property
    def proven(self) -> bool:
        """True once the person proved who they are."""
        return is_proven(self.request)

    @property
    def status(self) -> str:
        """The status people see."""
        return public_status(self.request.status)

    @property
    def package_ready(self) -> bool:
        """True once a package can be downloaded."""
        return self.request.status in _DONE and self.request.package is not None

    @property
    def certificate_ready(self) -> bool:
        """True once the signed certificate exists."""
        return self.request.status in _DONE and self.request.certificate is not None

    @property
    def can_withdraw(self) -> bool:
        """True until the work has begun."""
        return may_move(self.request.status, Status.WITHDRAWN)

    @property
    def next(self) -> list[str]:
        """What the person may do now, by the last part of the address."""
        possible = {
            "code": self.request.status in WAITING_FOR_PROOF,
            "withdraw": self.can_withdraw,
            "package": self.package_ready,
            "certificate": self.certificate_ready,
        }
        return [name for name, may in possible.items() if may]

    @property
    def sent(self) -> list[Notice]:
        """The notices that went out."""
        return [notice for notice in self.notices if notice.status is NoticeStatus.SENT and notice.sent_at]


def is_proven(request: Request) -> bool:
    """Tell whether the identity of this request's person was ever proven."""
    return request.status in PROVEN or request.subject is not None or request.linked_to is not None


def as_json(shown: Shown) -> dict[str, Any]:
    """The answer of `GET /requests/{id}`."""
    request = shown.request
    body: dict[str, Any] = {
        "request_id": request.id,
        "reference": reference(request.id),
        "status": shown.status,
        "received_at": request.received_at,
        "due_at": request.due_at,
        "due_explained": list(respond_by(request.right, parse(request.received_at)).explained),
        "rights": [
            {
                "right": request.right.value,
                "status": shown.status,
                "outcome": request.outcome,
                "due_at": request.due_at,
            }
        ],
        "next": shown.next,
    }
    if request.cooling_until is not None:
        body["cooling_off_until"] = request.cooling_until
    if shown.proven:
        body["stores"] = [_store_json(task) for task in shown.tasks]
        body["notices"] = [
            {"kind": n.kind, "channel": CHANNELS.get(n.channel, n.channel), "sent_at": n.sent_at} for n in shown.sent
        ]
    return body


def _store_json(task: Task) -> dict[str, Any]:
    counts = task.counts.to_dict()
    counts["kept"] = [{"ground": k["ground"], "until": k["until"], "reason": k["reason"]} for k in counts["kept"]]
    status = _TASK_STATUS.get(task.status, task.status)
    return {"store": task.store, "status": status.value, **counts, "verified_at": task.verified_at}


class Step(NamedTuple):
    """One step on the way to the answer: `done`, `now` or `ahead`."""

    words: str
    state: str
    at: datetime | None = None


class StoreCard(NamedTuple):
    """What one store did, in words."""

    name: str
    words: str
    tone: str
    numbers: list[tuple[str, int]]
    kept: list[str]
    verified_at: datetime | None


class NoticeLine(NamedTuple):
    """One message that went out."""

    words: str
    sent_at: datetime


def as_page(shown: Shown, locale: Locale) -> dict[str, Any]:
    """The values of the status page."""
    request = shown.request
    heading = say(locale, N_("Joined with an earlier request") if request.linked_to else STATUS[shown.status])
    return {
        "path": f"/requests/{request.id}",
        "title": f"{heading} · {reference(request.id)}",
        "heading": heading,
        "tone": "done" if request.status in _DONE else "open" if not request.is_final else "ended",
        "right": say(locale, RIGHT[request.right]),
        "reference": reference(request.id),
        "received_at": parse(request.received_at),
        "due_at": parse(request.due_at),
        "due_words": say(
            locale,
            N_("We answer within 30 days of the day after your request, by {date} at the latest."),
            date=long_date(parse(request.due_at), locale),
        ),
        "closed_at": parse(request.closed_at) if request.closed_at and request.status is not Status.WITHDRAWN else None,
        "is_open": not request.is_final,
        "asks_code": request.status in WAITING_FOR_PROOF,
        "package_ready": shown.package_ready,
        "certificate_ready": shown.certificate_ready,
        "can_withdraw": shown.can_withdraw,
        "next_words": _next_words(shown, locale),
        "proven": shown.proven and not request.linked_to,
        "steps": _steps(shown, locale),
        "stores": [_card(task, locale) for task in shown.tasks],
        "kept_any": any(task.counts.kept for task in shown.tasks),
        "notices": [
            NoticeLine(say(locale, NOTICE.get(n.kind, OTHER_NOTICE)), parse(n.sent_at or "")) for n in shown.sent
        ],
    }


def _next_words(shown: Shown, locale: Locale) -> str:
    if shown.request.linked_to:
        return say(locale, N_("You had asked for the same before. We answer that request, so this one ends here."))
    begins = parse(shown.request.cooling_until or shown.request.due_at)
    when = {"date": long_date(begins, locale), "time": f"{begins.astimezone(MALL_TIME):%H:%M}"}
    return say(locale, NEXT[shown.status], **when)


def _steps(shown: Shown, locale: Locale) -> list[Step]:
    request = shown.request
    if request.is_final and request.status not in _DONE:
        return []
    reached = 1 if request.status in WAITING_FOR_PROOF else 3 if request.is_final else 2
    working = N_("We delete your data") if request.right is Right.DELETION else N_("We gather your data")
    if request.status is Status.IN_REVIEW:
        working = N_("One of us looks at your request")
    steps: list[tuple[str, str | None]] = [
        (N_("Request received"), request.received_at),
        (N_("You prove it is you"), None),
        (working, None),
        (N_("You get our answer"), request.closed_at),
    ]
    return [
        Step(
            say(locale, words),
            "done" if number < reached or request.is_final else "now" if number == reached else "ahead",
            parse(at) if at else None,
        )
        for number, (words, at) in enumerate(steps)
    ]


def _card(task: Task, locale: Locale) -> StoreCard:
    counts = task.counts
    numbers = [(N_("Records found"), counts.found)]
    if task.status is TaskStatus.PENDING:
        numbers = []
    elif task.operation is Operation.EXPORT:
        numbers.append((N_("In your file"), counts.exported))
    else:
        numbers += [(N_("Deleted"), counts.erased), (N_("Made anonymous"), counts.anonymised)]
        numbers.append((N_("Kept"), counts.retained))
    return StoreCard(
        name=say(locale, STORE.get(task.store, OTHER_STORE)),
        words=say(locale, TASK[task.status]),
        tone="done" if task.status is TaskStatus.DONE else "open",
        numbers=[(say(locale, label), number) for label, number in numbers],
        kept=[_kept(kept, locale) for kept in counts.kept],
        verified_at=parse(task.verified_at) if task.verified_at else None,
    )


def _kept(kept: Kept, locale: Locale) -> str:
    reason = say(locale, REASON.get(kept.reason) or GROUND[kept.ground])
    return say(
        locale,
        N_("Records kept until {date}: {number}. Reason: {reason}."),
        date=long_date(datetime.fromisoformat(kept.until).date(), locale),
        number=kept.records,
        reason=reason,
    )
