"""Acting for others: who may ask in somebody's name, what shows that they may, and who is a child (policy 6).

Nobody is turned away flatly: whoever says that they act for a person is asked for what would show it, and somebody at
the mall looks (`rights.domain.review`).
"""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from rights.domain.evidence import EvidenceKind
from rights.domain.rights import Requester

OLDEST_CHILD = 14
"""Data of children aged 14 or under is sensitive (policy, definitions)."""


class ForWhom(StrEnum):
    """For whom somebody says they act."""

    CHILD = "child"
    ADULT = "adult"


class Relation(StrEnum):
    """As what somebody acts for another."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    COURT_APPOINTED = "court_appointed"
    AUTHORISED = "authorised"


RELATIONS: dict[Requester, frozenset[Relation]] = {
    Requester.SELF: frozenset(),
    Requester.GUARDIAN: frozenset({Relation.PARENT, Relation.GUARDIAN, Relation.COURT_APPOINTED}),
    Requester.AGENT: frozenset({Relation.AUTHORISED}),
}
"""The relations in which each sort of requester may stand to the person, be that a child or an adult."""


def may_act_as(requester: Requester, relation: Relation) -> bool:
    """Tell whether this sort of requester can stand in this relation to the person."""
    return relation in RELATIONS[requester]


def evidence_needed(requester: Requester, for_whom: ForWhom, relation: Relation) -> tuple[EvidenceKind, ...]:
    """The documents that whoever acts for another is asked for; none of a person who asks for themselves.

    A guardian of an adult is asked for a court's document, never refused for want of one. So is a guardian of a child
    whom a court appointed: no family book names them.
    """
    if requester is Requester.SELF:
        return ()
    if requester is Requester.AGENT:
        return EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.AUTHORISATION
    if for_whom is ForWhom.ADULT or relation is Relation.COURT_APPOINTED:
        return EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.COURT_DOCUMENT
    return EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.RELATION_DOCUMENT


def still_missing(needed: Collection[EvidenceKind], received: Collection[EvidenceKind]) -> tuple[EvidenceKind, ...]:
    """The documents that were asked for and have not come, in the order in which they were asked for."""
    return tuple(kind for kind in needed if kind not in received)


def needed_after_all(requester: Requester, for_whom: ForWhom, *, subject_is_child: bool | None) -> EvidenceKind | None:
    """The document still needed when a "child" is an adult by the data; None where they agree, or no age is known.

    A reviewer asks for it as a question. It is never shown by itself: that would tell a stranger the age of whoever
    holds the account.
    """
    mistaken = requester is Requester.GUARDIAN and for_whom is ForWhom.CHILD and subject_is_child is False
    return EvidenceKind.COURT_DOCUMENT if mistaken else None


def age_on(birth_date: date, today: date) -> int:
    """Full years of age; who was born on 29 February is a year older on 1 March where the year has no such day (house).

    Of the two readings this is the one under which a child is protected for a day longer.
    """
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday)


def is_child(birth_date: date, today: date) -> bool:
    """Tell whether somebody is aged 14 or under, up to and with the day before the fifteenth birthday."""
    return age_on(birth_date, today) <= OLDEST_CHILD
