"""Locks: the same thing once at a time, and exports before erasures; on both clouds."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from rights.domain.rights import ERASING, EXPORTING, Channel, Operation, Requester, Right
from rights.domain.status import Status
from rights.ledger import Ledger, Request, Task
from rights.ledger.steps import outcome_of_beginning
from rights.ledger.table import Item
from rights.planning import lock_of, what_of, work_of
from tests.integration.ledger.test_requests import new
from tests.support.plans import lay

CODE = "482913"
AGENT = {"name": "Chan", "relation": "authorised", "for": "adult", "phone": "+85599999999"}


def planned(
    ledger: Ledger,
    right: Right = Right.DELETION,
    *,
    subjects: Sequence[str] = ("me",),
    changes: str = "",
    proof: str = "by phone",
    tasks: int = 0,
    review: str | None = None,
    confirm: str | None = None,
    **more: object,
) -> str:
    """A proven request with a plan, under the names that the planner would choose."""
    request_id = ledger.open_request(new(right=right, **more)).request.id
    ledger.store_code(request_id, "phone", "identity", CODE)
    ledger.try_code(request_id, CODE)
    request = ledger.get(request_id)
    what = what_of(request, changes)
    lock, work = lock_of(request, what, proof), work_of(request, what)
    laid = [
        Task(request_id=request_id, store=f"store-{n}", kind="dynamodb", stage=1, operation=Operation.ERASE)
        for n in range(tasks)
    ]
    for _ in range(2):
        lay(ledger, request_id, laid, subjects=subjects, lock=lock, work=work, review=review, confirm=confirm)
    return request_id


def by_agent(ledger: Ledger, right: Right = Right.ACCESS) -> str:
    return planned(ledger, right, requester=Requester.AGENT, acting=AGENT, review="agent")


def approve(ledger: Ledger, request_id: str) -> Request:
    for who in ("op-1", "op-2"):
        if ledger.get(request_id).decision is None:
            ledger.approve(request_id, by=who, plan="hash", as_approver=True)
    return ledger.get(request_id)


def linked_to(ledger: Ledger, request_id: str) -> str | None:
    return ledger.get(request_id).linked_to


def items_of(ledger: Ledger, subject: str = "me") -> dict[str, Item]:
    return {item["SK"]: item for item in ledger.table.query_all(f"SUBJECT#{subject}")}


def begin(ledger: Ledger, request_id: str) -> str:
    for _ in range(2):
        request = ledger.begin_work(request_id)
    return outcome_of_beginning(request)


# ---- exports before erasures


@pytest.mark.parametrize(("review", "outcome"), [("attested", "ready"), (None, "wait")])
def test_an_export_at_anothers_word_that_somebody_has_to_look_at_holds_no_deletion_up(
    ledger: Ledger, review: str | None, outcome: str
) -> None:
    export = planned(ledger, Right.ACCESS, channel=Channel.OPERATOR, attested="document", review=review)
    assert begin(ledger, planned(ledger)) == outcome
    assert not ledger.get(export).is_final


@pytest.mark.parametrize("erasing", sorted(ERASING))
@pytest.mark.parametrize(("export", "scope"), [(right, s) for right in sorted(EXPORTING) for s in ((), ("orders",))])
def test_an_erasure_waits_for_every_sort_of_export(
    ledger: Ledger, erasing: Right, export: Right, scope: tuple[str, ...]
) -> None:
    open_export, erasure = planned(ledger, export, scope=scope), planned(ledger, erasing)
    assert begin(ledger, erasure) == "wait"
    ledger.begin_work(open_export)
    ledger.close_request(open_export, Status.COMPLETED)
    assert begin(ledger, erasure) == "ready"


def end_completed(ledger: Ledger, request_id: str) -> None:
    ledger.begin_work(request_id)
    ledger.close_request(request_id, Status.COMPLETED_IN_PART)


def end_withdrawn(ledger: Ledger, request_id: str) -> None:
    ledger.withdraw(request_id)


def end_refused(ledger: Ledger, request_id: str) -> None:
    ledger.refuse(request_id, by="op-1", ground=3)


def end_expired(ledger: Ledger, request_id: str) -> None:
    ledger.ask_to_confirm(request_id, "token", 60)
    ledger.expire(request_id)


@pytest.mark.parametrize(
    ("end", "review", "confirm"),
    [
        (end_completed, None, None),
        (end_withdrawn, None, None),
        (end_withdrawn, "second_account", None),
        (end_refused, "second_account", None),
        (end_expired, None, "closure"),
    ],
)
def test_the_open_exports_empty_whichever_way_the_last_one_ends(
    ledger: Ledger, end: Callable[[Ledger, str], None], review: str | None, confirm: str | None
) -> None:
    export = planned(ledger, Right.ACCESS, subjects=("me", "my other account"), review=review, confirm=confirm)
    erasures = [planned(ledger, right, subjects=("my other account",)) for right in sorted(ERASING)]
    for erasure in erasures:
        ledger.await_access(erasure, "token", 60)
    end(ledger, export)
    assert ledger.get(export).is_final
    waits = [ledger.last_wait(erasure, "AwaitAccess") for erasure in erasures]
    assert [wait.answer for wait in waits if wait] == [{"outcome": "done"}] * 2
    assert [begin(ledger, erasure) for erasure in erasures] == ["ready", "ready"]
    assert "open" not in items_of(ledger)["EXPORTS"]
    assert "open" not in items_of(ledger, "my other account")["EXPORTS"]
    assert not any(name.startswith(Right.ACCESS.value) for name in items_of(ledger))
    assert ledger.verify_chain(export)


def test_an_erasure_waits_for_the_last_of_several_exports(ledger: Ledger) -> None:
    exports = [planned(ledger, right) for right in sorted(EXPORTING)]
    erasure = planned(ledger)
    ledger.withdraw(exports[0])
    assert begin(ledger, erasure) == "wait"
    ledger.withdraw(exports[1])
    assert begin(ledger, erasure) == "ready"


def test_an_erasure_that_has_ended_is_told_of_no_export_any_more(ledger: Ledger) -> None:
    export, erasure = planned(ledger, Right.ACCESS), planned(ledger)
    ledger.withdraw(erasure)
    ledger.withdraw(export)
    assert ledger.last_wait(erasure, "AwaitAccess") is None
    assert set(items_of(ledger)["EXPORTS"]) == {"PK", "SK"}


def test_a_stranger_who_asks_in_somebodys_name_holds_no_deletion_up(ledger: Ledger) -> None:
    stranger = by_agent(ledger)
    assert begin(ledger, planned(ledger)) == "ready"
    ledger.refuse(stranger, by="op-1", ground=3)
    assert "open" not in items_of(ledger).get("EXPORTS", {})


def test_an_export_by_somebody_who_acts_is_waited_for_once_it_is_approved(ledger: Ledger) -> None:
    export = by_agent(ledger)
    approve(ledger, export)
    erasure = planned(ledger)
    assert begin(ledger, erasure) == "wait"
    ledger.begin_work(export)
    ledger.close_request(export, Status.COMPLETED)
    assert begin(ledger, erasure) == "ready"
    assert "open" not in items_of(ledger)["EXPORTS"]


class SlipsIn(Ledger):
    """A ledger in which somebody plans an export after an erasure has looked, and before it begins."""

    between: Callable[[], object] | None = None

    def nothing_exported_parts(self, request: Request) -> list[Item]:
        parts = super().nothing_exported_parts(request)
        if self.between is not None:
            between, self.between = self.between, None
            between()
        return parts


def test_an_export_that_slips_in_as_an_erasure_begins_is_let_out_first(ledger: Ledger) -> None:
    erasure = planned(ledger)
    slipping = SlipsIn(ledger.table, ledger.sealer, ledger.hmac, ledger.clock)
    slipping.between = lambda: planned(ledger, Right.ACCESS)
    assert outcome_of_beginning(slipping.begin_work(erasure)) == "wait"
    assert ledger.get(erasure).status is Status.VERIFIED
    assert [event.code for event in ledger.events(erasure)][-1] == "planned"


# ---- holds


def held(ledger: Ledger) -> str:
    return ledger.place_hold(["my phone"], ground=3, until=date(2027, 1, 31), by="op-1").id


def test_a_hold_that_comes_before_any_waiting_sends_an_erasure_to_review(ledger: Ledger) -> None:
    request_id = ledger.open_request(new(right=Right.DELETION, proven=True)).request.id
    lay(ledger, request_id, known_as=["my phone"])
    hold = held(ledger)
    assert begin(ledger, request_id) == "review"
    ledger.lift_hold(hold, by="op-1")
    ledger.approve(request_id, by="op-1", plan="hash")
    held(ledger)
    assert begin(ledger, request_id) == "review"
    assert [event.code for event in ledger.events(request_id)].count("review_asked") == 2
    assert ledger.verify_chain(request_id)
