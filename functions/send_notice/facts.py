"""What a notice may mention, taken from the request it is about."""

from dataclasses import dataclass
from datetime import timedelta

from rights import status_token
from rights.clock import parse
from rights.domain.rights import Channel, Right
from rights.ledger import Notice, Request
from rights.notices.render import Facts
from rights.secrets_hmac import Hmac


@dataclass(frozen=True, slots=True)
class Stage:
    """What a notice mentions of the stage it is sent from."""

    base_url: str
    package_days: int = 14
    """How long a package can be fetched after the close."""


def facts_of(request: Request, notice: Notice, hmac: Hmac, stage: Stage, code: str) -> Facts:
    """The facts of one notice; the day a package ends is the last whole one."""
    base = stage.base_url.rstrip("/")
    token = status_token.issue_link(hmac, request.id, request.epoch)
    package_until = parse(request.closed_at or notice.queued_at) + timedelta(days=stage.package_days - 1)
    return Facts(
        reference=status_token.reference(request.id),
        due_at=parse(request.due_at),
        # Whoever is told of a closure by the mall has proven nothing: the way leads to the form, not to a request.
        link=f"{base}/" if notice.kind == "closed_by_mall" else f"{base}/s/{token}",
        code=code,
        ground=request.ground,
        begins_at=parse(request.cooling_until) if request.cooling_until else None,
        stop_link=f"{base}/stop/{status_token.issue_stop(hmac, request.id)}",
        case=case_of(notice.kind, request),
        until=parse(request.question_until) if request.question_until and not request.is_final else package_until,
        reason=request.timeline.get("extension", {}).get("reason", ""),
        # Codes for a download or a new contact are asked for on a page.
        is_by_affiliate=request.channel is Channel.AFFILIATE and notice.purpose == "identity",
    )


def case_of(kind: str, request: Request) -> str:
    """What tells the texts of one kind of notice apart: what is waited for, or the right."""
    if kind == "expired":
        return "confirm" if request.confirm else ""
    if kind == "cooling_off" and request.right is Right.DELETION and request.scope:
        return "deletion_of_some"
    return request.right.value
