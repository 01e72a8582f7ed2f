"""Requests that wait for a decision, and the decision."""

from typing import Any

from rights.domain.evidence import EvidenceKind
from rights.domain.rights import OPERATION_OF, Operation, Right
from rights.domain.status import Status
from rights.ledger import Request, Task
from rights.secrets_hmac import Hmac
from tests.integration.doors.conftest import PHONE, Door, Person, Reply
from tests.integration.doors.test_intake import NEEDS, PARENT
from tests.support.plans import lay

ME = Hmac(b"test secret").tag_of("subject", "phone", PHONE)
APPROVE = {"decision": "approve", "plan": "hash"}
STORES = ("accounts", "orders")


def in_review(person: Person, right: str = "deletion", review: str = "unusual_size", **body: Any) -> Person:
    person.asks(right=right, **NEEDS.get(right, {}), **body).proves()
    operation = OPERATION_OF[Right(right)] or Operation.EXPORT
    tasks = [
        Task(
            request_id=person.request_id,
            store=store,
            kind="dynamodb",
            stage=5,
            operation=operation,
            preview={"rows": 4},
        )
        for store in STORES
    ]
    lay(person.ledger, person.request_id, tasks, review=review, known_as=[ME])
    assert person.ledger.get(person.request_id).status is Status.IN_REVIEW
    return person


def by_parent(person: Person, *kinds: EvidenceKind, right: str = "deletion") -> Person:
    """A request of a parent, with these documents."""
    in_review(person, right, "guardian", requester=PARENT, on_file={"email": "sok@example.com"})
    for kind in kinds:
        file = person.ledger.offer_evidence(person.request_id, kind, "image/png")
        assert file
        person.ledger.settle_evidence(file, size=9, sha256="0" * 64)
    return person


def decide(door: Door, person: Person, body: dict[str, Any]) -> Reply:
    return door("POST", f"/ops/requests/{person.request_id}/decision", json_body=body)


def state(person: Person) -> Request:
    return person.ledger.get(person.request_id)


def without(store: object = "orders", ground: object = 11, **rest: object) -> dict[str, Any]:
    return APPROVE | {"without": [{"store": store, "ground": ground, **rest}]}
