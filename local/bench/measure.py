"""Measure a function in a process of its own: how long it took, and the most memory that the process ever held."""

import multiprocessing
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what it returned, seconds of wall time, and peak resident memory in MB."""

    answer: Any
    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was done to how much, how fast, and how that compares to a floor of the same run."""

    what: str
    amount: int
    unit: str
    ours: Measured
    floor: Measured | None = None
    bound: str = ""
    """What the project promises, in words."""

    @property
    def per_second(self) -> float:
        """How much of it a second took."""
        return self.amount / self.ours.seconds

    @property
    def ratio(self) -> float | None:
        """Our time as a multiple of the floor's."""
        return self.ours.seconds / self.floor.seconds if self.floor else None


def measured(work: Callable[..., Any], *arguments: Any, setup: Callable[..., Any] | None = None) -> Measured:
    """Run `work(*arguments)` in a fresh process, after `setup(*arguments)` there, which is not timed.

    `work` is a module-level function. Memory is that of the whole process, imports included.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments, setup))
    process.start()
    theirs.close()
    try:
        answer: Measured | str = ours.recv()
    except EOFError:
        answer = "the process ended without an answer"
    process.join()
    match answer:
        case Measured():
            return answer
        case _:
            raise RuntimeError(answer)


def _run(pipe: Any, work: Callable[..., Any], arguments: tuple[Any, ...], setup: Callable[..., Any] | None) -> None:
    try:
        if setup is not None:
            setup(*arguments)
        begun = time.perf_counter()
        answer = work(*arguments)
        seconds = time.perf_counter() - begun
        pipe.send(Measured(answer, seconds, peak_mb()))
    except Exception as error:  # noqa: BLE001 - told to the parent in words
        pipe.send(f"{type(error).__name__}: {error}")


def peak_mb() -> float:
    """The most resident memory that this process ever held, in MB (of 1,000,000 bytes).

    Not `getrusage`, whose figure a new process inherits from the one that started it.
    """
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else float("nan")
