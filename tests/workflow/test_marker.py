"""One unmistakable person goes through everything; nothing of theirs is found where no personal data may be."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.mall import MARKER, Expectation, Person, expected_access, expected_deletion
from rights.sealing import Sealer
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book, texts_of
from tests.workflow.controls import Operator, owner
from tests.workflow.leaks import Words, forms_of, phone_forms, report
from tests.workflow.package import Package, download
from tests.workflow.searching import everything_in, traces
from tests.workflow.waiting import eventually

@dataclass
class Run:
    """What happened, and what must be found nowhere."""

    person: Person
    asked: list[Asking] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    tapped: list[str] = field(default_factory=list)
    package: Package | None = None

    def words(self) -> Words:
        person = self.person
        assert person.email
        return Words(
            words=(MARKER, person.email, *phone_forms(person.phone), person.account_id),
            codes=tuple(code for asking in self.asked for code in asking.sent_codes()),
            secrets=tuple(asking.token.partition(".")[2] for asking in self.asked),
        )


@contextmanager
def spiteful(cloud: Cloud) -> Iterator[None]:
    """A database that quotes the row in the error with which it refuses to delete one."""
    with owner(cloud) as database:
        database.execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'not this one: %', OLD USING DETAIL = OLD.body, HINT = OLD.body; END $$;
            CREATE TRIGGER refuse BEFORE DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION refuse();
            """
        )
    try:
        yield
    finally:
        with owner(cloud) as database:
            database.execute("DROP FUNCTION refuse CASCADE")


@contextmanager
def tapped(cloud: Cloud, run: Run) -> Iterator[None]:
    """Every event of the state machine goes into a queue of the test too."""
    queues, rules = cloud.client("sqs"), cloud.client("events")
    url = queues.create_queue(QueueName="tap")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules.put_rule(Name="tap", EventPattern=json.dumps({"source": ["aws.states"]}))
    rules.put_targets(Rule="tap", Targets=[{"Id": "tap", "Arn": arn}])
    yield
    while found := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            run.tapped.append(message["Body"])
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def the_notice_message(cloud: Cloud, ask: Any) -> tuple[Asking, str]:
    """A request, and the message of its code as it lies in the queue while nobody fetches it."""
    functions, queues = cloud.client("lambda"), cloud.client("sqs")
    name = cloud.resources["SendNoticeFunction"]
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        asking = ask()

        def lying() -> list[dict[str, Any]]:
            url = cloud.outputs["NoticeQueueUrl"]
            found: list[dict[str, Any]] = queues.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages", [])
            return [message for message in found if asking.id in message["Body"]]

        return asking, json.dumps(eventually(lying, "message in the queue"))
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def bad_calls(public: Public, person: Person, asking: Asking) -> list[httpx.Response]:
    """Everything a clumsy person may send, full of their data."""
    assert person.email
    post, forged = public.http.post, {"Authorization": f"Bearer {asking.id}.{MARKER}"}
    typed = {"phone": person.phone, "email": person.email}
    return [
        post("/requests", content=f'{{"right": "{MARKER}"', headers={"Content-Type": "application/json"}),
        post("/requests", json={"right": MARKER, "identifiers": typed}),
        post("/requests", json={"right": "access", "identifiers": {"phone": f"{MARKER} {person.phone}"}}),
        post("/requests", json={"right": "access", "identifiers": {"email": f"{MARKER}@@{person.email}"}}),
        post("/requests", json={"right": "access", "identifiers": typed, "name": f"{MARKER} {person.phone}"}),
        post("/requests", json={"right": "access", "identifiers": typed, "requester": {"kind": MARKER}}),
        post("/requests", json={"right": "access", "identifiers": typed, "message": MARKER * 400}),
        post("/requests", content=person.email, headers={"Content-Type": f"text/{MARKER}"}),
        post("/requests", data={"right": "access", "phone": f"{MARKER} {person.phone}"}),
        post("/requests", json={"right": "access", "identifiers": typed}, headers={"Origin": f"https://{MARKER}.kh"}),
        public.http.get(f"/requests/{MARKER}", params={"lang": MARKER}),
        public.http.get(f"/requests/{asking.id}", headers=forged),
        public.http.get(f"/{MARKER}/{person.phone}"),
        public.http.get(f"/s/{MARKER}.{person.phone}"),
        asking.call("POST", "/code", json={"code": MARKER}),
        asking.call("POST", "/code", json={"code": person.phone}),
        asking.call("POST", "/code", json={"code": "123456", "name": MARKER}),
        public.http.get(f"/ops/requests?status={MARKER}"),
    ]


@pytest.fixture(scope="module")
def done(cloud: Cloud, public: Public, book: Book, operator: Operator) -> Run:
    person = cloud.mall.special("marker")
    run = Run(person)
    # What people upload keeps the name they gave it.
    uploaded = f"accounts/{person.account_id}/evidence/{MARKER} {person.phone}.pdf"
    cloud.stores.s3.put_object(Bucket=cloud.stores.bucket, Key=uploaded, Body=b"%PDF-1.4 " + MARKER.encode())
    with tapped(cloud, run):
        access, message = the_notice_message(
            cloud,
            lambda: public.ask(
                "access",
                phone=person.phone,
                message=f"{MARKER}, {person.phone}",
                headers={"Idempotency-Key": f"{MARKER}-{person.phone}", "User-Agent": f"{MARKER}/1.0"},
            ),
        )
        run.tapped.append(message)
        run.asked.append(access)
        code = access.read_code()
        run.answers += bad_calls(public, person, access)
        run.answers.append(access.enter(f"{(int(code) + 1) % 1_000_000:06d}"))
        run.answers.append(access.enter(code))
        access.until_told("completed")
        run.package = download(access)

        deletion = public.ask("deletion", email=person.email, message=MARKER)
        run.asked.append(deletion)
        with spiteful(cloud):
            deletion.prove()
            eventually(lambda: book.status(deletion.id) == "needs_repair", "need of repair")
            run.answers += [operator.get(f"/{deletion.id}"), operator.get("?status=needs_repair"), deletion.call("GET")]
        deletion.until_told("completed", "completed_in_part")
        run.answers += [
            reply
            for asking in run.asked
            for reply in (asking.call("GET"), asking.call("GET", "/certificate"), operator.get(f"/{asking.id}"))
        ]
    return run


def with_upload(expectation: dict[str, Expectation], done: str) -> dict[str, dict[str, int]]:
    """What the mall expects, and the one file more."""
    counts = expected(expectation)
    for name in ("found", done):
        counts["support"][name] += 1
    return counts


def test_the_requests_did_what_was_asked(done: Run, cloud: Cloud) -> None:
    access, deletion = done.asked
    assert counts_of(access.look()["stores"]) == with_upload(expected_access(cloud.mall, done.person), "exported")
    assert counts_of(deletion.look()["stores"]) == with_upload(expected_deletion(cloud.mall, done.person), "erased")
    assert all(400 <= answer.status_code < 500 for answer in done.answers[:19])


def test_the_person_got_everything_that_carries_the_marker(done: Run) -> None:
    assert done.package
    for name in ("accounts/accounts", "profiles/search_history", "orders/consignees", "orders/after_sales",
                 "support_tickets/tickets", "login/users"):  # fmt: skip
        assert any(MARKER in json.dumps(record) for record in done.package.records[name]), name
    assert any(MARKER.encode() in content for content in done.package.files)


def test_after_the_deletion_the_marker_is_in_no_store(done: Run, cloud: Cloud) -> None:
    words = (MARKER, MARKER.lower(), done.person.phone)
    assert traces(everything_in(cloud.stores), *words) == {}


def test_nothing_of_the_person_and_no_code_and_no_token_is_found_anywhere_else(
    done: Run, cloud: Cloud, book: Book
) -> None:
    assert report(places(cloud, book, done), done.words()) == {}


def test_task_tokens_are_nowhere_but_sealed(done: Run, cloud: Cloud, book: Book) -> None:
    """On AWS the history of an execution has them too, as the argument of the function that waits."""
    sealer = Sealer(cloud.client("kms"), cloud.resources["SealKey"])
    waits = [(asking.id, wait) for asking in done.asked for wait in book.items(asking.id, "WAIT#")]
    tokens = tuple(
        sealer.open(request_id, wait["token_sealed"]) for request_id, wait in waits if "token_sealed" in wait
    )
    assert len(tokens) >= 3
    elsewhere = places(cloud, book, done)
    del elsewhere["executions"]
    assert report(elsewhere, Words((), secrets=tokens)) == {}


def test_the_search_sees_what_is_there(done: Run, cloud: Cloud) -> None:
    assert done.package
    mailbox = "\n".join(f"{message.to} {message.text}" for message in cloud.mailbox.messages()).encode()
    found = done.words().found_in(mailbox)
    assert any("code" in what for what in found)
    assert any("secret" in what for what in found)
    assert any(done.person.phone.removeprefix("+855") in what for what in found)
    assert any(MARKER in what for what in done.words().found_in(done.package.text.encode()))


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_search_sees_every_form(before: str) -> None:
    word = "Qwortzel Ünlü"
    words = Words((word,))
    text = f"{before}{word}, 1 street"
    assert words.found_in(text.encode())
    assert words.found_in(text.upper().encode()) or "Ü" in text
    assert words.found_in(base64.b64encode(text.encode()))
    assert words.found_in(base64.urlsafe_b64encode(text.encode()))
    assert words.found_in(httpx.QueryParams({"q": text}).__str__().replace("+", "%20").encode())
    assert words.found_in("".join(f"\\u{ord(letter):04X}" for letter in text).encode())
    assert words.found_in(text.encode().hex().upper().encode())
    assert not words.found_in(b"Quartzel Unlu")
    assert {how for how, _ in forms_of(word)} >= {"text", "URL", "base64", "sha256"}
