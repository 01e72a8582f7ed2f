"""The template and the definition of the workflow: names that meet, and a role that may call just those functions."""

import re
from typing import Any

from tests.support.template import ROOT, resources

MACHINE = resources("AWS::Serverless::StateMachine")["RightsRequest"]["Properties"]
GIVEN: dict[str, Any] = MACHINE["DefinitionSubstitutions"]
FUNCTIONS = resources("AWS::Serverless::Function")


def invocable() -> list[Any]:
    [statement] = [s for s in statements() if s["Action"] == "lambda:InvokeFunction"]
    found: list[Any] = statement["Resource"]
    return found


def statements() -> list[dict[str, Any]]:
    return [statement for policy in MACHINE["Policies"] for statement in policy["Statement"]]


def test_the_definition_asks_for_just_what_the_template_gives() -> None:
    text = (ROOT / MACHINE["DefinitionUri"]).read_text("utf-8")
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == set(GIVEN)


def test_each_substitution_is_the_function_of_its_name() -> None:
    for name, value in GIVEN.items():
        function = name.removesuffix("Arn")
        assert value == {"Fn::GetAtt": [function, "Arn"]}
        assert function in FUNCTIONS


def test_the_workflow_may_call_just_the_functions_it_names() -> None:
    def named(part: dict[str, list[str]]) -> str:
        return part["Fn::GetAtt"][0]

    assert sorted(map(named, invocable())) == sorted(map(named, GIVEN.values()))


def test_the_workflow_may_do_nothing_else_but_log() -> None:
    actions = {action for s in statements() if isinstance(s["Action"], list) for action in s["Action"]}
    assert all(action.startswith("logs:") for action in actions)
    assert len(statements()) == 2


def test_the_history_and_the_logs_hold_no_payloads() -> None:
    assert MACHINE["Type"] == "STANDARD"
    assert MACHINE["Logging"]["IncludeExecutionData"] is False
    assert MACHINE["Logging"]["Level"] == "ERROR"
