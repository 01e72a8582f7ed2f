"""The notices in words: one text message part each where the language allows, and a mail of a few plain sentences.

Times and places are filled in by name: `{code}`, `{reference}`, `{date}`, `{link}`. No notice names the right that was
asked for, or a store; a text message carries no reason and no link with a token.
"""

from dataclasses import dataclass

from rights.notices.i18n import N_

TEXT_VERSION = "2026-1"
"""Recorded with each notice that goes out; raise it with any change of the texts."""


@dataclass(frozen=True, slots=True)
class Text:
    """One kind of notice: the text message, and subject and sentences of the mail."""

    sms: str
    subject: str
    sentences: tuple[str, ...]
    has_link: bool = True
    link_words: str = N_("The page of your request:")
    to_everybody: bool = False
    """Goes to every contact on file, so its link stops the request and shows nothing of it."""


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
    "cooling_off": Text(
        N_(
            "Tinh Tinh Mall: somebody asked to delete your data. It begins on {begins_short}. "
            "Not you? Stop it: {stop_link}"
        ),
        N_("Your data will be deleted, unless you stop it ({reference})"),
        (
            N_("Somebody asked us to delete your data and your account (request {reference})."),
            N_(
                "We begin on {begins_on} at {begins_at}, Phnom Penh time. Until then anybody who gets this can stop it."
            ),
            N_("If it was you, and you still want it, you need to do nothing."),
        ),
        link_words=N_("To stop it:"),
        to_everybody=True,
    ),
    "completed": Text(
        N_("Tinh Tinh Mall: your request {reference} is done. See the page you saved."),
        N_("Your request {reference} is done"),
        (
            N_("Your request {reference} is done."),
            N_("The page of your request shows what each place did. If you asked for your data, you can get it there."),
        ),
    ),
    "completed_in_part": Text(
        N_("Tinh Tinh Mall: your request {reference} is done in part. See the page you saved."),
        N_("Your request {reference} is done in part"),
        (
            N_("Your request {reference} is done. Some records had to be kept."),
            N_(
                "The page of your request names what is kept, why, and until when. "
                "You can complain to customer service."
            ),
        ),
    ),
    "refused": Text(
        N_("Tinh Tinh Mall: we cannot do your request {reference}. The page you saved says what you can do."),
        N_("We cannot do your request {reference}"),
        (
            N_("We cannot do what you asked for in request {reference}. The reason: {ground}."),
            N_("You can complain to customer service, to the authority or to a court."),
        ),
    ),
    "expired": Text(
        N_("Tinh Tinh Mall: your request {reference} ended, as no code was entered. You can make a new one."),
        N_("Your request {reference} has expired"),
        (
            N_("Your request {reference} ended, because no code was entered in time. Nothing was changed."),
            N_("You can make a new request at any time."),
        ),
    ),
    "duplicate": Text(
        N_("Tinh Tinh Mall: you had asked for this before. We answer the earlier request; {reference} ends here."),
        N_("Request {reference} is joined with an earlier one"),
        (
            N_("You had asked for the same before. We answer that request, so {reference} ends here."),
            N_("You need to do nothing."),
        ),
    ),
}

OPENING = N_("Hello,")
CLOSING = N_("Tinh Tinh Mall, data requests")
