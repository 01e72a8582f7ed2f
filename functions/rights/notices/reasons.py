"""Why an answer takes longer, in words for people: the codes are those of the clock rules."""

from rights.notices.i18n import N_

EXTENSION: dict[str, str] = {
    "complexity": N_("your request is complex"),
    "number_of_requests": N_("you made several requests"),
    "reasonably_necessary": N_("we have to look in many places"),
}
OTHER_EXTENSION = N_("we need more time to answer you properly")
