"""Step Functions compares class names: the ones in the definition are the ones in the code."""

import re
from collections.abc import Iterator

import pytest

from rights import errors
from rights.asking import _error_of
from rights.errors import FatalError, RetryableError, RightsError
from tests.support.machine import states

OF_AWS = {
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException", "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "States.ALL",
    "States.Timeout",
}  # fmt: skip


def leaves(root: type[RightsError]) -> set[type[RightsError]]:
    # What is more particular elsewhere leaves its function under the name of the one here (`rights.handler`).
    below = [error for error in root.__subclasses__() if error.__module__ == errors.__name__]
    return {root} if not below else {leaf for sub in below for leaf in leaves(sub)}


def named(*fields: str) -> Iterator[set[str]]:
    for state in states().values():
        for field in fields:
            for block in state.get(field, ()):
                yield set(block["ErrorEquals"])


def test_every_error_worth_retrying_is_retried_and_no_other_of_ours() -> None:
    for names in named("Retry"):
        assert names - OF_AWS == {leaf.__name__ for leaf in leaves(RetryableError)}


def test_every_other_name_is_one_that_aws_gives() -> None:
    for names in named("Retry", "Catch"):
        assert all(hasattr(errors, name) for name in names - OF_AWS)


def test_an_error_is_either_worth_retrying_or_not() -> None:
    for leaf in leaves(RightsError) - {errors.IdempotencyConflictError}:
        assert issubclass(leaf, RetryableError) != issubclass(leaf, FatalError)


def test_the_docstring_shows_the_whole_tree() -> None:
    shown = set(re.findall(r"\w+Error\b", errors.__doc__ or ""))
    assert shown == {name for name, value in vars(errors).items() if isinstance(value, type)}


def test_every_error_says_what_it_means_and_is_named_like_one() -> None:
    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert name.endswith("Error")
            assert value.__doc__


@pytest.mark.parametrize("name", ["StoreUnavailableError", "AwsUnavailableError"])
def test_what_a_store_reports_as_worth_retrying_stays_so_when_another_function_asked(name: str) -> None:
    assert issubclass(_error_of(name), RetryableError)


def test_what_lambda_reports_of_a_lost_process_is_worth_retrying() -> None:
    assert issubclass(_error_of("Runtime.ExitError"), RetryableError)
    assert issubclass(_error_of("Sandbox.Timedout"), RetryableError)
