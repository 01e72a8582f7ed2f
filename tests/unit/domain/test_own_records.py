"""The rule, read aloud: what of our own records ends when, counted from the day a request was closed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.own_records import (
    KEPT_BY_A_HOLD,
    End,
    Terms,
    after_hold,
    counted_in,
    evidence_ends,
    next_end,
    package_ends,
    proof_ends,
    sealed_data_ends,
)

CLOSED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUSE = Terms()


def days_after(ends: datetime) -> float:
    return (ends - CLOSED) / timedelta(days=1)


def test_a_package_can_be_fetched_for_fourteen_days() -> None:
    assert days_after(package_ends(CLOSED, HOUSE)) == 14


def test_sealed_data_goes_ninety_days_after_the_close() -> None:
    assert days_after(sealed_data_ends(CLOSED, HOUSE)) == 90


def test_evidence_has_a_term_of_its_own() -> None:
    assert days_after(evidence_ends(CLOSED, HOUSE)) == 180


def test_the_proof_is_kept_for_five_years_and_no_day_longer() -> None:
    assert proof_ends(CLOSED, HOUSE) == CLOSED.replace(year=CLOSED.year + 5)


def test_every_term_can_be_set() -> None:
    terms = Terms(package_days=1, sealed_days=2, evidence_days=3, proof_days=4)
    ends = (package_ends, sealed_data_ends, evidence_ends, proof_ends)
    assert [days_after(end(CLOSED, terms)) for end in ends] == [1, 2, 3, 4]


def test_a_hold_keeps_evidence_and_proof_and_neither_package_nor_sealed_data() -> None:
    assert {End.EVIDENCE, End.PROOF} == KEPT_BY_A_HOLD
    held = CLOSED + timedelta(days=3000)
    assert days_after(evidence_ends(CLOSED, HOUSE, held)) == 3000
    assert days_after(proof_ends(CLOSED, HOUSE, held)) == 3000
    assert next_end(CLOSED, HOUSE, frozenset(), held) == (End.PACKAGE, package_ends(CLOSED, HOUSE))
    assert next_end(CLOSED, HOUSE, frozenset({End.PACKAGE}), held)[0] is End.SEALED


def test_a_hold_that_is_over_before_the_term_changes_nothing() -> None:
    held = CLOSED + timedelta(days=10)
    assert proof_ends(CLOSED, HOUSE, held) == proof_ends(CLOSED, HOUSE)


def test_a_hold_keeps_through_its_last_day_in_phnom_penh() -> None:
    assert after_hold(date(2026, 12, 31)) == datetime(2026, 12, 31, 17, 0, tzinfo=UTC)


def test_a_request_counts_for_the_year_in_which_it_was_closed_in_phnom_penh() -> None:
    assert counted_in(datetime(2026, 12, 31, 16, 59, tzinfo=UTC)) == 2026
    assert counted_in(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == 2027


DAYS = st.integers(1, 4000)


@given(st.builds(Terms, package_days=DAYS, sealed_days=DAYS, evidence_days=DAYS, proof_days=DAYS), DAYS | st.none())
def test_whatever_the_terms_things_end_in_order_of_time_each_once_and_the_proof_last(
    terms: Terms, held: int | None
) -> None:
    held_until = None if held is None else CLOSED + timedelta(days=held)
    done: list[End] = []
    before = CLOSED
    while End.PROOF not in done:
        end, at = next_end(CLOSED, terms, frozenset(done), held_until)
        assert end not in done
        assert at >= before
        done.append(end)
        before = at
    assert set(done) == set(End)


@pytest.mark.parametrize("end", [End.PACKAGE, End.SEALED, End.EVIDENCE])
def test_of_what_is_due_together_the_proof_is_ended_last(end: End) -> None:
    terms = Terms(package_days=5, sealed_days=5, evidence_days=5, proof_days=5)
    others = frozenset(End) - {end, End.PROOF}
    assert next_end(CLOSED, terms, others)[0] is end
