"""The public door, described."""

from typing import Any

from local.openapi import public_answers as told
from local.openapi.describe import (
    A_BODY,
    FORM,
    JSON,
    PAGE,
    READING,
    Adapted,
    Answer,
    DoorDescription,
    FormOf,
    Operation,
    Parameter,
    json,
    json_or_page,
    page,
    see,
)
from public_api.doors import MAX_KEY
from public_api.evidence import EvidenceIn
from public_api.models import LONGEST_MESSAGE, LONGEST_VALUE, AnswerIn, CodeIn, ConfirmIn, RequestIn
from rights.domain.acting import ForWhom, Relation
from rights.domain.rights import Locale, Purpose, Requester, Right

_ADMITTED = ("token_needed", "not_found", *READING)
_CHANGE = ("foreign_origin", *A_BODY, *_ADMITTED)
_OF_A_CODE = ("invalid_request", "code_missing", "code_not_digits", "code_too_short", "code_too_long", "wrong_code")
_OF_FIELDS = ("unknown_field", "wrong_type", "too_long")
_HOLDER = ("statusToken", "statusCookie")
_BOX = {"type": "string", "description": "`true`, `1`, `yes` or `on` for yes."}
_LANG = {"type": "string", "description": "`km`, `zh` or `en`."}

_LANGUAGE = Parameter(name="lang", place="query", says="The language of texts: `km`, `zh` or `en`; else by header.")
_KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    says="Any value of the caller's own: sent again with the same body it is the same request, whatever was lost.",
    schema={"type": "string", "maxLength": MAX_KEY},
)


def _or_one_right(schema: dict[str, Any]) -> None:
    """`right` for one; `lang` for `locale`; a new value alone for a change."""
    properties = schema["properties"]
    properties["right"] = {**properties["rights"]["items"], "description": "Short for `rights` with one."}
    properties["lang"] = {**properties["locale"], "description": "Short for `locale`."}
    change = properties["changes"].pop("patternProperties")
    value = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE, "description": "The new value alone."}
    properties["changes"]["patternProperties"] = {name: {"anyOf": [was, value]} for name, was in change.items()}
    properties["changes"]["additionalProperties"] = False
    schema["required"].remove("rights")
    schema["anyOf"] = [{"required": ["right"]}, {"required": ["rights"]}]


def _with_language(schema: dict[str, Any]) -> None:
    schema["properties"]["lang"] = _LANG


def _or_again(schema: dict[str, Any]) -> None:
    """The code, or the wish for another."""
    properties = schema["properties"]
    properties["resend"] = {"type": "boolean", "description": "Without a code: send another."}


def _fields_of_the_form() -> dict[str, Any]:
    word = {"type": "string", "maxLength": LONGEST_VALUE}
    return {
        "type": "object",
        "description": "The same as flat fields; names with a point take one of the names after it.",
        "required": ["right"],
        "properties": {
            "right": {"type": "string", "enum": [*Right]},
            "phone": {"type": "string", "maxLength": 40},
            "email": {"type": "string", "maxLength": 254},
            "message": {"type": "string", "maxLength": LONGEST_MESSAGE},
            "requester": {"type": "string", "enum": [*Requester]},
            "requester_name": {"type": "string", "maxLength": 120},
            "requester_relation": {"type": "string", "enum": [*Relation]},
            "requester_for": {"type": "string", "enum": [*ForWhom]},
            "requester_phone": {"type": "string", "maxLength": 40},
            "requester_email": {"type": "string", "maxLength": 254},
            "locale": {"type": "string", "enum": [*Locale]},
            "lang": _LANG,
            "jurisdiction": {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z]{2})?$"},
            "nonce": {"type": "string", "maxLength": 255, "description": "Serves as `Idempotency-Key`."},
        },
        "patternProperties": {
            f"^also\\.({'|'.join(Right)})$": _BOX,
            "^scope\\.[a-z][a-z0-9_]{0,59}$": _BOX,
            f"^purpose\\.({'|'.join(Purpose)})$": _BOX,
            "^(change|was)\\.[a-z][a-z0-9_]{0,59}$": word,
        },
        "additionalProperties": False,
    }


_FORM = {FORM: _fields_of_the_form()}
_ONE = "/requests/<request_id>"


def _both(model: Any, change: Any = _with_language) -> dict[str, Any]:
    return {JSON: Adapted(model, change), FORM: FormOf(Adapted(model, change))}


def _step(name: str, says: str, *statuses: int) -> Operation:
    return Operation(
        id=name,
        says=says,
        answers={200: page("The page.")} | {status: page("The page that says what to change.") for status in statuses},
        bodies={FORM: {"type": "object", "additionalProperties": {"type": "string"}}},
        needs_body=False,
        errors=("foreign_origin", *A_BODY, *READING),
        parameters=(_LANGUAGE,),
        pages=True,
    )


def _of_one(name: str, says: str, answers: dict[int, Answer], *errors: str, **more: Any) -> Operation:
    """An operation on one request, for who holds its token."""
    return Operation(
        id=name,
        says=says,
        answers=answers,
        errors=(*errors, *more.pop("always", _CHANGE)),
        security=_HOLDER,
        parameters=(_LANGUAGE, *more.pop("parameters", ())),
        pages=True,
        **more,
    )


_FORMS_OF_A_REQUEST = {
    ("GET", "/"): Operation(
        id="showForm",
        says="The form for a new request; with `right` its second step at once.",
        answers={200: page("The form.")},
        errors=READING,
        parameters=(_LANGUAGE, Parameter(name="right", place="query", says="One of the rights.")),
        pages=True,
    ),
    ("POST", "/ask/right"): _step("chooseRight", "The first step of the form again, with the answers so far."),
    ("POST", "/ask/details"): _step("giveDetails", "The second step: what the chosen rights need.", 422),
    ("POST", "/ask/check"): _step("checkAnswers", "The third step: the answers, before they are sent.", 422),
    ("GET", "/ask/<step>"): Operation(
        id="leaveStep",
        says="Where a reload of a step ends up.",
        answers={303: see("To the form.")},
        errors=READING,
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
        bodies={JSON: Adapted(RequestIn, _or_one_right), **_FORM},
        errors=(
            *("invalid_request", "idempotency_key_reused", "right_missing", "unknown_right", "right_twice"),
            *("scope_not_needed", "unknown_scope", "changes_missing", "changes_not_needed", "unknown_change"),
            *("date_not_valid", "purposes_missing", "purposes_not_needed", "message_missing", "identifier_missing"),
            *("phone_not_valid", "email_not_valid", "language_not_offered", *_OF_FIELDS),
            *("requester_not_needed", "requester_name_missing", "requester_for_missing"),
            *("requester_relation_missing", "requester_contact_missing", "foreign_origin", *A_BODY, *READING),
        ),
        parameters=(_LANGUAGE, _KEY),
        pages=True,
    ),
}

_ONE_REQUEST = {
    ("GET", _ONE): _of_one(
        "showRequest",
        "Where a request stands, why its date is what it is, and what may be done now.",
        {200: json_or_page(told.RequestShown, "The request, or its status page.")},
        always=_ADMITTED,
    ),
    ("DELETE", _ONE): _of_one(
        "deleteRequest",
        "Withdraw a request; the same as `POST .../withdraw`.",
        {200: json(told.Summary, "It is withdrawn."), 303: see("To the status page.")},
        "too_late",
    ),
    ("POST", f"{_ONE}/code"): _of_one(
        "enterCode",
        "Enter the code that came, or (`proceed`) go on with the contacts that are proven.",
        {200: json(told.CodeTaken, "What came of it."), 303: see("To the status page.")},
        *_OF_A_CODE,
        *_OF_FIELDS,
        *("not_waiting_for_code", "code_expired", "too_many_tries", "too_late"),
        bodies=_both(CodeIn),
    ),
    ("POST", f"{_ONE}/code/resend"): _of_one(
        "resendCode",
        "Have another code sent to each contact that is not proven yet.",
        {202: json(told.Summary, "They are on their way."), 303: see("To the status page.")},
        *("not_waiting_for_code", "too_many_sends", "too_late"),
    ),
    ("GET", f"{_ONE}/confirm"): _of_one(
        "showConfirm",
        "What is lost with an account, before one agrees to close it.",
        {200: page("The page."), 303: see("To the status page: nothing has to be confirmed.")},
        always=_ADMITTED,
    ),
    ("POST", f"{_ONE}/confirm"): _of_one(
        "confirmRequest",
        "Agree to a closure, or enter the code that came to a new contact; `resend` sends that again.",
        {200: json(told.Summary, "It is confirmed, or still to be."), 303: see("To the status page.")},
        *_OF_A_CODE,
        *_OF_FIELDS,
        *("agree_missing", "too_late", "already_confirmed", "not_waiting_for_code", "code_expired"),
        *("too_many_tries", "too_many_sends"),
        bodies=_both(ConfirmIn),
    ),
    ("POST", f"{_ONE}/answers"): _of_one(
        "answerQuestion",
        "Answer the question that an operator asked.",
        {200: json(told.Summary, "It is answered."), 303: see("To the status page.")},
        *("message_missing", "invalid_request", "too_late"),
        *_OF_FIELDS,
        bodies=_both(AnswerIn),
    ),
    ("GET", f"{_ONE}/withdraw"): _of_one(
        "showWithdraw",
        "Asks once more before a request is withdrawn.",
        {200: page("The page."), 409: page("The status page, which says what was done already.")},
        "too_late",
        always=_ADMITTED,
    ),
    ("POST", f"{_ONE}/withdraw"): _of_one(
        "withdrawRequest",
        "Withdraw a request whose work has not begun; before the proof, with all others of its case.",
        {200: json(told.Summary, "It is withdrawn."), 303: see("To the status page.")},
        "too_late",
    ),
}

_EVIDENCE = {
    ("GET", f"{_ONE}/evidence"): _of_one(
        "showEvidence",
        "Which documents are asked of who acts for another, and what came of each file.",
        {200: json_or_page(told.EvidenceList, "The list.")},
        always=_ADMITTED,
    ),
    ("POST", f"{_ONE}/evidence"): _of_one(
        "offerEvidence",
        "Get the form that sends one file straight to where it is kept; PDF, JPEG or PNG of at most 10 MB.",
        {201: json(told.Upload, "The form."), 303: see("To the page with the form.")},
        *("evidence_kind_unknown", "file_type_not_taken", "unknown_field", "invalid_request"),
        *("not_ready", "too_late", "too_many_files"),
        bodies={JSON: EvidenceIn, FORM: FormOf(EvidenceIn)},
    ),
    ("GET", f"{_ONE}/evidence/<number>"): _of_one(
        "showUpload",
        "The page that sends a file.",
        {200: page("The page."), 303: see("To the list: the file has come.")},
        always=_ADMITTED,
    ),
    ("POST", f"{_ONE}/evidence/<number>"): _of_one(
        "sendEvidence",
        "Say that a file was sent; it is looked at now.",
        {200: json(told.EvidenceShown, "What came of it."), 303: see("To the list.")},
        "not_sent",
    ),
}

_RESULTS = {
    ("GET", f"{_ONE}/package"): _of_one(
        "showPackage",
        "Whether the package is ready; if so, the code that a download needs is sent, unless one is still good.",
        {200: json_or_page(told.PackageShown, "Whether it is ready, or its page.")},
        *("not_ready", "gone", "too_many_sends"),
        always=_ADMITTED,
    ),
    ("POST", f"{_ONE}/package"): _of_one(
        "openPackage",
        "With the code: links to the package, good for 15 minutes. With `resend` and no code: another code.",
        {
            200: json(told.PackageLinks, "The links."),
            202: json(told.CodeSent, "Another code is on its way."),
            303: see("To the page with the links."),
        },
        *_OF_A_CODE,
        *_OF_FIELDS,
        *("not_ready", "gone", "not_waiting_for_code", "code_expired", "too_many_tries", "too_many_sends"),
        bodies=_both(CodeIn, _or_again),
    ),
    ("POST", f"{_ONE}/package/again"): _of_one(
        "askForPackageAgain",
        "Ask anew for a package that was deleted when its time was up: a new request, to be proven.",
        {202: json(told.Taken, "It is taken in.", "Location"), 303: see("To its status page, or to the form.")},
        *("not_ready", "gone"),
    ),
    ("GET", f"{_ONE}/package/<number>"): _of_one(
        "downloadVolume",
        "A link to one volume, signed at the click, for a browser that entered the code.",
        {303: see("To the file; or to the page of the package, where a code has to be entered first.")},
        *("not_ready", "gone", "too_many_tries"),
        always=_ADMITTED,
        parameters=(Parameter(name="package", place="cookie", says="Set by the page of the package."),),
    ),
    ("GET", f"{_ONE}/certificate"): _of_one(
        "showCertificate",
        "The signed certificate: a compact JWS (ES256), or a page; `as=jws` for the JWS in a browser.",
        {
            200: Answer(
                says="The certificate.", bodies={"application/jose": {"type": "string"}, PAGE: {"type": "string"}}
            )
        },
        *("not_ready", "gone"),
        always=_ADMITTED,
        parameters=(Parameter(name="as", place="query", says="`jws`: the file instead of the page."),),
    ),
}

_ANYBODY = {
    ("GET", "/s/<token>"): Operation(
        id="openLink",
        says="The link that people keep: sets the cookie that opens the request.",
        answers={303: see("To the status page.")},
        errors=_ADMITTED,
        pages=True,
    ),
    ("GET", "/stop/<token>"): Operation(
        id="showStop",
        says="Asks once more before a request is stopped by the link that every contact on file was sent.",
        answers={200: page("The page.")},
        errors=("not_found", *READING),
        parameters=(_LANGUAGE,),
        pages=True,
    ),
    ("POST", "/stop/<token>"): Operation(
        id="stopRequest",
        says="Stop a request by the link that every contact on file was sent; twice is once.",
        answers={200: json_or_page(told.Stopped, "It is stopped.")},
        errors=("foreign_origin", "not_found", "too_late", *READING),
        parameters=(_LANGUAGE,),
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

PUBLIC = DoorDescription(
    name="people",
    says="For people: JSON, or pages for who would rather have `text/html`; bodies as JSON or as forms.",
    operations=_FORMS_OF_A_REQUEST | _ONE_REQUEST | _EVIDENCE | _RESULTS | _ANYBODY,
)
