"""Both templates, and the state machine wrapped into one, through cfn-lint: not one finding, and nothing turned off."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import wrapped
from tests.support.template import ROOT

DEFINITIONS = sorted((ROOT / "statemachine").glob("*.asl.yaml"))


def findings(*templates: Path) -> Any:
    linter = Path(sys.executable).with_name("cfn-lint")
    command: list[str | Path] = [linter, "--format", "json", "--regions", "ap-southeast-1", "--", *templates]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    return json.loads(done.stdout)


def written(folder: Path, template: dict[str, Any]) -> Path:
    path = folder / "wrapped.json"
    path.write_text(json.dumps(template))
    return path


def test_the_templates_are_as_cloudformation_wants_them() -> None:
    assert findings(ROOT / "template.yaml", ROOT / "local" / "mall.yaml") == []


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda path: path.name)
def test_a_definition_is_as_step_functions_wants_it(definition: Path, tmp_path: Path) -> None:
    assert findings(written(tmp_path, wrapped(definition))) == []


def test_the_linter_does_look_into_the_wrapped_definition(tmp_path: Path) -> None:
    [definition] = [path for path in DEFINITIONS if path.name.startswith("rights_request")]
    template = wrapped(definition)
    template["Resources"]["StateMachine"]["Properties"]["Definition"]["States"]["Notify"]["Retries"] = []
    assert findings(written(tmp_path, template))


def test_nothing_is_excused_from_the_linter() -> None:
    for name in ("template.yaml", "local/mall.yaml"):
        assert "cfn-lint" not in (ROOT / name).read_text("utf-8")
    assert not list(ROOT.glob(".cfnlintrc*"))
