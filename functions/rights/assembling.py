"""Assemble: what the person gets in the end, the package of an access and the certificate of whatever was done."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rights.certificate import CERTIFICATE, certificate_claims
from rights.datamap import DataMap
from rights.domain.outcome import outcome_of
from rights.domain.rights import EXPORTING, OPERATION_OF
from rights.errors import PackageIncompleteError
from rights.ledger import Ledger, Request, Task
from rights.package import Exports, write_package
from rights.settings import Settings
from rights.signing_keys import Signer
from rights.upload import Upload


class AssembleSettings(Settings):
    """Where packages and certificates go, and who signs."""

    package_bucket: str
    evidence_bucket: str
    audit_bucket: str
    sign_key_id: str
    base_url: str


def package_key(request_id: str) -> str:
    """Where the package of a request lies in the package bucket."""
    return f"packages/{request_id}/package.zip"


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

    def assemble(self, request_id: str) -> Request:
        """Build what this request ends in; a complaint, which asks nothing of the stores, ends in its answer only."""
        request, tasks = self.ledger.get(request_id), self.ledger.tasks(request_id)
        if OPERATION_OF[request.right] is None:
            return request
        handed_over = any(task.refused is None for task in tasks)
        if request.right in EXPORTING and handed_over and request.package is None:
            request = self._package(request, tasks)
        if request.package is not None:
            # The pages are in the package now. Should this be cut off, the next try or the bucket's lifecycle ends it.
            Exports(self.s3, self.settings.package_bucket, request_id).clear()
        if request.certificate is None:
            request = self._certificate(request, tasks)
        return request

    def _package(self, request: Request, tasks: list[Task]) -> Request:
        bucket, key = self.settings.package_bucket, package_key(request.id)
        exports, now = Exports(self.s3, bucket, request.id), self.ledger.clock()
        try:
            with Upload(self.s3, bucket, key, "application/zip") as upload:
                write_package(upload, exports, request, tasks, data_map=self.data_map, now=now)
        except PackageIncompleteError as error:
            # This run ends here; the next one exports the store anew. Nobody is handed a package with holes.
            self.ledger.restart_task(request.id, error.store)
            raise
        return self.ledger.assembled(request.id, "package", key)

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
