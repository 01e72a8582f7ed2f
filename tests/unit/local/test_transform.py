import copy
import json
from pathlib import Path
from typing import Any

import pytest

from local.transform import (
    Location,
    TemplateChangedError,
    assert_only_transformed,
    definition_as_json,
    load_template,
    resources_of,
    transform,
)

TEMPLATE = Path("template.yaml")

SMALL: dict[str, Any] = {
    "Globals": {"Function": {"Runtime": "python3.13"}},
    "Resources": {
        "GreetFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Handler": "greet.app.lambda_handler", "CodeUri": "functions/", "Timeout": 9},
        },
        "Flow": {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "flow.yaml", "Name": "flow"}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t"}},
    },
}


def code(_name: str, handler: str) -> Location:
    return Location("artefacts", handler.partition(".")[0])


def definition(name: str, _uri: str) -> Location:
    return Location("artefacts", f"{name}.json")


def test_functions_point_to_their_archive_and_run_in_our_own_environment() -> None:
    after = transform(SMALL, code, definition)
    properties = after["Resources"]["GreetFunction"]["Properties"]
    assert properties["CodeUri"] == {"Bucket": "artefacts", "Key": "greet"}
    assert properties["Runtime"] == "provided.al2023"
    assert properties["Handler"] == "greet.app.lambda_handler"


def test_state_machines_point_to_their_json() -> None:
    after = transform(SMALL, code, definition)
    assert after["Resources"]["Flow"]["Properties"]["DefinitionUri"] == {"Bucket": "artefacts", "Key": "Flow.json"}


def test_the_template_given_stays_as_it_was() -> None:
    before = copy.deepcopy(SMALL)
    transform(before, code, definition)
    assert before == SMALL


def test_the_documented_changes_pass_the_check() -> None:
    assert_only_transformed(SMALL, transform(SMALL, code, definition))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("Resources", "Table", "Properties", "TableName"), "u", "/Resources/Table/Properties/TableName"),
        (("Resources", "GreetFunction", "Properties", "Timeout"), 900, "/Resources/GreetFunction/Properties/Timeout"),
        (("Globals", "Function", "Runtime"), "provided.al2023", "/Globals/Function/Runtime"),
        (("Resources", "Extra"), {"Type": "AWS::SQS::Queue"}, "/Resources/Extra"),
    ],
)
def test_any_other_change_is_refused_and_named(path: tuple[str, ...], value: object, named: str) -> None:
    after = transform(SMALL, code, definition)
    target = after
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(TemplateChangedError, match=named):
        assert_only_transformed(SMALL, after)


def test_the_real_template_is_only_changed_where_documented() -> None:
    before = load_template(TEMPLATE)
    after = transform(before, code, definition)
    assert_only_transformed(before, after)
    assert json.loads(json.dumps(after)) == after


def test_every_function_of_the_real_template_gets_an_archive() -> None:
    after = transform(load_template(TEMPLATE), code, definition)
    functions = dict(resources_of(after, "AWS::Serverless::Function"))
    assert len(functions) > 10
    assert {properties["Runtime"] for properties in functions.values()} == {"provided.al2023"}


def test_short_forms_are_read_as_their_long_forms(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "a: !Ref X\nb: !GetAtt X.Arn.y\nc: !Sub ['${z}', {z: !Ref Z}]\nd: !If [C, 1, 2]\nVersion: 2012-10-17\n"
    )
    assert load_template(path) == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": ["X", "Arn.y"]},
        "c": {"Fn::Sub": ["${z}", {"z": {"Ref": "Z"}}]},
        "d": {"Fn::If": ["C", 1, 2]},
        "Version": "2012-10-17",
    }


def test_a_definition_keeps_its_meaning_as_json(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text("StartAt: A\nStates:\n  A: {Type: Pass, Output: '{% $x %}', End: true}\n")
    assert json.loads(definition_as_json(path)) == {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Output": "{% $x %}", "End": True}},
    }
