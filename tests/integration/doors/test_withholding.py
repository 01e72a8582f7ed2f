"""What is withheld from an export, since it is about others too."""

from typing import Any

import pytest

from rights.domain.rights import Operation
from rights.domain.work import TaskStatus
from rights.ledger import Task
from tests.integration.doors.conftest import Door, Person
from tests.integration.doors.deciding import APPROVE, ME, decide, in_review, state
from tests.support.plans import lay


def export_in_review(person: Person, right: str = "access") -> Person:
    person.asks(right=right).proves()
    previews = {"support": {"files": 3, "forms": 1}, "orders": {"orders": 2}, "calls": {"recordings": 4}}
    tasks = [
        Task(
            request_id=person.request_id,
            store=store,
            kind="dynamodb",
            stage=5,
            operation=Operation.EXPORT,
            preview=found,
        )
        for store, found in previews.items()
    ]
    lay(person.ledger, person.request_id, tasks, review="third_party", known_as=[ME])
    return person


def withhold(*what: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    return APPROVE | {"withhold": [{"store": s, "collection": c, "ground": g} for s, c, g in what]} | more


def test_collections_are_withheld_on_a_ground_and_the_rest_is_exported(operator: Door, person: Person) -> None:
    export_in_review(person)
    assert decide(operator, person, withhold(("support", "files", 4), ("calls", "recordings", 4))).status == 200
    support, calls, orders = (person.ledger.task(person.request_id, one) for one in ("support", "calls", "orders"))
    assert (support.collections, support.withheld, support.refused) == (("forms",), {"files": 4}, None)
    assert support.status is TaskStatus.PENDING
    assert (calls.status, calls.refused, calls.counts.found) == (TaskStatus.DONE, 4, 4), "nothing of it is left"
    assert not orders.leaves_out
    assert support.leaves_out
    assert state(person).decision == "approve_in_part"
    plan = operator("GET", f"/ops/requests/{person.request_id}/plan").json
    assert [one["withheld"] for one in plan["stores"] if one["store"] == "support"] == [{"files": 4}]
    told = [{"store": s, "collection": c, "ground": 4} for s, c in (("calls", "recordings"), ("support", "files"))]
    assert plan["approvals"][0]["without"] == told


def test_a_task_that_is_begun_anew_keeps_what_was_withheld(operator: Door, person: Person) -> None:
    export_in_review(person)
    decide(operator, person, withhold(("support", "files", 4)))
    person.ledger.restart_task(person.request_id, "support")
    assert person.ledger.task(person.request_id, "support").withheld == {"files": 4}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (withhold(("support", "nothing", 4)), "unknown_collection"),
        (withhold(("nowhere", "files", 4)), "unknown_collection"),
        (withhold(("support", "files", 7)), "ground_not_allowed"),
        (withhold(("support", "files", 1)), "ground_not_allowed"),
        (withhold(("support", "files", 4), ("support", "files", 3)), "wrong_type"),
        (withhold(("support", "files", 4), without=[{"store": "support", "ground": 4}]), "unknown_collection"),
    ],
)
def test_what_cannot_be_withheld_is_said_to_be_none(
    operator: Door, person: Person, body: dict[str, Any], code: str
) -> None:
    export_in_review(person)
    reply = decide(operator, person, body)
    assert (reply.status, reply.code) == (422, code)
    assert state(person).decision is None


def test_of_anything_but_an_export_no_part_is_withheld(operator: Door, person: Person) -> None:
    in_review(person)
    assert decide(operator, person, withhold(("orders", "rows", 4))).code == "unknown_collection"
