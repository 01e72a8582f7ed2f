"""What the descriptions of the public door's operations have in common, and the freedom with which it reads bodies."""

from typing import Any

from local.openapi.describe import A_BODY, FORM, JSON, READING, Adapted, Answer, FormOf, Operation, Parameter, page
from public_api.doors import MAX_KEY, MIN_KEY
from rights.asked import LONGEST_MESSAGE, LONGEST_VALUE
from rights.domain.acting import ForWhom, Relation
from rights.domain.rights import Locale, Purpose, Requester, Right

ADMITTED = ("token_needed", "not_found", *READING)
CHANGE = ("foreign_origin", *A_BODY, *ADMITTED)
OF_A_CODE = ("invalid_request", "code_missing", "code_not_digits", "code_too_short", "code_too_long", "wrong_code")
OF_AN_INTAKE = (
    *("right_missing", "unknown_right", "right_twice", "scope_not_needed", "unknown_scope", "changes_missing"),
    *("changes_not_needed", "unknown_change", "date_not_valid", "purposes_missing", "purposes_not_needed"),
    *("message_missing", "identifier_missing", "phone_not_valid", "email_not_valid", "language_not_offered"),
    *("requester_not_needed", "requester_name_missing", "requester_for_missing", "requester_relation_missing"),
    *("requester_contact_missing", "unknown_field", "wrong_type", "too_long"),
)
OF_FIELDS = ("unknown_field", "wrong_type", "too_long")
HOLDER = ("statusToken", "statusCookie")
_BOX = {"type": "string", "description": "`true`, `1`, `yes` or `on` for yes."}
_LANG = {"description": "`km`, `zh` or `en`; anything else says nothing."}

LANGUAGE = Parameter(name="lang", place="query", says="The language of texts: `km`, `zh` or `en`; else by header.")
KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    says="A random value of the caller's own: sent again with the same body it is the same request, whatever was lost. "
    "Nobody must be able to guess it, as the answer to it opens the request.",
    schema={"type": "string", "minLength": MIN_KEY, "maxLength": MAX_KEY},
)


def or_one_right(schema: dict[str, Any]) -> None:
    """`right` for one; a new value alone for a change."""
    properties = schema["properties"]
    properties["right"] = {**properties["rights"]["items"], "description": "Short for `rights` with one."}
    change = properties["changes"].pop("patternProperties")
    value = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE, "description": "The new value alone."}
    properties["changes"]["patternProperties"] = {name: {"anyOf": [was, value]} for name, was in change.items()}
    properties["changes"]["additionalProperties"] = False
    schema["required"].remove("rights")
    schema["anyOf"] = [{"required": ["right"]}, {"required": ["rights"]}]


def as_people_write(schema: dict[str, Any]) -> None:
    """The same, and `lang` for `locale`."""
    or_one_right(schema)
    schema["properties"]["lang"] = {**schema["properties"]["locale"], "description": "Short for `locale`."}


def with_language(schema: dict[str, Any]) -> None:
    """`lang` beside the fields."""
    schema["properties"]["lang"] = _LANG


def or_again(schema: dict[str, Any]) -> None:
    """The code, or the wish for another."""
    properties = schema["properties"]
    properties["lang"] = _LANG
    properties["resend"] = {"type": "boolean", "description": "Without a code: send another."}


def or_nothing(schema: dict[str, Any]) -> None:
    """The code, or whatever else asks for one."""
    or_again(schema)
    del schema["properties"]["proceed"]
    del schema["properties"]["resend"]["type"]
    schema["additionalProperties"] = True


def fields_of_the_form() -> dict[str, Any]:
    """The fields of `POST /requests` as a form has them."""
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
            "nonce": {
                "type": "string",
                "minLength": MIN_KEY,
                "maxLength": MAX_KEY,
                "description": "Serves as `Idempotency-Key`.",
            },
        },
        "patternProperties": {
            f"^also\\.({'|'.join(Right)})$": _BOX,
            "^scope\\.[a-z][a-z0-9_]{0,59}$": _BOX,
            f"^purpose\\.({'|'.join(Purpose)})$": _BOX,
            "^(change|was)\\.[a-z][a-z0-9_]{0,59}$": word,
        },
        "additionalProperties": False,
    }


ONE = "/requests/<request_id>"


def both(model: Any, change: Any = with_language) -> dict[str, Any]:
    """A model in JSON and as a form."""
    return {JSON: Adapted(model, change), FORM: FormOf(Adapted(model, change))}


def step(name: str, says: str, *statuses: int) -> Operation:
    """A step of the form, which answers as a page."""
    return Operation(
        id=name,
        says=says,
        answers={200: page("The page.")} | {status: page("The page that says what to change.") for status in statuses},
        bodies={FORM: {"type": "object", "additionalProperties": {"type": "string"}}},
        needs_body=False,
        errors=("foreign_origin", *A_BODY, *READING),
        parameters=(LANGUAGE,),
        pages=True,
    )


def of_one(name: str, says: str, answers: dict[int, Answer], *errors: str, **more: Any) -> Operation:
    """An operation on one request, for who holds its token."""
    return Operation(
        id=name,
        says=says,
        answers=answers,
        errors=(*errors, *more.pop("always", CHANGE)),
        security=HOLDER,
        parameters=(LANGUAGE, *more.pop("parameters", ())),
        pages=True,
        **more,
    )
