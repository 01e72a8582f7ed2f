"""The rights a person may ask for, and what each of them does to a store."""

from enum import StrEnum


class Right(StrEnum):
    """A right of a data subject, by the name the API uses (policy 1(2), 5(1) to 5(4), 9)."""

    ACCESS = "access"
    DELETION = "deletion"


class Operation(StrEnum):
    """What one store is asked to do for one request."""

    EXPORT = "export"
    ERASE = "erase"


OPERATION_OF: dict[Right, Operation] = {
    Right.ACCESS: Operation.EXPORT,
    Right.DELETION: Operation.ERASE,
}


class Requester(StrEnum):
    """Who is asking: the person, or someone who acts for them (policy 6)."""

    SELF = "self"


class Channel(StrEnum):
    """Through which door a request came in."""

    WEB = "web"
    API = "api"


class Locale(StrEnum):
    """A language the mall speaks with people: Khmer, Simplified Chinese, English."""

    KM = "km"
    ZH = "zh"
    EN = "en"
