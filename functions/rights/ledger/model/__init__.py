"""What the ledger takes and hands out: a request, and what belongs to it."""

from rights.ledger.model.intake import FromAffiliate, NewRequest, Opened
from rights.ledger.model.kept import Hold, RetainedRows
from rights.ledger.model.lake import LakeBatch, LakeChunk, LakeMember, LakeResult, Queued
from rights.ledger.model.messages import Callback, CallbackStatus, CodeAnswer, CodeResult, Notice, NoticeStatus
from rights.ledger.model.request import Event, Request
from rights.ledger.model.work import Task, Wait

__all__ = [
    "Callback",
    "CallbackStatus",
    "CodeAnswer",
    "CodeResult",
    "Event",
    "FromAffiliate",
    "Hold",
    "LakeBatch",
    "LakeChunk",
    "LakeMember",
    "LakeResult",
    "NewRequest",
    "Notice",
    "NoticeStatus",
    "Opened",
    "Queued",
    "Request",
    "RetainedRows",
    "Task",
    "Wait",
]
