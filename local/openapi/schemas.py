"""Schemas of bodies: models of the code become components, changed only where a door reads more than its model says."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from local.openapi.describe import Adapted, FormOf

REFERENCE = "#/components/schemas/{model}"
Mode = Literal["validation", "serialization"]


class _Untitled(GenerateJsonSchema):
    """Without the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the library's signature
        return False


class Schemas:
    """The schemas of all bodies, each body in turn; `components` holds what they refer to."""

    def __init__(self, read: Iterable[Any], told: Iterable[Any]) -> None:
        wanted: list[tuple[Any, Mode]] = [(one, "validation") for body in read for one in _models(body)]
        wanted += [(one, "serialization") for body in told for one in _models(body)]
        inputs = [(key, mode, TypeAdapter(key)) for key, mode in dict.fromkeys(wanted)]
        found, rest = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE, schema_generator=_Untitled)
        names = {name: _short(name) for name in rest["$defs"]}
        self._found = {key: _renamed(schema, names) for key, schema in found.items()}
        self.components: dict[str, Any] = {
            names[name]: _tidy(_renamed(schema, names)) for name, schema in rest["$defs"].items()
        }

    def read(self, body: Any) -> dict[str, Any]:
        """The schema of a body that a door reads."""
        match body:
            case FormOf():
                return _as_form(self._whole(self.read(body.model)))
            case Adapted():
                return self._adapted(body)
            case Mapping():
                return dict(body)
        return self._of(body, "validation")

    def _adapted(self, body: Adapted) -> dict[str, Any]:
        models = body.model if isinstance(body.model, tuple) else (body.model,)
        schemas = [deepcopy(self._whole(self._of(model, "validation"))) for model in models]
        for schema in schemas:
            body.change(schema)
        return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}

    def told(self, body: Any) -> dict[str, Any]:
        """The schema of a body that a door answers with."""
        return dict(body) if isinstance(body, Mapping) else self._of(body, "serialization")

    def _of(self, model: Any, mode: Mode) -> dict[str, Any]:
        return dict(self._found[model, mode])

    def _whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself where it is a reference to one."""
        if "$ref" not in schema:
            return schema
        whole: dict[str, Any] = self.components[schema["$ref"].rpartition("/")[2]]
        return whole


def _models(body: Any) -> tuple[Any, ...]:
    match body:
        case FormOf() | Adapted():
            return _models(body.model)
        case tuple():
            return body
        case Mapping():
            return ()
    return (body,)


def _short(name: str) -> str:
    """Of two models with one name, each by the module that it is from: `operator_api__reveal__Why` is `RevealWhy`."""
    return "".join(part[0].upper() + part[1:] for part in name.split("__")[-2:])


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _renamed(value, names) for name, value in schema.items()}
    if isinstance(reference := made.get("$ref"), str):
        made["$ref"] = REFERENCE.format(model=names[reference.rpartition("/")[2]])
    return made


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """One paragraph of a docstring as one line, and no title that repeats the component's name."""
    tidied = {name: value for name, value in schema.items() if name != "title"}
    if "description" in tidied:
        tidied["description"] = " ".join(tidied["description"].split())
    return tidied


def _as_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Flat fields that are all texts: what may be left out is no `null`, and a box says yes or is not there."""
    fields = {name: _as_field(value) for name, value in schema["properties"].items()}
    return {
        "type": "object",
        "properties": fields,
        "required": list(schema.get("required", [])),
        "additionalProperties": schema.get("additionalProperties", False),
    }


def _as_field(value: Mapping[str, Any]) -> dict[str, Any]:
    plain = next((one for one in value.get("anyOf", ()) if one.get("type") != "null"), value)
    kept = {name: plain[name] for name in ("$ref", "maxLength", "minLength", "pattern", "enum") if name in plain}
    told = value.get("description", "")
    if plain.get("type") == "boolean":
        told = f"{told} `true`, `1`, `yes` or `on` for yes.".strip()
    return kept | ({} if "$ref" in kept else {"type": "string"}) | ({"description": told} if told else {})
