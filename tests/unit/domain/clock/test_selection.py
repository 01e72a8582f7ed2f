from dataclasses import FrozenInstanceError, replace
from datetime import date
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from rights.domain.clock import (
    RULES,
    Actor,
    CalendarName,
    Jurisdiction,
    NoSuchRuleError,
    Standing,
    Timeline,
    jurisdiction_of,
    read_clock,
    rule_by_ref,
    rule_for,
    weekdays,
)
from rights.domain.clock.rule import ExtensionTerm, days, months
from rights.domain.rights import Right
from tests.unit.domain.clock.support import at

TODAY = date(2026, 3, 1)
EVERY_RIGHT = frozenset(right for rule in RULES for right in rule.rights)


def test_every_right_has_a_rule_in_every_jurisdiction() -> None:
    assert {right.value for right in Right} <= EVERY_RIGHT
    for right, jurisdiction in product(EVERY_RIGHT, Jurisdiction):
        assert right in rule_for(right, jurisdiction, TODAY).rights


def test_every_right_has_a_promise_of_the_policy_to_fall_back_on() -> None:
    for right in Right:
        rule = rule_for(right, "policy", TODAY)
        assert (rule.jurisdiction, rule.standing) == (Jurisdiction.POLICY, Standing.CONTRACT)
        assert rule.respond is not None


def test_every_rule_names_its_source_a_zone_that_exists_and_a_version_of_its_own() -> None:
    assert all(rule.source and ZoneInfo(rule.zone) and rule.rights for rule in RULES)
    assert len({rule.ref for rule in RULES}) == len(RULES)


def test_every_row_of_the_domain_is_there() -> None:
    standings = {(rule.jurisdiction, rule.standing) for rule in RULES}
    assert standings == {
        (Jurisdiction.POLICY, Standing.CONTRACT),
        (Jurisdiction.EU, Standing.ENACTED),
        (Jurisdiction.UNITED_KINGDOM, Standing.ENACTED),
        (Jurisdiction.CALIFORNIA, Standing.ENACTED),
        (Jurisdiction.CHINA, Standing.GUIDANCE),
        (Jurisdiction.VIETNAM, Standing.ENACTED),
        (Jurisdiction.CAMBODIA, Standing.DRAFT),
    }


def test_no_two_rules_claim_the_same_request() -> None:
    for right, jurisdiction, actor in product(EVERY_RIGHT, Jurisdiction, Actor):
        claims = [
            rule.applies_from
            for rule in RULES
            if right in rule.rights and rule.jurisdiction is jurisdiction and rule.actor in {None, actor}
            and rule.standing in {Standing.ENACTED, Standing.CONTRACT}
        ]  # fmt: skip
        assert len(set(claims)) == len(claims)


def test_the_policy_is_the_default_for_a_territory_without_rules_of_its_own() -> None:
    for territory in ("policy", "KH", "TH", "US", "ZZ"):
        assert rule_for("access", territory, TODAY).id == "ttm-policy-2024/access"


@pytest.mark.parametrize(
    ("territory", "law"),
    [("DE", "gdpr"), ("NO", "gdpr"), ("EU", "gdpr"), ("GB", "uk-gdpr"), ("UK", "uk-gdpr"), ("VN", "vn-356")],
)
def test_a_person_in_a_territory_with_a_law_is_under_that_law(territory: str, law: str) -> None:
    assert rule_for("access", territory, TODAY).id.split("/")[0] == law


def test_a_right_the_law_does_not_time_falls_to_the_policy() -> None:
    assert rule_for("complaint", "EU", TODAY).id == "ttm-policy-2024/complaint"
    assert rule_for("deletion", "VN", TODAY).id == "ttm-policy-2024/deletion"


def test_a_draft_is_never_applied_neither_by_itself_nor_by_name() -> None:
    assert jurisdiction_of("KH") is Jurisdiction.CAMBODIA
    assert rule_for("access", "KH", TODAY).standing is Standing.CONTRACT
    with pytest.raises(NoSuchRuleError):
        rule_for("access", "KH", TODAY, named="kh-draft-law")
    with pytest.raises(ValueError, match="no term"):
        read_clock(Timeline(at("2026-03-01")), rule_by_ref("kh-draft-law@1"), weekdays, at("2026-03-02"))


def test_guidance_is_applied_only_when_named() -> None:
    assert rule_for("access", "CN", TODAY).standing is Standing.CONTRACT
    assert rule_for("access", "CN", TODAY, named="pipl/app-method").standing is Standing.GUIDANCE


def test_the_version_is_that_of_the_day_of_receipt() -> None:
    assert rule_for("access", "GB", date(2026, 2, 4)).ref == "uk-gdpr/access@1"
    assert rule_for("access", "GB", date(2026, 2, 5)).ref == "uk-gdpr/access@2"
    assert rule_for("access", "VN", date(2025, 12, 31)).jurisdiction is Jurisdiction.POLICY
    assert rule_for("access", "VN", date(2026, 1, 1)).jurisdiction is Jurisdiction.VIETNAM


def test_a_stored_reference_finds_its_very_version_again() -> None:
    assert all(rule_by_ref(rule.ref) is rule for rule in RULES)
    assert rule_by_ref("ttm-policy-2024/access").version == 1  # as the first requests stored it
    with pytest.raises(NoSuchRuleError):
        rule_by_ref("ttm-policy-2024/access@99")


def test_an_unknown_right_has_no_rule() -> None:
    with pytest.raises(NoSuchRuleError):
        rule_for("flight", "policy", TODAY)


def test_the_policys_working_days_are_those_of_cambodia() -> None:
    assert rule_for("access", "policy", TODAY).calendar is CalendarName.CAMBODIA


def test_a_rule_is_data_that_nobody_changes_and_that_makes_sense() -> None:
    rule = rule_for("access", "policy", TODAY)
    with pytest.raises(FrozenInstanceError):
        rule.buffer = 0  # type: ignore[misc]
    with pytest.raises(ValueError, match="counted as its term"):
        replace(rule, extension=ExtensionTerm(months(1), frozenset({"complexity"})))
    with pytest.raises(ValueError, match="at least one"):
        replace(rule, respond=days(0))
    with pytest.raises(ValueError, match="only a draft"):
        replace(rule, respond=None)
