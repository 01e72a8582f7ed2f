"""What runs in each function's process: AWS's own runtime client, announcing each invocation in the log.

The packager puts this file into every function's archive. The line saves 50 ms a call: MiniStack waits that long for a
function's first line before it believes that there is none.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import InvocationRequest, LambdaRuntimeClient


class AnnouncingClient(LambdaRuntimeClient):  # type: ignore[misc]  # the package has no types
    """The runtime client, writing a line when a call begins."""

    def wait_next_invocation(self) -> InvocationRequest:
        """Wait for the next event and announce it."""
        request: InvocationRequest = super().wait_next_invocation()
        print(f"BEGIN {request.invoke_id}", flush=True)
        self.begun = time.perf_counter()
        return request

    def post_invocation_result(self, *answer: Any, **more: Any) -> None:
        """Hand the answer over, and note how long it took."""
        note(seconds=round(time.perf_counter() - self.begun, 4))
        super().post_invocation_result(*answer, **more)

    def post_invocation_error(self, *error: Any, **more: Any) -> None:
        """Tell of an error, which is paid for like an answer."""
        note(seconds=round(time.perf_counter() - self.begun, 4))
        super().post_invocation_error(*error, **more)


def note(**what: Any) -> None:
    """Write a line of what this function did, while there is a folder for such lines (`local.calls`)."""
    folder = Path(os.environ["LOCAL_WORKERS"]).with_name("calls")
    if folder.is_dir():
        line = {"function": os.environ["AWS_LAMBDA_FUNCTION_NAME"], **what}
        with (folder / str(os.getpid())).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def note_calls() -> None:
    """Note every call of AWS with what it took of a table's capacity, whichever client makes it."""
    boto3.setup_default_session()
    events = boto3._get_default_session().events  # noqa: SLF001 - the session that `boto3.client` uses

    def tell_capacity(params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def called(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        told = parsed.get("ConsumedCapacity") or []
        units = sum(float(one.get("CapacityUnits", 0)) for one in (told if isinstance(told, list) else [told]))
        note(service=model.service_model.service_name, call=model.name, units=units)

    events.register("provide-client-params.dynamodb", tell_capacity)
    events.register("after-call", called)


def register() -> None:
    """Leave the process id, and that of its asker in the nursery, where a test that plays a crash finds them."""
    folder = Path(os.environ["LOCAL_WORKERS"]) / os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(os.getpid())).write_text(os.environ.get("LOCAL_ASKER", ""), encoding="utf-8")


if __name__ == "__main__":
    register()
    note_calls()
    bootstrap.run(os.environ["_HANDLER"], AnnouncingClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))
