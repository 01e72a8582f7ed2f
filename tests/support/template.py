"""template.yaml as plain data, so that tests build what is deployed and nothing is written down twice."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    pass


def _tag(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


@cache
def template() -> dict[str, Any]:
    """The whole template."""
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)  # noqa: S506 - safe subclass
    return loaded


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by logical id."""
    return {name: r for name, r in template()["Resources"].items() if r["Type"] == kind}


@cache
def state_machines() -> dict[str, dict[str, Any]]:
    """Every definition, by the name of its file without the endings: `rights_request`."""
    paths = sorted((ROOT / "statemachine").glob("*.asl.yaml"))
    return {path.name.removesuffix(".asl.yaml"): yaml.safe_load(path.read_text()) for path in paths}


def create_ledger_table(dynamodb: Any, name: str) -> None:
    """Make the ledger's table as the template declares it."""
    declared = template()["Resources"]["LedgerTable"]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    dynamodb.create_table(TableName=name, **{key: declared[key] for key in wanted})
