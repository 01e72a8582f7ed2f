"""The plan of a request: whose data it is, which stores hold it, and in which order they are worked on."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rights.asking import Stores
from rights.clock import parse
from rights.domain.cooling_off import seconds_to_cool_off
from rights.domain.identity import KeySet, Kind
from rights.domain.rights import OPERATION_OF, Operation
from rights.domain.status import PROVEN, Status
from rights.ledger import Ledger, Request, Task
from rights.secrets_hmac import Hmac
from rights.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What the state machine does next with a request, and the stages it works through."""

    outcome: str
    """`ready`, `review`, or `ended` when there is nothing to work on any more."""
    stages: list[dict[str, Any]]
    cooling_seconds: int
    """How long to wait before what cannot be undone."""

    def to_dict(self) -> dict[str, Any]:
        """As the state machine reads it."""
        return {"outcome": self.outcome, "stages": self.stages, "cooling_seconds": self.cooling_seconds}


class PlanSettings(Settings):
    """What the plan needs besides the stores."""

    cooling_off_seconds: int


def plan_request(request_id: str, ledger: Ledger, stores: Stores, hmac: Hmac, settings: PlanSettings) -> Plan:
    """Resolve the person from what was proven, and lay one task per store down; a second call finds them laid.

    Only proven identifiers seed the search. More than one account reached means that two people may be mixed up, so a
    person looks first (DESIGN section 6).
    """
    request = ledger.get(request_id)
    if request.status in PROVEN and not request.is_final and request.plan is None:
        keys = stores.resolve(request_id, ledger.proven_identifiers(request_id))
        ledger.put_private(request_id, "subject", {"keys": keys.to_mapping()})
        tasks = _tasks(request, stores)
        known_as = pseudonyms_of(keys, hmac)
        ledger.lay_plan(
            request_id,
            subjects=subjects_of(keys, hmac),
            plan=plan_hash(request, tasks, hmac.tag_of("keys", json.dumps(keys.to_mapping(), sort_keys=True))),
            data_map=stores.data_map.version,
            tasks=tasks,
            review=_reason_to_review(request, keys, ledger, known_as),
            known_as=known_as,
        )
        request = ledger.get(request_id)
    until = parse(request.cooling_until) if request.cooling_until else None
    term = timedelta(seconds=settings.cooling_off_seconds)
    seconds = seconds_to_cool_off(request.right, request.status, until, ledger.clock(), term)
    return Plan(_outcome(request), _stages(ledger.tasks(request_id)), seconds)


def subjects_of(keys: KeySet, hmac: Hmac) -> list[str]:
    """The pseudonyms of the person: of each account, or of each proven contact where there is no account."""
    identifiers = [i for i in sorted(keys.values) if i.kind is Kind.ACCOUNT] or sorted(keys.values)
    return [hmac.tag_of("subject", i.kind.value, i.value) for i in identifiers]


def pseudonyms_of(keys: KeySet, hmac: Hmac) -> list[str]:
    """The pseudonyms of all identifiers of the person, by any of which a legal hold may name them."""
    return [hmac.tag_of("subject", i.kind.value, i.value) for i in sorted(keys.values)]


def _reason_to_review(request: Request, keys: KeySet, ledger: Ledger, known_as: list[str]) -> str | None:
    if len(keys.accounts) > 1:
        return "second_account"
    erases = OPERATION_OF[request.right] is Operation.ERASE
    return "legal_hold" if erases and ledger.hold_on(known_as) else None


def plan_hash(request: Request, tasks: list[Task], keys_tag: str) -> str:
    """What an approval names: a plan with other stores, operations or keys has another hash."""
    facts = [request.id, str(request.right), keys_tag, [[t.store, str(t.operation), t.stage] for t in tasks]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _tasks(request: Request, stores: Stores) -> list[Task]:
    operation = OPERATION_OF[request.right]
    return [
        Task(
            request_id=request.id,
            store=store.fides_key,
            kind=store.rights.kind,
            stage=store.rights.stage,
            operation=operation,
        )
        for store in stores.data_map.stores
    ]


def _outcome(request: Request) -> str:
    if request.is_final:
        return "ended"
    waits = request.status is Status.IN_REVIEW and request.decision is None
    return "review" if waits else "ready"


def _stages(tasks: list[Task]) -> list[dict[str, Any]]:
    return [
        {"tasks": [{"store": task.store, "kind": task.kind} for task in tasks if task.stage == stage]}
        for stage in sorted({task.stage for task in tasks})
    ]
