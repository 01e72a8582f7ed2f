"""Start MiniStack with eight corrections, each a difference from AWS that would hide or delay something of ours.

They touch names inside MiniStack, which is pinned; a version without those names fails at the start, and one with the
correction built in makes the lines superfluous.
"""
# ruff: noqa: SLF001 - corrections of MiniStack are inside it

import contextvars
import json
import os
import socketserver
import threading
from typing import Any

from ministack.app import main
from ministack.services import apigateway_v1, lambda_svc, stepfunctions

_waiting_token: contextvars.ContextVar[str | None] = contextvars.ContextVar("waiting_token", default=None)


def send_small_answers_at_once() -> None:
    """The runtime API answers in two packets; with Nagle's algorithm the second waits 40 ms for an acknowledgement."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def evaluate_timeouts() -> None:
    """AWS evaluates a JSONata expression in `TimeoutSeconds`; MiniStack takes the text for a number."""
    execute = stepfunctions._execute_task

    def execute_task(state: dict[str, Any], raw_input: object, execution: object, context: dict[str, Any]) -> object:
        timeout = state.get("TimeoutSeconds")
        if isinstance(timeout, str) and timeout.startswith("{%") and timeout.endswith("%}"):
            seconds = stepfunctions._evaluate_jsonata(timeout[2:-2].strip(), raw_input, context)
            state = {**state, "TimeoutSeconds": seconds}
        return execute(state, raw_input, execution, context)

    stepfunctions._execute_task = execute_task


def fail_waits_that_could_not_start() -> None:
    """A function that fails while it registers a task token fails the task on AWS; MiniStack waits for the timeout."""
    invoke_with_callback, call_lambda = stepfunctions._invoke_with_callback, stepfunctions._call_lambda

    def invoke(resource: str, arguments: object, token: str, state: dict[str, Any]) -> object:
        reset = _waiting_token.set(token)
        try:
            return invoke_with_callback(resource, arguments, token, state)
        finally:
            _waiting_token.reset(reset)

    def call(function: str, event: object) -> object:
        try:
            return call_lambda(function, event)
        except stepfunctions._ExecutionError as error:
            wait = stepfunctions._task_tokens.get(_waiting_token.get())
            if wait is not None:
                wait["error"] = {"Error": error.error, "Cause": error.cause}
                wait["event"].set()
            raise

    stepfunctions._invoke_with_callback, stepfunctions._call_lambda = invoke, call


def refuse_answers_to_ended_runs() -> None:
    """With its run a task token ends on AWS; MiniStack accepts an answer to it, which nobody then ever hears of."""
    execute, invoke_with_callback = stepfunctions._execute_task, stepfunctions._invoke_with_callback
    succeed = stepfunctions._send_task_success
    run_of_thread: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("run", default=None)
    run_of_token: dict[str, dict[str, Any] | None] = {}

    def execute_task(state: object, raw_input: object, execution: dict[str, Any], context: object) -> object:
        run_of_thread.set(execution)
        return execute(state, raw_input, execution, context)

    def invoke(resource: str, arguments: object, token: str, state: object) -> object:
        run_of_token[token] = run_of_thread.get()
        try:
            return invoke_with_callback(resource, arguments, token, state)
        finally:
            del run_of_token[token]

    def send_task_success(data: dict[str, Any]) -> object:
        run = run_of_token.get(data.get("taskToken", ""))
        if run is not None and run["status"] != "RUNNING":
            return stepfunctions.error_response_json("TaskTimedOut", "The run of this task has ended", 400)
        return succeed(data)

    stepfunctions._execute_task, stepfunctions._invoke_with_callback = execute_task, invoke
    stepfunctions._send_task_success = send_task_success


def read_kept_streams_from_the_start() -> None:
    """Over a restart MiniStack keeps how far a stream was read, but not its records: the next ones would be skipped."""
    restore = lambda_svc._restore_esm_positions

    def restore_positions(store: object, positions: object) -> None:
        if store is not lambda_svc._dynamodb_stream_positions:
            restore(store, positions)

    lambda_svc._restore_esm_positions = restore_positions


def show_the_states_inside_maps() -> None:
    """On AWS the history of a run has the states that the items of its maps entered; MiniStack leaves them out."""
    run_sub_machine = stepfunctions._run_sub_machine

    class Entered(dict[str, Any]):
        """States that note in the history of a run when one of them is taken up."""

        execution: dict[str, Any]

        def get(self, name: str, default: Any = None) -> Any:
            state = super().get(name, default)
            if state is not None:
                entered = {"stateEnteredEventDetails": {"name": name}}
                stepfunctions._add_event(self.execution, f"{state['Type']}StateEntered", entered)
            return state

    def run(states: dict[str, Any], start: str, given: object, execution: dict[str, Any], context: object) -> object:
        noting = Entered(states)
        noting.execution = execution
        return run_sub_machine(noting, start, given, execution, context)

    stepfunctions._run_sub_machine = run


def wait_for_a_free_process() -> None:
    """AWS has a thousand environments to start; here a crowd of new processes would only take each other's time.

    A function never waits for itself, so that a call that waits for a free process of its function gets one.
    """
    most = max(4, 2 * (os.cpu_count() or 1))
    acquire, release = lambda_svc.acquire_worker, lambda_svc.release_worker
    freed = threading.Condition()

    def acquire_worker(*function: Any, **more: Any) -> tuple[Any, str]:
        with freed:
            while True:
                worker, how = acquire(*function, **more | {"max_concurrency": most})
                if worker is not None:
                    return worker, how
                freed.wait(1)

    def release_worker(worker: Any) -> None:
        release(worker)
        with freed:
            freed.notify_all()

    lambda_svc.acquire_worker, lambda_svc.release_worker = acquire_worker, release_worker


def count_against_the_key_that_the_authorizer_names() -> None:
    """With `ApiKeySourceType: AUTHORIZER` AWS takes the key from the authoriser's answer, MiniStack from the caller.

    Every method of ours that wants a key has an authoriser, which is asked just before.
    """
    invoke, check = apigateway_v1._invoke_authorizer_lambda, apigateway_v1._check_api_key
    named: contextvars.ContextVar[str] = contextvars.ContextVar("named", default="")

    async def invoke_authorizer(*given: Any) -> Any:
        result = await invoke(*given)
        body = (result or {}).get("body")
        answer = json.loads(body) if isinstance(body, str | bytes) and body else body
        named.set(str((answer or {}).get("usageIdentifierKey", "")))
        return result

    def check_api_key(method: object, api_id: str, stage: str, headers: dict[str, Any]) -> Any:
        return check(method, api_id, stage, headers | {"x-api-key": named.get()})

    apigateway_v1._invoke_authorizer_lambda, apigateway_v1._check_api_key = invoke_authorizer, check_api_key


if __name__ == "__main__":
    wait_for_a_free_process()
    count_against_the_key_that_the_authorizer_names()
    show_the_states_inside_maps()
    send_small_answers_at_once()
    evaluate_timeouts()
    fail_waits_that_could_not_start()
    refuse_answers_to_ended_runs()
    read_kept_streams_from_the_start()
    main()
