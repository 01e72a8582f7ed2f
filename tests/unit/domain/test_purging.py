from datetime import UTC, datetime, timedelta

import pytest

from rights.domain.purging import Terms, Waiting, purge_is_due

NOW = datetime(2026, 11, 25, tzinfo=UTC)
TERMS = Terms(enough=100, longest=timedelta(days=5), margin=timedelta(days=7))


@pytest.mark.parametrize(
    ("requests", "waited", "left", "due"),
    [
        (1, 0, 30, False),
        (99, 4, 8, False),
        (100, 0, 30, True),
        (1, 5, 30, True),
        (1, 0, 7, True),
        (1, 0, -1, True),
    ],
)
def test_a_pass_begins_when_enough_wait_or_one_for_long_or_a_date_comes_near(
    requests: int, waited: int, left: int, due: bool
) -> None:
    waiting = Waiting(requests, NOW - timedelta(days=waited), NOW + timedelta(days=left))
    assert purge_is_due(waiting, NOW, TERMS) is due
