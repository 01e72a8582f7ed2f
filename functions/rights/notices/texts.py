"""The notices in words: one text message part each where the language allows, and a mail of a few plain sentences.

Times and places are filled in by name: `{code}`, `{reference}`, `{date}`, `{link}`. No notice names a store. A text
message names no right and no reason and has no link with a token, except a warning: whoever gets that may have no page
to go to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rights.domain.rights import ERASING, EXPORTING, Right
from rights.notices.i18n import N_

TEXT_VERSION = "2026-4"
"""Recorded with each notice that goes out; raise it with any change of the texts."""


@dataclass(frozen=True, slots=True)
class Text:
    """One kind of notice: the text message, and subject and sentences of the mail."""

    sms: str
    subject: str
    sentences: tuple[str, ...]
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What takes the place of `sentences` in some cases: for a right, or for what the person is waited for."""
    has_link: bool = True
    link_words: str = N_("The page of your request:")
    to_everybody: bool = False
    """Goes to every contact on file, so its link stops the request and shows nothing of it."""


_COMPLAIN = N_("You can complain to customer service, to the authority or to a court.")
_ANY_TIME = N_("You can make a new request at any time.")
_DO_NOTHING = N_("You need to do nothing.")
_PAGE_SHOWS = N_("The page of your request shows what each place did.")
_PAGE_NAMES_KEPT = N_(
    "The page of your request names what is kept, why, and until when. You can complain to customer service."
)
_IN_YOUR_NAME = N_("Somebody asked us in your name (request {reference}) and says that they may act for you.")
_WE_CHECK_FIRST = N_(
    "We check this first. If you object, the request ends. If you know of it and agree, you need to do nothing."
)
_STOP = N_("To stop it:")
_IF_IT_WAS_YOU = N_("If it was you, and you still want it, you need to do nothing.")
_BEGINS = N_("We begin on {begins_on} at {begins_at}, Phnom Penh time. Until then anybody who gets this can stop it.")
_WAITS_FOR_YOU = N_("Your request {reference} waits for you.")


def _each(rights: frozenset[Right], *sentences: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(sorted(rights), sentences)


TEXTS: dict[str, Text] = {
    "code": Text(
        N_(
            "{code} is your Tinh Tinh Mall data request code. It works for 15 minutes. Never share it. "
            "Not you? Ignore this."
        ),
        N_("{code} is your code for request {reference}"),
        (
            N_("{code} is the code for your data request at Tinh Tinh Mall. It works for 15 minutes."),
            N_("Enter it on the page where you made the request. Never tell it to anyone, us included."),
            N_("If you made no request, ignore this message: nothing happens without the code."),
        ),
        has_link=False,
    ),
    "received": Text(
        N_("Tinh Tinh Mall: we have your request {reference} and answer by {short_date}. See the page you saved."),
        N_("We have your request {reference}"),
        (
            N_("Thank you. We know now that it is you, and we are working on your request {reference}."),
            N_("You get our answer by {date} at the latest."),
        ),
    ),
    "confirm": Text(
        N_("Tinh Tinh Mall: please confirm your request {reference} on the page you saved, or it ends."),
        N_("Please confirm your request {reference}"),
        (N_("Please confirm on the page that we should go on with request {reference}. If you do not, it ends."),),
        cases={
            Right.ACCOUNT_CLOSURE: (
                N_("Before we close your account, please confirm it on the page (request {reference})."),
                N_("With the account end your points, coupons and warranties: the page lists what you lose."),
                N_("If you do not confirm, your account stays open and the request ends."),
            ),
            Right.CORRECTION: (
                N_("You want to change the phone number or email address of your account (request {reference})."),
                N_("We sent a code to the new one. Enter it on the page: then we know that it is yours."),
                N_("If you do not, nothing is changed and the request ends."),
            ),
        },
    ),
    "question": Text(
        N_("Tinh Tinh Mall: we have a question about your request {reference}. Please answer on the page you saved."),
        N_("We have a question about your request {reference}"),
        (
            N_("We need something from you before we can go on with your request {reference}."),
            N_("You find the question on the page of your request, and can answer it there until {until}."),
        ),
    ),
    "extended": Text(
        N_("Tinh Tinh Mall: request {reference} takes longer. We answer by {short_date}. See the page you saved."),
        N_("We need more time for your request {reference}"),
        (
            N_("We need more time for your request {reference}. The reason: {reason}."),
            N_("You get our answer by {date} at the latest."),
            _COMPLAIN,
        ),
    ),
    "cooling_off": Text(
        N_(
            "Tinh Tinh Mall: somebody asked to delete your data. It begins on {begins_short}. "
            "Not you? Stop it: {stop_link}"
        ),
        N_("Your data will be deleted, unless you stop it ({reference})"),
        (
            N_("Somebody asked us to delete your data and your account (request {reference})."),
            _BEGINS,
            _IF_IT_WAS_YOU,
        ),
        cases={
            "deletion_of_some": (
                N_("Somebody asked us to delete some of your data (request {reference}). Your account stays."),
                _BEGINS,
                _IF_IT_WAS_YOU,
            )
        },
        link_words=_STOP,
        to_everybody=True,
    ),
    "asked_for_you": Text(
        N_("Tinh Tinh Mall: somebody asked for your data in your name. Not OK? Object here: {stop_link}"),
        N_("Somebody asked in your name ({reference})"),
        (_IN_YOUR_NAME, N_("They want to change how we use your data."), _WE_CHECK_FIRST),
        cases={
            **_each(EXPORTING, _IN_YOUR_NAME, N_("They want to get a copy of your data."), _WE_CHECK_FIRST),
            **_each(ERASING, _IN_YOUR_NAME, N_("They want your data to be deleted."), _WE_CHECK_FIRST),
            Right.CORRECTION: (_IN_YOUR_NAME, N_("They want something in your data to be changed."), _WE_CHECK_FIRST),
            Right.COMPLAINT: (_IN_YOUR_NAME, N_("They complain about how we use your data."), _WE_CHECK_FIRST),
        },
        link_words=N_("To object:"),
        to_everybody=True,
    ),
    "closed_by_mall": Text(
        N_("Tinh Tinh Mall: a service you use closes. What we hold about you ends from {begins_short} ({reference})."),
        N_("A service of ours closes, and what we hold about you ends ({reference})"),
        (
            N_(
                "A service of Tinh Tinh Mall that you use closes. We collect nothing more about you "
                "(request {reference})."
            ),
            N_(
                "From {begins_on}, {begins_at} Phnom Penh time, we delete what we hold about you, or make it anonymous."
            ),
            N_(
                "Until then you can ask for a copy of your data. What the law has us keep stays until its term is over."
            ),
            _COMPLAIN,
        ),
        link_words=N_("To ask for a copy of your data:"),
    ),
    "contact_changed": Text(
        N_("Tinh Tinh Mall: the sign-in contact of your account was changed ({reference}). Not you? Tell us now."),
        N_("The sign-in contact of your account was changed ({reference})"),
        (
            N_("The phone number or email address of your account was changed (request {reference})."),
            N_("If it was not you, tell customer service in the Tinh Tinh Mall app now."),
        ),
        has_link=False,
    ),
    "refused": Text(
        N_("Tinh Tinh Mall: we cannot do your request {reference}. The page you saved says what you can do."),
        N_("We cannot do your request {reference}"),
        (N_("We cannot do what you asked for in request {reference}. The reason: {ground}."), _COMPLAIN),
    ),
    "completed": Text(
        N_("Tinh Tinh Mall: your request {reference} is done. See the page you saved."),
        N_("Your request {reference} is done"),
        (N_("Your request {reference} is done."), _PAGE_SHOWS),
        cases={
            **_each(ERASING, N_("We have deleted what you asked us to delete (request {reference})."), _PAGE_SHOWS),
            Right.ACCOUNT_CLOSURE: (
                N_("Your account is closed and your data is deleted (request {reference})."),
                _PAGE_SHOWS,
            ),
            Right.CORRECTION: (
                N_("We have corrected your data (request {reference})."),
                N_("The page of your request shows each change."),
            ),
            Right.CONSENT_WITHDRAWAL: (
                N_("We have stopped what you no longer agree to (request {reference})."),
                _PAGE_SHOWS,
            ),
            Right.RESTRICTION: (
                N_("We keep your data, but no longer use it (request {reference})."),
                _PAGE_SHOWS,
            ),
        },
    ),
    "completed_in_part": Text(
        N_("Tinh Tinh Mall: your request {reference} is done in part. See the page you saved."),
        N_("Your request {reference} is done in part"),
        (
            N_("Your request {reference} is done in part. The page of your request says what is not, and why."),
            _COMPLAIN,
        ),
        cases={
            **_each(
                ERASING,
                N_("Your request {reference} is done. Some records had to be kept."),
                _PAGE_NAMES_KEPT,
            ),
            **_each(
                EXPORTING,
                N_("Your file is ready (request {reference}). Get it on the page of your request until {until}."),
                N_("Some of your data is not in it. The page says what is left out, and why."),
                _COMPLAIN,
            ),
            Right.CORRECTION: (
                N_("We have corrected part of your data (request {reference})."),
                N_("The page of your request shows what could not be changed, and why."),
                _COMPLAIN,
            ),
        },
    ),
    "package_ready": Text(
        N_(
            "Tinh Tinh Mall: the file of your request {reference} is ready until {until_short}. See the page you saved."
        ),
        N_("Your file is ready (request {reference})"),
        (
            N_("Your file is ready (request {reference}). Get it on the page of your request until {until}."),
            N_("For your safety we ask for a new code before the download. After that day the file is deleted."),
        ),
    ),
    "answered": Text(
        N_("Tinh Tinh Mall: we have answered your request {reference}. See the page you saved."),
        N_("We have answered your complaint ({reference})"),
        (
            N_("We have answered your complaint (request {reference}). You can read the answer on its page."),
            N_("If you do not agree, you can complain to the authority or go to a court."),
        ),
    ),
    "opted_out": Text(
        N_("Tinh Tinh Mall: you get no more advertising from us ({reference}). News of your orders still comes."),
        N_("You get no more advertising from us ({reference})"),
        (
            N_("You get no more advertising from us, and we choose none by your interests (request {reference})."),
            N_("Messages about your orders and your account still come."),
        ),
    ),
    "reminder": Text(
        N_("Tinh Tinh Mall: your request {reference} waits for you. See the page you saved."),
        N_("Your request {reference} waits for you"),
        (
            _WAITS_FOR_YOU,
            N_("You find the question on the page of your request, and can answer it there until {until}."),
        ),
    ),
    "duplicate": Text(
        N_("Tinh Tinh Mall: you had asked for this before. We answer the earlier request; {reference} ends here."),
        N_("Request {reference} is joined with an earlier one"),
        (N_("You had asked for the same before. We answer that request, so {reference} ends here."), _DO_NOTHING),
    ),
    "expired": Text(
        N_("Tinh Tinh Mall: your request {reference} ended, as nothing came from you. You can make a new one."),
        N_("Your request {reference} has expired"),
        (
            N_("Your request {reference} ended, because no code was entered in time. Nothing was changed."),
            _ANY_TIME,
        ),
        cases={
            "confirm": (
                N_("Your request {reference} ended, because you did not confirm it in time. Nothing was changed."),
                _ANY_TIME,
            )
        },
    ),
    "withdrawn": Text(
        N_("Tinh Tinh Mall: your request {reference} is withdrawn. You can make a new one."),
        N_("Your request {reference} is withdrawn"),
        (N_("Your request {reference} is withdrawn and ends here. Nothing more is done."), _ANY_TIME),
    ),
}

CODE_BY_AFFILIATE = Text(
    N_(
        "{code} is your code for a data request that a partner of Tinh Tinh Mall sent us for you. "
        "To go on, enter it here: {link} Not you? Ignore this."
    ),
    N_("{code} is your code for request {reference}"),
    (
        N_("A partner of Tinh Tinh Mall sent us a data request in your name (request {reference})."),
        N_("If you want it, enter the code {code} on the page. It works for 15 minutes. Never tell it to anyone."),
        N_("If you made no request, ignore this message: nothing happens without the code."),
    ),
)
"""A code for somebody who was on no page of ours: it brings the link to where it is entered along."""

OPENING = N_("Hello,")
CLOSING = N_("Tinh Tinh Mall, data requests")
