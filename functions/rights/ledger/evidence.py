"""Evidence: what is known of each file that somebody sent with a request; never its name, never what is in it.

A file is offered first, which gives it a number; what comes under that number is looked at once (`rights.evidence`) and
is received or refused, with an event each. The file itself lies in a bucket of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rights.domain.evidence import MOST_FILES, EvidenceKind, EvidenceStatus, Refusal, takes_evidence
from rights.domain.status import PROVEN
from rights.errors import IllegalTransitionError, NotReadyError
from rights.ledger.model import Request
from rights.ledger.requests import Change, Requests
from rights.ledger.table import Item, Update, request_key


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """One file: what it is to show, of which type it is said to be, and what came of it."""

    request_id: str
    number: int
    kind: EvidenceKind
    content_type: str
    status: EvidenceStatus
    offered_at: str
    settled_at: str | None = None
    size: int | None = None
    sha256: str | None = None
    """Of a file that was received."""
    why: Refusal | None = None
    """Of a file that was refused."""


class Evidence(Requests):
    """The evidence of a request."""

    def offer_evidence(self, request_id: str, kind: EvidenceKind, content_type: str) -> EvidenceFile | None:
        """Number a file that is about to be sent; `None` when the request has had its ten.

        Raises NotReadyError before the contact of whoever asks is proven, IllegalTransitionError once it is too late.
        """
        offered: EvidenceFile | None = None

        def decide(request: Request) -> Change | None:
            nonlocal offered
            _require_open(request)
            number = len(self.evidence_files(request_id)) + 1
            offered = None
            if number > MOST_FILES:
                return None
            offered = EvidenceFile(
                request_id=request_id,
                number=number,
                kind=kind,
                content_type=content_type,
                status=EvidenceStatus.OFFERED,
                offered_at=self.now(),
            )
            put = self.table.put_op(_item(offered))
            return Change(code="evidence_offered", by="person", detail=_detail(offered), also=[put])

        self.change(request_id, decide)
        return offered

    def settle_evidence(
        self, file: EvidenceFile, *, size: int, sha256: str | None = None, why: Refusal | None = None
    ) -> EvidenceFile:
        """Record what came of a file, once: received with its hash, or refused with the reason.

        One that comes after the request was decided is refused whatever it is. Of two that settle one file the first
        wins; both get the outcome.
        """

        def decide(request: Request) -> Change | None:
            known = self.evidence_file(file.request_id, file.number)
            if known is None or known.status is not EvidenceStatus.OFFERED:
                return None
            refused = why or (None if takes_evidence(request.status) else Refusal.TOO_LATE)
            status = EvidenceStatus.REFUSED if refused else EvidenceStatus.RECEIVED
            facts = {"status": status, "size": size, "why": refused, "sha256": None if refused else sha256}
            update = Update(_key(file.request_id, file.number)).set(**facts, settled_at=self.now())
            update.when("{status} = {=offered}", offered=EvidenceStatus.OFFERED)
            detail = _detail(known) | ({"why": refused} if refused else {})
            return Change(code=f"evidence_{status}", detail=detail, also=[self.table.update_op(update)])

        self.change(file.request_id, decide)
        return self.evidence_file(file.request_id, file.number) or file

    def evidence_opened(self, file: EvidenceFile, *, by: str, reason: str) -> None:
        """Record, before it happens, that an operator looks at a file; `reason` is a code."""
        self.note(file.request_id, "evidence_opened", by=by, detail=_detail(file) | {"reason": reason})

    def evidence_file(self, request_id: str, number: int) -> EvidenceFile | None:
        """One file by its number; `None` without one."""
        item = self.table.get(_key(request_id, number))
        return None if item is None else _file(item)

    def evidence_files(self, request_id: str) -> list[EvidenceFile]:
        """The files of a request, in the order in which they were offered."""
        return [_file(item) for item in self.table.query_items(f"REQUEST#{request_id}", "EVIDENCE#")]

    def evidence_received(self, request_id: str) -> frozenset[EvidenceKind]:
        """What the files that were received are to show."""
        files = self.evidence_files(request_id)
        return frozenset(file.kind for file in files if file.status is EvidenceStatus.RECEIVED)


def _require_open(request: Request) -> None:
    if takes_evidence(request.status):
        return
    if request.status in PROVEN or request.is_final:
        msg = f"a request that is {request.status} takes no evidence"
        raise IllegalTransitionError(msg)
    raise NotReadyError("nobody has proven yet who asks")


def _detail(file: EvidenceFile) -> dict[str, str | int]:
    return {"kind": str(file.kind), "number": file.number}


def _key(request_id: str, number: int) -> Item:
    return request_key(request_id, f"EVIDENCE#{number:02d}")


def _item(file: EvidenceFile) -> Item:
    facts = {field.name: getattr(file, field.name) for field in fields(EvidenceFile)}
    return _key(file.request_id, file.number) | facts


def _file(item: Mapping[str, Any]) -> EvidenceFile:
    raw = {field.name: item[field.name] for field in fields(EvidenceFile) if field.name in item}
    raw |= {"kind": EvidenceKind(raw["kind"]), "status": EvidenceStatus(raw["status"])}
    return EvidenceFile(**(raw | ({"why": Refusal(raw["why"])} if "why" in raw else {})))
