"""What a request came to, judged from what its stores did, and the notice that tells it."""

from collections.abc import Iterable

from rights.domain.own_records import PROOF_OF_REQUESTS
from rights.domain.rights import EXPORTING, Right
from rights.domain.status import Status
from rights.domain.work import Counts


def outcome_of(counts: Iterable[Counts], *, left_out: bool = False) -> Status:
    """Completed, or in part where not everything was done as asked.

    That is: records were kept on a ground (policy 1(6).3), a field had changed meanwhile, something was left out, or a
    recipient did not do it (`left_out`). That we keep the proof of the request itself makes it no less complete.
    """
    if left_out or any(_withheld(c) or c.conflicts for c in counts):
        return Status.COMPLETED_IN_PART
    return Status.COMPLETED


def _withheld(counts: Counts) -> int:
    return counts.retained - sum(kept.records for kept in counts.kept if kept.reason == PROOF_OF_REQUESTS)


def notice_of(right: Right, outcome: Status) -> str:
    """The kind of notice that tells the person of this outcome."""
    if right is Right.COMPLAINT:
        return "answered"
    if outcome is Status.COMPLETED_IN_PART:
        return "completed_in_part"
    if right is Right.MARKETING_OPT_OUT:
        return "opted_out"
    return "package_ready" if right in EXPORTING else "completed"
