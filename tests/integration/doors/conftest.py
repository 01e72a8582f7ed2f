"""The doors over a ledger on moto, called as API Gateway calls them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from operator_api import app as operator_app
from operator_api.console import Console
from operator_api.desk import Desk
from operator_api.doors import Known, OperatorDoors
from operator_api.entry import Entry, HostedUi
from operator_api.evidence import BucketLinks, EvidenceLooks
from operator_api.routes import Routes
from public_api import app as public_app
from public_api.doors import Offer, PublicDoors
from public_api.evidence import BucketUploads, EvidenceDoors
from public_api.packages import BucketFiles
from public_api.pages import Pages
from public_api.routes import PublicRoutes
from rights import status_token
from rights.certificate import certificate_claims, public_jwk, sign
from rights.clients import link_client
from rights.datamap import load_data_map
from rights.datamap.scope import correctable, scope_names
from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.domain.work import Counts, Kept, TaskStatus
from rights.ledger import Ledger, Notice, Task
from rights.notices.render import Mail
from rights.pool_tokens import PoolKeys, PoolTokens
from rights.secrets_hmac import Hmac
from send_notice.facts import Stage
from send_notice.send import Sender
from tests.support.clock import StoppedClock
from tests.support.description import check_answer
from tests.support.kms import SigningKms
from tests.support.moto import client
from tests.support.plans import lay
from tests.support.pool import CLIENT_ID, HOSTED_UI, ISSUER, Pool

BASE_URL = "https://mall.example/prod"
PHONE = "+85512345678"
EMAIL = "dara@example.com"
DATA_MAP = load_data_map()
ACCESS = {"right": "access", "identifiers": {"phone": "012 345 678"}}


@dataclass
class Reply:
    status: int
    headers: dict[str, list[str]]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.text)
        return loaded

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    def header(self, name: str) -> str:
        return self.headers[name][0]

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (line.split(";")[0].partition("=") for line in self.headers.get("Set-Cookie", []))
        return {name: value for name, _, value in pairs}


@dataclass
class Door:
    """Calls a resolver with the event that API Gateway would make."""

    resolve: Callable[[dict[str, Any], Any], dict[str, Any]]
    bearer: Callable[[], str] | None = None
    """Makes the token of who calls."""

    def __call__(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        form: dict[str, str] | None = None,
        raw: str | None = None,
        token: str | None = None,
        cookies: dict[str, str] | None = None,
        html: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        heads = {"Accept": "text/html,*/*;q=0.8" if html else "application/json"}
        body = raw
        if json_body is not None:
            body, heads["Content-Type"] = json.dumps(json_body), "application/json"
        if form is not None:
            body, heads["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        if token or self.bearer:
            heads["Authorization"] = f"Bearer {token or (self.bearer and self.bearer())}"
        if cookies:
            heads["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        heads |= headers or {}
        path, _, query = path.partition("?")
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": heads,
            "multiValueHeaders": {name: [value] for name, value in heads.items()},
            "queryStringParameters": dict(pair.split("=") for pair in query.split("&")) if query else None,
            "requestContext": {},
            "body": body,
            "isBase64Encoded": False,
        }
        answer = self.resolve(event, None)
        reply = Reply(answer["statusCode"], answer["multiValueHeaders"], answer["body"] or "")
        check_answer(method, path.removeprefix("/prod"), reply.status, reply.headers, reply.text)
        return reply


@dataclass
class PostBox:
    """The networks, as a list of what they were given."""

    sent: list[tuple[str, str, str | Mail]] = field(default_factory=list)
    fails_with: Exception | None = None

    def text(self, phone: str, text: str) -> None:
        self._take("phone", phone, text)

    def mail(self, address: str, mail: Mail, _: Notice) -> None:
        self._take("email", address, mail)

    def _take(self, channel: str, to: str, what: str | Mail) -> None:
        if self.fails_with:
            raise self.fails_with
        self.sent.append((channel, to, what))


@pytest.fixture
def hmac() -> Hmac:
    return Hmac(b"test secret")


@pytest.fixture
def post() -> PostBox:
    return PostBox()


@pytest.fixture
def sender(ledger: Ledger, post: PostBox, hmac: Hmac) -> Sender:
    return Sender(ledger, post, hmac, Stage(BASE_URL), new_code=lambda: "123456")


@pytest.fixture
def door(ledger: Ledger, hmac: Hmac, clock: StoppedClock) -> Door:
    """The public door; its buckets and its signing key are moto's."""
    return public_door(ledger, hmac, clock)


def public_door(ledger: Ledger, hmac: Hmac, clock: StoppedClock) -> Door:
    """The public door, over this ledger."""
    files = BucketFiles(_links(), "packages", "evidence", clock)
    doors = PublicDoors(ledger, hmac, files, clock, Offer(scope_names(DATA_MAP), correctable(DATA_MAP)))
    uploads = BucketUploads(_links(), client("lambda"), "evidence", "check-evidence")
    pages = _pages()
    routes = PublicRoutes(doors, EvidenceDoors(ledger, uploads, clock), pages, BASE_URL, _keys)
    return Door(public_app.build(routes, pages.prefix).resolve)


_links = cache(link_client)


@cache
def _pages() -> Pages:
    """Their templates are compiled once; a page keeps nothing of the one before."""
    return Pages(BASE_URL)


@pytest.fixture
def operator(ledger: Ledger, clock: StoppedClock) -> Door:
    return operator_door(ledger, clock, "op-1", "operator")


KNOWN = Known(
    categories={"accounts": {}, "orders": {}},
    kinds={"accounts": "dynamodb", "orders": "postgres"},
    scope=scope_names(DATA_MAP),
    corrections=correctable(DATA_MAP),
    affiliates={"cpes": "Cambodia Post E-Solutions"},
)
POOL = Pool()
"""The operators' user pool: one key for all tests, since making one takes a while."""


def token_of(clock: StoppedClock, name: str, *groups: str, **claims: Any) -> Callable[[], str]:
    """Makes tokens of somebody in these groups, good whenever they are used."""
    return lambda: POOL.token(name, *groups, at=clock(), **claims)


def operator_door(ledger: Ledger, clock: StoppedClock, name: str, *groups: str, **claims: Any) -> Door:
    """The operators' door, for somebody in these groups, who shows a token of the pool."""
    return Door(desk_of(ledger, clock), token_of(clock, name, *groups, **claims))


def desk_of(
    ledger: Ledger,
    clock: StoppedClock,
    base_url: str = BASE_URL,
    doors: OperatorDoors | None = None,
    hosted_ui: str = HOSTED_UI,
) -> Callable[..., dict[str, Any]]:
    """What answers the calls of operators, whoever they are."""
    doors = doors or OperatorDoors(ledger, clock, timedelta(days=14), KNOWN)
    looks = EvidenceLooks(ledger, BucketLinks(client("s3"), "evidence"), clock)
    tokens = PoolTokens(ISSUER, CLIENT_ID, PoolKeys(POOL.key_set, clock), clock)
    entry = Entry(ledger, tokens, HostedUi(hosted_ui, CLIENT_ID), base_url, clock)
    desk = Desk(Routes(doors, looks), entry, Console(base_url, clock), urlsplit(base_url).path)
    return operator_app.build(desk).resolve


def _keys() -> dict[str, Any]:
    kms = client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    return {"keys": [public_jwk(kms, key)]}


@dataclass
class Person:
    """Somebody who makes a request and sees it through; what the other functions do is played here."""

    door: Door
    ledger: Ledger
    sender: Sender
    request_id: str = ""
    token: str = ""

    def asks(self, *, on_file: dict[str, str] | None = None, **body: Any) -> "Person":
        reply = self.door("POST", "/requests", json_body=ACCESS | body)
        assert reply.status == 202, reply.text
        self.request_id, self.token = reply.json["request_id"], reply.json["status_token"]
        # What verify_identity does: look the contacts up, and queue a code for each.
        self.ledger.put_private(self.request_id, "contacts", {"phone": PHONE} if on_file is None else on_file)
        for channel, value in self.ledger.asked_contacts(self.request_id).items():
            self.ledger.queue_code(self.request_id, channel, value)
        self.ledger.ask_for_proof(self.request_id)
        return self.gets_mail()

    def gets_mail(self) -> "Person":
        for notice in self.ledger.notices(self.request_id):
            self.sender.send(self.request_id, notice.id)
        return self

    def proves(self) -> "Person":
        assert self.call("POST", "/code", json_body={"code": "123456"}).json["proven"]
        return self

    def is_answered(self, operation: Operation = Operation.EXPORT) -> "Person":
        """What the workflow does, without its stores."""
        task = Task(request_id=self.request_id, store="accounts", kind="dynamodb", stage=9, operation=operation)
        lay(self.ledger, self.request_id, [task])
        self.ledger.begin_work(self.request_id)
        kept = (Kept(11, "2034-12-31", 1, "statutory_records"),)
        counts = (
            Counts(found=3, exported=3)
            if operation is Operation.EXPORT
            else Counts(found=3, erased=2, retained=1, kept=kept)
        )
        claimed = self.ledger.claim_task(self.ledger.task(self.request_id, "accounts"))
        done = replace(claimed, status=TaskStatus.DONE, counts=counts, verified_at=self.ledger.now())
        self.ledger.checkpoint_task(done)
        s3 = client("s3")
        for bucket in {"packages", "evidence"} - {b["Name"] for b in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        if operation is Operation.EXPORT:
            s3.put_object(Bucket="packages", Key=f"packages/{self.request_id}/package.zip", Body=b"zip")
            self.ledger.assembled(self.request_id, "package", f"packages/{self.request_id}/package.zip")
        claims = certificate_claims(self.ledger.get(self.request_id), [done], Status.COMPLETED_IN_PART, BASE_URL)
        body = sign(SigningKms(), "key", claims).encode()
        s3.put_object(Bucket="evidence", Key=f"certificates/{self.request_id}.jws", Body=body)
        self.ledger.assembled(self.request_id, "certificate", f"certificates/{self.request_id}.jws")
        outcome = Status.COMPLETED if operation is Operation.EXPORT else Status.COMPLETED_IN_PART
        self.ledger.tell(self.request_id, str(outcome))
        self.ledger.close_request(self.request_id, outcome)
        return self

    @property
    def link(self) -> str:
        """The token of the link that they keep."""
        return status_token.issue_link(self.ledger.hmac, self.request_id, self.ledger.get(self.request_id).epoch)

    def call(self, method: str, rest: str = "", **how: Any) -> Reply:
        return self.door(method, f"/requests/{self.request_id}{rest}", **({"token": self.token} | how))


@pytest.fixture
def person(door: Door, ledger: Ledger, sender: Sender) -> Person:
    return Person(door, ledger, sender)


@pytest.fixture
def later(clock: StoppedClock) -> Callable[[timedelta], None]:
    return lambda pause: clock.advance(seconds=pause.total_seconds())
