from datetime import UTC, datetime, timedelta

import pytest

from rights.domain.cooling_off import seconds_to_cool_off
from rights.domain.rights import Requester, Right
from rights.domain.status import Status

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TERM = timedelta(days=3)


def left(
    right: Right = Right.DELETION,
    status: Status = Status.VERIFIED,
    until: datetime | None = None,
    requester: Requester = Requester.SELF,
) -> int:
    return seconds_to_cool_off(right, requester, status, until=until, now=NOW, term=TERM)


def test_a_closure_waits_like_a_deletion() -> None:
    assert left(Right.ACCOUNT_CLOSURE) == 3 * 86400


@pytest.mark.parametrize("right", sorted(Right))
def test_whoever_somebody_acts_for_has_time_to_object_to_what_could_hurt(right: Right) -> None:
    harmless = {Right.CONSENT_WITHDRAWAL, Right.RESTRICTION, Right.MARKETING_OPT_OUT, Right.COMPLAINT}
    seconds = 0 if right in harmless else 3 * 86400
    assert left(right, requester=Requester.AGENT) == left(right, requester=Requester.GUARDIAN) == seconds


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.DELETION, Right.ACCOUNT_CLOSURE}))
def test_what_can_be_undone_does_not_wait(right: Right) -> None:
    assert left(right) == 0


def test_a_deletion_waits_the_whole_term_once_it_may_begin() -> None:
    assert left() == 3 * 86400
    assert left(status=Status.IN_REVIEW) == 3 * 86400


@pytest.mark.parametrize(("until", "seconds"), [(timedelta(hours=1), 3600), (timedelta(0), 0), (-timedelta(days=1), 0)])
def test_a_later_run_waits_for_what_is_left(until: timedelta, seconds: int) -> None:
    assert left(status=Status.COOLING_OFF, until=NOW + until) == seconds


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.NEEDS_REPAIR])
def test_work_that_has_begun_is_not_waited_for_again(status: Status) -> None:
    assert left(status=status, until=NOW + timedelta(hours=1)) == 0


def test_a_begun_second_is_waited_out() -> None:
    assert left(status=Status.COOLING_OFF, until=NOW + timedelta(milliseconds=1)) == 1
