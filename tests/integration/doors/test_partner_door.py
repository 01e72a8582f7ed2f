"""The partners' door, over a ledger on moto: a signed word is taken in once, and everything else gets one answer."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from partner_api import app as partner_app
from partner_api.doors import MAX_BODY, PartnerDoors
from rights.errors import StoreUnavailableError
from rights.ledger import Ledger, Task
from rights.stores.opendsr.processor import Processor
from tests.integration.doors.conftest import BASE_URL, Reply
from tests.integration.ledger.test_recipients import STORE, asked
from tests.support.clock import StoppedClock
from tests.support.description import check_answer
from tests.unit.opendsr.partner import HOST, Memory, processor

__all__ = ["asked"]

CALLBACKS = f"{BASE_URL}/opendsr/v2/callbacks"


class Caller:
    """The partner: it signs what it sends."""

    def __init__(self, ledger: Ledger, task: Task, memory: Memory) -> None:
        self.memory = memory
        self.task = task
        self.ledger = ledger
        self.signers: dict[str, Processor] = {STORE: processor(memory)}
        doors = PartnerDoors(ledger, self.signers.__contains__, self.signers.__getitem__, CALLBACKS)
        self._resolve: Any = partner_app.build(doors, "/prod").resolve

    def body(self, **changes: Any) -> bytes:
        recipient_id = self.task.recipient["id"]
        told = {
            "controller_id": "us", "subject_request_id": recipient_id, "request_status": "completed",
            "expected_completion_time": "2026-12-01T00:00:00Z", "results_count": 3,
            "status_callback_url": f"{CALLBACKS}/{recipient_id}",
        }  # fmt: skip
        return json.dumps(told | changes).encode()

    def sends(
        self, body: bytes, *, headers: dict[str, str] | None = None, to: str | None = None, encoded: bool = False
    ) -> Reply:
        signed = {name.upper(): value for name, value in self.memory.signature(body).items()} | (headers or {})
        path = f"/opendsr/v2/callbacks/{to or self.task.recipient['id']}"
        event = {
            "resource": "/opendsr/v2/callbacks/{proxy+}", "path": path, "httpMethod": "POST",
            "headers": {"Content-Type": "application/json", **signed}, "multiValueHeaders": {},
            "queryStringParameters": None, "requestContext": {},
            "body": b64encode(body).decode() if encoded else body.decode(), "isBase64Encoded": encoded,
        }  # fmt: skip
        answer = self._resolve(event, None)
        reply = Reply(answer["statusCode"], answer["multiValueHeaders"], answer["body"])
        check_answer("POST", path, reply.status, reply.headers, reply.text)
        return reply

    @property
    def told(self) -> str | None:
        return self.ledger.told(self.task.request_id, STORE).status


@pytest.fixture
def caller(ledger: Ledger, asked: Task) -> Caller:
    # Certificates are made now; the ledger's clock stands elsewhere.
    return Caller(ledger, asked, Memory(StoppedClock(datetime.now(UTC))))


def test_a_signed_word_is_taken_in_and_the_work_goes_on(caller: Caller) -> None:
    caller.ledger.open_wait(caller.task.request_id, STORE, "token", 60)
    assert (caller.sends(caller.body()).status, caller.told) == (202, "completed")
    wait = caller.ledger.last_wait(caller.task.request_id, STORE)
    assert wait
    assert (wait.answer, bool(wait.relay_at)) == ({"outcome": "told"}, True)


def test_the_same_word_again_and_an_older_one_get_the_same_answer_and_change_nothing(caller: Caller) -> None:
    first = caller.sends(caller.body())
    events = len(caller.ledger.events(caller.task.request_id))
    for body in (caller.body(), caller.body(request_status="pending"), caller.body(request_status="cancelled")):
        again = caller.sends(body)
        assert (again.status, again.text) == (first.status, first.text)
    assert caller.told == "completed"
    assert len(caller.ledger.events(caller.task.request_id)) == events


def test_a_body_that_comes_packed_for_the_journey_is_judged_by_its_bytes(caller: Caller) -> None:
    assert caller.sends(caller.body(), encoded=True).status == 202


def test_whatever_is_not_surely_the_partners_gets_one_answer_and_changes_nothing(caller: Caller) -> None:
    other = "0c9e6679-7425-40de-944b-e07fc1f90ae7"
    caller.ledger.table.put(
        {"PK": f"RECIPIENT#{other}", "SK": "TASK", "request_id": "R", "store": "ads", "expires": 2**40}, only_new=True
    )
    caller.signers["ads"] = Processor(
        caller.signers[STORE].partner.model_copy(update={"host": "opendsr.ads.example"}),
        caller.memory, caller.signers[STORE]._authorities, caller.memory.clock,  # type: ignore[arg-type]
    )  # fmt: skip
    body = caller.body()
    answers = [
        caller.sends(body, headers={"X-OPENDSR-SIGNATURE": "AAAA"}),
        caller.sends(body, headers={"X-OPENDSR-SIGNATURE": ""}),
        caller.sends(body, headers=caller.memory.signature(body + b" ") and {"X-OPENDSR-SIGNATURE": "x"}),
        caller.sends(body, headers={"X-OPENDSR-PROCESSOR-DOMAIN": "opendsr.ads.example"}),
        caller.sends(caller.body(), to="1c9e6679-7425-40de-944b-e07fc1f90ae7"),
        caller.sends(caller.body(), to="not-an-id"),
        caller.sends(caller.body(subject_request_id=other, status_callback_url=f"{CALLBACKS}/{other}"), to=other),
        caller.sends(caller.body(subject_request_id=other)),
        caller.sends(caller.body(status_callback_url="https://elsewhere.example/cb")),
        caller.sends(caller.body(request_status="done")),
        caller.sends(b"<html>"),
        caller.sends(b"[]"),
        caller.sends(caller.body() + b" " * MAX_BODY),
    ]
    caller.memory.is_lying = True
    answers.append(caller.sends(caller.body()))
    assert {(answer.status, answer.code) for answer in answers} == {(403, "callback_refused")}
    assert len({answer.text for answer in answers}) == 1
    assert caller.told is None
    assert HOST not in answers[0].text


def test_while_the_certificate_cannot_be_had_the_partner_is_asked_to_come_again(caller: Caller) -> None:
    def unreachable(*_: object, **__: object) -> Any:
        raise StoreUnavailableError("unreachable")

    caller.memory.call = unreachable  # type: ignore[method-assign]
    assert (caller.sends(caller.body()).status, caller.told) == (503, None)


def test_any_other_address_is_none(caller: Caller) -> None:
    assert caller.sends(caller.body(), to=f"{caller.task.recipient['id']}/more").status in {403, 404}
