"""What was erased is remembered, so that a backup cannot bring it back unseen."""

import pytest

from rights.domain.rights import Operation
from rights.domain.work import Disposition
from rights.ledger.model import Task
from tests.unit.stores.fakes import FakeLedger, FakeStore, Killed
from tests.unit.stores.test_work import step


def buried(ledger: FakeLedger) -> set[str]:
    return {row["row"] for stone in ledger.buried.values() for row in stone.rows}


def test_every_row_that_was_erased_or_anonymised_is_buried_and_none_that_is_kept() -> None:
    rows = {
        "items": {"a": Disposition.ERASE, "b": Disposition.ANONYMISE, "c": Disposition.RETAIN, "d": Disposition.ERASE}
    }
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(rows)
    while step(ledger, store).status == "more":
        pass
    assert buried(ledger) == {"a", "b", "d"}
    assert {(stone.operation, stone.order) for stone in ledger.buried.values()} == {
        (Disposition.ERASE, 0), (Disposition.ANONYMISE, 0)
    }  # fmt: skip


@pytest.mark.parametrize("dies", ["after the erasure", "after the burial"])
def test_what_a_killed_worker_had_erased_is_buried_by_its_successor(dies: str) -> None:
    rows = {"items": dict.fromkeys("abcd", Disposition.ERASE)}
    ledger, store = FakeLedger(Operation.ERASE), FakeStore(rows)

    def die(task: Task | None = None) -> None:
        if task is None or (task.intent is None and task.page == 1):
            raise Killed

    if dies == "after the erasure":
        store.after_apply = die
    else:
        ledger.before_checkpoint = die
    with pytest.raises(Killed):
        step(ledger, store)
    store.after_apply, ledger.before_checkpoint = (lambda: None), (lambda _: None)
    while step(ledger, store).status == "more":
        pass
    assert buried(ledger) == set("abcd")
    assert ledger.saved.counts.erased == 4
