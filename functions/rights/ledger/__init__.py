"""The ledger: the one table that says what has happened to every request."""

from rights.ledger.ledger import Ledger
from rights.ledger.model import CodeAnswer, Event, Hold, NewRequest, Notice, Opened, Request, RetainedRows, Task, Wait

__all__ = [
    "CodeAnswer",
    "Event",
    "Hold",
    "Ledger",
    "NewRequest",
    "Notice",
    "Opened",
    "Request",
    "RetainedRows",
    "Task",
    "Wait",
]
