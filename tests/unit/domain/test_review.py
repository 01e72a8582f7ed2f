"""When somebody has to look, as the rules say it."""

import pytest

from rights.domain.confirmation import Confirm, to_confirm
from rights.domain.review import (
    UNUSUAL_RECORDS,
    Findings,
    Missing,
    Reason,
    approvals_missing,
    approvals_needed,
    may_lack_authority,
    reason_to_review,
)
from rights.domain.rights import ERASING, EXPORTING, OPERATION_OF, Operation, Requester, Right

PLAIN = Findings()


def why(right: Right, found: Findings = PLAIN, requester: Requester = Requester.SELF) -> Reason | None:
    return reason_to_review(right, requester, found)


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT}))
def test_what_is_plain_runs_by_itself(right: Right) -> None:
    assert why(right) is None


def test_a_complaint_is_always_read_by_somebody() -> None:
    assert why(Right.COMPLAINT) is Reason.COMPLAINT


def test_a_marketing_opt_out_for_oneself_is_never_looked_at() -> None:
    everything = Findings(accounts=3, is_child=True, is_held=True, records=10**9)
    assert why(Right.MARKETING_OPT_OUT, everything) is None


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT}))
def test_whoever_acts_for_another_is_always_looked_at(right: Right) -> None:
    assert why(right, requester=Requester.GUARDIAN) is Reason.GUARDIAN
    assert why(right, requester=Requester.AGENT) is Reason.AGENT


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT, Right.MARKETING_OPT_OUT}))
def test_what_only_an_operators_word_proves_is_looked_at_by_another(right: Right) -> None:
    assert why(right, Findings(is_attested=True, is_held=True)) is Reason.ATTESTED


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT, Right.MARKETING_OPT_OUT}))
def test_what_may_mix_two_people_up_is_said_before_whose_word_it_is(right: Right) -> None:
    assert why(right, Findings(is_attested=True, is_braked=True, accounts=2)) is Reason.SECOND_ACCOUNT
    beside = Findings(is_attested=True, is_beside_the_file=True, accounts=2)
    assert why(right, beside) is Reason.CONTACT_NOT_ON_FILE


def test_two_accounts_behind_one_contact_may_be_two_people() -> None:
    assert why(Right.ACCESS, Findings(accounts=2)) is Reason.SECOND_ACCOUNT


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT, Right.MARKETING_OPT_OUT}))
def test_a_child_who_asks_alone_is_looked_at_unless_the_right_only_protects(right: Right) -> None:
    protects = OPERATION_OF[right] is Operation.RESTRICT
    assert why(right, Findings(is_child=True)) is (None if protects else Reason.CHILD)


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT}))
def test_a_legal_hold_stops_what_erases_and_nothing_else(right: Right) -> None:
    assert why(right, Findings(is_held=True)) is (Reason.LEGAL_HOLD if right in ERASING else None)


def test_a_sign_in_contact_on_file_that_was_not_proven_is_not_replaced_unseen() -> None:
    found = Findings(corrected=("email",), on_file=("phone", "email"), proven=("phone",))
    assert why(Right.CORRECTION, found) is Reason.OLD_CONTACT_NOT_PROVEN


def test_a_sign_in_contact_that_was_proven_or_is_not_there_yet_is_replaced() -> None:
    proven = Findings(corrected=("email",), on_file=("phone", "email"), proven=("phone", "email"))
    first = Findings(corrected=("email",), on_file=("phone",), proven=("phone",))
    assert why(Right.CORRECTION, proven) is None
    assert why(Right.CORRECTION, first) is None


@pytest.mark.parametrize("right", sorted(ERASING | EXPORTING))
def test_a_contact_that_was_changed_of_late_opens_nothing_by_itself(right: Right) -> None:
    new = Findings(days_on_file=29, proven=("phone",))
    assert why(right, new) is Reason.NEW_ON_FILE
    assert why(right, Findings(days_on_file=30, proven=("phone",))) is None
    assert why(right, Findings(days_on_file=0, proven=("phone", "email"))) is None
    assert why(Right.MARKETING_OPT_OUT, new) is why(Right.RESTRICTION, new) is None


def test_a_birthday_is_corrected_by_somebody_who_looks() -> None:
    assert why(Right.CORRECTION, Findings(corrected=("birth_date",))) is Reason.SENSITIVE_CORRECTION


def test_an_erasure_of_more_than_a_customer_ever_makes_is_looked_at() -> None:
    assert why(Right.DELETION, Findings(records=UNUSUAL_RECORDS)) is None
    assert why(Right.DELETION, Findings(records=UNUSUAL_RECORDS + 1)) is Reason.UNUSUAL_SIZE
    assert why(Right.ACCESS, Findings(records=UNUSUAL_RECORDS + 1)) is None


@pytest.mark.parametrize("right", sorted(Right))
def test_two_approve_where_data_leaves_or_goes_at_anothers_word(right: Right) -> None:
    weighs = right in ERASING | EXPORTING
    assert approvals_needed(right, Requester.AGENT, Reason.AGENT) == (2 if weighs else 1)
    assert approvals_needed(right, Requester.SELF, Reason.SECOND_ACCOUNT) == (2 if weighs else 1)
    assert approvals_needed(right, Requester.SELF, Reason.LEGAL_HOLD) == 1
    assert approvals_needed(right, Requester.SELF, Reason.CONTACT_NOT_ON_FILE) == 2


@pytest.mark.parametrize(
    ("needed", "given", "missing"),
    [
        (1, [], (1, False)),
        (1, [False], (0, False)),
        (2, [], (2, True)),
        (2, [False], (1, True)),
        (2, [True], (1, False)),
        (2, [False, True], (0, False)),
    ],
)
def test_of_two_who_approve_one_has_to_be_an_approver(
    needed: int, given: list[bool], missing: tuple[int, bool]
) -> None:
    assert approvals_missing(needed, given) == Missing(*missing)


def test_a_closure_and_a_new_sign_in_contact_are_confirmed_and_nothing_else() -> None:
    assert to_confirm(Right.ACCOUNT_CLOSURE, ()) is Confirm.CLOSURE
    assert to_confirm(Right.CORRECTION, ("phone", "name")) is Confirm.NEW_CONTACT
    assert to_confirm(Right.CORRECTION, ("name",)) is None
    assert to_confirm(Right.DELETION, ()) is None


@pytest.mark.parametrize("reason", sorted(Reason))
def test_a_request_is_refused_without_a_ground_only_where_it_is_open_who_asks(reason: Reason) -> None:
    open_who = {Reason.SECOND_ACCOUNT, Reason.NEW_ON_FILE, Reason.OLD_CONTACT_NOT_PROVEN, Reason.CHILD}
    open_who |= {Reason.SENSITIVE_CORRECTION, Reason.ATTESTED, Reason.AFFILIATE_CEILING, Reason.CONTACT_NOT_ON_FILE}
    assert may_lack_authority(Requester.AGENT, reason)
    assert may_lack_authority(Requester.GUARDIAN, reason)
    assert may_lack_authority(Requester.SELF, reason) == (reason in open_who)


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.COMPLAINT}))
def test_what_may_be_about_others_is_looked_at_before_it_is_handed_over_and_only_then(right: Right) -> None:
    found = Findings(speaks_of_others=True)
    assert why(right, found) is (Reason.THIRD_PARTY if right in EXPORTING else None)
    assert approvals_needed(right, Requester.SELF, Reason.THIRD_PARTY) == 1
    assert not may_lack_authority(Requester.SELF, Reason.THIRD_PARTY), "nobody doubts who asks"
