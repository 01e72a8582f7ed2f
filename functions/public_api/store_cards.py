"""What one store did for a request, in words and numbers; never what is in it."""

from datetime import datetime
from typing import NamedTuple

from public_api.words import TASK
from rights.clock import parse
from rights.domain.recipients import Answer
from rights.domain.rights import Locale, Operation
from rights.domain.work import Kept, TaskStatus
from rights.ledger import Task
from rights.notices.grounds import GROUND
from rights.notices.i18n import N_, long_date, say
from rights.notices.stores import OTHER_STORE, REASON, STORE

_DONE_AS: dict[Operation, str] = {
    Operation.RESTRICT: N_("Stopped"),
    Operation.FREEZE: N_("Shut: nobody can sign in"),
}
"""What "done" means, where there is a plainer word."""


class StoreCard(NamedTuple):
    """What one store did."""

    name: str
    words: str
    tone: str
    numbers: list[tuple[str, int]]
    kept: list[str]
    verified_at: datetime | None


RECIPIENT: dict[str, str] = {
    Answer.CONFIRMED: N_("Confirmed by the partner"),
    Answer.NOTHING_SHARED: N_("Nothing of yours was shared"),
    Answer.LEFT_OUT: N_("Left out"),
    Answer.NOT_SUPPORTED: N_("The partner cannot be asked for this"),
    Answer.DECLINED: N_("The partner did not do it"),
    Answer.CANCELLED: N_("Taken back"),
    Answer.NOT_ANSWERED: N_("The partner has not answered"),
}
"""What a partner answered; that it did what it says nobody can look at."""


def as_card(task: Task, locale: Locale) -> StoreCard:
    """The card of one store."""
    if task.kind == "partner":
        return _of_a_partner(task, locale)
    is_done = task.status is TaskStatus.DONE
    words = _DONE_AS.get(task.operation, TASK[task.status]) if is_done else TASK[task.status]
    if is_done and task.refused:
        words = N_("Left out")
    elif is_done and not task.counts.found and task.operation is not Operation.FREEZE:
        words = N_("Nothing found about you")
    return StoreCard(
        name=say(locale, STORE.get(task.store, OTHER_STORE)),
        words=say(locale, words),
        tone="done" if is_done else "open",
        numbers=[(say(locale, label), number) for label, number in _numbers(task)],
        kept=[*_left_out(task, locale), *(_kept(kept, locale) for kept in task.counts.kept)],
        verified_at=parse(task.verified_at) if task.verified_at else None,
    )


def _of_a_partner(task: Task, locale: Locale) -> StoreCard:
    """The card of a partner: its own word, and its own count."""
    facts = task.recipient
    waits = N_("Asked, waiting for the answer") if "asked_at" in facts else TASK[TaskStatus.PENDING]
    count = int(facts.get("results_count", 0))
    return StoreCard(
        name=say(locale, STORE.get(task.store, OTHER_STORE)),
        words=say(locale, RECIPIENT.get(facts.get("answer", ""), waits)),
        tone="done" if task.status is TaskStatus.DONE else "open",
        numbers=[(say(locale, N_("Records, as the partner counts them")), count)] if count else [],
        kept=_left_out(task, locale),
        verified_at=None,
    )


def _numbers(task: Task) -> list[tuple[str, int]]:
    """What was found and what became of it; zeros that say nothing are left out."""
    counts = task.counts
    if task.status is TaskStatus.PENDING or not counts.found:
        return []
    match task.operation:
        case Operation.EXPORT:
            return [(N_("Records found"), counts.found), (N_("In your file"), counts.exported)]
        case Operation.CORRECT:
            rows = [(N_("Values found"), counts.found), (N_("Corrected"), counts.corrected)]
            changed = (N_("Changed meanwhile, so left as they are"), counts.conflicts)
            return [*rows, changed] if counts.conflicts else rows
        case Operation.RESTRICT:
            return [(N_("Records no longer used"), counts.flagged)]
        case Operation.ERASE:
            rows = [(N_("Deleted"), counts.erased), (N_("Made anonymous"), counts.anonymised)]
            rows.append((N_("Kept"), counts.retained))
            return [(N_("Records found"), counts.found), *((label, number) for label, number in rows if number)]
        case _:
            return []


def _left_out(task: Task, locale: Locale) -> list[str]:
    if task.withheld:
        words = N_("We left a part of this out, since it is about others too. The reason: {reason}.")
        return [say(locale, words, reason=say(locale, GROUND[ground])) for ground in sorted({*task.withheld.values()})]
    if not task.refused or task.counts.kept:
        return []
    return [say(locale, N_("We left this out. The reason: {reason}."), reason=say(locale, GROUND[task.refused]))]


def _kept(kept: Kept, locale: Locale) -> str:
    return say(
        locale,
        N_("Records kept until {date}: {number}. Reason: {reason}."),
        date=long_date(datetime.fromisoformat(kept.until).date(), locale),
        number=kept.records,
        reason=say(locale, REASON.get(kept.reason) or GROUND[kept.ground]),
    )
