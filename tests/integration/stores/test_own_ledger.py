"""The ledger as a store of itself: a person's requests are handed over on access, and kept against a deletion."""

import json
from datetime import date
from typing import Any

import pytest

from rights.datamap import load_data_map
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Kept, TaskStatus
from rights.errors import DataMapError
from rights.ledger import Ledger, Task
from rights.ledger.requests import Change
from rights.planning import pseudonyms_of
from rights.stores.own_ledger import OwnLedger
from rights.stores.work import Worker
from tests.integration.ledger.test_requests import PHONE, new
from tests.support.clock import StoppedClock
from tests.unit.stores.fakes import FakeParts, Patient

ACCOUNT = Identifier(Kind.ACCOUNT, "qwortzel")
KEYS = KeySet.of([ACCOUNT, Identifier(Kind.PHONE, PHONE)])
STORE = load_data_map().store("ledger")
OPERATOR = "operator-qwortzel"


def tag(ledger: Ledger, keys: KeySet) -> str:
    return pseudonyms_of(keys, ledger.hmac)[0]


def running(ledger: Ledger, keys: KeySet = KEYS, right: Right = Right.ACCESS) -> str:
    """A request that is being worked on, which an operator has looked at and the person was told of."""
    request_id = ledger.open_request(new(right=right, message="qwortzel")).request.id
    sets = {"subject": tag(ledger, keys), "known_as": pseudonyms_of(keys, ledger.hmac)}
    ledger.change(request_id, lambda _: Change(code="planned", to=Status.VERIFIED, sets=sets))
    ledger.change(request_id, lambda _: Change(code="approved", by=OPERATOR, to=Status.IN_PROGRESS))
    ledger.table.transact([ledger.notice_part(request_id, "received", "phone")])
    ledger.put_private(request_id, "subject", {"keys": keys.to_mapping()})
    return request_id


def closed(ledger: Ledger, **of: Any) -> str:
    request_id = running(ledger, **of)
    ledger.change(request_id, lambda _: Change(code="closed", to=Status.COMPLETED, sets={"outcome": "completed"}))
    return request_id


def connector(ledger: Ledger, page_size: int = 2) -> OwnLedger:
    return OwnLedger(STORE, ledger, ledger.hmac, page_size)


def everything(reached: OwnLedger, keys: KeySet = KEYS) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in reached.collections():
        after, rows = None, found.setdefault(name, [])
        while (page := reached.read_page(name, keys, after)).next is not None:
            rows += page.records
            after = page.next
        rows += page.records
    return found


def test_a_person_gets_all_their_requests_the_running_one_too_and_nobody_elses(ledger: Ledger) -> None:
    mine = [closed(ledger), running(ledger), closed(ledger, right=Right.DELETION)]
    closed(ledger, keys=KeySet.of([Identifier(Kind.ACCOUNT, "stranger")]))
    ledger.open_request(new())  # by nobody who has proven anything
    found = everything(connector(ledger))
    assert [row["request_id"] for row in found["requests"]] == mine
    assert [row["status"] for row in found["requests"]] == ["completed", "in_progress", "completed"]
    assert found["requests"][0]["due_at"] == ledger.get(mine[0]).due_at
    assert {row["request_id"] for row in found["events"]} == set(mine)
    assert [(row["kind"], row["channel"]) for row in found["notices"]] == [("received", "phone")] * 3


@pytest.mark.parametrize("page_size", [1, 2, 3, 50])
def test_the_pages_are_whole_whatever_their_size_and_count_as_many(ledger: Ledger, page_size: int) -> None:
    for _ in range(3):
        closed(ledger)
    reached = connector(ledger, page_size)
    found = everything(reached)
    assert len(found["events"]) == 3 * 4
    assert reached.count(KEYS) == {name: len(rows) for name, rows in found.items()}


def test_the_export_names_no_operator_no_contact_and_no_text(ledger: Ledger) -> None:
    running(ledger)
    found = everything(connector(ledger))
    assert [row["by"] for row in found["events"]] == ["person", "system", "operator"]
    text = json.dumps(found)
    assert "qwortzel" not in text
    assert PHONE not in text
    assert tag(ledger, KEYS) not in text


def test_every_field_that_is_handed_over_is_in_the_data_map(ledger: Ledger) -> None:
    closed(ledger)
    for name, rows in everything(connector(ledger)).items():
        assert set(rows[0]) == {field.name for field in STORE.collection(name).fields}


def test_the_ledger_recognises_nobody_and_leads_nowhere(ledger: Ledger) -> None:
    closed(ledger)
    reached = connector(ledger)
    assert not reached.recognise(Identifier(Kind.PHONE, PHONE))
    assert reached.locate(KEYS) == KEYS


def test_a_request_whose_proof_has_just_ended_is_left_out(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = closed(ledger)

    class Late:
        """An index that is a moment behind."""

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger, name)

        def requests_of(self, _subjects: Any) -> list[tuple[str, str]]:
            return [(ledger.get(request_id).received_at, request_id), ("2026-11-22", "GONE")]

    late: Any = Late()
    assert len(OwnLedger(STORE, late, ledger.hmac).read_page("requests", KEYS, None).records) == 1
    assert not OwnLedger(STORE, late, ledger.hmac).read_page("requests", KeySet.of([]), None).records


def test_a_collection_that_only_the_data_map_knows_is_its_mistake(ledger: Ledger) -> None:
    tasks = STORE.collection("requests").model_copy(update={"name": "tasks"})
    reached = OwnLedger(STORE.model_copy(update={"collections": (tasks,)}), ledger, ledger.hmac)
    with pytest.raises(DataMapError):
        reached.read_page("tasks", KEYS, None)


def work(ledger: Ledger, clock: StoppedClock, request_id: str, operation: Operation) -> Task:
    task = Task(request_id=request_id, store="ledger", kind="ledger", stage=2, operation=operation)
    ledger.table.transact(ledger.task_parts([task]))
    worker = Worker(ledger, connector(ledger), FakeParts(), clock)
    if worker.run("work", request_id, "ledger", Patient()).status == "read_back":
        worker.run("read_back", request_id, "ledger", Patient())
    return ledger.task(request_id, "ledger")


def test_an_access_hands_over_its_own_request(ledger: Ledger, clock: StoppedClock) -> None:
    closed(ledger)
    task = work(ledger, clock, running(ledger), Operation.EXPORT)
    assert task.status is TaskStatus.DONE
    assert {name: entry["exported"] for name, entry in task.by_collection.items()} == {
        "requests": 2, "events": 7, "notices": 2,
    }  # fmt: skip


def test_a_deletion_keeps_everything_as_proof_on_ground_eleven_for_five_years_from_the_close(
    ledger: Ledger, clock: StoppedClock
) -> None:
    closed(ledger)
    clock.advance(days=10)
    before = everything(connector(ledger))
    task = work(ledger, clock, running(ledger, right=Right.DELETION), Operation.ERASE)
    assert task.status is TaskStatus.DONE
    assert (task.counts.found, task.counts.retained, task.counts.erased) == (11, 11, 0)
    # The longest: the running request's, counted from today.
    assert task.counts.kept == (Kept(11, "2031-12-02", 11, "proof_of_requests"),)
    assert everything(connector(ledger))["requests"][:1] == before["requests"]


def test_what_is_kept_as_proof_ends_by_itself_and_is_no_bundle_for_the_end_of_retention(
    ledger: Ledger, clock: StoppedClock
) -> None:
    work(ledger, clock, running(ledger, right=Right.DELETION), Operation.ERASE)
    assert list(ledger.due_on(date(2099, 1, 1))) == []


def test_a_proof_that_is_overdue_is_ended_by_the_daily_run_and_by_no_deletion(
    ledger: Ledger, clock: StoppedClock
) -> None:
    closed(ledger)
    page = connector(ledger).plan_page("requests", KEYS, None, "2040-01-01")
    assert page.to_do == 0
    assert [change.kept for change in page.changes] == [Kept(11, "2040-01-01", 1, "proof_of_requests")]
    assert connector(ledger).plan_rows("requests", KEYS, [{"request_id": "R1"}], "2040-01-01").changes == []
