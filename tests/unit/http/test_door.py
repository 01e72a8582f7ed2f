"""A door: its routes, its one way to an error, and the bytes that were signed."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from rights.door import Answer, Call, Door, bytes_of, prefix_of
from rights.errors import NotReadyError, UnknownRequestError
from rights.http import ApiError, respond_json


def event(method: str = "GET", path: str = "/things/7", **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "requestContext": {},
        "body": None,
    }
    return {"resource": path, "path": path, "httpMethod": method, "isBase64Encoded": False} | plain | more


def things(call: Call, number: str) -> Answer:
    return respond_json(200, {"number": number, "method": call.http_method})


def fails(_: Call) -> Answer:
    raise NotReadyError("not yet")


def asked(door: Door, *how: str) -> tuple[int, Any]:
    answer = door.resolve(event(*how), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_route_is_given_the_call_and_the_parts_of_its_path() -> None:
    door = Door([("GET", "/things/<number>", things)])
    assert asked(door) == (200, {"number": "7", "method": "GET"})
    assert door.rules == (("GET", "/things/<number>"),)


def test_the_path_of_the_base_url_is_left_out_where_it_comes_along() -> None:
    door = Door([("GET", "/things/<number>", things)], prefix_of("https://mall.example/prod/"))
    assert asked(door, "GET", "/prod/things/7") == asked(door, "GET", "/things/7")


@pytest.mark.parametrize("how", [("GET", "/nothing"), ("POST", "/things/7"), ("GET", "/things/\x12")])
def test_an_address_that_nobody_has_is_answered_in_the_shape_of_all_errors(how: tuple[str, str]) -> None:
    status, body = asked(Door([("GET", "/things/<number>", things)]), *how)
    assert (status, body["error"]["code"]) == (404, "not_found")


def test_every_error_of_a_route_goes_one_way() -> None:
    status, body = asked(Door([("GET", "/", fails)]), "GET", "/")
    assert (status, body["error"]["code"]) == (409, "not_ready")


def test_a_door_may_have_a_shape_of_its_own_for_errors_and_for_addresses_nobody_has() -> None:
    def problem(_: Call, error: Exception) -> Answer:
        return respond_json(418, {"it": type(error).__name__})

    door = Door([("GET", "/", fails)], problem=problem)
    assert asked(door, "GET", "/") == (418, {"it": NotReadyError.__name__})
    assert asked(door, "GET", "/else") == (418, {"it": UnknownRequestError.__name__})


def test_the_bytes_of_a_body_are_those_that_were_sent() -> None:
    refusal = ApiError("not_signed")
    assert bytes_of(APIGatewayProxyEvent(event(body="ភាសា")), refusal=refusal) == "ភាសា".encode()
    assert bytes_of(APIGatewayProxyEvent(event(body="AAE=", isBase64Encoded=True)), refusal=refusal) == b"\x00\x01"
    with pytest.raises(ApiError, match="not_signed"):
        bytes_of(APIGatewayProxyEvent(event(body="?", isBase64Encoded=True)), refusal=refusal)
