"""Who acts at the operators' door: by the claims that the authoriser checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rights.domain.grounds import User
from rights.http import ApiError

VIEWER = "viewer"
_ID = re.compile(r"[0-9A-Z]{26}")
_STORE = re.compile(r"[a-z][a-z0-9_.]{0,62}")
_MAY_LOOK = frozenset({VIEWER, User.OPERATOR.value, User.APPROVER.value})
_MAY_ACT = frozenset({User.OPERATOR.value, User.APPROVER.value})


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who is signed in, in their roles."""

    id: str
    groups: frozenset[str]
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Their own phone and email: nobody acts on a request about themselves."""

    @property
    def is_approver(self) -> bool:
        """True for whoever may use the gravest grounds, and completes a double approval."""
        return User.APPROVER in self.groups

    @property
    def uses_grounds_as(self) -> frozenset[User]:
        """As what they may use a ground."""
        return frozenset(User(group) for group in self.groups & _MAY_ACT)

    def pseudonyms(self, tag_of: Callable[..., str]) -> frozenset[str]:
        """Under which a request about them would know them."""
        return frozenset(tag_of("subject", kind, value) for kind, value in self.contacts.items())


def operator_of(claims: Mapping[str, Any], *, to_change: bool) -> Operator:
    """Who acts; ApiError `forbidden` for somebody without the role that it takes."""
    # API Gateway hands groups over as text: "operator", "[operator lead]" or "operator,lead".
    groups = frozenset(str(claims.get("cognito:groups", "")).strip("[]").replace(",", " ").split())
    name = str(claims.get("sub", ""))
    if not name or groups.isdisjoint(_MAY_ACT if to_change else _MAY_LOOK):
        raise ApiError("forbidden")
    contacts = {"phone": str(claims.get("phone_number", "")), "email": str(claims.get("email", "")).lower()}
    return Operator(name, groups, {kind: value for kind, value in contacts.items() if value})


def refuse_odd_ids(path: Mapping[str, str]) -> None:
    """ApiError `not_found` for parts of an address that cannot be the id of anything (they could be too long a key)."""
    if not all(_ID.fullmatch(path[name]) for name in ("request_id", "hold_id", "replay_id", "bulk_id") if name in path):
        raise ApiError("not_found")
    if not _STORE.fullmatch(path.get("store", "any")):
        raise ApiError("not_found")
