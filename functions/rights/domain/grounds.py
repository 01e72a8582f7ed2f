"""The eleven grounds on which a right may be refused or data kept (policy 1(6).3), as a register.

The policy names the cases only. For which rights, in which jurisdiction, for which data, by whom and for how long a
ground may serve is the house's reading, narrower than the policy where that favours the person; counsel confirms it.
They are this policy's grounds, not every law's: no row serves another jurisdiction unless it says so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rights.domain.period import day_after

POLICY_JURISDICTION = "KH"


class User(StrEnum):
    """Who may use a ground."""

    RULE = "rule"
    """A rule of the data map, with nobody looking."""
    OPERATOR = "operator"
    APPROVER = "approver"
    """An operator of the second kind, for what weighs most."""


INFORMATION = frozenset({"access", "portability"})
CORRECTION = frozenset({"correction"})
ERASURE = frozenset({"deletion", "account_closure"})
WITHDRAWAL = frozenset({"consent_withdrawal"})
REFUSABLE = INFORMATION | CORRECTION | ERASURE | WITHDRAWAL
"""What the policy's list speaks of: information, correction, deletion, cancellation, withdrawal. Whoever complains,
restricts or opts out of marketing is never refused on a ground."""

MARKETING = frozenset({"marketing", "personalised_ads"})
"""Purposes whose withdrawal is a withdrawal of marketing consent."""
NEVER_AGAINST_MARKETING = frozenset({7, 8})

_ANYONE = frozenset({User.RULE, User.OPERATOR, User.APPROVER})
_PEOPLE = frozenset({User.OPERATOR, User.APPROVER})
_APPROVER = frozenset({User.APPROVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One exemption. `code` names it, and its text for the person in the catalogues."""

    number: int
    code: str
    source: str
    rights: frozenset[str] = REFUSABLE
    """The rights that may be refused on it; what may be kept against a deletion is what may refuse one."""
    users: frozenset[User] = _PEOPLE
    longest: str | None = None
    """ISO 8601: the longest term it can keep data for; `None`: no fixed end, but a review."""
    review: str = "P1Y"
    """ISO 8601: when what has no fixed end is looked at again."""
    categories: frozenset[str] = frozenset()
    """Data categories (Fideslang, by prefix) it may keep; empty: any."""
    jurisdictions: frozenset[str] = frozenset({POLICY_JURISDICTION})


GROUNDS: tuple[Ground, ...] = (
    Ground(number=1, code="national_security", source="Policy 1(6).3 (1)", users=_APPROVER),
    Ground(number=2, code="public_interest", source="Policy 1(6).3 (2)", users=_APPROVER),
    Ground(number=3, code="criminal_justice", source="Policy 1(6).3 (3)", review="P6M"),
    Ground(number=4, code="vital_interests", source="Policy 1(6).3 (4)", review="P6M"),
    Ground(number=5, code="made_public", source="Policy 1(6).3 (5)", rights=ERASURE | WITHDRAWAL),
    Ground(number=6, code="lawfully_public", source="Policy 1(6).3 (6)", rights=ERASURE | WITHDRAWAL),
    Ground(
        number=7,
        code="contract",
        source="Policy 1(6).3 (7); one year, then looked at again, is the house term",
        rights=ERASURE | WITHDRAWAL,
        users=_ANYONE,
        longest="P1Y",
    ),
    Ground(
        number=8,
        code="safe_operation",
        source="Policy 1(5) and 1(6).3 (8); 24 months is the house term",
        rights=INFORMATION | ERASURE | WITHDRAWAL,
        users=_ANYONE,
        longest="P24M",
        categories=frozenset(
            {"system", "user.device", "user.unique_id", "user.location", "user.behavior", "user.payment"}
        ),
    ),
    Ground(
        number=9,
        code="news",
        source="Policy 1(6).3 (9)",
        rights=CORRECTION | ERASURE | WITHDRAWAL,
        users=_APPROVER,
    ),
    Ground(
        number=10,
        code="research",
        source="Policy 1(6).3 (10); results are de-identified, so nothing that names the person is kept",
        rights=ERASURE | WITHDRAWAL,
        users=_APPROVER,
        categories=frozenset({"system"}),
    ),
    Ground(
        number=11,
        code="law",
        source="Policy 1(6).3 (11), for instance tax and commercial records; ten years is the longest we know",
        users=_ANYONE,
        longest="P10Y",
    ),
)
"""The register, in the policy's own order."""

_BY_NUMBER = {ground.number: ground for ground in GROUNDS}


def ground_of(number: int) -> Ground:
    """The ground of this number; KeyError for one that the policy does not have."""
    return _BY_NUMBER[number]


def may_refuse(
    number: int,
    right: str,
    jurisdiction: str,
    *,
    by: Collection[User] = frozenset({User.OPERATOR}),
    purposes: Collection[str] = (),
) -> bool:
    """Tell whether somebody in one of these roles may refuse this right on this ground, under this jurisdiction.

    `purposes` are those of a consent withdrawal; one that names none counts as one of marketing consent too.
    """
    ground = _BY_NUMBER.get(number)
    if ground is None or not _is_at_hand(ground, jurisdiction, by) or right not in ground.rights:
        return False
    return not (number in NEVER_AGAINST_MARKETING and withdraws_marketing(right, purposes))


def withdraws_marketing(right: str, purposes: Collection[str]) -> bool:
    """Tell whether marketing consent is withdrawn, alone or with others."""
    return right in WITHDRAWAL and (not purposes or not MARKETING.isdisjoint(purposes))


def may_keep(
    number: int,
    jurisdiction: str,
    *,
    by: Collection[User] = frozenset({User.OPERATOR}),
    categories: Collection[str] = (),
) -> bool:
    """Tell whether data of all these categories may be kept against a deletion on this ground."""
    ground = _BY_NUMBER.get(number)
    if ground is None or not _is_at_hand(ground, jurisdiction, by) or "deletion" not in ground.rights:
        return False
    return all(_serves(ground, category) for category in categories)


def latest_end(number: int, from_date: date) -> date:
    """The last day that may be named for data kept from this date: the end of the longest term, or the next review."""
    ground = _BY_NUMBER[number]
    return day_after(from_date, ground.longest or ground.review)


def _is_at_hand(ground: Ground, jurisdiction: str, by: Collection[User]) -> bool:
    return jurisdiction in ground.jurisdictions and not ground.users.isdisjoint(by)


def _serves(ground: Ground, category: str) -> bool:
    return not ground.categories or any(
        category == known or category.startswith(f"{known}.") for known in ground.categories
    )
