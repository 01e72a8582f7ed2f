"""What the descriptions of the operators' door's operations have in common."""

from dataclasses import replace
from typing import Any

from local.openapi.describe import A_BODY, JSON, READING, Adapted, Answer, Operation, Parameter, json

BY = ("operator", "operatorSession")
LOOKED = ("sign_in_needed", "contact_unverified", "forbidden", "not_found", *READING)
CHANGE = ("csrf_needed", "foreign_origin", *A_BODY)
WRONG = ("invalid_request", "wrong_type")
OF_ONE = ("own_request", "changed_meanwhile", "wrong_type")
ONE, BULK = "/ops/requests/<request_id>", "/ops/bulk-closures/<bulk_id>"


UNCHANGED = Answer(says="Nothing has changed since.")
_KNOWN = Parameter(name="If-None-Match", place="header", says="The `ETag` of what one has.")


def query(name: str, says: str, *, required: bool = False, **schema: Any) -> Parameter:
    """A parameter of the query."""
    return Parameter(name=name, place="query", says=says, schema={"type": "string", **schema}, required=required)


def look(name: str, says: str, body: Any, *parameters: Parameter, errors: tuple[str, ...] = ()) -> Operation:
    """What a viewer may do too."""
    return Operation(
        id=name,
        says=says,
        answers={200: json(body, says, "ETag"), 304: UNCHANGED},
        errors=(*errors, *LOOKED),
        parameters=(*parameters, _KNOWN),
        security=BY,
    )


CSRF = Parameter(name="X-CSRF-Token", place="header", says="Of the session, for who has no token of the pool.")
_SEEN = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        {"type": "string", "pattern": "^[0-9]{1,9}$"},
        {"type": "null"},
    ],
    "description": "The version of the request that one decides on; refused where it has changed since.",
}


def _with_version(schema: dict[str, Any]) -> None:
    schema.setdefault("properties", {})["version"] = _SEEN


def act(name: str, says: str, answer: Any, *errors: str, body: Any = None, status: int = 200) -> Operation:
    """What takes the role of an operator."""
    return Operation(
        id=name,
        says=says,
        answers={status: json(answer, "How it stands now.")},
        bodies={JSON: body} if body is not None else {},
        errors=(*errors, *(WRONG if body is not None else ()), *CHANGE, *LOOKED),
        parameters=(CSRF,),
        security=BY,
    )


def on_one(name: str, says: str, answer: Any, *errors: str, body: Any = None, status: int = 200) -> Operation:
    """The same on a request: never one about oneself, and none that has changed since one saw it."""
    read = Adapted(body, _with_version) if body is not None else {"type": "object", "properties": {"version": _SEEN}}
    made = act(name, says, answer, *errors, *OF_ONE, body=read, status=status)
    return replace(made, needs_body=body is not None)
