"""What the public door takes in: typed bodies, strict about names, lenient about how people write numbers."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from rights.domain.rights import Locale, Right
from rights.http import FieldProblem, not_valid
from rights.http_problems import FIELD_PROBLEMS
from rights.phones import code_digits, email_address, phone_number

RIGHTS_OF_THE_POLICY = frozenset(
    {
        "access", "portability", "correction", "deletion", "account_closure", "consent_withdrawal", "restriction",
        "marketing_opt_out", "complaint",
    }
)  # fmt: skip
CODE_LENGTH = 6

M = TypeVar("M", bound=BaseModel)


def _problem(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{code}", {"code": code})


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Identifiers(_Body):
    """How the person is known to the mall: a phone (kept in E.164), an email (kept in lower case), or both."""

    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)

    @field_validator("phone")
    @classmethod
    def _phone(cls, typed: str | None) -> str | None:
        if typed is None or not typed.strip():
            return None
        if (number := phone_number(typed)) is None:
            raise _problem("phone_not_valid")
        return number

    @field_validator("email")
    @classmethod
    def _email(cls, typed: str | None) -> str | None:
        if typed is None or not typed.strip():
            return None
        if (address := email_address(typed)) is None:
            raise _problem("email_not_valid")
        return address

    @model_validator(mode="after")
    def _at_least_one(self) -> "Identifiers":
        if self.phone is None and self.email is None:
            raise _problem("identifier_missing")
        return self

    def typed(self) -> dict[str, str]:
        """The identifiers that were given, by kind."""
        return {kind: value for kind, value in (("phone", self.phone), ("email", self.email)) if value}


class RequesterIn(_Body):
    """Who asks. Guardians and agents are turned away until their evidence can be reviewed."""

    kind: str = Field(default="self", max_length=20)

    @field_validator("kind")
    @classmethod
    def _self(cls, kind: str) -> str:
        if kind != "self":
            raise _problem("requester_not_offered" if kind in {"guardian", "agent"} else "wrong_type")
        return kind


class RequestIn(_Body):
    """The body of `POST /requests`."""

    right: Right = Field(strict=False)
    identifiers: Identifiers
    requester: RequesterIn = RequesterIn()
    message: str = Field(default="", max_length=2000)
    locale: Locale | None = Field(default=None, strict=False)
    jurisdiction: str = Field(default="KH", pattern=r"^[A-Z]{2}$")

    @field_validator("right", mode="before")
    @classmethod
    def _known(cls, right: object) -> object:
        if right is None or right == "":
            raise _problem("right_missing")
        if not isinstance(right, str) or right not in RIGHTS_OF_THE_POLICY:
            raise _problem("unknown_right")
        if right not in tuple(Right):
            raise _problem("right_not_offered")
        return right

    @field_validator("locale", mode="before")
    @classmethod
    def _language(cls, locale: object) -> object:
        if locale is not None and locale not in tuple(Locale):
            raise _problem("language_not_offered")
        return locale


class CodeIn(_Body):
    """The body of `POST .../code`: the code that came, or the wish to go on with what is proven already."""

    code: str | None = Field(default=None, max_length=40)
    proceed: bool = False

    @field_validator("code")
    @classmethod
    def _six_digits(cls, typed: str | None) -> str | None:
        if typed is None or not (code := code_digits(typed)):
            return None
        if not re.fullmatch(r"[0-9]+", code):
            raise _problem("code_not_digits")
        if len(code) != CODE_LENGTH:
            raise _problem("code_too_short" if len(code) < CODE_LENGTH else "code_too_long")
        return code


def read_request(raw: Mapping[str, Any], *, is_form: bool) -> RequestIn:
    """The intake of a JSON body or of the form's flat fields; ApiError names each field that must change."""
    return _read(RequestIn, _from_form(raw) if is_form else _from_json(raw))


def read_code(raw: Mapping[str, Any], *, is_form: bool) -> CodeIn:
    """The code of a JSON body or a form."""
    fields = {name: value for name, value in raw.items() if name != "lang"}
    if is_form and "proceed" in fields:
        fields["proceed"] = fields["proceed"] in {"true", "1", "yes"}
    return _read(CodeIn, fields)


def _from_json(raw: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(raw)
    if "lang" in fields:
        fields.setdefault("locale", fields.pop("lang"))
    return fields


def _from_form(raw: Mapping[str, Any]) -> dict[str, Any]:
    identifiers = {name: raw[name] for name in ("phone", "email") if name in raw}
    others = {n: v for n, v in raw.items() if n not in {"phone", "email", "nonce", "requester"}}
    if "requester" in raw:
        others["requester"] = {"kind": raw["requester"]}
    return _from_json(others | {"identifiers": identifiers})


def _read(model: type[M], fields: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    # Outside the handler, so that what was typed hangs on no exception's context.
    raise not_valid({".".join(map(str, detail["loc"])): _field_problem(detail) for detail in details})


_MISSING = {"right": "right_missing", "identifiers": "identifier_missing"}


def _field_problem(detail: Mapping[str, Any]) -> FieldProblem:
    match detail["type"]:
        case "missing":
            return FieldProblem(_MISSING.get(str(detail["loc"][-1]), "wrong_type"))
        case "extra_forbidden":
            return FieldProblem("unknown_field")
        case "string_too_long":
            return FieldProblem("too_long", {"limit": detail["ctx"]["max_length"]})
        case ours if ours in FIELD_PROBLEMS:
            return FieldProblem(ours)
        case _:
            return FieldProblem("wrong_type")
