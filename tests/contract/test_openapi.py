"""The description of the doors: made of the code and not stale, whole, sound, and of doors that can be reached."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from affiliate_api.problems import PROBLEMS as OF_AFFILIATES
from local.openapi import write
from local.openapi.document import OF_THE_GATEWAY, DescriptionError, document
from local.openapi.doors import Described, doors
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
        if str(node.get("$ref")).endswith("Problem"):
            yield from node["properties"]["error"]["properties"]["code"]["enum"]
        for one in node.values():
            yield from codes_in(one)


@pytest.mark.parametrize(("path", "made"), [(write.FILE, write.file), (write.PAGE, write.page)], ids=["file", "page"])
def test_what_is_kept_is_what_the_code_says_now(path: Any, made: Any) -> None:
    assert path.read_text("utf-8") == made(), "stale: run `make openapi`"


def test_it_is_sound_openapi() -> None:
    assert not [error.message for error in OpenAPIV31SpecValidator(write.described()).iter_errors()]


def test_every_operation_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_a_route_nobody_described_is_named() -> None:
    [first, *_] = doors()
    with pytest.raises(DescriptionError, match="/new"):
        document([first._replace(rules=(*first.rules, ("GET", "/new")))])


def test_a_description_without_a_route_is_named() -> None:
    [first, *_] = doors()
    with pytest.raises(DescriptionError, match="does not have"):
        document([first._replace(rules=first.rules[1:])])


def test_every_door_of_the_template_is_described() -> None:
    assert {folder for folder in folders() if list(events(folder))} == {one.folder for one in doors()}


@pytest.mark.parametrize("one", doors(), ids=lambda one: one.folder)
def test_api_gateway_leads_every_operation_to_its_door(one: Described) -> None:
    for method, rule in one.rules:
        event = event_of(method, re.sub(r"<\w+>", "x", rule))
        assert event, f"{method} {rule}"
        assert event.folder == one.folder, f"{method} {rule}"


def test_just_what_has_an_authoriser_may_be_refused_before_any_door() -> None:
    for path, method, operation in OPERATIONS:
        event = event_of(method.upper(), re.sub(r"\{\w+\}", "x", path))
        assert event
        assert ("401" in operation["responses"] and "Refused" in str(operation["responses"]["401"])) == bool(
            event.authoriser
        ), path


def test_every_error_code_is_one_of_an_operation_and_the_other_way_round() -> None:
    assert set(codes_in(write.described())) - set(OF_THE_GATEWAY) == {*PROBLEMS, *OF_AFFILIATES}


def test_the_codes_of_api_gateway_are_those_of_the_template() -> None:
    answers = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
    given = {json.loads(re.sub(r"\$context[.\w]+", '""', one["ResponseTemplates"][sort]))["error"]["code"]
             for one in answers.values() for sort in one["ResponseTemplates"]}  # fmt: skip
    assert given == set(OF_THE_GATEWAY)


def test_readers_are_led_to_it() -> None:
    assert "openapi.json" in write.page()
