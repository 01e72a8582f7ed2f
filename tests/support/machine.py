"""The state machines as graphs: their states in every scope, the ways between them, and the expressions they hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services.stepfunctions import _apply_jsonata_template, _truthy

from tests.support.template import state_machines

State = dict[str, Any]

_RESERVED = {"states"}
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)(?!\w*\s*\()")


@dataclass(frozen=True)
class Edge:
    """One way out of a state, and the variables that are assigned on it."""

    target: str
    assigned: frozenset[str]
    condition: str | None = None


@dataclass(frozen=True)
class Scope:
    """The states of one level: a machine itself, or the inside of one Map."""

    name: str
    """That of the Map; of a machine itself the name of its definition: `rights_request`."""
    start: str
    states: Mapping[str, State]
    outer: tuple["Scope", ...] = field(default=())
    """The scopes whose variables can be read here, outermost first: none inside a Distributed Map."""

    def edges(self, name: str) -> list[Edge]:
        """The ways out of a state."""
        return list(_edges(self.states[name]))

    def reachable(self, start: str) -> set[str]:
        """The states that can be reached from one, itself included."""
        found, todo = {start}, [start]
        while todo:
            for edge in self.edges(todo.pop()):
                if edge.target in self.states and edge.target not in found:
                    found.add(edge.target)
                    todo.append(edge.target)
        return found

    def cycles(self) -> Iterator[list[str]]:
        """Every way round that passes no state twice, each once, from its state that comes first by name."""
        for start in sorted(self.states):
            paths = [[start]]
            while paths:
                path = paths.pop()
                for target in {edge.target for edge in self.edges(path[-1])}:
                    if target == start:
                        yield path
                    elif target > start and target not in path:
                        paths.append([*path, target])


def scopes() -> list[Scope]:
    """Each machine and the inside of each of its Maps, outermost first."""
    machines = [Scope(name, machine["StartAt"], machine["States"]) for name, machine in state_machines().items()]
    return [scope for machine in machines for scope in _scopes(machine)]


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for name, state in scope.states.items():
        if inner := state.get("ItemProcessor"):
            is_inline = inner["ProcessorConfig"]["Mode"] == "INLINE"
            outer = (*scope.outer, scope) if is_inline else ()
            yield from _scopes(Scope(name, inner["StartAt"], inner["States"], outer))


def states(kind: str | None = None) -> dict[str, State]:
    """All states of all machines by name (no name occurs twice: a test), or those of one type."""
    return {n: s for scope in scopes() for n, s in scope.states.items() if kind in {None, s["Type"]}}


def function_of(state: State) -> str:
    """What a Task calls: the name of the substitution, or the expression that chooses a function."""
    name = str(state["Arguments"]["FunctionName"])
    return name[2:-1] if name.startswith("${") else name


def _edges(state: State) -> Iterator[Edge]:
    own = frozenset(state.get("Assign", {}))
    for target in (state.get("Next"), state.get("Default")):
        if target:
            yield Edge(target, own)
    for choice in state.get("Choices", ()):
        yield Edge(choice["Next"], frozenset(choice.get("Assign", {})), choice["Condition"])
    for catch in state.get("Catch", ()):
        yield Edge(catch["Next"], frozenset(catch.get("Assign", {})))


def expressions(part: Any) -> Iterator[str]:
    """The JSONata expressions in a part of a definition, without what is inside an ItemProcessor."""
    if isinstance(part, str):
        if part.startswith("{%"):
            yield part.removeprefix("{%").removesuffix("%}").strip()
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            if name != "ItemProcessor":
                yield from expressions(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from expressions(inner)


def variables(part: Any) -> set[str]:
    """The workflow variables that a part of a definition reads."""
    found = {name for text in expressions(part) for name in _VARIABLE.findall(text)}
    return found - _RESERVED


def evaluate(
    part: Any,
    given: Any = None,
    *,
    result: Any = None,
    error: Any = None,
    context: Mapping[str, Any] | None = None,
    **known: Any,
) -> Any:
    """A part of a definition with its expressions evaluated, as the local cloud does it; `known` are the variables."""
    return _apply_jsonata_template(part, given, {**(context or {}), "variables": known}, result, error)


def next_state(choice: State, given: Any, **known: Any) -> str:
    """Where a Choice sends this input."""
    for rule in choice["Choices"]:
        if _truthy(evaluate(rule["Condition"], given, **known)):
            return str(rule["Next"])
    return str(choice["Default"])
