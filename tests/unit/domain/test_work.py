from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rights.domain.work import Counts, Kept, merge_kept

numbers = st.integers(0, 10**9)
dates = st.dates(date(2024, 1, 1), date(2060, 1, 1)).map(date.isoformat)
rows = st.builds(Kept, st.integers(1, 11), dates, st.integers(1, 1000), st.sampled_from(["", "statutory_records"]))
kept = st.lists(rows, max_size=6)
counts = st.builds(
    Counts, found=numbers, exported=numbers, erased=numbers, anonymised=numbers, retained=numbers,
    kept=kept.map(merge_kept),
)  # fmt: skip


def total(parts: Iterable[Counts]) -> Counts:
    return reduce(add, parts, Counts())


@given(counts, counts, counts)
def test_counts_add_up_in_any_order(one: Counts, two: Counts, three: Counts) -> None:
    assert total([one, two, three]) == total([three, one, two])
    assert one + Counts() == one


@given(counts, counts)
def test_no_record_gets_lost_in_a_sum(one: Counts, two: Counts) -> None:
    both = one + two
    assert both.found == one.found + two.found
    assert sum(k.records for k in both.kept) == sum(k.records for k in (*one.kept, *two.kept))


@given(counts)
def test_counts_survive_being_written_down(some: Counts) -> None:
    assert Counts.from_dict(some.to_dict()) == some


@given(counts)
def test_counts_survive_dynamodb_which_gives_numbers_back_as_decimals(some: Counts) -> None:
    def as_dynamodb(value: Any) -> Any:
        match value:
            case dict():
                return {name: as_dynamodb(part) for name, part in value.items()}
            case list():
                return [as_dynamodb(part) for part in value]
            case int():
                return Decimal(value)
        return value

    back = Counts.from_dict(as_dynamodb(some.to_dict()))
    assert back == some
    assert all(isinstance(k.records, int) for k in back.kept)


def test_counts_that_were_never_written_are_none_at_all() -> None:
    assert Counts.from_dict({}) == Counts()


@given(numbers, numbers, numbers)
def test_a_deletion_adds_up_when_every_record_met_its_fate(erased: int, anonymised: int, retained: int) -> None:
    found = erased + anonymised + retained
    whole = Counts(found=found, erased=erased, anonymised=anonymised, retained=retained)
    assert whole.adds_up
    assert not (whole + Counts(found=1)).adds_up


@given(numbers)
def test_an_export_adds_up_when_every_record_went_out(found: int) -> None:
    assert Counts(found=found, exported=found).adds_up
    assert not Counts(found=found + 1, exported=found).adds_up


@given(kept)
def test_what_is_kept_is_one_row_for_each_ground_and_reason(some: list[Kept]) -> None:
    merged = merge_kept(some)
    names = [(k.ground, k.reason) for k in merged]
    assert names == sorted(set(names))
    assert sum(k.records for k in merged) == sum(k.records for k in some)
    for row in merged:
        same = [k for k in some if (k.ground, k.reason) == (row.ground, row.reason)]
        assert row.until == max(k.until for k in same), "nobody is promised an earlier end than the last"


@given(kept, kept)
def test_merging_in_steps_is_merging_at_once(some: list[Kept], others: list[Kept]) -> None:
    assert merge_kept((*merge_kept(some), *merge_kept(others))) == merge_kept((*others, *some))
