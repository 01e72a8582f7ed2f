"""Dates that the policy, the laws or their regulators work out, or that follow from one sentence of theirs."""

from datetime import date

import pytest

from rights.domain.clock import Actor, rule_for, weekdays
from tests.unit.domain.clock.support import at, in_england, last_day, on, read

SPRING_2026 = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("right", "received", "answered_by"),
    [
        ("access", "2026-03-01", "2026-03-31"),  # 5(1): thirty days
        ("access", "2028-01-30", "2028-02-29"),  # a leap day counts
        ("access", "2026-12-15", "2027-01-14"),
        ("access", "2026-04-30", "2026-05-30"),  # a Saturday: a promise in days does not move
        ("deletion", "2026-03-01", "2026-03-31"),
        ("account_closure", "2026-03-01", "2026-03-31"),
        ("correction", "2026-03-01", "2026-03-31"),
        ("portability", "2026-03-01", "2026-03-31"),
        ("consent_withdrawal", "2026-03-01", "2026-03-31"),
        ("restriction", "2026-03-01", "2026-03-31"),
        ("complaint", "2026-03-01", "2026-03-16"),  # 9: fifteen days
        ("marketing_opt_out", "2026-03-01", "2026-03-04"),  # at once, at most three days
    ],
)
def test_the_policy_counts_calendar_days_after_receipt(right: str, received: str, answered_by: str) -> None:
    assert last_day(read(rule_for(right, "policy", date.fromisoformat(received)), received)) == answered_by


@pytest.mark.parametrize(
    ("received", "answered_by"),
    [
        ("2026-03-01T23:59:59", "2026-03-31"),
        ("2026-03-02T00:00:01", "2026-04-01"),
    ],
)
def test_midnight_in_phnom_penh_divides_the_days(received: str, answered_by: str) -> None:
    assert last_day(read(rule_for("access", "policy", SPRING_2026), received)) == answered_by


def test_the_policy_is_acknowledged_on_the_day_of_receipt() -> None:
    rule = rule_for("access", "policy", SPRING_2026)
    assert on(read(rule, "2026-03-01T00:01").acknowledge_by, rule) == "2026-03-01"


def test_an_opt_out_is_worked_on_at_once() -> None:
    rule = rule_for("marketing_opt_out", "policy", SPRING_2026)
    clock = read(rule, "2026-03-01")
    assert on(clock.internal_due, rule) == on(clock.due, rule) == "2026-03-01"


@pytest.mark.parametrize(
    ("received", "answered_by"),
    [
        ("2024-03-05", "2024-04-05"),  # EDPB Guidelines 01/2022: until and including 5 April
        ("2022-08-31", "2022-09-30"),  # the same: no corresponding date, so the last day of the month
        ("2025-01-31", "2025-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2026-01-14", "2026-02-16"),  # 14 February is a Saturday
        ("2026-01-15", "2026-02-16"),  # 15 February is a Sunday
        ("2026-01-16", "2026-02-16"),
        ("2026-01-30", "2026-03-02"),  # month's end first, then the weekend: 28 February is a Saturday
    ],
)
def test_gdpr_gives_one_month_computed_by_regulation_1182_71(received: str, answered_by: str) -> None:
    assert last_day(read(rule_for("access", "EU", date.fromisoformat(received)), received)) == answered_by


def test_gdpr_extended_is_three_months_from_receipt() -> None:
    rule = rule_for("deletion", "DE", SPRING_2026)
    assert last_day(read(rule, "2026-01-31", extended=("2026-02-20", "complexity"))) == "2026-04-30"
    assert last_day(read(rule, "2026-03-05", extended=("2026-03-20", "number_of_requests"))) == "2026-06-05"


def test_gdpr_asks_for_no_acknowledgement() -> None:
    assert read(rule_for("access", "FR", SPRING_2026), "2026-03-05").acknowledge_by is None


@pytest.mark.parametrize(
    ("received", "answered_by"),
    [
        ("2026-09-03", "2026-10-05"),  # ICO: 3 September to 3 October, here a Saturday
        ("2025-09-03", "2025-10-03"),
        ("2026-03-31", "2026-04-30"),  # ICO: no corresponding date, so the month's last day
        ("2026-11-25", "2026-12-29"),  # ICO: Christmas Day moves on, over the weekend and the bank holiday in lieu
    ],
)
def test_uk_gdpr_ends_on_the_corresponding_date_rolled_to_a_working_day(received: str, answered_by: str) -> None:
    rule = rule_for("access", "GB", date.fromisoformat(received))
    assert last_day(read(rule, received, is_working=in_england)) == answered_by


@pytest.mark.parametrize(
    ("right", "received", "answered_by"),
    [
        ("access", "2025-01-01", "2025-02-15"),  # a Saturday: nothing in 7021(b) moves it
        ("deletion", "2024-01-31", "2024-03-16"),  # over a leap day
        ("correction", "2025-12-01", "2026-01-15"),
        ("marketing_opt_out", "2025-01-01", "2025-01-22"),  # 15 business days
    ],
)
def test_ccpa_gives_45_calendar_days_and_15_business_days_for_an_opt_out(
    right: str, received: str, answered_by: str
) -> None:
    assert last_day(read(rule_for(right, "US-CA", date.fromisoformat(received)), received)) == answered_by


@pytest.mark.parametrize("verified", [None, "2025-01-02", "2025-02-10"])
def test_verification_does_not_stop_the_45_days_of_ccpa(verified: str | None) -> None:
    rule = rule_for("access", "US-CA", date(2025, 1, 1))
    assert last_day(read(rule, "2025-01-01", verified=verified)) == "2025-02-15"


def test_ccpa_is_acknowledged_within_ten_business_days_and_extended_to_ninety_days() -> None:
    rule = rule_for("access", "US-CA", date(2025, 1, 1))
    clock = read(rule, "2025-01-01", extended=("2025-02-15", "reasonably_necessary"))
    assert on(clock.acknowledge_by, rule) == "2025-01-15"
    assert last_day(clock) == "2025-04-01"


def test_the_app_method_gives_15_working_days() -> None:
    rule = rule_for("deletion", "CN", SPRING_2026, named="pipl/app-method")
    assert last_day(read(rule, "2026-03-02")) == "2026-03-23"


def test_gbt_35273_gives_30_days_from_verification() -> None:
    rule = rule_for("access", "CN", SPRING_2026, named="pipl/gbt-35273")
    clock = read(rule, "2026-03-02", verified="2026-03-05")
    assert last_day(clock) == "2026-04-04"
    assert [(s.first.day, s.last.day, s.reason.value) for s in clock.segments] == [
        (2, 2, "receipt_day"),
        (3, 5, "awaiting_verification"),
        (6, 4, "base_term"),
    ]


def test_before_verification_such_a_clock_stands_still_and_names_the_earliest_date_it_can_have() -> None:
    rule = rule_for("access", "CN", SPRING_2026, named="pipl/gbt-35273")
    clock = read(rule, "2026-03-02", now=at("2026-03-04", rule))
    assert (clock.stands_still, clock.days_used, last_day(clock)) == ("awaiting_verification", 0, "2026-04-03")


@pytest.mark.parametrize(
    ("right", "actor", "plain", "extended"),
    [
        ("access", Actor.CONTROLLER, "2026-03-11", "2026-03-26"),
        ("correction", Actor.PROCESSOR, "2026-03-21", "2026-04-05"),
        ("consent_withdrawal", Actor.CONTROLLER, "2026-03-16", "2026-03-31"),
        ("restriction", Actor.PROCESSOR, "2026-03-21", "2026-04-05"),
    ],
)
def test_vietnam_differs_by_right_and_by_who_must_act(right: str, actor: Actor, plain: str, extended: str) -> None:
    rule = rule_for(right, "VN", SPRING_2026, actor=actor)
    assert last_day(read(rule, "2026-03-01")) == plain
    assert last_day(read(rule, "2026-03-01", extended=("2026-03-08", "complexity"))) == extended
    assert on(read(rule, "2026-03-01", is_working=weekdays).acknowledge_by, rule) == "2026-03-03"  # 1 March is a Sunday
