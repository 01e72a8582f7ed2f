"""The cooling-off: a deletion waits a while, in which it can be withdrawn, and any contact on file can stop it."""

from datetime import datetime, timedelta

from rights.domain.rights import ERASING, OPERATION_OF, Operation, Requester, Right
from rights.domain.status import Status


def must_cool_off(right: Right, requester: Requester) -> bool:
    """What cannot be undone is waited for; and whoever somebody else acts for has time to object to what could hurt.

    To stop a use of the data only protects, and a complaint touches none.
    """
    if requester is Requester.SELF:
        return right in ERASING
    return OPERATION_OF[right] in {Operation.EXPORT, Operation.ERASE, Operation.CORRECT}


def seconds_to_cool_off(
    right: Right, requester: Requester, status: Status, *, until: datetime | None, now: datetime, term: timedelta
) -> int:
    """How long a request still has to wait before its work may begin: whole seconds, none once the work has begun.

    The wait begins once: a run that is repeated waits for what is left of it.
    """
    if not must_cool_off(right, requester) or status in {Status.IN_PROGRESS, Status.NEEDS_REPAIR}:
        return 0
    left = term if until is None else until - now
    return max(0, -(-left // timedelta(seconds=1)))
