"""Whole requests: small people, 100 access and 100 deletion requests through the public API of the local cloud.

Each is played as a person would: the form, the code read from the mailbox, and waiting until it is completed; as many
as `BENCH_AT_ONCE` are in flight. As many again were played before, so that no function is started while the clock runs.
People of whom the mall holds what somebody must look at first are left out. The floor is the emulator's own: the same
number of runs of a state machine that enters as many states and calls an empty function as often as a request does
(`docs/costs.json`), which is what a request would take if our functions did nothing. `BENCH_REQUESTS` sets another
number than 100.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from local import stack
from local.bench.measure import Measured, Row
from local.cloud import ROOT, Cloud, Options, running
from local.journey import GOOD_ENDS, Visitor
from local.mall import Person, expected_access, is_child

NUMBER = int(os.environ.get("BENCH_REQUESTS", "100"))
_AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "12"))
_PATIENCE_SECONDS = 300.0
_OPEN_SYSTEM = {"access": 145, "deletion": 75}
"""What the best-known open system does in a minute on two such cores."""

_FLOOR = """
Transform: AWS::Serverless-2016-10-31
Resources:
  NothingFunction:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, CodeUri: functions/, Handler: nothing.app.lambda_handler}
  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]
Outputs:
  FunctionName: {Value: !Ref NothingFunction}
  RoleArn: {Value: !GetAtt MachineRole.Arn}
"""


def rows() -> Iterator[Row]:
    """Requests a minute of both rights, each beside the floor of the same cloud."""
    with running(Options(port=0, population=4 * (NUMBER + _AT_ONCE) + 200, cooling_off_seconds=1)) as cloud:
        people = iter(_ordinary(cloud))
        for right in _OPEN_SYSTEM:
            _all(cloud, right, list(islice(people, _AT_ONCE)))
        machine = _machine(cloud)
        for right, theirs in _OPEN_SYSTEM.items():
            chosen = list(islice(people, NUMBER))
            load = os.getloadavg()[0]
            seconds = _timed(_all, cloud, right, chosen)
            floor = _timed(_floor, cloud, machine, right)
            speed = f"{60 * NUMBER / seconds:.0f} a minute, load {load:.1f} before"
            what = f"whole {right} requests ({speed}; floor: empty functions)"
            promised = f"at least {2 * theirs} a minute"
            yield Row(what, NUMBER, "requests", _wall(seconds), _wall(floor), promised)


def _wall(seconds: float) -> Measured:
    return Measured(None, seconds, float("nan"))


def _timed(work: Callable[..., object], *arguments: Any) -> float:
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def _ordinary(cloud: Cloud) -> list[Person]:
    whole = (person for person in cloud.mall.people if person.account_id and person.phone and not person.special)
    return [
        person
        for person in whole
        if not is_child(cloud.mall, person) and not expected_access(cloud.mall, person)["support"].found
    ]


def _all(cloud: Cloud, right: str, people: Sequence[Person]) -> None:
    visitor = Visitor(cloud.base_url, cloud.mailbox, patience=300)
    try:
        with ThreadPoolExecutor(_AT_ONCE) as crowd:
            list(crowd.map(lambda person: _play(cloud, visitor, right, person), people))
    finally:
        visitor.close()


def _play(cloud: Cloud, visitor: Visitor, right: str, person: Person) -> None:
    """One request to its end, which is looked for past the functions: asking for the status would be our own load."""
    before = visitor.messages(person.phone)
    filed = visitor.ask(right, person.phone)
    visitor.enter_code(filed, visitor.read_code(filed, before, 300.0)).raise_for_status()
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["LedgerTableName"]
    key = {"PK": {"S": f"REQUEST#{filed.request_id}"}, "SK": {"S": "STATE"}}
    until = time.monotonic() + _PATIENCE_SECONDS
    while (status := dynamodb.get_item(TableName=table, Key=key)["Item"]["status"]["S"]) not in GOOD_ENDS:
        if time.monotonic() > until or status == "in_review":
            message = f"a request of {right} is {status}"
            raise TimeoutError(message)
        time.sleep(0.5)


def _machine(cloud: Cloud) -> dict[str, str]:
    """The floor's state machines by right: as many tasks as a request invokes functions, and as many states beside."""
    folder = cloud.work / "floor"
    (folder / "functions" / "nothing").mkdir(parents=True)
    (folder / "functions" / "rights").mkdir()
    (folder / "functions" / "nothing" / "app.py").write_text("def lambda_handler(event, context):\n    return {}\n")
    (folder / "template.yaml").write_text(_FLOOR)
    outputs = stack.deploy_sam(cloud.emulator, folder / "template.yaml", "floor", {}, folder / "functions")
    counts = json.loads((ROOT / "docs" / "costs.json").read_text("utf-8"))
    return {
        right: cloud.client("stepfunctions").create_state_machine(
            name=f"floor-{right}",
            definition=json.dumps(_definition(outputs["FunctionName"], counts[right])),
            roleArn=outputs["RoleArn"],
        )["stateMachineArn"]
        for right in _OPEN_SYSTEM
    }


def _definition(function: str, counts: dict[str, Any]) -> dict[str, Any]:
    tasks = sum(counts["invocations"].values())
    passes = max(sum(counts["states"].values()) - tasks, 0)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {}},
        "ResultPath": None,
    }
    steps = [call] * tasks + [{"Type": "Pass"}] * passes
    states = {
        f"S{n}": step | ({"Next": f"S{n + 1}"} if n + 1 < len(steps) else {"End": True}) for n, step in enumerate(steps)
    }
    return {"StartAt": "S0", "States": states}


def _floor(cloud: Cloud, machines: dict[str, str], right: str) -> None:
    states = cloud.client("stepfunctions")
    runs = [states.start_execution(stateMachineArn=machines[right], input="{}")["executionArn"] for _ in range(NUMBER)]
    until = time.monotonic() + 4 * _PATIENCE_SECONDS
    while runs and time.monotonic() < until:
        if states.describe_execution(executionArn=runs[0])["status"] == "RUNNING":
            time.sleep(0.25)
            continue
        runs.pop(0)
