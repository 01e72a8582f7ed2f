"""NoticeFeedback: takes what SES reports of mails that were sent."""

from typing import Any

from notice_feedback.feedback import take_all
from rights.handler import guarded
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Record what became of the notices; a report that comes too early is sent again by Lambda."""
    take_all(ledger(), event)
