"""Rows of PostgreSQL that are judged again by their keys, when what kept them may be over."""

from collections.abc import Iterator

import pytest

from rights.domain.work import Disposition, Kept
from tests.integration.stores.test_postgres import ME, TODAY, Shop, order


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    made = Shop(database)
    yield made
    made.close()


def test_rows_are_judged_by_their_keys_and_only_if_they_are_still_the_persons(shop: Shop) -> None:
    notes = [("a", "acc-1", "closed"), ("b", "acc-1", "open"), ("c", "acc-2", "closed"), ("gone", "acc-1", "closed")]
    shop.insert("notes", *((key, account, None, None, "", status) for key, account, status in notes))
    shop.insert("orders", order(1, placed="2015-01-01"), order(2))
    connector = shop.connector()
    shop.admin.execute("DELETE FROM notes WHERE id = 'gone'")
    page = connector.plan_rows("notes", ME, [{"id": key} for key, _, _ in notes], TODAY)
    found = sorted((c.key["id"], c.disposition, c.kept) for c in page.changes)
    paged = connector.plan_page("notes", ME, None, TODAY).doing(*Disposition)
    assert found == sorted((c.key["id"], c.disposition, c.kept) for c in paged)
    assert [what[:2] for what in found] == [("a", Disposition.ERASE), ("b", Disposition.RETAIN)]
    orders = [{"id": order(number)[0]} for number in (1, 2)]
    one_by_one = connector.plan_rows("orders", ME, orders, TODAY).doing(*Disposition)
    assert one_by_one == connector.plan_page("orders", ME, None, TODAY).doing(*Disposition)
    assert connector.plan_rows("orders", ME, [], TODAY).changes == []


def test_an_order_whose_disputed_row_is_kept_longer_moves_on_with_it(shop: Shop) -> None:
    shop.insert("orders", order(1, placed="2015-01-01"))
    shop.insert("items", (order(1)[0], 1, "2015-01-01", b"x", "t", 1, "open"))
    [change] = shop.connector().plan_rows("orders", ME, [{"id": order(1)[0]}], TODAY).changes
    assert (change.disposition, change.kept) == (Disposition.RETAIN, Kept(7, "2026-11-22", 1, "dispute"))
