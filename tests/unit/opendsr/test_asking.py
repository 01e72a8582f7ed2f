"""The work on a partner's task: asked once, looked after, never waited for too long, told no more than it may get."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rights.clock import stamp
from rights.datamap import StoreMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.recipients import Patience
from rights.domain.rights import Operation, Right
from rights.domain.work import TaskStatus
from rights.errors import StaleWriteError
from rights.ledger.model import Request, Task
from rights.ledger.recipients import Told
from rights.stores.opendsr.asking import Asking, Surroundings
from rights.stores.partner import PartnerConnector
from rights.stores.work import Report, Worker
from rights.stores.works.doing import Tools
from tests.support.clock import StoppedClock
from tests.unit.opendsr.partner import HOST, Memory, processor, registered
from tests.unit.package.exports import a_request
from tests.unit.stores.fakes import FakeLedger, FakeParts, Killed, Patient

EMAIL, PHONE = "dara@example.com", "+85512345678"
KEYS = KeySet.of([Identifier(Kind.EMAIL, EMAIL), Identifier(Kind.PHONE, PHONE), Identifier(Kind.ACCOUNT, "acc-1")])


class Book(FakeLedger):
    """A ledger that also knows of recipients."""

    def __init__(self, operation: Operation, request: Request, keys: KeySet = KEYS) -> None:
        super().__init__(operation, keys, store="courier", request_id=request.id)
        self.saved = replace(self.saved, kind="partner")
        self.request = request
        self.word = Told()
        self.places: list[str] = []
        self.noted: list[tuple[str, bool]] = []
        self.others: list[Task] = []

    def get(self, request_id: str) -> Request:
        assert request_id == self.request.id
        return self.request

    def tasks(self, request_id: str) -> list[Task]:
        assert request_id == self.request.id
        return [*self.others, self.saved]

    def will_ask(self, task: Task, due_at: str) -> Task:
        assert due_at == self.request.due_at
        self.places.append(task.recipient["id"])
        return self.checkpoint_task(task)

    def told(self, request_id: str, store: str) -> Told:
        assert (request_id, store) == (self.saved.request_id, self.saved.store)
        return self.word

    def recipient_noted(self, request_id: str, store: str, code: str, *, is_alarming: bool = False) -> None:
        assert (request_id, store) == (self.saved.request_id, self.saved.store)
        self.noted.append((code, is_alarming))


def a_map(**more: Any) -> StoreMap:
    partner = registered(**more).model_dump(mode="json")
    fields = [{"name": "consignee", "data_categories": ["user.name"], "rights": {"correction": "name"}}]
    return StoreMap.model_validate(
        {
            "fides_key": "courier",
            "name": "The courier",
            "rights": {"kind": "partner", "stage": 9, "controller": "c", "residency": "KH", "partner": partner},
            "collections": [
                {"name": "shared", "rights": {"purpose": "p", "legal_basis": "contract"}, "fields": fields}
            ],
        }
    )


class Case:
    """One task of one partner, worked on by the worker of every store."""

    def __init__(self, operation: Operation = Operation.ERASE, keys: KeySet = KEYS, **more: Any) -> None:
        self.clock = StoppedClock(datetime.now(UTC).replace(microsecond=0))
        self.partner = Memory(self.clock)
        began = self.clock()
        rights = {Operation.EXPORT: Right.ACCESS, Operation.ERASE: Right.DELETION, Operation.CORRECT: Right.CORRECTION}
        request = a_request(
            rights.get(operation, Right.RESTRICTION), received_at=stamp(began),
            due_at=stamp(began + timedelta(days=30)), work_by=stamp(began + timedelta(days=25)),
        )  # fmt: skip
        self.book = Book(operation, request, keys)
        self.parts = FakeParts()
        self.store = a_map(**more)
        self.processor = processor(self.partner, **more)

    def run(self) -> Report:
        around = Surroundings(
            self.store, self.processor, self.book, Patience(900, 86400), "https://us.example/cb", self.clock
        )
        doing: Callable[[Tools, Task], Asking] = lambda tools, _: Asking(tools, around)  # noqa: E731
        doings = dict.fromkeys(Operation, doing)
        worker = Worker(self.book, PartnerConnector(self.store), self.parts, self.clock, doings)  # type: ignore[arg-type]
        return worker.run("work", self.book.request.id, "courier", Patient())

    @property
    def facts(self) -> dict[str, Any]:
        return self.book.saved.recipient


def test_a_prompt_partner_is_asked_and_has_confirmed_in_one_go() -> None:
    case = Case()
    case.partner.takes, case.partner.status = timedelta(0), "completed"
    assert case.run().status == "done"
    assert [method for method, path in case.partner.calls if "requests" in path] == ["POST", "GET"]
    assert (case.facts["answer"], case.facts["results_count"]) == ("confirmed", 7)
    assert case.facts["confirmed_at"] >= case.facts["asked_at"]
    assert case.book.saved.verified_at is None
    assert case.run().status == "done"
    assert len(case.partner.bodies) == 1


def test_what_is_sent_is_the_registered_kinds_in_their_forms_and_nothing_else() -> None:
    case = Case()
    case.run()
    [sent] = case.partner.bodies
    hashed = hashlib.sha256(EMAIL.encode()).hexdigest()
    assert sent["subject_identities"] == [
        {"identity_type": "email", "identity_value": hashed, "identity_format": "sha256"}
    ]
    phone = {"identity_type": "mobile_number", "identity_value": PHONE, "identity_format": "raw"}
    extension = sent["extensions"][HOST]
    assert extension["identities"] == [phone]
    assert (extension["right"], extension["respond_by"]) == ("deletion", case.book.request.work_by)
    assert (sent["subject_request_type"], sent["regulation"], sent["api_version"]) == ("erasure", "gdpr", "2.0")
    assert sent["status_callback_urls"] == [f"https://us.example/cb/{sent['subject_request_id']}"]
    text = json.dumps(sent)
    assert EMAIL not in text
    assert "acc-1" not in text
    assert sent["subject_request_id"][14] == "4"
    assert case.book.request.id not in text


def test_a_slow_partner_is_waited_for_and_its_own_word_ends_it_without_another_call() -> None:
    case = Case()
    first = case.run()
    assert (first.status, first.seconds) == ("waiting", 900)
    assert case.book.saved.status is TaskStatus.WAITING
    calls = len(case.partner.calls)
    case.book.word = Told(status="completed", results_count=3)
    assert case.run().status == "done"
    assert len(case.partner.calls) == calls
    assert (case.facts["answer"], case.facts["results_count"]) == ("confirmed", 3)


def test_without_a_word_it_is_asked_again_with_growing_pauses_and_where_it_promised() -> None:
    case = Case()
    case.partner.takes = timedelta(hours=3)
    pauses = []
    for _ in range(5):
        report = case.run()
        pauses.append(report.seconds)
        case.clock.advance(seconds=report.seconds or 0)
    assert pauses == [900, 1800, 3600, 4500, 14400]
    assert len(case.partner.bodies) == 1


def test_a_worker_that_dies_after_the_call_asks_under_the_same_id() -> None:
    case = Case()

    def die(method: str, _: str) -> None:
        if method == "POST":
            raise Killed

    case.partner.after = die
    with pytest.raises(Killed):
        case.run()
    case.partner.after = lambda *_: None
    case.run()
    assert len(case.partner.bodies) == 2
    assert len({body["subject_request_id"] for body in case.partner.bodies}) == 1
    assert case.partner.bodies[0] == case.partner.bodies[1]
    assert case.book.places == [case.facts["id"]]


def test_a_worker_that_was_taken_over_before_it_asked_asks_nobody() -> None:
    case = Case()
    case.book.before_checkpoint = lambda _: None

    def lose(task: Task, due_at: str) -> Task:
        raise StaleWriteError

    case.book.will_ask = lose  # type: ignore[method-assign]
    with pytest.raises(StaleWriteError):
        case.run()
    assert case.partner.bodies == []


def test_a_partner_that_is_down_fails_nothing_and_is_asked_when_it_is_back() -> None:
    case = Case()
    case.partner.is_down = True
    assert (case.run().status, case.facts["error"]) == ("waiting", "http_503")
    case.clock.advance(hours=1)
    assert case.run().status == "waiting"
    case.partner.is_down = False
    case.partner.takes, case.partner.status = timedelta(0), "completed"
    assert case.run().status == "done"
    assert "error" not in case.facts


def test_a_store_that_has_to_be_repaired_is_not_waited_out_by_a_partner() -> None:
    case = Case()
    failed = replace(case.book.saved, store="orders", kind="postgres", status=TaskStatus.FAILED)
    case.book.others = [failed]
    # The branch ends, so that the repair may begin; the partner was asked, and is waited for as before.
    assert case.run().status == "failed"
    assert (case.book.saved.status, len(case.partner.bodies)) == (TaskStatus.WAITING, 1)
    case.book.others = [replace(failed, status=TaskStatus.DONE)]
    assert case.run().status == "waiting"
    assert len(case.partner.bodies) == 1


def test_a_lying_partner_confirms_nothing_and_somebody_is_told_once() -> None:
    case = Case()
    case.partner.is_lying, case.partner.status = True, "completed"
    for _ in range(3):
        assert case.run().status == "waiting"
        case.clock.advance(hours=1)
    assert "answer" not in case.facts
    assert case.book.noted == [("recipient_untrusted", True)]


def test_a_partner_that_never_answers_is_named_and_holds_our_answer_up_no_longer() -> None:
    case = Case(understands=["reminder"])
    looks, passed = 0, timedelta(0)
    while (report := case.run()).status == "waiting":
        looks += 1
        passed += timedelta(seconds=report.seconds or 0)
        case.clock.advance(seconds=report.seconds or 0)
    assert report.status == "done"
    assert case.facts["answer"] == "not_answered"
    assert timedelta(days=28.9) < passed < timedelta(days=29.1)
    assert looks < 60
    assert case.book.saved.is_unmet
    assert case.book.noted == [
        ("recipient_overdue", False), ("recipient_silent", True), ("recipient_not_answered", True),
    ]  # fmt: skip
    reminders = [body for body in case.partner.bodies if body["extensions"][HOST].get("reminder")]
    assert len(reminders) == 1
    assert len(case.partner.bodies) == 2


def test_a_partner_that_lost_what_it_took_gets_it_again_under_the_same_id() -> None:
    case = Case()
    case.run()
    case.partner.requests.clear()
    case.clock.advance(hours=2)
    assert case.run().status == "waiting"
    assert len({body["subject_request_id"] for body in case.partner.bodies}) == 1
    assert len(case.partner.bodies) == 2


@pytest.mark.parametrize("operation", [Operation.CORRECT, Operation.RESTRICT])
def test_who_cannot_be_asked_for_more_than_opendsr_knows_is_not_asked(operation: Operation) -> None:
    case = Case(operation)
    assert case.run().status == "done"
    assert (case.facts["answer"], case.partner.calls, case.book.saved.is_unmet) == ("not_supported", [], True)


def test_who_understands_a_correction_gets_what_it_holds_corrected_and_no_more() -> None:
    case = Case(Operation.CORRECT, understands=["correct"])
    case.book.sealed["changes"] = {"name": {"to": "Dara Sok", "from": "Dara"}, "email": {"to": "new@example.com"}}
    case.run()
    [sent] = case.partner.bodies
    assert sent["extensions"][HOST]["changes"] == {"name": "Dara Sok"}
    assert sent["subject_request_type"] == "access"
    assert "new@example.com" not in json.dumps(sent)


def test_who_understands_a_restriction_is_told_which_uses_end() -> None:
    case = Case(Operation.RESTRICT, understands=["restrict"], purposes=["marketing"])
    case.book.saved = replace(case.book.saved, purposes=("marketing",))
    case.run()
    assert case.partner.bodies[0]["extensions"][HOST]["purposes"] == ["marketing"]


def test_who_got_nothing_of_the_person_is_not_asked() -> None:
    case = Case(keys=KeySet.of([Identifier(Kind.ACCOUNT, "acc-1")]))
    assert case.run().status == "done"
    assert (case.facts["answer"], case.partner.calls, case.book.saved.is_unmet) == ("nothing_shared", [], False)


def test_who_supports_no_such_request_is_not_asked_for_it() -> None:
    case = Case()
    case.partner.discovery["supported_subject_request_types"] = ["access"]
    case.run()
    assert (case.facts["answer"], case.partner.bodies) == ("not_supported", [])


def test_a_store_that_an_operator_left_out_is_not_asked() -> None:
    case = Case()
    case.book.saved = replace(case.book.saved, refused=7, keep_until="2027-01-01")
    case.run()
    assert (case.facts["answer"], case.partner.calls) == ("left_out", [])


def test_a_request_is_taken_back_while_the_partner_has_not_begun() -> None:
    case = Case()
    case.run()
    case.book.word = Told(is_unwanted=True)
    assert case.run().status == "done"
    assert case.facts["answer"] == "cancelled"
    assert case.partner.calls[-1][0] == "DELETE"


def test_a_partner_that_has_begun_keeps_the_request_and_is_waited_for() -> None:
    case = Case()
    case.run()
    case.partner.status = "in_progress"
    case.book.word = Told(is_unwanted=True)
    assert case.run().status == "waiting"
    assert case.run().status == "waiting"
    assert [method for method, _ in case.partner.calls].count("DELETE") == 1


def test_a_request_that_is_unwanted_before_anybody_was_asked_is_never_sent() -> None:
    case = Case()
    case.partner.is_down = True
    case.run()
    case.partner.is_down = False
    case.book.word = Told(is_unwanted=True)
    assert case.run().status == "done"
    assert (case.facts["answer"], case.partner.bodies) == ("cancelled", [])


def test_a_partner_may_decline() -> None:
    case = Case()
    case.run()
    case.book.word = Told(status="cancelled")
    case.run()
    assert (case.facts["answer"], case.book.saved.is_unmet) == ("declined", True)


def test_an_access_tells_the_person_who_was_asked_and_that_the_recipient_answers_itself() -> None:
    case = Case(Operation.EXPORT)
    case.partner.takes, case.partner.status = timedelta(0), "completed"
    assert case.run().status == "done"
    [record] = case.parts.records
    assert record == {
        "recipient": "The courier", "asked_at": case.facts["asked_at"], "answer": "confirmed",
        "answered_at": case.facts["confirmed_at"], "records_by_its_own_count": 7,
        "answered_by": "the_recipient_itself",
    }  # fmt: skip
    assert case.book.saved.by_collection["shared"]["exported"] == 1


def test_an_access_that_nobody_answered_says_so_in_the_package() -> None:
    case = Case(Operation.EXPORT)
    case.partner.is_down = True
    case.run()
    case.clock.advance(days=29, hours=1)
    assert case.run().status == "done"
    assert [record["answer"] for record in case.parts.records] == ["not_answered"]
