"""Races, between processes, on MiniStack: moto's transactions are not atomic over threads, let alone processes."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from uuid import uuid4

import boto3
import pytest

from local.emulator import REGION, Emulator
from rights.clock import utc_now
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.errors import IllegalTransitionError
from rights.ledger import Ledger, Task
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeResult
from rights.ledger.nonces import Nonces
from rights.ledger.steps import outcome_of_beginning
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from tests.integration.ledger.test_affiliate_requests import sent
from tests.integration.ledger.test_requests import new
from tests.support.plans import lay
from tests.support.template import create_ledger_table

Place = tuple[str, str, str]


def ledger_at(place: Place) -> Ledger:
    endpoint, table, key = place
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    dynamodb, kms = (session.client(name, endpoint_url=endpoint) for name in ("dynamodb", "kms"))
    return Ledger(Table(dynamodb, table), Sealer(kms, key), Hmac(b"test secret"), utc_now)


@pytest.fixture
def place(emulator: Emulator) -> Place:
    table = f"ledger-{uuid4().hex[:8]}"
    create_ledger_table(emulator.client("dynamodb"), table)
    return emulator.endpoint, table, emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def append(place: Place, request_id: str, code: str) -> None:
    ledger_at(place).note(request_id, code)


def open_once(place: Place, key: str) -> tuple[str, bool]:
    opened = ledger_at(place).open_request(new(idempotency=key, body_hmac="body"))
    return opened.request.id, opened.created


def try_code(place: Place, request_id: str, code: str) -> str:
    return str(ledger_at(place).try_code(request_id, code).result)


def lay_plan(place: Place, request_id: str) -> str | None:
    task = Task(request_id=request_id, store="accounts", kind="dynamodb", stage=1, operation=Operation.ERASE)
    planned = lay(ledger_at(place), request_id, [task])
    return planned.linked_to


def lay_export(place: Place, request_id: str) -> str:
    return lay(ledger_at(place), request_id).status


def begin_work(place: Place, request_id: str) -> str:
    return outcome_of_beginning(ledger_at(place).begin_work(request_id))


def approve(place: Place, request_id: str, by: str) -> bool:
    try:
        ledger_at(place).approve(request_id, by=by, plan="hash", as_approver=by == "op-3")
    except IllegalTransitionError:
        return False
    return True


def answer(place: Place, request_id: str, text: str) -> bool:
    try:
        ledger_at(place).answer_question(request_id, text)
    except IllegalTransitionError:
        return False
    return True


def confirm(place: Place, request_id: str) -> bool:
    return ledger_at(place).confirm_request(request_id).is_confirmed


def next_run(place: Place, request_id: str) -> int:
    return ledger_at(place).next_run(request_id, after=1).run


def test_writers_at_once_leave_one_unbroken_chain(place: Place, processes: ProcessPoolExecutor) -> None:
    ledger = ledger_at(place)
    request_id = ledger.open_request(new()).request.id
    codes = [f"event_{number}" for number in range(16)]
    for done in [processes.submit(append, place, request_id, code) for code in codes]:
        done.result()
    assert sorted(event.code for event in ledger.events(request_id)[1:]) == sorted(codes)
    assert ledger.verify_chain(request_id)


def test_the_same_intake_at_once_is_one_request(place: Place, processes: ProcessPoolExecutor) -> None:
    answers = [done.result() for done in [processes.submit(open_once, place, "key") for _ in range(8)]]
    assert len({request_id for request_id, _ in answers}) == 1
    assert [created for _, created in answers].count(True) == 1


def test_guesses_at_once_share_the_tries(place: Place, processes: ProcessPoolExecutor) -> None:
    request_id = ledger_at(place).open_request(new()).request.id
    guesses = [processes.submit(try_code, place, request_id, f"{n:06d}") for n in range(3 * TRIES)]
    results = [guess.result() for guess in guesses]
    assert results.count(CodeResult.WRONG) == TRIES
    assert results.count(CodeResult.USED_UP) == 2 * TRIES


def test_the_right_code_typed_twice_at_once_verifies_once(place: Place, processes: ProcessPoolExecutor) -> None:
    ledger = ledger_at(place)
    request_id = ledger.open_request(new()).request.id
    ledger.store_code(request_id, "phone", "identity", "482913")
    for done in [processes.submit(try_code, place, request_id, "482913") for _ in range(4)]:
        done.result()
    assert [event.code for event in ledger.events(request_id)].count("identity_proven") == 1


def test_of_two_requests_planned_at_once_one_works_and_the_others_are_linked_to_it(
    place: Place, processes: ProcessPoolExecutor
) -> None:
    ledger = ledger_at(place)
    ids = []
    for _ in range(4):
        ids.append(ledger.open_request(new()).request.id)
        ledger.store_code(ids[-1], "phone", "identity", "482913")
        ledger.try_code(ids[-1], "482913")
    linked = [done.result() for done in [processes.submit(lay_plan, place, request_id) for request_id in ids]]
    assert linked.count(None) == 1
    assert set(linked) - {None} == {ids[linked.index(None)]}


def test_a_next_run_is_started_once_whoever_asks(place: Place, processes: ProcessPoolExecutor) -> None:
    ledger = ledger_at(place)
    request_id = ledger.open_request(new()).request.id
    ledger.run_ended(request_id, 1, pause=timedelta(seconds=1))
    runs = [done.result() for done in [processes.submit(next_run, place, request_id) for _ in range(4)]]
    assert set(runs) == {2}
    assert [event.code for event in ledger.events(request_id)].count("run_started") == 1


def planned(ledger: Ledger, right: Right, review: str | None = None, confirm: str | None = None) -> str:
    request_id = ledger.open_request(new(right=right, proven=True)).request.id
    lay(ledger, request_id, review=review, confirm=confirm)
    return request_id


def test_an_export_planned_as_an_erasure_begins_is_let_out_first_or_comes_after(
    place: Place, processes: ProcessPoolExecutor
) -> None:
    ledger = ledger_at(place)
    for _ in range(3):
        erasure = planned(ledger, Right.DELETION)
        export = ledger.open_request(new(proven=True)).request.id
        slips_in, began = processes.submit(lay_export, place, export), processes.submit(begin_work, place, erasure)
        assert slips_in.result() == Status.VERIFIED
        expected = Status.IN_PROGRESS if began.result() == "ready" else Status.VERIFIED
        assert ledger.get(erasure).status is expected
        # Whoever came first, both come to their end.
        ledger.begin_work(export)
        ledger.close_request(export, Status.COMPLETED)
        assert begin_work(place, erasure) == "ready"
        ledger.close_request(erasure, Status.COMPLETED)
        assert ledger.verify_chain(erasure)


def test_of_operators_who_approve_at_once_two_count_and_one_of_them_is_an_approver(
    place: Place, processes: ProcessPoolExecutor
) -> None:
    ledger = ledger_at(place)
    request_id = planned(ledger, Right.ACCESS, review="second_account")
    tried = [processes.submit(approve, place, request_id, f"op-{number % 4}") for number in range(8)]
    assert [done.result() for done in tried].count(True) == 2
    approvals = ledger.get(request_id).approvals
    assert len({approval["by"] for approval in approvals}) == 2
    assert "op-3" in {approval["by"] for approval in approvals}
    codes = [event.code for event in ledger.events(request_id)]
    assert (codes.count("approved_by_one"), codes.count("approved")) == (1, 1)
    assert ledger.verify_chain(request_id)


def test_of_answers_at_once_one_is_kept_and_whoever_gave_another_is_told(
    place: Place, processes: ProcessPoolExecutor
) -> None:
    ledger = ledger_at(place)
    request_id = planned(ledger, Right.ACCESS, review="unusual_size")
    ledger.ask(request_id, "Which?", by="op-1", time_to_answer=timedelta(days=1))
    texts = ["this", "that"] * 4
    tried = [processes.submit(answer, place, request_id, text) for text in texts]
    taken = {text for text, done in zip(texts, tried, strict=True) if done.result()}
    kept = [one["text"] for one in ledger.private(request_id, "answers")]
    assert taken == set(kept)
    assert len(kept) == 1


def test_a_closure_confirmed_at_once_is_confirmed_once(place: Place, processes: ProcessPoolExecutor) -> None:
    ledger = ledger_at(place)
    request_id = planned(ledger, Right.ACCOUNT_CLOSURE, confirm="closure")
    ledger.ask_to_confirm(request_id, "token", 60)
    assert all(done.result() for done in [processes.submit(confirm, place, request_id) for _ in range(4)])
    assert [event.code for event in ledger.events(request_id)].count("confirmed") == 1


def send_as_affiliate(place: Place) -> str:
    return sent(ledger_at(place)).id


def use_nonce(place: Place) -> bool:
    ledger = ledger_at(place)
    return Nonces(ledger.table, ledger.clock).used_first("cpes", "n" * 16, int(ledger.clock().timestamp()) + 600)


def test_of_many_who_send_one_request_of_an_affiliate_at_once_one_makes_it(
    place: Place, processes: ProcessPoolExecutor
) -> None:
    assert len(set(processes.map(send_as_affiliate, [place] * 8))) == 1


def test_of_many_calls_with_one_nonce_at_once_one_is_let_in(place: Place, processes: ProcessPoolExecutor) -> None:
    assert sum(processes.map(use_nonce, [place] * 8)) == 1
