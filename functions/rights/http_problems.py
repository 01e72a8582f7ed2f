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
    "right_twice": N_("Choose each request once."),
    "scope_not_needed": N_("Leave the categories out: this request is not about categories of data."),
    "unknown_scope": N_("Choose categories from the list."),
    "changes_missing": N_("Enter what is to be corrected, and the right value."),
    "changes_not_needed": N_("Leave the corrections out, or choose to have data corrected."),
    "unknown_change": N_("Choose what to correct from the list."),
    "date_not_valid": N_("Enter a date that has been, like 1990-12-31."),
    "purposes_missing": N_("Choose what we may no longer do."),
    "purposes_not_needed": N_("Leave the purposes out, or choose to take back what you agreed to."),
    "message_missing": N_("Write what you want to tell us."),
    "requester_not_needed": N_("Leave the details of another person out: you ask for yourself."),
    "requester_name_missing": N_("Enter your own full name."),
    "requester_for_missing": N_("Say whether you act for a child or for an adult."),
    "requester_relation_missing": N_("Say as what you act for this person."),
    "requester_contact_missing": N_("Enter a phone number or an email address of your own."),
    "agree_missing": N_("Say that you agree, or withdraw the request."),
    "identifier_missing": N_("Enter your phone number or your email address."),
    "phone_not_valid": N_("Enter a phone number, like 012 345 678 or +855 12 345 678."),
    "email_not_valid": N_("Enter an email address, like name@example.com."),
    "too_long": N_("Use {limit} characters or fewer."),
    "too_short": N_("Use {limit} characters or more."),
    "language_not_offered": N_("Choose Khmer, Chinese or English."),
    "unknown_field": N_("Remove this field: it is not part of the request."),
    "wrong_type": N_("Check this value: it is not of the kind we expect."),
    "reference_not_valid": N_("Enter the reference of your request: 8 letters and digits, like K7QM-2F4D."),
    "contact_missing": N_("Enter the phone number or the email address that you used for the request."),
    "code_missing": N_("Enter the 6-digit code."),
    "code_too_short": N_("The code has 6 digits. You entered fewer."),
    "code_too_long": N_("The code has 6 digits. You entered more."),
    "code_not_digits": N_("Enter the code in digits only, like 123 456."),
    "reason_not_in_rule": N_("Choose a reason that the rule of this request names."),
    "ground_not_allowed": N_("Choose a ground that may serve for this right, and that your role may use."),
    "until_not_allowed": N_("Choose a day from today to the longest term of this ground."),
    "unknown_store": N_("Choose a store of the plan."),
    "unknown_collection": N_("Choose a collection of the plan that has records to hand over."),
    "wrong_code": N_("This code does not match. Tries left: {tries_left}."),
    "evidence_kind_unknown": N_("Choose what the document shows."),
    "file_type_not_taken": N_("Send a PDF, a JPEG photo or a PNG picture."),
    "received_at_not_valid": N_("Enter when the request came: not in the future, and not more than 60 days ago."),
    "identity_not_allowed": N_("Choose how you made sure who asks: another way does not fit how this request came."),
    "changed_meanwhile": N_("This request has changed since you saw it. Look at what was done, then decide."),
}
"""What to do about one field; the code of the whole answer too, if it is the only one."""

PROBLEMS: dict[str, Problem] = {
    **{code: Problem(422, message) for code, message in FIELD_PROBLEMS.items()},
    "invalid_request": Problem(422, N_("Some answers need to be changed.")),
    "idempotency_key_reused": Problem(422, N_("This key was already used for a different request. Use a new key.")),
    "malformed_body": Problem(400, N_("The request could not be read. Send it again as complete JSON or form data.")),
    "unsupported_media_type": Problem(415, N_("Send the request as JSON or as form data.")),
    "too_large": Problem(413, N_("The request is too large. Shorten it and send it again.")),
    "not_signed": Problem(401, N_("Sign the message with the key we share, over the present time and its exact body.")),
    "callback_refused": Problem(403, N_("Only the partner that was asked can answer, under its own signature.")),
    "token_needed": Problem(401, N_("Open this page with the link we gave you when you made the request.")),
    "foreign_origin": Problem(
        403, N_("This form was sent from another website. Open our page and send it from there.")
    ),
    "changed_meanwhile": Problem(
        409, N_("This request has changed since you saw it. Look at what was done, then decide.")
    ),
    "sign_in_needed": Problem(401, N_("Sign in first.")),
    "sign_in_failed": Problem(400, N_("We could not sign you in. Begin again.")),
    "contact_unverified": Problem(
        403,
        N_("Your sign-in has no verified phone number and email address. Ask whoever manages operators to add them."),
    ),
    "csrf_needed": Problem(
        403, N_("This form is too old, or is not ours. Open the page again and send it from there.")
    ),
    "filed_by_you": Problem(403, N_("You have filed this request. Somebody else has to decide on it.")),
    "forbidden": Problem(403, N_("You may look, but not change anything here.")),
    "not_found": Problem(404, N_("There is no such page. Check the address.")),
    "not_ready": Problem(409, N_("This is not ready yet. We will tell you when it is.")),
    "not_waiting_for_code": Problem(409, N_("We are not waiting for a code now. Look at the status of your request.")),
    "already_confirmed": Problem(409, N_("You have confirmed this. Nothing more is needed for it.")),
    "own_request": Problem(403, N_("This request is about you. Somebody else has to decide on it.")),
    "approver_needed": Problem(403, N_("One of the two who approve has to be an approver.")),
    "second_operator_needed": Problem(409, N_("You have approved this. Somebody else has to approve it too.")),
    "held": Problem(409, N_("A legal hold stands on this person. Nothing is erased before it is lifted.")),
    "plan_changed": Problem(409, N_("The plan has changed since you saw it. Look at it again.")),
    "evidence_missing": Problem(409, N_("The evidence that shows who acts for whom is not complete. Ask for it.")),
    "two_people": Problem(
        409, N_("This request may be about two people. Refuse it, and have it asked for one of them.")
    ),
    "too_late": Problem(409, N_("This can no longer be changed. Look at the status of your request.")),
    "rule_has_no_extension": Problem(409, N_("The rule of this request allows no longer time.")),
    "already_extended": Problem(409, N_("The time was extended before. It can be extended only once.")),
    "base_term_over": Problem(409, N_("The first time limit is over. A longer one has to be told before that.")),
    "nobody_to_tell": Problem(409, N_("Nobody has proven a contact yet, so nobody could be told of a longer time.")),
    "code_expired": Problem(410, N_("This code is too old. Ask for a new one and enter it within 15 minutes.")),
    "gone": Problem(
        410, N_("This file has been deleted: the time for keeping it is over. You can make a new request.")
    ),
    "too_many_tries": Problem(429, N_("Too many wrong codes. Make a new request, or contact customer service.")),
    "too_many_sends": Problem(
        429, N_("We can send no more codes for this request. Make a new one tomorrow, or contact customer service.")
    ),
    "not_sent": Problem(409, N_("The file has not arrived yet. Send it, then come back to this page.")),
    "evidence_gone": Problem(410, N_("This file has been deleted: the time for keeping it is over.")),
    "too_many_files": Problem(429, N_("You have sent as many files as we can take for one request.")),
    "try_again": Problem(503, N_("We could not do this just now. Wait a minute and try again.")),
    "internal": Problem(500, N_("Sorry, there is a problem with our service. Try again in a few minutes.")),
}
