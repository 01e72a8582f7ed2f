"""The sample operators, and the sign-in page of their pool as a deployed one has it at an address of its own.

Codes, PKCE and tokens are MiniStack's: this only spares its form for name and password, so that one signs in as a
sample operator with a click. It answers under `/_local/hosted-ui`, on this machine only.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from local.emulator import Emulator

PATH = "/_local/hosted-ui"
PASSWORD = "Sample-operators-sign-in-with-1-click"  # noqa: S105 - of sample people on this machine
_CARRIED = (
    *("client_id", "redirect_uri", "response_type", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method"),
)


@dataclass(frozen=True)
class SampleOperator:
    """Somebody who may sign in to the console."""

    name: str
    groups: tuple[str, ...]
    email: str
    phone: str
    what: str

    @property
    def attributes(self) -> dict[str, str]:
        """What the pool knows: who has no verified contacts is not let in."""
        verified = {"email_verified": "true", "phone_number_verified": "true"}
        return {"email": self.email, "phone_number": self.phone} | verified

    def as_json(self) -> dict[str, Any]:
        """A line of `/_local/operators`."""
        facts = {"name": self.name, "groups": list(self.groups), "email": self.email, "phone": self.phone}
        return facts | {"what": self.what}


OPERATORS = (
    SampleOperator("vanna", ("viewer",), "vanna@mall.example", "+85510000101", "looks, and changes nothing"),
    SampleOperator("sophea", ("operator",), "sophea@mall.example", "+85510000102", "decides and retries"),
    SampleOperator("bopha", ("approver",), "bopha@mall.example", "+85510000103", "approves what weighs most"),
    SampleOperator("chenda", ("approver",), "chenda@mall.example", "+85510000104", "a second approver"),
)


@dataclass(frozen=True)
class Reply:
    """What the sign-in page answers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answer = Callable[[str, str, bytes], Reply]


def register(emulator: Emulator, pool: str) -> None:
    """Make the sample operators in their pool, once: a kept state has them already, perhaps from an older version."""
    users = emulator.client("cognito-idp")
    for one in OPERATORS:
        told = [{"Name": name, "Value": value} for name, value in one.attributes.items()]
        try:
            users.admin_create_user(
                UserPoolId=pool,
                Username=one.name,
                TemporaryPassword=PASSWORD,
                MessageAction="SUPPRESS",
                UserAttributes=told,
            )
        except users.exceptions.UsernameExistsException:
            users.admin_update_user_attributes(UserPoolId=pool, Username=one.name, UserAttributes=told)
            continue
        users.admin_set_user_password(UserPoolId=pool, Username=one.name, Password=PASSWORD, Permanent=True)
        for group in one.groups:
            users.admin_add_user_to_group(UserPoolId=pool, Username=one.name, GroupName=group)


class HostedUi:
    """The addresses that a pool's domain has, and its key set, over MiniStack's."""

    def __init__(self, endpoint: str, pool: Callable[[], str]) -> None:
        """`endpoint`: where MiniStack is; `pool` tells the pool's id once the stack is there."""
        self._endpoint = endpoint
        self._pool = pool

    def __call__(self, method: str, target: str, body: bytes) -> Reply:
        """The answer to a call below `PATH`; `target` is its path and query."""
        parts = urlsplit(target)
        match method, parts.path.removeprefix(PATH):
            case "GET", "/oauth2/authorize":
                return _page(dict(parse_qsl(parts.query)))
            case "POST", "/login":
                return self._sign_in(dict(parse_qsl(body.decode())))
            case "POST", "/oauth2/token":
                return self._passed_on("POST", "/oauth2/token", body)
            case "GET", "/logout":
                return self._passed_on("GET", f"/logout?{parts.query}", b"")
            case "GET", "/.well-known/jwks.json":
                return self._passed_on("GET", f"/{self._pool()}/.well-known/jwks.json", b"")
        return Reply(HTTPStatus.NOT_FOUND)

    def _sign_in(self, form: Mapping[str, str]) -> Reply:
        fields = {name: form.get(name, "") for name in _CARRIED}
        fields |= {"username": form.get("operator", ""), "password": PASSWORD}
        return self._passed_on("POST", "/login", urlencode(fields).encode())

    def _passed_on(self, method: str, target: str, body: bytes) -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        answer = httpx.request(method, self._endpoint + target, content=body, headers=headers, timeout=30)
        kept = ("content-type", "location", "cache-control")
        told = tuple((name, value) for name, value in answer.headers.items() if name.lower() in kept)
        return Reply(answer.status_code, told, answer.content)


def _page(query: Mapping[str, str]) -> Reply:
    carried = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(query.get(name, ""))}">' for name in _CARRIED
    )
    buttons = "".join(
        f'<li><button name="operator" value="{one.name}"><b>{one.name}</b>: {", ".join(one.groups)}</button> {one.what}'
        for one in OPERATORS
    )
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "ul{list-style:none;padding:0}li{margin:.75rem 0}"
        "button{font:inherit;padding:.6rem 1rem;min-width:14rem;text-align:left}"
    )
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><style>{style}</style>'
        "<h1>Sign in to the local cloud</h1><p>In a deployment this is the page of the operators' user pool, "
        f'which asks for a password and a code.</p><form method="post" action="{PATH}/login">{carried}'
        f"<ul>{buttons}</ul></form>"
    )
    return Reply(HTTPStatus.OK, (("Content-Type", "text/html; charset=utf-8"),), text.encode())
