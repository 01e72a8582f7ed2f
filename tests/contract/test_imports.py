"""Who may import whom: the domain nobody, workers no web, nobody another function; handlers stay thin."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter

import pytest

from tests.support.functions import FUNCTIONS, SHARED, folders, resource_of
from tests.support.symbols import imported, sources
from tests.support.template import ROOT

MOST_LINES = 15

GROUPS = {
    "core": {
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "cryptography",
        "holidays",
        "orjson",
        "pydantic",
        "pydantic_core",
        "urllib3",
        "yaml",
    },
    "web": {"jinja2", "phonenumbers"},
    "signatures": {"http_sf"},
    "postgres": {"psycopg"},
    "lake": {"isal", "pyarrow"},
}
"""What each group of pyproject.toml lets our code import."""

BASICS = {f"rights.{name}" for name in ("clock", "errors", "sealing", "secrets_hmac")}
LAYERS = {
    "rights.domain": {"rights.domain"},
    "rights.ledger": {"rights.domain", "rights.ledger", "rights.public_holidays", "rights.status_token"} | BASICS,
    "rights.datamap": {"rights.domain", "rights.datamap", "rights.errors"},
    "rights.notices": {"rights.domain", "rights.notices"},
    "rights.lake": {"rights.domain", "rights.lake", "rights.errors"},
    "rights.stores": {"rights.domain", "rights.datamap", "rights.lake", "rights.stores", "rights.ledger.model"}
    | BASICS,
}
"""What the modules of a package may import of ours."""
DOOR_OF_THE_STORES = "rights.stores.door"
"""The edge of every connector, where things are put together."""


def ours(name: str) -> set[str]:
    return {found for found in imported(name) if found.split(".")[0] in {SHARED, *folders()}}


def is_in(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_of(package: str) -> list[str]:
    return [name for name in sources() if is_in(name, {package})]


@cache
def groups_of(folder: str) -> set[str]:
    makefile = (FUNCTIONS / "Makefile").read_text("utf-8")
    [line] = re.findall(rf"^GROUPS_OF_{resource_of(folder)} *= *(.+)$", makefile, re.MULTILINE) or ["core"]
    return set(line.split())


@cache
def loaded_by(folder: str) -> frozenset[str]:
    """Every module that importing a handler brings in, in a process of its own."""
    code = f"import json, sys; import {folder}.app; print(json.dumps(sorted(sys.modules)))"
    environment = {"PYTHONPATH": str(FUNCTIONS), "AWS_DEFAULT_REGION": "ap-southeast-1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("name", modules_of("rights.domain"))
def test_the_domain_imports_the_standard_library_only(name: str) -> None:
    others = {found.split(".")[0] for found in imported(name)} - sys.stdlib_module_names
    assert others <= {SHARED}
    assert all(is_in(found, {"rights.domain"}) for found in ours(name))


@pytest.mark.parametrize("package", sorted(LAYERS))
def test_dependencies_point_one_way(package: str) -> None:
    for name in modules_of(package):
        if name != DOOR_OF_THE_STORES:
            assert not [found for found in ours(name) if not is_in(found, LAYERS[package])], name


def test_nobody_imports_in_a_circle() -> None:
    inner = {name: {found for found in ours(name) if found in sources() and found != name} for name in sources()}
    # A package's __init__ only hands out what its modules hold.
    graph = {name: found for name, found in inner.items() if not sources()[name].path.name.startswith("__init__")}
    TopologicalSorter(graph).prepare()


def test_the_shared_package_knows_no_function() -> None:
    for name in modules_of(SHARED):
        assert all(is_in(found, {SHARED}) for found in ours(name)), name


@pytest.mark.parametrize("folder", folders())
def test_a_function_imports_itself_and_the_shared_package_only(folder: str) -> None:
    for name in modules_of(folder):
        assert all(is_in(found, {SHARED, folder}) for found in ours(name)), name


@pytest.mark.parametrize("folder", folders())
def test_a_function_brings_in_no_code_of_another(folder: str) -> None:
    assert {name.split(".")[0] for name in loaded_by(folder)} & set(folders()) == {folder}


@pytest.mark.parametrize("folder", folders())
def test_a_function_imports_only_what_its_groups_hold(folder: str) -> None:
    allowed = {package for group in groups_of(folder) for package in GROUPS[group]}
    reached = [name for name in sources() if name in loaded_by(folder)]
    used = {found.split(".")[0] for name in reached for found in imported(name)} - sys.stdlib_module_names
    assert used - {SHARED, folder} <= allowed
    elsewhere = {package for packages in GROUPS.values() for package in packages} - allowed
    assert not {name.split(".")[0] for name in loaded_by(folder)} & elsewhere


@pytest.mark.parametrize("folder", folders())
def test_a_function_names_no_group_it_does_not_use(folder: str) -> None:
    for group in groups_of(folder):
        assert GROUPS[group] & {name.split(".")[0] for name in loaded_by(folder)}, group


@pytest.mark.parametrize("folder", [folder for folder in folders() if not folder.endswith("_api")])
def test_a_worker_brings_in_no_web_resolver(folder: str) -> None:
    assert not [name for name in loaded_by(folder) if name.startswith("aws_lambda_powertools.event_handler")]


@pytest.mark.parametrize("folder", folders())
def test_no_function_brings_in_tools_of_the_machine_room(folder: str) -> None:
    machine_room = {"local", "tests", "moto", "ministack", "pytest", "rich", "httpx"}
    assert not {name.split(".")[0] for name in loaded_by(folder)} & machine_room


@pytest.mark.parametrize("folder", folders())
def test_a_handler_is_thin(folder: str) -> None:
    tree = sources()[f"{folder}.app"].tree
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.While | ast.Raise)]
    assert not {found.split(".")[0] for found in imported(f"{folder}.app")} & {"boto3", "botocore"}
    [handler] = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "lambda_handler"]
    assert [ast.unparse(decorator) for decorator in handler.decorator_list] == ["guarded"]
    assert (handler.end_lineno or 0) - handler.lineno < MOST_LINES
    assert not [node for node in ast.walk(handler) if isinstance(node, ast.If | ast.For | ast.Match | ast.With)]
    assert ast.get_docstring(handler)


def test_clients_are_made_when_needed_and_not_on_import() -> None:
    for source in sources().values():
        for node in source.tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                made = [ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)]
                assert not set(made) & {"client", "boto3.client", "boto3.resource", "load", "ledger"}, source.name
