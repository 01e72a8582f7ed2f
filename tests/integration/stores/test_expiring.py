"""The end of retention, step by step: over a ledger on moto and a store in memory, whatever interrupts it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from rights.asking import Stores
from rights.clock import Clock
from rights.datamap import DataMap
from rights.domain.identity import KeySet
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Disposition
from rights.expiring import Expiry
from rights.ledger import Ledger, Task
from rights.sealing import Sealer
from rights.stores.contract import ErasurePage
from rights.stores.work import Worker
from tests.integration.ledger.test_steps import verified
from tests.support.clock import StoppedClock
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.support.plans import lay
from tests.unit.stores import maps
from tests.unit.stores.fakes import FakeParts, FakeStore, Killed, Patient

KEPT = {"items": {"a": Disposition.RETAIN, "b": Disposition.RETAIN, "c": Disposition.ERASE}}
MAP = DataMap(version="1", stores=(maps.store(maps.collection("items", maps.field("row", primary_key=True))),))


@dataclass
class Scene:
    """A request that ended in part: two rows of its person stay until the first day of 2030."""

    ledger: Ledger
    store: FakeStore
    lambdas: Lambdas
    clock: StoppedClock
    request_id: str

    def run(self, *, looks: int | None = None) -> dict[str, int]:
        stores = Stores(self.lambdas, FUNCTIONS, MAP, self.ledger.sealer)
        patient = Patient(looks)
        return Expiry(self.ledger, stores, 35).run(lambda: patient.get_remaining_time_in_millis() < 2000)

    def at(self, day: str) -> "Scene":
        year, month, number = map(int, day.split("-"))
        self.clock.at = self.clock.at.replace(year=year, month=month, day=number)
        return self

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        events = self.ledger.events(self.request_id)
        return [(e.code, e.detail) for e in events if e.code.startswith("retained_")]

    def due(self, today: str) -> list[Any]:
        return [key for listed in self.ledger.due_on(date.fromisoformat(today)) for key in listed]

    def buried(self, row: str) -> bool:
        stones = (self.ledger.tombstone("shop", place) for place in self.ledger.tombstones("shop", ""))
        return any({"row": row} in stone.rows for stone in stones if stone and stone.label.startswith("20"))


def finish(ledger: Ledger, store: FakeStore, clock: Clock) -> str:
    request_id = verified(ledger, Right.DELETION)
    task = Task(request_id=request_id, store="shop", kind="postgres", stage=2, operation=Operation.ERASE)
    ledger.put_private(request_id, "subject", {"keys": {"account_id": ["acc-1"]}})
    lay(ledger, request_id, [task], known_as=["account", "phone"])
    ledger.begin_work(request_id)
    worker = Worker(ledger, store, FakeParts(), clock)
    assert worker.run("work", request_id, "shop", Patient()).status == "read_back"
    assert worker.run("read_back", request_id, "shop", Patient()).status == "done"
    ledger.close_request(request_id, Status.COMPLETED_IN_PART)
    return request_id


@pytest.fixture
def scene(ledger: Ledger, sealer: Sealer, clock: StoppedClock) -> Scene:
    store = FakeStore(KEPT)
    request_id = finish(ledger, store, clock)
    return Scene(ledger, store, Lambdas({"shop": store}, sealer), clock, request_id)


def test_nothing_is_asked_of_a_store_before_the_date_is_over(scene: Scene) -> None:
    assert scene.at("2030-01-01").run() == {"ended": 0, "overdue": 0}
    assert scene.lambdas.asked == []


@pytest.mark.parametrize("day", ["2030-01-02", "2030-01-09", "2036-01-02"])
def test_what_was_kept_is_erased_when_its_date_is_over_however_late_the_job_runs(scene: Scene, day: str) -> None:
    assert scene.at(day).run() == {"ended": 1, "overdue": 0}
    assert scene.store.rows == {"items": {}}
    assert scene.told() == [
        (
            "retained_erased",
            {"store": "shop", "collection": "items", "until": "2030-01-01"}
            | {"erased": 2, "anonymised": 0, "gone": 0, "kept": 0, "left": 0},
        )
    ]
    assert scene.buried("a")
    assert scene.buried("b")
    assert not scene.buried("c")
    assert scene.ledger.verify_chain(scene.request_id)


def test_a_second_run_finds_nothing_and_tells_nothing(scene: Scene) -> None:
    scene.at("2030-01-02").run()
    assert scene.run() == {"ended": 0, "overdue": 0}
    assert len(scene.told()) == 1


@pytest.mark.parametrize("calls", [1, 2])
def test_a_run_that_was_killed_between_erasing_and_telling_is_succeeded_by_one_that_counts_exactly(
    scene: Scene, calls: int
) -> None:
    left = [calls]

    def die() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    scene.lambdas.after = die
    with pytest.raises(Killed):
        scene.at("2030-01-02").run()
    assert scene.told() == []
    assert len(scene.store.rows["items"]) == (2 if calls == 1 else 0)
    assert scene.run() == {"ended": 1, "overdue": 0}
    assert [(code, detail["erased"], detail["gone"]) for code, detail in scene.told()] == [("retained_erased", 2, 0)]
    assert scene.buried("a")
    assert scene.buried("b")


def test_a_row_that_vanished_meanwhile_is_told_as_gone_and_not_as_erased(scene: Scene) -> None:
    del scene.store.rows["items"]["a"]
    assert scene.at("2030-01-02").run() == {"ended": 1, "overdue": 0}
    [(_, detail)] = scene.told()
    assert (detail["erased"], detail["gone"]) == (1, 1)
    assert not scene.buried("a")


def test_a_row_that_something_still_keeps_moves_to_its_new_date(scene: Scene) -> None:
    scene.store.kept_until["a"] = "2031-06-30"
    assert scene.at("2030-01-02").run() == {"ended": 1, "overdue": 0}
    assert set(scene.store.rows["items"]) == {"a"}
    [(code, detail)] = scene.told()
    assert (code, detail["erased"], detail["kept"]) == ("retained_erased", 1, 1)
    assert scene.due("2031-06-30") == []
    assert scene.at("2031-07-01").run() == {"ended": 1, "overdue": 0}
    assert scene.store.rows == {"items": {}}


def test_a_dispute_that_opens_between_plan_and_erasure_keeps_its_row(scene: Scene) -> None:
    scene.lambdas.after = lambda: scene.store.kept_until.update(a="2031-06-30")
    assert scene.at("2030-01-02").run() == {"ended": 1, "overdue": 0}
    assert set(scene.store.rows["items"]) == {"a"}
    assert not scene.buried("a")
    assert [detail["erased"] for _, detail in scene.told()] == [1]


def test_a_hold_moves_the_date_and_asks_nothing_of_the_store(scene: Scene) -> None:
    hold = scene.at("2029-12-01").ledger.place_hold(["phone"], ground=3, until=date(2030, 5, 1), by="op-1")
    assert scene.at("2030-01-02").run() == {"ended": 1, "overdue": 0}
    assert scene.lambdas.asked == []
    assert [code for code, _ in scene.told()] == ["retained_moved"]
    assert scene.due("2030-05-01") == []
    assert scene.at("2030-05-02").run() == {"ended": 1, "overdue": 0}
    assert scene.store.rows == {"items": {}}
    assert hold.id


def test_a_hold_on_somebody_else_moves_nothing(scene: Scene) -> None:
    scene.at("2029-12-01").ledger.place_hold(["other"], ground=3, until=date(2030, 5, 1), by="op-1")
    scene.at("2030-01-02").run()
    assert scene.store.rows == {"items": {}}


def test_a_hold_placed_while_the_rows_are_being_erased_keeps_the_rest_and_the_count(scene: Scene) -> None:
    apply, dies = scene.store.apply_page, [True]

    def half(collection: str, keys: KeySet, page: ErasurePage) -> None:
        apply(collection, keys, ErasurePage(page.doing()[:1]))
        if dies.pop():
            raise Killed

    scene.store.apply_page = half  # type: ignore[method-assign]
    with pytest.raises(Killed):
        scene.at("2030-01-02").run()
    scene.ledger.place_hold(["account"], ground=3, until=date(2030, 5, 1), by="op-1")
    assert scene.run() == {"ended": 1, "overdue": 0}
    assert set(scene.store.rows["items"]) == {"b"}
    [(code, detail)] = scene.told()
    assert (code, detail["erased"], detail["kept"]) == ("retained_erased", 1, 1)
    assert len(scene.due("2030-05-02")) == 1


def test_rows_that_stay_after_their_erasure_are_overdue_until_they_go(scene: Scene) -> None:
    def refuse_b(collection: str, keys: KeySet, page: ErasurePage) -> None:
        scene.store.rows[collection].pop("a", None)

    works = scene.store.apply_page
    scene.store.apply_page = refuse_b  # type: ignore[method-assign]
    assert scene.at("2030-01-02").run() == {"ended": 0, "overdue": 1}
    assert scene.run() == {"ended": 0, "overdue": 1}
    assert [(detail["erased"], detail["left"]) for _, detail in scene.told()] == [(1, 1)]
    scene.store.apply_page = works  # type: ignore[method-assign]
    assert scene.run() == {"ended": 1, "overdue": 0}
    assert sum(detail["erased"] for _, detail in scene.told()) == 2


@pytest.mark.parametrize("error", ["StoreUnavailableError", "StoreRefusedError", "Runtime.ExitError"])
def test_a_store_that_fails_is_overdue_and_tried_again_by_the_next_run(scene: Scene, error: str) -> None:
    scene.lambdas.fails["shop"] = error
    assert scene.at("2030-01-02").run() == {"ended": 0, "overdue": 1}
    scene.lambdas.fails.clear()
    assert scene.run() == {"ended": 1, "overdue": 0}


def test_a_store_that_does_not_answer_is_left_alone_after_three_tries(scene: Scene) -> None:
    for _ in range(4):
        scene.store.rows["items"] |= KEPT["items"]
        finish(scene.ledger, scene.store, scene.clock)
    scene.lambdas.fails["shop"] = "StoreUnavailableError"
    assert scene.at("2030-01-02").run()["overdue"] >= 4
    assert len(scene.lambdas.asked) == 3


def test_a_run_whose_time_is_up_leaves_the_rest_to_the_next(scene: Scene) -> None:
    assert scene.at("2030-01-02").run(looks=0) == {"ended": 0, "overdue": 1}
    assert scene.lambdas.asked == []
    assert scene.run() == {"ended": 1, "overdue": 0}


def test_the_job_outlives_the_sealed_data_of_the_request_and_the_request_itself(scene: Scene) -> None:
    table: Any = scene.ledger.table
    for sort in ("PRIVATE#subject", "PRIVATE#typed", "STATE"):
        table.transact([table.delete_op({"PK": f"REQUEST#{scene.request_id}", "SK": sort}, "attribute_exists(PK)")])
    assert scene.at("2030-01-02").run() == {"ended": 1, "overdue": 0}
    assert scene.store.rows == {"items": {}}
