"""The items by which an affiliate is told how its request stands: written in the transaction that changes it.

One per address and stand, `CALLBACK#<stand>#<number>`, so that each address is told on its own and each word once.
"""

from collections.abc import Iterator

from rights.domain.affiliates import stand_of
from rights.domain.status import Status
from rights.ledger.model import CallbackStatus, Request
from rights.ledger.table import Item, request_key


def callback_items(request: Request, becomes: Status, now: str) -> Iterator[Item]:
    """What is owed to the affiliate when a request becomes that; nothing while it stands the same in its eyes."""
    stand = stand_of(becomes)
    if stand is stand_of(request.status):
        return
    for number in range(1, request.callbacks + 1):
        facts = {"stand": stand, "number": number, "status": CallbackStatus.QUEUED, "queued_at": now, "attempts": 0}
        yield request_key(request.id, f"CALLBACK#{stand}#{number}") | facts
