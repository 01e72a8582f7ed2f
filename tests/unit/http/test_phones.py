"""Phones, emails and codes, as people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.phones import code_digits, email_address, phone_number


@pytest.mark.parametrize(
    "typed",
    [
        "012 345 678",
        "012-345-678",
        "+855 12 345 678",
        "855-12 345 678",
        "0085512345678",
        "(0)12 345 678",
        "+855 (0)12 345 678",
        "០១២ ៣៤៥ ៦៧៨",
        "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "012\u200b345\u200b678",
        "\u202a+85512345678\u202c",
        "  012345678 ",
    ],
)
def test_one_number_is_known_in_all_its_spellings(typed: str) -> None:
    assert phone_number(typed) == "+85512345678"


@pytest.mark.parametrize(
    ("typed", "number"), [("+86 138 0013 8000", "+8613800138000"), ("0961234567", "+855961234567")]
)
def test_other_numbers_keep_their_country(typed: str, number: str) -> None:
    assert phone_number(typed) == number


@pytest.mark.parametrize("typed", ["", "12", "call me", "tel:012345678", "012345678 or 9", "0" * 30, "+999 12 345 678"])
def test_what_is_no_phone_is_none(typed: str) -> None:
    assert phone_number(typed) is None


@given(st.text(max_size=60))
def test_any_text_is_a_number_in_e164_or_none(typed: str) -> None:
    number = phone_number(typed)
    assert number is None or (number[0] == "+" and number[1:].isascii() and number[1:].isdecimal())


@pytest.mark.parametrize(
    ("typed", "address"), [(" Dara@Example.COM ", "dara@example.com"), ("a.b+c@x.co.kh", "a.b+c@x.co.kh")]
)
def test_an_email_is_kept_in_lower_case(typed: str, address: str) -> None:
    assert email_address(typed) == address


@pytest.mark.parametrize(
    "typed", ["", "a", "a@b", "a b@c.de", "a@b..de", "a@-b.de", "a@b.de\nbcc: x@y.de", "@b.de", "a@b.d"]
)
def test_what_is_no_email_is_none(typed: str) -> None:
    assert email_address(typed) is None


def test_a_code_may_have_spaces_dashes_and_khmer_digits() -> None:
    assert unicodedata.digit("៤") == 4
    assert code_digits(" ៤៨២ \u2013 913\u200b") == "482913"
    assert code_digits("48291a") == "48291a"
