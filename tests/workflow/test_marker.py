"""One unmistakable person goes through everything; nothing of theirs is found where no personal data may be."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.mall import MARKER, Expectation, Person, expected_access, expected_correction, expected_deletion
from local.mall.expect import PARTNERS
from rights.sealing import Sealer
from tests.workflow.acting import agent, send
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.controls import Operator, refused
from tests.workflow.leaks import Words, forms_of, phone_forms, report
from tests.workflow.package import Package, download
from tests.workflow.places import places
from tests.workflow.searching import everything_in, traces
from tests.workflow.waiting import eventually

OTHER = "Zwibbelfax"
"""In everything that comes in with a request: new values, who acts for the person, what is asked and answered."""
NEW_NAME, NEW_EMAIL = f"{OTHER} Marker", f"{OTHER.lower()}@example.net"
AGENTS_PHONE = "+85512904117"
DOCUMENT = f"%PDF-1.4 {OTHER} acts for {MARKER}".encode()
POINTS = 736_184_205
"""More than anybody has, to be found again where lapses are told of."""
STOP = re.compile(r"(/stop/(\S+))")


@dataclass
class Run:
    """What happened, and what must be found nowhere."""

    person: Person
    asked: dict[str, Asking] = field(default_factory=dict)
    refused: list[httpx.Response] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    tapped: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    """Those that went to contacts which are nobody's yet."""
    stop_tokens: list[str] = field(default_factory=list)
    package: Package | None = None

    def words(self) -> Words:
        person = self.person
        assert person.email
        phones = (*phone_forms(person.phone), *phone_forms(AGENTS_PHONE))
        asked = self.asked.values()
        return Words(
            words=(MARKER, OTHER, person.email, *phones, person.account_id, str(POINTS)),
            codes=(*(code for asking in asked for code in asking.sent_codes()), *self.codes),
            secrets=(*(key.rpartition(".")[2] for one in asked for key in (one.token, one.link)), *self.stop_tokens),
        )


def spiteful(cloud: Cloud) -> AbstractContextManager[None]:
    """A database that quotes the row in the error with which it refuses to delete one."""
    quoting = "RAISE EXCEPTION 'not this one: %', OLD USING DETAIL = OLD.body, HINT = OLD.body"
    return refused(cloud, "DELETE", "tickets", each="ROW", by=quoting)


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


def bad_calls(public: Public, person: Person, asking: Asking, operator: Operator) -> list[httpx.Response]:
    """Everything a clumsy person may send, full of their data."""
    assert person.email
    post, forged = public.http.post, {"Authorization": f"Bearer {asking.id}.{MARKER}"}
    typed = {"phone": person.phone, "email": person.email}
    acting = agent(phone=f"{OTHER} {AGENTS_PHONE}") | {"name": OTHER}
    return [
        post("/requests", content=f'{{"right": "{MARKER}"', headers={"Content-Type": "application/json"}),
        post("/requests", json={"right": MARKER, "identifiers": typed}),
        post("/requests", json={"right": "access", "identifiers": {"phone": f"{MARKER} {person.phone}"}}),
        post("/requests", json={"right": "access", "identifiers": {"email": f"{MARKER}@@{person.email}"}}),
        post("/requests", json={"right": "access", "identifiers": typed, "name": f"{MARKER} {person.phone}"}),
        post("/requests", json={"right": "access", "identifiers": typed, "requester": {"kind": MARKER}}),
        post("/requests", json={"right": "access", "identifiers": typed, "requester": acting}),
        post("/requests", json={"right": "access", "identifiers": typed, "scope": [MARKER, MARKER.lower()]}),
        post("/requests", json={"right": "correction", "identifiers": typed, "changes": {MARKER.lower(): OTHER}}),
        post("/requests", json={"right": "correction", "identifiers": typed, "changes": {"birth_date": OTHER}}),
        post("/requests", json={"right": "correction", "identifiers": typed, "changes": {"email": f"{OTHER}@@"}}),
        post("/requests", json={"right": "consent_withdrawal", "identifiers": typed, "purposes": [MARKER]}),
        post("/requests", json={"right": "access", "identifiers": typed, "message": MARKER * 400}),
        post("/requests", content=person.email, headers={"Content-Type": f"text/{MARKER}"}),
        post("/requests", data={"right": "access", "phone": f"{MARKER} {person.phone}"}),
        post("/requests", json={"right": "access", "identifiers": typed}, headers={"Origin": f"https://{MARKER}.kh"}),
        public.http.get(f"/requests/{MARKER}", params={"lang": MARKER}),
        public.http.get(f"/requests/{asking.id}", headers=forged),
        public.http.get(f"/{MARKER}/{person.phone}"),
        public.http.get(f"/s/{MARKER}.{person.phone}"),
        post(f"/stop/{asking.id}.{MARKER}", json={}),
        asking.call("POST", "/code", json={"code": MARKER}),
        asking.call("POST", "/code", json={"code": person.phone}),
        asking.call("POST", "/code", json={"code": "123456", "name": MARKER}),
        asking.call("POST", "/confirm", json={"code": MARKER}),
        asking.call("POST", "/answers", json={"message": MARKER}),
        asking.call("POST", "/evidence", json={"kind": MARKER, "content_type": MARKER}),
        asking.call("POST", f"/evidence/{MARKER}"),
        public.http.get(f"/ops/requests?status={MARKER}"),
        operator.get(f"?status={MARKER}"),
        operator.post(f"/{asking.id}/decision", {"decision": "ask", "text": [MARKER, OTHER]}),
        operator.post(f"/{asking.id}/reveal", {"what": MARKER, "reason": OTHER}),
        operator.http.post("/ops/search", json={"phone": f"{MARKER} {person.phone}"}),
        operator.http.post(
            "/ops/requests", json={"right": "access", "identifiers": {"phone": MARKER}, "message": MARKER}
        ),
        operator.post(f"/{asking.id}/cancel", {"reason": MARKER, "version": OTHER}),
        public.http.get(f"/ops/signed-in?code={MARKER}&state={person.phone}"),
        operator.http.post(
            "/ops/holds", json={"phone": f"{MARKER} {person.phone}", "ground": 3, "until": "2030-01-01"}
        ),
    ]


@pytest.fixture(scope="module")
def done(cloud: Cloud, public: Public, book: Book, operator: Operator) -> Run:
    person = cloud.mall.special("marker")
    run = Run(person)
    # What people upload keeps the name they gave it.
    uploaded = f"accounts/{person.account_id}/evidence/{MARKER} {person.phone}.pdf"
    cloud.stores.s3.put_object(Bucket=cloud.stores.bucket, Key=uploaded, Body=b"%PDF-1.4 " + MARKER.encode())
    cloud.stores.dynamodb.update_item(
        TableName="mall-accounts",
        Key={"account_id": {"S": person.account_id}},
        UpdateExpression="SET points = :p",
        ExpressionAttributeValues={":p": {"N": str(POINTS)}},
    )
    with tapped(cloud, run):
        an_access(cloud, public, operator, run)
        a_complaint(public, operator, run)
        an_agent(cloud, public, operator, run)
        an_affiliate(cloud, run)
        a_correction(cloud, public, run)
        a_closure(cloud, public, book, operator, run)
        for asking in run.asked.values():
            run.answers += [operator.get(f"/{asking.id}{more}") for more in ("", "/plan", "/clock", "/evidence")]
            run.answers += [asking.call("GET", "/certificate"), asking.call("GET", "/evidence")]
            # The page tells what lapses, or the answer to a complaint, to the person alone.
            run.answers += [asking.call("GET")] if asking.right not in {"account_closure", "complaint"} else []
    return run


def an_access(cloud: Cloud, public: Public, operator: Operator, run: Run) -> None:
    """With a message, and everything that can go wrong on the way."""
    person = run.person
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
    run.asked["access"] = access
    code = access.read_code()
    run.refused += bad_calls(public, person, access, operator)
    run.refused.append(access.enter(f"{(int(code) + 1) % 1_000_000:06d}"))
    run.answers.append(access.enter(code))
    operator.releases(access.id)
    access.until_told("completed")
    run.package = download(access)


def a_complaint(public: Public, operator: Operator, run: Run) -> None:
    """With a question, an answer to it, and the answer to the complaint."""
    asking = public.ask("complaint", phone=run.person.phone, message=f"{OTHER} called {MARKER}")
    run.asked["complaint"] = asking.prove()
    asking.until("in_review")
    operator.post(f"/{asking.id}/reveal", {"what": "message", "reason": "complaint"})
    run.answers.append(operator.decide(asking.id, "ask", text=f"When did {OTHER} call {MARKER}?"))
    asking.until("question")
    run.answers.append(asking.call("POST", "/answers", json={"message": f"At noon, {OTHER}"}))
    operator.post(f"/{asking.id}/reveal", {"what": "answers", "reason": "complaint"})
    run.answers.append(operator.decide(asking.id, "answer", text=f"{OTHER} is sorry, {MARKER}."))
    asking.until("completed")


def an_agent(cloud: Cloud, public: Public, operator: Operator, run: Run) -> None:
    """Who sends a document, and to whom the person objects."""
    requester = agent(phone=AGENTS_PHONE) | {"name": OTHER}
    asking = public.ask("access", email=run.person.email, requester=requester)
    run.asked["agent"] = asking.prove()
    asking.until("in_review")
    run.answers.append(asking.call("GET"))
    send(asking, "authorisation", DOCUMENT, f"{OTHER} for {MARKER} {run.person.phone}.pdf")
    operator.post(f"/{asking.id}/evidence/1", {"reason": "review"})
    messages = eventually(
        lambda: [m.text for m in cloud.mailbox.sent_to(run.person.email) if STOP.search(m.text)], "word"
    )
    found = STOP.search(messages[0])
    assert found
    run.stop_tokens.append(found[2].partition(".")[2])
    run.answers.append(public.http.post(found[1], json={}))
    asking.until("refused")


def an_affiliate(cloud: Cloud, run: Run) -> None:
    """A request by an affiliate, with the marker wherever one can put it, taken back before anything is done."""
    affiliate = cloud.affiliate
    identity = {"identity_type": "email", "identity_value": str(run.person.email), "identity_format": "raw"}
    called: dict[str, Any] = {
        "status_callback_urls": [f"{affiliate.callback_url}?for={MARKER}"],
        "subject_identities": [identity],
    }
    body = affiliate.body("erasure", **called)
    before = cloud.mailbox.sent_to(run.person.email)
    assert affiliate.create(body).status == 201
    spoilt = affiliate.create(affiliate.body("erasure", **called | {MARKER: MARKER}))
    assert (spoilt.status, MARKER in spoilt.text) == (400, False)
    eventually(lambda: len(cloud.mailbox.sent_to(run.person.email)) > len(before), "code")
    their_id = body["subject_request_id"]
    assert affiliate.call("DELETE", f"/requests/{their_id}").status == 202
    [told] = eventually(lambda: affiliate.callbacks(their_id), "callback")
    assert (told["status"], MARKER in told["url"]) == ("cancelled", True)


def a_correction(cloud: Cloud, public: Public, run: Run) -> None:
    """Of the name and the mail address, to which a code goes."""
    person = run.person
    changes = {"name": {"to": NEW_NAME, "from": person.name}, "email": NEW_EMAIL}
    asking = public.ask("correction", phone=person.phone, email=person.email, changes=changes)
    run.asked["correction"] = asking.prove()
    asking.until("confirm_needed")
    run.answers.append(asking.call("GET"))
    sent = eventually(lambda: [re.search(r"\b\d{6}\b", m.text) for m in cloud.mailbox.sent_to(NEW_EMAIL)], "code")
    assert sent[0]
    run.codes.append(sent[0][0])
    run.answers.append(asking.call("POST", "/confirm", json={"code": sent[0][0]}))
    asking.until_told("completed")


def a_closure(cloud: Cloud, public: Public, book: Book, operator: Operator, run: Run) -> None:
    """Of the account as it is now, with a store that resists."""
    # Both contacts: one alone, brought by a correction a moment ago, would be looked at.
    asking = public.ask("account_closure", phone=run.person.phone, email=NEW_EMAIL, message=MARKER)
    run.asked["closure"] = asking.prove()
    shown = asking.until("confirm_needed")
    assert {"what": "points", "value": str(POINTS)} in shown["lapses"]
    with spiteful(cloud):
        run.answers.append(asking.call("POST", "/confirm", json={"agree": True}))
        eventually(lambda: book.status(asking.id) == "needs_repair", "need of repair")
        run.answers += [operator.get(f"/{asking.id}"), operator.get("?status=needs_repair")]
    asking.until_told("completed", "completed_in_part")


def with_upload(expectation: dict[str, Expectation], done: str) -> dict[str, dict[str, int]]:
    """What the mall expects, and the one file more."""
    counts = expected(expectation)
    for name in ("found", done):
        counts["support"][name] += 1
    return counts


def test_the_requests_did_what_was_asked(done: Run, cloud: Cloud) -> None:
    access, closure, correction = (done.asked[name] for name in ("access", "closure", "correction"))
    assert counts_of(access.look()["stores"]) == with_upload(expected_access(cloud.mall, done.person), "exported")
    assert counts_of(closure.look()["stores"]) == with_upload(expected_deletion(cloud.mall, done.person), "erased")
    copies = [expected_correction(done.person, subject) for subject in ("name", "email")]
    stores = [store for store in correction.look()["stores"] if store["store"] not in PARTNERS]
    corrected = {store["store"]: store["corrected"] for store in stores}
    assert corrected == {store: sum(len(one.get(store, ())) for one in copies) for store in copies[0]}
    assert [answer.status_code for answer in done.refused if not 400 <= answer.status_code < 500] == []


def test_the_partners_were_told_who_it_is_and_what_was_corrected_as_far_as_each_may_know(
    done: Run, cloud: Cloud
) -> None:
    told = {name: json.dumps(cloud.partners[name].requests(), ensure_ascii=False) for name in PARTNERS}
    hashed = hashlib.sha256(str(done.person.email).encode()).hexdigest()
    assert (done.person.phone in told["cpes"], NEW_NAME in told["cpes"]) == (True, True)
    assert (hashed in told["ads"], str(done.person.email) in told["ads"]) == (True, False)
    assert done.person.account_id in told["payments"]
    assert MARKER not in "".join(told.values())


def test_the_person_got_everything_that_carries_the_marker(done: Run) -> None:
    assert done.package
    for name in ("accounts/accounts", "profiles/search_history", "orders/consignees", "orders/after_sales",
                 "support_tickets/tickets", "login/users"):  # fmt: skip
        assert any(MARKER in json.dumps(record) for record in done.package.records[name]), name
    assert any(MARKER.encode() in content for content in done.package.files)


def test_after_the_deletion_the_marker_is_in_no_store(done: Run, cloud: Cloud) -> None:
    words = (MARKER, MARKER.lower(), OTHER, OTHER.lower(), done.person.phone)
    assert traces(everything_in(cloud.stores), *words) == {}


def test_nothing_of_the_person_and_no_code_and_no_token_is_found_anywhere_else(
    done: Run, cloud: Cloud, book: Book
) -> None:
    assert report(places(cloud, book, [*done.refused, *done.answers], done.tapped), done.words()) == {}


def test_task_tokens_are_nowhere_but_sealed(done: Run, cloud: Cloud, book: Book) -> None:
    """On AWS the history of an execution has them too, as the argument of the function that waits."""
    sealer = Sealer(cloud.client("kms"), cloud.resources["SealKey"])
    waits = [(asking.id, wait) for asking in done.asked.values() for wait in book.items(asking.id, "WAIT#")]
    tokens = tuple(
        sealer.open(request_id, wait["token_sealed"]) for request_id, wait in waits if "token_sealed" in wait
    )
    assert len(tokens) >= 10
    elsewhere = places(cloud, book, [*done.refused, *done.answers], done.tapped)
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
    kept = cloud.client("s3").list_objects_v2(Bucket=cloud.resources["EvidenceBucket"], Prefix="evidence/")["Contents"]
    documents = [cloud.client("s3").get_object(Bucket=cloud.resources["EvidenceBucket"], Key=o["Key"]) for o in kept]
    assert any(OTHER in what for one in documents for what in done.words().found_in(one["Body"].read()))


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
