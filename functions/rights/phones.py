"""Phones and emails as people type them, and the codes they were sent."""

import re
import unicodedata

import phonenumbers

HOME_REGION = "KH"

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\u202a-\u202e]")
_EMAIL = re.compile(
    r"[^@\s<>\"(),:;\\\[\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


def plain(text: str) -> str:
    """The text trimmed, without invisible characters, and with the digits of any script as 0 to 9 (UX 17)."""
    kept = _INVISIBLE.sub("", text)
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else unicodedata.normalize("NFKC", c) for c in kept
    ).strip()


def phone_number(typed: str) -> str | None:
    """The phone in E.164, read as a Cambodian number unless it says otherwise; None if it is no phone number."""
    text = plain(typed)
    if re.search(r"[^\d\s+().\-/\u2010-\u2015]", text):
        return None
    attempts = [text, "+" + text.removeprefix("00")] if re.match(r"00|855", text) else [text]
    for attempt in attempts:
        try:
            number = phonenumbers.parse(attempt, HOME_REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def email_address(typed: str) -> str | None:
    """The address in lower case; None if it cannot be one."""
    text = plain(typed).lower()
    return text if len(text) <= 254 and text.isprintable() and _EMAIL.fullmatch(text) else None


def code_digits(typed: str) -> str:
    """A code without the spaces and dashes people put into it; other characters stay, for the door to judge."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", plain(typed))
