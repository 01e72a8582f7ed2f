"""Work begun before it is asked for: in order, a few pieces at most, and errors where they belong."""

from collections.abc import Iterator
from threading import Event

import pytest

from rights.lake.ahead import Ahead, Work

SMALL, LARGE = 1024, 64 * 1024 * 1024


def test_results_come_in_the_order_of_the_work_not_of_its_ends() -> None:
    second_is_done = Event()

    def second() -> int:
        second_is_done.set()
        return 2

    work = iter([Work(SMALL, lambda: 1 if second_is_done.wait(60) else 0), Work(SMALL, second)])
    with Ahead(work) as ahead:
        assert [ahead.take(), ahead.take()] == [1, 2]


@pytest.mark.parametrize(("size", "most"), [(LARGE, 2), (2 * 1024 * 1024, 2), (1024 * 1024, 4)])
def test_only_as_much_is_begun_as_memory_is_meant_for(size: int, most: int) -> None:
    taken, begun = 0, 0

    def work() -> Iterator[Work[int]]:
        nonlocal begun
        for number in range(20):
            begun += 1
            assert begun - taken <= most + 1  # the piece that is taken makes room
            yield Work(size, lambda number=number: number)  # type: ignore[misc]

    with Ahead(work()) as ahead:
        assert begun == most
        for number in range(20):
            assert ahead.take() == number
            taken += 1


def test_an_error_comes_where_its_result_would_have() -> None:
    def broken() -> int:
        raise ValueError("broken")

    with Ahead(iter([Work(SMALL, lambda: 1), Work(SMALL, broken), Work(SMALL, lambda: 3)])) as ahead:
        assert ahead.take() == 1
        with pytest.raises(ValueError, match="broken"):
            ahead.take()


def test_nothing_to_do_is_no_error() -> None:
    empty: Iterator[Work[int]] = iter(())
    with Ahead(empty):
        pass
