"""Every error code a door may answer with: its status and its words. The one place where errors are mapped.

Codes are stable: clients branch on them. Words never repeat what was typed, and never say whether an account exists.
"""

from typing import NamedTuple

from rights.notices.i18n import N_


class Problem(NamedTuple):
    """The HTTP status of an error code, and its words."""

    status: int
    message: str


FIELD_PROBLEMS: dict[str, str] = {
    "right_missing": N_("Choose what you want to ask for."),
    "unknown_right": N_("Choose one of the requests in the list."),
    "right_not_offered": N_("This request cannot be made here yet. Contact customer service."),
    "requester_not_offered": N_("Only the person concerned can ask here so far. Contact customer service."),
    "identifier_missing": N_("Enter your phone number or your email address."),
    "phone_not_valid": N_("Enter a phone number, like 012 345 678 or +855 12 345 678."),
    "email_not_valid": N_("Enter an email address, like name@example.com."),
    "too_long": N_("Use {limit} characters or fewer."),
    "language_not_offered": N_("Choose Khmer, Chinese or English."),
    "unknown_field": N_("Remove this field: it is not part of the request."),
    "wrong_type": N_("Check this value: it is not of the kind we expect."),
    "code_missing": N_("Enter the 6-digit code."),
    "code_too_short": N_("The code has 6 digits. You entered fewer."),
    "code_too_long": N_("The code has 6 digits. You entered more."),
    "code_not_digits": N_("Enter the code in digits only, like 123 456."),
    "wrong_code": N_("This code does not match. Tries left: {tries_left}."),
}
"""What to do about one field; the code of the whole answer too, if it is the only one."""

PROBLEMS: dict[str, Problem] = {
    **{code: Problem(422, message) for code, message in FIELD_PROBLEMS.items()},
    "invalid_request": Problem(422, N_("Some answers need to be changed.")),
    "idempotency_key_reused": Problem(422, N_("This key was already used for a different request. Use a new key.")),
    "malformed_body": Problem(400, N_("The request could not be read. Send it again as complete JSON or form data.")),
    "unsupported_media_type": Problem(415, N_("Send the request as JSON or as form data.")),
    "too_large": Problem(413, N_("The request is too large. Shorten it and send it again.")),
    "token_needed": Problem(401, N_("Open this page with the link we gave you when you made the request.")),
    "foreign_origin": Problem(
        403, N_("This form was sent from another website. Open our page and send it from there.")
    ),
    "forbidden": Problem(403, N_("You may look, but not change anything here.")),
    "not_found": Problem(404, N_("There is no such page. Check the address.")),
    "not_ready": Problem(409, N_("This is not ready yet. We will tell you when it is.")),
    "not_waiting_for_code": Problem(409, N_("We are not waiting for a code now. Look at the status of your request.")),
    "too_late": Problem(409, N_("This can no longer be changed. Look at the status of your request.")),
    "code_expired": Problem(410, N_("This code is too old. Ask for a new one and enter it within 15 minutes.")),
    "gone": Problem(410, N_("This file has been deleted: it was kept for 14 days. You can make a new request.")),
    "too_many_tries": Problem(429, N_("Too many wrong codes. Make a new request, or contact customer service.")),
    "too_many_sends": Problem(
        429, N_("We cannot send more codes now. Try again tomorrow, or contact customer service.")
    ),
    "try_again": Problem(503, N_("We could not do this just now. Wait a minute and try again.")),
    "internal": Problem(500, N_("Sorry, there is a problem with our service. Try again in a few minutes.")),
}
