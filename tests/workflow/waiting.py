"""Waiting for something to become so: no test sleeps for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, *, seconds: float = 300.0, most: float = 1.0) -> T:
    """What `look` finds as soon as that is true; fails when nothing is found in a time no busy machine needs.

    The pauses between looks grow up to `most`: who looks all the time slows down what is waited for.
    """
    until, pause = time.monotonic() + seconds, 0.1
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            message = f"within {seconds:.0f} s there was no {what}"
            raise AssertionError(message)
        time.sleep(min(pause, most))
        pause *= 1.3
