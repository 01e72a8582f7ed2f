"""The console's English words for codes. A code without words is shown as itself, never left out."""

from collections.abc import Mapping
from typing import Any

RIGHT = {
    "access": "Access",
    "portability": "Copy to take elsewhere",
    "correction": "Correction",
    "deletion": "Deletion",
    "account_closure": "Account closure",
    "consent_withdrawal": "Consent withdrawal",
    "restriction": "Restriction",
    "marketing_opt_out": "Marketing opt-out",
    "complaint": "Complaint",
}
STATUS = {
    "received": "Received",
    "identity_needed": "Identity needed",
    "verified": "Being planned",
    "confirm_needed": "Confirmation needed",
    "in_review": "In review",
    "question": "Question open",
    "cooling_off": "Cooling off",
    "in_progress": "In progress",
    "needs_repair": "Needs repair",
    "completed": "Completed",
    "completed_in_part": "Completed in part",
    "refused": "Refused",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
}
TONE = {
    "needs_repair": "bad",
    "in_review": "ask",
    "question": "wait",
    "cooling_off": "wait",
    "confirm_needed": "wait",
} | {
    "identity_needed": "wait",
    "completed": "end",
    "completed_in_part": "end",
    "refused": "end",
    "withdrawn": "end",
    "expired": "end",
}
"""How a tag looks: one meaning, one colour; what has ended is plain, what runs by itself is `run`."""
TASK = {
    "pending": "Not begun",
    "working": "Working",
    "waiting": "Waiting",
    "reading_back": "Reading back",
    "done": "Done",
    "failed": "Failed",
}
TASK_TONE = {"failed": "bad", "waiting": "wait", "done": "done", "pending": "end"}
TASK_MARK = {"pending": "\u2013", "working": "●", "waiting": "‖", "reading_back": "●", "done": "✓", "failed": "!"}
STATE = {
    "VerifyIdentity": "Verify identity",
    "PlanRequest": "Plan the request",
    "Confirm": "Person confirms",
    "Review": "Operator reviews",
    "CoolOff": "Cooling-off",
    "BeginWork": "Begin the work",
    "AwaitAccess": "Wait for an access",
    "FulfilStores": "Work in the stores",
    "Repair": "Repair",
    "Assemble": "Assemble the answer",
    "Notify": "Tell the person",
    "Close": "Close",
}
WAITS_FOR = {
    "person": "the person",
    "operator": "an operator",
    "partner": "a partner",
    "stores": "the stores",
    "pause": "the waiting period",
    "clock": "the waiting period",
    "access": "another request",
}
MARK = {
    "done": "✓",
    "now": "●",
    "waiting": "‖",
    "needs_person": "!",
    "ended": "■",
    "skipped": "\u2013",
    "ahead": "",
}
LOOK = {
    "done": "done",
    "now": "now here",
    "waiting": "waiting",
    "needs_person": "needs a person",
    "ended": "ended here",
    "skipped": "not needed",
    "ahead": "ahead",
}
"""What each look of a place means: shape, mark and words say it, colour only repeats it."""
REVIEW = {
    "complaint": "a complaint is answered by somebody",
    "attested": "an operator's word stands in for a proof",
    "guardian": "a guardian asks",
    "agent": "an agent asks",
    "child": "the data is a child's",
    "second_account": "a second account was reached",
    "contact_not_on_file": "a contact that was given is not on the person's file: nothing goes there",
    "legal_hold": "a legal hold stands on the person",
    "new_on_file": "the contact on file was changed of late",
    "old_contact_not_proven": "the old sign-in contact was not proven",
    "sensitive_correction": "the correction decides who may act for whom",
    "store_conflict": "a store's own rules would refuse a part",
    "unusual_size": "it is unusually large",
    "third_party": "records may be about others too",
    "affiliate_ceiling": "its affiliate sent more than its daily ceiling",
}
ATTENTION = {"undelivered_notice": "A notice did not arrive"}
EVENT = {
    "received": "Received",
    "told_received": "Told that we have it",
    "identity_asked": "Identity asked for",
    "identity_proven": "Identity proven",
    "identity_not_proven": "Identity not proven in time",
    "planned": "Plan laid",
    "linked_to_earlier_request": "Linked to an earlier request",
    "joined_work_begun": "Joined with work that had begun",
    "confirmation_asked": "Confirmation asked for",
    "confirmed": "Confirmed",
    "not_confirmed": "Not confirmed in time",
    "review_asked": "Review asked for",
    "approved_by_one": "Approved by the first operator",
    "approved": "Approved",
    "refused": "Refused",
    "question_asked": "Question sent",
    "question_answered": "Question answered",
    "question_reminded": "Reminded of the question",
    "objected": "A contact on file objected",
    "withdrawn": "Withdrawn",
    "cooling_off_begun": "Cooling-off begun",
    "conflicts_mended": "Store conflicts gone",
    "work_begun": "Work begun",
    "repair_asked": "Repair asked for",
    "retry_asked": "Retry asked for",
    "run_started": "Next run started",
    "run_ended": "Run ended before the request did",
    "volume_ready": "Volume of the package written",
    "volumes_void": "Volumes void, written again",
    "package_ready": "Package ready",
    "package_link_given": "Download link given",
    "certificate_ready": "Certificate signed",
    "closed": "Closed",
    "extended": "Term extended",
    "clock_stopped": "Clock stopped",
    "clock_started": "Clock started again",
    "clock_moved": "Due date moved",
    "revealed": "Sealed data revealed",
    "evidence_offered": "Evidence offered",
    "evidence_received": "Evidence received",
    "evidence_opened": "Evidence opened",
    "notice_delivered": "Notice delivered",
    "notice_undelivered": "Notice not delivered",
    "operator_asked": "An operator was asked to look",
    "attention_seen": "Looked after",
    "recipient_unwanted": "Recipient's task taken back",
    "records_held": "Own records held",
    "erased_again": "Erased again after a restore",
    "asked_again": "Package asked for anew",
    "callback_sent": "Affiliate told",
    "callback_overtaken": "Word to the affiliate overtaken by a newer one",
    "callback_given_up": "Affiliate could not be told",
    "link_renewed": "New link made, the old one void",
}
FAILS = frozenset(
    {
        *("repair_asked", "run_ended", "notice_undelivered", "identity_not_proven", "not_confirmed", "volumes_void"),
        *("operator_asked", "objected", "refused", "callback_given_up"),
    }
)
"""Events of the filter "failed"."""
WAITS = frozenset(
    {
        *("identity_asked", "confirmation_asked", "review_asked", "question_asked", "cooling_off_begun"),
        *("repair_asked", "clock_stopped"),
    }
)
"""Events of the filter "waiting"."""
ACTOR_MARK = {"person": "◯", "operator": "◆", "system": "⚙", "partner": "⇄"}
CLOCK = {
    "receipt_day": "day of receipt, not counted",
    "awaiting_verification": "waiting for the proof of identity",
    "base_term": "the term",
    "extension": "the longer term",
    "paused_for_identity": "stopped for the proof of identity",
    "paused_for_clarification": "stopped for a question",
    "runs_during_identity": "counted, though identity was asked for",
    "runs_during_clarification": "counted, though a question was open",
    "non_working_day": "no working day",
    "rolled_to_working_day": "moved to the next working day",
}
EXTENSION = {
    "complexity": "The request is complex",
    "number_of_requests": "The person made several requests",
    "reasonably_necessary": "We have to look in many places",
}
REASON = {
    "review": "for the review",
    "complaint": "for a complaint",
    "contact": "to contact the person",
    "authority": "for an authority",
}
REVEAL = {
    "person": "Identifiers as typed",
    "message": "Message",
    "contacts": "Contacts on file",
    "requester": "Who asks, and for whom",
    "changes": "Corrections asked for",
    "question": "Our open question",
    "answers": "The person's answers",
}
NOTICE = {
    "queued": "Queued",
    "claimed": "Going out",
    "sent": "Sent",
    "failed": "Failed",
    "undelivered": "Not delivered",
}
NOTICE_KIND = {
    "code": "Code",
    "received": "Received",
    "confirm": "Please confirm",
    "question": "Question",
    "extended": "More time needed",
    "cooling_off": "Waiting period",
    "asked_for_you": "Somebody asked in your name",
    "closed_by_mall": "Service closes",
    "contact_changed": "Sign-in contact changed",
    "package_ready": "File ready",
    "answered": "Complaint answered",
    "opted_out": "Advertising stopped",
    "reminder": "Reminder",
    "duplicate": "Asked before",
}
STAND = {"pending": "Pending", "in_progress": "In progress", "completed": "Completed", "cancelled": "Cancelled"}
"""How a request stands in an affiliate's eyes."""
CALLBACK = {
    "queued": "not told yet",
    "claimed": "being told",
    "sent": "told",
    "overtaken": "overtaken",
    "given_up": "given up",
}
CALLBACK_TONE = {"queued": "wait", "sent": "done", "overtaken": "end", "given_up": "bad"}
CHANNEL = {
    "web": "web form",
    "api": "API",
    "affiliate": "affiliate",
    "sms": "text message",
    "bulk": "bulk closure",
    "operator": "operator",
    "phone": "SMS",
    "email": "mail",
}
LANGUAGE = {"km": "Khmer", "zh": "Chinese", "en": "English"}
HTML_LANG = {"km": "km", "zh": "zh-Hans", "en": "en"}
REQUESTER = {"self": "the person", "guardian": "a guardian", "agent": "an agent"}
OPERATION = {
    "export": "export",
    "erase": "erase",
    "correct": "correct",
    "restrict": "restrict",
    "freeze": "shut sign-in",
}
WHY_NOT = {
    "forbidden": "That takes another role.",
    "own_request": "This request is about you: somebody else has to act on it.",
    "filed_by_you": "You took this request in: somebody else has to act on it.",
    "second_operator_needed": "You have approved this: another operator has to approve it too.",
    "rule_has_no_extension": "The rule of this request allows no longer time.",
    "already_extended": "The time was extended before.",
    "base_term_over": "The first time limit is over.",
    "nobody_to_tell": "Nobody has proven a contact, so nobody could be told.",
    "not_ready": "It is not ready for that yet.",
    "held": "A legal hold stands on this person.",
}
CANCEL = {
    "asked_by_person": "The person asks for it",
    "duplicate": "It is a duplicate",
    "mistake": "It was taken in by mistake",
    "abuse": "It is abuse",
}
NEW_LINK = {
    "asked_by_person": "The person asks for it",
    "passed_on": "The link was passed on",
    "misuse": "Somebody misuses it",
}
DONE = {
    "retry": "Retry asked for. What is done stays done.",
    "store_retry": "Retry of one store asked for.",
    "approved": "Approved.",
    "approved_by_one": "Your approval is recorded. A second operator has to approve too.",
    "refused": "Refused. The person is told, and how to complain.",
    "asked": "The question is on its way to the person.",
    "answered": "The answer is on its way to the person.",
    "extended": "The longer term is taken, and the person is told.",
    "paused": "Recorded that we wait for the person.",
    "resumed": "Recorded that what we waited for has come.",
    "cancelled": "The request is cancelled.",
    "seen": "Recorded that you looked after it.",
    "new_link": "The old links stop working. The person gets the new one with the next message.",
    "taken_back": "The request to this partner is taken back.",
    "filed": "The request is taken in.",
    "held": "The hold is placed.",
    "lifted": "The hold is lifted.",
    "replaying": "The replay is started.",
    "decided": "Your decision is recorded.",
    "opened": "The closure is opened. Put people on its list, then have it approved.",
    "people": "People are put on the list.",
    "running": "The intake runs.",
    "pausing": "The intake is paused.",
    "stopped": "The intake is stopped for good.",
}
"""What was just done, by the code in the address: an address never carries words."""


def say(words: Mapping[str, str], code: Any) -> str:
    """The words of a code; of an unknown one the code itself, readable."""
    return words.get(str(code), str(code).replace("_", " ").capitalize())


def tone(status: Any) -> str:
    """How the tag of a status looks."""
    return TONE.get(str(status), "run")


def some(number: int, one: str, many: str = "") -> str:
    """1 store, 11 stores."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
