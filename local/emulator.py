"""MiniStack as a child process, and clients for it."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore import UNSIGNED
from botocore.config import Config

from local.processes import LOOPBACK, Child, LocalCloudError, free_port, is_free, spawn

REGION = "ap-southeast-1"
ACCOUNT_ID = "000000000000"
_MAIN = Path(__file__).with_name("emulator_main.py")
_START_SECONDS = 180.0
KEEPING_SECONDS, THROWING_AWAY_SECONDS = 15.0, 1.0


@dataclass(frozen=True)
class Emulator:
    """A running MiniStack: where it listens, and its process."""

    endpoint: str
    child: Child
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A boto3 client for one service of this cloud."""
        if service not in self._clients:
            make: Any = session().client
            self._clients[service] = make(service, endpoint_url=self.endpoint, config=_config())
        return self._clients[service]

    def quick_client(self, service: str) -> Any:
        """A client that neither signs nor checks its calls, as MiniStack does neither: thousands take half the time."""
        make: Any = session().client
        quick = Config(signature_version=UNSIGNED, parameter_validation=False)
        return make(service, endpoint_url=self.endpoint, config=_config().merge(quick))

    def wait_ready(self) -> None:
        """Return when MiniStack answers; raise `LocalCloudError` when it ended or takes too long."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            self.child.require_alive()
            try:
                if httpx.get(f"{self.endpoint}/_ministack/ready", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        message = (
            f"MiniStack did not answer within {_START_SECONDS:.0f} s; the end of its log:\n{self.child.log_tail()}"
        )
        raise LocalCloudError(message)


@lru_cache(maxsize=1)
def session() -> boto3.Session:
    """A session with the emulator's well-known test credentials, whatever the machine has configured."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106


def _config() -> Config:
    return Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"})


def plain_environment(work: Path) -> dict[str, str]:
    """What any program of the local cloud may know of the machine."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(work), "TMPDIR": str(work), "LANG": "C.UTF-8"}


def environment(port: int, work: Path, state: Path | None) -> dict[str, str]:
    """The whole environment of MiniStack, which its functions inherit: nothing of the machine but the path.

    Without `PYTHONPATH`, a function finds only what its own package and the installed dependencies hold.
    """
    env = plain_environment(work) | {
        "LOCAL_WORKERS": str(work / "workers"),
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "LAMBDA_EXECUTOR": "local",
        # Listeners we do not need; two local clouds would fight for their fixed ports.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if state:
        env |= {"PERSIST_STATE": "1", "STATE_DIR": str(state), "S3_PERSIST": "1", "S3_DATA_DIR": str(state / "s3")}
    return env


def start(work: Path, *, state: Path | None = None, settings: Mapping[str, str] | None = None) -> Emulator:
    """Start MiniStack on a free loopback port; `wait_ready` tells when it answers. Functions see `settings` too.

    With a state folder the port is remembered there, since queue addresses that were stored contain it.
    """
    port = _port(state)
    command: list[str | Path] = [sys.executable, "-P", _MAIN]
    # What is kept must be written to the end; what is thrown away need not wait for the last execution.
    patience = KEEPING_SECONDS if state else THROWING_AWAY_SECONDS
    env = environment(port, work, state) | dict(settings or {})
    child = spawn("MiniStack", command, log=work / "ministack.log", env=env, cwd=work, patience=patience)
    return Emulator(f"http://{LOOPBACK}:{port}", child)


def _port(state: Path | None) -> int:
    if state is None:
        return free_port()
    remembered = state / "port"
    port = int(remembered.read_text()) if remembered.exists() else free_port()
    if not is_free(port):
        message = f"port {port}, which the state in {state} belongs to, is taken by another program"
        raise LocalCloudError(message)
    state.mkdir(parents=True, exist_ok=True)
    remembered.write_text(str(port))
    return port
