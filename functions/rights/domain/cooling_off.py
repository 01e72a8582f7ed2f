"""The cooling-off: a deletion waits a while, in which it can be withdrawn, and any contact on file can stop it."""

from datetime import datetime, timedelta

from rights.domain.rights import Right
from rights.domain.status import Status

COOLED_OFF_FIRST = frozenset({Right.DELETION})
"""What cannot be undone is waited for."""


def seconds_to_cool_off(right: Right, status: Status, until: datetime | None, now: datetime, term: timedelta) -> int:
    """How long a request still has to wait before its work may begin: whole seconds, none once the work has begun.

    The wait begins once: a run that is repeated waits for what is left of it.
    """
    if right not in COOLED_OFF_FIRST or status in {Status.IN_PROGRESS, Status.NEEDS_REPAIR}:
        return 0
    left = term if until is None else until - now
    return max(0, -(-left // timedelta(seconds=1)))
