"""Holds what the doors answer to what `openapi.json` says of them: no answer may be other than it is described."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from local.openapi.write import described

_AT = "urn:openapi"
_JSON = "application/json"


class Operation(NamedTuple):
    """One operation, and where it stands in the document."""

    pointer: str
    told: dict[str, Any]


def check_answer(method: str, path: str, status: int, headers: Mapping[str, Sequence[str]], body: str) -> None:
    """AssertionError where an answer is not as it is described; `path` is below the base URL."""
    operation = operation_of(method, path)
    if operation is None:
        assert status == 404, f"{method} {path} is not described, and answers {status}"
        return
    names = {name.lower(): values for name, values in headers.items()}
    sort = (names.get("content-type") or [""])[0].partition(";")[0]
    if path.startswith("/ops") and sort != _JSON:
        return  # The console's pages are not described.
    what = f"{method} {operation.told['operationId']} answers {status}"
    assert str(status) in operation.told["responses"], f"{what}, which is not described"
    pointer, told = _response(operation, str(status))
    for name in told.get("headers", {}):
        assert names.get(name.lower()), f"{what} without {name}"
    if not (content := told.get("content")):
        assert not body, f"{what} with a body, which is not described"
        return
    assert sort in content, f"{what} as {sort}, which is not described"
    if sort == _JSON:
        where = f"{pointer}/content/{_escaped(sort)}/schema"
        wrong = best_match(_validator(where).iter_errors(json.loads(body)))
        assert wrong is None, f"{what}: at {'/'.join(map(str, wrong.absolute_path))}: {wrong.message}"


def check_response(response: httpx.Response) -> None:
    """The same of an answer that came over HTTP; a hook of the client."""
    path = response.request.url.path
    if path.startswith("/_local/"):
        return
    response.read()
    headers = {name: response.headers.get_list(name) for name in response.headers}
    # Bodies of other sorts are not looked into.
    text = response.text if response.headers.get("content-type", "").startswith(_JSON) else response.text[:1]
    check_answer(response.request.method, path, response.status_code, headers, text)


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that answers a call, if there is one."""
    for rule, expression in _rules():
        if expression.fullmatch(path) and (told := described()["paths"][rule].get(method.lower())):
            return Operation(f"{_AT}#/paths/{_escaped(rule)}/{method.lower()}", told)
    return None


@cache
def _rules() -> list[tuple[str, re.Pattern[str]]]:
    """Addresses without variable parts come first, as they do in the doors."""
    rules = sorted(described()["paths"], key=lambda rule: "{" in rule)
    return [(rule, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(rule)))) for rule in rules]


def _response(operation: Operation, status: str) -> tuple[str, dict[str, Any]]:
    told = operation.told["responses"][status]
    if reference := told.get("$ref"):
        shared: dict[str, Any] = described()["components"]["responses"][reference.rpartition("/")[2]]
        return f"{_AT}{reference}", shared
    return f"{operation.pointer}/responses/{status}", told


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": pointer}, registry=_registry(), format_checker=FormatChecker())


@cache
def _registry() -> Registry[Any]:
    """The document with its answers closed: callers must bear more than they know, but we may tell nothing unsaid."""
    closed = deepcopy(described())
    for schema in closed["components"]["schemas"].values():
        _close(schema)
    empty: Registry[Any] = Registry()
    registry: Registry[Any] = empty.with_resource(_AT, DRAFT202012.create_resource(closed))
    return registry


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for one in schema:
            _close(one)
    elif isinstance(schema, dict):
        for one in schema.values():
            _close(one)
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
