"""The catalogues: complete, compiled, and in the language they claim."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from rights.domain.rights import Locale
from rights.notices.i18n import LOCALE_DIR

FUNCTIONS = LOCALE_DIR.parents[2]
LANGUAGES = ["km", "zh"]
SCRIPT = {"km": re.compile("[\u1780-\u17ff]"), "zh": re.compile("[\u4e00-\u9fff]")}


def folder(language: str) -> Path:
    return LOCALE_DIR / language / "LC_MESSAGES"


def catalogue(language: str) -> Catalog:
    with (folder(language) / "rights.po").open("rb") as file:
        return read_po(file)


def sources() -> set[str]:
    with (LOCALE_DIR / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(FUNCTIONS, methods, options, {"say": (2,), "N_": None, "t": None})
    return {str(message) for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_source_text_is_translated_and_none_is_left_over(language: str) -> None:
    translated = {str(message.id) for message in catalogue(language) if message.id and message.string}
    assert translated == sources()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_english(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            assert message.string != message.id
            has_words = re.search("[A-Za-z]", re.sub(r"{\w+}", "", str(message.id)))
            assert not has_words or SCRIPT[language].search(str(message.string)), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_the_same_places(language: str) -> None:
    for message in catalogue(language):
        places = [sorted(set(re.findall(r"{(\w+)}", str(text)))) for text in (message.id, message.string)]
        if message.id:
            assert places[0] == places[1], message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_one_that_is_read(language: str) -> None:
    with (folder(language) / "rights.mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    assert compiled == {message.id: message.string for message in catalogue(language) if message.id}


def test_there_is_a_catalogue_for_every_language_but_the_source() -> None:
    assert {path.name for path in LOCALE_DIR.iterdir() if path.is_dir()} == set(Locale) - {Locale.EN}
