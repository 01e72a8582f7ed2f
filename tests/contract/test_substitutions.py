"""The template and each definition: names that meet, and a role that may call just those functions."""

import re
from typing import Any

import pytest

from tests.support.template import ROOT, resources, state_machines

MACHINES = {name: machine["Properties"] for name, machine in resources("AWS::Serverless::StateMachine").items()}
FUNCTIONS = resources("AWS::Serverless::Function")
OF_A_DISTRIBUTED_MAP = {
    "states:StartExecution",
    "states:DescribeExecution",
    "states:StopExecution",
    "states:RedriveExecution",
}
"""What a machine may do to its own children."""

every_machine = pytest.mark.parametrize("name", sorted(MACHINES))


def given_to(name: str) -> dict[str, Any]:
    given: dict[str, Any] = MACHINES[name]["DefinitionSubstitutions"]
    return given


def statements(name: str) -> list[dict[str, Any]]:
    return [statement for policy in MACHINES[name]["Policies"] for statement in policy["Statement"]]


def invocable(name: str) -> list[Any]:
    [statement] = [s for s in statements(name) if s["Action"] == "lambda:InvokeFunction"]
    found: list[Any] = statement["Resource"]
    return found


def test_every_definition_is_that_of_a_machine() -> None:
    assert sorted(machine["DefinitionUri"] for machine in MACHINES.values()) == [
        f"statemachine/{name}.asl.yaml" for name in sorted(state_machines())
    ]


@every_machine
def test_a_definition_is_named_like_its_machine(name: str) -> None:
    words = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    assert MACHINES[name]["DefinitionUri"] == f"statemachine/{words}.asl.yaml"


@every_machine
def test_the_definition_asks_for_just_what_the_template_gives(name: str) -> None:
    text = (ROOT / MACHINES[name]["DefinitionUri"]).read_text("utf-8")
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == set(given_to(name))


@every_machine
def test_each_substitution_is_the_function_of_its_name(name: str) -> None:
    for given, value in given_to(name).items():
        function = given.removesuffix("Arn")
        assert value == {"Fn::GetAtt": [function, "Arn"]}
        assert function in FUNCTIONS


@every_machine
def test_a_machine_may_call_just_the_functions_it_names(name: str) -> None:
    def named(part: dict[str, list[str]]) -> str:
        return part["Fn::GetAtt"][0]

    assert sorted(map(named, invocable(name))) == sorted(map(named, given_to(name).values()))


@every_machine
def test_a_machine_may_do_nothing_else_but_log_and_run_its_own_children(name: str) -> None:
    rest = [s for s in statements(name) if s["Action"] != "lambda:InvokeFunction"]
    logging = [s for s in rest if all(action.startswith("logs:") for action in s["Action"])]
    assert len(logging) == 1
    for statement in (s for s in rest if s not in logging):
        assert set(statement["Action"]) <= OF_A_DISTRIBUTED_MAP
        assert all(MACHINES[name]["Name"]["Fn::Sub"] in str(resource) for resource in statement["Resource"])


@every_machine
def test_the_history_and_the_logs_hold_no_payloads(name: str) -> None:
    assert MACHINES[name]["Type"] == "STANDARD"
    assert MACHINES[name]["Logging"]["IncludeExecutionData"] is False
    assert MACHINES[name]["Logging"]["Level"] == "ERROR"
