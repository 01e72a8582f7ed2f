"""The words people see for statuses, stores and reasons. Nobody is ever told "failed" (UX 33)."""

from rights.domain.evidence import EvidenceKind, Refusal
from rights.domain.rights import Purpose, Right
from rights.domain.work import TaskStatus
from rights.notices.i18n import N_
from rights.notices.stores import STORE

STATUS: dict[str, str] = {
    "received": N_("Received"),
    "identity_needed": N_("Identity needed"),
    "confirm_needed": N_("Waiting for you to confirm"),
    "in_review": N_("In review"),
    "question": N_("Question for you"),
    "cooling_off": N_("Waiting, you can still cancel"),
    "in_progress": N_("In progress"),
    "waiting_for_partner": N_("Waiting for a partner"),
    "extended": N_("In progress, takes longer"),
    "completed": N_("Completed"),
    "completed_in_part": N_("Completed in part"),
    "refused": N_("Refused"),
    "withdrawn": N_("Withdrawn"),
    "expired": N_("Expired"),
}

NEXT: dict[str, str] = {
    "received": "",
    "identity_needed": "",
    "confirm_needed": "",
    "in_review": N_("One of us looks at your request. We will tell you what comes of it."),
    "question": "",
    "cooling_off": N_("We begin on {date} at {time}. Until then you can withdraw."),
    "in_progress": N_("We work on your request and tell you when it is done."),
    "waiting_for_partner": N_("We have done our part. We wait for the answer of those we had shared your data with."),
    "extended": N_("We work on your request. It takes longer than usual. The reason: {reason}."),
    "completed": N_("Your request is done."),
    "completed_in_part": N_("Your request is done. What we had to keep, and why, is listed below."),
    "refused": N_("You can complain to customer service, to the authority or to a court."),
    "withdrawn": N_("This request was withdrawn. You can make a new one at any time."),
    "expired": N_("No code was entered in time. You can make a new request at any time."),
}

NEXT_FOR: dict[str, str] = {
    "joined": N_("You had asked for the same before. We answer that request, so this one ends here."),
    "cooling_off_for_another": N_(
        "We begin on {date} at {time}. Until then you can withdraw, and the person you act for can object."
    ),
    "done_in_part": N_("Your request is done in part. What was not done, and why, is listed below."),
    "answered": N_("We have answered. You can read it above."),
    "refused_because": N_("We cannot do this. The reason: {reason}."),
    "not_confirmed": N_("You did not confirm in time. Nothing was changed. You can make a new request at any time."),
}
"""What comes next, where it is not the same for every request of that status."""

RIGHT: dict[Right, str] = {
    Right.ACCESS: N_("See my data"),
    Right.PORTABILITY: N_("Take my data elsewhere"),
    Right.CORRECTION: N_("Correct my data"),
    Right.DELETION: N_("Delete my data"),
    Right.ACCOUNT_CLOSURE: N_("Close my account"),
    Right.CONSENT_WITHDRAWAL: N_("Change what I agreed to"),
    Right.MARKETING_OPT_OUT: N_("Stop advertising"),
    Right.RESTRICTION: N_("Stop the use of my data"),
    Right.COMPLAINT: N_("Complain or ask"),
}

HINT: dict[Right, str] = {
    Right.ACCESS: N_("Get a file with what we hold about you, to read and to keep. Up to 30 days."),
    Right.PORTABILITY: N_("Get a file that other services can read. Up to 30 days."),
    Right.CORRECTION: N_("Name, phone, email, date of birth or language. Up to 30 days."),
    Right.DELETION: N_("All of it with your account, or some kinds only. Up to 30 days."),
    Right.ACCOUNT_CLOSURE: N_("End your account, with points, coupons and balance. Up to 30 days."),
    Right.CONSENT_WITHDRAWAL: N_("Say what we may no longer do, such as share with partners. Up to 30 days."),
    Right.MARKETING_OPT_OUT: N_("Get no more advertising from us. At once, 3 days at most."),
    Right.RESTRICTION: N_("We keep your data but do not use it, for example in a dispute. Up to 30 days."),
    Right.COMPLAINT: N_("Tell us what went wrong, or what you want to know. Up to 15 days."),
}

DOING: dict[Right, str] = {
    Right.ACCESS: N_("We gather your data"),
    Right.PORTABILITY: N_("We gather your data"),
    Right.CORRECTION: N_("We correct your data in every place"),
    Right.DELETION: N_("We delete your data"),
    Right.ACCOUNT_CLOSURE: N_("We close your account and delete your data"),
    Right.CONSENT_WITHDRAWAL: N_("We stop what you no longer agree to"),
    Right.MARKETING_OPT_OUT: N_("We stop the advertising"),
    Right.RESTRICTION: N_("We stop the use of your data"),
}
"""The work, as a step on the way to the answer; a complaint has none."""

WHO: dict[str, str] = {
    "self": N_("Me"),
    "parent": N_("My child"),
    "guardian": N_("A child I am the guardian of"),
    "court_child": N_("A child a court gave into my care"),
    "court_adult": N_("An adult a court gave into my care"),
    "agent": N_("Somebody who authorised me in writing"),
}
"""For whom one asks, by the choice in the form."""

REQUESTER: dict[str, str] = {
    "requester_name": N_("Your own full name"),
    "requester_phone": N_("Your own phone number"),
    "requester_email": N_("Your own email address"),
}
"""What whoever acts for another says of themselves."""

FIELD: dict[str, str] = {
    "name": N_("Full name"),
    "phone": N_("Phone number"),
    "email": N_("Email address"),
    "contact_phone": N_("Phone number for deliveries"),
    "address": N_("Address"),
    "birth_date": N_("Date of birth"),
    "language": N_("Language"),
}
"""What can be corrected, in the order of the form."""

PURPOSE: dict[Purpose, str] = {
    Purpose.MARKETING: N_("Send me advertising"),
    Purpose.PERSONALISED_ADS: N_("Choose advertising by my interests"),
    Purpose.LOCATION: N_("Use my location"),
    Purpose.SHARING_WITH_AFFILIATES: N_("Share my data with affiliates"),
    Purpose.SHARING_WITH_PARTNERS: N_("Share my data with partners"),
}

CATEGORY: dict[str, str] = {
    "profiles": STORE["profiles"],
    "profile": N_("Interests only"),
    "search_history": N_("Searches only"),
    "favourites": N_("Favourites only"),
    "cart": N_("Cart only"),
    "orders": STORE["orders"],
    "support": STORE["support"],
    "support_tickets": STORE["support_tickets"],
    "service_logs": STORE["service_logs"],
    "risk": STORE["risk"],
    "cpes": STORE["cpes"],
    "payments": STORE["payments"],
    "ads": STORE["ads"],
    "analytics": STORE["analytics"],
}
"""The categories of data a request can be about, in the order of the form."""

WHICH_DATA = N_("Which data")
NO_LONGER = N_("What we may no longer do")

LAPSE: dict[str, str] = {
    "points": N_("Points"),
    "coupons": N_("Coupons"),
    "balance": N_("Balance"),
    "warranties": N_("Warranties"),
    "open_orders": N_("Open orders"),
}
"""What ends with the account."""
OTHER_LAPSE = N_("Other entitlements")

EVIDENCE: dict[EvidenceKind, str] = {
    EvidenceKind.IDENTITY_DOCUMENT: N_("Your identity card or passport"),
    EvidenceKind.RELATION_DOCUMENT: N_("The family book or the birth certificate"),
    EvidenceKind.COURT_DOCUMENT: N_("The decision of the court"),
    EvidenceKind.AUTHORISATION: N_("The authorisation, signed by the person"),
}

FILE_TYPE: dict[str, str] = {
    "image/jpeg": N_("Photo (JPEG)"),
    "image/png": N_("Picture or screenshot (PNG)"),
    "application/pdf": N_("PDF"),
}

FILE_REFUSED: dict[Refusal, str] = {
    Refusal.EMPTY: N_("Not taken: the file was empty. Send it again."),
    Refusal.TOO_LARGE: N_("Not taken: the file is larger than 10 MB. Send a smaller one."),
    Refusal.WRONG_TYPE: N_("Not taken: the file is not of the type you chose. Choose again."),
    Refusal.TOO_LATE: N_("Not taken: the request was decided before it came."),
}

TASK: dict[TaskStatus, str] = {
    TaskStatus.PENDING: N_("Not started"),
    TaskStatus.WORKING: N_("In progress"),
    TaskStatus.WAITING: N_("Waiting"),
    TaskStatus.READING_BACK: N_("Being checked"),
    TaskStatus.DONE: N_("Done"),
    TaskStatus.FAILED: N_("In progress"),
}

CLOCK: dict[str, str] = {
    "receipt_day": N_("the day your request came in does not count"),
    "awaiting_verification": N_("does not count: you had not yet proved that it is you"),
    "base_term": N_("counts: our time to answer"),
    "extension": N_("counts: the longer time we told you of"),
    "paused_for_identity": N_("does not count: we waited for you to prove who you are"),
    "paused_for_clarification": N_("does not count: we waited for your answer"),
    "runs_during_identity": N_("counts, although we waited for you to prove who you are"),
    "runs_during_clarification": N_("counts, although we waited for your answer"),
    "non_working_day": N_("does not count: a weekend or a public holiday"),
    "rolled_to_working_day": N_("our time would end on a weekend or holiday, so it ends on the next working day"),
}
"""Why a run of days counts or does not, by the reason the clock gives."""

NOTICE: dict[str, str] = {
    "code": N_("Code to prove it is you"),
    "received": N_("Request received"),
    "confirm": N_("Confirmation asked for"),
    "question": N_("Question to you"),
    "extended": N_("More time needed"),
    "cooling_off": N_("Deletion announced, with a way to stop it"),
    "closed_by_mall": N_("Told that a service of ours closes"),
    "asked_for_you": N_("Told that somebody asked in your name"),
    "contact_changed": N_("Told that the sign-in contact was changed"),
    "completed": N_("Request completed"),
    "completed_in_part": N_("Request completed in part"),
    "refused": N_("Request refused"),
    "package_ready": N_("File ready"),
    "answered": N_("Complaint answered"),
    "opted_out": N_("Advertising stopped"),
    "reminder": N_("Reminder"),
    "expired": N_("Request expired"),
    "duplicate": N_("Joined with an earlier request"),
    "withdrawn": N_("Request withdrawn"),
}

OTHER_NOTICE = N_("Message")

BY: dict[str, str] = {"sms": N_("text message"), "email": N_("email")}
"""The channels of messages."""

FLASH: dict[str, str] = {
    "resent": N_("If what you gave is known to us, a new code is on its way."),
    "more": N_("This code was right."),
    "proven": N_("Thank you. We know now that it is you."),
    "found": N_("This is your request. Keep the link of this page below."),
    "new_link": N_("This page has a new link, which is below. The old one no longer works."),
    "withdrawn": N_("Your request is withdrawn."),
    "sent": N_("A new code is on its way."),
    "confirmed": N_("Thank you. You have confirmed it."),
    "answered": N_("Thank you. We have your answer."),
    "file": N_("Thank you. We have your file."),
    "no_file": N_("We could not take this file. The reason is below."),
}
"""What just happened, by the word in `?done=`."""

NEVER_MIND = N_("Nothing you typed is lost: go back and send it again. If this stays so, ask customer service.")
"""What to do after an error that was ours."""

HEADING: dict[int, str] = {
    400: N_("We could not read that"),
    401: N_("This page needs your link"),
    403: N_("We did not do that"),
    404: N_("Page not found"),
    409: N_("Not now"),
    410: N_("This is no longer here"),
    413: N_("We could not read that"),
    415: N_("We could not read that"),
    422: N_("Something needs to be changed"),
    429: N_("Too many tries"),
    500: N_("Sorry, there is a problem"),
    503: N_("Sorry, there is a problem"),
}
"""The heading of an error page, by status."""
