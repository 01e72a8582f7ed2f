"""Conditional writes to DynamoDB: item by item, several at a time, no faster than the table's owner allows.

Single writes, not transactions: a transaction takes twice the capacity of the shop's table, and one that meets a write
of the shop's own makes that write fail. Not BatchWriteItem either, which knows no conditions.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from rights.stores.roles import aws_error

_AT_ONCE = 8

_ONE = TypeVar("_ONE")


class Pace:
    """Lets through what takes no more than so many units of write capacity a second; without a number, everything."""

    def __init__(
        self,
        units_a_second: float | None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._units_a_second = units_a_second
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = now()

    @property
    def is_limited(self) -> bool:
        """True when somebody set a limit, so that what a write took has to be told."""
        return self._units_a_second is not None

    def wait(self) -> None:
        """Return when there is room for one unit, which is then taken."""
        if pause := self._take(1.0):
            self._sleep(pause)

    def took(self, units: float) -> None:
        """A write took so many units in all; whoever comes next waits for those beyond the first."""
        self._take(units - 1.0)

    def _take(self, units: float) -> float:
        if self._units_a_second is None:
            return 0.0
        with self._lock:
            now = self._now()
            begin = max(self._free_at, now)
            self._free_at = begin + max(units, 0.0) / self._units_a_second
            return begin - now


def change(call: Callable[..., Any], request: dict[str, Any], pace: Pace) -> bool:
    """Make one conditional call; tell whether the item was as the condition wants it, and is now changed."""
    pace.wait()
    told = {"ReturnConsumedCapacity": "TOTAL"} if pace.is_limited else {}
    try:
        answer = call(**request, **told)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise aws_error(error) from None
        return False
    except BotoCoreError as error:
        raise aws_error(error) from None
    pace.took(float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", 1.0)))
    return True


def each(do: Callable[[_ONE], object], those: Iterable[_ONE]) -> None:
    """Do it with each of those, several at a time. The first failure is raised, and what has not begun is left."""
    with ThreadPoolExecutor(_AT_ONCE) as writers:
        try:
            for _ in writers.map(do, those):
                pass
        except BaseException:
            writers.shutdown(wait=False, cancel_futures=True)
            raise
