"""Whole requests: small people, 100 access and 100 deletion requests through the public API of the local cloud.

Each is played as a person would: the form, the code read from the mailbox, and waiting until it is completed; many are
in flight at once. The floor is the emulator's own: the same number of runs of a state machine that enters as many
states and calls an empty function as often as a request does (`docs/costs.json`), which is what a request would take if
our functions did nothing. `BENCH_REQUESTS` sets another number than 100.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local import stack
from local.bench.measure import Measured, Row
from local.cloud import ROOT, Cloud, Options, running
from local.journey import GOOD_ENDS, Filed, Visitor
from local.mall import Person, is_child

NUMBER = int(os.environ.get("BENCH_REQUESTS", "100"))
_AT_ONCE = 25
_PATIENCE_SECONDS = 1800.0
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
    with running(Options(port=0, population=max(400, 4 * NUMBER), cooling_off_seconds=1)) as cloud:
        people = iter(_ordinary(cloud))
        # Both once before, so that no function is started while the clock runs.
        for right in _OPEN_SYSTEM:
            _all(cloud, right, [next(people)])
        machine = _machine(cloud)
        for right, theirs in _OPEN_SYSTEM.items():
            chosen = [next(people) for _ in range(NUMBER)]
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
    return [person for person in whole if not is_child(cloud.mall, person)]


def _all(cloud: Cloud, right: str, people: Sequence[Person]) -> None:
    visitor = Visitor(cloud.base_url, cloud.mailbox, patience=300)
    try:
        with ThreadPoolExecutor(_AT_ONCE) as crowd:
            filed = list(crowd.map(lambda person: _prove(visitor, right, person), people))
        _wait_for_all(cloud, {one.request_id for one in filed})
    finally:
        visitor.close()


def _prove(visitor: Visitor, right: str, person: Person) -> Filed:
    before = visitor.messages(person.phone)
    filed = visitor.ask(right, person.phone)
    visitor.enter_code(filed, visitor.read_code(filed, before, 300.0)).raise_for_status()
    return filed


def _wait_for_all(cloud: Cloud, waiting: set[str]) -> None:
    """Look into the ledger past the functions: asking for each status would be load of our own making."""
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["LedgerTableName"]
    until = time.monotonic() + _PATIENCE_SECONDS
    while waiting and time.monotonic() < until:
        for request_id in sorted(waiting):
            key = {"PK": {"S": f"REQUEST#{request_id}"}, "SK": {"S": "STATE"}}
            if dynamodb.get_item(TableName=table, Key=key)["Item"]["status"]["S"] not in GOOD_ENDS:
                break
            waiting.discard(request_id)
        time.sleep(0.25)
    if waiting:
        message = f"{len(waiting)} requests are not completed after {_PATIENCE_SECONDS:.0f} s"
        raise TimeoutError(message)


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
    until = time.monotonic() + _PATIENCE_SECONDS
    while runs and time.monotonic() < until:
        if states.describe_execution(executionArn=runs[0])["status"] == "RUNNING":
            time.sleep(0.25)
            continue
        runs.pop(0)
