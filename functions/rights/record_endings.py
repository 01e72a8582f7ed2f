"""The end of our own records: sealed data, packages, evidence and proof, each when its day has come.

For each closed request with something due: delete, then record it, one end after the other until the next one lies in
the future. Whatever dies in between is taken up by the next run. A legal hold moves evidence and proof.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from rights.domain.own_records import KEPT_BY_A_HOLD, End, Terms, after_hold, counted_in, next_end
from rights.errors import AwsUnavailableError
from rights.ledger import Ledger, Request
from rights.ledger.endings import Ending
from rights.settings import Settings
from rights.telemetry import logger


class EndingSettings(Settings):
    """Where packages and evidence lie, and how many days after the close each kind of record ends."""

    package_bucket: str
    evidence_bucket: str
    sealed_days: int
    package_days: int
    evidence_days: int
    proof_days: int

    @property
    def terms(self) -> Terms:
        """The terms, as the rules read them."""
        return Terms(
            package_days=self.package_days,
            sealed_days=self.sealed_days,
            evidence_days=self.evidence_days,
            proof_days=self.proof_days,
        )


class RecordEndings:
    """One run over everything whose end has come."""

    def __init__(self, ledger: Ledger, s3: Any, settings: EndingSettings) -> None:
        self._ledger = ledger
        self._s3 = s3
        self._settings = settings
        self._steps: dict[End, Callable[[Ending, Request], None]] = {
            End.PACKAGE: self._end_package,
            End.SEALED: self._end_sealed,
            End.EVIDENCE: self._end_evidence,
            End.PROOF: self._end_proof,
        }

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """End what is due until time is up; return how many ends came, and how many requests are overdue."""
        counts = {"ended": 0, "overdue": 0}
        for request_id in self._ledger.ends_due():
            if time_is_up():
                counts["overdue"] += 1
                continue
            try:
                for _ in self._end_what_is_due(request_id):
                    counts["ended"] += 1
            except Exception:  # noqa: BLE001 - one request must not hold up the others; the next run tries again
                counts["overdue"] += 1
                logger.exception("records did not end", extra={"request_id": request_id, "code": "records_overdue"})
        return counts

    def _end_what_is_due(self, request_id: str) -> Iterator[End]:
        """End one thing after the other until the next one lies in the future."""
        while (ending := self._ledger.ending(request_id)) is not None:
            if not ending.counted:
                self._ledger.count_closed(ending, self._ledger.get(request_id))
                ending = replace(ending, counted=True)
            end, at = next_end(ending.closed_at, self._settings.terms, ending.done, ending.held_until)
            if at > self._ledger.clock():
                self._ledger.put_off(ending, at)
                break
            request = self._ledger.get(request_id)
            hold = self._ledger.hold_on(request.known_as) if end in KEPT_BY_A_HOLD else None
            if hold is not None:
                self._ledger.records_held(ending, after_hold(date.fromisoformat(hold.until)), hold.until)
                continue
            self._steps[end](ending, request)
            yield end

    def _end_package(self, ending: Ending, request: Request) -> None:
        for folder in ("packages", "exports"):
            self._delete(self._settings.package_bucket, f"{folder}/{request.id}/")
        code = "package_ended" if request.package else None
        self._ledger.records_ended(ending, End.PACKAGE, code, sets={"package_ended_at": self._ledger.now()})

    def _end_sealed(self, ending: Ending, request: Request) -> None:
        self._ledger.drop_sealed(request.id)
        self._ledger.records_ended(ending, End.SEALED, "sealed_data_ended")

    def _end_evidence(self, ending: Ending, request: Request) -> None:
        self._delete(self._settings.evidence_bucket, f"evidence/{request.id}/")
        code = "evidence_ended" if self._ledger.evidence_received(request.id) else None
        self._ledger.records_ended(ending, End.EVIDENCE, code)

    def _end_proof(self, ending: Ending, request: Request) -> None:
        self._delete(self._settings.evidence_bucket, f"certificates/{request.id}.")
        self._ledger.end_proof(request, counted_in(ending.closed_at))

    def _delete(self, bucket: str, prefix: str) -> None:
        """Delete every version of every object under a prefix; AwsUnavailableError when one is left."""
        # Listed whole before anything goes: no place in the list is named by what is gone by then.
        pages = list(self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix))
        for page in pages:
            listed = [
                {"Key": version["Key"], "VersionId": version["VersionId"]}
                for kind in ("Versions", "DeleteMarkers")
                for version in page.get(kind, ())
            ]
            wanted = {"Objects": listed, "Quiet": True}
            if listed and self._s3.delete_objects(Bucket=bucket, Delete=wanted).get("Errors"):
                msg = "some objects of a request were not deleted"
                raise AwsUnavailableError(msg)
