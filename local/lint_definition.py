"""Lint a state machine definition: cfn-lint does not read the file a template names, so it gets it wrapped."""

import json
import subprocess
import sys
import tempfile
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


def main() -> int:
    """Lint each file named on the command line; returns the linter's exit code."""
    worst, linter = 0, Path(sys.executable).with_name("cfn-lint")
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / f"{Path(name).name}.json"
            template.write_text(json.dumps(wrapped(Path(name))))
            command: list[str | Path] = [linter, "--regions", "ap-southeast-1", "--", template]
            worst = max(worst, subprocess.run(command, check=False).returncode)  # noqa: S603 - our own command
    return worst


if __name__ == "__main__":
    sys.exit(main())
