"""The OpenAPI document: what the doors say of themselves, put together with what is said of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.openapi.affiliates import PROBLEM
from local.openapi.describe import JSON, PAGE, Answer, DoorDescription, Operation, Parameter
from local.openapi.doors import Described
from local.openapi.schemas import Schemas
from rights.http_problems import FIELD_PROBLEMS

VERSION = "3.1.1"
_FEW = 2
"""Up to so many error codes of one status have a response that operations share."""
OF_THE_GATEWAY = ("refused", "unavailable")
"""Codes that API Gateway gives itself (`GatewayResponses` of the template)."""

SECURITY: dict[str, dict[str, Any]] = {
    "statusToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `status_token` that a request was answered with. The token of a link is none.",
    },
    "statusCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "status",
        "description": "Set by the link `/s/{token}`: shows where a request stands, and more once a code was entered.",
    },
    "operator": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An ID token of the operators' user pool; its groups are the roles.",
    },
    "operatorSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-operator",
        "description": "The console's session. What changes something needs the header `X-CSRF-Token` then.",
    },
    "affiliateSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 over method, authority, path and, with a body, Content-Digest and Content-Type.",
    },
    "partnerSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-OpenDSR-Signature",
        "description": "OpenDSR 2.0: RSA-SHA256 over the exact body, base64, by the key of the partner's certificate.",
    },
    "gatewaySignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Gateway-Signature",
        "description": "`v1=` and the hex HMAC-SHA256, under the shared key, of timestamp, full stop and exact body.",
    },
}

HEADERS: dict[str, dict[str, Any]] = {
    "Location": {
        "required": True,
        "description": "Where to go on.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "ETag": {
        "required": True,
        "description": "Sent back as `If-None-Match`, it spares an answer that has not changed.",
        "schema": {"type": "string"},
    },
    "X-OpenDSR-Processor-Domain": {
        "required": True,
        "description": "In whose name the answer is signed.",
        "schema": {"type": "string"},
    },
    "X-OpenDSR-Signature": {
        "required": True,
        "description": "RSA-SHA256 over the exact body, base64, by the key of our certificate.",
        "schema": {"type": "string"},
    },
}

PATH: dict[str, dict[str, Any]] = {
    "request_id": {"description": "The id of a request.", "schema": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}},
    "bulk_id": {"description": "The id of a bulk closure.", "schema": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}},
    "replay_id": {"description": "The id of a replay.", "schema": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}},
    "hold_id": {"description": "The id of a hold.", "schema": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}},
    "store": {
        "description": "The name of a store in the data map.",
        "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_.]{0,62}$"},
    },
    "number": {"description": "Counted from 1.", "schema": {"type": "string", "pattern": "^[0-9]{1,2}$"}},
    "recipient_id": {
        "description": "The id the partner was asked under, a UUID.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "token": {"description": "As it was sent.", "schema": {"type": "string", "minLength": 1}},
    "name": {"description": "As a page names it.", "schema": {"type": "string", "minLength": 1}},
    "step": {"description": "Any step.", "schema": {"type": "string", "minLength": 1}},
}

_PROBLEM = {
    "type": "object",
    "description": "The one shape of errors. Codes are stable; words are for people, in their language.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {
                    "type": "object",
                    "description": "What is wrong with which field; never what was typed.",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {
                            "code": {"type": "string", "enum": sorted(FIELD_PROBLEMS)},
                            "message": {"type": "string"},
                            "limit": {"type": "integer"},
                            "tries_left": {"type": "integer"},
                            "now": {"type": "integer", "description": "The version a request is at by now."},
                            "changes": {"type": "array", "items": {"type": "object"}},
                        },
                    },
                },
            },
        }
    },
}

_INFO = {
    "title": "Data rights",
    "version": "1",
    "summary": "Ask a shop to show, hand over, correct, restrict or delete what it holds about a person.",
    "description": (
        "Errors have one shape and stable codes, which are listed with each status. Texts are in the caller's language "
        "(`lang`, a cookie, `Accept-Language`). What API Gateway refuses before any door has the code `refused` (401, "
        "403, 413, 429), or `unavailable` (5xx)."
    ),
}


class DescriptionError(Exception):
    """The doors and their descriptions do not say the same."""


def document(described: Iterable[Described]) -> dict[str, Any]:
    """The whole document; DescriptionError where a route has no description, or a description no route."""
    doors = list(described)
    for one in doors:
        _require_all(one)
    operations = [operation for one in doors for operation in one.description.operations.values()]
    schemas = Schemas(
        read=[body for operation in operations for body in operation.bodies.values()],
        told=[b for operation in operations for answer in operation.answers.values() for b in answer.bodies.values()],
    )
    paths: dict[str, Any] = {}
    problems = _Problems()
    for one in doors:
        for (method, rule), operation in one.description.operations.items():
            at = paths.setdefault(_path(rule), {})
            at[method.lower()] = _operation(one.description, rule, operation, schemas, problems)
    made = {
        "openapi": VERSION,
        "info": _INFO,
        # Relative to where the file lies; where it is served, the base URL of the stage stands here.
        "servers": [{"url": "."}],
        "tags": [{"name": one.description.name, "description": one.description.says} for one in doors],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, "OpenDsrProblem": PROBLEM, **schemas.components},
            "responses": dict(sorted(problems.shared.items())),
            "securitySchemes": SECURITY,
            "headers": HEADERS,
        },
    }
    _leave_out_the_unused(made)
    return made


def _require_all(one: Described) -> None:
    told = set(one.description.operations)
    if missing := sorted(set(one.rules) - told):
        raise DescriptionError(f"{one.folder} has routes that local/openapi does not describe: {missing}")
    if gone := sorted(told - set(one.rules)):
        raise DescriptionError(f"local/openapi describes routes that {one.folder} does not have: {gone}")


def _path(rule: str) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", rule)


def _operation(
    door: DoorDescription, rule: str, operation: Operation, schemas: Schemas, problems: "_Problems"
) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": operation.id, "tags": [door.name], "summary": operation.says}
    if operation.more:
        made["description"] = operation.more
    if parameters := [*_of_path(rule, operation), *map(_parameter, operation.parameters)]:
        made["parameters"] = parameters
    if operation.bodies:
        content = {sort: {"schema": schemas.read(body)} for sort, body in operation.bodies.items()}
        made["requestBody"] = {"required": operation.needs_body, "content": content}
    answers = {str(status): _answer(answer, schemas) for status, answer in operation.answers.items()}
    made["responses"] = problems.beside(answers, operation, door)
    made["security"] = [{name: []} for name in operation.security]
    return made


def _of_path(rule: str, operation: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"<(\w+)>", rule):
        yield {"name": name, "in": "path", "required": True, **(operation.path.get(name) or PATH[name])}


def _parameter(one: Parameter) -> dict[str, Any]:
    required = {"required": True} if one.required else {}
    return {"name": one.name, "in": one.place, "description": one.says, **required, "schema": dict(one.schema)}


def _answer(answer: Answer, schemas: Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.says}
    if answer.headers:
        made["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.headers}
    if answer.bodies:
        made["content"] = {sort: {"schema": schemas.told(body)} for sort, body in answer.bodies.items()}
    return made


class _Problems:
    """The errors of all operations; those that many share are written down once."""

    def __init__(self) -> None:
        self.shared: dict[str, Any] = {}

    def beside(self, answers: Mapping[str, Any], operation: Operation, door: DoorDescription) -> dict[str, Any]:
        """The answers and the errors of an operation, by status; a status may be both."""
        errors: dict[str, set[str]] = {}
        for code in operation.errors:
            name, _, status = code.partition(":")
            errors.setdefault(status or str(door.statuses[name]), set()).add(name)
        made = dict(answers)
        for status, codes in errors.items():
            problem = _problem(sorted(codes), door.problem, pages=operation.pages)
            if status in answers:
                made[status] = _either(answers[status], problem)
            elif len(codes) <= _FEW:
                name = "Or".join(_pascal(code) for code in sorted(codes)) + ("OrPage" if operation.pages else "")
                name = name if door.problem == "Problem" else f"{door.problem}{name}"
                self.shared[name] = problem
                made[status] = {"$ref": f"#/components/responses/{name}"}
            else:
                made[status] = problem
        return dict(sorted(made.items()))


def _problem(codes: list[str], shape: str, *, pages: bool) -> dict[str, Any]:
    known = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    content: dict[str, Any] = {JSON: {"schema": {"$ref": f"#/components/schemas/{shape}", **known}}}
    if pages:
        content[PAGE] = {"schema": {"type": "string"}}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": content}


def _either(answer: Mapping[str, Any], problem: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **answer,
        "description": f"{answer['description']} Else {problem['description']}.",
        "content": {**problem["content"], **answer.get("content", {})},
    }


def _pascal(code: str) -> str:
    return "".join(part.capitalize() for part in code.split("_"))


def _leave_out_the_unused(made: dict[str, Any]) -> None:
    """Models that only served to make another shape."""
    schemas = made["components"]["schemas"]
    while unused := set(schemas) - set(_referred(made)):
        for name in unused:
            del schemas[name]


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _referred(one)
    elif isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for one in node.values():
            yield from _referred(one)
