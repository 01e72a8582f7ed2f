import json

from hypothesis import given
from hypothesis import strategies as st

from rights.domain.work import Counts, Disposition, Kept
from rights.stores.contract import Change, ErasurePage

_json = st.none() | st.integers() | st.text()
_changes = st.builds(
    Change,
    st.dictionaries(st.text(), _json, max_size=3),
    st.sampled_from(Disposition),
    st.none() | st.builds(Kept, st.integers(1, 11), st.dates().map(str), st.just(1), st.text()),
)
_pages = st.builds(ErasurePage, st.lists(_changes), st.none() | st.dictionaries(st.text(), _json))


@given(_pages)
def test_a_page_survives_being_recorded_as_an_intent(page: ErasurePage) -> None:
    assert ErasurePage.from_dict(json.loads(json.dumps(page.to_dict()))) == page


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
