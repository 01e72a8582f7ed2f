"""What the functions write for CloudWatch: names, dimensions and values, and nothing of a person."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from rights.domain.rights import Channel, Locale, Right
from rights.domain.status import Status
from rights.errors import NotReadyError, StaleWriteError, StoreUnavailableError
from rights.ledger import Ledger, NewRequest, Request
from rights.ledger.table import Update, request_key
from rights.relaying import Relay, Sweep, WorkflowSettings
from rights.stores import door
from rights.tally import Tally
from rights.telemetry import MetricUnit, count_of, metrics
from tests.contract.conftest import Context
from tests.support.clock import StoppedClock
from tests.support.functions import app_of

PHONE = "+85512345678"
Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Written:
    """What was written for CloudWatch since the last look; what earlier tests left to be written is dropped."""
    metrics.clear_metrics()

    def read() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        return [line for line in lines if "_aws" in line]

    return read


def dimensions(blob: dict[str, Any]) -> list[list[str]]:
    [directive] = blob["_aws"]["CloudWatchMetrics"]
    sets: list[list[str]] = directive["Dimensions"]
    return sets


def counted(blobs: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {
        metric["Name"]: blob[metric["Name"]]
        for blob in blobs
        for directive in blob["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }


def a_request(right: Right = Right.ACCESS, **more: Any) -> NewRequest:
    return NewRequest(right=right, channel=Channel.WEB, locale=Locale.EN, typed={"phone": PHONE}, **more)


@dataclass
class Ear:
    """An onlooker that remembers what it heard."""

    heard: list[tuple[str, Right, Status]] = field(default_factory=list)

    def received(self, request: Request) -> None:
        self.heard.append(("received", request.right, request.status))

    def closed(self, request: Request) -> None:
        self.heard.append(("closed", request.right, request.status))


# ---- requests as they come and go


def test_what_several_functions_count_is_written_at_once_under_its_subject(written: Written) -> None:
    metrics.add_metric(name="Other", unit=MetricUnit.Count, value=1)
    count_of("notices", "NoticesLost", 1, MetricUnit.Count)
    [blob] = written()
    assert dimensions(blob) == [["service"]]
    assert (blob["service"], blob["NoticesLost"]) == ("notices", [1])
    assert blob["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "DataRights"
    metrics.clear_metrics()


def test_a_request_is_counted_by_its_right_and_how_it_ended_and_by_nothing_else(
    written: Written, ledger: Ledger, clock: StoppedClock
) -> None:
    ledger.onlooker = Tally()
    request = ledger.open_request(a_request(Right.DELETION)).request
    clock.advance(days=2)
    ledger.withdraw(request.id)
    received, closed, time = written()
    assert [sorted(part) for part in dimensions(received)] == [["right", "service"]]
    assert [sorted(part) for part in dimensions(closed)] == [["outcome", "right", "service"]] == [
        sorted(part) for part in dimensions(time)
    ]  # fmt: skip
    assert (received["service"], received["right"]) == ("requests", "deletion")
    assert (closed["right"], closed["outcome"], closed["RequestsClosed"]) == ("deletion", "withdrawn", [1])
    assert time["TimeToClose"] == pytest.approx([timedelta(days=2).total_seconds()], abs=1)
    text = json.dumps([received, closed, time])
    assert request.id not in text
    assert PHONE not in text


def test_an_onlooker_hears_of_every_request_of_a_case_and_of_each_end_once(ledger: Ledger) -> None:
    ledger.onlooker = ear = Ear()
    new = a_request(also=(Right.DELETION,), idempotency="key", body_hmac="body")
    first = ledger.open_request(new).request
    ledger.open_request(new)
    ledger.withdraw(first.id)
    ledger.withdraw(first.id)
    assert ear.heard.count(("received", Right.ACCESS, Status.RECEIVED)) == 1
    assert ear.heard.count(("received", Right.DELETION, Status.RECEIVED)) == 1
    assert ear.heard.count(("closed", Right.ACCESS, Status.WITHDRAWN)) == 1


def test_every_function_tells_of_requests_that_come_and_go(deployed: Ledger) -> None:
    from rights import wiring  # noqa: PLC0415 - made anew by the fixture

    assert isinstance(wiring.ledger().onlooker, Tally)


# ---- the sweep


class NoStates:
    """Step Functions without a single run."""

    def describe_execution(self, **_: Any) -> dict[str, str]:
        return {"status": "RUNNING"}


def sweep(ledger: Ledger, states: Any, *, time_is_up: bool = False) -> dict[str, int]:
    settings = WorkflowSettings(
        state_machine_arn="arn:aws:states:ap-southeast-1:123456789012:stateMachine:m",
        notice_queue_url="https://queue",
        callback_queue_url="https://callbacks",
        identity_timeout_seconds=60,
        confirm_timeout_seconds=60,
        review_timeout_seconds=60,
        repair_delay_seconds=60,
    )
    relay = Relay(ledger, states, None, settings)
    return Sweep(ledger, relay, states, settings).run(lambda: time_is_up, patience=timedelta(days=999))


def in_status(ledger: Ledger, status: Status) -> None:
    request = ledger.open_request(a_request()).request
    ledger.table.update(Update(request_key(request.id)).set(status=status, relay_at=None, relay_shard=None))


def test_the_sweep_counts_what_is_open_and_what_waits_for_one_of_us(written: Written, ledger: Ledger) -> None:
    for status in (Status.NEEDS_REPAIR, Status.NEEDS_REPAIR, Status.IN_REVIEW, Status.IN_PROGRESS, Status.WITHDRAWN):
        in_status(ledger, status)
    sweep(ledger, NoStates())
    metrics.flush_metrics()
    assert counted(written()) == {
        "RequestsOpen": [4], "RepairsWaiting": [2], "ReviewsWaiting": [1], "SweepFailures": [0],
    }  # fmt: skip


def test_a_sweep_that_cannot_help_or_has_no_time_says_so(written: Written, ledger: Ledger, clock: StoppedClock) -> None:
    in_status(ledger, Status.IN_PROGRESS)
    [request] = ledger.by_status(Status.IN_PROGRESS)
    ledger.table.update(Update(request_key(request.id)).set(run_started_at=ledger.now()))
    clock.advance(hours=1)
    assert sweep(ledger, object())["failed"] == 1, "there is no way to ask for the run"
    assert sweep(ledger, NoStates(), time_is_up=True)["left"] == 1
    metrics.flush_metrics()
    assert counted(written())["SweepFailures"] == [1, 1]


@pytest.mark.parametrize("folder", ["sweep", "watch"])
def test_a_run_that_fails_counts_nothing_so_that_its_silence_rings(
    deployed: Ledger, monkeypatch: pytest.MonkeyPatch, written: Written, folder: str
) -> None:
    monkeypatch.setattr(type(deployed), "by_status", broken)
    monkeypatch.setattr(type(deployed), "open_by_due", broken)
    for name in WorkflowSettings.model_fields:
        monkeypatch.setenv(name.upper(), "60")
    monkeypatch.setenv("ALERT_TOPIC_ARN", "arn:aws:sns:ap-southeast-1:123456789012:alerts")
    with pytest.raises(StoreUnavailableError), pytest.warns(UserWarning, match="No application metrics"):
        app_of(folder).lambda_handler({}, Context())
    assert written() == []


def broken(*_: Any) -> Any:
    raise StoreUnavailableError("no ledger")


# ---- stores


def call_of(store: str, error: type[Exception] | None) -> None:
    with door._counted(store):
        if error:
            raise error("not now")


@pytest.mark.parametrize(
    ("error", "failed"),
    [(None, 0), (StoreUnavailableError, 1), (KeyError, 1), (NotReadyError, 0), (StaleWriteError, 0)],
)
def test_a_stores_call_is_counted_for_its_kind_and_for_itself(
    written: Written, error: type[Exception] | None, failed: int
) -> None:
    if error:
        with pytest.raises(error):
            call_of("orders", error)
    else:
        call_of("orders", None)
    metrics.flush_metrics()
    [blob] = written()
    assert dimensions(blob) == [["service"], ["store"]]
    assert (blob["store"], blob["StoreErrors"]) == ("orders", [failed])
    assert 0 <= blob["StoreSeconds"][0] < 60


def test_one_call_of_a_store_leaves_its_name_to_no_other(written: Written) -> None:
    for store in ("orders", "carts"):
        call_of(store, None)
        metrics.flush_metrics()
    assert [(dimensions(blob), blob["store"]) for blob in written()] == [
        ([["service"], ["store"]], "orders"),
        ([["service"], ["store"]], "carts"),
    ]
