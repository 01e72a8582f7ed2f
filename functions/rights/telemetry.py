"""Logs and metrics without personal data.

Only keys on the allow-list reach a log line, and of an exception only its type and where it was raised: the message of
a foreign exception may quote the very row that caused it.
"""

import traceback
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

ALLOWED_KEYS = frozenset(
    {
        # Powertools' own
        "level", "location", "message", "timestamp", "service", "cold_start", "function_name", "function_memory_size",
        "function_arn", "function_request_id", "correlation_id", "exception", "exception_name", "xray_trace_id",
        # ours: ids of ours, enums, counts and dates
        "request_id", "run", "store", "collection", "step", "status", "right", "code", "count", "left", "kind",
        "notice_id", "channel", "error", "attempt", "route", "method", "http_status", "execution", "version", "seconds",
    }
)  # fmt: skip

__all__ = ["MetricUnit", "count_of", "logger", "metrics"]


class _Discreet(LambdaPowertoolsFormatter):
    """Drops what is not on the allow-list, and every exception message."""

    def serialize(self, log: Any) -> str:
        return super().serialize({name: value for name, value in log.items() if name in ALLOWED_KEYS})

    def formatException(  # noqa: N802 - the standard library's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        frames = traceback.extract_tb(ei[2])
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
        return f"{ei[0].__name__ if ei[0] else 'error'} at {where}"


# Most invocations have nothing to count, and that is nothing to warn about.
warnings.filterwarnings("ignore", message="No application metrics to publish", category=UserWarning)

logger = Logger(logger_formatter=_Discreet(), log_uncaught_exceptions=False)
metrics = Metrics()


def count_of(subject: str, name: str, value: float, unit: MetricUnit, by: Mapping[str, str] = {}) -> None:
    """Count something that several functions do, at once and apart from what else this invocation counts.

    `subject` (`requests`, `notices`) is the dimension `service`, where else the function's own name is; `by` are
    further dimensions. Their values are words of ours from a short list, never ids: each is a metric for itself.
    """
    told = EphemeralMetrics(service=subject)
    told.add_metric(name=name, unit=unit, value=value)
    for dimension, word in by.items():
        told.add_dimension(name=dimension, value=word)
    told.flush_metrics()
