"""A notice in a person's language, as a text message or a mail."""

import html
from dataclasses import dataclass
from datetime import datetime

from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import Locale
from rights.notices.grounds import GROUND
from rights.notices.i18n import HTML_LANG, N_, long_date, say, short_date
from rights.notices.reasons import EXTENSION, OTHER_EXTENSION
from rights.notices.texts import CLOSING, CODE_BY_AFFILIATE, OPENING, TEXTS, Text

_NO_GROUND = N_("we could not make sure that you may ask for this")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the texts may mention."""

    reference: str
    due_at: datetime
    link: str
    code: str = ""
    ground: int | None = None
    """Why a right is refused; without one it is refused for want of proof."""
    begins_at: datetime | None = None
    stop_link: str = ""
    case: str = ""
    """What tells the texts of one kind apart: the right, or what the person is waited for."""
    until: datetime | None = None
    """Until when a question can be answered or a package fetched."""
    reason: str = ""
    """The code of the reason for an extension."""
    is_by_affiliate: bool = False
    """True for a code of somebody in whose name an affiliate asked: they have seen no page of ours."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail: both parts say the same, and the text part is complete alone."""

    subject: str
    text: str
    html: str
    language: str


def text_message(kind: str, locale: Locale, facts: Facts) -> str:
    """The text message of a notice."""
    return say(locale, _text_of(kind, facts).sms, **_values(locale, facts))


def mail(kind: str, locale: Locale, facts: Facts) -> Mail:
    """The mail of a notice: no image, no tracking, no attachment."""
    text, values = _text_of(kind, facts), _values(locale, facts)
    subject = say(locale, text.subject, **values)
    sentences = [say(locale, sentence, **values) for sentence in text.cases.get(facts.case, text.sentences)]
    opening, closing = say(locale, OPENING), say(locale, CLOSING)
    link = f"{say(locale, text.link_words)}\n{_link_of(text, facts)}" if text.has_link else ""
    parts = [opening, *sentences, *([link] if link else []), f"-- \n{closing}"]
    return Mail(subject, "\n\n".join(parts) + "\n", _html(locale, subject, sentences, facts, text), HTML_LANG[locale])


def _text_of(kind: str, facts: Facts) -> Text:
    return CODE_BY_AFFILIATE if kind == "code" and facts.is_by_affiliate else TEXTS[kind]


def _html(locale: Locale, subject: str, sentences: list[str], facts: Facts, text: Text) -> str:
    escape = html.escape
    body = [f"<p>{escape(say(locale, OPENING))}</p>"]
    if facts.code:
        body.append(f'<p style="font-size:28px;font-weight:bold;margin:16px 0">{escape(facts.code)}</p>')
    body += [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    if text.has_link:
        shown = escape(_link_of(text, facts))
        body.append(f'<p>{escape(say(locale, text.link_words))}<br><a href="{shown}">{shown}</a></p>')
    body.append(f"<p>{escape(say(locale, CLOSING))}</p>")
    head = f'<meta charset="utf-8"><title>{escape(subject)}</title>'
    style = "font-family:sans-serif;font-size:17px;line-height:1.8;color:#1a1a1a"
    whole = f'<head>{head}</head><body style="{style}">{"".join(body)}</body>'
    return f'<!doctype html><html lang="{HTML_LANG[locale]}">{whole}</html>'


def _link_of(text: Text, facts: Facts) -> str:
    return facts.stop_link if text.to_everybody else facts.link


def _values(locale: Locale, facts: Facts) -> dict[str, str]:
    begins, until = facts.begins_at or facts.due_at, facts.until or facts.due_at
    return {
        "code": facts.code,
        "reference": facts.reference,
        "date": long_date(facts.due_at, locale),
        "short_date": short_date(facts.due_at),
        "link": facts.link,
        "stop_link": facts.stop_link,
        "begins_short": short_date(begins),
        "begins_on": long_date(begins, locale),
        "begins_at": f"{begins.astimezone(MALL_TIME):%H:%M}",
        "until": long_date(until, locale),
        "until_short": short_date(until),
        "ground": say(locale, GROUND[facts.ground] if facts.ground else _NO_GROUND),
        "reason": say(locale, EXTENSION.get(facts.reason, OTHER_EXTENSION)),
    }
