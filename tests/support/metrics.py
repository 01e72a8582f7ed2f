"""Metrics: which the code emits, read from its source, and which the template's alarms and dashboard look at."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support.functions import folders
from tests.support.symbols import reach, resolve, sources
from tests.support.template import resources, template

ALARMS = {name: resource["Properties"] for name, resource in resources("AWS::CloudWatch::Alarm").items()}
OWN = {"Fn::Sub": "DataRights/${Stage}"}


@dataclass(frozen=True)
class Metric:
    """A metric as an alarm or a plot names it; `dimensions` as they are in the template."""

    namespace: Any
    name: str
    dimensions: tuple[tuple[str, Any], ...]

    @property
    def service(self) -> Any:
        return dict(self.dimensions).get("service")


def of_alarm(name: str) -> Metric:
    alarm = ALARMS[name]
    dimensions = tuple((one["Name"], one["Value"]) for one in alarm.get("Dimensions", ()))
    namespace = alarm["Namespace"]
    return Metric(namespace["Fn::Sub"] if namespace == OWN else namespace, alarm["MetricName"], dimensions)


@cache
def widgets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dashboard())["widgets"]
    return found


def dashboard() -> str:
    return str(template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])


def plotted() -> Iterator[list[Any]]:
    for widget in widgets():
        if widget["type"] == "metric":
            yield from widget["properties"]["metrics"]


def on_dashboard() -> Iterator[Metric]:
    for row in plotted():
        words = [part for part in row if isinstance(part, str)]
        if words:
            namespace, name, *rest = words
            yield Metric(namespace, name, tuple(zip(rest[::2], map(as_in_template, rest[1::2]), strict=True)))


def as_in_template(value: str) -> Any:
    """`${X}` of a text as the template would say it outside of one."""
    alone = re.fullmatch(r"\$\{([\w:]+)(?:\.(\w+))?\}", value)
    if not alone:
        return {"Fn::Sub": value} if "${" in value else value
    return {"Fn::GetAtt": [alone[1], alone[2]]} if alone[2] else {"Ref": alone[1]}


def searched() -> Iterator[tuple[frozenset[str], str]]:
    """Dimensions and name of what is plotted by a search."""
    for row in plotted():
        if isinstance(row[0], dict):
            found = re.match(r"SEARCH\('\{DataRights/\$\{Stage\},([\w,]+)\} MetricName=\"(\w+)\"", row[0]["expression"])
            assert found, row
            yield frozenset(found[1].split(",")), found[2]


@cache
def emitted(folder: str) -> frozenset[tuple[str, str, frozenset[str]]]:
    """The metrics a function counts: under which `service`, by which name and dimensions."""
    found = set()
    for (module, _), node in reach(f"{folder}.app").items():
        for call in ast.walk(node):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="metrics"), attr="add_metric")):
                    [name] = [k.value for k in call.keywords if k.arg == "name"]
                    assert isinstance(name, ast.Constant), ast.unparse(call)
                    found.add((folder, str(name.value), frozenset({"service"})))
                    if is_a_store(module):
                        found.add(("", str(name.value), frozenset({"store"})))
                case ast.Call(func=ast.Name(id="count_of"), args=[subject, ast.Constant(value=str(counted)), *_]):
                    found.add((constant(module, subject), counted, frozenset({"service", *TALLIED.get(counted, ())})))
    return frozenset(found)


TALLIED = {"RequestsReceived": ("right",), "RequestsClosed": ("right", "outcome"), "TimeToClose": ("right", "outcome")}
"""The further dimensions of these (`test_counts.py` looks at what is written)."""


def is_a_store(module: str) -> bool:
    return module == "rights.stores.door"


def constant(module: str, node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        found = resolve(module, node.id)
        assert found
        assigned = sources()[found[0]].definitions[found[1]]
        assert isinstance(assigned, ast.Assign)
        node = assigned.value
    assert isinstance(node, ast.Constant)
    return str(node.value)


def everything_emitted() -> set[tuple[str, str, frozenset[str]]]:
    return {one for folder in folders() for one in emitted(folder)}
