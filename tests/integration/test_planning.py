"""Plans: what is done about a request, in which order, and what has to come first; with stores in memory."""

from datetime import date, timedelta

import pytest

from rights.asking import Facts
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.review import UNUSUAL_RECORDS
from rights.domain.rights import Channel, Operation, Right
from rights.domain.status import Status
from rights.errors import IllegalTransitionError, StoreUnavailableError
from rights.ledger import Ledger
from rights.ledger.identity import IDENTITY_WAIT
from rights.ledger.reviews import LeftOut
from rights.planning import Plan, PlanSettings, plan_request, pseudonyms_of
from tests.integration.ledger.test_requests import PHONE, new
from tests.integration.planning import COOLING, EMAIL, Mall, approve, plan, planned, proven
from tests.support.clock import StoppedClock

# ---- what comes first


@pytest.mark.parametrize(
    ("right", "outcome"),
    [
        (Right.ACCESS, "ready"),
        (Right.PORTABILITY, "ready"),
        (Right.DELETION, "ready"),
        (Right.CONSENT_WITHDRAWAL, "ready"),
        (Right.RESTRICTION, "ready"),
        (Right.MARKETING_OPT_OUT, "ready"),
        (Right.ACCOUNT_CLOSURE, "confirm"),
        (Right.COMPLAINT, "review"),
    ],
)
def test_what_comes_first_depends_on_the_right(ledger: Ledger, right: Right, outcome: str) -> None:
    purposes = ("marketing",) if right is Right.CONSENT_WITHDRAWAL else ()
    request_id = proven(ledger, right, purposes=purposes)
    laid = plan(ledger, request_id)
    assert laid.outcome == outcome
    cools = right in {Right.DELETION, Right.ACCOUNT_CLOSURE}
    assert laid.cooling_seconds == (COOLING.total_seconds() if cools else 0)


def test_an_opt_out_by_text_message_is_planned_at_once_and_nobody_looks(ledger: Ledger) -> None:
    mall = Mall(accounts=("acc-1", "acc-2"), told=Facts(birth_dates=("2020-01-01",)))
    request = planned(ledger, Right.MARKETING_OPT_OUT, mall, channel=Channel.SMS, by="sms_gateway")
    assert (request.status, request.review) == (Status.VERIFIED, None)
    task, partner = ledger.tasks(request.id)
    assert (partner.store, partner.operation, partner.purposes) == ("ads", Operation.RESTRICT, task.purposes)
    assert (task.store, task.operation, task.purposes) == (
        "profiles",
        Operation.RESTRICT,
        ("marketing", "personalised_ads"),
    )
    assert ledger.begin_work(request.id).status is Status.IN_PROGRESS


def test_an_opt_out_of_a_number_that_nobody_has_is_planned_too(ledger: Ledger) -> None:
    request_id = proven(ledger, Right.MARKETING_OPT_OUT, typed={"phone": "+85512000000"})
    assert plan(ledger, request_id).outcome == "ready"


def test_a_complaint_asks_nothing_of_the_stores_and_goes_on_with_its_answer(ledger: Ledger) -> None:
    request = planned(ledger, Right.COMPLAINT, message="It broke.")
    assert (request.status, request.review, ledger.tasks(request.id)) == (Status.IN_REVIEW, "complaint", [])
    ledger.approve(request.id, by="op-1", plan=str(request.plan), answer="Sorry.")
    assert plan(ledger, request.id) == Plan("ready", [], 0)


def test_a_deletion_freezes_first_and_erases_the_account_last(ledger: Ledger) -> None:
    stages = [
        {task["store"] for task in stage["tasks"]} for stage in plan(ledger, proven(ledger, Right.DELETION)).stages
    ]
    assert stages[0] == {"login.freeze"}
    assert {"accounts", "login"} <= stages[-1]
    operations = {task.store: task.operation for task in ledger.tasks(next(ledger.by_status(Status.VERIFIED)).id)}
    assert operations["login.freeze"] is Operation.FREEZE
    assert {store for store, op in operations.items() if op is Operation.ERASE} == {*operations} - {"login.freeze"}


def test_a_deletion_of_some_categories_leaves_the_account_and_the_rest_alone(ledger: Ledger) -> None:
    request = planned(ledger, Right.DELETION, scope=("search_history",))
    assert [(task.store, task.collections, task.preview) for task in ledger.tasks(request.id)] == [
        ("profiles", ("search_history",), {"search_history": 2})
    ]


def test_the_dry_run_counts_every_store_that_is_erased(ledger: Ledger) -> None:
    tasks = ledger.tasks(planned(ledger, Right.DELETION).id)
    previews = {task.store: task.preview for task in tasks}
    assert previews.pop("login.freeze") == {}
    # What partners have they count themselves: nobody looks there beforehand.
    assert {previews.pop(name) == {} for name in ("ads", "analytics", "cpes", "payments")} == {True}
    assert previews == {store: {f"all of {store}": 2} for store in previews}


# ---- whose data


def test_only_what_was_proven_seeds_the_search(ledger: Ledger) -> None:
    mall = Mall()
    request_id = ledger.open_request(new(typed={"phone": PHONE, "email": "victim@example.com"})).request.id
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.try_code(request_id, "482913")
    ledger.proceed(request_id)
    plan(ledger, request_id, mall)
    assert mall.seeds == [{"phone": PHONE}]


def test_a_request_that_nobody_has_proven_is_not_planned(ledger: Ledger) -> None:
    mall, request_id = Mall(), ledger.open_request(new()).request.id
    plan(ledger, request_id, mall)
    assert (mall.seeds, ledger.get(request_id).plan) == ([], None)
    with pytest.raises(IllegalTransitionError):
        ledger.begin_work(request_id)


def test_a_sibling_joins_the_proof_of_its_case_and_is_planned(ledger: Ledger) -> None:
    opened = ledger.open_request(new(right=Right.ACCESS, also=(Right.RESTRICTION,)))
    first, sibling = opened.request.id, opened.others[0].id
    ledger.store_code(first, "phone", "identity", "482913")
    ledger.try_code(first, "482913")
    assert plan(ledger, sibling).outcome == "ready"
    wait = ledger.last_wait(sibling, IDENTITY_WAIT)
    assert wait is not None
    assert wait.answer == {"outcome": "verified"}


def test_a_request_without_an_account_is_locked_by_its_contact(ledger: Ledger) -> None:
    mall = Mall(accounts=(), emails=())
    first, second = (planned(ledger, Right.ACCESS, mall) for _ in range(2))
    assert first.locks == tuple(pseudonyms_of(KeySet.of([Identifier(Kind.PHONE, PHONE)]), ledger.hmac))
    assert second.linked_to == first.id


@pytest.mark.parametrize(
    ("mall", "reason"),
    [
        (Mall(accounts=("acc-1", "acc-2")), "second_account"),
        (Mall(told=Facts(birth_dates=("2015-01-01",))), "child"),
        (Mall(records=UNUSUAL_RECORDS), "unusual_size"),
        (Mall(refuses={"orders": ["consignees: not null phone"]}, records=UNUSUAL_RECORDS), "store_conflict"),
        (Mall(told=Facts(contact_changed_at="2026-11-01T00:00:00+00:00")), "new_on_file"),
        (Mall(told=Facts(contact_changed_at="2026-11-01")), "new_on_file"),
        (Mall(told=Facts(contact_changed_at="the day before yesterday")), "new_on_file"),
        (Mall(told=Facts(contact_changed_at="2026-09-01T00:00:00Z", birth_dates=("1990-05-05", "unknown"))), None),
    ],
)
def test_what_the_stores_tell_decides_whether_somebody_looks(ledger: Ledger, mall: Mall, reason: str | None) -> None:
    request = planned(ledger, Right.DELETION, mall)
    assert (request.review, request.status) == (reason, Status.IN_REVIEW if reason else Status.VERIFIED)


def test_a_child_is_one_up_to_the_fifteenth_birthday_in_the_mall(ledger: Ledger, clock: StoppedClock) -> None:
    clock.advance(hours=14, minutes=30)  # 23 November, 00:30 in Phnom Penh
    for born, reason in (("2011-11-24", "child"), ("2011-11-23", None)):
        assert (
            planned(ledger, Right.ACCESS, Mall(told=Facts(birth_dates=(born,))), scope=("risk", born)).review == reason
        )


class WithFiles(Mall):
    """A mall in which the person has recordings and chats."""

    def count(self, _: str, store: str, __: KeySet, collections: tuple[str, ...] = ()) -> dict[str, int]:
        return {"files": self.records} if store == "support" else super().count(_, store, __, collections)


@pytest.mark.parametrize(
    ("right", "scope", "records", "reason"),
    [
        (Right.ACCESS, (), 2, "third_party"),
        (Right.PORTABILITY, ("support",), 1, "third_party"),
        (Right.ACCESS, (), 0, None),
        (Right.ACCESS, ("orders",), 2, None),
        (Right.DELETION, (), 2, None),
    ],
)
def test_recordings_and_chats_are_looked_at_before_they_are_handed_over_and_only_then(
    ledger: Ledger, right: Right, scope: tuple[str, ...], records: int, reason: str | None
) -> None:
    assert planned(ledger, right, WithFiles(records=records), scope=scope).review == reason


def test_the_plan_of_a_deletion_goes_to_review_while_a_hold_names_the_persons_phone(ledger: Ledger) -> None:
    (name,) = pseudonyms_of(KeySet.of([Identifier(Kind.PHONE, PHONE)]), ledger.hmac)
    ledger.place_hold([name], ground=3, until=date(2027, 1, 31), by="op-1")
    assert planned(ledger, Right.DELETION).review == "legal_hold"
    assert planned(ledger, Right.ACCESS).review is None


# ---- what a store would refuse

CONFLICT = "orders: foreign key invoices_order_id_fkey of invoices"


def test_what_a_store_would_refuse_stands_in_the_plan_and_an_access_does_not_ask(ledger: Ledger) -> None:
    mall = Mall(refuses={"orders": [CONFLICT]})
    request = planned(ledger, Right.DELETION, mall)
    found = {task.store: task.conflicts for task in ledger.tasks(request.id) if task.conflicts}
    assert found == {"orders": (CONFLICT,)}
    assert planned(ledger, Right.ACCESS, mall, scope=("orders",)).review is None


def test_of_a_store_only_what_is_asked_for_can_be_in_conflict(ledger: Ledger) -> None:
    mall = Mall(refuses={"profiles": ["interests: not null name", "search_history: not null words"]})
    request = planned(ledger, Right.DELETION, mall, scope=("search_history",))
    assert [task.conflicts for task in ledger.tasks(request.id)] == [("search_history: not null words",)]


def test_an_approval_comes_back_until_the_cause_is_mended(ledger: Ledger) -> None:
    mall = Mall(refuses={"orders": [CONFLICT]})
    request = planned(ledger, Right.DELETION, mall)
    approve(ledger, request)
    assert plan(ledger, request.id, mall).outcome == "review"
    sent_back = ledger.get(request.id)
    assert (sent_back.decision, sent_back.approvals, sent_back.review) == (None, (), "store_conflict")
    mall.refuses["orders"] = ["orders: no permission to delete"]
    approve(ledger, request)
    assert plan(ledger, request.id, mall).outcome == "review"
    assert ledger.task(request.id, "orders").conflicts == ("orders: no permission to delete",)
    mall.refuses.clear()
    approve(ledger, request)
    assert plan(ledger, request.id, mall).outcome == "ready"
    assert ledger.task(request.id, "orders").conflicts == ()


def test_a_store_that_is_left_out_may_refuse_what_it_likes(ledger: Ledger) -> None:
    mall = Mall(refuses={"orders": [CONFLICT]})
    request = planned(ledger, Right.DELETION, mall)
    left_out = [LeftOut("orders", 11, "2030-01-01")]
    ledger.approve(request.id, by="op-1", plan=str(request.plan), left_out=left_out)
    assert plan(ledger, request.id, mall).outcome == "ready"


# ---- corrections


SEEN = {
    "accounts": [
        {"collection": "accounts", "key": {"id": "acc-1"}, "field": "email", "subject": "email", "value": EMAIL},
        {"collection": "accounts", "key": {"id": "acc-1"}, "field": "full_name", "subject": "name", "value": "Sok"},
    ]
}


def test_a_correction_remembers_what_each_field_held_under_seal(ledger: Ledger) -> None:
    mall = Mall(seen_values=SEEN)
    request = planned(ledger, Right.CORRECTION, mall, changes={"name": {"to": "Sok Dara"}})
    assert (request.status, request.confirm, request.review) == (Status.VERIFIED, None, None)
    assert ledger.private(request.id, "seen")["accounts"] == SEEN["accounts"][1:]
    previews = {task.store: (task.operation, task.preview) for task in ledger.tasks(request.id)}
    assert previews["accounts"] == (Operation.CORRECT, {"accounts": 1})
    assert "orders" not in previews


def test_a_new_sign_in_contact_is_confirmed_and_looked_at_unless_the_old_one_was_proven(ledger: Ledger) -> None:
    changes, both = {"email": {"to": "new@example.com"}}, {"phone": PHONE, "email": EMAIL}
    unproven, proven_both = (
        planned(ledger, Right.CORRECTION, Mall(emails=(EMAIL, f"{n}@example.com")), changes=changes, typed=typed)
        for n, typed in enumerate(({"phone": PHONE}, both))
    )
    assert (unproven.review, unproven.confirm) == ("old_contact_not_proven", "new_contact")
    assert proven_both.linked_to is None
    for one in (unproven, proven_both):
        ledger.withdraw(one.id)
    request_id = proven(ledger, Right.CORRECTION, changes=changes, typed=both)
    assert plan(ledger, request_id).outcome == "confirm"
    assert ledger.get(request_id).review is None


def test_a_contact_that_we_corrected_of_late_opens_nothing_by_itself(ledger: Ledger, clock: StoppedClock) -> None:
    changes, both = {"email": {"to": "new@example.com"}}, {"phone": PHONE, "email": EMAIL}
    request = planned(ledger, Right.CORRECTION, changes=changes, typed=both)
    ledger.ask_to_confirm(request.id, "token", 60)
    ledger.store_code(request.id, "email", "new_contact", "482913")
    ledger.try_code(request.id, "482913", "new_contact")
    ledger.confirm_request(request.id)
    ledger.begin_work(request.id)
    ledger.close_request(request.id, Status.COMPLETED)
    assert planned(ledger, Right.ACCESS, typed={"phone": PHONE}, scope=("risk",)).review == "new_on_file"
    assert planned(ledger, Right.ACCESS, typed=both, scope=("orders",)).review is None
    clock.advance(days=31)
    assert planned(ledger, Right.ACCESS, typed={"phone": PHONE}, scope=("profiles",)).review is None


def test_a_number_of_ones_own_proven_besides_proves_no_other(ledger: Ledger) -> None:
    second = "+85519999999"
    mall = Mall(phones=(PHONE, second), told=Facts(contact_changed_at="2026-11-20T00:00:00Z"))
    typed = {"phone": second, "email": EMAIL}
    taken = planned(ledger, Right.CORRECTION, mall, changes={"phone": {"to": second}}, typed=typed)
    assert taken.review == "old_contact_not_proven"
    assert planned(ledger, Right.ACCESS, mall, typed=typed).review == "new_on_file"


def test_other_values_for_the_same_field_are_another_request_and_the_lock_tells_no_value(ledger: Ledger) -> None:
    one, two, same = (
        planned(ledger, Right.CORRECTION, changes={"name": {"to": value}}) for value in ("Sok A", "Sok B", "Sok A")
    )
    assert (one.linked_to, two.linked_to, same.linked_to) == (None, None, one.id)
    assert "Sok" not in one.lock


# ---- closing an account


def test_a_closure_says_what_lapses_is_confirmed_and_then_cools_off(ledger: Ledger) -> None:
    mall = Mall(told=Facts(lapses=(("points", "1250"), ("coupons", "2"))))
    request_id = proven(ledger, Right.ACCOUNT_CLOSURE)
    assert plan(ledger, request_id, mall).outcome == "confirm"
    assert ledger.private(request_id, "lapses") == [
        {"what": "points", "value": "1250"},
        {"what": "coupons", "value": "2"},
    ]
    ledger.ask_to_confirm(request_id, "token", 60)
    assert plan(ledger, request_id, mall).outcome == "confirm"
    ledger.confirm_request(request_id)
    after = plan(ledger, request_id, mall)
    assert (after.outcome, after.cooling_seconds) == ("ready", COOLING.total_seconds())


# ---- again and again


@pytest.mark.parametrize("right", [Right.DELETION, Right.CORRECTION, Right.ACCOUNT_CLOSURE])
def test_a_plan_that_is_cut_off_at_any_question_is_laid_by_the_next_try(ledger: Ledger, right: Right) -> None:
    changes = {"name": {"to": "Sok Dara"}} if right is Right.CORRECTION else {}
    whole = Mall(seen_values=SEEN)
    expected = planned(ledger, right, whole, changes=changes)
    tasks = [(task.store, task.preview) for task in ledger.tasks(expected.id)]
    ledger.withdraw(expected.id)
    for fails_at in range(1, whole.asked + 1):
        request_id = proven(ledger, right, changes=changes)
        mall = Mall(seen_values=SEEN, fails_at=fails_at)
        settings = PlanSettings(cooling_off_seconds=1)
        with pytest.raises(StoreUnavailableError):
            plan_request(request_id, ledger, mall, ledger.hmac, settings)  # type: ignore[arg-type]
        assert ledger.get(request_id).plan is None
        plan(ledger, request_id, mall)
        assert [(task.store, task.preview) for task in ledger.tasks(request_id)] == tasks
        ledger.withdraw(request_id)


def test_a_later_run_waits_for_what_is_left_of_the_cooling_off_and_not_at_all_after_the_work_began(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request_id = proven(ledger, Right.DELETION)
    plan(ledger, request_id)
    ledger.cool_off(request_id, "token", int(COOLING.total_seconds()))
    clock.advance(days=2)
    assert plan(ledger, request_id).cooling_seconds == timedelta(days=1).total_seconds()
    clock.advance(days=1)
    ledger.begin_work(request_id)
    assert plan(ledger, request_id).cooling_seconds == 0


def test_a_question_is_still_a_review_to_a_later_run(ledger: Ledger) -> None:
    request = planned(ledger, Right.DELETION, Mall(accounts=("a", "b")))
    ledger.ask(request.id, "Which?", by="op-1", time_to_answer=timedelta(days=7))
    assert plan(ledger, request.id).outcome == "review"


@pytest.mark.parametrize("end", ["withdrawn", "refused", "duplicate"])
def test_a_plan_of_what_has_ended_says_so(ledger: Ledger, end: str) -> None:
    request_id = proven(ledger, Right.COMPLAINT if end == "refused" else Right.ACCESS)
    if end == "duplicate":
        planned(ledger, Right.ACCESS)
    plan(ledger, request_id)
    if end == "withdrawn":
        ledger.withdraw(request_id)
    if end == "refused":
        ledger.refuse(request_id, by="op-1", ground=3)
    assert plan(ledger, request_id).outcome == "ended"


def test_an_approval_is_of_one_plan_and_each_request_has_its_own(ledger: Ledger) -> None:
    one, two = (planned(ledger, Right.ACCESS, Mall(accounts=(f"a{n}", f"b{n}"))) for n in range(2))
    assert one.plan != two.plan
    with pytest.raises(IllegalTransitionError):
        ledger.approve(one.id, by="op-1", plan=str(two.plan), as_approver=True)
    assert approve(ledger, one).decision == "approve"
