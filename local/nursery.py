"""Where the local cloud's function processes are born: a process that has the libraries imported, and forks.

Half of what a function needs to start is importing boto3, pydantic and their like, which every function here does
anew. This program does it once. Each function's bootstrap (`main` of this file with `--ask`) sends its environment,
its folder and its output over a socket, and stays as the process that MiniStack knows: it ends as its function ends,
and with it. Our own code is not imported here: each function has what its own archive holds, and nothing else.

What would be missing in Lambda is kept away: `awscrt` and pyOpenSSL are here for other programs' sake only, and
botocore would use them.
"""

import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ADDRESS = "LOCAL_NURSERY"
"""The environment variable with the address of the socket."""
ASKER = "LOCAL_ASKER"
"""The environment variable in which a function finds the id of the process that MiniStack knows as it."""
_LENGTH = struct.Struct("!I")
_NOT_IN_LAMBDA = ("awscrt", "OpenSSL")
_LIBRARIES = (
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.data_classes",
    "boto3.s3.transfer",
    "botocore.retries.standard",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.x509",
    "jinja2",
    "orjson",
    "psycopg",
    "pydantic.fields",
    "pydantic.functional_validators",
    "pydantic.main",
    "pydantic.networks",
    "pydantic.type_adapter",
    "pydantic.types",
    "pydantic_core.core_schema",
    "yaml",
)
_SERVICES = ("dynamodb", "kms", "s3", "secretsmanager", "sqs", "stepfunctions", "lambda", "sts")


class Nursery:
    """Forks functions, tells each one's end to whom it was born for, and ends those whose asker has gone."""

    def __init__(self, address: Path) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(128)
        self._askers: dict[int, socket.socket] = {}
        self._wakeup, woken = socket.socketpair()
        for end in (self._wakeup, woken):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken.fileno())
        self._woken = woken

    def serve(self) -> None:
        """Serve until this process is ended."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._tell_ends)
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _accept(self) -> None:
        asker, _ = self._listener.accept()
        with suppress(OSError, ValueError):
            asked, outputs = _receive(asker)
            child = os.fork()
            if child == 0:
                self._forget_everything()
                become(asked, outputs, keep=asker)
            for output in outputs:
                os.close(output)
            self._askers[child] = asker
            self._selector.register(asker, selectors.EVENT_READ, lambda: self._asker_gone(child))
            return
        asker.close()

    def _forget_everything(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._listener, self._wakeup, self._woken, *self._askers.values()):
            one.close()

    def _asker_gone(self, child: int) -> None:
        """MiniStack ended the bootstrap, at a timeout or its own end: the function ends with it, frozen or not."""
        self._selector.unregister(self._askers[child])
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    def _tell_ends(self) -> None:
        with suppress(BlockingIOError):
            self._wakeup.recv(4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                child, status = ended
                asker = self._askers.pop(child)
                with suppress(KeyError):
                    self._selector.unregister(asker)
                with suppress(OSError):
                    asker.sendall(_LENGTH.pack(status))
                asker.close()


def _receive(asker: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What is asked for, and the file descriptors of standard output and error."""
    head, outputs, _, _ = socket.recv_fds(asker, _LENGTH.size, 2)
    (length,) = _LENGTH.unpack(head)
    body = b""
    while len(body) < length:
        more = asker.recv(length - len(body))
        if not more:
            message = "the asker went away"
            raise ValueError(message)
        body += more
    return json.loads(body), outputs


def become(asked: dict[str, Any], outputs: list[int], keep: socket.socket) -> None:
    """Be the function that was asked for, until it ends; never returns."""
    keep.close()
    code = 1
    try:
        _end_with_parent()
        for output, place in zip(outputs, (1, 2), strict=True):
            os.dup2(output, place)
            os.close(output)
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        script = asked["script"]
        sys.argv = [script]
        sys.path.insert(0, str(Path(script).parent))
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a script
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_parent() -> None:
    """Ask the kernel to end this process with the nursery."""
    import ctypes  # noqa: PLC0415 - in the child only

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def warm_up() -> None:
    """Import the libraries, and have botocore read its descriptions of the services."""
    for name in _NOT_IN_LAMBDA:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it then fails, as it would there
    for library in _LIBRARIES:
        __import__(library)
    import functools  # noqa: PLC0415

    import boto3  # noqa: PLC0415 - what is imported here is what this function is about
    from botocore.loaders import JSONFileLoader  # noqa: PLC0415

    # Each session reads and parses the same files; nobody writes into what was read.
    JSONFileLoader.load_file = functools.cache(JSONFileLoader.load_file)  # type: ignore[method-assign]
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    for service in _SERVICES:
        make: Any = session.client
        make(service)


def ask(script: str) -> int:
    """Have the function of this script born, and live as long as it does; its way of ending is ours."""
    asker = socket.socket(socket.AF_UNIX)
    asker.connect(os.environ[ADDRESS])
    asked = {"environment": dict(os.environ) | {ASKER: str(os.getpid())}, "folder": str(Path.cwd()), "script": script}
    body = json.dumps(asked).encode()
    socket.send_fds(asker, [_LENGTH.pack(len(body))], [1, 2])
    asker.sendall(body)
    # Only the function itself writes from here on: the end of its output must be seen when it ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for place in (1, 2):
        os.dup2(nowhere, place)
    told = asker.recv(_LENGTH.size)
    if len(told) < _LENGTH.size:
        return 1
    status = _LENGTH.unpack(told)[0]
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        sys.exit(ask(sys.argv[2]))
    nursery = Nursery(Path(sys.argv[1]))
    warm_up()
    nursery.serve()
