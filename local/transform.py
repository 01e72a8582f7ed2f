"""The one documented change between `template.yaml` and what runs here.

Per function, `CodeUri` names the packaged archive and `Runtime` becomes `provided.al2023`, so that AWS's own runtime
client serves the handler in its own process. Per state machine, `DefinitionUri` names the same definition as JSON.
Nothing else: `assert_only_transformed` compares both templates and the start fails when anything else differs.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FUNCTION = "AWS::Serverless::Function"
STATE_MACHINE = "AWS::Serverless::StateMachine"
LOCAL_RUNTIME = "provided.al2023"
CHANGED = {FUNCTION: frozenset({"CodeUri", "Runtime"}), STATE_MACHINE: frozenset({"DefinitionUri"})}

Template = dict[str, Any]


@dataclass(frozen=True)
class Location:
    """An object in a bucket, as SAM writes it."""

    bucket: str
    key: str

    def as_uri(self) -> dict[str, str]:
        """The `CodeUri` or `DefinitionUri` that points here."""
        return {"Bucket": self.bucket, "Key": self.key}


class TemplateChangedError(Exception):
    """The transform touched something it has no business with."""


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as their long forms."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_CloudFormationLoader.add_multi_constructor("!", _short_form)
# A date such as 2012-10-17 stays the string CloudFormation wants.
_CloudFormationLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_template(path: Path) -> Template:
    """Read a YAML template; intrinsic functions come out in their long form."""
    template: Template = yaml.load(path.read_text("utf-8"), Loader=_CloudFormationLoader)  # noqa: S506 - a safe loader
    return template


def definition_as_json(path: Path) -> str:
    """Read a YAML state machine definition and write it as JSON."""
    return json.dumps(yaml.safe_load(path.read_text("utf-8")), ensure_ascii=False)


def resources_of(template: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and properties of every resource of one type."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource["Properties"]


def transform(
    before: Template, code: Callable[[str, str], Location], definition: Callable[[str, str], Location]
) -> Template:
    """A copy of the template for the local cloud.

    Args:
        before: the template as `load_template` gives it.
        code: where the packaged function lies, by resource name and handler.
        definition: where the JSON definition lies, by resource name and the template's `DefinitionUri`.
    """
    after = copy.deepcopy(before)
    for name, properties in resources_of(after, FUNCTION):
        properties["CodeUri"] = code(name, properties["Handler"]).as_uri()
        properties["Runtime"] = LOCAL_RUNTIME
    for name, properties in resources_of(after, STATE_MACHINE):
        properties["DefinitionUri"] = definition(name, properties["DefinitionUri"]).as_uri()
    return after


def assert_only_transformed(before: Template, after: Template) -> None:
    """Raise `TemplateChangedError` unless both are equal but for the documented properties."""
    if (left := _without_changed(before)) != (right := _without_changed(after)):
        message = (
            f"the local cloud must not change {', '.join(sorted(_differences(left, right, ''))) or 'the template'}"
        )
        raise TemplateChangedError(message)


def _without_changed(template: Template) -> Template:
    reduced = copy.deepcopy(template)
    for kind, names in CHANGED.items():
        for _, properties in resources_of(reduced, kind):
            for name in names:
                properties.pop(name, None)
    return reduced


def _differences(left: object, right: object, path: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in left.keys() | right.keys():
            if key not in left or key not in right:
                yield f"{path}/{key}"
            else:
                yield from _differences(left[key], right[key], f"{path}/{key}")
    elif left != right:
        yield path
