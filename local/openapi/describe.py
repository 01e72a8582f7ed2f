"""What an operation is described by, and the sorts of values that answers are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from rights.http_problems import PROBLEMS

JSON = "application/json"
PAGE = "text/html"
FORM = "application/x-www-form-urlencoded"

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
RequestId = Annotated[str, Field(pattern="^[0-9A-Z]{26}$")]
Address = Annotated[str, Field(json_schema_extra={"format": "uri"})]

READING = ("try_again", "internal")
"""What any operation may end with."""
A_BODY = ("malformed_body", "unsupported_media_type", "too_large")
"""What an operation that reads a body may end with."""


def words(*known: str) -> Any:
    """What makes a text one of the known words, beside `str` in an `Annotated`."""
    return Field(json_schema_extra={"enum": [*sorted(set(known))]})


@dataclass(frozen=True, slots=True)
class Adapted:
    """A model (or one of several) of a body that is read with some freedom: `change` tells of it in its schema."""

    model: Any
    change: Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class FormOf:
    """The fields of a model as a form has them: texts only."""

    model: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer that is no error: what it says, and its body as each content type (a type or a schema)."""

    says: str
    bodies: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    """Names of `document.HEADERS` that it always carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the query, a header or a cookie."""

    name: str
    place: str
    says: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `errors`: codes of its door, or `code:status`; `bodies`: what it reads, as each content type."""

    id: str
    says: str
    more: str = ""
    answers: Mapping[int, Answer]
    errors: tuple[str, ...] = ()
    bodies: Mapping[str, Any] = field(default_factory=dict)
    needs_body: bool = True
    parameters: tuple[Parameter, ...] = ()
    security: tuple[str, ...] = ()
    """Names of `document.SECURITY`; one of them is enough, none means that anybody may."""
    pages: bool = False
    """Errors too are pages for who would rather have a page."""
    path: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the path that mean something of their own here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorDescription:
    """One door: what it is called, for whom it is, and its operations by method and rule."""

    name: str
    says: str
    statuses: Mapping[str, int] = field(default_factory=lambda: {code: one.status for code, one in PROBLEMS.items()})
    """The HTTP status of each error code."""
    problem: str = "Problem"
    """The shape of errors, by the name of its component."""
    operations: Mapping[tuple[str, str], Operation]


def json(body: Any, says: str, *headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(says=says, bodies={JSON: body}, headers=headers)


def page(says: str) -> Answer:
    """An answer that is a page."""
    return Answer(says=says, bodies={PAGE: {"type": "string"}})


def json_or_page(body: Any, says: str) -> Answer:
    """An answer in JSON, or as a page for who would rather have one."""
    return Answer(says=says, bodies={JSON: body, PAGE: {"type": "string"}})


def see(says: str) -> Answer:
    """The way to another address."""
    return Answer(says=says, headers=("Location",))
