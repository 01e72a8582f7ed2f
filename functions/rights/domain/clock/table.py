"""Every clock rule we know (DOMAIN section 4): one row each, with its source.

To change a rule, add a row with the next version and the day it applies from; never edit one that requests ran under.
`(house)` marks our own choice or reading, to be confirmed by counsel. Buffers are all house. Where we hold no calendar
of a country, its public holidays count as working days: the date can then only be earlier than the law's.
"""

from datetime import date
from functools import partial

from rights.domain.clock.facts import PauseReason
from rights.domain.clock.rule import (
    Actor,
    CalendarName,
    ClockRule,
    ExtensionTerm,
    Jurisdiction,
    PauseDays,
    Roll,
    Standing,
    Start,
    days,
    months,
    working_days,
)

REQUESTS = (
    "access",
    "portability",
    "correction",
    "deletion",
    "account_closure",
    "consent_withdrawal",
    "restriction",
)
"""What Articles 15 to 22 GDPR would call a request; an opt-out and a complaint have clocks of their own."""
SPECIFIABLE = ("access", "portability")
BEYOND_ACCESS = tuple(right for right in REQUESTS if right not in SPECIFIABLE)

IDENTITY = frozenset({PauseReason.IDENTITY})
IDENTITY_AND_CLARIFICATION = frozenset(PauseReason)

# --- The policy of Tinh Tinh Mall: a promise to every person, acknowledged on the day of receipt, stopped by nothing.

_policy = partial(
    ClockRule,
    jurisdiction=Jurisdiction.POLICY,
    standing=Standing.CONTRACT,
    acknowledge=days(0),
    calendar=CalendarName.CAMBODIA,
    zone="Asia/Phnom_Penh",
)


def _promise(right: str, term_in_days: int, source: str, *, buffer: int, note: str = "") -> ClockRule:
    """A row of the policy."""
    return _policy(
        id=f"ttm-policy-2024/{right}",
        rights=(right,),
        respond=days(term_in_days),
        source=source,
        buffer=buffer,
        note=note,
    )


POLICY = (
    _promise("access", 30, "policy 5(1)", buffer=5),
    _promise("portability", 30, "policy 5(1), term by house rule", buffer=5),
    _promise("correction", 30, "policy 5(2), term by house rule", buffer=5),
    _promise("deletion", 30, "policy 5(3), term by house rule", buffer=5),
    _promise("account_closure", 30, "policy 5(3), term by house rule", buffer=5),
    _promise("consent_withdrawal", 30, "policy 5(4), term by house rule", buffer=5),
    _promise("restriction", 30, "policy 5, term by house rule", buffer=5),
    _promise("complaint", 15, "policy 5 end, 9", buffer=2),
    _promise(
        "marketing_opt_out",
        3,
        "policy 1(2), term by house rule",
        buffer=3,
        note="At once: the buffer is the whole term, so the internal date is the day of receipt.",
    ),
)

# --- GDPR: one month (Art. 12(3)), computed by Regulation 1182/71.

_gdpr = partial(
    ClockRule,
    jurisdiction=Jurisdiction.EU,
    standing=Standing.ENACTED,
    applies_from=date(2018, 5, 25),
    source="GDPR Art. 12(3), 12(6); Reg. 1182/71 Art. 3(1), 3(2)(c), 3(4)",
    respond=months(1),
    extension=ExtensionTerm(months(2), frozenset({"complexity", "number_of_requests"})),
    roll=Roll.FORWARD,
    buffer=5,
    zone="Europe/Brussels",
)

GDPR = (
    _gdpr(
        id="gdpr/access",
        rights=SPECIFIABLE,
        pauses=IDENTITY_AND_CLARIFICATION,
        note="Asking what the request relates to stops the clock by recital 63 (counsel to confirm).",
    ),
    _gdpr(id="gdpr/other-rights", rights=BEYOND_ACCESS, pauses=IDENTITY),
)

# --- UK GDPR: the same month; since 5 February 2026 the law itself says what stops it.

_uk_guidance = partial(
    ClockRule,
    jurisdiction=Jurisdiction.UNITED_KINGDOM,
    standing=Standing.ENACTED,
    applies_from=date(2021, 1, 1),
    source="UK GDPR Art. 12(3), 12(6); ICO, right of access",
    respond=months(1),
    extension=ExtensionTerm(months(2), frozenset({"complexity", "number_of_requests"})),
    roll=Roll.FORWARD,
    buffer=5,
    zone="Europe/London",
)
_uk = partial(
    _uk_guidance,
    version=2,
    applies_from=date(2026, 2, 5),
    source="UK GDPR Art. 12, 12A (Data (Use and Access) Act 2025 s. 76)",
    pause_days=PauseDays.ASKING_TO_ANSWER,
    note="By 12A the month begins anew when identity is proven; stopping it instead is never later (house).",
)

UK_GDPR = (
    _uk_guidance(id="uk-gdpr/access", rights=SPECIFIABLE, pauses=IDENTITY_AND_CLARIFICATION),
    _uk_guidance(id="uk-gdpr/other-rights", rights=BEYOND_ACCESS, pauses=IDENTITY),
    _uk(id="uk-gdpr/access", rights=SPECIFIABLE, pauses=IDENTITY_AND_CLARIFICATION),
    _uk(id="uk-gdpr/other-rights", rights=BEYOND_ACCESS, pauses=IDENTITY),
)

# --- California: 45 days whatever verification takes; an opt-out needs no verification.

_ccpa = partial(
    ClockRule,
    jurisdiction=Jurisdiction.CALIFORNIA,
    standing=Standing.ENACTED,
    applies_from=date(2023, 3, 29),
    zone="America/Los_Angeles",
)

CCPA = (
    _ccpa(
        id="ccpa/requests",
        rights=("access", "portability", "correction", "deletion", "account_closure"),
        source="Cal. Civ. Code 1798.130(a)(2)(A); 11 CCR 7021(a), (b)",
        acknowledge=working_days(10),
        respond=days(45),
        extension=ExtensionTerm(days(45), frozenset({"reasonably_necessary"})),
        buffer=5,
        note="First day excluded: 7021(b) counts 45 days after receipt; so does Cal. Civ. Code 10.",
    ),
    _ccpa(
        id="ccpa/opt-out",
        rights=("marketing_opt_out", "consent_withdrawal", "restriction"),
        source="11 CCR 7026(f), 7027(g)",
        respond=working_days(15),
        buffer=5,
    ),
)

# --- China: the law says "timely"; two texts of guidance say how soon. Applied only when named.

CHINA = (
    ClockRule(
        id="pipl/app-method",
        jurisdiction=Jurisdiction.CHINA,
        standing=Standing.GUIDANCE,
        applies_from=date(2019, 11, 28),
        rights=(*REQUESTS, "complaint"),
        source="PIPL Art. 50; method for identifying illegal collection by apps (2019), part 6",
        respond=working_days(15),
        buffer=5,
        zone="Asia/Shanghai",
        note="The method names correction, deletion, closing an account, complaints; the rest by analogy (house). "
        "A weekend that China works in exchange for a holiday counts as a weekend: the buffer covers it.",
    ),
    ClockRule(
        id="pipl/gbt-35273",
        jurisdiction=Jurisdiction.CHINA,
        standing=Standing.GUIDANCE,
        applies_from=date(2020, 10, 1),
        rights=REQUESTS,
        source="PIPL Art. 50; GB/T 35273-2020, 8.7",
        respond=days(30),
        start=Start.VERIFICATION,
        buffer=5,
        zone="Asia/Shanghai",
    ),
)

# --- Vietnam: differs by right and by who must act.

_vietnam = partial(
    ClockRule,
    jurisdiction=Jurisdiction.VIETNAM,
    standing=Standing.ENACTED,
    applies_from=date(2026, 1, 1),
    source="Decree 356/2025/ND-CP, on requests of data subjects",
    acknowledge=working_days(2),
    extension=ExtensionTerm(days(15), frozenset({"complexity"})),
    buffer=2,
    zone="Asia/Ho_Chi_Minh",
    note="From summaries, not from the text; counsel to confirm each term. Deletion falls to the policy (house).",
)
_STOPPING = ("consent_withdrawal", "restriction", "marketing_opt_out")
_SEEING = ("access", "portability", "correction")

VIETNAM = (
    _vietnam(id="vn-356/stop", rights=_STOPPING, respond=days(15), actor=Actor.CONTROLLER),
    _vietnam(id="vn-356/stop-by-processor", rights=_STOPPING, respond=days(20), actor=Actor.PROCESSOR),
    _vietnam(id="vn-356/see-and-correct", rights=_SEEING, respond=days(10), actor=Actor.CONTROLLER),
    _vietnam(id="vn-356/see-and-correct-by-processor", rights=_SEEING, respond=days(20), actor=Actor.PROCESSOR),
)

# --- Cambodia: a draft law whose terms nobody knows. It is here to be seen, and is never applied.

CAMBODIA = (
    ClockRule(
        id="kh-draft-law",
        jurisdiction=Jurisdiction.CAMBODIA,
        standing=Standing.DRAFT,
        rights=(*REQUESTS, "marketing_opt_out", "complaint"),
        source="draft law on personal data protection",
        respond=None,
        calendar=CalendarName.CAMBODIA,
        note="Terms unknown.",
    ),
)

RULES: tuple[ClockRule, ...] = (*POLICY, *GDPR, *UK_GDPR, *CCPA, *CHINA, *VIETNAM, *CAMBODIA)
