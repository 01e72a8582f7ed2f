"""When a person has to look at a request before anything is done, and how many (DESIGN section 4; house rules)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rights.domain.rights import ERASING, EXPORTING, OPERATION_OF, Operation, Requester, Right

UNUSUAL_RECORDS = 50_000
"""An erasure of more records than a customer ever makes is looked at: it may be a shop, or a mistake (house)."""

SETTLED_DAYS = 30
"""How long a contact has to be on file before it alone opens or erases everything (DESIGN section 6)."""

LOGIN_CONTACTS = frozenset({"phone", "email"})
"""What people sign in with: correcting one needs the old and the new."""

REVIEWED_CORRECTIONS = frozenset({"birth_date"})
"""A birthday decides who may act for whom."""


class Reason(StrEnum):
    """Why somebody has to look."""

    COMPLAINT = "complaint"
    GUARDIAN = "guardian"
    AGENT = "agent"
    CONTACT_NOT_ON_FILE = "contact_not_on_file"
    SECOND_ACCOUNT = "second_account"
    ATTESTED = "attested"
    AFFILIATE_CEILING = "affiliate_ceiling"
    CHILD = "child"
    LEGAL_HOLD = "legal_hold"
    NEW_ON_FILE = "new_on_file"
    OLD_CONTACT_NOT_PROVEN = "old_contact_not_proven"
    SENSITIVE_CORRECTION = "sensitive_correction"
    STORE_CONFLICT = "store_conflict"
    UNUSUAL_SIZE = "unusual_size"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the plan found out, as far as it decides whether somebody has to look."""

    accounts: int = 1
    is_attested: bool = False
    """An operator's word stands in for the proof: somebody else has to look."""
    is_beside_the_file: bool = False
    """A contact that an operator vouches for is on nobody's file, or not on that of the person."""
    is_child: bool = False
    is_held: bool = False
    corrected: Collection[str] = ()
    """The subjects of a correction."""
    on_file: Collection[str] = ()
    """The channels of the contacts on file."""
    days_on_file: int | None = None
    """For how many days the contacts on file have been as they are; None where no store knows."""
    proven: Collection[str] = ()
    """The channels of which every contact on file was proven."""
    records: int = 0
    speaks_of_others: bool = False
    """True where records were found that may be about others too, and that no rule can mask (free text, calls)."""
    is_refused_by_store: bool = False
    """A store's own rules would refuse part of the erasure."""
    is_braked: bool = False
    """The affiliate that sent it sends more than its contract lets pass unseen."""


def reason_to_review(right: Right, requester: Requester, found: Findings) -> Reason | None:
    """The first reason that holds, gravest first; None where the request may run by itself.

    Whoever acts for another is always looked at, even where the right can only protect: what comes of the request
    would tell a stranger whether there is an account. So is what only an operator's word proves, whoever's it is. For
    oneself a marketing opt-out is never reviewed (policy 1(2)).
    """
    if right is Right.MARKETING_OPT_OUT and requester is Requester.SELF:
        return None
    erases = right in ERASING
    reasons = {
        Reason.COMPLAINT: right is Right.COMPLAINT,
        Reason.GUARDIAN: requester is Requester.GUARDIAN,
        Reason.AGENT: requester is Requester.AGENT,
        Reason.CONTACT_NOT_ON_FILE: found.is_beside_the_file,
        Reason.SECOND_ACCOUNT: found.accounts > 1,
        Reason.ATTESTED: found.is_attested,
        Reason.AFFILIATE_CEILING: found.is_braked,
        Reason.LEGAL_HOLD: erases and found.is_held,
        Reason.CHILD: found.is_child and OPERATION_OF[right] is not Operation.RESTRICT,
        Reason.NEW_ON_FILE: _weighs(right) and is_new_on_file(found),
        Reason.OLD_CONTACT_NOT_PROVEN: bool(unproven_old_contacts(found)),
        Reason.SENSITIVE_CORRECTION: not REVIEWED_CORRECTIONS.isdisjoint(found.corrected),
        Reason.STORE_CONFLICT: erases and found.is_refused_by_store,
        Reason.UNUSUAL_SIZE: erases and found.records > UNUSUAL_RECORDS,
        Reason.THIRD_PARTY: right in EXPORTING and found.speaks_of_others,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def is_new_on_file(found: Findings) -> bool:
    """Tell whether whoever took an account over may be asking: one contact was proven, and one was changed of late.

    Who proved both contacts is believed (DESIGN section 6).
    """
    changed_of_late = found.days_on_file is not None and found.days_on_file < SETTLED_DAYS
    return changed_of_late and len(set(found.proven)) < len(LOGIN_CONTACTS)


def _weighs(right: Right) -> bool:
    """Data leaves, or is erased."""
    return right in ERASING or right in EXPORTING


def unproven_old_contacts(found: Findings) -> list[str]:
    """The sign-in contacts that would change although their old value, which is on file, was not proven."""
    return sorted(LOGIN_CONTACTS.intersection(found.corrected, found.on_file).difference(found.proven))


def approvals_needed(right: Right, requester: Requester, reason: str | None) -> int:
    """Two operators where data leaves or is erased at another's word, or where two people may be mixed up (house).

    And whatever the right, where an operator vouched for a contact that the person does not have on file.
    """
    if reason == Reason.CONTACT_NOT_ON_FILE:
        return 2
    doubtful = requester is not Requester.SELF or reason == Reason.SECOND_ACCOUNT
    return 2 if _weighs(right) and doubtful else 1


class Missing(NamedTuple):
    """What is missing of the approvals of a request."""

    number: int
    by_approver: bool
    """True where one of them has to be an approver's."""


def approvals_missing(needed: int, given: Sequence[bool]) -> Missing:
    """How many more operators have to approve; of two one has to be an approver (house).

    `given`: of each approval so far, whether it is an approver's.
    """
    number = max(0, needed - len(given))
    return Missing(number, by_approver=number > 0 and needed > 1 and not any(given))


_WHOSE = frozenset(
    {
        Reason.CONTACT_NOT_ON_FILE,
        Reason.AFFILIATE_CEILING,
        Reason.SECOND_ACCOUNT,
        Reason.NEW_ON_FILE,
        Reason.OLD_CONTACT_NOT_PROVEN,
        Reason.ATTESTED,
        Reason.CHILD,
        Reason.SENSITIVE_CORRECTION,
    }
)
"""Reasons that ask whether it is the person at all, or whether what they say of themselves is true."""


def may_lack_authority(requester: Requester, reason: str | None) -> bool:
    """Tell whether a request may be refused without a ground, since it was not shown that whoever asks may.

    That refuses nobody their right: the person themselves, or whoever can show it, may ask again (policy 6).
    """
    return requester is not Requester.SELF or reason in _WHOSE


def is_answered_by_operator(right: Right) -> bool:
    """A complaint is answered: neither approved nor refused on a ground."""
    return right is Right.COMPLAINT
