"""A bare MiniStack for tests that need its tables and keys but no stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import emulator
from local.emulator import Emulator


@contextmanager
def running_emulator(work: Path) -> Iterator[Emulator]:
    """Start MiniStack, and end it with all its children."""
    running = emulator.start(work)
    try:
        running.wait_ready()
        yield running
    finally:
        running.child.stop()
