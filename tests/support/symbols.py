"""What a function can reach: the definitions its handler names, those that they name, and so on, read from the source.

A class counts with all of its methods. Whoever uses an object must name its class or a maker of it somewhere on the
way, so nothing that can run is missed; what another function alone uses is left out, though it is in the same module.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.functions import FUNCTIONS

Symbol = tuple[str, str]
"""A module of ours, and a name at its top level; `""` stands for what runs when the module is imported."""


@dataclass(frozen=True)
class Source:
    """One module of ours."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def definitions(self) -> dict[str, ast.stmt]:
        """What the module defines at its top level."""
        return _definitions(self.name)

    @property
    def aliases(self) -> dict[str, tuple[str, str | None]]:
        """What it imports, anywhere in it: local name to module, or to module and name."""
        return _aliases(self.name)


@cache
def sources() -> dict[str, Source]:
    """Every module under `functions/`, by its name."""
    found = {}
    for path in sorted(FUNCTIONS.rglob("*.py")):
        parts = path.relative_to(FUNCTIONS).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Source(name, path, ast.parse(path.read_text("utf-8")))
    return found


def imported(name: str) -> set[str]:
    """The modules, ours and others, that a module imports; of a package also the submodules that are meant."""
    found = set()
    for node in ast.walk(sources()[name].tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(sources())
            found |= submodules or {node.module}
    return found


@cache
def _definitions(name: str) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in sources()[name].tree.body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found[node.name] = node
            case ast.Assign():
                found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name() as target):
                found[target.id] = node
    return found


@cache
def _aliases(name: str) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(sources()[name].tree):
        if isinstance(node, ast.Import):
            found |= {(alias.asname or alias.name): (alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found[alias.asname or alias.name] = (whole, None) if whole in sources() else (node.module, alias.name)
    return found


def resolve(module: str, name: str) -> Symbol | None:
    """Where a name that a module uses is defined; `None` if that is not our code."""
    if module not in sources():
        return None
    if name in sources()[module].definitions:
        return module, name
    of, original = sources()[module].aliases.get(name, (None, None))
    return resolve(of, original) if of and original else None


def reach(module: str, name: str = "lambda_handler") -> dict[Symbol, ast.AST]:
    """Every definition that can be reached from one, with its source."""
    found: dict[Symbol, ast.AST] = {}
    todo: list[Symbol] = [(module, name)]
    while todo:
        symbol = todo.pop()
        if symbol in found:
            continue
        of, what = symbol
        found[symbol] = sources()[of].definitions[what] if what else _on_import(of)
        todo += _named_in(of, found[symbol])
        if what:
            todo.append((of, ""))
    return found


def _on_import(module: str) -> ast.Module:
    body = sources()[module].tree.body
    loose = [node for node in body if isinstance(node, ast.Expr | ast.If | ast.For | ast.With | ast.Try)]
    return ast.Module(body=list(loose), type_ignores=[])


def _named_in(module: str, node: ast.AST) -> Iterator[Symbol]:
    for part in ast.walk(node):
        found = None
        if isinstance(part, ast.Name):
            found = resolve(module, part.id)
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            of, original = sources()[module].aliases.get(part.value.id, (None, None))
            found = resolve(of, part.attr) if of and original is None else None
        if found:
            yield found
