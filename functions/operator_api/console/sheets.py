"""Tables for a spreadsheet: what would be read as a formula is made text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

QUEUE_COLUMNS = (
    *("request_id", "reference", "right", "status", "outcome", "received_at", "due_at", "closed_at", "days_left"),
    *("overdue", "waits_for", "channel", "requester", "locale", "run"),
)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV (RFC 4180) of these columns; what a row does not have is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_safe(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _safe(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    return value
