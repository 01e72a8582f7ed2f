"""The definition of a state machine as a template: cfn-lint does not read the file that ours names."""

from pathlib import Path
from typing import Any

import yaml

from local.transform import Template


def wrapped(definition: Path) -> Template:
    """A template that holds nothing but this definition."""
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/lint",
            "Definition": _with_numbers(yaml.safe_load(definition.read_text("utf-8"))),
            "DefinitionSubstitutions": _substitutions(definition),
        },
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"StateMachine": machine}}


# Step Functions takes a JSONata expression here; the linter's schema knows numbers only.
_SECONDS = frozenset({"TimeoutSeconds", "HeartbeatSeconds", "Seconds"})


def _with_numbers(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_numbers(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: 60 if key in _SECONDS and str(value).startswith("{%") else _with_numbers(value)
        for key, value in part.items()
    }


def _substitutions(definition: Path) -> dict[str, str]:
    names = [part.split("}")[0] for part in definition.read_text("utf-8").split("${")[1:]]
    return {name: f"arn:aws:lambda:ap-southeast-1:123456789012:function:{name}" for name in names}
