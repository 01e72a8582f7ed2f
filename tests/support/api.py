"""API Gateway over doors in this process, as a WSGI application: the template says which call goes where."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tests.support.functions import folders, properties_of

Resolve = Callable[[dict[str, Any], Any], dict[str, Any]]
Start = Callable[[str, list[tuple[str, str]]], object]


class Event(NamedTuple):
    """Calls that are handed to a function: where they go, how, and who has to let them pass."""

    folder: str
    path: str
    method: str
    authoriser: str | None


def events(folder: str) -> Iterator[Event]:
    """The calls that API Gateway hands to a function."""
    for event in properties_of(folder).get("Events", {}).values():
        if event["Type"] == "Api":
            told = event["Properties"]
            yield Event(folder, told["Path"], told["Method"], told.get("Auth", {}).get("Authorizer"))


def event_of(method: str, path: str) -> Event | None:
    """What API Gateway does with a call: of several, the path with most that is no variable wins."""
    fitting = [
        event
        for folder in folders()
        for event in events(folder)
        if event.method == method and _expression(event.path).fullmatch(path)
    ]
    return max(fitting, key=lambda event: len(event.path.partition("{")[0]), default=None)


def _expression(path: str) -> re.Pattern[str]:
    proxy = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(path))
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", proxy), re.DOTALL)


class Api:
    """The doors behind their API. `let_in`: of the signature of a call, what an authoriser says of who made it."""

    def __init__(self, doors: Mapping[str, Resolve], let_in: Mapping[str, Mapping[str, str]]) -> None:
        self._doors = doors
        self._let_in = let_in

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one call."""
        answer = self._answer(environ)
        status = HTTPStatus(answer["statusCode"])
        headers = [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
        start(f"{status.value} {status.phrase}", headers)
        return [str(answer["body"] or "").encode()]

    def _answer(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        event = event_of(method, path)
        if event is None:
            return _refused(HTTPStatus.FORBIDDEN, "Missing Authentication Token")
        context = self._let_in.get(environ.get("HTTP_SIGNATURE", "")) if event.authoriser else {}
        if context is None:
            return _refused(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        return self._doors[event.folder](_call(environ, event, path, context), None)


def _call(environ: Mapping[str, Any], event: Event, path: str, context: Mapping[str, str]) -> dict[str, Any]:
    """The event, as API Gateway hands a call on: bodies are text, as no binary type is declared."""
    headers = {_header(name): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers |= {name: environ[key] for key, name in _OWN.items() if environ.get(key)}
    length = int(environ.get("CONTENT_LENGTH") or 0)
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return {
        "resource": event.path,
        "path": path,
        "httpMethod": event.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [v for n, v in query if n == name] for name, _ in query} or None,
        "requestContext": {"authorizer": dict(context)} if context else {},
        "body": environ["wsgi.input"].read(length).decode(errors="replace") if length else None,
        "isBase64Encoded": False,
    }


_OWN = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}


def _header(name: str) -> str:
    return "-".join(part.capitalize() for part in name.removeprefix("HTTP_").split("_"))


def _refused(status: HTTPStatus, message: str) -> dict[str, Any]:
    body = json.dumps({"error": {"code": "refused", "message": message}})
    return {"statusCode": status, "multiValueHeaders": {"Content-Type": ["application/json"]}, "body": body}
