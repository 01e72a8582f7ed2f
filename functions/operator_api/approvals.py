"""Who approved a request, in which role, and what is still missing until its run goes on."""

from typing import Any

from rights.domain.review import Missing, approvals_missing, approvals_needed
from rights.ledger import Request


def missing_of(request: Request) -> Missing:
    """What is missing of the approvals of a request; nothing once it is decided, nor where nobody has to look."""
    if request.is_decided or request.is_final:
        return Missing(0, by_approver=False)
    needed = approvals_needed(request.right, request.requester, request.review)
    return approvals_missing(needed, [bool(one["approver"]) for one in request.approvals])


def approvals_of(request: Request) -> dict[str, Any]:
    """The approvals; `approver`: whether whoever gave one was an approver then."""
    missing = missing_of(request)
    return {
        "approvals_needed": approvals_needed(request.right, request.requester, request.review),
        "approvals": [{name: one[name] for name in ("by", "at", "without", "approver")} for one in request.approvals],
        "approvals_missing": missing.number,
        "approver_missing": missing.by_approver,
    }
