"""The shapes of the public door's answers."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from local.openapi.describe import Address, Day, Moment, RequestId, words
from public_api.views import WAITING_FOR_PARTNER
from rights.domain.clock import Reason
from rights.domain.confirmation import Confirm
from rights.domain.evidence import EvidenceKind, EvidenceStatus, Refusal
from rights.domain.recipients import Answer
from rights.domain.rights import Right
from rights.domain.status import Status, public_status
from rights.domain.work import TaskStatus

_SAID = {public_status(status, extended=extended) for status in Status for extended in (True, False)}
PublicStatus = Annotated[str, words(*_SAID, WAITING_FOR_PARTNER)]
Outcome = Annotated[str, words(*Status, "duplicate")]
_ENDS = ("code", "confirm", "answers", "evidence", "withdraw", "package", "package/again", "certificate")
Next = Annotated[str, words(*_ENDS, "proceed")]


class Made(TypedDict):
    """One request of a case."""

    request_id: RequestId
    right: Right
    status_token: str
    link: Address


class Taken(TypedDict):
    """A request that was taken in or has a new link: the token that opens it, and the link for its person to keep."""

    request_id: RequestId
    status_token: str
    link: Address
    requests: list[Made]


Segment = TypedDict(
    "Segment",
    {
        "from": Day,
        "to": Day,
        "counted": Literal["yes", "no"],
        "reason": Reason,
        "days": str,
        "rule": str,
        "source": str,
    },
)
"""Days of the clock that count, or do not, and why."""


class RightShown(TypedDict):
    """Where a right that was asked for stands."""

    right: Right
    status: PublicStatus
    outcome: Outcome | None
    due_at: Moment


class KeptShown(TypedDict):
    """What a store keeps: on which ground of the policy, up to and with which day, and the code of the reason."""

    ground: int
    until: Day
    reason: str


class RecipientShown(TypedDict):
    """What a recipient told of itself."""

    asked_at: NotRequired[Moment]
    expected_at: NotRequired[Moment]
    answer: NotRequired[Answer | Literal["pending", "in_progress", "completed", "cancelled"]]
    results_count: NotRequired[int]


class StoreShown(TypedDict):
    """What a store did: records by what was done to them, or fields of a correction."""

    store: str
    status: TaskStatus
    found: int
    exported: int
    erased: int
    anonymised: int
    retained: int
    corrected: int
    conflicts: int
    flagged: int
    kept: list[KeptShown]
    verified_at: NotRequired[Moment | None]
    recipient: NotRequired[RecipientShown]
    confirmed_at: NotRequired[Moment | None]


class NoticeShown(TypedDict):
    """A notice that went out."""

    kind: str
    channel: Literal["sms", "email"]
    sent_at: Moment


class Lapse(TypedDict):
    """What ends with the account, and how much of it there is."""

    what: str
    value: str | int


class Question(TypedDict):
    """What an operator asks."""

    text: str
    asked_at: Moment


class ComplaintAnswer(TypedDict):
    """The answer to a complaint."""

    text: str
    at: Moment


class Corrected(TypedDict):
    """What became of one field in one store; never a value of it."""

    store: str
    field: str
    result: str


class RequestShown(TypedDict):
    """A request as its person sees it. `stores` and `notices` are there once identity is proven.

    With the link's cookie and no fresh code there is nothing of what was found, asked, answered, decided or sent.
    """

    request_id: RequestId
    reference: str
    status: PublicStatus
    received_at: Moment
    due_at: Moment
    due_explained: list[Segment]
    rights: list[RightShown]
    next: list[Next]
    case: NotRequired[list[RequestId]]
    lapses: NotRequired[list[Lapse]]
    question: NotRequired[Question]
    answer: NotRequired[ComplaintAnswer]
    corrections: NotRequired[list[Corrected]]
    ground: NotRequired[int]
    confirm: NotRequired[Confirm]
    question_until: NotRequired[Moment]
    cooling_off_until: NotRequired[Moment]
    stores: NotRequired[list[StoreShown]]
    notices: NotRequired[list[NoticeShown]]


class Summary(TypedDict):
    """Where a request stands after a change; `next` names what may be done, by the last part of its address."""

    request_id: RequestId
    status: PublicStatus
    due_at: Moment
    next: list[Next]


class CodeTaken(Summary):
    """What came of a code: whether identity is proven now, or another code is needed."""

    proven: bool


class EvidenceShown(TypedDict):
    """A file that was offered, and what came of it."""

    number: int
    kind: EvidenceKind
    status: EvidenceStatus
    offered_at: Moment
    why: NotRequired[Refusal]
    size: NotRequired[int]


class EvidenceList(TypedDict):
    """Which documents are needed, and the files so far."""

    needed: list[EvidenceKind]
    files: list[EvidenceShown]


class Upload(TypedDict):
    """A form that sends one file: every one of `fields`, then `file`, as multipart/form-data to `url`."""

    url: Address
    fields: dict[str, str]
    number: int
    expires_at: Moment


class PackageShown(TypedDict):
    """Whether a package is ready; if so, the code that a download needs is on its way."""

    request_id: RequestId
    ready: bool
    next: list[Literal["code", "again"]]
    code_sent: NotRequired[bool]
    until: NotRequired[Day]


class Volume(TypedDict):
    """A link to one volume of a package, good for 15 minutes; `size` in bytes."""

    volume: int
    url: Address
    size: int
    file: str
    expires_at: Moment


class PackageLinks(TypedDict):
    """The links to a package; `url` is the first volume's. `until`: the last day on which it can be fetched."""

    url: Address
    expires_at: Moment
    volumes: list[Volume]
    until: Day


class CodeSent(TypedDict):
    """Another code was sent."""

    request_id: RequestId
    code_sent: Literal[True]


class Found(TypedDict):
    """What comes next."""

    next: list[Literal["code"]]


class FoundRequest(TypedDict):
    """A request that was found again, the token that opens it, and the link for its person to keep."""

    request_id: RequestId
    status_token: str
    link: Address


class Stopped(TypedDict):
    """The request was stopped."""

    status: Literal["withdrawn"]


class PublicKey(TypedDict):
    """A key that certificates are signed with (RFC 7517, P-256)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: NotRequired[Literal["ES256"]]
    use: NotRequired[Literal["sig"]]


class KeySet(TypedDict):
    """All keys, retired ones too."""

    keys: list[PublicKey]
