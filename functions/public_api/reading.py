"""Reading bodies: JSON or a form's flat fields become typed bodies; an ApiError names each field that must change."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from public_api.models import AnswerIn, CodeIn, ConfirmIn, FindIn, RequestIn
from rights.http import FieldProblem, not_valid
from rights.http_problems import FIELD_PROBLEMS

M = TypeVar("M", bound=BaseModel)

_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"", "false", "0", "no", "off"})
_REQUESTER = ("name", "relation", "for", "phone", "email")


def read_request(raw: Mapping[str, Any], *, is_form: bool) -> RequestIn:
    """The intake of a JSON body or of the form's flat fields."""
    return _read(RequestIn, _one_or_many(_request_form(raw) if is_form else dict(raw)))


def read_code(raw: Mapping[str, Any], *, is_form: bool) -> CodeIn:
    """The code of a JSON body or a form."""
    return _read(CodeIn, _with_switches(raw, ("proceed",), is_form=is_form))


def read_confirm(raw: Mapping[str, Any], *, is_form: bool) -> ConfirmIn:
    """A confirmation."""
    return _read(ConfirmIn, _with_switches(raw, ("agree", "resend"), is_form=is_form))


def read_answer(raw: Mapping[str, Any]) -> AnswerIn:
    """The answer to a question."""
    return _read(AnswerIn, {name: value for name, value in raw.items() if name != "lang"})


def read_code_only(raw: Mapping[str, Any], *, is_form: bool) -> CodeIn:
    """A code that proves one thing alone: there is nothing to go on with instead."""
    return read_code({name: value for name, value in raw.items() if name != "proceed"}, is_form=is_form)


def read_find(raw: Mapping[str, Any]) -> FindIn:
    """A reference and a contact, and the code if there is one."""
    return _read(FindIn, {name: value for name, value in raw.items() if name not in {"lang", "resend"}})


def _with_switches(raw: Mapping[str, Any], switches: tuple[str, ...], *, is_form: bool) -> dict[str, Any]:
    fields = {name: value for name, value in raw.items() if name != "lang"}
    if is_form:
        fields |= {name: fields[name] in _YES for name in switches if name in fields}
    return fields


def _one_or_many(raw: dict[str, Any]) -> dict[str, Any]:
    """`right` is short for `rights` with one, `lang` another word for `locale`, a plain new value for `{"to": ..}`."""
    fields = dict(raw)
    if "lang" in fields:
        fields.setdefault("locale", fields.pop("lang"))
    if "right" in fields:
        fields["rights"] = [fields.pop("right")] if "rights" not in fields else fields["rights"]
    fields.setdefault("rights", [])
    if isinstance(changes := fields.get("changes"), dict):
        fields["changes"] = {k: {"to": v} if isinstance(v, str) else v for k, v in changes.items()}
    return fields


def _request_form(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The form's flat fields as the JSON body has them.

    `right` and `also.<right>`; `scope.<name>`, `purpose.<name>`: ticked; `change.<subject>`, `was.<subject>`: values;
    `requester` and `requester_<what>`.
    """
    fields = {n: raw[n] for n in ("message", "locale", "lang", "jurisdiction") if str(raw.get(n, "")).strip()}
    fields["rights"] = [right for right in (raw.get("right", ""), *_ticked(raw, "also")) if right]
    fields["identifiers"] = {name: raw[name] for name in ("phone", "email") if name in raw}
    if scope := _ticked(raw, "scope"):
        fields["scope"] = scope
    if purposes := _ticked(raw, "purpose"):
        fields["purposes"] = purposes
    if changes := {s: {"to": value} for s, value in _given(raw, "change").items()}:
        seen = _given(raw, "was")
        fields["changes"] = {s: c | ({"from": seen[s]} if s in seen else {}) for s, c in changes.items()}
    if raw.get("requester", "self") != "self":
        told = {name: raw[f"requester_{name}"] for name in _REQUESTER if str(raw.get(f"requester_{name}", "")).strip()}
        fields["requester"] = {"kind": raw["requester"], **told}
    return fields | {name: raw[name] for name in raw if not _is_known(name)}


def _ticked(raw: Mapping[str, Any], prefix: str) -> list[str]:
    """The names that are ticked; a value that is neither yes nor no is no answer: a scope overlooked would be "all"."""
    boxes = {name: value for name, value in raw.items() if name.startswith(f"{prefix}.")}
    if odd := [name for name, value in boxes.items() if value not in _YES | _NO]:
        raise not_valid({name: FieldProblem("wrong_type") for name in odd})
    return [name.partition(".")[2] for name, value in boxes.items() if value in _YES]


def _given(raw: Mapping[str, Any], prefix: str) -> dict[str, str]:
    named = ((name.partition(".")[2], str(v)) for name, v in raw.items() if name.startswith(f"{prefix}."))
    return {name: value for name, value in named if value.strip()}


def _is_known(name: str) -> bool:
    plain = {"right", "phone", "email", "message", "locale", "lang", "jurisdiction", "nonce", "requester"}
    prefixed = name.partition(".")[0] in {"also", "scope", "purpose", "change", "was"} and "." in name
    return name in plain or prefixed or name in {f"requester_{what}" for what in _REQUESTER}


def _read(model: type[M], fields: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    # Outside the handler, so that what was typed hangs on no exception's context.
    raise not_valid({_name_of(detail): _field_problem(detail) for detail in details})


_AT = {
    "right_missing": "right",
    "unknown_right": "right",
    "right_twice": "right",
    "changes_missing": "changes",
    "changes_not_needed": "changes",
    "purposes_missing": "purposes",
    "purposes_not_needed": "purposes",
    "message_missing": "message",
    "scope_not_needed": "scope",
    "requester_name_missing": "requester.name",
    "requester_for_missing": "requester.for",
    "requester_relation_missing": "requester.relation",
    "requester_contact_missing": "requester.phone",
    "reference_not_valid": "reference",
    "contact_missing": "phone",
}
"""The field that a rule about the whole body is about."""
_MISSING = {"identifiers": "identifier_missing", "message": "message_missing"}


def _name_of(detail: Mapping[str, Any]) -> str:
    return _AT.get(detail["type"]) or ".".join(map(str, detail["loc"]))


def _field_problem(detail: Mapping[str, Any]) -> FieldProblem:
    match detail["type"]:
        case "missing":
            return FieldProblem(_MISSING.get(str(detail["loc"][-1]), "wrong_type"))
        case "extra_forbidden":
            return FieldProblem("unknown_field")
        case "string_too_long":
            return FieldProblem("too_long", {"limit": detail["ctx"]["max_length"]})
        case "too_long":  # a list; the words of our own code of this name count characters
            return FieldProblem("wrong_type")
        case ours if ours in FIELD_PROBLEMS:
            return FieldProblem(ours)
        case _:
            return FieldProblem("wrong_type")
