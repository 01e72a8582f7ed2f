"""A partner asked in OpenDSR: what it says counts once its signature was checked, and it leads nowhere else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.opendsr.transport import Reply
from tests.support.clock import StoppedClock
from tests.unit.opendsr.partner import HOST, Memory, processor

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
REQUEST: dict[str, Any] = {"subject_request_id": ID}


@pytest.fixture
def memory() -> Memory:
    return Memory(StoppedClock(datetime.now(UTC)))


def test_what_it_says_of_itself_is_kept_for_an_hour(memory: Memory) -> None:
    asked = processor(memory)
    for _ in range(3):
        assert asked.discovery().api_version == "2.0"
    assert memory.calls == [("GET", "/v2/discovery"), ("GET", "/v2/cert.pem")]
    memory.clock.advance(minutes=61)
    asked.discovery()
    assert len(memory.calls) == 4


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/cert.pem", f"http://{HOST}/cert.pem", f"https://{HOST}:8443/cert.pem",
        f"https://user@{HOST}/cert.pem", f"https://{HOST}.evil.example/cert.pem", "//x", "", "https://[", "file:///etc",
        f"https://{HOST}/a b", f"https://{HOST}/a\r\nX: y",
    ],
)  # fmt: skip
def test_a_certificate_on_another_host_is_not_even_asked_for(memory: Memory, address: str) -> None:
    memory.discovery["processor_certificate"] = address
    with pytest.raises(StoreRefusedError, match=r"^(foreign_address|malformed)$"):
        processor(memory).discovery()
    assert memory.calls == [("GET", "/v2/discovery")]


def test_a_request_is_taken_and_its_end_promised(memory: Memory) -> None:
    expected = processor(memory).submit(REQUEST)
    assert timedelta(minutes=59) < expected - memory.clock() < timedelta(minutes=61)


@pytest.mark.parametrize("how", ["lying", "other domain", "no signature", "other id", "other request", "not JSON"])
def test_an_answer_that_is_not_surely_its_own_is_none(memory: Memory, how: str) -> None:
    now = memory.clock().isoformat()
    told = {"subject_request_id": ID, "expected_completion_time": now}
    place = ("POST", "/v2/requests")
    match how:
        case "lying":
            memory.is_lying = True
        case "other domain":
            memory.domain = "elsewhere.example"
        case "no signature":
            memory.override[place] = Reply(201, {}, b"{}")
        case "other id":
            memory.override[place] = memory.signed(told | {"subject_request_id": ID.replace("7", "8")}, 201)
        case "other request":
            memory.override[place] = memory.signed(told | {"encoded_request": "e30="}, 201)
        case _:
            body = b"<html>"
            memory.override[place] = Reply(201, memory.signature(body), body)
    with pytest.raises(StoreRefusedError, match=r"^(not_signed|malformed)$"):
        processor(memory).submit(REQUEST)


def test_a_new_certificate_is_looked_for_once_a_minute_and_no_more(memory: Memory) -> None:
    asked = processor(memory)
    asked.discovery()
    assert not asked.is_from_it(HOST, "AAAA", b"x")
    assert len(memory.calls) == 2
    memory.clock.advance(minutes=2)
    assert not asked.is_from_it(HOST, "AAAA", b"x")
    assert len(memory.calls) == 4
    assert not asked.is_from_it("elsewhere.example", "AAAA", b"x")
    assert not asked.is_from_it(HOST, "", b"x")
    assert len(memory.calls) == 4


@pytest.mark.parametrize("status", [400, 409])
def test_who_refuses_a_repeat_but_has_the_request_has_taken_it(memory: Memory, status: int) -> None:
    asked = processor(memory)
    memory.override["POST", "/v2/requests"] = Reply(status, {}, b"{}")
    with pytest.raises(StoreRefusedError, match=f"^http_{status}$"):
        asked.submit(REQUEST)
    memory.requests[ID] = REQUEST
    assert asked.submit(REQUEST) > memory.clock()


@pytest.mark.parametrize(("status", "kind"), [(500, StoreUnavailableError), (503, StoreUnavailableError),
                                              (429, StoreUnavailableError), (401, StoreRefusedError)])  # fmt: skip
def test_its_own_trouble_is_worth_another_try_and_a_refusal_is_not(
    memory: Memory, status: int, kind: type[Exception]
) -> None:
    memory.override["POST", "/v2/requests"] = Reply(status, {}, b"somebody@example.com")
    with pytest.raises(kind, match=f"^http_{status}$"):
        processor(memory).submit(REQUEST)


def test_a_request_is_taken_back_while_it_is_pending_only(memory: Memory) -> None:
    asked = processor(memory)
    asked.submit(REQUEST)
    assert asked.cancel(ID)
    memory.status = "in_progress"
    assert not asked.cancel(ID)
    assert asked.status(ID.replace("7", "8")) is None


def test_results_are_fetched_from_its_own_host_only(memory: Memory) -> None:
    with pytest.raises(StoreRefusedError, match=r"^foreign_address$"), processor(memory).results("https://x.example/"):
        pass
    results = processor(memory).results(f"https://{HOST}/v2/results?token=t")
    with pytest.raises(StoreRefusedError, match=r"^http_404$"), results:
        pass
    assert memory.calls == [("GET", "/v2/results?token=t")]
