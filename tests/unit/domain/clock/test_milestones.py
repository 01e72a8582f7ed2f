from datetime import date, timedelta

import pytest

from rights.domain.clock import PauseReason, explain, is_overdue, milestones, next_look, reached, rule_for
from rights.domain.clock.milestones import moment_at
from rights.domain.clock.rule import days
from rights.domain.status import FINAL, OPEN, Status
from tests.unit.domain.clock.support import PHNOM_PENH, a_rule, at, pause, read

ACCESS = rule_for("access", "policy", date(2026, 3, 1))


def test_reminders_come_at_half_three_quarters_nine_tenths_the_internal_and_the_legal_date() -> None:
    clock = read(ACCESS, "2026-03-01")
    assert [(m.code.value, m.at.astimezone(PHNOM_PENH).strftime("%m-%d %H:%M")) for m in milestones(clock)] == [
        ("percent_50", "03-16 23:59"),
        ("percent_75", "03-24 12:00"),
        ("internal_date", "03-26 23:59"),
        ("percent_90", "03-28 23:59"),
        ("legal_date", "03-31 23:59"),
    ]


def test_days_that_do_not_count_bring_no_reminder_nearer() -> None:
    rule = a_rule(days(30), pauses=frozenset(PauseReason))
    clock = read(rule, "2026-03-01", pause(PauseReason.IDENTITY, "2026-03-10", "2026-03-20", rule))
    assert moment_at(clock, 50) == at("2026-03-26T23:59:59")


def test_each_is_reached_once_however_late_the_sweep() -> None:
    clock = read(ACCESS, "2026-03-01")
    passed = reached(clock, at("2026-03-27"), frozenset())
    assert [m.key for m in passed] == ["percent_50", "percent_75", "internal_date"]
    assert reached(clock, at("2026-03-27"), {m.key for m in passed}) == ()


def test_the_sweep_knows_when_to_look_again() -> None:
    clock = read(ACCESS, "2026-03-01")
    assert next_look(clock, frozenset()) == at("2026-03-16T23:59:59")
    assert next_look(clock, {"percent_50"}) == at("2026-03-24T12:00")
    assert next_look(clock, {m.key for m in milestones(clock)}) is None


def test_the_longer_term_is_warned_of_anew() -> None:
    gdpr = rule_for("access", "EU", date(2026, 3, 1))
    clock = read(gdpr, "2026-03-05", extended=("2026-03-30", "complexity"))
    assert {m.key for m in milestones(clock)} == {f"extended.{m.code}" for m in milestones(clock)}


def test_even_a_term_of_one_day_has_all_its_milestones_in_order() -> None:
    clock = read(a_rule(days(1)), "2026-03-01")
    assert [m.code.value for m in milestones(clock)][:2] == ["percent_50", "percent_75"]
    assert moment_at(clock, 50) == at("2026-03-02T12:00")


@pytest.mark.parametrize("status", sorted(Status))
def test_overdue_is_any_state_that_is_not_final_a_failed_one_included(status: Status) -> None:
    due = at("2026-03-31T23:59:59")
    overdue = is_overdue(due, due + timedelta(seconds=1), final=status in FINAL)
    assert overdue == (status in OPEN)
    assert not is_overdue(due, due, final=status in FINAL)


def test_what_needs_repair_is_overdue() -> None:
    due = at("2026-03-31T23:59:59")
    assert is_overdue(due, at("2026-04-01T00:00"), final=Status.NEEDS_REPAIR in FINAL)


def test_the_explanation_is_codes_and_values_that_every_language_can_word() -> None:
    receipt, term = explain(read(ACCESS, "2026-03-01"))
    assert (receipt["from"], receipt["to"], receipt["counted"], receipt["reason"]) == (
        "2026-03-01",
        "2026-03-01",
        "no",
        "receipt_day",
    )
    assert term == {
        "from": "2026-03-02",
        "to": "2026-03-31",
        "counted": "yes",
        "reason": "base_term",
        "days": "30",
        "rule": "ttm-policy-2024/access@1",
        "source": "policy 5(1)",
    }
