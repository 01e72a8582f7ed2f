"""The status page in words: where a request stands, what the person has to do, what each place did."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from public_api.store_cards import as_card
from public_api.views import DONE, WAITING_FOR_PROOF, Shown
from public_api.words import (
    BY,
    CATEGORY,
    CLOCK,
    DOING,
    LAPSE,
    NEXT,
    NEXT_FOR,
    NO_LONGER,
    NOTICE,
    OTHER_LAPSE,
    OTHER_NOTICE,
    PURPOSE,
    RIGHT,
    STATUS,
    WHICH_DATA,
)
from rights.clock import parse
from rights.domain.clock import Reason, Segment
from rights.domain.confirmation import Confirm
from rights.domain.cooling_off import must_cool_off
from rights.domain.mall_time import MALL_TIME
from rights.domain.rights import ERASING, EXPORTING, Locale, Purpose, Requester, Right
from rights.domain.status import Status
from rights.domain.work import Counts, TaskStatus
from rights.ledger import Notice, Request
from rights.ledger.identity import STEP_UPS
from rights.notices.grounds import GROUND
from rights.notices.i18n import N_, long_date, say
from rights.notices.reasons import EXTENSION, OTHER_EXTENSION
from rights.status_token import reference

_TO_PROVEN = frozenset({"", "identity", *STEP_UPS})
"""What notices to a proven contact are for: news, and codes; others go to all contacts on file, or to a new one."""
_AT_WORK = frozenset({Status.IN_PROGRESS, Status.NEEDS_REPAIR})


class Step(NamedTuple):
    """One step on the way to the answer: `done`, `now` or `ahead`."""

    words: str
    state: str
    at: datetime | None = None


class CaseCard(NamedTuple):
    """Another right of the same case."""

    right: str
    status: str
    is_open: bool
    due_at: datetime
    token: str


class NoticeLine(NamedTuple):
    """One message that went out."""

    words: str
    by: str
    to: str
    """The contact, masked; empty where it is none that was proven."""
    sent_at: datetime


def as_page(
    shown: Shown,
    locale: Locale,
    case: Sequence[tuple[Request, str]] = (),
    *,
    knows: bool = True,
    typed: Sequence[str] = (),
    contacts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The values of the status page; `case`: the other requests of the case with the tokens of their pages.

    Who only has the link (`knows` is false) is shown where the request stands, and nothing that was found, asked,
    answered or sent. `typed` is where the code goes, `contacts` the proven ones, masked.
    """
    request = shown.request
    return {
        **_head(shown, locale, typed),
        **_subject(request, locale),
        **_times(shown, locale),
        **_turn(request, shown.told if knows else {}),
        "knows": knows,
        "proven": shown.proven,
        "can_look": shown.proven and not knows and _has_details(shown),
        "can_withdraw": shown.can_withdraw,
        "package_ready": shown.package_ready,
        "package_ended": shown.package_ended,
        "certificate_ready": shown.certificate_ready,
        "so_far": done_so_far(shown, locale) if request.status in _AT_WORK and knows else [],
        "next_words": _next_words(shown, locale, knows=knows),
        "steps": _steps(request, locale),
        **_places(shown, locale),
        "shows_stores": _shows_stores(shown) and knows,
        "notices": [_notice(notice, locale, contacts or {}) for notice in shown.sent] if knows else [],
        "case": [_case(other, token, locale) for other, token in case],
    }


def _head(shown: Shown, locale: Locale, typed: Sequence[str]) -> dict[str, Any]:
    """What stands at the top: the status, or where to look for the code."""
    request = shown.request
    status = say(locale, N_("Joined with an earlier request") if request.linked_to else STATUS[shown.status])
    heading = say(locale, _where_to_look(typed)) if request.status in WAITING_FOR_PROOF else status
    return {
        "title": f"{heading} · {reference(request.id)}",
        "heading": heading,
        "status": status,
        "tone": "done" if request.status in DONE else "open" if not request.is_final else "ended",
    }


def _subject(request: Request, locale: Locale) -> dict[str, Any]:
    """Which request it is, and what it is about."""
    return {
        "path": f"/requests/{request.id}",
        "reference": reference(request.id),
        "right": say(locale, RIGHT[request.right]),
        "only": _only(request, locale),
        "only_label": say(locale, NO_LONGER if request.right is Right.CONSENT_WITHDRAWAL else WHICH_DATA),
    }


def _times(shown: Shown, locale: Locale) -> dict[str, Any]:
    """When it came, by when it is answered and why then, and when it ended."""
    request = shown.request
    return {
        "received_at": parse(request.received_at),
        "due_at": parse(shown.due_at),
        "due_words": _due_words(shown, locale),
        "why_due": [_why(segment, locale) for segment in shown.clock.segments] if shown.clock else [],
        "closed_at": parse(request.closed_at) if request.closed_at and request.status is not Status.WITHDRAWN else None,
        "is_open": not request.is_final,
    }


def _turn(request: Request, told: Mapping[str, Any]) -> dict[str, Any]:
    """What the person is asked for, and what was written to them."""
    return {
        "asks_code": request.status in WAITING_FOR_PROOF,
        "confirms": request.confirm if request.status is Status.CONFIRM_NEEDED else None,
        "asks": request.status is Status.QUESTION,
        "question": told.get("question"),
        "question_until": parse(request.question_until) if request.question_until else None,
        "answer": told.get("answer"),
    }


def _places(shown: Shown, locale: Locale) -> dict[str, Any]:
    """What each place did."""
    return {
        "found_nothing": _found_nothing(shown, locale),
        "stores": [as_card(task, locale) for task in shown.stores],
        "kept_any": any(task.counts.kept or task.leaves_out for task in shown.stores),
    }


def lapses(told: Iterable[Mapping[str, str]], locale: Locale) -> list[tuple[str, str]]:
    """What ends with the account, in words, and how much of it there is."""
    return [(say(locale, LAPSE.get(one["what"], OTHER_LAPSE)), str(one["value"])) for one in told]


def done_so_far(shown: Shown, locale: Locale) -> list[str]:
    """What was already done once a request can no longer be withdrawn, plainly (policy 5(3))."""
    request = shown.request
    if request.is_final:
        return [say(locale, N_("This request has ended: it can no longer be withdrawn."))]
    said = [say(locale, N_("You can no longer withdraw: the work has begun."))]
    if request.right in EXPORTING:
        return [*said, say(locale, N_("This request changes and deletes nothing."))]
    total = sum((task.counts for task in shown.stores), Counts())
    numbers = (
        (N_("Records deleted so far: {number}."), total.erased),
        (N_("Records made anonymous so far: {number}."), total.anonymised),
        (N_("Records kept, as a law or a rule requires: {number}."), total.retained),
        (N_("Values corrected so far: {number}."), total.corrected),
        (N_("Records no longer used so far: {number}."), total.flagged),
    )
    said += [say(locale, words, number=number) for words, number in numbers if number]
    done = sum(task.status is TaskStatus.DONE for task in shown.stores)
    said.append(say(locale, N_("Places that are finished: {done} of {all}."), done=done, all=len(shown.stores)))
    if request.right in ERASING:
        said.append(say(locale, N_("What is deleted cannot be brought back.")))
    return said


def _shows_stores(shown: Shown) -> bool:
    """True where there is something to say about the places; of somebody else's data only once that was decided."""
    request = shown.request
    may = request.requester is Requester.SELF or request.is_decided
    asks_stores = request.right is not Right.COMPLAINT and request.status not in {Status.REFUSED, Status.WITHDRAWN}
    return shown.proven and request.linked_to is None and may and asks_stores


def _only(request: Request, locale: Locale) -> list[str]:
    """The categories or purposes a request is about, where it is not about everything."""
    if request.right is Right.CONSENT_WITHDRAWAL:
        return [say(locale, PURPOSE[Purpose(purpose)]) for purpose in request.purposes]
    return [say(locale, CATEGORY.get(name, name)) for name in request.scope]


def _due_words(shown: Shown, locale: Locale) -> str:
    words = [say(locale, N_("We answer by {date} at the latest."), date=long_date(parse(shown.due_at), locale))]
    if shown.clock and shown.clock.stands_still in {Reason.PAUSED_FOR_CLARIFICATION, Reason.PAUSED_FOR_IDENTITY}:
        words.append(say(locale, N_("Our time stands still while we wait for you: the date moves until you answer.")))
    return " ".join(words)


def _why(segment: Segment, locale: Locale) -> str:
    """A run of days, and why it counts or does not."""
    why = say(locale, CLOCK[segment.reason])
    if segment.days == 1:
        return say(locale, N_("{day}: {why}"), day=long_date(segment.first, locale), why=why)
    first, last = long_date(segment.first, locale), long_date(segment.last, locale)
    return say(locale, N_("{first} to {last}: {why}"), first=first, last=last, why=why)


def _next_words(shown: Shown, locale: Locale, *, knows: bool) -> str:
    request = shown.request
    begins = parse(request.cooling_until or request.due_at)
    extension = str(request.timeline.get("extension", {}).get("reason", ""))
    longer = EXTENSION.get(extension, OTHER_EXTENSION)
    reason = longer if shown.status == "extended" else GROUND.get(request.ground or 0, "")
    words = [NEXT_FOR["refused_because"]] if knows and request.status is Status.REFUSED and request.ground else []
    return " ".join(
        say(
            locale,
            text,
            date=long_date(begins, locale),
            time=f"{begins.astimezone(MALL_TIME):%H:%M}",
            reason=say(locale, reason),
        )
        for text in (*words, NEXT_FOR.get(_special(request), NEXT[shown.status]))
    )


def _special(request: Request) -> str:
    """Which of `NEXT_FOR` holds, if any."""
    cases = {
        "joined": request.linked_to is not None,
        "not_confirmed": request.status is Status.EXPIRED and bool(request.subject) and not request.is_confirmed,
        "cooling_off_for_another": request.status is Status.COOLING_OFF and request.requester is not Requester.SELF,
        "answered": request.status is Status.COMPLETED and request.right is Right.COMPLAINT,
        "done_in_part": request.status is Status.COMPLETED_IN_PART and request.right not in ERASING,
    }
    return next((name for name, holds in cases.items() if holds), "")


def _steps(request: Request, locale: Locale) -> list[Step]:
    """The way to the answer; at most seven steps, and none that this request does not take."""
    if request.is_final and request.status not in DONE:
        return []
    way = _way(request)
    names = [name for name, _, _ in way]
    now = _now(request)
    reached = len(way) if request.is_final else names.index(now if now in names else "answer")
    return [
        Step(
            say(locale, words),
            "done" if number < reached else "now" if number == reached else "ahead",
            parse(at) if at else None,
        )
        for number, (_, words, at) in enumerate(way)
    ]


def _way(request: Request) -> list[tuple[str, str, str | None]]:
    """The steps of a request: name, words, and when it was or will be, where that is known."""
    way: list[tuple[str, str, str | None]] = [
        ("received", N_("Request received"), request.received_at),
        ("proof", N_("You prove it is you"), request.timeline.get("verified_at")),
    ]
    acts = request.requester is not Requester.SELF
    if acts or request.right is Right.COMPLAINT or request.review:
        way.append(("review", N_("One of us looks at your request"), None))
    if request.confirm == Confirm.NEW_CONTACT or request.right is Right.ACCOUNT_CLOSURE:
        closes = request.right is Right.ACCOUNT_CLOSURE
        words = N_("You confirm that you want to close it") if closes else N_("You prove the new contact is yours")
        # Who acts for another is looked at first; a person confirms before anybody looks.
        way.insert(len(way) if acts else 2, ("confirm", words, request.confirmed_at))
    if must_cool_off(request.right, request.requester):
        way.append(("wait", N_("We wait a while: it can still be stopped"), request.cooling_until))
    if request.right in DOING:
        way.append(("work", DOING[request.right], None))
    return [*way, ("answer", N_("You get our answer"), request.closed_at)]


_NOW: dict[Status, str] = {
    Status.RECEIVED: "proof",
    Status.IDENTITY_NEEDED: "proof",
    Status.CONFIRM_NEEDED: "confirm",
    Status.IN_REVIEW: "review",
    Status.QUESTION: "review",
    Status.COOLING_OFF: "wait",
}


def _now(request: Request) -> str:
    """The step a request is at, by its name."""
    if request.status is Status.VERIFIED and not request.is_confirmed and request.may_be_confirmed:
        return "confirm"
    if request.status is Status.VERIFIED and not request.is_decided:
        return "review"
    return _NOW.get(request.status, "work")


def _notice(notice: Notice, locale: Locale, contacts: Mapping[str, str]) -> NoticeLine:
    words = say(locale, NOTICE.get(notice.kind, OTHER_NOTICE))
    by = {"phone": "sms"}.get(notice.channel, notice.channel)
    to = contacts.get(notice.channel, "") if notice.purpose in _TO_PROVEN else ""
    return NoticeLine(words, say(locale, BY.get(by, "")), to, parse(notice.sent_at or ""))


def _where_to_look(typed: Sequence[str]) -> str:
    """What to check for the code, by what was typed; nothing is known of what is on file."""
    mail, phone = any("@" in one for one in typed), any("@" not in one for one in typed)
    if mail and phone:
        return N_("Check your phone and your mailbox")
    if mail:
        return N_("Check your mailbox")
    return N_("Check your phone") if phone else N_("Enter the code")


def _has_details(shown: Shown) -> bool:
    """True where a fresh code would show more."""
    return _shows_stores(shown) or bool(shown.told) or bool(shown.sent)


def _found_nothing(shown: Shown, locale: Locale) -> str:
    """That all places were looked at and have nothing, once they were; empty otherwise."""
    # Our own table has this very request in it.
    tasks = [task for task in shown.stores if task.kind != "ledger"]
    looked = all(task.status is TaskStatus.DONE and not task.is_unmet for task in tasks)
    found = any(task.counts.found or task.counts.flagged or task.recipient.get("results_count") for task in tasks)
    if not tasks or found or not looked:
        return ""
    return say(locale, N_("We looked in {number} places and found nothing about you."), number=len(tasks))


def _case(request: Request, token: str, locale: Locale) -> CaseCard:
    status = STATUS[Shown(request).status]
    return CaseCard(
        say(locale, RIGHT[request.right]), say(locale, status), not request.is_final, parse(request.due_at), token
    )
