"""Every operation of every door, called as it is described and as it is not: schemathesis, in this process.

Never a 5xx, never a status, header, content type or body that is not described, and nothing taken that is described as
wrong. Who calls is signed in and signs; what a door does with strangers is in tests of its own.
"""

import uuid
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
import schemathesis
import werkzeug
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from affiliate_api import app as affiliate_app
from affiliate_api.doors import AffiliateDoors, Offer
from gateway_api import app as gateway_app
from gateway_api.doors import GatewayDoors
from gateway_api.signature import signature_of
from local.openapi.write import described
from partner_api import app as partner_app
from partner_api.doors import PartnerDoors
from rights.affiliates.registry import load_registry
from rights.affiliates.signing import BodySigner
from rights.datamap.scope import hash_indexes, scope_names
from rights.domain.rights import Operation
from rights.ledger import Ledger
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from send_notice.facts import Stage
from send_notice.send import Sender
from tests.integration.doors.conftest import (
    BASE_URL,
    DATA_MAP,
    Door,
    Person,
    PostBox,
    operator_door,
    public_door,
    token_of,
)
from tests.integration.doors.deciding import in_review
from tests.integration.ledger.test_recipients import STORE, asked
from tests.support.api import Api, Start
from tests.support.clock import StoppedClock
from tests.support.description import check_answer
from tests.support.moto import client, empty_moto
from tests.support.template import create_ledger_table
from tests.unit.opendsr.partner import Memory, processor

KEY = b"a key of the gateway and of ours"
EXAMPLES = 5
JSON, PAGE = {"Accept": "application/json"}, {"Accept": "text/html"}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


@dataclass
class World:
    """The doors, and what is behind them."""

    api: Callable[[Mapping[str, Any], Start], Any]
    """For machines that sign."""
    unsigned: Api
    tokens: dict[str, str]
    """Requests in several states, each with its token."""
    ids: dict[str, str]
    """Of other things, by the name of the part of a path."""
    operator: str
    """A token of the operators' pool."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with empty_moto():
        kms, dynamodb, clock = client("kms"), client("dynamodb"), StoppedClock()
        create_ledger_table(dynamodb, "ledger")
        sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
        hmac = Hmac(b"test secret")
        ledger = Ledger(Table(dynamodb, "ledger"), sealer, hmac, clock)
        yield _peopled(ledger, hmac, clock)


def _peopled(ledger: Ledger, hmac: Hmac, clock: StoppedClock) -> World:
    public, operators = public_door(ledger, hmac, clock), operator_door(ledger, clock, "op-9", "operator", "approver")
    sender = Sender(ledger, PostBox(), hmac, Stage(BASE_URL), new_code=lambda: "123456")
    people = [Person(public, ledger, sender) for _ in range(5)]
    people[0].asks()
    people[1].asks(right="portability").proves()
    people[2].asks(right="restriction").proves().is_answered()
    people[3].asks(right="deletion").proves().is_answered(Operation.ERASE)
    in_review(people[4], "complaint", "complaint")
    task = asked.__wrapped__(ledger)  # type: ignore[attr-defined]
    memory = Memory(clock)
    partners = {STORE: processor(memory)}
    doors = PartnerDoors(ledger, partners.__contains__, partners.__getitem__, f"{BASE_URL}/opendsr/v2/callbacks")
    api = Api(
        {
            "public_api": public.resolve,
            "operator_api": operators.resolve,
            "partner_api": partner_app.build(doors).resolve,
            "affiliate_api": _of_affiliates(ledger, hmac, clock),
            "gateway_api": gateway_app.build(GatewayDoors(ledger, hmac, lambda: [KEY], clock)).resolve,
        },
        {"sig=:of-cpes:": {"affiliate": "cpes"}},
    )
    return World(
        api=_Signing(api, clock, memory),
        unsigned=api,
        tokens={person.request_id: person.token for person in people},
        operator=token_of(clock, "op-9", "operator", "approver")(),
        ids={"recipient_id": task.recipient["id"], **_ids(operators)},
    )


def _of_affiliates(ledger: Ledger, hmac: Hmac, clock: StoppedClock) -> Any:
    offer = Offer(
        "mall.example", f"{BASE_URL}{affiliate_app.CERTIFICATE}", scope_names(DATA_MAP), hash_indexes(DATA_MAP)
    )
    key = client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signer = BodySigner(client("kms"), key, "mall.example")
    doors = AffiliateDoors(ledger, load_registry(), hmac, offer, clock)
    return affiliate_app.build(doors, signer, lambda: "-----BEGIN CERTIFICATE-----").resolve


def _ids(operators: Door) -> dict[str, str]:
    bulk = operators("POST", "/ops/bulk-closures", json_body={"key": "the-key-of-a-list"}).json
    hold = {"phone": "+85512000000", "ground": 3, "until": "2026-12-31"}
    restored = {"store": "accounts", "restored_to": "2026-11-01T00:00:00Z"}
    return {
        "bulk_id": bulk["bulk_id"],
        "hold_id": operators("POST", "/ops/holds", json_body=hold).json["id"],
        "replay_id": operators("POST", "/ops/replays", json_body=restored).json["replay_id"],
    }


class _Signing:
    """Signs what machines send, whatever it is, and looks at each answer once more."""

    def __init__(self, api: Api, clock: StoppedClock, memory: Memory) -> None:
        self._api, self._clock, self._memory = api, clock, memory

    def __call__(self, environ: Mapping[str, Any], start: Start) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        sent = body.decode(errors="replace").encode()
        signed = dict(environ) | {"wsgi.input": BytesIO(body)}
        path = environ["PATH_INFO"].removeprefix("/prod")
        signed["PATH_INFO"] = path
        if path.startswith("/webhooks/"):
            now = str(int(self._clock().timestamp()))
            signed |= {"HTTP_X_GATEWAY_TIMESTAMP": now, "HTTP_X_GATEWAY_SIGNATURE": signature_of(sent, now, KEY)}
        if path.startswith("/opendsr/v2/requests"):
            digest = b64encode(sha256(sent).digest()).decode()
            signed |= {"HTTP_SIGNATURE": "sig=:of-cpes:", "HTTP_CONTENT_DIGEST": f"sha-256=:{digest}:"}
        if path.startswith("/opendsr/v2/callbacks/"):
            names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in self._memory.signature(sent)}
            signed |= {names[name]: value for name, value in self._memory.signature(sent).items()}
        told: dict[str, Any] = {}

        def note(status: str, headers: list[tuple[str, str]]) -> object:
            told.update(status=int(status.split(maxsplit=1)[0]), headers={name: [value] for name, value in headers})
            return start(status, headers)

        content = list(self._api(signed, note))
        if told["status"] not in {403, 401}:
            text = b"".join(content).decode()
            check_answer(environ["REQUEST_METHOD"], path, told["status"], told["headers"], text)
        return content


@pytest.fixture(scope="module")
def schema(world: World) -> Any:
    """The description, as the door itself serves it."""
    config = schemathesis.Config()
    config.projects.default.generation.update(allow_extra_parameters=False, with_security_parameters=False)
    refused = config.projects.default.checks.negative_data_rejection
    # A body too large is refused for that, whatever else is wrong with it.
    refused.expected_statuses = [*refused.expected_statuses, "413"]
    return schemathesis.openapi.from_wsgi("/openapi.json", world.api, config=config)


def _can_be_wrong(told: Mapping[str, Any], names: Collection[str] = ()) -> bool:
    """Tell whether a call can be other than it is described, these parts of its path aside."""
    constrained = [one for one in told.get("parameters", ()) if one["name"] not in names]
    return "requestBody" in told or any(_LIMITS.intersection(one["schema"]) for one in constrained)


_LIMITS = frozenset({"enum", "pattern", "maxLength", "format"})
DESCRIBED = [
    (path, method.upper(), told)
    for path, operations in described()["paths"].items()
    for method, told in operations.items()
]
OPERATIONS = [
    pytest.param(path, method, told, mode, id=f"{told['operationId']}-{mode.value}")
    for path, method, told in DESCRIBED
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or _can_be_wrong(told)
]


@pytest.mark.parametrize(("path", "method", "told", "mode"), OPERATIONS)
def test_an_operation_answers_as_it_is_described(  # noqa: PLR0917 - fixtures and parameters
    schema: Any, world: World, path: str, method: str, told: dict[str, Any], mode: GenerationMode
) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_calls(schema[path][method], world, told, mode))
    def answers(case: Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    answers()


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, method, told in DESCRIBED if told["security"]],
    ids=[told["operationId"] for *_, told in DESCRIBED if told["security"]],
)
def test_what_is_described_as_closed_is_closed_to_strangers(world: World, path: str, method: str) -> None:
    ids = {"number": "1", "store": "accounts", "their_id": str(uuid.uuid4()), **world.ids}
    whole = path.format_map(ids | {"request_id": next(iter(world.tokens))})
    answer = werkzeug.Client(world.unsigned).open(whole, method=method, headers=JSON)
    assert answer.status_code in {401, 403}
    assert answer.get_json()["error"]["code"] in {
        *("token_needed", "sign_in_needed", "refused", "not_signed", "callback_refused"),
    }


def test_the_description_is_served_as_that_of_the_stage(world: World) -> None:
    told = werkzeug.Client(world.api).get("/openapi.json").get_json()
    assert told.pop("servers") == [{"url": BASE_URL}]
    assert told == {name: value for name, value in described().items() if name != "servers"}


def _calls(operation: Any, world: World, told: Mapping[str, Any], mode: GenerationMode) -> SearchStrategy[Case[Any]]:
    """Calls of strangers to things that may not be there, and of those who may call to things that are."""
    fixed = list(_variants(world, told))
    if mode is GenerationMode.NEGATIVE:
        fixed = [one for one in fixed if _can_be_wrong(told, one["path_parameters"])]
    return st.one_of(*(operation.as_strategy(generation_mode=mode, **one) for one in fixed))


def _variants(world: World, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Who calls and what about: headers and parts of the path that are not left to chance."""
    names = {one["name"] for one in told.get("parameters", ()) if one["in"] == "path"}
    ids = {name: value for name, value in world.ids.items() if name in names}
    bearer = {"Authorization": f"Bearer {world.operator}"}
    by_operator = {"operator": []} in told["security"]
    whose = world.tokens.items() if "request_id" in names else [("", "")]
    for request_id, token in whose:
        about = ids | ({"request_id": request_id} if request_id else {})
        mine = {"Authorization": f"Bearer {token}"} if token else {}
        yield {"path_parameters": about, "headers": JSON | (bearer if by_operator else mine)}
        if "text/html" in str(told["responses"]):
            yield {"path_parameters": about, "headers": PAGE | mine}
    yield {"path_parameters": {}, "headers": JSON | (bearer if by_operator else {})}
