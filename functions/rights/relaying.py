"""What the relay and the sweep do: pay what the ledger owes to the workflow and to the queues of notices and callbacks.

Both get keys only and read everything anew, so a record that comes twice, late, in the wrong order or not at all makes
no difference: an item is owed something as long as it carries `relay_at`, and only then.
"""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from rights.clock import parse
from rights.domain.status import OPEN, PROVEN, Status
from rights.ledger import Ledger, Request
from rights.ledger.notices import ATTEMPTS, SETTLED
from rights.ledger.table import Item
from rights.settings import Settings
from rights.telemetry import MetricUnit, count_of, logger, metrics

RUN_SETTLES = timedelta(minutes=1)
SWEPT_FIRST = (
    Status.NEEDS_REPAIR,
    Status.IN_PROGRESS,
    Status.VERIFIED,
    Status.IN_REVIEW,
    Status.QUESTION,
    Status.CONFIRM_NEEDED,
    Status.COOLING_OFF,
)
"""Proven people's requests come first, so that a flood of unproven ones can never keep the sweep from them."""
_TOKEN_IS_GONE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class WorkflowSettings(Settings):
    """The state machine, its waits, and the queues of notices and of callbacks to affiliates."""

    state_machine_arn: str
    notice_queue_url: str
    callback_queue_url: str
    identity_timeout_seconds: int
    confirm_timeout_seconds: int
    review_timeout_seconds: int
    repair_delay_seconds: int


class Relay:
    """Starts runs, delivers answers and hands notices over."""

    def __init__(self, ledger: Ledger, states: Any, queues: Any, settings: WorkflowSettings) -> None:
        self._ledger = ledger
        self._states = states
        self._queues = queues
        self._settings = settings

    def pay(self, key: Item) -> None:
        """Do what the item of this key is owed, if anything; safe to repeat."""
        relay_at = self._ledger.owed_since(key)
        if relay_at is None:
            return
        request_id = key["PK"].removeprefix("REQUEST#")
        match key["SK"].split("#", 1):
            case ["STATE"]:
                self._start(self._ledger.get(request_id))
            case ["WAIT", _]:
                self._answer(key)
            case ["NOTICE", notice_id]:
                self._hand_over(request_id, notice_id, relay_at)
            case ["CALLBACK", name]:
                message = {"request_id": request_id, "callback": name}
                self._queues.send_message(QueueUrl=self._settings.callback_queue_url, MessageBody=json.dumps(message))
                self._ledger.callback_handed_over(request_id, name, relay_at)

    def _start(self, request: Request) -> None:
        waits = {
            "request_id": request.id,
            "run": request.run,
            "proven": request.status in PROVEN,
            "identity_seconds": self._settings.identity_timeout_seconds,
            "confirm_seconds": self._settings.confirm_timeout_seconds,
            "review_seconds": self._settings.review_timeout_seconds,
            "repair_seconds": self._settings.repair_delay_seconds,
        }
        if not request.is_final:
            try:
                self._states.start_execution(
                    stateMachineArn=self._settings.state_machine_arn, name=request.execution, input=json.dumps(waits)
                )
            except ClientError as error:
                # The name of a run is its own: that it exists means that somebody started it before.
                if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                    raise
        self._ledger.started(request)

    def _answer(self, key: Item) -> None:
        wait = self._ledger.wait_with_token(key)
        if wait is None or wait.answer is None:
            return
        try:
            self._states.send_task_success(taskToken=wait.token, output=json.dumps(wait.answer))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TOKEN_IS_GONE:
                raise
            # The answer stays where it is: the next generation of this wait takes it over.
            self._ledger.wait_relayed(wait, delivered=False)
        else:
            self._ledger.wait_relayed(wait, delivered=True)

    def _hand_over(self, request_id: str, notice_id: str, relay_at: str) -> None:
        notice = self._ledger.notice(request_id, notice_id)
        if notice is None:
            return
        if notice.attempts >= ATTEMPTS and notice.status not in SETTLED and not self._ledger.is_being_sent(notice):
            count_of("notices", "NoticesLost", 1, MetricUnit.Count)
            asked = self._ledger.notice_undelivered(request_id, notice_id, notice.error_class or "no_answer")
            count_of("notices", "NoticesUndelivered", int(asked), MetricUnit.Count)
            return
        if notice.status in SETTLED:
            self._ledger.handed_over(notice, relay_at)
            return
        message = {"request_id": request_id, "notice_id": notice_id}
        self._queues.send_message(QueueUrl=self._settings.notice_queue_url, MessageBody=json.dumps(message))
        self._ledger.handed_over(notice, relay_at)


def relay_records(records: Iterable[dict[str, Any]], relay: Relay) -> dict[str, list[dict[str, str]]]:
    """Pay what the items of these stream records are owed; a record that fails neither blocks nor loses the others."""
    failed: list[dict[str, str]] = []
    for record in records:
        keys = record["dynamodb"]["Keys"]
        try:
            relay.pay({name: value["S"] for name, value in keys.items()})
        except Exception:  # noqa: BLE001 - one bad record must not hold up the rest; the sweep comes back to it
            logger.exception("relay failed", extra={"code": "relay_failed"})
            failed.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": failed}


class Sweep:
    """Finds what was left undone, whatever the reason, and does it."""

    def __init__(self, ledger: Ledger, relay: Relay, states: Any, settings: WorkflowSettings) -> None:
        self._ledger = ledger
        self._relay = relay
        self._states = states
        self._settings = settings

    def run(self, time_is_up: Callable[[], bool], *, patience: timedelta = timedelta(minutes=1)) -> dict[str, int]:
        """Pay what has been owed for longer than `patience`, end and start runs, until time is up; return counts.

        `open`, `repairs` and `reviews` are how many requests it came by, all and of these two statuses; `left` is 1
        when time was up first, and `failed` how often something went wrong.
        """
        self._time_is_up = time_is_up
        self._failed = 0
        owed = self._pay_owed(patience)
        counts = {"owed": owed, **self._look_after_open_requests(), "failed": self._failed}
        metrics.add_metric(name="RequestsOpen", unit=MetricUnit.Count, value=counts["open"])
        metrics.add_metric(name="RepairsWaiting", unit=MetricUnit.Count, value=counts["repairs"])
        metrics.add_metric(name="ReviewsWaiting", unit=MetricUnit.Count, value=counts["reviews"])
        metrics.add_metric(name="SweepFailures", unit=MetricUnit.Count, value=counts["failed"] + counts["left"])
        return counts

    def _pay_owed(self, patience: timedelta) -> int:
        paid = 0
        for key in self._ledger.owed(self._ledger.clock() - patience):
            paid += self._try("sweep_owed", partial(self._relay.pay, key))
        return paid

    def _look_after_open_requests(self) -> dict[str, int]:
        counts = {"lost_runs": 0, "next_runs": 0, "open": 0, "repairs": 0, "reviews": 0, "left": 0}
        for status in (*SWEPT_FIRST, *sorted(OPEN - set(SWEPT_FIRST))):
            for request in self._ledger.by_status(status):
                if self._time_is_up():
                    return counts | {"left": 1}
                counts["open"] += 1
                counts["repairs"] += status is Status.NEEDS_REPAIR
                counts["reviews"] += status is Status.IN_REVIEW
                counts["lost_runs"] += self._try("sweep_run", partial(self._notice_lost_run, request))
                counts["next_runs"] += self._try("sweep_next", partial(self._start_due_run, request.id))
        return counts

    def _notice_lost_run(self, request: Request) -> bool:
        if request.relay_at is not None or request.ended_run == request.run:
            return False
        # A run that has just been started may not be readable everywhere yet; and while a proof is awaited, a lost run
        # matters only when it should have ended the wait (the rule on failed executions tells of most before).
        waits = 0 if request.status in PROVEN else self._settings.identity_timeout_seconds
        begun, settles = request.run_started_at, RUN_SETTLES + timedelta(seconds=waits)
        if begun is None or parse(begun) + settles > self._ledger.clock() or self._is_live(request):
            return False
        self._ledger.run_ended(request.id, request.run, pause=timedelta(seconds=self._settings.repair_delay_seconds))
        return True

    def _is_live(self, request: Request) -> bool:
        arn = self._settings.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{request.execution}"
        try:
            return bool(self._states.describe_execution(executionArn=arn)["status"] == "RUNNING")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False

    def _start_due_run(self, request_id: str) -> bool:
        request = self._ledger.get(request_id)
        due = request.retry_at is not None and parse(request.retry_at) <= self._ledger.clock()
        if not due or request.ended_run != request.run:
            return False
        started = self._ledger.next_run(request_id, after=request.run)
        self._relay.pay({"PK": f"REQUEST#{request_id}", "SK": "STATE"})
        return started.run > request.run

    def _try(self, code: str, work: Callable[[], bool | None]) -> int:
        try:
            return 0 if work() is False else 1
        except Exception:  # noqa: BLE001 - one request that cannot be helped must not hold up the others
            logger.exception("sweep failed", extra={"code": code})
            self._failed += 1
            return 0
