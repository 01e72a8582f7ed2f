"""The words people see for statuses, stores and reasons. Nobody is ever told "failed" (UX 33)."""

from rights.domain.rights import Right
from rights.domain.work import TaskStatus
from rights.notices.i18n import N_

STATUS: dict[str, str] = {
    "received": N_("Received"),
    "identity_needed": N_("Identity needed"),
    "in_review": N_("In review"),
    "cooling_off": N_("Waiting, you can still cancel"),
    "in_progress": N_("In progress"),
    "completed": N_("Completed"),
    "completed_in_part": N_("Completed in part"),
    "refused": N_("Refused"),
    "withdrawn": N_("Withdrawn"),
    "expired": N_("Expired"),
}

NEXT: dict[str, str] = {
    "received": "",
    "identity_needed": "",
    "in_review": N_("One of us looks at your request. We will tell you what comes of it."),
    "cooling_off": N_("We begin on {date} at {time}. Until then you can withdraw."),
    "in_progress": N_("We work on your request and tell you when it is done."),
    "completed": N_("Your request is done."),
    "completed_in_part": N_("Your request is done. What we had to keep, and why, is listed below."),
    "refused": N_("You can complain to customer service, to the authority or to a court."),
    "withdrawn": N_("You withdrew this request. You can make a new one at any time."),
    "expired": N_("No code was entered in time. You can make a new request at any time."),
}

RIGHT: dict[Right, str] = {
    Right.ACCESS: N_("See my data"),
    Right.DELETION: N_("Delete my data"),
}

STORE: dict[str, str] = {
    "accounts": N_("Account"),
    "profiles": N_("Interests, searches and cart"),
    "orders": N_("Orders and payments"),
    "support": N_("Calls, chats and files of customer service"),
    "support_tickets": N_("Customer service cases"),
    "risk": N_("Security records"),
}
OTHER_STORE = N_("Other records")

TASK: dict[TaskStatus, str] = {
    TaskStatus.PENDING: N_("Not started"),
    TaskStatus.WORKING: N_("In progress"),
    TaskStatus.READING_BACK: N_("Being checked"),
    TaskStatus.DONE: N_("Done"),
    TaskStatus.FAILED: N_("In progress"),
}

REASON: dict[str, str] = {
    "statutory_records": N_("the law requires business records to be kept"),
    "open_dispute": N_("a dispute is still open"),
    "security_records": N_("they protect accounts against fraud and abuse"),
}

NOTICE: dict[str, str] = {
    "code": N_("Code to prove it is you"),
    "received": N_("Request received"),
    "cooling_off": N_("Deletion announced, with a way to stop it"),
    "completed": N_("Request completed"),
    "completed_in_part": N_("Request completed in part"),
    "refused": N_("Request refused"),
    "expired": N_("Request expired"),
    "duplicate": N_("Joined with an earlier request"),
}

OTHER_NOTICE = N_("Message")

FLASH: dict[str, str] = {
    "resent": N_("If what you gave is known to us, a new code is on its way."),
    "more": N_("This code was right."),
    "proven": N_("Thank you. We know now that it is you."),
    "withdrawn": N_("Your request is withdrawn."),
    "stopped": N_("It is stopped. Nothing was deleted."),
    "sent": N_("A new code is on its way."),
}
"""What just happened, by the word in `?done=`."""

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
