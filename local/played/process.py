"""A program that plays somebody, as a process: under a certificate of its own, without the product within reach."""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from local.partners.authority import Authority
from local.processes import LOOPBACK, Child, LocalCloudError, free_port, spawn

_ROOT = Path(__file__).resolve().parent.parent.parent
_START_SECONDS = 180.0


class Started(NamedTuple):
    """Where it listens, where a test speaks to it, and its process."""

    port: int
    control: str
    child: Child


def start(
    program: Path, title: str, *, host: str, folder: Path, authority: Authority, settings: Mapping[str, Any]
) -> Started:
    """Start a program that serves `host`; call it from the main thread, and wait until it is ready."""
    port, control = free_port(), free_port()
    certificate, key = folder / f"{host}.pem", folder / f"{host}.key"
    for file, content in zip((certificate, key), authority.issue(host), strict=True):
        file.touch(mode=0o600)
        file.write_bytes(content)
    told = {"port": port, "control": control, "certificate": str(certificate), "key": str(key), **settings}
    command: list[str | Path] = [sys.executable, "-P", program, json.dumps(told)]
    # `local` is all that a program finds of ours.
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)}
    child = spawn(title, command, log=folder / f"{host}.log", env=env, cwd=folder, patience=1.0)
    return Started(port, f"http://{LOOPBACK}:{control}", child)


def wait_ready(child: Child, control: str) -> None:
    """Wait until a program answers; LocalCloudError, with the end of its log, if it does not."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        child.require_alive()
        try:
            httpx.get(f"{control}/state")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    message = f"{child.name} did not answer; the end of its log:\n{child.log_tail()}"
    raise LocalCloudError(message)
