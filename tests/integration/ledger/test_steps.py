from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe
from uuid import uuid4

import pytest

from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Counts, Disposition, Kept, TaskStatus
from rights.errors import IllegalTransitionError, NotReadyError, StaleWriteError, TooLargeError
from rights.ledger import Ledger, Task
from rights.stores.contract import ErasurePage, Rows
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock
from tests.support.plans import lay


def verified(ledger: Ledger, right: Right = Right.DELETION) -> str:
    request_id = ledger.open_request(new(right=right)).request.id
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.try_code(request_id, "482913")
    return request_id


def task(request_id: str, store: str = "accounts") -> Task:
    return Task(request_id=request_id, store=store, kind="dynamodb", stage=1, operation=Operation.ERASE)


def planned(ledger: Ledger, *subjects: str, right: Right = Right.DELETION, review: str | None = None) -> str:
    subjects = subjects or ("somebody",)
    request_id = verified(ledger, right)
    tasks = [task(request_id), task(request_id, "orders")]
    lay(ledger, request_id, tasks, subjects=subjects, review=review)
    return request_id


def test_a_plan_is_laid_once(ledger: Ledger) -> None:
    request_id = planned(ledger)
    lay(ledger, request_id, subjects=["other"], plan="other")
    assert ledger.get(request_id).plan == "hash"
    assert [t.store for t in ledger.tasks(request_id)] == ["accounts", "orders"]


def test_a_second_request_of_the_same_person_and_right_is_linked_to_the_first(ledger: Ledger) -> None:
    first, second = planned(ledger), planned(ledger)
    loser = ledger.get(second)
    assert (loser.status, loser.linked_to, loser.outcome) == (Status.WITHDRAWN, first, "duplicate")
    assert ledger.tasks(second) == []
    assert "duplicate" in [notice.kind for notice in ledger.notices(second)]


def test_another_right_or_person_is_not_held_up(ledger: Ledger) -> None:
    requests = [planned(ledger), planned(ledger, right=Right.ACCESS), planned(ledger, "somebody else")]
    assert [ledger.get(r).status for r in requests] == [Status.VERIFIED] * 3


def test_a_request_over_two_accounts_is_linked_to_the_one_that_holds_either(ledger: Ledger) -> None:
    first = planned(ledger, "account 1")
    assert ledger.get(planned(ledger, "account 2", "account 1")).linked_to == first
    assert ledger.get(planned(ledger, "account 2")).linked_to is None


def test_a_plan_that_needs_a_review_is_never_without_it(ledger: Ledger) -> None:
    assert ledger.get(planned(ledger, review="unusual_size")).status is Status.IN_REVIEW


def test_an_ended_request_frees_the_person_for_the_next(ledger: Ledger) -> None:
    first = planned(ledger)
    ledger.withdraw(first)
    assert ledger.get(planned(ledger)).status is Status.VERIFIED


def test_work_that_has_begun_can_no_longer_be_withdrawn(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    with pytest.raises(IllegalTransitionError):
        ledger.withdraw(request_id)


def test_a_request_in_review_needs_an_approval_before_work_begins(ledger: Ledger) -> None:
    request_id = planned(ledger, review="unusual_size")
    with pytest.raises(IllegalTransitionError):
        ledger.begin_work(request_id)
    ledger.approve(request_id, by="operator:1", plan="hash")
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS


def test_a_refusal_ends_the_request_with_its_ground_and_tells_the_person(ledger: Ledger) -> None:
    request_id = planned(ledger, review="unusual_size")
    refused = ledger.refuse(request_id, by="operator:1", ground=8)
    assert (refused.status, refused.ground) == (Status.REFUSED, 8)
    assert "refused" in [notice.kind for notice in ledger.notices(request_id)]


def test_the_last_who_claims_a_task_works_on_and_the_others_are_refused(ledger: Ledger) -> None:
    request_id = planned(ledger)
    first = ledger.claim_task(ledger.task(request_id, "accounts"))
    second = ledger.claim_task(ledger.task(request_id, "accounts"))
    ledger.checkpoint_task(replace(second, status=TaskStatus.WORKING))
    with pytest.raises(StaleWriteError):
        ledger.checkpoint_task(replace(first, status=TaskStatus.DONE))


def test_a_task_comes_back_as_it_was_checkpointed(ledger: Ledger) -> None:
    request_id = planned(ledger)
    counts = Counts(found=3, erased=1, retained=2, kept=(Kept(11, "2036-01-01", 2, "statutory_records"),))
    mine = replace(
        ledger.claim_task(ledger.task(request_id, "orders")),
        status=TaskStatus.WORKING,
        collection="order_items",
        cursor={"after": ["O-1", 2]},
        intent={"next": None, "rows": []},
        counts=counts,
        by_collection={"order_items": counts.to_dict()},
    )
    ledger.checkpoint_task(mine)
    assert ledger.task(request_id, "orders") == mine
    ledger.checkpoint_task(replace(mine, cursor=None, intent=None, collection=None))
    assert ledger.task(request_id, "orders").cursor is None


def test_row_keys_of_a_cursor_lie_sealed(ledger: Ledger) -> None:
    request_id = planned(ledger)
    mine = ledger.claim_task(ledger.task(request_id, "orders"))
    ledger.checkpoint_task(replace(mine, cursor={"account": "A-MARKER"}))
    assert "A-MARKER" not in repr(ledger.table.get({"PK": f"REQUEST#{request_id}", "SK": "TASK#orders"}))


def page_of(keys: list[str]) -> ErasurePage:
    return ErasurePage(bulk=[Rows(("id",), [keys], Disposition.ERASE)])


def test_the_keys_of_ten_thousand_rows_fit_into_one_record_and_come_back(ledger: Ledger) -> None:
    request_id = planned(ledger)
    mine = ledger.claim_task(ledger.task(request_id, "orders"))
    intent = page_of([str(uuid4()) for _ in range(10_000)]).intent().to_dict()
    ledger.checkpoint_task(replace(mine, intent=intent))
    assert ledger.task(request_id, "orders").intent == intent


def test_a_record_without_room_is_refused_before_it_is_sent_and_parts_of_it_fit(ledger: Ledger) -> None:
    request_id = planned(ledger)
    mine = ledger.claim_task(ledger.task(request_id, "orders"))
    page = page_of([token_urlsafe(300) for _ in range(2_000)])
    parts = 0
    while True:
        try:
            ledger.checkpoint_task(replace(mine, intent=page.intent().to_dict()))
            break
        except TooLargeError:
            assert ledger.task(request_id, "orders") == mine
            page, parts = page.half(), parts + 1
    assert (page.to_do, parts) == (500, 2)


def test_a_failed_store_is_put_back_to_work_and_a_done_one_is_left_alone(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    done = ledger.claim_task(ledger.task(request_id, "accounts"))
    ledger.checkpoint_task(replace(done, status=TaskStatus.DONE))
    ledger.fail_task(request_id, "orders", "StoreRefusedError")
    ledger.fail_task(request_id, "accounts", "StoreRefusedError")
    assert ledger.ask_for_repair(request_id).status is Status.NEEDS_REPAIR
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS
    assert [t.status for t in ledger.tasks(request_id)] == [TaskStatus.DONE, TaskStatus.PENDING]


def test_an_operators_retry_answers_the_waiting_run(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    ledger.fail_task(request_id, "orders", "StoreUnavailableError")
    ledger.ask_for_repair(request_id)
    ledger.open_wait(request_id, "Repair", "token", 60)
    ledger.retry(request_id, by="operator:1")
    wait = ledger.last_wait(request_id, "Repair")
    assert wait is not None
    assert wait.answer == {"outcome": "retry"}


def test_a_request_that_needs_no_repair_is_not_retried(ledger: Ledger) -> None:
    with pytest.raises(IllegalTransitionError):
        ledger.retry(planned(ledger), by="operator:1")


def test_a_run_that_ended_is_recorded_once_and_followed_by_one_next_run(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    for _ in range(2):
        request = ledger.run_ended(request_id, 1, pause=timedelta(seconds=60))
    assert (request.status, request.retries, request.ended_run) == (Status.NEEDS_REPAIR, 1, 1)
    for _ in range(2):
        request = ledger.next_run(request_id, after=1)
    assert (request.run, request.execution) == (2, f"{request_id}-2")
    assert request.relay_at is not None


def test_a_late_word_of_an_older_run_changes_nothing(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    ledger.run_ended(request_id, 1, pause=timedelta(seconds=60))
    ledger.next_run(request_id, after=1)
    assert ledger.run_ended(request_id, 1, pause=timedelta(seconds=60)).ended_run == 1


def test_the_outcome_is_told_once_and_the_request_closed_once(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    for _ in range(2):
        ledger.tell(request_id, "completed")
        closed = ledger.close_request(request_id, Status.COMPLETED)
    assert (closed.status, closed.outcome) == (Status.COMPLETED, "completed")
    assert [n.kind for n in ledger.notices(request_id)].count("completed") == 1
    assert ledger.verify_chain(request_id)


def test_a_withdrawal_before_the_code_reaches_the_waiting_run(ledger: Ledger) -> None:
    request_id = ledger.open_request(new()).request.id
    ledger.withdraw(request_id)
    assert ledger.open_wait(request_id, "VerifyIdentity", "token", 60).answer == {"outcome": "withdrawn"}


def test_a_deletion_waits_for_an_open_access_of_the_same_person(ledger: Ledger) -> None:
    access, deletion = planned(ledger, right=Right.ACCESS), planned(ledger)
    ledger.begin_work(access)
    assert ledger.begin_work(deletion).status is Status.VERIFIED
    ledger.open_wait(deletion, "AwaitAccess", "token", 60)
    ledger.close_request(access, Status.COMPLETED)
    wait = ledger.last_wait(deletion, "AwaitAccess")
    assert wait is not None
    assert wait.answer == {"outcome": "done"}
    assert ledger.begin_work(deletion).status is Status.IN_PROGRESS


def test_an_access_does_not_wait_for_a_deletion_and_nobody_for_another_persons(ledger: Ledger) -> None:
    deletion, access = planned(ledger), planned(ledger, "somebody else", right=Right.ACCESS)
    assert ledger.begin_work(access).status is Status.IN_PROGRESS
    assert ledger.begin_work(deletion).status is Status.IN_PROGRESS


def test_a_store_can_be_worked_on_again_from_the_beginning(ledger: Ledger) -> None:
    request_id = planned(ledger)
    done = ledger.claim_task(ledger.task(request_id, "orders"))
    ledger.checkpoint_task(replace(done, status=TaskStatus.DONE, counts=Counts(found=3, exported=3), page=4))
    ledger.restart_task(request_id, "orders")
    fresh = ledger.task(request_id, "orders")
    assert (fresh.status, fresh.counts, fresh.page) == (TaskStatus.PENDING, Counts(), 0)


def test_a_second_click_on_retry_does_not_spare_the_next_repair_its_look(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    ledger.fail_task(request_id, "orders", "StoreUnavailableError")
    ledger.ask_for_repair(request_id)
    ledger.open_wait(request_id, "Repair", "token", 60)
    for _ in range(2):
        ledger.retry(request_id, by="operator:1")
        wait = ledger.wait_with_token({"PK": f"REQUEST#{request_id}", "SK": "WAIT#Repair#0001"})
        assert wait is not None
        ledger.wait_relayed(wait, delivered=True)
    assert ledger.open_wait(request_id, "Repair", "second token", 60).answer is None


def cooling(ledger: Ledger) -> str:
    request_id = planned(ledger)
    ledger.put_private(request_id, "subject", {"keys": {"phone": ["+85512345678"], "email": ["a@b.c", "d@e.f"]}})
    ledger.cool_off(request_id, "token", 3600)
    return request_id


def test_the_cooling_off_is_told_to_every_contact_on_file_once(ledger: Ledger) -> None:
    request_id = cooling(ledger)
    ledger.cool_off(request_id, "token of a later run", 1800)
    told = [notice for notice in ledger.notices(request_id) if notice.kind == "cooling_off"]
    assert sorted(ledger.contact_of(notice) or "" for notice in told) == ["+85512345678", "a@b.c", "d@e.f"]


def test_work_does_not_begin_before_the_cooling_off_is_over(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = cooling(ledger)
    with pytest.raises(NotReadyError):
        ledger.begin_work(request_id)
    clock.advance(hours=1)
    assert ledger.begin_work(request_id).status is Status.IN_PROGRESS


def test_a_later_run_does_not_lengthen_the_cooling_off(ledger: Ledger, clock: StoppedClock) -> None:
    request_id = cooling(ledger)
    until = ledger.get(request_id).cooling_until
    clock.advance(minutes=50)
    assert ledger.cool_off(request_id, "token of a later run", 3600).cooling_until == until


def test_a_request_that_cools_off_can_be_withdrawn_and_its_run_is_told(ledger: Ledger) -> None:
    request_id = cooling(ledger)
    assert ledger.withdraw(request_id, by="contact_on_file").status is Status.WITHDRAWN
    wait = ledger.last_wait(request_id, "CoolOff")
    assert wait is not None
    assert wait.answer == {"outcome": "withdrawn"}
    assert ledger.events(request_id)[-1].by == "contact_on_file"


def test_a_request_withdrawn_just_before_its_cooling_off_is_not_waited_for(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.withdraw(request_id)
    ledger.cool_off(request_id, "token", 3600)
    wait = ledger.last_wait(request_id, "CoolOff")
    assert wait is not None
    assert wait.answer == {"outcome": "ended"}


@pytest.mark.parametrize("ends_first", [True, False])
def test_an_access_that_ends_just_before_the_wait_for_it_holds_nobody_up(ledger: Ledger, ends_first: bool) -> None:
    access, deletion = planned(ledger, right=Right.ACCESS), None
    if ends_first:
        # The access never saw the deletion, so it left no answer for it.
        ledger.withdraw(access)
        deletion = planned(ledger)
    else:
        deletion = planned(ledger)
        ledger.withdraw(access)
    ledger.await_access(deletion, "token", 60)
    wait = ledger.last_wait(deletion, "AwaitAccess")
    assert wait is not None
    assert wait.answer == {"outcome": "done"}
    assert wait.relay_at is not None
