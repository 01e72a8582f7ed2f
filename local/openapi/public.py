"""The public door, described: one request, its evidence, and what comes of it."""

from local.openapi import public_answers as told
from local.openapi.describe import (
    FORM,
    JSON,
    PAGE,
    Answer,
    DoorDescription,
    FormOf,
    Parameter,
    json,
    json_or_page,
    page,
    see,
)
from local.openapi.public_asking import ANYBODY, FIND, FORMS
from local.openapi.public_parts import ADMITTED, OF_A_CODE, OF_FIELDS, ONE, both, of_one, or_again, or_nothing
from public_api.evidence import EvidenceIn
from public_api.models import AnswerIn, CodeIn, ConfirmIn

_ONE_REQUEST = {
    ("GET", ONE): of_one(
        "showRequest",
        "Where a request stands, why its date is what it is, and what may be done now.",
        {200: json_or_page(told.RequestShown, "The request, or its status page.")},
        always=ADMITTED,
    ),
    ("DELETE", ONE): of_one(
        "deleteRequest",
        "Withdraw a request; the same as `POST .../withdraw`.",
        {200: json(told.Summary, "It is withdrawn."), 303: see("To the status page.")},
        "too_late",
    ),
    ("GET", f"{ONE}/code"): of_one(
        "showNoCode",
        "What one can do when no code comes.",
        {200: page("The page."), 303: see("To the status page: no code is waited for.")},
        always=ADMITTED,
    ),
    ("GET", f"{ONE}/look"): of_one(
        "showLook",
        "Where a code is entered that opens the details in this browser; sends none.",
        {200: page("The page."), 303: see("To the status page.")},
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/look"): of_one(
        "look",
        "Without a code: have one sent; with `resend` another. With the right one: see the details.",
        {
            200: json(told.Summary, "It was right."),
            202: json(told.Summary, "It is on its way."),
            303: see("To the status page, or to where the code is entered."),
        },
        *OF_A_CODE,
        *OF_FIELDS,
        *("not_waiting_for_code", "code_expired", "too_many_tries", "too_many_sends"),
        bodies=both(CodeIn, or_nothing),
        needs_body=False,
    ),
    ("POST", f"{ONE}/code"): of_one(
        "enterCode",
        "Enter the code that came, or (`proceed`) go on with the contacts that are proven.",
        {200: json(told.CodeTaken, "What came of it."), 303: see("To the status page.")},
        *OF_A_CODE,
        *OF_FIELDS,
        *("not_waiting_for_code", "code_expired", "too_many_tries", "too_late"),
        bodies=both(CodeIn),
    ),
    ("POST", f"{ONE}/code/resend"): of_one(
        "resendCode",
        "Have another code sent to each contact that is not proven yet.",
        {202: json(told.Summary, "They are on their way."), 303: see("To the status page.")},
        *("not_waiting_for_code", "too_many_sends", "too_late"),
    ),
    ("POST", f"{ONE}/new-link"): of_one(
        "renewLinks",
        "Make new links and tokens for a request and its case; the old ones stop working.",
        {200: json(told.Taken, "The new ones."), 303: see("To the status page, or to where a code is entered.")},
    ),
    ("GET", f"{ONE}/confirm"): of_one(
        "showConfirm",
        "What is lost with an account, before one agrees to close it.",
        {200: page("The page."), 303: see("To the status page: nothing has to be confirmed.")},
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/confirm"): of_one(
        "confirmRequest",
        "Agree to a closure, or enter the code that came to a new contact; `resend` sends that again.",
        {
            200: json(told.Summary, "It is confirmed, or still to be."),
            303: see("To the status page; or to where a code is entered, for a closure by the link alone."),
        },
        *OF_A_CODE,
        *OF_FIELDS,
        *("agree_missing", "too_late", "already_confirmed", "not_waiting_for_code", "code_expired"),
        *("too_many_tries", "too_many_sends"),
        bodies=both(ConfirmIn),
    ),
    ("POST", f"{ONE}/answers"): of_one(
        "answerQuestion",
        "Answer the question that an operator asked.",
        {
            200: json(told.Summary, "It is answered."),
            303: see("To the status page; or to where a code is entered, for who has the link alone."),
        },
        *("message_missing", "invalid_request", "too_late"),
        *OF_FIELDS,
        bodies=both(AnswerIn),
    ),
    ("GET", f"{ONE}/withdraw"): of_one(
        "showWithdraw",
        "Asks once more before a request is withdrawn.",
        {200: page("The page."), 409: page("The status page, which says what was done already.")},
        "too_late",
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/withdraw"): of_one(
        "withdrawRequest",
        "Withdraw a request whose work has not begun; before the proof, with all others of its case.",
        {200: json(told.Summary, "It is withdrawn."), 303: see("To the status page.")},
        "too_late",
    ),
}

_EVIDENCE = {
    ("GET", f"{ONE}/evidence"): of_one(
        "showEvidence",
        "Which documents are asked of who acts for another, and what came of each file.",
        {200: json_or_page(told.EvidenceList, "The list.")},
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/evidence"): of_one(
        "offerEvidence",
        "Get the form that sends one file straight to where it is kept; PDF, JPEG or PNG of at most 10 MB.",
        {201: json(told.Upload, "The form."), 303: see("To the page with the form.")},
        *("evidence_kind_unknown", "file_type_not_taken", "unknown_field", "invalid_request"),
        *("not_ready", "too_late", "too_many_files"),
        bodies={JSON: EvidenceIn, FORM: FormOf(EvidenceIn)},
    ),
    ("GET", f"{ONE}/evidence/<number>"): of_one(
        "showUpload",
        "The page that sends a file.",
        {200: page("The page."), 303: see("To the list: the file has come.")},
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/evidence/<number>"): of_one(
        "sendEvidence",
        "Say that a file was sent; it is looked at now.",
        {200: json(told.EvidenceShown, "What came of it."), 303: see("To the list.")},
        "not_sent",
    ),
}

_RESULTS = {
    ("GET", f"{ONE}/package"): of_one(
        "showPackage",
        "Whether the package is ready; if so, the code that a download needs is sent, unless one is still good.",
        {200: json_or_page(told.PackageShown, "Whether it is ready, or its page.")},
        *("not_ready", "gone", "too_many_sends"),
        always=ADMITTED,
    ),
    ("POST", f"{ONE}/package"): of_one(
        "openPackage",
        "With the code: links to the package, good for 15 minutes. With `resend` and no code: another code.",
        {
            200: json(told.PackageLinks, "The links."),
            202: json(told.CodeSent, "Another code is on its way."),
            303: see("To the page with the links."),
        },
        *OF_A_CODE,
        *OF_FIELDS,
        *("not_ready", "gone", "not_waiting_for_code", "code_expired", "too_many_tries", "too_many_sends"),
        bodies=both(CodeIn, or_again),
    ),
    ("POST", f"{ONE}/package/again"): of_one(
        "askForPackageAgain",
        "Ask anew for a package that was deleted when its time was up: a new request, to be proven.",
        {
            202: json(told.Taken, "It is taken in.", "Location"),
            303: see("To its status page, to the form, or to where a code is entered."),
        },
        *("not_ready", "gone"),
    ),
    ("GET", f"{ONE}/package/<number>"): of_one(
        "downloadVolume",
        "A link to one volume, signed at the click, for a browser that entered the code.",
        {303: see("To the file; or to the page of the package, where a code has to be entered first.")},
        *("not_ready", "gone", "too_many_tries"),
        always=ADMITTED,
        parameters=(Parameter(name="package", place="cookie", says="Set by the page of the package."),),
    ),
    ("GET", f"{ONE}/certificate"): of_one(
        "showCertificate",
        "The signed certificate: a compact JWS (ES256), or a page; `as=jws` for the JWS in a browser.",
        {
            200: Answer(
                says="The certificate.", bodies={"application/jose": {"type": "string"}, PAGE: {"type": "string"}}
            ),
            303: see("To where a code is entered: with the link alone the page shows no details."),
        },
        *("not_ready", "gone"),
        always=ADMITTED,
        parameters=(Parameter(name="as", place="query", says="`jws`: the file instead of the page."),),
    ),
}

PUBLIC = DoorDescription(
    name="people",
    says="For people: JSON, or pages for who would rather have `text/html`; bodies as JSON or as forms.",
    operations=FORMS | _ONE_REQUEST | _EVIDENCE | _RESULTS | FIND | ANYBODY,
)
