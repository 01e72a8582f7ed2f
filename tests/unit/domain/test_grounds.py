"""The register of grounds, as a lawyer would ask about it (policy 1(6).3)."""

from datetime import date

import pytest

from rights.domain.grounds import GROUNDS, REFUSABLE, User, ground_of, latest_end, may_keep, may_refuse
from rights.domain.period import day_after
from rights.notices.grounds import GROUND

APPROVER = {User.OPERATOR, User.APPROVER}
EVERY = range(1, 12)


def test_the_register_has_the_eleven_grounds_of_the_policy_in_its_order() -> None:
    assert [ground.number for ground in GROUNDS] == list(EVERY)
    assert len({ground.code for ground in GROUNDS}) == 11
    assert all(f"1(6).3 ({ground.number})" in ground.source for ground in GROUNDS)


def test_every_ground_has_words_for_the_person_and_no_words_are_left_over() -> None:
    assert {ground.number for ground in GROUNDS} == set(GROUND)
    assert len(set(GROUND.values())) == 11


@pytest.mark.parametrize("number", EVERY)
def test_a_ground_serves_this_policys_jurisdiction_only(number: int) -> None:
    assert ground_of(number).jurisdictions == {"KH"}
    for elsewhere in ("EU", "VN", "CN", ""):
        assert not may_refuse(number, "deletion", elsewhere, by=APPROVER)
        assert not may_keep(number, elsewhere, by=set(User))


@pytest.mark.parametrize("number", [7, 8])
@pytest.mark.parametrize("purposes", [(), ("marketing",), ("personalised_ads",), ("location", "marketing")])
def test_withdrawing_marketing_consent_is_never_refused_on_ground_7_or_8(
    number: int, purposes: tuple[str, ...]
) -> None:
    assert not may_refuse(number, "consent_withdrawal", "KH", by=set(User), purposes=purposes)
    assert may_refuse(number, "consent_withdrawal", "KH", purposes=("location",))


@pytest.mark.parametrize("number", EVERY)
@pytest.mark.parametrize("right", ["marketing_opt_out", "complaint", "restriction", "anything"])
def test_a_right_the_policys_list_does_not_name_is_refused_on_no_ground(number: int, right: str) -> None:
    assert not may_refuse(number, right, "KH", by=set(User))


@pytest.mark.parametrize("right", ["access", "portability", "correction"])
def test_a_contract_is_no_reason_to_withhold_information_or_to_leave_it_wrong(right: str) -> None:
    assert not may_refuse(7, right, "KH", by=APPROVER)


@pytest.mark.parametrize("right", sorted(REFUSABLE))
def test_what_a_law_requires_may_refuse_every_right_of_the_list(right: str) -> None:
    assert may_refuse(11, right, "KH")
    assert may_refuse(3, right, "KH")


@pytest.mark.parametrize("number", [1, 2, 9, 10])
def test_what_weighs_most_is_for_an_approver(number: int) -> None:
    assert not may_refuse(number, "deletion", "KH")
    assert may_refuse(number, "deletion", "KH", by=APPROVER)


def test_a_ground_the_policy_does_not_have_serves_nobody() -> None:
    for number in (0, 12):
        assert not may_refuse(number, "deletion", "KH", by=set(User))
        assert not may_keep(number, "KH", by=set(User))


def test_a_rule_of_the_data_map_keeps_on_contract_safe_operation_or_law_only() -> None:
    assert [n for n in EVERY if may_keep(n, "KH", by={User.RULE})] == [7, 8, 11]


def test_safe_operation_keeps_no_letters_and_no_faces() -> None:
    assert may_keep(8, "KH", by={User.RULE}, categories={"user.device.device_id", "system.operations"})
    for category in ("user.content.private", "user.biometrics.voice", "user.contact.email", "user.devices"):
        assert not may_keep(8, "KH", by={User.RULE}, categories={"system.operations", category})
    assert may_keep(11, "KH", by={User.RULE}, categories={"user.content.private"})


@pytest.mark.parametrize(
    ("number", "end"),
    [
        (7, date(2027, 2, 28)),
        (8, date(2028, 2, 28)),
        (11, date(2036, 2, 28)),
        (3, date(2026, 8, 28)),
        (1, date(2027, 2, 28)),
    ],
)
def test_nothing_is_kept_without_an_end_or_a_review(number: int, end: date) -> None:
    assert latest_end(number, date(2026, 2, 28)) == end


def test_a_day_that_its_month_does_not_have_is_the_months_last() -> None:
    assert day_after(date(2024, 2, 29), "P10Y") == date(2034, 2, 28)
    assert day_after(date(2024, 1, 31), "P1M") == date(2024, 2, 29)
    assert day_after(date(2024, 1, 1), "P1Y1M1W1D") == date(2025, 2, 9)
