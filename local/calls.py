"""What the functions of a local cloud do while somebody counts: invocations, calls of AWS, capacity, states entered."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.cloud import Cloud

_QUIET_SECONDS = 4.0
_PATIENCE_SECONDS = 60.0

BESIDE = frozenset({"Sweep", "Watch", "ExpireRetained", "ExpireRecords"})
"""Functions that run by the clock, whatever anybody asks for."""


@dataclass
class Counted:
    """What was done meanwhile, by the names of the template."""

    invocations: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    """Of each function, wall time on this machine."""
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Service and operation."""
    units: Counter[str] = field(default_factory=Counter)
    """Capacity of DynamoDB: `read` and `write`."""


_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


@contextmanager
def counting(cloud: Cloud) -> Iterator[Counted]:
    """Count what all functions do in here, until they are quiet."""
    folder = cloud.work / "calls"
    folder.mkdir()
    counted = Counted()
    try:
        yield counted
        _wait_until_quiet(cloud)
        names = {physical: name.removesuffix("Function") for name, physical in cloud.resources.items()}
        for line in _lines(cloud):
            function = names.get(line["function"], line["function"])
            if function not in BESIDE:
                _add(counted, function, line)
    finally:
        shutil.rmtree(folder)


def _add(counted: Counted, function: str, line: dict[str, Any]) -> None:
    if "call" not in line:
        counted.invocations[function] += 1
        counted.seconds[function] += line["seconds"]
        return
    counted.calls[line["service"], line["call"]] += 1
    if line["service"] == "dynamodb":
        counted.units["write" if line["call"] in _WRITES else "read"] += line["units"]


def _wait_until_quiet(cloud: Cloud) -> None:
    until, before, since = time.monotonic() + _PATIENCE_SECONDS, -1, time.monotonic()
    while time.monotonic() < until:
        now = sum(file.stat().st_size for file in (cloud.work / "calls").iterdir())
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > _QUIET_SECONDS:
            return
        time.sleep(0.25)


def _lines(cloud: Cloud) -> Iterator[dict[str, Any]]:
    for file in sorted((cloud.work / "calls").iterdir()):
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)


def states_entered(cloud: Cloud, request_id: str) -> Counter[str]:
    """How often each state was entered, over all runs of a request; a try again counts as one more."""
    states = cloud.client("stepfunctions")
    machine = cloud.outputs["StateMachineArn"]
    entered: Counter[str] = Counter()
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    for run in (run for page in pages for run in page["executions"] if run["name"].startswith(request_id)):
        for page in states.get_paginator("get_execution_history").paginate(executionArn=run["executionArn"]):
            entered.update(
                event["stateEnteredEventDetails"]["name"]
                for event in page["events"]
                if event["type"].endswith("StateEntered")
            )
    return entered
