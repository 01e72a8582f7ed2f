"""Partners and affiliates of the sample mall, played: a process each, under names and certificates of their own.

They share no code with the product. What they are told lies in their memory only, and ends with them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.partners.authority import Authority
from local.played.process import start, wait_ready
from local.processes import LOOPBACK, Child

_MAIN = Path(__file__).with_name("simulator.py")

CAST: dict[str, dict[str, Any]] = {
    "cpes": {"behaviour": "slow", "seconds": 1.0},
    "ads": {"behaviour": "prompt"},
    "analytics": {"behaviour": "failing", "seconds": 0.0, "hands_over": True},
    "payments": {"behaviour": "prompt"},
}
"""Who plays what: slow with a word when it is done, prompt, failing once for each request."""


@dataclass(frozen=True)
class Simulator:
    """One partner: its name in the data map, its host, its process, and where it is told how to behave."""

    name: str
    host: str
    port: int
    control: str
    child: Child

    def behave(self, behaviour: str, **settings: Any) -> None:
        """From now on be prompt, slow, failing, down, lying or silent; `seconds` and `failures` say how long."""
        httpx.post(f"{self.control}/behaviour", json={"behaviour": behaviour, **settings}).raise_for_status()

    def send(self, request_id: str, status: str, **how: Any) -> int:
        """Have it send a callback now, `forged` by another key or as itself; the status it was answered with."""
        answer = httpx.post(f"{self.control}/callback", json={"id": request_id, "status": status, **how}, timeout=30)
        answer.raise_for_status()
        return int(answer.json()["answered"])

    def state(self) -> dict[str, Any]:
        """Everything it knows: the requests it got, whole, and the callbacks it sent."""
        found: dict[str, Any] = httpx.get(f"{self.control}/state").json()
        return found

    def requests(self) -> list[dict[str, Any]]:
        """The requests it got, oldest first, each with its `status` and how often it came (`posts`)."""
        return list(self.state()["requests"])

    def summary(self) -> dict[str, Any]:
        """What `/_local/partners` shows: numbers, and nobody's identifiers."""
        state = self.state()
        statuses = [request["status"] for request in state["requests"]]
        return {
            "name": self.name,
            "host": self.host,
            "behaviour": state["behaviour"],
            "requests": {status: statuses.count(status) for status in sorted(set(statuses))},
            "callbacks_sent": len(state["callbacks"]),
        }


@dataclass(frozen=True)
class Partners:
    """All partners of the mall."""

    simulators: Mapping[str, Simulator]
    authorities: Path
    authority: Authority
    """Who vouches for them, and for whoever else is played here."""

    def __getitem__(self, name: str) -> Simulator:
        """The partner of this name in the data map."""
        return self.simulators[name]

    def setting(self, others: Mapping[str, str] = {}) -> str:
        """What functions of the local cloud read to find them (`LOCAL_PARTNERS`); `others`: more hosts, and where."""
        addresses = {one.host: f"{LOOPBACK}:{one.port}" for one in self.simulators.values()} | dict(others)
        return json.dumps({"ca": str(self.authorities), "addresses": addresses})

    def summary(self) -> list[dict[str, Any]]:
        """What each of them did so far."""
        return [one.summary() for one in self.simulators.values()]

    def behave_as_cast(self) -> None:
        """Let each play its own part again."""
        for name, settings in CAST.items():
            self[name].behave(**settings)


@contextmanager
def playing(work: Path) -> Iterator[Partners]:
    """The partners of the mall, until the block ends; call it from the main thread."""
    folder = work / "partners"
    folder.mkdir(mode=0o700)
    authority = Authority()
    authorities = folder / "authorities.pem"
    authorities.write_bytes(authority.pem)
    with ExitStack() as cleanup:
        simulators = {name: _start(name, folder, authority) for name in CAST}
        for simulator in simulators.values():
            cleanup.callback(simulator.child.stop)
        for simulator in simulators.values():
            wait_ready(simulator.child, simulator.control)
        yield Partners(simulators, authorities, authority)


def _start(name: str, folder: Path, authority: Authority) -> Simulator:
    host = f"opendsr.{name}.mall.example"
    settings = {"host": host, **CAST[name]}
    started = start(_MAIN, f"the partner {name}", host=host, folder=folder, authority=authority, settings=settings)
    return Simulator(name, host, *started)
