"""The plan of a request: whose data it is, which stores hold it, and in which order they are worked on."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rights.asking import Stores
from rights.domain.identity import KeySet, Kind
from rights.domain.rights import OPERATION_OF
from rights.domain.status import PROVEN, Status
from rights.ledger import Ledger, Request, Task
from rights.secrets_hmac import Hmac


@dataclass(frozen=True, slots=True)
class Plan:
    """What the state machine does next with a request, and the stages it works through."""

    outcome: str
    """`ready`, `review`, or `ended` when there is nothing to work on any more."""
    stages: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """As the state machine reads it."""
        return {"outcome": self.outcome, "stages": self.stages}


def plan_request(request_id: str, ledger: Ledger, stores: Stores, hmac: Hmac) -> Plan:
    """Resolve the person from what was proven, and lay one task per store down; a second call finds them laid.

    Only proven identifiers seed the search. More than one account reached means that two people may be mixed up, so a
    person looks first (DESIGN section 6).
    """
    request = ledger.get(request_id)
    if request.status in PROVEN and not request.is_final and request.plan is None:
        keys = stores.resolve(request_id, ledger.proven_identifiers(request_id))
        ledger.put_private(request_id, "subject", {"keys": keys.to_mapping()})
        tasks = _tasks(request, stores)
        ledger.lay_plan(
            request_id,
            subjects=subjects_of(keys, hmac),
            plan=plan_hash(request, tasks, hmac.tag("keys", json.dumps(keys.to_mapping(), sort_keys=True))),
            data_map=stores.data_map.version,
            tasks=tasks,
            review="second_account" if len(keys.accounts) > 1 else None,
        )
        request = ledger.get(request_id)
    return Plan(_outcome(request), _stages(ledger.tasks(request_id)))


def subjects_of(keys: KeySet, hmac: Hmac) -> list[str]:
    """The pseudonyms of the person: of each account, or of each proven contact where there is no account."""
    identifiers = [i for i in sorted(keys.values) if i.kind is Kind.ACCOUNT] or sorted(keys.values)
    return [hmac.tag("subject", i.kind.value, i.value) for i in identifiers]


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
