"""What notices say: one text message part each, no secrets, every language."""

import re
from datetime import UTC, date, datetime

import pytest

from rights.domain.rights import Locale
from rights.notices.grounds import GROUND
from rights.notices.i18n import catalogue, long_date
from rights.notices.render import Facts, mail, text_message
from rights.notices.sms import parts, units
from rights.notices.texts import TEXTS

LONGEST = Facts(
    "WWWW-WWWW",
    datetime(2026, 12, 22, tzinfo=UTC),
    "https://mall.example/s/X.y",
    "482913",
    2,
    stop_link=f"https://rights.mall.example/stop/{'X' * 26}.{'a' * 32}",
)
EVERY = [(kind, locale) for kind in TEXTS for locale in Locale]


def test_there_is_a_text_for_every_kind_of_notice() -> None:
    assert set(TEXTS) == {
        "code",
        "received",
        "cooling_off",
        "completed",
        "completed_in_part",
        "refused",
        "expired",
        "duplicate",
    }


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_a_text_message_is_one_part_with_the_longest_values(kind: str, locale: Locale) -> None:
    text = text_message(kind, locale, LONGEST)
    # Only the announcement of a deletion carries a link: whoever gets it may have no page to go to.
    assert parts(text) <= (4 if TEXTS[kind].to_everybody else 1), units(text)
    assert "{" not in text


@pytest.mark.parametrize("locale", Locale)
def test_the_code_stands_in_front_and_the_right_is_not_named(locale: Locale) -> None:
    text = text_message("code", locale, LONGEST)
    assert text.index("482913") <= len("【Tinh Tinh Mall】")
    assert "http" not in text
    assert "delet" not in text.lower()


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_a_text_message_holds_no_link_that_shows_a_request(kind: str, locale: Locale) -> None:
    assert LONGEST.link not in text_message(kind, locale, LONGEST)


@pytest.mark.parametrize("locale", Locale)
def test_what_goes_to_every_contact_stops_the_request_and_shows_nothing_of_it(locale: Locale) -> None:
    said = (text_message("cooling_off", locale, LONGEST), mail("cooling_off", locale, LONGEST).text)
    for text in said:
        assert LONGEST.stop_link in text
        assert LONGEST.link not in text


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_a_mail_is_whole_in_both_parts(kind: str, locale: Locale) -> None:
    made = mail(kind, locale, LONGEST)
    assert LONGEST.reference in made.subject
    assert f'<html lang="{made.language}">' in made.html
    assert not re.search(r"<img|<script|<link|url\(", made.html)
    assert ("mall.example" in made.text) is ("mall.example" in made.html) is TEXTS[kind].has_link
    assert "{" not in made.subject + made.text
    assert "\n" not in made.subject


def test_a_refusal_names_its_ground_in_words() -> None:
    assert GROUND[2] in mail("refused", Locale.EN, LONGEST).text
    assert catalogue(Locale.KM).gettext(GROUND[2]) in mail("refused", Locale.KM, LONGEST).text


def test_a_mail_escapes_what_it_is_given() -> None:
    assert "<b>" not in mail("received", Locale.EN, Facts("<b>", LONGEST.due_at, "https://x/?a=1&b=<b>")).html


@pytest.mark.parametrize(
    ("locale", "words"),
    [(Locale.KM, "ថ្ងៃទី 2 ខែធ្នូ ឆ្នាំ 2026"), (Locale.ZH, "2026年12月2日"), (Locale.EN, "2 December 2026")],
)
def test_dates_are_written_out(locale: Locale, words: str) -> None:
    assert long_date(date(2026, 12, 2), locale) == words
    assert long_date(datetime(2026, 12, 1, 18, 0, tzinfo=UTC), locale) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ក" * 70, 1), ("ក" * 71, 2), ("😀" * 35, 1)],
)
def test_parts_are_counted_as_networks_count_them(text: str, count: int) -> None:
    assert parts(text) == count
