"""The ledger: the one table that says what has happened to every request."""

from rights.ledger.ledger import Ledger
from rights.ledger.model import CodeAnswer, Event, NewRequest, Notice, Opened, Request, Task, Wait

__all__ = ["CodeAnswer", "Event", "Ledger", "NewRequest", "Notice", "Opened", "Request", "Task", "Wait"]
