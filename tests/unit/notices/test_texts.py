"""What notices say: one text message part each, no secrets, every language."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from rights.domain.clock.table import RULES
from rights.domain.rights import Locale, Right
from rights.notices.grounds import GROUND
from rights.notices.i18n import catalogue, long_date
from rights.notices.reasons import EXTENSION, OTHER_EXTENSION
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
CASES = [(kind, case, locale) for kind, text in TEXTS.items() for case in text.cases for locale in Locale]


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_a_text_message_is_one_part_with_the_longest_values(kind: str, locale: Locale) -> None:
    text = text_message(kind, locale, LONGEST)
    # Only warnings carry a link: whoever gets one may have no page to go to.
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
@pytest.mark.parametrize("kind", ["cooling_off", "asked_for_you"])
def test_what_goes_to_every_contact_stops_the_request_and_shows_nothing_of_it(kind: str, locale: Locale) -> None:
    for text in (text_message(kind, locale, LONGEST), mail(kind, locale, LONGEST).text):
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


@pytest.mark.parametrize(("kind", "case", "locale"), CASES)
def test_a_mail_that_is_worded_for_a_case_is_whole_and_its_text_message_the_same(
    kind: str, case: str, locale: Locale
) -> None:
    facts = replace(LONGEST, case=case)
    made = mail(kind, locale, facts)
    assert "{" not in made.text
    assert made.text != mail(kind, locale, LONGEST).text
    assert text_message(kind, locale, facts) == text_message(kind, locale, LONGEST)


def test_every_case_is_a_right_or_something_that_is_waited_for() -> None:
    waited_for = {"confirm", "deletion_of_some"}
    assert {case for text in TEXTS.values() for case in text.cases} <= waited_for | set(Right)


@pytest.mark.parametrize("right", Right)
def test_a_text_message_names_no_right_but_a_warning_does(right: Right) -> None:
    words = ("delet", "correct", "consent", "restrict", "complain", "copy of")
    for kind in TEXTS:
        if not TEXTS[kind].to_everybody:
            said = text_message(kind, Locale.EN, replace(LONGEST, case=right.value)).lower()
            assert not [word for word in words if word in said]


def test_a_question_itself_stays_on_the_page() -> None:
    said = text_message("question", Locale.EN, LONGEST) + mail("question", Locale.EN, LONGEST).text
    assert "You find the question on the page of your request" in said


def test_a_receipt_names_the_date_of_the_answer_and_no_number_of_days() -> None:
    made = mail("received", Locale.EN, LONGEST)
    assert "22 December 2026" in made.text
    assert "30" not in made.text
    assert "2026-12-22" in text_message("received", Locale.EN, LONGEST)


def test_an_extension_says_why_and_until_when_and_how_to_complain() -> None:
    text = mail("extended", Locale.EN, replace(LONGEST, reason="complexity")).text
    assert EXTENSION["complexity"] in text
    assert "22 December 2026" in text
    assert "court" in text
    assert OTHER_EXTENSION in mail("extended", Locale.EN, replace(LONGEST, reason="some_new_code")).text


def test_every_reason_that_a_clock_rule_knows_has_its_words() -> None:
    known = {reason for rule in RULES if rule.extension for reason in rule.extension.reasons}
    assert known == set(EXTENSION)


def test_a_package_is_announced_with_the_day_it_ends() -> None:
    facts = replace(LONGEST, until=datetime(2027, 1, 5, tzinfo=UTC))
    assert "until 5 January 2027" in mail("package_ready", Locale.EN, facts).text
    assert "2027-01-05" in text_message("package_ready", Locale.EN, facts)


def test_a_refusal_says_where_to_complain_and_that_a_court_can_be_asked() -> None:
    text = mail("refused", Locale.EN, LONGEST).text
    assert "customer service" in text
    assert "court" in text


def test_a_refusal_without_a_ground_is_for_want_of_proof() -> None:
    assert "we could not make sure" in mail("refused", Locale.EN, replace(LONGEST, ground=None)).text


def test_who_keeps_an_old_contact_gets_no_link_to_the_request() -> None:
    text = mail("contact_changed", Locale.EN, LONGEST).text
    assert "http" not in text


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
