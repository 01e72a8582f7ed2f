"""What goes over the wire at the affiliates' door, by the names of OpenDSR 2.0 (sections 6 to 9).

What OpenDSR has no word for (our policy's rights, purposes, categories, languages, mobile numbers) stands in the
extension of our own domain, under the names by which we ask partners ourselves. Bodies are closed: a misspelt field is
refused, not ignored. Extensions of other domains are let be.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from rights.domain.affiliates import Stand
from rights.domain.identity import HASH_DIGITS, Kind
from rights.domain.rights import SCOPED, Locale, Purpose, Right
from rights.phones import email_address, phone_number

API_VERSION = "2.0"
KIND_OF_TYPE: dict[str, Kind] = {"email": Kind.EMAIL, "mobile_number": Kind.PHONE}
"""The identity types that are matched: OpenDSR's `email`, and by extension `mobile_number`."""

RequestType = Literal["access", "portability", "erasure"]
RIGHT_OF_TYPE: dict[str, Right] = {
    "access": Right.ACCESS,
    "portability": Right.PORTABILITY,
    "erasure": Right.DELETION,
}
"""What a type asks for when no extension says more."""
TYPE_OF_RIGHT: dict[Right, str] = {
    **{right: asked for asked, right in RIGHT_OF_TYPE.items()},
    Right.ACCOUNT_CLOSURE: "erasure",
    # As we ask partners: an access destroys nothing where the extension is not understood.
    Right.CONSENT_WITHDRAWAL: "access",
    Right.RESTRICTION: "access",
    Right.MARKETING_OPT_OUT: "access",
}
"""Under which type a right is asked for."""
JURISDICTION_OF: dict[str, str] = {"gdpr": "EU", "ccpa": "US-CA"}
"""Whose clock rules hold under a regulation that OpenDSR knows, unless the extension names a territory."""

UUID4 = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
_Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Identity(_Body):
    """By what the person is known to the affiliate (section 5)."""

    identity_type: Literal["email", "mobile_number"]
    identity_value: Annotated[str, Field(min_length=1, max_length=254)]
    identity_format: Literal["raw", "sha1", "md5", "sha256"]

    @property
    def kind(self) -> Kind:
        """The kind of contact that it is."""
        return KIND_OF_TYPE[self.identity_type]

    @property
    def is_hashed(self) -> bool:
        """True unless it is readable."""
        return self.identity_format != "raw"

    def in_our_form(self) -> str | None:
        """Phone in E.164, email in lower case, a hash in lower-case digits; `None` for a value that is none."""
        if not self.is_hashed:
            return phone_number(self.identity_value) if self.kind is Kind.PHONE else email_address(self.identity_value)
        digest = self.identity_value.lower()
        whole = len(digest) == HASH_DIGITS[self.identity_format] and set(digest) <= set("0123456789abcdef")
        return digest if whole else None


class Extension(_Body):
    """What stands under our own domain in `extensions`."""

    right: Right | None = None
    """Which right of our policy is asked for, where the type alone does not say it."""
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")] | None = None
    """Where the person lives (ISO 3166): whose clock rule holds. `KH`: our policy's."""
    identities: tuple[Identity, ...] = Field(default=(), max_length=10)
    """Identities of types that OpenDSR does not know."""
    purposes: tuple[Purpose, ...] = Field(default=(), max_length=len(Purpose))
    """Of a withdrawal of consent: for what."""
    scope: tuple[_Name, ...] = Field(default=(), max_length=40)
    """Of an access, a portability or an erasure: which stores or categories; none: all."""
    language: Locale = Locale.KM
    """In which language the person is written to."""


class SubjectRequest(_Body):
    """The body of `POST /requests` (section 7.1)."""

    regulation: Literal["gdpr", "ccpa"]
    subject_request_id: Annotated[str, Field(pattern=UUID4)]
    subject_request_type: RequestType
    subject_identities: tuple[Identity, ...] = Field(max_length=10)
    submitted_time: AwareDatetime
    api_version: Literal["2.0"]
    status_callback_urls: tuple[Annotated[str, Field(max_length=500)], ...] = Field(default=(), max_length=3)
    extensions: dict[Annotated[str, Field(max_length=253)], dict[str, Any]] = Field(default={}, max_length=5)


class Asked(NamedTuple):
    """A request and our own extension of it."""

    body: SubjectRequest
    extension: Extension

    @property
    def right(self) -> Right:
        """What is asked for."""
        return self.extension.right or RIGHT_OF_TYPE[self.body.subject_request_type]

    @property
    def jurisdiction(self) -> str:
        """Whose clock rule holds."""
        return self.extension.jurisdiction or JURISDICTION_OF[self.body.regulation]

    @property
    def identities(self) -> tuple[Identity, ...]:
        """All identities, wherever they stand."""
        return (*self.body.subject_identities, *self.extension.identities)


class ExtensionBody(Extension):
    """Our extension, as far as it makes sense for the type it stands under (`TYPE_OF_RIGHT`)."""

    subject_request_type: RequestType

    @model_validator(mode="after")
    def _fits(self) -> "ExtensionBody":
        right = self.right or RIGHT_OF_TYPE[self.subject_request_type]
        if TYPE_OF_RIGHT.get(right) != self.subject_request_type:
            raise _problem("right_not_of_type")
        if (right is Right.CONSENT_WITHDRAWAL) != bool(self.purposes):
            raise _problem("purposes_needed")
        if self.scope and right not in SCOPED:
            raise _problem("scope_not_valid")
        return self


def _problem(reason: str) -> PydanticCustomError:
    return PydanticCustomError(reason, reason)


class SupportedIdentity(BaseModel):
    """A kind of identity, and a form that it is matched in."""

    identity_type: str
    identity_format: str


class Discovery(BaseModel):
    """What we say of ourselves (section 6.3)."""

    api_version: str
    supported_identities: list[SupportedIdentity]
    supported_subject_request_types: list[str]
    processor_certificate: str
    extensions: dict[str, dict[str, Any]]


class Accepted(BaseModel):
    """The answer to a request (section 7.3)."""

    controller_id: str
    expected_completion_time: datetime
    received_time: datetime
    encoded_request: str
    subject_request_id: str
    api_version: str = API_VERSION


class Reported(BaseModel):
    """How a request stands (section 8.3); results go to the person, so neither an address nor a count is named."""

    controller_id: str
    expected_completion_time: datetime
    subject_request_id: str
    request_status: Stand
    api_version: str = API_VERSION


class Cancelled(BaseModel):
    """The answer to a cancellation (section 9.2)."""

    controller_id: str
    received_time: datetime
    subject_request_id: str
    api_version: str = API_VERSION
