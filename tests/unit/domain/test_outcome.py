from hypothesis import given
from hypothesis import strategies as st

from rights.domain.outcome import outcome_of
from rights.domain.rights import Right
from rights.domain.status import FINAL, TRANSITIONS, Status
from rights.domain.work import Counts

numbers = st.integers(0, 5)
counts = st.lists(st.builds(Counts, found=numbers, erased=numbers, retained=numbers), max_size=4)


@given(st.sampled_from(sorted(Right)), counts)
def test_an_outcome_is_an_end_that_work_in_progress_may_come_to(right: Right, stores: list[Counts]) -> None:
    assert outcome_of(right, stores) in FINAL & TRANSITIONS[Status.IN_PROGRESS]


@given(counts)
def test_a_deletion_that_kept_anything_anywhere_is_completed_in_part(stores: list[Counts]) -> None:
    partly = outcome_of(Right.DELETION, stores) is Status.COMPLETED_IN_PART
    assert partly == (sum(store.retained for store in stores) > 0)


@given(counts)
def test_an_access_is_complete_whatever_the_stores_keep(stores: list[Counts]) -> None:
    assert outcome_of(Right.ACCESS, stores) is Status.COMPLETED


def test_nothing_found_is_completed() -> None:
    assert outcome_of(Right.DELETION, []) is Status.COMPLETED
