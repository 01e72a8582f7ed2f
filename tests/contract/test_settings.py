"""The environment of each function in the template is what the function reads, no more and no less."""

import ast
import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from rights.settings import Settings
from tests.support.functions import folders, properties_of
from tests.support.symbols import reach, resolve, sources
from tests.support.template import ROOT, template

NOT_OURS = {"STAGE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
"""What Powertools reads, and the stage, which is told apart by nothing but the names of resources."""


def declared(folder: str) -> dict[str, Any]:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = properties_of(folder).get("Environment", {}).get("Variables", {})
    variables: dict[str, Any] = shared | own
    return variables


def loaded(folder: str) -> Iterator[type[Settings]]:
    for (module, _), node in reach(f"{folder}.app").items():
        for call in ast.walk(node):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            if resolve(module, call.func.id) == ("rights.settings", "load"):
                [argument] = call.args
                assert isinstance(argument, ast.Name), f"{module} loads settings that cannot be told from its source"
                found = resolve(module, argument.id)
                assert found
                yield getattr(importlib.import_module(found[0]), found[1])


@pytest.mark.parametrize("folder", folders())
def test_a_function_gets_just_the_settings_it_reads(folder: str) -> None:
    read = {name.upper() for model in loaded(folder) for name in model.model_fields}
    assert read == set(declared(folder)) - NOT_OURS


@pytest.mark.parametrize("folder", folders())
def test_a_function_logs_and_counts_under_its_own_name(folder: str) -> None:
    assert declared(folder)["POWERTOOLS_SERVICE_NAME"] == folder
    assert declared(folder)["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "DataRights/${Stage}"}


def test_the_environment_is_read_in_one_place_only() -> None:
    for source in sources().values():
        reads = {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)} & {"environ", "getenv"}
        assert not reads or source.name == "rights.settings"


def test_what_only_the_local_cloud_sets_is_set_by_no_template() -> None:
    asked = {
        ast.literal_eval(call.args[0])
        for source in sources().values()
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "only_locally"
    }
    assert asked == {"LOCAL_PARTNERS"}
    text = (ROOT / "template.yaml").read_text("utf-8") + (ROOT / "samconfig.toml").read_text("utf-8")
    assert not {name for name in asked if name in text}


def test_no_secret_is_a_setting() -> None:
    names = {name for folder in folders() for name in declared(folder)}
    assert not {name for name in names if "PASSWORD" in name or name.endswith(("_SECRET", "_TOKEN", "_KEY"))}
