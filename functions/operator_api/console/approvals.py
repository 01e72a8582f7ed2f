"""What is missing of the approvals of a request, in words."""

from collections.abc import Mapping
from typing import Any

_NUMBER = {1: "one", 2: "two"}


def missing_in_words(told: Mapping[str, Any]) -> str:
    """`one more, by an approver`; empty where one approval is enough, and where none is missing."""
    number = int(told["approvals_missing"])
    if int(told["approvals_needed"]) == 1 or not number:
        return ""
    more = " more" if told["approvals"] else " operators"
    which = "" if not told["approver_missing"] else ", by an approver" if number == 1 else ", one of them an approver"
    return f"{_NUMBER.get(number, number)}{more}{which}"
