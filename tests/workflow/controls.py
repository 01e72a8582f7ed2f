"""What happens to a cloud from outside: settings change, events come again, streams stop, operators look."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import psycopg
from psycopg import sql

from local.cloud import Cloud
from tests.support.description import check_response
from tests.workflow.waiting import eventually

PASSWORD = "Correct-horse-battery-7"


def invoke(cloud: Cloud, function: str, event: dict[str, Any]) -> Any:
    """Invoke a function by its name in the template, as its event source would; what it returned."""
    name = cloud.resources[function]
    answer = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    body = json.loads(answer["Payload"].read() or b"null")
    assert "FunctionError" not in answer, body
    return body


def sweep(cloud: Cloud) -> dict[str, int]:
    """What the schedule does every five minutes."""
    counts: dict[str, int] = invoke(cloud, "SweepFunction", {})
    return counts


def stream_event(keys: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The event of the ledger's stream about items of these keys."""
    return {
        "Records": [
            {
                "eventID": f"{number}",
                "eventName": "MODIFY",
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": {"PK": {"S": partition}, "SK": {"S": sort}},
                    "SequenceNumber": f"{number:021d}",
                    "StreamViewType": "KEYS_ONLY",
                },
            }
            for number, (partition, sort) in enumerate(keys, start=1)
        ]
    }


def queue_event(messages: Iterable[dict[str, str]]) -> dict[str, Any]:
    """The event of the notice queue with these messages."""
    return {
        "Records": [
            {"messageId": f"{number}", "receiptHandle": "-", "body": json.dumps(message), "attributes": {},
             "messageAttributes": {}, "eventSource": "aws:sqs"}
            for number, message in enumerate(messages)
        ]
    }  # fmt: skip


@contextmanager
def settings(cloud: Cloud, function: str, **values: int) -> Iterator[None]:
    """Other settings of a function for a while, as a deployment with other parameters makes them."""
    functions, name = cloud.client("lambda"), cloud.resources[function]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = before | {setting.upper(): str(value) for setting, value in values.items()}
    assert before.keys() == changed.keys(), "no such setting"
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


@contextmanager
def deaf_relay(cloud: Cloud) -> Iterator[None]:
    """No record of the ledger's stream reaches the relay."""
    functions = cloud.client("lambda")
    (mapping,) = functions.list_event_source_mappings(FunctionName=cloud.resources["RelayFunction"])[
        "EventSourceMappings"
    ]
    _switch(functions, mapping["UUID"], on=False)
    try:
        yield
    finally:
        _switch(functions, mapping["UUID"], on=True)


def _switch(functions: Any, mapping: str, *, on: bool) -> None:
    functions.update_event_source_mapping(UUID=mapping, Enabled=on)
    wanted = "Enabled" if on else "Disabled"
    eventually(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == wanted, wanted)


@contextmanager
def owner(cloud: Cloud) -> Iterator[psycopg.Connection]:
    """The mall's database, as the mall's owner."""
    with psycopg.connect(cloud.database.dsn, autocommit=True) as connection:
        yield connection


@contextmanager
def refused(
    cloud: Cloud, operation: str, table: str, *, each: str = "STATEMENT", by: str = "RAISE insufficient_privilege"
) -> Iterator[None]:
    """A table of the mall refuses this to everybody: by a trigger, which no dry run sees before."""
    made = sql.SQL(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS {body};"
        "CREATE TRIGGER refuse BEFORE {operation} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse()"
    ).format(
        body=sql.Literal(f"BEGIN {by}; END"),
        operation=sql.SQL(operation),
        table=sql.Identifier(table),
        each=sql.SQL(each),
    )
    with owner(cloud) as connection:
        connection.execute(made)
    try:
        yield
    finally:
        with owner(cloud) as connection:
            connection.execute("DROP FUNCTION refuse CASCADE")


@contextmanager
def locked(cloud: Cloud, table: str) -> Iterator[None]:
    """Somebody of the mall holds a table locked against every change."""
    with psycopg.connect(cloud.database.dsn) as connection:
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(table)))
        yield
        connection.rollback()


def somebody_waits(cloud: Cloud, event: str) -> bool:
    """Whether the rights system waits for a lock of this sort in the mall's database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mall_rights' AND wait_event = %s"
    with owner(cloud) as connection:
        row = connection.execute(query, [event]).fetchone()
    return bool(row and row[0])


class Operator:
    """An operator: a user of the operators' pool, who signs in as a program does and shows the token."""

    def __init__(self, cloud: Cloud, name: str, *groups: str) -> None:
        self.http = httpx.Client(base_url=cloud.base_url, timeout=120, headers={"Accept": "application/json"})
        self.http.event_hooks["response"].append(check_response)
        self._cloud = cloud
        self._register(name, groups)
        self.http.headers["Authorization"] = f"Bearer {self._sign_in(name)}"

    def _register(self, name: str, groups: Iterable[str]) -> None:
        users, pool = self._cloud.client("cognito-idp"), self._cloud.outputs["OperatorPoolId"]
        contacts = {"email": f"{name}@operators.example", "phone_number": "+85599000001"}
        verified = {f"{contact}_verified": "true" for contact in contacts}
        users.admin_create_user(
            UserPoolId=pool,
            Username=name,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in (contacts | verified).items()],
        )
        users.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        for group in groups:
            users.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)

    def _sign_in(self, name: str) -> str:
        """The code flow with PKCE, at the pool's own page."""
        client, back = self._cloud.outputs["OperatorClientId"], f"{self._cloud.base_url}/ops/signed-in"
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"client_id": client, "redirect_uri": back, "response_type": "code", "scope": "openid email phone"}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        with httpx.Client(base_url=self._cloud.emulator.endpoint, timeout=120) as pool:
            sent = pool.post("/login", data=asked | {"username": name, "password": PASSWORD})
            code = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["code"]
            wanted = {"grant_type": "authorization_code", "client_id": client, "redirect_uri": back, "code": code}
            token: str = pool.post("/oauth2/token", data=wanted | {"code_verifier": verifier}).json()["id_token"]
        return token

    def get(self, path: str) -> httpx.Response:
        """Look."""
        return self.http.get(f"/ops/requests{path}")

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Decide something."""
        return self.http.post(f"/ops/requests{path}", json=body or {})

    def decide(self, request_id: str, decision: str, **more: Any) -> httpx.Response:
        """Decide on a request; an approval names the plan as it is now."""
        plan = {"plan": self.get(f"/{request_id}/plan").json()["plan"]} if decision == "approve" else {}
        return self.post(f"/{request_id}/decision", {"decision": decision, **plan, **more})

    def releases(self, request_id: str) -> None:
        """Look at what may be about others too, as soon as that is asked for, and hand it over whole."""
        eventually(lambda: self.finds(request_id, "in_review"), "line in the operators' list")
        reply = self.decide(request_id, "approve")
        assert reply.status_code == httpx.codes.OK, reply.text

    def finds(self, request_id: str, status: str) -> bool:
        """Whether the list of a status has this request."""
        found = self.get(f"?status={status}").json()["requests"]
        return any(request["request_id"] == request_id for request in found)
