from hypothesis import given
from hypothesis import strategies as st

from rights.domain.outcome import notice_of, outcome_of
from rights.domain.rights import Right
from rights.domain.status import FINAL, TRANSITIONS, Status
from rights.domain.work import Counts, Kept

numbers = st.integers(0, 5)
counts = st.lists(st.builds(Counts, found=numbers, erased=numbers, retained=numbers, conflicts=numbers), max_size=4)


@given(counts, st.booleans())
def test_an_outcome_is_an_end_that_work_in_progress_may_come_to(stores: list[Counts], left_out: bool) -> None:
    assert outcome_of(stores, left_out=left_out) in FINAL & TRANSITIONS[Status.IN_PROGRESS]


@given(counts)
def test_what_was_kept_or_had_changed_meanwhile_makes_it_in_part(stores: list[Counts]) -> None:
    partly = outcome_of(stores) is Status.COMPLETED_IN_PART
    assert partly == (sum(store.retained + store.conflicts for store in stores) > 0)


def test_a_store_that_an_operator_left_out_makes_it_in_part() -> None:
    assert outcome_of([Counts(found=3, exported=3)], left_out=True) is Status.COMPLETED_IN_PART


def test_the_proof_of_the_request_itself_makes_a_deletion_no_less_complete() -> None:
    proof = Counts(found=4, retained=4, kept=(Kept(11, "2031-11-22", 4, "proof_of_requests"),))
    assert outcome_of([proof]) is Status.COMPLETED
    assert outcome_of([proof, Counts(found=1, retained=1)]) is Status.COMPLETED_IN_PART


def test_nothing_found_is_completed() -> None:
    assert outcome_of([]) is Status.COMPLETED


def test_each_outcome_is_told_in_the_words_of_its_right() -> None:
    assert notice_of(Right.ACCESS, Status.COMPLETED) == "package_ready"
    assert notice_of(Right.PORTABILITY, Status.COMPLETED) == "package_ready"
    assert notice_of(Right.ACCESS, Status.COMPLETED_IN_PART) == "completed_in_part"
    assert notice_of(Right.DELETION, Status.COMPLETED) == "completed"
    assert notice_of(Right.MARKETING_OPT_OUT, Status.COMPLETED) == "opted_out"
    assert notice_of(Right.COMPLAINT, Status.COMPLETED) == "answered"
