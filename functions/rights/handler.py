"""What every handler does around its one call: bind the log keys, and let no foreign exception text out.

An exception that leaves a Lambda is written to its log and to the history of the execution, text and all. Ours carry no
personal data; of any other only the type and the place get out.
"""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rights.errors import AwsUnavailableError, RightsError, UnexpectedError
from rights.telemetry import logger, metrics

_WORTH_RETRYING = frozenset(
    {
        "DependencyTimeoutException",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

Handler = Callable[[dict[str, Any], Any], Any]


def guarded(handler: Handler) -> Handler:
    """Make a Lambda handler discreet: its errors say what and where, never about whom."""

    @wraps(handler)
    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def wrapped(event: dict[str, Any], context: Any) -> Any:
        try:
            return handler(event, context)
        except RightsError as error:
            logger.exception("step failed")
            known = _known(error)
            if known is type(error):
                raise
            raise known(str(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not get out
            logger.exception("step failed")
            raise _stripped(error) from None

    return wrapped


def _known(error: RightsError) -> type[RightsError]:
    """The error of `rights.errors` that this is: the state machine goes by exact names, and knows no others."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ == RightsError.__module__)


def _stripped(error: Exception) -> RightsError:
    frames = traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__} at {frames[-1].name}:{frames[-1].lineno}" if frames else type(error).__name__
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        return (AwsUnavailableError if code in _WORTH_RETRYING else UnexpectedError)(f"{code} {text}")
    if isinstance(error, BotoCoreError):
        return AwsUnavailableError(text)
    return UnexpectedError(text)
