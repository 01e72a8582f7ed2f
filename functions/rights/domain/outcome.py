"""What a request came to, judged from what its stores did."""

from collections.abc import Iterable

from rights.domain.rights import Right
from rights.domain.status import Status
from rights.domain.work import Counts


def outcome_of(right: Right, counts: Iterable[Counts]) -> Status:
    """Completed, or completed in part where records were kept on a ground (policy 1(6).3)."""
    if right is Right.DELETION and any(c.retained for c in counts):
        return Status.COMPLETED_IN_PART
    return Status.COMPLETED
