"""Each expression of the workflow with the smallest input it may get: on AWS one undefined path ends a run."""

import json
from typing import Any

import pytest

from rights.domain.rights import Channel, Locale, Right
from rights.ledger import Ledger, NewRequest
from rights.relaying import Relay, WorkflowSettings
from tests.support.machine import Scope, evaluate, next_state, scopes, states

STATES = states()
SMALLEST: dict[str, Any] = {
    "request_id": "R", "run": 1, "identity_seconds": 1, "confirm_seconds": 1, "review_seconds": 1, "repair_seconds": 1,
    "repairs": 0, "plans": 0,
    "stages": [], "cooling_seconds": 1, "access_seconds": 1, "access_waits": 0, "lake": "service_logs", "batch": "B",
    "waves": 0, "volumes": 0,
}  # fmt: skip
BRANCH = {"store": "accounts", "connector": "arn", "loops": 0}
INPUTS: dict[str, dict[str, Any]] = {
    "BeginRun": {
        "request_id": "R", "run": 1, "proven": False, "identity_seconds": 1, "confirm_seconds": 1, "review_seconds": 1,
        "repair_seconds": 1,
    },
    "IsProven": {"proven": False},
    "CheckIdentity": {"outcome": "ended"},
    "CheckPlan": {"outcome": "ended", "stages": [], "cooling_seconds": 0},
    "NeedsCoolingOff": {},
    "CheckReview": {"outcome": "refuse"},
    "CheckBegun": {"outcome": "ended"},
    "WorkStage": {"tasks": []},
    "WorkStore": BRANCH,
    "CheckWork": BRANCH | {"status": "waiting", "left": 0, "seconds": 1},
    "AwaitStore": BRANCH | {"status": "waiting", "left": 0, "seconds": 1},
    "ReadBack": BRANCH | {"status": "read_back", "left": 0},
    "RecordStoreFailure": BRANCH | {"error": "States.Timeout"},
    "StoreEnded": {"status": "done"},
    "CheckStores": {"unfinished": 0},
    "CheckPackage": {"status": "done"},
    "BeginPurge": {"store": "service_logs", "batch": "B"},
    "CheckPurge": {"outcome": "done", "chunks": []},
    "TakeChunks": {"outcome": "objects", "chunks": []},
    "PurgeObjects": {"store": "service_logs", "batch": "B", "chunk": 0},
}  # fmt: skip
ITEMS: dict[str, Any] = {"FulfilStores": {"tasks": []}, "WorkStage": {"store": "accounts", "kind": "dynamodb"}}
every_scope = pytest.mark.parametrize("scope", scopes(), ids=lambda scope: scope.name)


def smallest(name: str) -> dict[str, Any]:
    """What `evaluate` needs to see of the world in this state."""
    item = {"Map": {"Item": {"Index": 0, "Value": ITEMS.get(name)}}}
    return {"context": {"Task": {"Token": "token"}} | item, "error": {"Error": "E", "Cause": "C"}} | SMALLEST


@every_scope
def test_every_expression_has_a_value_for_the_smallest_input(scope: Scope) -> None:
    for name, state in scope.states.items():
        given = INPUTS.get(name, {})
        for part in ("Arguments", "TimeoutSeconds", "Items", "ItemSelector"):
            evaluate(state.get(part), given, **smallest(name))
        result: Any = [] if state["Type"] == "Map" else {"Payload": {}}
        for part in (state, *state.get("Catch", ()), *state.get("Choices", ())):
            evaluate(part.get("Output"), given, result=result, **smallest(name))
            evaluate(part.get("Assign"), given, result=result, **smallest(name))


@pytest.mark.parametrize("name", sorted(states("Choice")))
def test_every_condition_is_true_or_false(name: str) -> None:
    for rule in STATES[name]["Choices"]:
        assert isinstance(evaluate(rule["Condition"], INPUTS[name], **SMALLEST), bool)


@pytest.mark.parametrize("name", sorted(states("Task")))
def test_every_timeout_is_a_whole_number_of_seconds(name: str) -> None:
    seconds = evaluate(STATES[name]["TimeoutSeconds"], INPUTS.get(name, {}), **SMALLEST)
    assert seconds == int(seconds)
    assert 1 <= seconds <= 99_999_999


@pytest.mark.parametrize("statuses", [[], ["done"], ["failed"], ["more"], ["done", "done"], ["done", "failed", "more"]])
def test_a_stage_counts_the_stores_that_are_not_done(statuses: list[str]) -> None:
    result = [{"status": status} for status in statuses]
    output = evaluate(STATES["WorkStage"]["Output"], result=result)
    assert output == {"unfinished": sum(status != "done" for status in statuses)}


@pytest.mark.parametrize("counts", [[], [0], [2], [0, 1], [1, 0, 3]])
def test_the_stages_add_up(counts: list[int]) -> None:
    output = evaluate(STATES["FulfilStores"]["Output"], result=[{"unfinished": n} for n in counts])
    assert output == {"unfinished": sum(counts)}


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_list_of_one_stays_a_list_all_the_way_into_a_map(size: int) -> None:
    task = {"store": "accounts", "kind": "dynamodb"}
    stages = [{"tasks": [task] * size}] * size
    [ready, *_] = STATES["CheckPlan"]["Choices"]
    assigned = evaluate(ready["Assign"], {"outcome": "ready", "stages": stages, "cooling_seconds": 0})
    assert assigned["stages"] == stages
    items = evaluate(STATES["FulfilStores"]["Items"], **assigned)
    assert items == stages
    for stage in items:
        context = {"Map": {"Item": {"Index": 0, "Value": stage}}}
        given = evaluate(STATES["FulfilStores"]["ItemSelector"], context=context, **assigned)
        assert evaluate(STATES["WorkStage"]["Items"], given) == [task] * size


@pytest.mark.parametrize(
    ("repairs", "seconds"), [(0, 900), (1, 1800), (2, 3600), (6, 57_600), (7, 86_400), (19, 86_400)]
)
def test_the_pause_before_a_repair_doubles_up_to_a_day(repairs: int, seconds: int) -> None:
    repair = STATES["Repair"]
    known = SMALLEST | {"repair_seconds": 900, "repairs": repairs}
    assert evaluate(repair["TimeoutSeconds"], **known) == seconds
    sent = evaluate(repair["Arguments"]["Payload"], context={"Task": {"Token": "t"}}, **known)
    assert sent["seconds"] == seconds, "the ledger must believe in the pause that the state makes"
    assert evaluate(STATES["TryAgain"]["Assign"], **known) == {"repairs": repairs + 1}


def test_the_run_gives_up_after_twenty_repairs() -> None:
    choice = STATES["CheckStores"]
    assert next_state(choice, {"unfinished": 1}, repairs=19) == "Repair"
    assert next_state(choice, {"unfinished": 1}, repairs=20) == "RunFailed"
    assert next_state(choice, {"unfinished": 0}, repairs=20) == "Assemble"


def test_a_package_is_made_volume_by_volume_and_goes_on_in_the_next_run() -> None:
    choice = STATES["CheckPackage"]
    assert next_state(choice, {"status": "done"}, volumes=200) == "Notify"
    assert next_state(choice, {"status": "more"}, volumes=199) == "Assemble"
    assert next_state(choice, {"status": "more"}, volumes=200) == "RunFailed"
    assert evaluate(STATES["Assemble"]["Assign"], volumes=199) == {"volumes": 200}


@pytest.mark.parametrize("status", ["more", "read_back"])
def test_a_store_gets_two_hundred_calls_in_a_run(status: str) -> None:
    choice = STATES["CheckWork"]
    goes_on = {"more": "WorkStore", "read_back": "ReadBack"}[status]
    assert next_state(choice, {"status": status, "loops": 199}) == goes_on
    assert next_state(choice, {"status": status, "loops": 200}) == "StoreEnded"
    for name in ("WorkStore", "ReadBack"):
        given = BRANCH | {"loops": 199}
        handed_on = evaluate(STATES[name]["Output"], given, result={"Payload": {"status": status}})
        assert handed_on == given | {"status": status, "loops": 200}


def test_a_branch_that_waited_or_failed_still_knows_its_store() -> None:
    given = INPUTS["AwaitStore"]
    over, failed = STATES["AwaitStore"]["Catch"]
    assert evaluate(STATES["AwaitStore"]["Output"], given, result={}) == given
    error = {"Error": "States.Timeout", "Cause": "?"}
    assert evaluate(over["Output"], given, error=error) == given
    for caught in (failed, *STATES["WorkStore"]["Catch"], *STATES["ReadBack"]["Catch"]):
        assert evaluate(caught["Output"], given, error=error) == given | {"error": "States.Timeout"}


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_single_chunk_of_a_lake_stays_a_list(size: int) -> None:
    chunks = [{"store": "service_logs", "batch": "B", "chunk": number} for number in range(size)]
    taken = evaluate(STATES["TakeChunks"]["Output"], {"outcome": "objects", "chunks": chunks})
    assert evaluate(STATES["PurgeLake"]["Items"], taken) == chunks


def test_a_purge_ends_by_itself_however_large_the_lake() -> None:
    choice, given = STATES["CheckPurge"], {"outcome": "objects", "chunks": []}
    assert next_state(choice, given, waves=1999) == "TakeChunks"
    assert next_state(choice, given, waves=2000) == "PurgeFailed"
    assert next_state(choice, {"outcome": "done", "chunks": []}, waves=2000) == "FinishPurge"


class Recorder:
    """Remembers what it is asked to start."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    def start_execution(self, **call: Any) -> None:
        self.started.append(call)


def test_a_run_begins_with_what_the_relay_sends(ledger: Ledger) -> None:
    new = NewRequest(right=Right.ACCESS, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"})
    request = ledger.open_request(new).request
    machine = Recorder()
    settings = WorkflowSettings(
        state_machine_arn="arn", notice_queue_url="url", callback_queue_url="url",
        identity_timeout_seconds=60, confirm_timeout_seconds=90,
        review_timeout_seconds=120, repair_delay_seconds=30,
    )  # fmt: skip
    Relay(ledger, machine, None, settings).pay({"PK": f"REQUEST#{request.id}", "SK": "STATE"})
    [call] = machine.started
    given = json.loads(call["input"])
    assert set(given) == set(INPUTS["BeginRun"])
    assigned = evaluate(STATES["BeginRun"]["Assign"], given)
    fixed = {"repairs": 0, "plans": 0, "access_seconds": 86_400, "access_waits": 0, "volumes": 0}
    assert assigned == {name: value for name, value in given.items() if name != "proven"} | fixed
    assert next_state(STATES["IsProven"], evaluate(STATES["BeginRun"]["Output"], given)) == "VerifyIdentity"
