"""The form for a new request, in three steps without a session: which answers are kept, asked for, and read back.

The answers travel in hidden fields under the names of the one-page form (`reading._request_form`). What the chosen
rights do not need is dropped, so a change of mind is no error; every step reads everything anew.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from public_api.doors import Offer
from public_api.words import CATEGORY, FIELD, HINT, NO_LONGER, PURPOSE, REQUESTER, RIGHT, WHICH_DATA, WHO
from rights.domain.acting import ForWhom, Relation
from rights.domain.rights import SCOPED, Locale, Purpose, Requester, Right
from rights.http import ApiError, FieldProblem, not_valid
from rights.notices.i18n import LANGUAGE_NAMES, N_, say
from rights.phones import phone_number

_ACTING: dict[str, tuple[Requester, Relation, ForWhom]] = {
    "parent": (Requester.GUARDIAN, Relation.PARENT, ForWhom.CHILD),
    "guardian": (Requester.GUARDIAN, Relation.GUARDIAN, ForWhom.CHILD),
    "court_child": (Requester.GUARDIAN, Relation.COURT_APPOINTED, ForWhom.CHILD),
    "court_adult": (Requester.GUARDIAN, Relation.COURT_APPOINTED, ForWhom.ADULT),
    "agent": (Requester.AGENT, Relation.AUTHORISED, ForWhom.ADULT),
}
"""What a choice of `WHO` means; the form asks one question where the API has three fields."""

_ALSO: dict[Right, tuple[Right, ...]] = {
    Right.ACCESS: (Right.DELETION, Right.RESTRICTION, Right.MARKETING_OPT_OUT),
    Right.PORTABILITY: (Right.DELETION, Right.ACCOUNT_CLOSURE, Right.MARKETING_OPT_OUT),
    Right.CORRECTION: (Right.ACCESS, Right.RESTRICTION, Right.MARKETING_OPT_OUT),
    Right.DELETION: (Right.ACCESS, Right.PORTABILITY),
    Right.ACCOUNT_CLOSURE: (Right.ACCESS, Right.PORTABILITY),
    Right.CONSENT_WITHDRAWAL: (Right.ACCESS, Right.DELETION),
    Right.MARKETING_OPT_OUT: (Right.ACCESS, Right.DELETION),
    Right.RESTRICTION: (Right.ACCESS, Right.COMPLAINT),
    Right.COMPLAINT: (Right.ACCESS, Right.RESTRICTION, Right.MARKETING_OPT_OUT),
}
"""What is offered in the same go: what people often want together, never what they have just left."""

_TARGETS = {
    "right": "right-access",
    "identifiers": "phone",
    "identifiers.phone": "phone",
    "identifiers.email": "email",
    "requester": "who-self",
    "requester.kind": "who-self",
    "requester.for": "who-self",
    "requester.relation": "who-self",
    "requester.name": "requester_name",
    "requester.phone": "requester_phone",
    "requester.email": "requester_email",
    "message": "message",
}
"""The field of the page that a problem's name is about."""
_CONTACTS = ("phone", "email")
_CHANGE_OF = {
    "phone_not_valid": ("phone", "contact_phone"),
    "email_not_valid": ("email",),
    "date_not_valid": ("birth_date",),
}
"""The corrections a problem with a new value can be about."""


class Choice(NamedTuple):
    """One radio button or box."""

    name: str
    words: str
    hint: str = ""


class Row(NamedTuple):
    """One answer on the check page, and where it is changed."""

    label: str
    values: list[str]
    step: str
    anchor: str


def answers(raw: Mapping[str, Any], offer: Offer) -> dict[str, str]:
    """The answers among the fields of a form, as its hidden fields carry them: empty and needless ones are dropped."""
    given = {name: str(value) for name, value in raw.items() if str(value).strip()}
    given = _with_requester(given)
    if given.get("right") not in tuple(Right):
        given.pop("right", None)
    rights = rights_of(given)
    needed = set(rights) or set(Right)
    keep = {"right", "phone", "email", *(f"also.{right}" for right in needed)}
    if Right.COMPLAINT in needed:
        keep.add("message")
    if not SCOPED.isdisjoint(needed):
        keep |= {f"scope.{name}" for name in offer.scope}
    if Right.CORRECTION in needed:
        keep |= {f"change.{name}" for name in offer.corrections}
    if Right.CONSENT_WITHDRAWAL in needed:
        keep |= {f"purpose.{purpose}" for purpose in Purpose}
    if given.get("requester", Requester.SELF) != Requester.SELF:
        keep |= {"requester", *(f"requester_{what}" for what in ("name", "relation", "for", "phone", "email"))}
    return {name: value for name, value in given.items() if name in keep}


def rights_of(given: Mapping[str, str]) -> list[Right]:
    """The rights that were chosen, the first one first; none where none was."""
    if given.get("right") not in tuple(Right):
        return []
    first = Right(given["right"])
    return [first, *(right for right in _ALSO[first] if given.get(f"also.{right}"))]


def right_page(given: Mapping[str, str], locale: Locale) -> dict[str, Any]:
    """The values of the first step."""
    return {
        "rights": [Choice(right, say(locale, RIGHT[right]), say(locale, HINT[right])) for right in RIGHT],
        "chosen": given.get("right", ""),
        "hidden_fields": {name: value for name, value in given.items() if name != "right"},
    }


def details_page(given: Mapping[str, str], offer: Offer, locale: Locale) -> dict[str, Any]:
    """The values of the second step: only what the chosen rights need."""
    rights = rights_of(given)
    return {
        "given": defaultdict(str, given),
        "title": say(locale, RIGHT[rights[0]]),
        "hidden_fields": {"right": given["right"]},
        "who": [Choice(name, say(locale, words)) for name, words in WHO.items()],
        "who_chosen": _who(given),
        "scope": _scope(offer, locale) if not SCOPED.isdisjoint(rights) else [],
        "scope_chosen": any(name.startswith("scope.") for name in given),
        "closes": Right.DELETION in rights,
        "changes": _changes(offer, locale) if Right.CORRECTION in rights else [],
        "languages_offered": LANGUAGE_NAMES,
        "purposes": _purposes(locale) if Right.CONSENT_WITHDRAWAL in rights else [],
        "asks_message": Right.COMPLAINT in rights,
        "also_chosen": len(rights) > 1,
        "also": [Choice(right, say(locale, RIGHT[right]), say(locale, HINT[right])) for right in _ALSO[rights[0]]],
    }


def check_page(given: Mapping[str, str], offer: Offer, locale: Locale) -> list[Row]:
    """The rows of the third step."""
    rights = rights_of(given)
    details = "/ask/details"
    rows = [Row(N_("What you ask for"), [say(locale, RIGHT[right]) for right in rights[:1]], "/ask/right", "")]
    if len(rights) > 1:
        rows.append(Row(N_("In the same go"), [say(locale, RIGHT[right]) for right in rights[1:]], details, "#also"))
    rows.append(Row(N_("For whom"), [say(locale, WHO[_who(given)])], details, "#who"))
    rows += [Row(words, [given[name]], details, f"#{name}") for name, words in REQUESTER.items() if name in given]
    rows += [Row(FIELD[name], [given[name]] if name in given else [], details, f"#{name}") for name in _CONTACTS]
    rows = [row._replace(label=say(locale, row.label)) for row in rows]
    return [*rows, *_about_rights(given, rights, offer, locale)]


def problems(error: ApiError, given: Mapping[str, str], locale: Locale) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What is wrong by the id of its field, and the same as links for the summary."""
    errors = {_target(name, problem, given): problem.words(locale) for name, problem in error.fields.items()}
    return errors, [{"href": f"#{target}", "words": words} for target, words in errors.items()]


def _about_rights(given: Mapping[str, str], rights: list[Right], offer: Offer, locale: Locale) -> list[Row]:
    """The answers that some rights need."""
    details, rows = "/ask/details", []
    if not SCOPED.isdisjoint(rights):
        chosen = [c.words for c in _scope(offer, locale) if f"scope.{c.name}" in given]
        rows.append(Row(say(locale, WHICH_DATA), chosen or [say(locale, _all_of_it(rights))], details, "#scope"))
    for choice in _changes(offer, locale):
        if value := given.get(f"change.{choice.name}"):
            shown = LANGUAGE_NAMES[Locale(value)] if choice.name == "language" and value in tuple(Locale) else value
            label = say(locale, N_("Right value: {field}"), field=choice.words)
            rows.append(Row(label, [shown], details, f"#change-{choice.name}"))
    if Right.CONSENT_WITHDRAWAL in rights:
        chosen = [c.words for c in _purposes(locale) if f"purpose.{c.name}" in given]
        rows.append(Row(say(locale, NO_LONGER), chosen, details, "#purposes"))
    if "message" in given:
        rows.append(Row(say(locale, N_("Your message")), [given["message"]], details, "#message"))
    return rows


def _target(name: str, problem: FieldProblem, given: Mapping[str, str]) -> str:
    top, _, rest = name.partition(".")
    if top == "changes":
        maybe = _CHANGE_OF.get(problem.code, ())
        wrong = [field for field in maybe if f"change.{field}" in given and not _is_good(field, given)]
        field = rest.partition(".")[0] or next(iter(wrong), next(iter(FIELD)))
        return f"change-{field}"
    if top in {"purposes", "scope"}:
        return top
    return _TARGETS.get(name, _TARGETS["right"] if top == "rights" else "phone")


def _is_good(field: str, given: Mapping[str, str]) -> bool:
    """Of two phone numbers, which one is meant."""
    return field in {"phone", "contact_phone"} and phone_number(given[f"change.{field}"]) is not None


def _with_requester(given: Mapping[str, str]) -> dict[str, str]:
    """The one choice of the page as the three fields that say who asks for whom."""
    fields = {name: value for name, value in given.items() if name != "who"}
    who = given.get("who")
    if who == "self":
        fields["requester"] = Requester.SELF
    elif who in _ACTING:
        fields["requester"], fields["requester_relation"], fields["requester_for"] = _ACTING[who]
    return fields


def _who(given: Mapping[str, str]) -> str:
    said = (given.get("requester"), given.get("requester_relation"), given.get("requester_for"))
    return next((who for who, acting in _ACTING.items() if acting == said), "self")


def _scope(offer: Offer, locale: Locale) -> list[Choice]:
    order = [name for name in CATEGORY if name in offer.scope]
    order += [name for name in offer.scope if name not in CATEGORY]
    return [Choice(name, say(locale, CATEGORY.get(name, name))) for name in order]


def _all_of_it(rights: Collection[Right]) -> str:
    return N_("All of it, and the account") if Right.DELETION in rights else N_("All of it")


def _changes(offer: Offer, locale: Locale) -> list[Choice]:
    order = [name for name in FIELD if name in offer.corrections]
    order += [name for name in offer.corrections if name not in FIELD]
    return [Choice(name, say(locale, FIELD.get(name, name))) for name in order]


def _purposes(locale: Locale) -> list[Choice]:
    return [Choice(purpose, say(locale, words)) for purpose, words in PURPOSE.items()]


def no_right() -> ApiError:
    """The error for a first step without a choice."""
    return not_valid({"right": FieldProblem("right_missing")})
