"""After a restore: what had been erased goes again, whatever cannot be told for sure waits for somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from rights.asking import Stores
from rights.clock import stamp
from rights.datamap import DataMap
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Disposition
from rights.errors import IllegalTransitionError, StaleWriteError, StoreRefusedError
from rights.ledger import Ledger, Task
from rights.ledger.replays import Doubt, Entry, Replay, ReplayStatus
from rights.replaying import Replayer, ReplaySettings
from rights.sealing import Sealer
from rights.stores.work import Worker
from tests.integration.ledger.test_steps import verified
from tests.support.clock import StoppedClock
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.support.plans import lay
from tests.unit.stores import maps
from tests.unit.stores.fakes import FakeParts, FakeStore, Killed, Patient

ERASE, ANONYMISE, RETAIN = Disposition.ERASE, Disposition.ANONYMISE, Disposition.RETAIN
ROWS: dict[str, dict[str, Disposition]] = {
    "items": {"a": ERASE, "b": ERASE, "c": ANONYMISE, "d": RETAIN, "e": ERASE},
    "visits": {"v": ERASE},
}


def data_map() -> DataMap:
    """`items` has keys that are never given out again; of `visits` nobody says so."""
    sure = maps.collection("items", maps.field("row", {"never_reused": True}, primary_key=True))
    return DataMap(
        version="1", stores=(maps.store(sure, maps.collection("visits", maps.field("row", primary_key=True))),)
    )


@dataclass
class Scene:
    """A deletion that is done; the store can be put back to before it."""

    ledger: Ledger
    store: FakeStore
    lambdas: Lambdas
    clock: StoppedClock
    request_id: str
    erased_at: str

    def restore(self, *rows: str, collection: str = "items") -> None:
        """Bring these rows back as they were."""
        self.store.rows[collection] |= {row: ROWS[collection][row] for row in rows}
        self.store.anonymised -= set(rows)

    def start(self, restored_to: str | None = None) -> Replay:
        before = stamp(self.clock.at - timedelta(days=2))
        self.clock.advance(seconds=3600)
        return self.ledger.start_replay("shop", restored_to or before, by="op-1")

    def run(self, *, pages: int = 500, looks: int | None = None) -> dict[str, int]:
        stores = Stores(self.lambdas, FUNCTIONS, data_map(), self.ledger.sealer)
        patient = Patient(looks)
        settings = ReplaySettings(backup_days=35, replay_pages=pages)
        return Replayer(self.ledger, stores, settings).run(lambda: patient.get_remaining_time_in_millis() < 2000)

    def now(self, replay: Replay) -> Replay:
        return self.ledger.replay(replay.id)

    def entries(self, replay: Replay) -> dict[Doubt, Entry]:
        return {entry.doubt: entry for entry in self.ledger.entries(replay.id)}

    def told(self) -> list[Mapping[str, Any]]:
        return [event.detail for event in self.ledger.events(self.request_id) if event.code == "erased_again"]


@pytest.fixture
def scene(ledger: Ledger, sealer: Sealer, clock: StoppedClock) -> Scene:
    store = FakeStore(ROWS)
    request_id = verified(ledger, Right.DELETION)
    task = Task(request_id=request_id, store="shop", kind="postgres", stage=2, operation=Operation.ERASE)
    ledger.put_private(request_id, "subject", {"keys": {"account_id": ["acc-1"]}})
    lay(ledger, request_id, [task], known_as=["account", "phone"])
    ledger.begin_work(request_id)
    worker = Worker(ledger, store, FakeParts(), clock)
    assert worker.run("work", request_id, "shop", Patient()).status == "read_back"
    assert worker.run("read_back", request_id, "shop", Patient()).status == "done"
    ledger.close_request(request_id, Status.COMPLETED_IN_PART)
    assert store.rows == {"items": {"c": ANONYMISE, "d": RETAIN}, "visits": {}}
    return Scene(ledger, store, Lambdas({"shop": store}, sealer), clock, request_id, ledger.now())


def test_where_nothing_came_back_nothing_is_erased_and_the_replay_is_done(scene: Scene) -> None:
    replay = scene.start()
    scene.run()
    done = scene.now(replay)
    assert (done.status, done.counts["came_back"], done.counts["looked"]) == (ReplayStatus.DONE, 0, 5)
    assert scene.store.rows["items"]["d"] is RETAIN


def test_what_a_backup_brought_back_goes_again_and_is_counted_and_told(scene: Scene) -> None:
    scene.restore("a", "b", "c", "e")
    replay = scene.start()
    scene.run()
    done = scene.now(replay)
    assert scene.store.rows["items"] == {"c": ANONYMISE, "d": RETAIN}
    assert "c" in scene.store.anonymised
    assert done.status is ReplayStatus.DONE
    assert {name: done.counts[name] for name in ("came_back", "erased", "anonymised", "listed")} == {
        "came_back": 4, "erased": 3, "anonymised": 1, "listed": 0,
    }  # fmt: skip
    assert sum(detail.get("erased", 0) for detail in scene.told()) == 3
    assert {detail["replay"] for detail in scene.told()} == {replay.id}
    assert scene.ledger.verify_chain(scene.request_id)
    assert scene.ledger.get(scene.request_id).status is Status.COMPLETED_IN_PART


def test_only_the_rows_that_were_erased_are_asked_for_and_all_others_stand(scene: Scene) -> None:
    scene.restore("a")
    scene.store.rows["items"]["somebody-elses"] = ERASE
    scene.start()
    scene.run()
    assert set(scene.store.rows["items"]) == {"c", "d", "somebody-elses"}


def test_a_row_under_a_key_that_may_be_given_out_again_waits_for_somebody(scene: Scene) -> None:
    scene.restore("v", collection="visits")
    replay = scene.start()
    scene.run()
    assert scene.now(replay).status is ReplayStatus.REVIEW
    assert scene.store.rows["visits"] == {"v": ERASE}
    entry = scene.entries(replay)[Doubt.REUSABLE_KEY]
    assert (entry.request_id, entry.collection, entry.count) == (scene.request_id, "visits", 1)


def test_a_row_that_was_erased_before_the_moment_the_store_went_back_to_is_newer_and_waits(scene: Scene) -> None:
    scene.restore("a")
    scene.clock.advance(seconds=60)
    replay = scene.start(restored_to=scene.ledger.now())
    scene.run()
    assert "a" in scene.store.rows["items"]
    assert set(scene.entries(replay)) == {Doubt.NEWER}
    assert scene.now(replay).counts["listed"] >= 1


def test_a_row_that_todays_rules_keep_waits(scene: Scene) -> None:
    scene.store.rows["items"]["a"] = RETAIN
    replay = scene.start()
    scene.run()
    assert "a" in scene.store.rows["items"]
    assert scene.entries(replay)[Doubt.KEPT].count == 1


def test_the_rows_of_somebody_on_whom_a_hold_stands_wait(scene: Scene) -> None:
    scene.restore("a")
    scene.ledger.place_hold(["phone"], ground=3, until=date(2027, 5, 1), by="op-1")
    replay = scene.start()
    scene.run()
    assert "a" in scene.store.rows["items"]
    assert Doubt.HELD in scene.entries(replay)


def test_rows_that_do_not_go_wait_for_somebody(scene: Scene) -> None:
    scene.restore("a", "b")
    scene.store.apply_page = lambda *_: None  # type: ignore[method-assign]
    replay = scene.start()
    scene.run()
    assert scene.now(replay).counts["erased"] == 0
    assert Doubt.LEFT in scene.entries(replay)


# ---- decisions


def test_what_is_decided_is_recorded_and_done_by_the_next_run(scene: Scene) -> None:
    scene.restore("v", collection="visits")
    replay = scene.start()
    scene.run()
    entry = scene.entries(replay)[Doubt.REUSABLE_KEY]
    decided = scene.ledger.decide_entry(replay.id, entry.id, "erase", by="op-2")
    assert (decided.decided_by, decided.done_at) == ("op-2", None)
    scene.run()
    assert scene.store.rows["visits"] == {}
    assert scene.now(replay).status is ReplayStatus.DONE
    assert all(one.done_at for one in scene.ledger.entries(replay.id))


def test_what_is_kept_stays_and_ends_the_review(scene: Scene) -> None:
    scene.restore("v", collection="visits")
    replay = scene.start()
    scene.run()
    entry = scene.entries(replay)[Doubt.REUSABLE_KEY]
    scene.ledger.decide_entry(replay.id, entry.id, "keep", by="op-2")
    scene.run()
    assert scene.store.rows["visits"] == {"v": ERASE}
    assert scene.now(replay).status is ReplayStatus.DONE


def test_a_decision_is_made_once(scene: Scene) -> None:
    scene.restore("v", collection="visits")
    replay = scene.start()
    scene.run()
    entry = scene.entries(replay)[Doubt.REUSABLE_KEY]
    scene.ledger.decide_entry(replay.id, entry.id, "keep", by="op-2")
    assert scene.ledger.decide_entry(replay.id, entry.id, "keep", by="op-3").decided_by == "op-2"
    with pytest.raises(IllegalTransitionError):
        scene.ledger.decide_entry(replay.id, entry.id, "erase", by="op-3")


def decided(scene: Scene) -> tuple[Replay, list[Entry]]:
    """Two entries that are decided to go: of `visits`, and of rows of `items` that are newer."""
    scene.restore("v", collection="visits")
    scene.restore("a")
    scene.clock.advance(seconds=60)
    replay = scene.start(restored_to=scene.ledger.now())
    scene.run()
    entries = list(scene.ledger.entries(replay.id))
    for entry in entries:
        scene.ledger.decide_entry(replay.id, entry.id, "erase", by="op-2")
    assert len(entries) == 2
    return replay, entries


def test_an_entry_that_cannot_be_done_holds_up_none_that_can(scene: Scene) -> None:
    replay, entries = decided(scene)
    failing, apply = entries[0].collection, scene.store.plan_rows

    def plan_rows(collection: str, *rest: Any) -> Any:
        if collection == failing:
            raise StoreRefusedError("no")
        return apply(collection, *rest)

    scene.store.plan_rows = plan_rows  # type: ignore[assignment, method-assign]
    assert scene.run()["failed"] == 1
    assert [entry.done_at is not None for entry in scene.ledger.entries(replay.id)] == [False, True]
    scene.store.plan_rows = apply  # type: ignore[method-assign]
    assert scene.run()["failed"] == 0
    assert scene.now(replay).status is ReplayStatus.DONE


# ---- interrupted, twice, at once


def test_rows_that_were_decided_to_go_are_remembered_although_the_run_was_killed_once_they_were_gone(
    scene: Scene,
) -> None:
    scene.restore("v", collection="visits")
    replay = scene.start()
    scene.run()
    [entry] = scene.ledger.entries(replay.id)
    scene.ledger.decide_entry(replay.id, entry.id, "erase", by="op-2")

    def die() -> None:
        if not scene.store.rows["visits"]:
            raise Killed

    scene.lambdas.after = die
    with pytest.raises(Killed):
        scene.run()
    scene.lambdas.after = lambda: None
    scene.run()
    assert scene.now(replay).status is ReplayStatus.DONE
    [place] = [one for one in scene.ledger.tombstones("shop") if replay.id in one]
    stone = scene.ledger.tombstone("shop", place)
    assert stone is not None
    assert stone.rows == [{"row": "v"}]


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_a_replay_that_was_killed_goes_on_where_it_stood_and_counts_exactly(scene: Scene, calls: int) -> None:
    scene.restore("a", "b", "c", "e")
    left = [calls]

    def die() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    scene.lambdas.after = die
    replay = scene.start()
    with pytest.raises(Killed):
        scene.run()
    scene.lambdas.after = lambda: None
    scene.run()
    done = scene.now(replay)
    assert (done.counts["erased"], done.counts["anonymised"], done.status) == (3, 1, ReplayStatus.DONE)
    assert sum(detail.get("erased", 0) for detail in scene.told()) == 3


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_two_runs_that_overlap_anywhere_count_every_row_once(scene: Scene, calls: int) -> None:
    scene.restore("a", "b", "c", "e")
    left = [calls]

    def meanwhile() -> None:
        left[0] -= 1
        if left[0] == 0:
            scene.run()

    scene.lambdas.after = meanwhile
    replay = scene.start()
    scene.run()
    done = scene.now(replay)
    assert (done.counts["came_back"], done.counts["erased"], done.counts["anonymised"]) == (4, 3, 1)
    assert done.status is ReplayStatus.DONE
    assert sum(detail.get("erased", 0) for detail in scene.told()) == 3


def test_a_run_takes_so_many_pages_and_the_next_goes_on(scene: Scene) -> None:
    scene.restore("a", "b", "e")
    replay = scene.start()
    assert scene.run(pages=1) == {"pages": 1, "open": 1, "failed": 0}
    assert scene.now(replay).status is ReplayStatus.RUNNING
    assert scene.run(looks=1)["pages"] == 1
    scene.run()
    assert scene.now(replay).counts["erased"] == 3
    assert scene.run() == {"pages": 0, "open": 0, "failed": 0}


def test_a_store_that_fails_leaves_the_replay_where_it_stood(scene: Scene) -> None:
    scene.restore("a")
    replay = scene.start()
    scene.lambdas.fails["shop"] = "StoreUnavailableError"
    assert scene.run()["failed"] == 1
    assert (scene.now(replay).error_class, scene.now(replay).place) == ("StoreUnavailableError", "")
    scene.lambdas.fails.clear()
    scene.run()
    assert (scene.now(replay).error_class, scene.now(replay).counts["erased"]) == ("", 1)


def test_two_replays_of_a_store_never_run_side_by_side_but_one_after_the_other(scene: Scene) -> None:
    first = scene.start()
    with pytest.raises(IllegalTransitionError):
        scene.start()
    scene.run()
    second = scene.start()
    assert [replay.id for replay in scene.ledger.replays()] == [first.id, second.id]


def test_a_worker_whose_replay_was_taken_over_records_nothing_more(scene: Scene) -> None:
    replay = scene.ledger.claim_replay(scene.start())
    scene.ledger.claim_replay(replay)
    with pytest.raises(StaleWriteError):
        scene.ledger.replayed(replay)


def test_a_second_restore_is_replayed_too_also_of_what_the_first_replay_erased(scene: Scene) -> None:
    scene.restore("a")
    first = scene.start()
    scene.run()
    assert scene.now(first).counts["erased"] == 1
    # The second backup is of a moment at which the first had brought the row back: after its first erasure.
    scene.restore("a")
    second = scene.start(restored_to=scene.now(first).started_at)
    scene.run()
    assert "a" not in scene.store.rows["items"]
    assert scene.now(second).counts["erased"] == 1


def test_a_replay_needs_nothing_of_the_requests_own_record(scene: Scene) -> None:
    scene.restore("a")
    table: Any = scene.ledger.table
    for sort in ("PRIVATE#subject", "STATE"):
        table.transact([table.delete_op({"PK": f"REQUEST#{scene.request_id}", "SK": sort}, "attribute_exists(PK)")])
    replay = scene.start()
    scene.run()
    assert scene.now(replay).counts["erased"] == 1
    assert "a" not in scene.store.rows["items"]
