"""A request as its person may see it, and its JSON; `status_page` has it in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rights.clock import stamp
from rights.domain.clock import Clock, explain
from rights.domain.evidence import takes_evidence
from rights.domain.rights import Operation, Requester
from rights.domain.status import PROVEN, Status, may_move, public_status
from rights.domain.work import Counts, TaskStatus
from rights.ledger import Notice, Request, Task
from rights.ledger.model import NoticeStatus
from rights.status_token import reference

WAITING_FOR_PROOF = frozenset({Status.RECEIVED, Status.IDENTITY_NEEDED})
CHANNELS = {"phone": "sms", "email": "email"}
DONE = frozenset({Status.COMPLETED, Status.COMPLETED_IN_PART})
APPROVED = frozenset({"approve", "approve_in_part"})
WAITING_FOR_PARTNER = "waiting_for_partner"
_TASK_STATUS = {TaskStatus.FAILED: TaskStatus.WORKING}
_OF_RECIPIENTS = ("asked_at", "expected_at", "answer", "results_count")


@dataclass(frozen=True, slots=True)
class Shown:
    """All that may be shown of a request; tasks and notices stay empty until identity is proven.

    Before that, whether a message went out would tell whether an account exists.
    """

    request: Request
    tasks: Sequence[Task] = ()
    notices: Sequence[Notice] = ()
    clock: Clock | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    """What lapses with a closure, the open question, the answer to a complaint."""

    @property
    def proven(self) -> bool:
        """True once the person proved who they are."""
        return is_proven(self.request)

    @property
    def status(self) -> str:
        """The status people see."""
        told = public_status(self.request.status, extended="extension" in self.request.timeline)
        return WAITING_FOR_PARTNER if told == Status.IN_PROGRESS and only_partners_are_left(self.tasks) else told

    @property
    def due_at(self) -> str:
        """When the answer is due; while the clock stands still, the earliest that can still become."""
        return stamp(self.clock.legal_due) if self.clock else self.request.due_at

    @property
    def package_ready(self) -> bool:
        """True once a package can be downloaded."""
        has_one = self.request.package is not None and self.request.package_ended_at is None
        return self.request.status in DONE and has_one

    @property
    def package_ended(self) -> bool:
        """True once a package was deleted, as its time was up: it can be asked for anew."""
        return self.request.package is not None and self.request.package_ended_at is not None

    @property
    def certificate_ready(self) -> bool:
        """True once the signed certificate exists."""
        return self.request.status in DONE and self.request.certificate is not None

    @property
    def can_withdraw(self) -> bool:
        """True until the work has begun."""
        return may_move(self.request.status, Status.WITHDRAWN)

    @property
    def takes_evidence(self) -> bool:
        """True while whoever acts for another may still show that they may."""
        acts = self.request.requester is not Requester.SELF
        return acts and self.proven and self.request.decision is None and takes_evidence(self.request.status)

    @property
    def next(self) -> list[str]:
        """What the person may do now, by the last part of the address."""
        possible = {
            "code": self.request.status in WAITING_FOR_PROOF,
            "confirm": self.request.status is Status.CONFIRM_NEEDED,
            "answers": self.request.status is Status.QUESTION,
            "evidence": self.takes_evidence,
            "withdraw": self.can_withdraw,
            "package": self.package_ready,
            "package/again": self.package_ended,
            "certificate": self.certificate_ready,
        }
        return [name for name, may in possible.items() if may]

    @property
    def sent(self) -> list[Notice]:
        """The notices that went out."""
        sent = [notice for notice in self.notices if notice.status is NoticeStatus.SENT and notice.sent_at]
        # What went to the account holder is not for whoever acts for them: it would tell that there is an account.
        acts = self.request.requester is not Requester.SELF
        return [notice for notice in sent if not (acts and notice.purpose == "on_file")]

    @property
    def stores(self) -> Sequence[Task]:
        """What each store does; of somebody else's data nothing unless it was approved."""
        return [t for t in self.tasks if t.operation is not Operation.FREEZE] if may_know(self.request) else ()


def only_partners_are_left(tasks: Sequence[Task]) -> bool:
    """Tell whether all is done but what partners have not answered yet."""
    left = [task for task in tasks if task.status is not TaskStatus.DONE]
    return bool(left) and all(task.kind == "partner" and task.status is TaskStatus.WAITING for task in left)


def is_proven(request: Request) -> bool:
    """Tell whether the identity of this request's person was ever proven."""
    return request.status in PROVEN or request.subject is not None or request.linked_to is not None


def may_know(request: Request) -> bool:
    """Tell whether whoever asked may see that there is an account: for another only once somebody approved it."""
    return request.requester is Requester.SELF or request.decision in APPROVED


def as_json(shown: Shown, *, knows: bool) -> dict[str, Any]:
    """The answer of `GET /requests/{id}`; who only has the link (`knows` is false) is told no more than the page says.

    That is where the request stands, and nothing that was found, asked, answered, decided or sent.
    """
    request = shown.request
    body: dict[str, Any] = {
        "request_id": request.id,
        "reference": reference(request.id),
        "status": shown.status,
        "received_at": request.received_at,
        "due_at": shown.due_at,
        "due_explained": list(explain(shown.clock)) if shown.clock else [],
        "rights": [
            {
                "right": request.right.value,
                "status": shown.status,
                "outcome": request.outcome,
                "due_at": shown.due_at,
            }
        ],
        "next": shown.next,
    }
    if len(request.case_requests) > 1:
        body["case"] = list(request.case_requests)
    if request.confirm is not None:
        body["confirm"] = request.confirm
    if request.question_until is not None:
        body["question_until"] = request.question_until
    if request.cooling_until is not None:
        body["cooling_off_until"] = request.cooling_until
    return body | (_details(shown) if knows else {})


def _details(shown: Shown) -> dict[str, Any]:
    """What only the person sees, and programs in their name."""
    body = dict(shown.told)
    if shown.request.ground is not None:
        body["ground"] = shown.request.ground
    if shown.proven:
        body["stores"] = [_store_json(task) for task in shown.stores]
        body["notices"] = [
            {"kind": n.kind, "channel": CHANNELS.get(n.channel, n.channel), "sent_at": n.sent_at} for n in shown.sent
        ]
    return body


def _store_json(task: Task) -> dict[str, Any]:
    counts = task.counts.to_dict()
    counts["kept"] = [{"ground": k["ground"], "until": k["until"], "reason": k["reason"]} for k in counts["kept"]]
    status = _TASK_STATUS.get(task.status, task.status)
    if task.kind == "partner":
        return _recipient_json(task, status.value)
    return {"store": task.store, "status": status.value, **counts, "verified_at": task.verified_at}


def _recipient_json(task: Task, status: str) -> dict[str, Any]:
    """A recipient's own word, which nobody verified: its records are not counted among ours."""
    told = {name: task.recipient[name] for name in _OF_RECIPIENTS if name in task.recipient}
    counts = Counts(found=int(told.get("results_count", 0))).to_dict()
    confirmed_at = task.recipient.get("confirmed_at")
    return {"store": task.store, "status": status, **counts, "recipient": told, "confirmed_at": confirmed_at}
