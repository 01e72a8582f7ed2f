"""How long a recipient is waited for: pauses that double, moments that cut them short, and an end in time for us."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.recipients import RANK, UNMET, Answer, Chase, Patience, chase, goes_on

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
INTERNAL, LEGAL = BEGAN + timedelta(days=25), BEGAN + timedelta(days=30)
PATIENCE = Patience(900, 86400)


def at(now: datetime, looks: int = 0, expected: datetime | None = None, legal: datetime = LEGAL) -> Chase:
    return chase(
        began=BEGAN, expected=expected, internal=min(INTERNAL, legal), legal=legal, looks=looks, now=now,
        patience=PATIENCE,
    )  # fmt: skip


def test_the_pauses_double_up_to_a_day() -> None:
    assert [at(BEGAN, looks).seconds for looks in range(9)] == [
        900, 1800, 3600, 7200, 14400, 28800, 57600, 86400, 86400,
    ]  # fmt: skip
    assert at(BEGAN, 10_000).seconds == 86400


def test_a_pause_ends_when_the_recipient_said_it_would_be_done() -> None:
    promised = BEGAN + timedelta(minutes=10)
    assert at(BEGAN, expected=promised).seconds == 601
    assert not at(BEGAN, expected=promised).is_overdue
    assert at(promised, expected=promised).is_overdue


def test_somebody_is_asked_to_look_three_days_before_our_own_date_and_nobody_waits_until_the_legal_one() -> None:
    alarm, over = INTERNAL - timedelta(days=3), LEGAL - timedelta(days=1)
    assert not at(alarm - timedelta(seconds=1)).is_alarming
    assert (at(alarm).is_alarming, at(alarm).is_over) == (True, False)
    assert not at(over - timedelta(seconds=1)).is_over
    assert at(over).is_over
    assert at(over - timedelta(seconds=5), looks=8).seconds == 6


def test_a_short_term_leaves_a_tenth_of_it_for_our_own_answer() -> None:
    legal = BEGAN + timedelta(days=3)
    assert not at(legal - timedelta(days=0.31), legal=legal).is_over
    assert at(legal - timedelta(days=0.3), legal=legal).is_over


def test_who_is_asked_after_the_date_is_not_waited_for_at_all() -> None:
    assert at(BEGAN, legal=BEGAN - timedelta(days=1)).is_over


@given(st.floats(0, 40), st.integers(0, 60), st.none() | st.floats(0, 60))
def test_every_pause_has_an_end_and_none_outlasts_the_waiting(day: float, looks: int, promised: float | None) -> None:
    now = BEGAN + timedelta(days=day)
    found = at(now, looks, None if promised is None else BEGAN + timedelta(days=promised))
    assert 1 <= found.seconds <= 86400
    if not found.is_over:
        assert now + timedelta(seconds=found.seconds) <= LEGAL - timedelta(days=1) + timedelta(seconds=2)


@pytest.mark.parametrize("before", [None, *RANK])
@pytest.mark.parametrize("after", RANK)
def test_a_status_never_goes_back_and_nothing_follows_the_end(before: str | None, after: str) -> None:
    order = ["pending", "in_progress"]
    ended = before in {"completed", "cancelled"}
    back = before in order and after in order and order.index(after) < order.index(before)
    assert goes_on(before, after) == (not ended and not back)


def test_a_request_is_done_in_part_only_where_somebody_did_not_do_what_was_asked() -> None:
    assert set(Answer) - UNMET == {Answer.CONFIRMED, Answer.NOTHING_SHARED, Answer.LEFT_OUT}
