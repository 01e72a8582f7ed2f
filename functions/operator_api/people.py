"""Who acts at the operators' door, in which roles, and which ids an address may hold."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rights.domain.grounds import User
from rights.http import ApiError
from rights.notices.i18n import N_

VIEWER = "viewer"
_ID = re.compile(r"[0-9A-Z]{26}")
_STORE = re.compile(r"[a-z][a-z0-9_.]{0,62}")
_MAY_ACT = frozenset({User.OPERATOR.value, User.APPROVER.value})
ROLES = _MAY_ACT | {VIEWER}
"""The groups of the pool that mean something here."""
_CONTACTS = {"phone": "phone_number", "email": "email"}
"""Our names of the contacts that a token tells."""
_UNVERIFIED: Mapping[tuple[str, ...], str] = {
    ("phone",): N_("Your sign-in has no verified phone number. Ask whoever manages operators to add it."),
    ("email",): N_("Your sign-in has no verified email address. Ask whoever manages operators to add it."),
}

TagOf = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who is signed in, in their roles."""

    id: str
    groups: frozenset[str]
    known_as: frozenset[str] = frozenset()
    """The pseudonyms of their own phone and email: nobody acts on a request about themselves."""
    name: str = ""
    """What the pool calls them."""

    @property
    def may_look(self) -> bool:
        """True for everybody with a role."""
        return not self.groups.isdisjoint(ROLES)

    @property
    def may_change(self) -> bool:
        """True for whoever may do more than look."""
        return not self.groups.isdisjoint(_MAY_ACT)

    @property
    def is_approver(self) -> bool:
        """True for whoever may use the gravest grounds, and completes a double approval."""
        return User.APPROVER in self.groups

    @property
    def uses_grounds_as(self) -> frozenset[User]:
        """As what they may use a ground."""
        return frozenset(User(group) for group in self.groups & _MAY_ACT)


def operator_of(claims: Mapping[str, Any], tag_of: TagOf) -> Operator:
    """Whom the checked claims of an ID token are about."""
    groups = claims.get("cognito:groups")
    told = {kind: str(claims.get(name, "")) for kind, name in _CONTACTS.items()}
    return Operator(
        id=str(claims["sub"]),
        groups=frozenset(str(group) for group in groups) & ROLES if isinstance(groups, list) else frozenset(),
        known_as=frozenset(pseudonym(tag_of, kind, value) for kind, value in told.items() if value),
        name=str(claims.get("cognito:username", ""))[:128],
    )


def refuse_unverified(claims: Mapping[str, Any]) -> None:
    """ApiError `contact_unverified`, which says what is missing, for a token without both contacts, each verified.

    By them we know whether a request is about whoever acts on it.
    """
    missing = tuple(kind for kind, name in _CONTACTS.items() if not _is_verified(claims, name))
    if missing:
        raise ApiError("contact_unverified", text=_UNVERIFIED.get(missing))


def _is_verified(claims: Mapping[str, Any], name: str) -> bool:
    return bool(claims.get(name)) and claims.get(f"{name}_verified") is True


def pseudonym(tag_of: TagOf, kind: str, value: str) -> str:
    """Under what a person with this contact is known in the ledger."""
    return tag_of("subject", kind, value.lower() if kind == "email" else value)


def refuse_without_role(who: Operator, *, to_change: bool) -> None:
    """ApiError `forbidden` for somebody without the role that it takes."""
    if not (who.may_change if to_change else who.may_look):
        raise ApiError("forbidden")


def refuse_odd_ids(path: Mapping[str, str]) -> None:
    """ApiError `not_found` for parts of an address that cannot be the id of anything (they could be too long a key)."""
    if not all(_ID.fullmatch(path[name]) for name in ("request_id", "hold_id", "replay_id", "bulk_id") if name in path):
        raise ApiError("not_found")
    if not _STORE.fullmatch(path.get("store", "any")):
        raise ApiError("not_found")
