"""Assemble: what the person gets in the end, the package of an access and the certificate of whatever was done."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rights.certificate import CERTIFICATE, certificate_claims
from rights.datamap import DataMap
from rights.domain.outcome import outcome_of
from rights.domain.rights import EXPORTING, OPERATION_OF
from rights.errors import PackageIncompleteError
from rights.ledger import Ledger, Request, Task
from rights.packages.book import Book, is_portable
from rights.packages.parts import Exports
from rights.packages.volumes import capacity_of, records_before, volume_of
from rights.packages.writing import write_volume
from rights.settings import Settings
from rights.signing_keys import Signer
from rights.upload import Upload


class AssembleSettings(Settings):
    """Where packages and certificates go, how large a volume may be, and who signs."""

    package_bucket: str
    evidence_bucket: str
    audit_bucket: str
    sign_key_id: str
    base_url: str
    volume_bytes: int


class Assembled(NamedTuple):
    """How far a request's package and certificate are; `more`: another volume is to be written."""

    request: Request
    status: Literal["more", "done"]

    def to_dict(self) -> dict[str, Any]:
        """As the state machine reads it."""
        request = self.request
        made = {"package": request.package is not None, "certificate": request.certificate is not None}
        return {"status": self.status, "volumes": len(request.volumes), **made}


def certificate_key(request_id: str) -> str:
    """Where the certificate of a request lies in the evidence bucket."""
    return f"certificates/{request_id}.jws"


@dataclass(frozen=True, slots=True)
class Assembler:
    """Builds packages and certificates; each is recorded once it exists, so that a repeated step does nothing."""

    ledger: Ledger
    s3: Any
    kms: Any
    data_map: DataMap
    settings: AssembleSettings

    def assemble(self, request_id: str) -> Assembled:
        """Build the next thing this request ends in: one volume a call, and with the last one the certificate.

        A complaint, which asks nothing of the stores, ends in its answer only.
        """
        request, tasks = self.ledger.get(request_id), self.ledger.tasks(request_id)
        if OPERATION_OF[request.right] is None:
            return Assembled(request, "done")
        handed_over = any(task.refused is None for task in tasks)
        if request.right in EXPORTING and handed_over and request.package is None:
            request = self._next_volume(request, [task for task in tasks if task.refused is None], tasks)
            if request.package is None:
                return Assembled(request, "more")
        if request.package is not None:
            # The pages are in the package now. Should this be cut off, the next try or the bucket's lifecycle ends it.
            Exports(self.s3, self.settings.package_bucket, request_id).clear()
        if request.certificate is None:
            request = self._certificate(request, tasks)
        return Assembled(request, "done")

    def _next_volume(self, request: Request, exported: list[Task], tasks: list[Task]) -> Request:
        """Write the volume after those that are recorded; which parts it has is read off the parts' sizes anew."""
        number, in_csv = len(request.volumes) + 1, is_portable(request)
        exports = Exports(self.s3, self.settings.package_bucket, request.id)
        capacity = capacity_of(self.settings.volume_bytes, sum(len(task.by_collection) for task in exported))
        volume = volume_of(exports.listing(), number, capacity, in_csv=in_csv)
        plan = {"of": volume.of, "capacity": capacity}
        if any({name: one.get(name) for name in plan} != plan for one in request.volumes):
            # Another size of a volume was deployed meanwhile: what was split in one way cannot go on in another.
            self._void(request)
            return self.ledger.get(request.id)
        book = Book(request, tasks, self.data_map, volume, self.ledger.clock(), records_before(request.volumes))
        # A name of its own each time: of two who write the same volume, one is recorded, with the hash of its own.
        key = f"packages/{request.id}/{secrets.token_urlsafe(18)}"
        try:
            with Upload(self.s3, self.settings.package_bucket, key, "application/zip") as upload:
                records = write_volume(upload, exports, book)
        except PackageIncompleteError as error:
            self._export_anew(request, exports, error.store)
            raise
        written = {"key": key, "size": upload.size, "sha256": upload.sha256, "records": records} | plan
        recorded = self.ledger.volume_written(request.id, written, number=number, of=volume.of)
        if all(one["key"] != key for one in recorded.volumes):
            self.s3.delete_object(Bucket=self.settings.package_bucket, Key=key)
        return recorded

    def _export_anew(self, request: Request, exports: Exports, store: str) -> None:
        """Have a store exported again, and the volumes with it. Nobody is handed a package with holes.

        This run ends here; the next one works on. Its pages go first: more of them than the new ones stay in the way.
        """
        self._void(request)
        exports.clear(f"{store}/")
        self.ledger.restart_task(request.id, store)

    def _void(self, request: Request) -> None:
        self.ledger.volumes_void(request.id)
        for volume in request.volumes:
            self.s3.delete_object(Bucket=self.settings.package_bucket, Key=volume["key"])

    def _certificate(self, request: Request, tasks: list[Task]) -> Request:
        key = certificate_key(request.id)
        left_out = any(task.is_unmet for task in tasks)
        outcome = outcome_of([task.counts for task in tasks], left_out=left_out)
        claims = certificate_claims(request, tasks, outcome, self.settings.base_url)
        signer = Signer(self.kms, self.settings.sign_key_id, self.s3, self.settings.audit_bucket)
        jws = signer.sign(claims, CERTIFICATE)
        # Written once: a step that was cut off here must not replace the certificate by one of a later history.
        with suppress(self.s3.exceptions.from_code("PreconditionFailed")):
            self.s3.put_object(
                Bucket=self.settings.evidence_bucket,
                Key=key,
                Body=jws.encode(),
                ContentType="application/jose",
                IfNoneMatch="*",
            )
        return self.ledger.assembled(request.id, "certificate", key)
