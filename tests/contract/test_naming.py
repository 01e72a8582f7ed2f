"""One name for one thing: folder, handler, resource, state, sample; and times that fit into each other."""

from typing import Any

import pytest

from rights.ledger.timing import LOOK_LASTS
from tests.support.functions import FUNCTIONS, SHARED, folder_of, folders, properties_of, resource_of, state_of
from tests.support.machine import states
from tests.support.template import resources, template

TASKS = states("Task")
DOORS = sorted(folder for folder in folders() if folder.endswith("_api"))
STEPS = sorted(folder for folder in folders() if state_of(folder) in TASKS)
CONNECTORS = sorted(folder for folder in folders() if folder.startswith("store_"))
LONGEST_ANSWER = 29
"""Seconds that API Gateway waits."""


def setting(folder: str, name: str) -> Any:
    return properties_of(folder).get(name, template()["Globals"]["Function"].get(name))


def test_every_folder_is_a_function_of_the_template_and_every_function_has_its_folder() -> None:
    assert {resource_of(folder) for folder in folders()} == set(resources("AWS::Serverless::Function"))
    packages = {path.name for path in FUNCTIONS.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert packages == {*folders(), SHARED}


@pytest.mark.parametrize("folder", folders())
def test_a_name_can_be_read_both_ways(folder: str) -> None:
    assert folder_of(resource_of(folder)) == folder


@pytest.mark.parametrize("folder", folders())
def test_the_handler_is_where_everybody_looks_for_it(folder: str) -> None:
    assert properties_of(folder)["Handler"] == f"{folder}.app.lambda_handler"
    assert properties_of(folder)["Description"].endswith(".")


def test_every_state_that_calls_a_function_is_called_like_it() -> None:
    others = {name for name in TASKS if ".connector" in TASKS[name]["Arguments"]["FunctionName"]}
    assert {state_of(folder) for folder in STEPS} == set(TASKS) - others
    assert CONNECTORS


@pytest.mark.parametrize("folder", folders())
def test_a_function_is_built_and_run_as_all_are(folder: str) -> None:
    assert resources("AWS::Serverless::Function")[resource_of(folder)]["Metadata"] == {"BuildMethod": "makefile"}
    assert setting(folder, "Architectures") == ["arm64"]
    assert setting(folder, "Runtime") == "python3.13"
    assert setting(folder, "CodeUri") == "functions/"


@pytest.mark.parametrize("folder", folders())
def test_a_function_logs_into_the_group_that_forgets(folder: str) -> None:
    assert setting(folder, "LoggingConfig") == {"LogGroup": {"Ref": "FunctionLogs"}}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_function_is_ended_by_lambda_before_its_state_gives_up(name: str) -> None:
    # The other way round a call would go on working after its state has moved on.
    called = CONNECTORS if ".connector" in TASKS[name]["Arguments"]["FunctionName"] else [folder_of(f"{name}Function")]
    seconds = TASKS[name]["TimeoutSeconds"]
    if isinstance(seconds, int):
        assert all(setting(folder, "Timeout") < seconds for folder in called)
    else:
        assert TASKS[name]["Resource"].endswith("waitForTaskToken")


@pytest.mark.parametrize("folder", DOORS)
def test_a_door_answers_before_api_gateway_gives_up(folder: str) -> None:
    assert setting(folder, "Timeout") < LONGEST_ANSWER


@pytest.mark.parametrize(("name", "folder"), [("NoticeQueue", "send_notice"), ("CallbackQueue", "send_callback")])
def test_a_message_comes_back_only_when_its_function_has_surely_ended(name: str, folder: str) -> None:
    queue = template()["Resources"][name]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * setting(folder, "Timeout")
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3


def test_one_sweep_ends_before_the_next_begins() -> None:
    schedule = properties_of("sweep")["Events"]["EveryFiveMinutes"]["Properties"]["ScheduleExpression"]
    assert schedule == "rate(5 minutes)"
    assert setting("sweep", "Timeout") < 5 * 60


def test_one_watch_ends_before_the_next_begins_and_before_its_look_is_free_again() -> None:
    schedule = properties_of("watch")["Events"]["EveryQuarterOfAnHour"]["Properties"]["ScheduleExpression"]
    assert schedule == "rate(15 minutes)"
    assert setting("watch", "Timeout") < LOOK_LASTS.total_seconds() < 15 * 60
