"""What may be done with a request now, and which of it comes first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operator_api.console.approvals import missing_in_words
from operator_api.console.words import ATTENTION, REVIEW, WHY_NOT, say, some

NAMES = ("decision", "retry", "extend", "pause", "resume", "cancel", "reveal", "seen", "new-link")
_ENDED = frozenset({"completed", "completed_in_part", "refused", "withdrawn", "expired"})
_LOOKER = "You may look, but not change anything: that takes the role operator or approver."


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing that comes next, in words, and where it is done."""

    words: str
    href: str = ""
    link: str = ""
    tone: str = "run"


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether something may be done; if not, why not in words (empty: it does not come into question)."""

    may: bool
    why_not: str = ""

    def __bool__(self) -> bool:
        return self.may


def offers(request: Mapping[str, Any], *, may_change: bool) -> dict[str, Offer]:
    """What the door says may be done, in words; the door has the last one."""
    if not may_change:
        return {name: Offer(may=False, why_not=_LOOKER) for name in NAMES}
    told = request.get("may") or {}
    return {name: _offer(told.get(name, "too_late")) for name in NAMES}


def _offer(told: Any) -> Offer:
    if told is True:
        return Offer(may=True)
    return Offer(may=False, why_not="" if told == "too_late" else say(WHY_NOT, told))


def has_ended(request: Mapping[str, Any]) -> bool:
    """Whether nothing can change any more."""
    return str(request["status"]) in _ENDED


def next_action(request: Mapping[str, Any], address: str, place: str) -> Next:
    """The one thing that comes next; `place`: where the machine stands, in words."""
    status = str(request["status"])
    failed = [str(task["store"]) for task in request["tasks"] if task["status"] == "failed"]
    if request.get("attention"):
        return Next(f"{say(ATTENTION, request['attention'])}. Reach the person in another way.", "#acts", "Act", "ask")
    if status == "in_review":
        missing = missing_in_words(request)
        words = f"Decide: {say(REVIEW, request['review'])}." + (f" It takes {missing}." if missing else "")
        return Next(words, f"{address}/decide", "Decide", "ask")
    if status == "needs_repair" and failed:
        named = ", ".join(failed[:3]) + (" and more" if len(failed) > 3 else "")
        return Next(f"Repair: {some(len(failed), 'store')} failed ({named}).", "#stores", "See what failed", "bad")
    if status == "needs_repair":
        return Next("The run ended before the request did. Start the next one.", "#acts", "Act", "bad")
    if has_ended(request):
        return Next("Nothing is left to do.", tone="end")
    return Next(f"Nothing for you: it is at “{place}”.", tone="run")
