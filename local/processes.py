"""Child processes that never outlive us, and the ports they listen on."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
_CHILD = Path(__file__).with_name("child.py")
_PATIENCE_SECONDS = 15.0


class LocalCloudError(Exception):
    """The local cloud cannot start or has broken; the message is for the person at the keyboard."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(port: int) -> None:
    """Raise a `LocalCloudError` that says what to do when the public port is taken."""
    if not is_free(port):
        message = (
            f"port {port} on {LOOPBACK} is taken by another program; stop it, or choose another: make run PORT=8010"
        )
        raise LocalCloudError(message)


@dataclass(frozen=True)
class Child:
    """A running child in its own process group, so that its children can be ended with it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ask_to_stop: signal.Signals = signal.SIGTERM
    patience: float = _PATIENCE_SECONDS
    """How long it may take to stop, in seconds."""

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def require_alive(self) -> None:
        """Raise a `LocalCloudError` with the end of the log when the process has ended."""
        if not self.is_alive():
            message = f"{self.name} ended with code {self.process.returncode}; the end of its log:\n{self.log_tail()}"
            raise LocalCloudError(message)

    def log_tail(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """Ask politely, wait, then end the whole group."""
        try:
            if self.is_alive():
                self.process.send_signal(self.ask_to_stop)
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # Also after an impatient second Ctrl-C.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    ids: tuple[int, int] = (-1, -1),
    ask_to_stop: signal.Signals = signal.SIGTERM,
    patience: float = _PATIENCE_SECONDS,
    cwd: Path | None = None,
) -> Child:
    """Start a program in its own group, tied to our life, its output in `log`.

    Call it from the main thread: the kernel takes the death of the starting thread for the death of the parent.
    """
    wrapped = [sys.executable, "-I", "-S", str(_CHILD), str(int(ask_to_stop)), f"{ids[0]}:{ids[1]}", *map(str, command)]
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    return Child(name, process, log, ask_to_stop, patience)
