"""Which notices there are: whether one is owed by law or policy, whom it goes to, whether it may come at night."""

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Whom a notice goes to."""

    REQUESTER = "requester"
    """The contacts that whoever asks has typed and that are on file, proven or not."""
    PROVEN = "proven"
    """Those of them that are proven."""
    ON_FILE = "on_file"
    """Every contact the person has on file: whoever took over one of them is seen by the others."""


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """What is asked of one kind of notice."""

    audience: Audience = Audience.PROVEN
    is_legal: bool = True
    """Owed to the person: it goes out at least once, and one that did not arrive is told in another way."""
    may_wake: bool = False
    """May go out as a text message at night."""


NOTICES: dict[str, NoticeRule] = {
    "code": NoticeRule(Audience.REQUESTER, is_legal=False, may_wake=True),
    "received": NoticeRule(),
    "confirm": NoticeRule(),
    "question": NoticeRule(),
    "extended": NoticeRule(),
    "cooling_off": NoticeRule(Audience.ON_FILE, may_wake=True),
    "asked_for_you": NoticeRule(Audience.ON_FILE, may_wake=True),
    "closed_by_mall": NoticeRule(Audience.ON_FILE),
    "contact_changed": NoticeRule(Audience.ON_FILE),
    "refused": NoticeRule(),
    "completed": NoticeRule(),
    "completed_in_part": NoticeRule(),
    "package_ready": NoticeRule(),
    "answered": NoticeRule(),
    "opted_out": NoticeRule(),
    "reminder": NoticeRule(Audience.REQUESTER, is_legal=False),
    "duplicate": NoticeRule(),
    "expired": NoticeRule(Audience.REQUESTER),
    "withdrawn": NoticeRule(),
}
"""Every kind of notice. Warnings may come at night: they protect the person from somebody who is at work now."""
