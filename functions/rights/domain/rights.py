"""The rights a person may ask for, and what each of them does to a store."""

from enum import StrEnum


class Right(StrEnum):
    """A right of a data subject, by the name the API uses (policy 1(2), 5(1) to 5(4), 9)."""

    ACCESS = "access"
    PORTABILITY = "portability"
    CORRECTION = "correction"
    DELETION = "deletion"
    ACCOUNT_CLOSURE = "account_closure"
    CONSENT_WITHDRAWAL = "consent_withdrawal"
    RESTRICTION = "restriction"
    MARKETING_OPT_OUT = "marketing_opt_out"
    COMPLAINT = "complaint"


class Operation(StrEnum):
    """What one store is asked to do for one request."""

    EXPORT = "export"
    ERASE = "erase"
    CORRECT = "correct"
    RESTRICT = "restrict"
    """Set the flags that stop a use of the data: consents withdrawn, marketing stopped, processing restricted."""
    FREEZE = "freeze"
    """Shut the sign-in before anything is erased."""


OPERATION_OF: dict[Right, Operation | None] = {
    Right.ACCESS: Operation.EXPORT,
    Right.PORTABILITY: Operation.EXPORT,
    Right.CORRECTION: Operation.CORRECT,
    Right.DELETION: Operation.ERASE,
    Right.ACCOUNT_CLOSURE: Operation.ERASE,
    Right.CONSENT_WITHDRAWAL: Operation.RESTRICT,
    Right.RESTRICTION: Operation.RESTRICT,
    Right.MARKETING_OPT_OUT: Operation.RESTRICT,
    Right.COMPLAINT: None,
}
"""What a right asks of the stores; a complaint asks nothing of them: a person answers it."""

ERASING: frozenset[Right] = frozenset(right for right, asked in OPERATION_OF.items() if asked is Operation.ERASE)
EXPORTING: frozenset[Right] = frozenset(right for right, asked in OPERATION_OF.items() if asked is Operation.EXPORT)

SCOPED: frozenset[Right] = frozenset({Right.ACCESS, Right.PORTABILITY, Right.DELETION})
"""The rights that may be asked for some categories of data only (policy 5(1))."""


class Purpose(StrEnum):
    """What the person agreed to and may take back (policy 5(4))."""

    MARKETING = "marketing"
    PERSONALISED_ADS = "personalised_ads"
    LOCATION = "location"
    SHARING_WITH_AFFILIATES = "sharing_with_affiliates"
    SHARING_WITH_PARTNERS = "sharing_with_partners"


OPT_OUT_OF: tuple[Purpose, ...] = (Purpose.MARKETING, Purpose.PERSONALISED_ADS)
"""What a marketing opt-out takes back (policy 1(2))."""


class Requester(StrEnum):
    """Who is asking: the person, or someone who acts for them (policy 6)."""

    SELF = "self"
    GUARDIAN = "guardian"
    AGENT = "agent"


class Channel(StrEnum):
    """Through which door a request came in."""

    WEB = "web"
    API = "api"
    SMS = "sms"
    """The mall's SMS gateway, which passes on that somebody answered STOP."""
    BULK = "bulk"
    """The mall itself, which closes a service for everybody on a list (policy 1.4)."""
    AFFILIATE = "affiliate"
    """An affiliate's system, by contract, in the name of the person."""
    OPERATOR = "operator"
    """Somebody at the mall, for a request that came by mail, phone or counter."""


class Locale(StrEnum):
    """A language the mall speaks with people: Khmer, Simplified Chinese, English."""

    KM = "km"
    ZH = "zh"
    EN = "en"
