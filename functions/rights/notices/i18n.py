"""Words and dates in the three languages. English is the source text, so it has no catalogue (see `locale/`)."""

import gettext
from datetime import date, datetime
from functools import cache
from pathlib import Path

from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Locale

DOMAIN = "rights"
LOCALE_DIR = Path(__file__).parent / "locale"

HTML_LANG: dict[Locale, str] = {Locale.KM: "km", Locale.ZH: "zh-Hans", Locale.EN: "en"}
"""The language tag for `lang` attributes and `Content-Language`."""

LANGUAGE_NAMES: dict[Locale, str] = {Locale.KM: "ខ្មែរ", Locale.ZH: "简体中文", Locale.EN: "English"}

_KHMER_MONTHS = (
    "មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ",
)  # fmt: skip
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for the catalogue without translating it here."""
    return text


@cache
def catalogue(locale: Locale) -> gettext.NullTranslations:
    """The translations of one language."""
    if locale is Locale.EN:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE_DIR, [locale.value])


def say(locale: Locale, text: str, **values: object) -> str:
    """A source text in this language, with its `{named}` places filled."""
    said = catalogue(locale).gettext(text) if text else ""
    return said.format(**values) if values else said


def long_date(moment: datetime | date, locale: Locale) -> str:
    """A date in words, as of Phnom Penh; Western digits in all three languages (UX 39, 40)."""
    day = moment.astimezone(MALL_TIME).date() if isinstance(moment, datetime) else moment
    match locale:
        case Locale.KM:
            return f"ថ្ងៃទី {day.day} ខែ{_KHMER_MONTHS[day.month - 1]} ឆ្នាំ {day.year}"
        case Locale.ZH:
            return f"{day.year}年{day.month}月{day.day}日"
        case Locale.EN:
            return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"


def short_date(moment: datetime | date) -> str:
    """A date for a text message, where every character counts: 2026-12-22."""
    day = moment.astimezone(MALL_TIME).date() if isinstance(moment, datetime) else moment
    return day.isoformat()


def clock_time(moment: datetime) -> str:
    """A time of day in Phnom Penh, 24 hours."""
    return moment.astimezone(MALL_TIME).strftime("%H:%M")
