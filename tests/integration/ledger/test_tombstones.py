"""Tombstones: what was erased can be found again while a backup may bring it back, and names nobody in the table."""

from dataclasses import replace

from rights.domain.tombstone import Tombstone, columns_of
from rights.domain.work import Disposition
from rights.ledger import Ledger
from tests.integration.ledger.test_steps import planned, verified
from tests.support.clock import StoppedClock

ROWS = [{"order_id": "qwortzel-1"}, {"order_id": "qwortzel-2"}]


def stone(request_id: str = "R1", label: str = "1", order: int = 0, collection: str = "items") -> Tombstone:
    return Tombstone(
        request_id=request_id, store="shop", collection=collection, order=order, label=label,
        operation=Disposition.ERASE, keys={"account_id": ["qwortzel"]}, columns=columns_of(ROWS),
    )  # fmt: skip


def test_what_was_buried_can_be_dug_up_as_it_was(ledger: Ledger) -> None:
    ledger.bury("R1", [stone()], 35)
    [place] = ledger.tombstones("shop", "")
    found = ledger.tombstone("shop", place)
    assert found
    assert found.erased_at[:10] == ledger.now()[:10]
    assert replace(found, erased_at="") == stone()
    assert list(ledger.tombstones("other", "")) == []


def test_the_table_names_neither_row_nor_person(ledger: Ledger) -> None:
    ledger.bury("R1", [stone()], 35)
    assert "qwortzel" not in str(list(ledger.table.query_all("TOMBSTONE#shop")))


def test_a_hold_finds_the_person_by_the_pseudonyms_of_the_request(ledger: Ledger) -> None:
    request_id = verified(ledger)
    planned(ledger, request_id)
    ledger.bury(request_id, [stone(request_id)], 35)
    [place] = ledger.tombstones("shop", "")
    found = ledger.tombstone("shop", place)
    assert found
    assert found.known_as == ledger.get(request_id).known_as


def test_they_come_day_by_day_and_children_first_and_after_any_place(ledger: Ledger, clock: StoppedClock) -> None:
    ledger.bury("R2", [stone("R2", "1", 1, "orders"), stone("R2", "1", 0, "items")], 35)
    clock.advance(seconds=86400)
    ledger.bury("R1", [stone("R1")], 35)
    places = list(ledger.tombstones("shop", ""))
    opened = [found for place in places if (found := ledger.tombstone("shop", place))]
    assert [(one.request_id, one.collection) for one in opened] == [("R2", "items"), ("R2", "orders"), ("R1", "items")]
    assert list(ledger.tombstones("shop", places[1])) == places[2:]


def test_the_same_page_buried_twice_is_there_once(ledger: Ledger) -> None:
    ledger.bury("R1", [stone()], 35)
    ledger.bury("R1", [stone()], 35)
    assert len(list(ledger.tombstones("shop", ""))) == 1


def test_one_that_outlived_the_backups_is_left_out_although_it_is_still_there(
    ledger: Ledger, clock: StoppedClock
) -> None:
    ledger.bury("R1", [stone()], 35)
    clock.advance(seconds=35 * 86400 - 1)
    assert len(list(ledger.tombstones("shop", ""))) == 1
    clock.advance(seconds=1)
    assert list(ledger.tombstones("shop", "")) == []
