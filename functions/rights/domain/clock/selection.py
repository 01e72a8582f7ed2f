"""Which rule a request runs under."""

from collections.abc import Iterable, Iterator
from datetime import date

from rights.domain.clock.rule import Actor, ClockRule, Jurisdiction, Standing
from rights.domain.clock.table import RULES

APPLIED_BY_ITSELF = frozenset({Standing.ENACTED, Standing.CONTRACT})
APPLIED_WHEN_NAMED = APPLIED_BY_ITSELF | {Standing.GUIDANCE}

EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK EU".split()  # noqa: SIM905
)


class NoSuchRuleError(LookupError):
    """No rule of that name may be applied to that right on that day."""


def jurisdiction_of(territory: str) -> Jurisdiction:
    """Whose rules hold for a territory (ISO 3166 code, or `policy`); one we have no rules for falls to the policy."""
    if territory in EEA:
        return Jurisdiction.EU
    if territory == "UK":
        return Jurisdiction.UNITED_KINGDOM
    try:
        return Jurisdiction(territory)
    except ValueError:
        return Jurisdiction.POLICY


def rule_for(
    right: str,
    jurisdiction: str,
    as_of: date,
    *,
    named: str | None = None,
    actor: Actor = Actor.CONTROLLER,
) -> ClockRule:
    """The newest rule in force on the day of receipt: of the jurisdiction, else of the policy.

    Guidance is applied only when `named` by its id; a draft never is, named or not (NoSuchRuleError).
    """
    if named is not None:
        found = _newest(rule for rule in _fitting(right, as_of, actor, APPLIED_WHEN_NAMED) if rule.id == named)
        if found is None:
            raise NoSuchRuleError(named)
        return found
    for governing in (jurisdiction_of(jurisdiction), Jurisdiction.POLICY):
        fitting = _fitting(right, as_of, actor, APPLIED_BY_ITSELF)
        found = _newest(rule for rule in fitting if rule.jurisdiction is governing)
        if found is not None:
            return found
    raise NoSuchRuleError(right)


def rule_by_ref(ref: str) -> ClockRule:
    """The very version a request stores (`id@version`; `id` alone, as the first requests stored it: version 1)."""
    wanted = ref if "@" in ref else f"{ref}@1"
    for rule in RULES:
        if rule.ref == wanted:
            return rule
    raise NoSuchRuleError(ref)


def _fitting(right: str, as_of: date, actor: Actor, standings: frozenset[Standing]) -> Iterator[ClockRule]:
    for rule in RULES:
        in_force = rule.applies_from <= as_of and rule.standing in standings
        if in_force and right in rule.rights and rule.actor in {None, actor}:
            yield rule


def _newest(rules: Iterable[ClockRule]) -> ClockRule | None:
    return max(rules, key=lambda rule: rule.applies_from, default=None)
