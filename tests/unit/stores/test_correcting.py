# ruff: noqa: ARG002, PLR0917 - a fake keeps the names of what it stands for
"""Corrections, restrictions and a shut sign-in, as the worker takes a store through them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rights.datamap.model import Flag
from rights.domain.identity import KeySet
from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.ledger.model import Task
from rights.stores.contract import Corrected, Seen
from rights.stores.work import Worker
from tests.unit.stores.fakes import REQUEST, FakeLedger, FakeParts, FakeStore, Killed, Patient, at_noon

MANY = {f"n{number:02d}": "Sok Dara" for number in range(60)}


class Names(FakeStore):
    """Two collections of names: row to name."""

    def __init__(self, people: dict[str, str], tickets: dict[str, str] | None = None) -> None:
        super().__init__({"people": {}, "tickets": {}})
        self.names = {"people": people, "tickets": tickets or {}}
        self.written: list[str] = []
        self.after_write: Callable[[], None] = lambda: None

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        return [
            Seen(name, {"row": row}, "name", "name", value)
            for name, rows in self.names.items()
            for row, value in rows.items()
            if "name" in subjects
        ]

    def correct(
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        rows, row = self.names[collection], key["row"]
        if row not in rows:
            return "gone"
        if rows[row] not in {seen_value, new_value}:
            return "conflict"
        if rows[row] != new_value:
            rows[row] = new_value
            self.written.append(row)
        self.after_write()
        return "corrected"


def correction(store: Names, **change: str) -> FakeLedger:
    """A ledger with the plan of a correction of the name, as the planner lays it."""
    ledger = FakeLedger(Operation.CORRECT)
    ledger.sealed["changes"] = {"name": {"to": "Sok Darith"} | change}
    ledger.sealed["seen"] = {"shop": [seen.to_dict() for seen in store.seen(KeySet(), ["name"])]}
    return ledger


def finish(ledger: FakeLedger, store: FakeStore, looks: int | None = None) -> Task:
    status = "more"
    for _ in range(50):
        step: Any = "read_back" if status == "read_back" else "work"
        status = Worker(ledger, store, FakeParts(), at_noon).run(step, REQUEST, "shop", Patient(looks)).status
        if status in {"done", "failed"}:
            break
    return ledger.saved


def results(ledger: FakeLedger) -> list[tuple[str, str, str]]:
    return [(one["before"], one["after"], one["result"]) for one in ledger.sealed["corrected.shop"]]


@pytest.mark.parametrize("looks", [None, 1, 2])
def test_every_field_that_was_seen_is_corrected_counted_once_and_listed_with_before_and_after(
    looks: int | None,
) -> None:
    store = Names(dict(MANY), {"t1": "Sok Dara"})
    ledger = correction(store)
    task = finish(ledger, store, looks)
    assert task.status is TaskStatus.DONE
    assert task.counts == Counts(found=61, corrected=61)
    assert task.by_collection["tickets"] == Counts(found=1, corrected=1).to_dict()
    assert results(ledger) == [("Sok Dara", "Sok Darith", "corrected")] * 61
    assert task.verified_at


def test_a_value_that_changed_since_it_was_seen_is_a_conflict_and_stays() -> None:
    store = Names({"n1": "Sok Dara", "n2": "Sok Dara"})
    ledger = correction(store)
    store.names["people"]["n2"] = "Sok Sophea"
    assert finish(ledger, store).counts == Counts(found=2, corrected=1, conflicts=1)
    assert store.names["people"] == {"n1": "Sok Darith", "n2": "Sok Sophea"}
    assert results(ledger)[1] == ("Sok Dara", "Sok Dara", "conflict")


def test_what_the_person_said_stood_there_must_stand_there() -> None:
    store = Names({"n1": "Sok Dara", "n2": "Chan Bopha"})
    ledger = correction(store, **{"from": " sok DARA "})
    assert finish(ledger, store).counts == Counts(found=2, corrected=1, conflicts=1)
    assert store.names["people"] == {"n1": "Sok Darith", "n2": "Chan Bopha"}


def test_a_second_run_changes_nothing_and_says_the_same() -> None:
    store = Names(dict(MANY))
    first = finish(correction(store), store)
    again = correction(store)
    assert finish(again, store).counts == first.counts
    assert len(store.written) == 60


@pytest.mark.parametrize("after", [1, 7, 25, 26, 60])
def test_killed_between_a_write_and_its_record_the_counts_and_the_list_stay_exact(after: int) -> None:
    store = Names(dict(MANY))
    store.names["people"]["n03"] = "Sok Dara"
    ledger = correction(store)
    store.names["people"]["n03"] = "changed meanwhile"
    writes = 0

    def die() -> None:
        nonlocal writes
        writes += 1
        if writes == after:
            raise Killed

    store.after_write = die
    if after < 60:
        with pytest.raises(Killed):
            finish(ledger, store)
    assert finish(ledger, store).counts == Counts(found=60, corrected=59, conflicts=1)
    assert len(results(ledger)) == 60
    assert results(ledger)[3][2] == "conflict"


def test_killed_before_the_checkpoint_the_sealed_list_is_there_already() -> None:
    store = Names(dict(MANY))
    ledger = correction(store)

    def die(task: Task) -> None:
        if task.counts.corrected:
            ledger.before_checkpoint = lambda _: None
            raise Killed

    ledger.before_checkpoint = die
    with pytest.raises(Killed):
        finish(ledger, store)
    assert len(results(ledger)) == 25
    assert finish(ledger, store).counts == Counts(found=60, corrected=60)
    assert len(results(ledger)) == 60


def test_a_row_that_comes_in_meanwhile_with_the_old_value_is_corrected_in_another_round() -> None:
    store = Names({"n1": "Sok Dara"})
    ledger = correction(store)
    store.names["tickets"]["late"] = "Sok Dara"
    task = finish(ledger, store)
    assert (task.counts, task.late_rounds) == (Counts(found=2, corrected=2), 1)
    assert store.names["tickets"] == {"late": "Sok Darith"}
    assert len(results(ledger)) == 2


def test_a_row_that_somebody_keeps_putting_back_ends_as_a_conflict_or_a_failure_never_as_done() -> None:
    store = Names({"n1": "Sok Dara"})

    class Stubborn(Names):
        def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
            self.names["people"]["n1"] = "Sok Dara"
            return super().seen(keys, subjects)

    task = finish(correction(store), Stubborn(store.names["people"]))
    assert (task.status, task.error_class) == (TaskStatus.FAILED, "RowsLeft")


def test_a_row_that_is_gone_is_neither_corrected_nor_a_conflict() -> None:
    store = Names({"n1": "Sok Dara", "n2": "Sok Dara"})
    ledger = correction(store)
    del store.names["people"]["n2"]
    assert finish(ledger, store).counts == Counts(found=1, corrected=1)
    assert results(ledger)[1][2] == "gone"


def test_a_field_without_a_value_gets_none() -> None:
    store = Names({"n1": "Sok Dara", "n2": None})  # type: ignore[dict-item]
    assert finish(correction(store), store).counts == Counts(found=1, corrected=1)
    assert store.names["people"]["n2"] is None


def test_the_task_itself_never_holds_a_value() -> None:
    store = Names(dict(MANY))
    ledger = correction(store)
    finish(ledger, store)
    assert "Sok" not in repr([(task.by_collection, task.cursor, task.intent) for task in ledger.checkpoints])


class Flags(FakeStore):
    """Rows with or without a flag."""

    def __init__(self, rows: dict[str, bool]) -> None:
        super().__init__({"consents": {}})
        self.flagged = rows
        self.set_at: list[str] = []
        self.shut = 0
        self.unwilling = False

    def flags(self, collection: str, purposes: Sequence[str]) -> tuple[Flag, ...]:
        flag = Flag(purposes=("marketing",), set={"granted": False}, stamp="at")
        return (flag,) if "marketing" in purposes else ()

    def restrict(self, collection: str, keys: KeySet, flags: Sequence[Flag], now: str) -> int:
        self.set_at.append(now)
        if not self.unwilling:
            self.flagged = dict.fromkeys(self.flagged, True)
        return sum(self.flagged.values())

    def unflagged(self, collection: str, keys: KeySet, flags: Sequence[Flag]) -> int:
        return sum(not flagged for flagged in self.flagged.values())

    def freeze(self, keys: KeySet) -> int:
        self.shut += 1
        return 1


def restriction(*purposes: str) -> FakeLedger:
    ledger = FakeLedger(Operation.RESTRICT)
    ledger.saved = replace(ledger.saved, purposes=purposes)
    return ledger


def test_a_restriction_sets_its_flags_with_the_time_and_reads_them_back() -> None:
    store = Flags({"a": False, "b": True})
    task = finish(restriction("marketing"), store)
    assert (task.counts, task.status) == (Counts(found=2, flagged=2), TaskStatus.DONE)
    assert store.set_at == ["2025-11-22T05:00:00.000000Z"]
    assert task.verified_at


def test_other_purposes_set_nothing() -> None:
    store = Flags({"a": False})
    assert finish(restriction("location"), store).counts == Counts()
    assert store.flagged == {"a": False}


def test_a_flag_that_does_not_hold_is_tried_again_and_then_needs_somebody() -> None:
    store = Flags({"a": False, "b": True})
    store.unwilling = True
    task = finish(restriction("marketing"), store)
    assert (task.status, task.error_class, len(store.set_at)) == (TaskStatus.FAILED, "RowsLeft", 4)


def test_a_sign_in_is_shut_and_there_is_nothing_to_read_back() -> None:
    ledger, store = FakeLedger(Operation.FREEZE), Flags({})
    task = finish(ledger, store)
    assert (task.counts, task.status, store.shut) == (Counts(found=1, flagged=1), TaskStatus.DONE, 1)
