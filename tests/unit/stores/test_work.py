import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.clock import parse
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import Counts, Disposition, Kept, TaskStatus
from rights.errors import DataMapError, NotReadyError, StaleWriteError, StoreUnavailableError
from rights.ledger.model import Task
from rights.stores.contract import Connector, ErasurePage
from rights.stores.work import Report, Worker
from tests.support.clock import StoppedClock
from tests.unit.stores.fakes import REQUEST, FakeLedger, FakeParts, FakeStore, Killed, Patient, at_noon

ERASE, ANONYMISE, RETAIN = Disposition.ERASE, Disposition.ANONYMISE, Disposition.RETAIN
LAW = Kept(11, "2030-01-01", 1, "law")

SHOP = {
    "items": {"i1": ERASE, "i2": RETAIN, "i3": ERASE, "i4": ERASE, "i5": ANONYMISE},
    "empty": {},
    "orders": {"o1": RETAIN, "o2": ERASE},
}
SHOP_COUNTS = Counts(found=7, erased=4, anonymised=1, retained=2, kept=(Kept(11, "2030-01-01", 2, "law"),))


def step(
    ledger: FakeLedger, store: Connector, name: str = "work", parts: FakeParts | None = None, looks: int | None = None
) -> Report:
    return Worker(ledger, store, parts or FakeParts(), at_noon).run(name, REQUEST, "shop", Patient(looks))  # type: ignore[arg-type]


def finish(ledger: FakeLedger, store: Connector, parts: FakeParts | None = None, looks: int | None = None) -> Task:
    status = "more"
    while status in {"more", "read_back"}:
        status = step(ledger, store, "read_back" if status == "read_back" else "work", parts, looks).status
    return ledger.saved


def test_an_erasure_counts_every_row_once_and_is_read_back() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)
    assert step(ledger, store).to_dict() == {"store": "shop", "status": "read_back", "left": 0}
    assert ledger.saved.status is TaskStatus.READING_BACK
    assert step(ledger, store, "read_back").status == "done"
    assert ledger.saved.counts == SHOP_COUNTS
    assert ledger.saved.verified_at == "2025-11-22T05:00:00.000000Z"
    assert ledger.saved.by_collection["orders"] == Counts(found=2, erased=1, retained=1, kept=(LAW,)).to_dict()
    assert ledger.saved.by_collection["empty"] == Counts().to_dict()


@pytest.mark.parametrize(
    ("operation", "steps"), [(Operation.ERASE, ["work", "read_back"]), (Operation.EXPORT, ["work"])]
)
def test_when_the_work_began_and_ended_is_kept_over_calls(operation: Operation, steps: list[Any]) -> None:
    ledger, store, clock, begun, calls = FakeLedger(operation), FakeStore(SHOP), StoppedClock(), set(), 0
    for name in steps:
        status = "more"
        while status in {"more", name}:
            assert ledger.saved.done_at is None
            clock.advance(seconds=60)
            status, calls = (
                Worker(ledger, store, FakeParts(), clock).run(name, REQUEST, "shop", Patient(1)).status,
                calls + 1,
            )
            begun.add(ledger.saved.begun_at)
    [at], done = begun, ledger.saved.done_at
    assert at is not None
    assert done is not None
    assert parse(done) - parse(at) >= timedelta(minutes=calls - 1) > timedelta(minutes=1)


@pytest.mark.parametrize("looks", [None, 1, 3])
@pytest.mark.parametrize("page_size", [1, 2, 9])
def test_what_the_read_back_finds_kept_is_remembered_once_with_the_keys_to_erase_it(
    looks: int | None, page_size: int
) -> None:
    ledger = FakeLedger(Operation.ERASE)
    kept = {"items": {"i2": RETAIN, "i6": RETAIN, "i7": ERASE}, "orders": {"o1": RETAIN}}
    assert finish(ledger, FakeStore(kept, page_size), looks=looks).counts.retained == 3
    found = [(rows.collection, row["row"]) for rows in ledger.retained.values() for row in rows.rows]
    assert sorted(found) == [("items", "i2"), ("items", "i6"), ("orders", "o1")]
    for rows in ledger.retained.values():
        assert (rows.until, rows.ground, rows.reason) == ("2030-01-01", 11, "law")
        assert rows.keys == {"account_id": ["acc-1"]}


def test_an_export_remembers_nothing_as_kept() -> None:
    ledger = FakeLedger(Operation.EXPORT)
    finish(ledger, FakeStore(SHOP))
    assert ledger.retained == {}


def test_an_export_writes_numbered_pages_per_collection_and_ends_done() -> None:
    ledger, parts = FakeLedger(Operation.EXPORT), FakeParts()
    assert step(ledger, FakeStore(SHOP), parts=parts).status == "done"
    assert sorted(parts.pages) == [
        f"{REQUEST}/shop/{name}"
        for name in ("empty/000000", "items/000000", "items/000001", "items/000002", "orders/000000")
    ]
    assert len(parts.records) == 7
    assert ledger.saved.counts == Counts(found=7, exported=7)


def test_a_person_without_any_record_is_done_with_zero_counts() -> None:
    for operation in Operation:
        ledger = FakeLedger(operation)
        assert finish(ledger, FakeStore({"items": {}, "orders": {}})).counts == Counts()
        assert ledger.saved.status is TaskStatus.DONE


def test_what_was_found_is_recorded_before_anything_is_done() -> None:
    ledger = FakeLedger(Operation.ERASE)
    step(ledger, FakeStore(SHOP))
    first = ledger.checkpoints[0]
    assert first.counts == Counts(found=7)
    assert first.by_collection["items"]["found"] == 5


def test_an_export_starts_from_what_the_plan_counted_and_ends_with_what_it_wrote() -> None:
    class Uncounted(FakeStore):
        def count(self, keys: KeySet) -> dict[str, int]:
            raise AssertionError(keys)

    ledger = FakeLedger(Operation.EXPORT)
    ledger.saved = replace(ledger.saved, preview={"items": 4, "orders": 2, "gone": 1})
    task = finish(ledger, Uncounted(SHOP))
    assert ledger.checkpoints[0].counts == Counts(found=6)
    assert (task.found_at_start, task.counts) == (6, Counts(found=7, exported=7))


def test_work_stops_when_the_time_is_up_and_goes_on_where_it_stopped() -> None:
    for operation in (Operation.EXPORT, Operation.ERASE):
        ledger, store, parts = FakeLedger(operation), FakeStore(SHOP), FakeParts()
        assert step(ledger, store, parts=parts, looks=1).status == "more"
        task = finish(ledger, store, parts, looks=1)
        assert task.counts == (SHOP_COUNTS if operation is Operation.ERASE else Counts(found=7, exported=7))
        assert task.late_rounds == 0


@pytest.mark.parametrize("operation", [Operation.EXPORT, Operation.ERASE])
def test_a_task_that_is_about_some_collections_touches_no_other_and_counts_no_other(operation: Operation) -> None:
    ledger, store, parts = FakeLedger(operation), FakeStore(SHOP), FakeParts()
    ledger.saved = replace(ledger.saved, collections=("orders", "empty"))
    task = finish(ledger, store, parts)
    assert list(task.by_collection) == ["empty", "orders"]
    assert task.counts.found == task.found_at_start == 2
    assert store.rows["items"] == SHOP["items"]
    assert {name.split("/")[2] for name in parts.pages} <= {"empty", "orders"}


def test_a_task_whose_collections_the_data_map_has_lost_is_refused() -> None:
    ledger = FakeLedger(Operation.ERASE)
    ledger.saved = replace(ledger.saved, collections=("gone",))
    with pytest.raises(DataMapError, match="lost"):
        step(ledger, FakeStore(SHOP))


def test_each_invocation_does_at_least_one_page() -> None:
    ledger = FakeLedger(Operation.EXPORT)
    step(ledger, FakeStore(SHOP), looks=1)
    assert ledger.saved.counts.exported == 2


def test_steps_out_of_turn_change_nothing_and_say_whose_turn_it_is() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)
    assert step(ledger, store, "read_back").status == "more"
    step(ledger, store)
    assert step(ledger, store, "work").status == "read_back"
    step(ledger, store, "read_back")
    saved, applied = ledger.saved, list(store.applied)
    assert step(ledger, store, "work").status == "done"
    assert step(ledger, store, "read_back").status == "done"
    assert (ledger.saved, store.applied) == (saved, applied)


def test_killed_between_the_write_and_its_record_the_rows_are_counted_once() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)

    def die() -> None:
        store.after_apply = lambda: None
        raise Killed

    store.after_apply = die
    with pytest.raises(Killed):
        step(ledger, store)
    assert ledger.saved.intent is not None
    assert "i1" not in store.rows["items"]
    assert finish(ledger, store).counts == SHOP_COUNTS


def test_killed_between_the_intent_and_the_write_the_rows_are_still_erased_and_counted_once() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)

    class Stillborn(FakeStore):
        def apply_page(self, *_: object) -> None:
            raise Killed

    unlucky = Stillborn(SHOP)
    with pytest.raises(Killed):
        step(ledger, unlucky)
    assert ledger.saved.intent is not None
    assert finish(ledger, store).counts == SHOP_COUNTS
    assert store.applied.count("i1") == 1


def test_killed_in_the_middle_of_an_export_the_page_is_written_again_under_its_name() -> None:
    ledger, store, parts = FakeLedger(Operation.EXPORT), FakeStore(SHOP), FakeParts()

    def die() -> None:
        if len(parts.pages) == 2:
            parts.after_write = lambda: None
            raise Killed

    parts.after_write = die
    with pytest.raises(Killed):
        step(ledger, store, parts=parts)
    assert finish(ledger, store, parts).counts == Counts(found=7, exported=7)
    assert len(parts.records) == 7


@pytest.mark.parametrize("room", [100, 150, 400])
def test_a_page_of_which_the_record_is_too_large_is_done_in_parts_and_counted_once(room: int) -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP, page_size=9)
    ledger.room = room
    task = finish(ledger, store)
    assert (task.counts, task.late_rounds) == (SHOP_COUNTS, 0)
    assert sorted(store.applied) == ["i1", "i3", "i4", "i5", "o2"]
    assert all(len(json.dumps(saved.intent)) <= room for saved in ledger.checkpoints)


def test_killed_in_the_first_part_of_a_page_its_rows_are_counted_once_and_the_rest_follows() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP, page_size=9)
    ledger.room = 150

    def die() -> None:
        store.after_apply = lambda: None
        raise Killed

    store.after_apply = die
    with pytest.raises(Killed):
        step(ledger, store)
    assert ledger.saved.intent is not None
    assert ledger.saved.intent["again"]
    assert finish(ledger, store).counts == SHOP_COUNTS


def test_of_two_workers_the_last_to_claim_goes_on_and_the_first_is_refused() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)

    def overtaken() -> None:
        store.after_plan = lambda: None
        finish(ledger, store)

    store.after_plan = overtaken
    with pytest.raises(StaleWriteError):
        step(ledger, store)
    assert ledger.saved.counts == SHOP_COUNTS
    assert ledger.saved.status is TaskStatus.DONE


def test_a_worker_overtaken_while_it_writes_adds_nothing_to_the_counts() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)

    def overtaken() -> None:
        store.after_apply = lambda: None
        finish(ledger, store)

    store.after_apply = overtaken
    with pytest.raises(StaleWriteError):
        step(ledger, store)
    assert ledger.saved.counts == SHOP_COUNTS


def test_rows_that_come_in_meanwhile_are_erased_in_a_late_round_and_kept_ones_are_not_counted_twice() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)
    step(ledger, store)
    store.rows["items"] |= {"i0": ERASE, "i9": RETAIN}
    assert step(ledger, store, "read_back").to_dict() == {"store": "shop", "status": "more", "left": 1}
    task = finish(ledger, store)
    assert task.late_rounds == 1
    assert task.counts == Counts(found=9, erased=5, anonymised=1, retained=3, kept=(Kept(11, "2030-01-01", 3, "law"),))


class Haunted(FakeStore):
    """A store in which an erased row is there again at once."""

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        super().apply_page(collection, keys, page)
        self.rows["items"]["i1"] = ERASE


def test_a_store_that_never_comes_clean_fails_after_three_late_rounds() -> None:
    ledger = FakeLedger(Operation.ERASE)
    task = finish(ledger, Haunted({"items": {"i1": ERASE}}))
    assert (task.status, task.error_class, task.late_rounds) == (TaskStatus.FAILED, "RowsLeft", 3)
    assert task.verified_at is None
    assert step(ledger, FakeStore({"items": {}}), "read_back").status == "failed"


def test_a_failed_store_that_is_repaired_counts_what_it_kept_once() -> None:
    ledger = FakeLedger(Operation.ERASE)
    haunted = Haunted({"items": {"i1": ERASE, "i2": RETAIN}})
    finish(ledger, haunted)
    ledger.saved = Task(
        **{n: getattr(ledger.saved, n) for n in Task.__slots__} | {"status": TaskStatus.PENDING, "late_rounds": 0}
    )
    task = finish(ledger, FakeStore({"items": {"i1": ERASE, "i2": RETAIN}}))
    assert task.status is TaskStatus.DONE
    assert (task.counts.retained, task.counts.kept) == (1, (LAW,))
    assert task.counts.adds_up


def test_a_store_that_does_not_answer_leaves_the_task_where_it_was() -> None:
    class Down(FakeStore):
        def plan_page(self, *_: object) -> ErasurePage:
            raise StoreUnavailableError

    ledger = FakeLedger(Operation.ERASE)
    with pytest.raises(StoreUnavailableError):
        step(ledger, Down(SHOP))
    assert finish(ledger, FakeStore(SHOP)).counts == SHOP_COUNTS


def test_a_request_without_a_resolved_person_is_not_worked_on() -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(SHOP)
    ledger.sealed.clear()
    with pytest.raises(NotReadyError):
        step(ledger, store)
    assert store.applied == []


def test_the_keys_of_the_request_are_those_the_store_is_asked_with() -> None:
    asked: list[KeySet] = []

    class Curious(FakeStore):
        def count(self, keys: KeySet) -> dict[str, int]:
            asked.append(keys)
            return {}

    ledger = FakeLedger(Operation.EXPORT)
    step(ledger, Curious(SHOP))
    assert asked == [KeySet.from_mapping({"account_id": ["acc-1"]})]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.dictionaries(st.integers(0, 30).map(str), st.sampled_from(list(Disposition)), max_size=12),
    page_size=st.integers(1, 9),
    kills=st.sets(st.integers(1, 40), max_size=6),
    room=st.sampled_from([120, 200, 10_000]),
)
def test_wherever_it_is_killed_the_counts_of_an_erasure_are_exact(
    rows: dict[str, Disposition], page_size: int, kills: set[int], room: int
) -> None:
    ledger, store = FakeLedger(Operation.ERASE), FakeStore({"items": rows, "orders": {"x": ERASE}}, page_size)
    ledger.room = room
    moments = 0

    def moment(*_: object) -> None:
        nonlocal moments
        moments += 1
        if moments in kills:
            raise Killed

    ledger.before_checkpoint = store.after_apply = store.after_plan = moment
    for _ in range(20):
        try:
            task = finish(ledger, store)
            break
        except Killed:
            continue
    of = {what: sum(v is what for v in rows.values()) for what in Disposition}
    assert (task.counts.found, task.counts.erased) == (len(rows) + 1, of[ERASE] + 1)
    assert (task.counts.anonymised, task.counts.retained) == (of[ANONYMISE], of[RETAIN])
    assert task.late_rounds == 0


@settings(max_examples=60, deadline=None)
@given(
    rows=st.sets(st.integers(0, 99), max_size=20),
    page_size=st.integers(1, 7),
    kills=st.sets(st.integers(1, 30), max_size=6),
)
def test_wherever_it_is_killed_an_export_has_every_record_once(rows: set[int], page_size: int, kills: set[int]) -> None:
    ledger, parts = FakeLedger(Operation.EXPORT), FakeParts()
    store = FakeStore({"items": {f"{row:02d}": RETAIN for row in rows}}, page_size)
    moments = 0

    def moment(*_: object) -> None:
        nonlocal moments
        moments += 1
        if moments in kills:
            raise Killed

    ledger.before_checkpoint = parts.after_write = moment
    for _ in range(20):
        try:
            task = finish(ledger, store, parts)
            break
        except Killed:
            continue
    assert [record["row"] for record in parts.records] == sorted(f"{row:02d}" for row in rows)
    assert task.counts.exported == task.counts.found == len(rows)
