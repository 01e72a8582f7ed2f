"""The description of the doors: made of the code and not stale, whole, sound, and of doors that can be reached."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.openapi import write
from local.openapi.document import OF_THE_GATEWAY, DescriptionError, document
from local.openapi.doors import Described, doors
from rights.door import Answer, Call, Door
from rights.http import respond_json
from rights.http_problems import PROBLEMS
from tests.support.api import event_of, events
from tests.support.functions import folders
from tests.support.template import template

OPERATIONS = [
    (path, method, operation)
    for path, operations in write.described()["paths"].items()
    for method, operation in operations.items()
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def codes_in(node: Any) -> Iterator[str]:
    """The error codes that are named in a part of the document."""
    if isinstance(node, list):
        for one in node:
            yield from codes_in(one)
    elif isinstance(node, dict):
        if "#/components/schemas/Problem" in str(node.get("$ref")):
            yield from node["properties"]["error"]["properties"]["code"]["enum"]
        for one in node.values():
            yield from codes_in(one)


def nothing(_: Call) -> Answer:
    return respond_json(200, {})


@pytest.mark.parametrize(("path", "made"), [(write.FILE, write.file), (write.PAGE, write.page)], ids=["file", "page"])
def test_what_is_kept_is_what_the_code_says_now(path: Any, made: Any) -> None:
    assert path.read_text("utf-8") == made(), "stale: run `make openapi`"


def test_it_is_sound_openapi() -> None:
    assert not [error.message for error in OpenAPIV31SpecValidator(write.described()).iter_errors()]


def test_every_operation_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_a_route_nobody_described_is_named() -> None:
    [first, *_] = doors()
    more = Door([(*rule, nothing) for rule in (*first.door.rules, ("GET", "/new"))])
    with pytest.raises(DescriptionError, match="/new"):
        document([Described("public_api", more, first.description)])


def test_a_description_without_a_route_is_named() -> None:
    [first, *_] = doors()
    less = Door([(*rule, nothing) for rule in first.door.rules[1:]])
    with pytest.raises(DescriptionError, match="does not have"):
        document([Described("public_api", less, first.description)])


def test_every_door_of_the_template_is_described() -> None:
    assert {folder for folder in folders() if list(events(folder))} == {one.folder for one in doors()}


@pytest.mark.parametrize("one", doors(), ids=lambda one: one.folder)
def test_api_gateway_leads_every_operation_to_its_door(one: Described) -> None:
    for method, rule in one.door.rules:
        event = event_of(method, re.sub(r"<\w+>", "x", rule))
        assert event, f"{method} {rule}"
        assert event.folder == one.folder, f"{method} {rule}"


def test_just_what_has_an_authoriser_takes_a_sign_in() -> None:
    for path, method, operation in OPERATIONS:
        event = event_of(method.upper(), re.sub(r"\{\w+\}", "x", path))
        assert event
        assert ({"operator": []} in operation["security"]) == (event.authoriser == "Operators"), path


def test_every_error_code_is_one_of_an_operation_and_the_other_way_round() -> None:
    assert set(codes_in(write.described())) == {*PROBLEMS, *OF_THE_GATEWAY}


def test_the_codes_of_api_gateway_are_those_of_the_template() -> None:
    answers = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    given = {json.loads(re.sub(r"\$context[.\w]+", '""', one["ResponseTemplates"][sort]))["error"]["code"]
             for one in answers.values() for sort in one["ResponseTemplates"]}  # fmt: skip
    assert given == {*OF_THE_GATEWAY, "unavailable"}


def test_readers_are_led_to_it() -> None:
    assert "openapi.json" in write.page()
