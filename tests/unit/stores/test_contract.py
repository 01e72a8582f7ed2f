import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.work import Counts, Disposition, Kept
from rights.errors import TooLargeError
from rights.stores.contract import Change, ErasurePage, Lines, Rows

_json = st.none() | st.integers() | st.text()
_changes = st.builds(
    Change,
    st.dictionaries(st.text(), _json, max_size=3),
    st.sampled_from(Disposition),
    st.none() | st.builds(Kept, st.integers(1, 11), st.dates().map(str), st.just(1), st.text()),
)
_rows = st.builds(
    lambda keys, what, kept: Rows(("a", "b"), [[a for a, _ in keys], [b for _, b in keys]], what, kept),
    st.lists(st.tuples(_json, _json), min_size=1, max_size=4),
    st.sampled_from(Disposition),
    st.none() | st.builds(Kept, st.integers(1, 11), st.dates().map(str), st.just(1), st.text()),
)
_pages = st.builds(
    ErasurePage,
    st.lists(_changes),
    st.none() | st.dictionaries(st.text(), _json),
    st.lists(_changes),
    st.lists(_rows, max_size=3),
    again=st.booleans(),
)


def recorded(page: ErasurePage) -> ErasurePage:
    return ErasurePage.from_dict(json.loads(json.dumps(page.to_dict())))


def listed(changes: Iterable[Change]) -> Counter[str]:
    return Counter(map(str, changes))


@given(_pages)
def test_a_page_survives_being_recorded_and_no_row_of_it_is_lost(page: ErasurePage) -> None:
    read = recorded(page)
    assert (read.next, read.again, read.counts(), read.to_do) == (page.next, page.again, page.counts(), page.to_do)
    assert listed(read.doing(*Disposition)) == listed(page.doing(*Disposition))
    assert listed(read.resting) == listed(page.resting)


@given(_pages)
def test_an_intent_names_only_what_changes_and_counts_the_same(page: ErasurePage) -> None:
    intent = recorded(page.intent())
    assert intent.counts() == page.counts()
    assert listed(intent.doing(*Disposition)) == listed(page.doing())
    assert intent.next == page.next


@given(_pages)
def test_the_half_of_a_page_is_some_of_its_changes_and_the_rest_is_planned_again(page: ErasurePage) -> None:
    if page.counts().found == 1:
        with pytest.raises(TooLargeError):
            page.half()
        return
    half = page.half()
    assert half.again
    assert half.to_do == half.counts().found == (page.to_do + 1) // 2
    assert not listed(half.doing()) - listed(page.doing())


@given(_pages, st.dates().map(str))
def test_of_a_store_that_is_left_out_every_row_is_kept_at_least_until_that_day(page: ErasurePage, until: str) -> None:
    whole = page.kept_whole(7, until).doing(*Disposition)
    assert len(whole) == len(page.doing(*Disposition))
    assert all(change.kept is not None and change.kept.until >= until for change in whole)


def test_records_that_a_store_wrote_itself_are_read_only_by_who_looks() -> None:
    lines = Lines('{"a":"b\\nc","k":"បាយ"}\n{"a":1}\n'.encode(), 2)
    assert len(lines) == 2
    assert lines == [{"a": "b\nc", "k": "បាយ"}, {"a": 1}]
    assert (lines[1], lines[:1], hash(lines)) == ({"a": 1}, [{"a": "b\nc", "k": "បាយ"}], hash(lines.text))
    assert lines != "ab"


def test_a_page_counts_its_changes_and_names_what_is_left_to_do() -> None:
    kept = Kept(8, "2026-01-01", 1, "security")
    page = ErasurePage(
        [
            Change({"id": 1}, Disposition.ERASE),
            Change({"id": 2}, Disposition.ANONYMISE, kept),
            Change({"id": 3}, Disposition.RETAIN, kept),
        ]
    )
    assert page.counts() == Counts(found=3, erased=1, anonymised=1, retained=1, kept=(kept,))
    assert page.to_do == 2
    assert [change.key["id"] for change in page.doing(Disposition.RETAIN)] == [3]
    many = replace(page, bulk=[Rows(("id",), [[4, 5]], Disposition.RETAIN, kept)])
    assert many.counts() == Counts(found=5, erased=1, anonymised=1, retained=3, kept=(replace(kept, records=3),))
    assert [change.key["id"] for change in many.doing(Disposition.RETAIN)] == [3, 4, 5]
