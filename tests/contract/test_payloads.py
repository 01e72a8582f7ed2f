"""Both ends of every call: a handler takes what its state sends, and a Choice reads what the handler answers."""

import json
from collections.abc import Callable
from typing import Any, Literal, get_args

import pytest
from pydantic import ValidationError

from rights.asking import StoreFunctions
from rights.assembling import Assembled
from rights.datamap import load_data_map
from rights.domain.rights import Channel, Locale, Operation, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger import Ledger, NewRequest, Task
from rights.ledger.confirming import CONFIRM_WAIT
from rights.ledger.identity import IDENTITY_WAIT
from rights.ledger.reviews import REVIEW_WAIT
from rights.ledger.steps import REPAIR_WAIT
from rights.planning import Plan
from rights.stores.work import Outcome, Report
from tests.contract.conftest import Context
from tests.support.functions import app_of, folder_of, folders, reader_of
from tests.support.machine import evaluate, function_of, next_state, states
from tests.support.plans import lay

STATES = states()
TASKS = states("Task")
SENT: dict[str, Any] = {
    "request_id": "R", "run": 1, "identity_seconds": 60, "confirm_seconds": 60, "review_seconds": 60,
    "repair_seconds": 60, "repairs": 3, "cooling_seconds": 60, "access_seconds": 60, "lake": "service_logs",
    "batch": "B", "volumes": 0,
}  # fmt: skip
BRANCH = {"store": "accounts", "connector": "arn", "loops": 0}
"""What a branch for one store begins with."""
CONNECTOR = "{% $states.input.connector %}"
KINDS = sorted({store.rights.kind for store in load_data_map().stores})

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def called_by(task: dict[str, Any]) -> list[str]:
    """The folders of the functions a Task may call."""
    name = function_of(task)
    return [f"store_{kind}" for kind in KINDS] if name == CONNECTOR else [folder_of(name.removesuffix("Arn"))]


def payload_of(task: dict[str, Any]) -> dict[str, Any]:
    context = {"Task": {"Token": "token"}}
    given = {"error": "Boom", "store": "service_logs", "batch": "B", "chunk": 0, "seconds": 60}
    payload: dict[str, Any] = evaluate(task["Arguments"]["Payload"], given, context=context, **SENT)
    return payload


def reader(folder: str) -> Callable[[dict[str, Any]], object]:
    found = reader_of(folder)
    assert found is not None, f"{folder} does not read its event into a model"
    return found


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_handler_takes_exactly_what_its_state_sends(name: str) -> None:
    payload = payload_of(TASKS[name])
    for folder in called_by(TASKS[name]):
        assert reader(folder)(payload)
        with pytest.raises(ValidationError):
            reader(folder)(payload | {"something": "else"})
        for field in payload:
            with pytest.raises(ValidationError):
                reader(folder)({n: value for n, value in payload.items() if n != field})


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_state_calls_the_function_of_its_name(name: str) -> None:
    called = called_by(TASKS[name])
    assert set(called) <= set(folders())
    if function_of(TASKS[name]) != CONNECTOR:
        assert called == [folder_of(f"{name}Function")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_is_worked_on_by_the_connector_of_its_kind(kind: str) -> None:
    context = {"Map": {"Item": {"Index": 0, "Value": {"store": "accounts", "kind": kind}}}}
    given = evaluate(STATES["WorkStage"]["ItemSelector"], context=context)
    assert given | {"connector": ""} == {"store": "accounts", "connector": "", "loops": 0}
    assert folder_of(given["connector"].removeprefix("${").removesuffix("Arn}")) == f"store_{kind}"


def test_a_payload_holds_ids_numbers_and_the_token_only() -> None:
    assert {field for task in TASKS.values() for field in payload_of(task)} <= {
        "request_id", "run", "store", "step", "error", "seconds", "task_token", "batch", "chunk",
    }  # fmt: skip


def test_the_largest_plan_stays_far_below_what_a_state_may_hold() -> None:
    stores = load_data_map().stores
    tasks = [{"store": store.fides_key, "kind": store.rights.kind} for store in stores]
    plan = Plan("ready", [{"tasks": [task]} for task in tasks], 3600).to_dict()
    assert len(json.dumps(plan)) < 8 * 1024
    assert len(json.dumps(Report(stores[0].fides_key, "more", 10**9).to_dict())) < 8 * 1024


# ------------------------------------------------------------------ what comes back


def output(name: str, answer: Any) -> Any:
    """What a Task hands on when its function, or whoever answers its wait, says this."""
    waits = TASKS[name]["Resource"].endswith("waitForTaskToken")
    return evaluate(TASKS[name]["Output"], BRANCH, result=answer if waits else {"Payload": answer})


def run(folder: str, request_id: str, **more: Any) -> Any:
    """A step, called as the state machine calls it; what it answers must be JSON."""
    answer = app_of(folder).lambda_handler({"request_id": request_id, "run": 1, **more}, Context())
    return json.loads(json.dumps(answer))


def taken_in(ledger: Ledger, right: Right = Right.DELETION) -> str:
    new = NewRequest(right=right, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"})
    return ledger.open_request(new).request.id


def proven(ledger: Ledger) -> str:
    request_id = taken_in(ledger)
    ledger.store_code(request_id, "phone", "identity", "482913")
    ledger.try_code(request_id, "482913")
    return request_id


def planned(ledger: Ledger, review: str | None = None, confirm: str | None = None) -> str:
    request_id = proven(ledger)
    tasks = [Task(request_id=request_id, store="accounts", kind="dynamodb", stage=9, operation=Operation.ERASE)]
    lay(ledger, request_id, tasks, subjects=[request_id], review=review, confirm=confirm)
    return request_id


def working(ledger: Ledger) -> str:
    request_id = planned(ledger)
    ledger.begin_work(request_id)
    return request_id


def answered(ledger: Ledger, request_id: str, wait: str) -> Any:
    """What somebody answered to a wait."""
    found = ledger.last_wait(request_id, wait)
    assert found is not None
    return found.answer


def test_time_without_a_proof_ends_the_run(deployed: Ledger) -> None:
    given = output("SettleIdentity", run("settle_identity", taken_in(deployed)))
    assert next_state(STATES["CheckIdentity"], given) == "RunDone"


def test_a_proof_goes_on_to_the_plan_however_it_came(deployed: Ledger) -> None:
    request_id = proven(deployed)
    by_answer = output("VerifyIdentity", answered(deployed, request_id, IDENTITY_WAIT))
    by_time = output("SettleIdentity", run("settle_identity", request_id))
    assert [next_state(STATES["CheckIdentity"], given) for given in (by_answer, by_time)] == ["PlanRequest"] * 2


def test_a_withdrawal_ends_the_wait_for_a_proof(deployed: Ledger) -> None:
    request_id = taken_in(deployed)
    deployed.withdraw(request_id)
    given = output("VerifyIdentity", answered(deployed, request_id, IDENTITY_WAIT))
    assert next_state(STATES["CheckIdentity"], given) == "RunDone"


@pytest.mark.parametrize(
    ("outcome", "following"),
    [("ready", "NeedsCoolingOff"), ("confirm", "Confirm"), ("review", "Review"), ("ended", "RunDone")],
)
def test_a_plan_says_where_to_go(outcome: str, following: str) -> None:
    given = output("PlanRequest", Plan(outcome, [], 0).to_dict())
    assert next_state(STATES["CheckPlan"], given, plans=1) == following


def test_a_plan_that_never_gets_ready_ends_the_run() -> None:
    for outcome in ("confirm", "review"):
        given = output("PlanRequest", Plan(outcome, [], 0).to_dict())
        assert next_state(STATES["CheckPlan"], given, plans=50) == "RunFailed"


def test_a_confirmation_goes_back_to_the_plan_and_none_ends_the_run(deployed: Ledger) -> None:
    confirmed = planned(deployed, confirm="closure")
    run("confirm", confirmed, seconds=60, task_token="token")
    deployed.confirm_request(confirmed)
    given = output("Confirm", answered(deployed, confirmed, CONFIRM_WAIT))
    assert next_state(STATES["CheckIdentity"], given) == "PlanRequest"
    silent = planned(deployed, confirm="closure")
    run("confirm", silent, seconds=60, task_token="token")
    assert {"ErrorEquals": ["States.Timeout"], "Next": "SettleIdentity"} in TASKS["Confirm"]["Catch"]
    assert next_state(STATES["CheckIdentity"], output("SettleIdentity", run("settle_identity", silent))) == "RunDone"
    assert deployed.get(silent).status is Status.EXPIRED


@pytest.mark.parametrize("review", [None, "second_account"])
def test_what_was_planned_is_read_as_it_was_laid(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch, review: str
) -> None:
    for name in StoreFunctions.model_fields:
        monkeypatch.setenv(name.upper(), name.split("_")[1])
    monkeypatch.setenv("COOLING_OFF_SECONDS", "3600")
    given = output("PlanRequest", run("plan_request", planned(deployed, review)))
    assert given["stages"] == [{"tasks": [{"store": "accounts", "kind": "dynamodb"}]}]
    assert next_state(STATES["CheckPlan"], given, plans=1) == ("Review" if review else "NeedsCoolingOff")
    assert given["cooling_seconds"] == 3600


def test_an_approval_goes_back_to_the_plan_once_enough_have_given_it(deployed: Ledger) -> None:
    request_id = planned(deployed, review="second_account")
    deployed.approve(request_id, by="one", plan="hash")
    assert deployed.last_wait(request_id, REVIEW_WAIT) is None
    deployed.approve(request_id, by="another", plan="hash", as_approver=True)
    given = output("Review", answered(deployed, request_id, REVIEW_WAIT))
    assert next_state(STATES["CheckReview"], given) == "PlanRequest"


def test_a_refusal_ends_the_run(deployed: Ledger) -> None:
    request_id = planned(deployed, review="second_account")
    deployed.refuse(request_id, by="operator", ground=5)
    given = output("Review", answered(deployed, request_id, REVIEW_WAIT))
    assert next_state(STATES["CheckReview"], given) == "RunDone"


def test_a_hold_placed_during_the_cooling_off_has_somebody_look() -> None:
    assert next_state(STATES["CheckBegun"], output("BeginWork", {"outcome": "review"}), access_waits=0) == "Review"


@pytest.mark.parametrize(("seconds", "following"), [(3600, "CoolOff"), (0, "BeginWork")])
def test_what_cannot_be_undone_is_waited_for(seconds: int, following: str) -> None:
    assert next_state(STATES["NeedsCoolingOff"], {}, cooling_seconds=seconds) == following


def test_a_deletion_waits_for_an_access_a_bounded_number_of_times() -> None:
    given = output("BeginWork", {"outcome": "wait"})
    assert next_state(STATES["CheckBegun"], given, access_waits=0) == "AwaitAccess"
    assert next_state(STATES["CheckBegun"], given, access_waits=60) == "RunFailed"


def test_work_begins_unless_the_request_has_ended(deployed: Ledger) -> None:
    begun = output("BeginWork", run("begin_work", planned(deployed)))
    assert next_state(STATES["CheckBegun"], begun) == "FulfilStores"
    withdrawn = proven(deployed)
    deployed.withdraw(withdrawn)
    assert next_state(STATES["CheckBegun"], output("BeginWork", run("begin_work", withdrawn))) == "RunDone"


FOLLOWING = {
    "more": "WorkStore",
    "read_back": "ReadBack",
    "waiting": "AwaitStore",
    "done": "StoreEnded",
    "failed": "StoreEnded",
}


@pytest.mark.parametrize("status", get_args(Outcome))
def test_every_report_of_a_connector_is_followed(status: Outcome) -> None:
    for name in ("WorkStore", "ReadBack"):
        given = output(name, Report("accounts", status).to_dict())
        assert next_state(STATES["CheckWork"], given) == FOLLOWING[status]
        ended = evaluate(STATES["StoreEnded"]["Output"], given)
        unfinished = evaluate(STATES["WorkStage"]["Output"], result=[ended])["unfinished"]
        assert unfinished == (status != "done")


def test_a_store_that_failed_is_unfinished_unless_it_is_done_after_all(deployed: Ledger) -> None:
    request_id = working(deployed)
    told = {"Error": "States.Timeout", "Cause": "?"}
    caught = evaluate(STATES["WorkStore"]["Catch"][0]["Output"], BRANCH, error=told)
    payload = evaluate(STATES["RecordStoreFailure"]["Arguments"]["Payload"], caught, request_id=request_id, run=1)
    failed = output("RecordStoreFailure", run("record_store_failure", **payload))
    assert deployed.task(request_id, "accounts").error_class == "States.Timeout"
    assert evaluate(STATES["WorkStage"]["Output"], result=[failed]) == {"unfinished": 1}
    done = {"status": str(TaskStatus.DONE)}
    assert evaluate(STATES["WorkStage"]["Output"], result=[done]) == {"unfinished": 0}
    assert run("begin_work", request_id) == {"outcome": "ready"}
    assert deployed.task(request_id, "accounts").status is TaskStatus.PENDING


def test_an_operators_retry_ends_the_pause(deployed: Ledger) -> None:
    request_id = working(deployed)
    run("repair", request_id, seconds=60, task_token="token")
    assert deployed.get(request_id).status is Status.NEEDS_REPAIR
    deployed.retry(request_id, by="operator")
    assert output("Repair", answered(deployed, request_id, REPAIR_WAIT)) == {"outcome": "retry"}
    assert TASKS["Repair"]["Next"] == "TryAgain"
    assert {"ErrorEquals": ["States.Timeout"], "Next": "TryAgain"} in TASKS["Repair"]["Catch"]


def test_the_notice_and_the_end_tell_the_same_outcome(deployed: Ledger) -> None:
    request_id = working(deployed)
    told, closed = run("notify", request_id), run("close", request_id)
    assert told == closed == {"outcome": deployed.get(request_id).outcome}
    assert output("Notify", told) == told


@pytest.mark.parametrize(("status", "following"), [("more", "Assemble"), ("done", "Notify")])
def test_a_package_is_followed_until_it_is_whole(
    deployed: Ledger, status: Literal["more", "done"], following: str
) -> None:
    answer = json.loads(json.dumps(Assembled(deployed.get(working(deployed)), status).to_dict()))
    assert next_state(STATES["CheckPackage"], output("Assemble", answer), volumes=1) == following
