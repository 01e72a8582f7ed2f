"""The rights request's state machine as the console draws it: what is worked on or waited for, and the ways between.

Choices and passes are ways, not places; what only a Catch leads to is how a wait ends. `make graph` writes the file
that the operators' door carries along, and a test holds the two together.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
DEFINITION = ROOT / "statemachine/rights_request.asl.yaml"
GRAPH = ROOT / "functions/operator_api/graph.json"

_PLACES = frozenset({"Task", "Map"})

Definition = Mapping[str, Any]


def graph_of(definition: Definition) -> dict[str, Any]:
    """Places in the order of the way: `main` one below the other, `detours` beside the place they come back to.

    `edges` are the ways between main places that pass others by; `waits` the places where somebody is waited for.
    """
    ways = {name: list(_following(definition, name)) for name in _on_the_way(definition)}
    order, back = _walk(ways, definition["StartAt"], definition)
    detours = [name for name in order if ways[name] and all((name, to) in back for to in ways[name])]
    main = [name for name in order if name not in detours]
    return {
        "main": main,
        "detours": [{"name": name, "beside": _first_before(name, main, ways)} for name in detours],
        "edges": [
            [main[place], to] for place, _ in enumerate(main) for to in ways[main[place]] if to in main[place + 2 :]
        ],
        "waits": [name for name in order if _waits(definition["States"][name])],
        "maps": [name for name in order if definition["States"][name]["Type"] == "Map"],
        "comments": {name: definition["States"][name]["Comment"].strip() for name in order},
    }


def _on_the_way(definition: Definition) -> list[str]:
    """The places that are reached without a Catch."""
    states, start = definition["States"], definition["StartAt"]
    found, todo = {start}, [start]
    while todo:
        for name in _next(states[todo.pop()]):
            if name not in found:
                found.add(name)
                todo.append(name)
    return [name for name in states if name in found and states[name]["Type"] in _PLACES]


def _following(definition: Definition, name: str) -> Iterator[str]:
    """The places that come next, through whatever choices lie between; each once."""
    states, seen = definition["States"], set()
    todo = list(reversed(list(_next(states[name]))))
    while todo:
        to = todo.pop()
        if to in seen:
            continue
        seen.add(to)
        if states[to]["Type"] in _PLACES:
            yield to
        else:
            todo += reversed(list(_next(states[to])))


def _next(state: Mapping[str, Any]) -> Iterator[str]:
    yield from (choice["Next"] for choice in state.get("Choices", ()))
    yield from (state[key] for key in ("Next", "Default") if key in state)


def _walk(ways: Mapping[str, list[str]], start: str, definition: Definition) -> tuple[list[str], set[tuple[str, str]]]:
    """The places so that each comes after those that lead to it, and the ways that lead back."""
    back: set[tuple[str, str]] = set()
    done: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        open_.append(name)
        for to in ways[name]:
            if to in open_:
                back.add((name, to))
            elif to not in done:
                visit(to)
        open_.pop()
        done.append(name)

    first = [start] if start in ways else list(_following(definition, start))
    for name in first:
        if name not in done:
            visit(name)
    return done[::-1], back


def _first_before(name: str, main: list[str], ways: Mapping[str, list[str]]) -> str:
    return next(before for before in main if name in ways[before])


def _waits(state: Mapping[str, Any]) -> bool:
    return str(state.get("Resource", "")).endswith(".waitForTaskToken")


def text() -> str:
    """The file as it should be."""
    return json.dumps(graph_of(yaml.safe_load(DEFINITION.read_text("utf-8"))), indent=1) + "\n"


def main() -> int:
    """Write the file."""
    GRAPH.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
