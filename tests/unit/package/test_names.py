"""File names as Windows, macOS and phones take them, whatever a data map or a store calls something."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.packages.names import LONGEST_PATH, Names, safe_name, zip_name

SEGMENT = st.text(max_size=120) | st.sampled_from(
    [
        *("", ".", "..", "...", "CON", "con.txt", "aux", "NUL.json", "com1", "LPT9.csv", "COM¹", "a.", "b ", " c"),
        *("a/b", "c\\d", "e:f", "<html>", "x" * 300, "ភ្នំពេញ", "名" * 90, "e\u0301", "\u202egnp.exe", "\ud800"),
        *(".hidden", "A", "a"),
    ]
)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}


def folded(path: str) -> str:
    """As a file system without cases or forms sees it."""
    return unicodedata.normalize("NFD", path.casefold())


@given(SEGMENT)
def test_a_name_opens_everywhere(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not set(safe) & set('<>:"/\\|?*')
    assert all(unicodedata.category(c) not in {"Cc", "Cs"} for c in safe)
    assert not safe.endswith((".", " "))
    assert not safe.startswith((".", " "))
    assert safe.split(".")[0].casefold() not in DEVICES
    assert len(safe) <= 40
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe) == safe
    safe.encode()


@given(st.lists(PATH, max_size=30))
def test_no_two_paths_are_the_same_anywhere_and_none_is_long_or_deep(wanted: list[str]) -> None:
    names = Names()
    given_names = {path: names.of(path) for path in wanted}
    assert {path: names.of(path) for path in wanted} == given_names, "asked again, it is the same"
    assert len({folded(name) for name in given_names.values()}) == len(given_names)
    for name in given_names.values():
        assert len(name) <= LONGEST_PATH
        assert name.count("/") <= 6
        assert "\\" not in name
        assert not name.startswith("/")
        assert ".." not in name.split("/")
    files = {folded(name) for name in given_names.values()}
    folders = {
        folded(name.rsplit("/", depth)[0]) for name in given_names.values() for depth in range(1, name.count("/") + 1)
    }
    assert not files & folders, "nothing is a file and a folder"


def test_a_name_keeps_what_is_good_in_it_and_its_ending() -> None:
    assert safe_name("orders.json") == "orders.json"
    assert safe_name("x" * 100 + ".json").endswith(".json")
    assert safe_name("ភ្នំពេញ.txt") == "ភ្នំពេញ.txt"
    assert safe_name("con.json") == "_con.json"


def test_names_that_differ_in_case_only_are_told_apart() -> None:
    names = Names()
    assert [names.of(path) for path in ("a/B.txt", "a/b.txt", "A/b.TXT")] == ["a/B.txt", "a/b-2.txt", "A/b-3.TXT"]


@pytest.mark.parametrize(
    ("number", "of", "name"), [(1, 1, "tinh-tinh-K7QM-2F4D.zip"), (2, 3, "tinh-tinh-K7QM-2F4D-2-of-3.zip")]
)
def test_a_volume_says_which_it_is(number: int, of: int, name: str) -> None:
    assert zip_name("K7QM-2F4D", number, of) == name
