"""The public door, described: the form, finding a request again, and what needs no request."""

from local.openapi import public_answers as told
from local.openapi.describe import (
    A_BODY,
    FORM,
    JSON,
    PAGE,
    READING,
    Adapted,
    Answer,
    FormOf,
    Operation,
    Parameter,
    json,
    json_or_page,
    page,
    see,
)
from local.openapi.public_parts import (
    ADMITTED,
    KEY,
    LANGUAGE,
    OF_A_CODE,
    OF_AN_INTAKE,
    OF_FIELDS,
    as_people_write,
    fields_of_the_form,
    or_again,
    step,
)
from public_api.models import FindIn, RequestIn

FORMS = {
    ("GET", "/"): Operation(
        id="showForm",
        says="The form for a new request; with `right` its second step at once.",
        answers={200: page("The form.")},
        errors=READING,
        parameters=(LANGUAGE, Parameter(name="right", place="query", says="One of the rights.")),
        pages=True,
    ),
    ("POST", "/ask/right"): step("chooseRight", "The first step of the form again, with the answers so far."),
    ("POST", "/ask/details"): step("giveDetails", "The second step: what the chosen rights need.", 422),
    ("POST", "/ask/check"): step("checkAnswers", "The third step: the answers, before they are sent.", 422),
    ("GET", "/ask/<step>"): Operation(
        id="leaveStep",
        says="Where a reload of a step ends up.",
        answers={303: see("To the form.")},
        errors=("not_found", *READING),
        pages=True,
    ),
    ("GET", "/requests"): Operation(
        id="leaveIntake",
        says="Where a reload after a mistake ends up.",
        answers={303: see("To the form.")},
        errors=READING,
        pages=True,
    ),
    ("POST", "/requests"): Operation(
        id="createRequest",
        says="Make a request.",
        more="Reads no store: the answer is the same, and as fast, whether or not there is an account.",
        answers={
            202: json(told.Taken, "It is taken in; `Location` is where it is followed.", "Location"),
            303: see("To the status page, for who would rather have a page."),
        },
        bodies={JSON: Adapted(RequestIn, as_people_write), FORM: fields_of_the_form()},
        errors=(
            *("invalid_request", "idempotency_key_reused", "too_short", *OF_AN_INTAKE),
            *("foreign_origin", *A_BODY, *READING),
        ),
        parameters=(LANGUAGE, KEY),
        pages=True,
    ),
}


_OF_A_FIND = ("reference_not_valid", "contact_missing", "phone_not_valid", "email_not_valid", "invalid_request")
FIND = {
    ("GET", "/find"): Operation(
        id="showFind",
        says="Find a request again, for who kept its reference and lost the link.",
        answers={200: page("The page.")},
        errors=READING,
        parameters=(LANGUAGE,),
        pages=True,
    ),
    ("POST", "/find"): Operation(
        id="askToFind",
        says="Have a code sent to the contact of a request; the answer is the same whether or not there is one.",
        answers={200: page("The page for the code."), 202: json(told.Found, "If the two belong together, it is sent.")},
        bodies={JSON: Adapted(FindIn, or_again), FORM: FormOf(Adapted(FindIn, or_again))},
        errors=(*_OF_A_FIND, *OF_A_CODE, *OF_FIELDS, "too_many_sends", "foreign_origin", *A_BODY, *READING),
        parameters=(LANGUAGE,),
        pages=True,
    ),
    ("GET", "/find/code"): Operation(
        id="leaveFind", says="Where a reload ends up.", answers={303: see("To the start.")}, errors=READING, pages=True
    ),
    ("POST", "/find/code"): Operation(
        id="find",
        says="The code, with the same reference and contact: opens the request.",
        answers={
            200: Answer(says="The request.", bodies={JSON: told.FoundRequest, PAGE: {"type": "string"}}),
            303: see("To the status page."),
        },
        bodies={JSON: Adapted(FindIn, or_again), FORM: FormOf(Adapted(FindIn, or_again))},
        errors=(
            *(*_OF_A_FIND, *OF_A_CODE, *OF_FIELDS, "code_expired", "too_many_tries", "not_waiting_for_code"),
            *("foreign_origin", *A_BODY, *READING),
        ),
        parameters=(LANGUAGE,),
        pages=True,
    ),
}

ANYBODY = {
    ("GET", "/s/<token>"): Operation(
        id="openLink",
        says="The link that people keep: sets the cookie that opens the request.",
        answers={303: see("To the status page.")},
        errors=ADMITTED,
        pages=True,
    ),
    ("GET", "/stop/<token>"): Operation(
        id="showStop",
        says="Asks once more before a request is stopped by the link that every contact on file was sent.",
        answers={200: page("The page.")},
        errors=("not_found", *READING),
        parameters=(LANGUAGE,),
        pages=True,
    ),
    ("POST", "/stop/<token>"): Operation(
        id="stopRequest",
        says="Stop a request by the link that every contact on file was sent; twice is once.",
        answers={200: json_or_page(told.Stopped, "It is stopped.")},
        errors=("foreign_origin", "not_found", "too_late", *READING),
        parameters=(LANGUAGE,),
        pages=True,
    ),
    ("GET", "/.well-known/jwks.json"): Operation(
        id="showKeys",
        says="The keys that certificates are checked with, retired ones too (RFC 7517).",
        answers={200: json(told.KeySet, "The keys.")},
        errors=READING,
        pages=True,
    ),
    ("GET", "/openapi.json"): Operation(
        id="showDescription",
        says="This description.",
        answers={200: json({"type": "object"}, "OpenAPI 3.1.")},
        errors=READING,
        pages=True,
    ),
    ("GET", "/static/<name>"): Operation(
        id="showFile",
        says="A file of the pages, kept for ever: its name carries a fingerprint.",
        answers={
            200: Answer(says="The file.", bodies={"text/css": {"type": "string"}, "image/svg+xml": {"type": "string"}})
        },
        errors=("not_found", *READING),
        pages=True,
    ),
}
