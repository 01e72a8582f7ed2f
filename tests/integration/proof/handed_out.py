"""What one can hand in to have a request checked: made by our own code, as our doors and the bucket hand it out."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import verify
from rights.certificate import CERTIFICATE, certificate_claims
from rights.datamap import DataMap
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Counts
from tests.integration.proof.conftest import Archive
from tests.unit.package.exports import Memory, a_request, a_task, exported
from tests.unit.package.exports import volumes as volumes_of
from tests.unit.stores import maps

RECORDS = [{"order_id": f"o{number}"} for number in range(3)]


@dataclass
class Case:
    """Everything one can hand in about one request, as files."""

    folder: Path
    request_id: str

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.jws"

    @property
    def keys(self) -> Path:
        return self.folder / "jwks.json"

    @property
    def package(self) -> Path:
        return self.folder / "package.zip"

    @property
    def events(self) -> Path:
        return self.folder / "events.json"

    @property
    def digests(self) -> Path:
        return self.folder / "digests"

    def check(self, *, package: bool = True, events: bool = True, digests: bool = True) -> tuple[int, str]:
        said: list[str] = []
        arguments = [str(self.certificate), "--keys", str(self.keys)]
        arguments += ["--package", str(self.package)] if package else []
        arguments += ["--events", str(self.events)] if events else []
        arguments += ["--digests", str(self.digests)] if digests else []
        return verify.main(arguments, said.append), "\n".join(said)

    def change_events(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        told = json.loads(self.events.read_text("utf-8"))
        change(told["events"])
        self.events.write_text(json.dumps(told), "utf-8")


def packed(request_id: str) -> bytes:
    exports = Memory({"shop/orders/000000.jsonl": RECORDS})
    store = maps.store(maps.collection("orders", maps.field("order_id", primary_key=True)))
    request = a_request(Right.ACCESS, id=request_id)
    [whole] = volumes_of(exports, [exported(orders=3)], DataMap(version="v", stores=(store,)), request)
    return whole


def grow(case: Case, archive: Archive) -> None:
    """What happens to the request, up to its certificate."""
    archive.ledger.ask_for_proof(case.request_id)
    archive.ledger.note(case.request_id, "revealed", by="op-1", detail={"what": "person"})
    case.package.write_bytes(packed(case.request_id))
    tasks = [a_task(Operation.ERASE, Counts(found=3, erased=3), verified_at="2026-11-22T04:00:00.000000Z")]
    claims = certificate_claims(archive.ledger.get(case.request_id), tasks, Status.COMPLETED, "https://mall.example")
    named = [{"sha256": hashlib.sha256(case.package.read_bytes()).hexdigest(), "size": 1}]
    case.certificate.write_text(archive.signer("first").sign(claims | {"package": named}, CERTIFICATE), "utf-8")


def hand_out(case: Case, archive: Archive) -> None:
    """What our doors and the bucket hand out."""
    case.keys.write_text(json.dumps(archive.keys("second")), "utf-8")
    events = list(archive.ledger.hashed_events(case.request_id))
    case.events.write_text(json.dumps({"request_id": case.request_id, "events": events}), "utf-8")
    case.digests.mkdir()
    for number, digest in enumerate(archive.digests(), start=1):
        (case.digests / f"{number:08d}.jws").write_text(digest, "utf-8")
