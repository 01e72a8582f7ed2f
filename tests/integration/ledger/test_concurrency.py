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
from rights.domain.rights import Operation
from rights.ledger import Ledger, Task
from rights.ledger.intake import TRIES
from rights.ledger.model import CodeResult
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
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
