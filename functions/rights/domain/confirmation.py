"""What the person has to confirm, besides who they are, before anything is done."""

from collections.abc import Collection
from enum import StrEnum

from rights.domain.review import LOGIN_CONTACTS
from rights.domain.rights import Right


class Confirm(StrEnum):
    """What is confirmed."""

    CLOSURE = "closure"
    """That assets and entitlements lapse with the account (policy 5(3))."""
    NEW_CONTACT = "new_contact"
    """That a contact people sign in with is theirs: a code goes to it."""


def to_confirm(right: Right, corrected: Collection[str]) -> Confirm | None:
    """What has to be confirmed for this right, if anything."""
    if right is Right.ACCOUNT_CLOSURE:
        return Confirm.CLOSURE
    if right is Right.CORRECTION and not LOGIN_CONTACTS.isdisjoint(corrected):
        return Confirm.NEW_CONTACT
    return None
