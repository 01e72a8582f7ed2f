"""What we rely on in MiniStack, on a stack of one function: the error names, the waits, and what survives a restart."""

import json
import os
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local import emulator as emulators
from local import stack
from local.emulator import Emulator
from local.processes import LocalCloudError

pytestmark = pytest.mark.local_cloud

HANDLER = textwrap.dedent(
    """
    import os, time
    import boto3

    class BoomError(Exception):
        pass

    def lambda_handler(event, context):
        match event.get("play"):
            case "exception":
                raise BoomError
            case "crash":
                os._exit(3)
            case "timeout":
                time.sleep(30)
        for record in event.get("Records", ()):
            seen = {"PK": {"S": "SEEN"}, "SK": record["dynamodb"]["Keys"]["PK"]}
            boto3.client("dynamodb").put_item(TableName=os.environ["SEEN"], Item=seen)
        return {}
    """
)

DEFINITION = """
QueryLanguage: JSONata
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: "${PlayFunctionArn}", Payload: "{% $states.input %}"}
    TimeoutSeconds: 20
    Next: Wait
  Wait:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke.waitForTaskToken
    Arguments:
      FunctionName: "${PlayFunctionArn}"
      Payload: {play: "{% $states.context.Execution.Input.wait %}", token: "{% $states.context.Task.Token %}"}
    TimeoutSeconds: "{% $states.context.Execution.Input.seconds %}"
    End: true
"""

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  PlayFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: play.app.lambda_handler
      Runtime: python3.13
      CodeUri: functions/
      Timeout: 2
      Environment: {Variables: {SEEN: !Ref SeenTable}}
      Events:
        Doorbell:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.yaml
      DefinitionSubstitutions: {PlayFunctionArn: !GetAtt PlayFunction.Arn}
      Role: arn:aws:iam::000000000000:role/play
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}, {AttributeName: SK, AttributeType: S}]
      KeySchema: [{AttributeName: PK, KeyType: HASH}, {AttributeName: SK, KeyType: RANGE}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
  SeenTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}, {AttributeName: SK, AttributeType: S}]
      KeySchema: [{AttributeName: PK, KeyType: HASH}, {AttributeName: SK, KeyType: RANGE}]
Outputs:
  Machine: {Value: !Ref Machine}
  Table: {Value: !Ref Table}
  Seen: {Value: !Ref SeenTable}
"""


@contextmanager
def played(folder: Path, state: Path | None = None) -> Iterator[tuple[Emulator, dict[str, str]]]:
    (folder / "functions" / "play").mkdir(parents=True, exist_ok=True)
    (folder / "functions" / "rights").mkdir(exist_ok=True)
    (folder / "functions" / "play" / "app.py").write_text(HANDLER)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "machine.asl.yaml").write_text(DEFINITION)
    emulator = emulators.start(folder, state=state)
    try:
        emulator.wait_ready()
        yield emulator, stack.deploy_sam(emulator, folder / "template.yaml", "play", {}, folder / "functions")
    finally:
        emulator.child.stop()


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    with played(tmp_path_factory.mktemp("play")) as (emulator, outputs):
        states = emulator.client("stepfunctions")

        def run(**given: object) -> dict[str, Any]:
            started = states.start_execution(stateMachineArn=outputs["Machine"], input=json.dumps(given))
            return eventually(lambda: _ended(states.describe_execution(executionArn=started["executionArn"])))

        yield run


def _ended(execution: dict[str, Any]) -> dict[str, Any] | None:
    return None if execution["status"] == "RUNNING" else execution


def eventually(look: Callable[[], dict[str, Any] | None], seconds: float = 20) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (found := look()) is not None:
            return found
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize(
    ("play_", "name"),
    [("exception", "BoomError"), ("crash", "Runtime.ExitError"), ("timeout", "Sandbox.Timedout")],
)
def test_a_failing_function_reaches_the_state_machine_under_the_name_lambda_gives(
    play: Callable[..., dict[str, Any]], play_: str, name: str
) -> None:
    assert play(play=play_)["error"] == name


def test_a_wait_ends_when_its_expression_says(play: Callable[..., dict[str, Any]]) -> None:
    started = time.monotonic()
    assert play(wait="", seconds=1)["error"] == "States.Timeout"
    assert time.monotonic() - started < 10


def test_a_wait_that_could_not_begin_fails_at_once_under_its_own_name(play: Callable[..., dict[str, Any]]) -> None:
    assert play(wait="exception", seconds=60)["error"] == "BoomError"


def test_a_kept_state_goes_on_where_it_was(tmp_path: Path) -> None:
    def ring(emulator: Emulator, outputs: dict[str, str], name: str) -> None:
        dynamodb, seen = emulator.client("dynamodb"), {"PK": {"S": "SEEN"}, "SK": {"S": name}}
        dynamodb.put_item(TableName=outputs["Table"], Item={"PK": {"S": name}, "SK": {"S": "x"}})
        eventually(lambda: dynamodb.get_item(TableName=outputs["Seen"], Key=seen).get("Item"))

    with played(tmp_path, tmp_path / "state") as (emulator, outputs):
        ring(emulator, outputs, "before")
        emulator.client("s3").put_object(Bucket=stack.ARTEFACTS, Key="kept", Body=b"bytes")
    with played(tmp_path, tmp_path / "state") as (emulator, again):
        assert again == outputs
        key = {"PK": {"S": "before"}, "SK": {"S": "x"}}
        assert "Item" in emulator.client("dynamodb").get_item(TableName=outputs["Table"], Key=key)
        assert emulator.client("s3").get_object(Bucket=stack.ARTEFACTS, Key="kept")["Body"].read() == b"bytes"
        ring(emulator, outputs, "after")


def test_a_stack_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with played(tmp_path) as (emulator, _):
        refused = {"Resources": {"Odd": {"Type": "AWS::Nothing::AtAll"}}}
        with pytest.raises(LocalCloudError, match=r"refused.*AWS::Nothing::AtAll"):
            stack.deploy(emulator, refused, "refused", {})
        machine = {
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "DefinitionS3Location": {"Bucket": stack.ARTEFACTS, "Key": "nothing"},
        }
        failing = {"Resources": {"Odd": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}}
        with pytest.raises(LocalCloudError, match=r"failing ended as .*Odd \(AWS::StepFunctions::StateMachine\)"):
            stack.deploy(emulator, failing, "failing", {})


def test_stopping_leaves_no_function_process_behind(tmp_path: Path) -> None:
    with played(tmp_path) as (emulator, outputs):
        emulator.client("dynamodb").put_item(TableName=outputs["Table"], Item={"PK": {"S": "a"}, "SK": {"S": "x"}})
        pids = eventually(lambda: {"pids": found} if (found := _workers(tmp_path)) else None)["pids"]
    assert pids
    eventually(lambda: None if any(_alive(pid) for pid in pids) else {})


def _workers(folder: Path) -> list[int]:
    return [int(path.name) for path in (folder / "workers").glob("*/*")]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A process that nobody has waited for yet still has its number.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
