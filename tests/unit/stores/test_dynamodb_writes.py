"""How fast conditional writes go, and what a failure leaves of the rest."""

import threading
import time

import pytest

from rights.stores.dynamodb_writes import Pace, each


class Hours:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.mark.parametrize(("units", "each_takes", "seconds"), [(10, 1, 9.9), (10, 3, 29.7), (2.5, 1, 39.6)])
def test_writes_take_no_more_capacity_a_second_than_they_may(units: float, each_takes: float, seconds: float) -> None:
    hours = Hours()
    pace = Pace(units, hours, hours.sleep)
    for _ in range(100):
        pace.wait()
        pace.took(each_takes)
    assert hours.at == pytest.approx(seconds, abs=each_takes / units)


def test_what_was_not_used_in_a_quiet_time_is_not_saved_up() -> None:
    hours = Hours()
    pace = Pace(10, hours, hours.sleep)
    hours.at = 1000.0
    for _ in range(11):
        pace.wait()
    assert hours.at == pytest.approx(1001.0)


def test_without_a_limit_nobody_waits() -> None:
    pace = Pace(None, sleep=lambda _: pytest.fail("waited"))
    for _ in range(1000):
        pace.wait()
        pace.took(50)


def test_threads_share_one_pace() -> None:
    begun = time.monotonic()
    pace = Pace(100)
    each(lambda _: pace.wait(), range(31))
    assert time.monotonic() - begun >= 0.29


def test_the_first_failure_is_raised_and_what_has_not_begun_is_left() -> None:
    begun, lock = [], threading.Lock()

    def fail(number: int) -> None:
        with lock:
            begun.append(number)
        time.sleep(0.01)
        if number == 3:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        each(fail, range(1000))
    assert len(begun) < 100
