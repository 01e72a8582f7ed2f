"""What a function can reach: the definitions its handler names, those that they name, and so on, read from the source.

Whoever uses an object must name its class or a maker of it somewhere on the way, and whoever calls a method must name
the method. So a class counts once it is named, and of its methods those whose names are read as an attribute, of
whatever object, anywhere in what is reached: too many where two classes share a name, never too few. What nobody has to
name counts with the class: dunders, methods that a decorator registers, and every method of a class that others' code
may call into (one that has a base of others', or is a file).
"""

import ast
from collections.abc import Iterator
from copy import copy
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


_PLAIN = frozenset(
    {"property", "cached_property", "cache", "staticmethod", "classmethod", "abstractmethod", "override"}
)
"""Decorators that hand a method to nobody."""
_OF_FILES = frozenset({"read", "write"})


@cache
def reach(module: str, name: str = "lambda_handler") -> dict[Symbol, ast.AST]:
    """Every definition that can be reached from one, with its source; of classes without the methods nobody names."""
    names: frozenset[str] = frozenset()
    while True:
        found = _reach(module, name, names)
        named = frozenset(attribute for node in found.values() for attribute in _read(node))
        if named <= names:
            return found
        names |= named


def _reach(module: str, name: str, names: frozenset[str]) -> dict[Symbol, ast.AST]:
    """What is reached if these are the attributes that anybody reads."""
    found: dict[Symbol, ast.AST] = {}
    todo: list[Symbol] = [(module, name)]
    while todo:
        symbol = todo.pop()
        if symbol in found:
            continue
        of, what = symbol
        node = sources()[of].definitions[what] if what else _on_import(of)
        found[symbol] = _without_unnamed(of, node, names) if isinstance(node, ast.ClassDef) else node
        todo += _named_in(of, found[symbol], names)
        if what:
            todo.append((of, ""))
    return found


def _on_import(module: str) -> ast.Module:
    body = sources()[module].tree.body
    loose = [node for node in body if isinstance(node, ast.Expr | ast.If | ast.For | ast.With | ast.Try)]
    return ast.Module(body=list(loose), type_ignores=[])


@cache
def _parts(node: ast.AST) -> tuple[ast.AST, ...]:
    """What a node is made of; every function asks for the same ones over and over."""
    return tuple(ast.walk(node))


@cache
def _read(node: ast.AST) -> frozenset[str]:
    return frozenset(_read_in(node))


def _read_in(node: ast.AST) -> Iterator[str]:
    for part in _parts(node):
        match part:
            case ast.Attribute(attr=attribute, ctx=ast.Load()):
                yield attribute
            case ast.AugAssign(target=ast.Attribute(attr=attribute)):
                yield attribute
            case ast.MatchClass(kwd_attrs=attributes):
                yield from attributes
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(attribute)), *_]):
                yield attribute


def _without_unnamed(module: str, node: ast.ClassDef, names: frozenset[str]) -> ast.ClassDef:
    if _is_open_to_others(module, node):
        return node
    methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
    return _pruned(node, frozenset(part for part in methods if not _may_run(part, names)))


@cache
def _pruned(node: ast.ClassDef, without: frozenset[ast.FunctionDef]) -> ast.ClassDef:
    pruned = copy(node)
    pruned.body = [part for part in node.body if part not in without]
    return pruned


def _may_run(method: ast.FunctionDef, names: frozenset[str]) -> bool:
    is_dunder = method.name.startswith("__") and method.name.endswith("__")
    is_registered = any(not (isinstance(d, ast.Name) and d.id in _PLAIN) for d in method.decorator_list)
    return is_dunder or is_registered or method.name in names


def _is_open_to_others(module: str, node: ast.ClassDef) -> bool:
    if _OF_FILES & {part.name for part in node.body if isinstance(part, ast.FunctionDef)}:
        return True
    bases = [_class_of(module, base) for base in node.bases]
    return any(base is None or _is_open_to_others(*base) for base in bases)


def _class_of(module: str, named: ast.AST) -> tuple[str, ast.ClassDef] | None:
    """The class of ours that is meant, and its module."""
    of, what = _symbol_of(module, named) or ("", "")
    node = sources()[of].definitions[what] if of else None
    return (of, node) if isinstance(node, ast.ClassDef) else None


def _symbol_of(module: str, named: ast.AST) -> Symbol | None:
    if isinstance(named, ast.Name):
        return resolve(module, named.id)
    if isinstance(named, ast.Attribute) and isinstance(named.value, ast.Name):
        of, original = sources()[module].aliases.get(named.value.id, (None, None))
        return resolve(of, named.attr) if of and original is None else None
    return None


def _named_in(module: str, node: ast.AST, names: frozenset[str]) -> Iterator[Symbol]:
    for symbol, kept_as in _mentions(module, node):
        if kept_as is None or kept_as in names:
            yield symbol


@cache
def _mentions(module: str, node: ast.AST) -> tuple[tuple[Symbol, str | None], ...]:
    """What a node names; with the attribute, where it is given to a class that only keeps it as that attribute."""
    kept = {id(given): attribute for part in _parts(node) for given, attribute in _kept(module, part)}
    named = ((_symbol_of(module, part), kept.get(id(part))) for part in _parts(node))
    return tuple((symbol, attribute) for symbol, attribute in named if symbol)


def _kept(module: str, call: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    made = _class_of(module, call.func) if isinstance(call, ast.Call) else None
    attributes = _kept_as(*made) if made else None
    if attributes and isinstance(call, ast.Call) and not any(isinstance(given, ast.Starred) for given in call.args):
        yield from zip(call.args, attributes, strict=False)


def _kept_as(module: str, node: ast.ClassDef) -> list[str] | None:
    """The attributes that the parameters of a class become, in order; `None` if its constructor does more with them."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _assigned(part)
    bases = [_class_of(module, base) for base in node.bases]
    return _kept_as(*bases[0]) if bases and bases[0] else None


def _assigned(constructor: ast.FunctionDef) -> list[str] | None:
    kept = {}
    for part in constructor.body:
        match part:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=ast.Name(id=given)
            ):
                kept[given] = attribute
            case _:
                return None
    parameters = [parameter.arg for parameter in constructor.args.args[1:]]
    return [kept[parameter] for parameter in parameters] if sorted(kept) == sorted(parameters) else None
